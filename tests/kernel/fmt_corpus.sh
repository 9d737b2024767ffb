#!/bin/sh
# `ferrule fmt` against iptables-legacy-restore + iptables-legacy-save, on
# every file of the shared corpus that the kernel loads: rules and chain lines
# must be equal, byte by byte, table by table.
#
# Files with extensions that are not yet understood are left out of the
# comparison, but must not fail in any other way. Arguments choose files.
set -u

top=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
: "${FERRULE:=./ferrule}"
corpus=${FERRULE_SHARED:-$top/../shared}/corpus

skip() {
	echo "1..0 # SKIP $*"
	exit 0
}
[ -d "$corpus" ] || skip "no corpus beside the source tree"
[ "$(id -u)" = 0 ] || skip "network namespaces need root"
for tool in iptables-legacy-restore ip6tables-legacy-restore ip; do
	command -v $tool >/dev/null || skip "no $tool"
done

ns=fmtcorpus$$
tmp=$(mktemp -d "${TMPDIR:-/tmp}/fmt.XXXXXX") || exit 99
ip netns add "$ns" 2>/dev/null || skip "cannot make a network namespace"
trap 'ip netns del "$ns" 2>/dev/null; rm -rf "$tmp"' EXIT INT TERM

mkdir "$tmp/bin"
for tool in iptables ip6tables; do
	ln -s "$(command -v $tool-legacy)" "$tmp/bin/$tool"
done

# sections: tables in a fixed order, without comments.
sections() {
	awk '/^#/ { next }
	     /^\*/ { table = substr($0, 2) }
	     { text[table] = text[table] $0 "\n" }
	     END {
		n = split("raw mangle nat filter security", order, " ")
		for (i = 1; i <= n; i++) printf "%s", text[order[i]]
	     }'
}

# wrap: a listing (iptables -S) of the filter table becomes a save file.
wrap() {
	awk '/^#/ { next }
	     !first++ { if (/^-/) { print "*filter"; listing = 1 } }
	     { print }
	     END { if (listing) print "COMMIT" }' "$1"
}

# run PROGRAM FILE: a list of commands, or a save file.
run() {
	if grep -q '^ip6*tables ' "$2"; then
		timeout 20 ip netns exec "$ns" env PATH="$tmp/bin:$PATH" \
			sh -e "$2"
	else
		wrap "$2" >"$tmp/in"
		timeout 20 ip netns exec "$ns" "$1-legacy-restore" <"$tmp/in"
	fi
}

# load PROGRAM FILE: puts what the kernel holds into $tmp/want.
load() {
	ip netns del "$ns"
	ip netns add "$ns"
	run "$1" "$2" >/dev/null 2>"$tmp/refusal" || return 1
	ip netns exec "$ns" "$1-legacy-save" | sections >"$tmp/want"
}

compare() {
	file=$1 family=$2 program=iptables
	[ "$family" = 6 ] && program=ip6tables
	"$FERRULE" fmt "-$family" "$file" >"$tmp/out" 2>"$tmp/err"
	status=$?
	sections <"$tmp/out" >"$tmp/got"
	if ! load $program "$file"; then
		refused=$((refused + 1))
		[ $status = 0 ] && echo "# accepted, but the kernel refuses" \
			"$name: $(head -n 1 "$tmp/refusal")"
		[ $status -le 3 ]
		return
	fi
	loaded=$((loaded + 1))
	if [ $status = 3 ] && ! grep -q ': error' "$tmp/err" &&
	   grep -q 'not yet understood' "$tmp/err"; then
		opaque=$((opaque + 1))
		sed -n "s/.*warning: \(.*\) is not yet understood/\1/p" \
			"$tmp/err" >>"$tmp/missing"
		return 0
	fi
	if [ $status != 0 ]; then
		sed 's/^/# /' "$tmp/err" | head -n 8
		return 1
	fi
	if cmp -s "$tmp/want" "$tmp/got"; then
		equal=$((equal + 1))
		return 0
	fi
	diff "$tmp/want" "$tmp/got" | head -n 10 | sed 's/^/# /'
	return 1
}

n=0 loaded=0 equal=0 opaque=0 refused=0 failed=0
: >"$tmp/missing"
tab=$(printf '\t')
tail -n +2 "$corpus/INDEX.tsv" | cut -f 1,11 >"$tmp/index"
while IFS=$tab read -r name family; do
	case " $* " in
	"  " | *" $name "*) ;;
	*) continue ;;
	esac
	[ -f "$corpus/$name" ] || continue
	n=$((n + 1))
	if compare "$corpus/$name" "${family#ip}"; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		failed=1
	fi
done <"$tmp/index"
echo "1..$n"
echo "# $n files: $loaded load in the kernel, $equal print equal," \
	"$opaque hold extensions not yet understood; $refused do not load"
sort "$tmp/missing" | uniq -c | sort -rn | sed 's/^/# not understood:/'
exit $failed
