#!/bin/sh
# collect in a namespace: rules of the legacy tables are found where
# iptables-save is nft's, and where both back ends hold rules, it is said.
set -u
: "${FERRULE:=./ferrule}"
case $FERRULE in
/*) ;;
*) FERRULE=$(pwd)/$FERRULE ;;
esac
skip() {
	echo "1..0 # SKIP $*"
	exit 0
}
[ "$(id -u)" = 0 ] || skip "kernel: network namespaces need root"
command -v iptables-nft-save >/dev/null &&
	command -v iptables-legacy-save >/dev/null || skip "no iptables"
unshare -n true 2>/dev/null || skip "kernel: no network namespaces"
work=$(mktemp -d "${TMPDIR:-/tmp}/collect.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT INT TERM
cd "$work" || exit 99
"$FERRULE" collect >collect.sh || exit 99
# iptables-save is nft's here, whatever this machine prefers.
mkdir bin
for v in '' 6; do
	printf '#!/bin/sh\nexec ip%stables-nft-save "$@"\n' "$v" \
		>"bin/ip${v}tables-save"
done
chmod +x bin/*

# gather NAME COMMANDS: a snapshot of a namespace with these rules.
gather() {
	unshare -n sh -c "$2
	PATH=$work/bin:\$PATH sh collect.sh $1 >/dev/null" 2>"$1.said"
}
n=0 failed=0
# check NAME CONDITION...
check() {
	n=$((n + 1)) name=$1
	shift
	if "$@"; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		failed=1
	fi
}

gather legacy 'iptables-legacy -A INPUT -p tcp --dport 1 -j DROP
ip6tables-legacy -P INPUT DROP'
check 'rules of legacy tables' grep -q 'dport 1 ' legacy/rules.v4
check 'policies of legacy tables' grep -q 'INPUT DROP' legacy/rules.v6
check 'no second file' test ! -e legacy/rules-legacy.v4
gather nft 'iptables-nft -A INPUT -p tcp --dport 2 -j DROP'
check "nft's rules" grep -q 'dport 2 ' nft/rules.v4
gather both 'iptables-legacy -A INPUT -p tcp --dport 1 -j DROP
iptables-nft -A INPUT -p tcp --dport 2 -j DROP'
check 'both: the first' grep -q 'dport 2 ' both/rules.v4
check 'both: the second' grep -q 'dport 1 ' both/rules-legacy.v4
check 'both: said' grep -q 'both back ends' both.said
"$FERRULE" plan --host both --assume-tracked >out 2>&1
check 'both: no plan' test $? = 3
check 'both: no plan, and why' grep -q 'both back ends' out
echo "1..$n"
exit $failed
