#!/bin/sh
# Every command of README.md's walk-through works, in the order it stands
# there; for the reader's own host there is a small dual-stack one, whose
# IPv4 plan loads from standard output and doesn't hold IPv6's rules.
set -u
top=${top_srcdir:-.}
: "${FERRULE:=./ferrule}"
case $FERRULE in
/*) ;;
*) FERRULE=$(pwd)/$FERRULE ;;
esac
export NO_COLOR=1
work=$(mktemp -d "${TMPDIR:-/tmp}/readme.XXXXXX") || exit 99
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT INT TERM
cp -r "$top/corpus/blog-host/." "$work" && chmod -R u+w "$work" || exit 99
sed -n '/^## A walk-through/,/^## A firewall script/s/^    \(ferrule .*\)/\1/p' \
	"$top/README.md" >"$work/commands"
cd "$work" || exit 99
ferrule() { "$FERRULE" "$@"; }
mkdir snapshot
for f in 4 6; do
	printf '%s\n' '*filter' ':INPUT DROP [0:0]' ':FORWARD DROP [0:0]' \
		':OUTPUT ACCEPT [0:0]' \
		'-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT' \
		'-A INPUT -p udp -m udp --dport 53 -j ACCEPT' COMMIT \
		>snapshot/rules.v$f
done
cp snapshot/rules.v4 .

n=0 failed=0
while IFS= read -r command; do
	n=$((n + 1))
	if eval "$command" >said 2>&1 </dev/null; then
		echo "ok $n - $command"
	else
		echo "not ok $n - $command"
		sed 's/^/#   /' said | head -n 8
		failed=1
	fi
done <commands
ferrule plan --host snapshot --widen=invalid >both 2>&1
n=$((n + 1))
if grep -q '^-A ' both && grep -q '^# ---- IPv6' both &&
	grep -q '^# -A ' both &&
	! sed '1,/^# ---- IPv6/d' both | grep -v '^#' >&2
then
	echo "ok $n - a dual-stack plan is IPv4's, and IPv6's as comments"
else
	echo "not ok $n - a dual-stack plan is IPv4's, and IPv6's as comments"
	failed=1
fi
# A README that lost its commands must not pass.
if [ $n -lt 8 ]; then
	echo "Bail out! only $n commands in README.md"
	exit 1
fi
echo "1..$n"
exit $failed
