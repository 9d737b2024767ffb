#!/bin/sh
# iptables' own shell tests, read from its source (IPTABLES_SRC), unmodified,
# with `ferrule as` for their program. Those that need more than rule state, or
# words that are iptables' own, are named below with the reason.
set -u
: "${FERRULE:=./ferrule}"
case $FERRULE in
/*) ;;
*) FERRULE=$(pwd)/$FERRULE ;;
esac
dir=${IPTABLES_SRC:-}/iptables/tests/shell
if [ -z "${IPTABLES_SRC:-}" ] || [ ! -d "$dir/testcases" ]; then
	echo "1..0 # SKIP IPTABLES_SRC names no unpacked source of iptables"
	exit 0
fi
command -v bash >/dev/null || { echo "1..0 # SKIP no bash"; exit 0; }
work=$(mktemp -d "${TMPDIR:-/tmp}/iptables_shell.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT INT TERM
chmod 755 "$work"
printf '#!/bin/sh\nexec "%s" as "%s" "$@"\n' "$FERRULE" "$work/state" \
	>"$work/multi"
chmod 755 "$work/multi"
export XT_MULTI="$work/multi"

# why NAME: why it can't pass; empty: it must.
why() {
	case $1 in
	firewalld-restore/*) echo "-p icmp --help lists the types" ;;
	*/0002-verbose-output_0) echo "-v prints rules in words of its own" ;;
	ipt-restore/0014-verbose-restore_0) echo "restore -v says what it does" ;;
	ipt-save/0003save-restore_0) echo "not executable, as it is packed" ;;
	ipt-save/0006iptables-xml_0) echo "no iptables-xml" ;;
	iptables/0004-return-codes_0) echo "the words of one message" ;;
	iptables/0008-unprivileged_0) echo "--help of each extension" ;;
	esac
}

cd "$dir" || exit 99
n=0 failed=0
for test in testcases/chain/*_[0-9] testcases/firewalld-restore/*_[0-9] \
	testcases/ip6tables/*_[0-9] testcases/ipt-restore/*_[0-9] \
	testcases/ipt-save/*_[0-9] testcases/iptables/*_[0-9]; do
	name=${test#testcases/}
	reason=$(why "$name")
	if [ -n "$reason" ]; then
		echo "# left out: $name: $reason"
		continue
	fi
	n=$((n + 1))
	rm -rf "$work/state"
	mkdir -m 777 "$work/state"
	timeout 120 bash "$test" >"$work/out" 2>&1
	code=$?
	if [ $code = "${test##*_}" ]; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		tail -n 8 "$work/out" | cut -c 1-160 | sed 's/^/#   /'
		failed=1
	fi
done
echo "1..$n"
exit $failed
