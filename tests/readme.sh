#!/bin/sh
# Every command of README.md's walk-through works, in the order it stands
# there; the part about the reader's own host is not played.
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
sed -n '/^## A walk-through/,/^### Your own host/s/^    \(ferrule .*\)/\1/p' \
	"$top/README.md" >"$work/commands"
cd "$work" || exit 99
ferrule() { "$FERRULE" "$@"; }

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
# A README that lost its commands must not pass.
if [ $n -lt 8 ]; then
	echo "Bail out! only $n commands in README.md"
	exit 1
fi
echo "1..$n"
exit $failed
