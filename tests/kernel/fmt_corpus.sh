#!/bin/sh
# `ferrule fmt` against iptables-restore + iptables-save of both back ends, on
# every file of the shared corpus that the kernel loads: rules and chain lines
# must be equal, byte by byte, table by table, and what is printed must be
# printed alike when it is read again. Files that don't load must be refused in
# the same line. Arguments choose files.
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
for tool in iptables-legacy-restore ip6tables-nft-restore ip; do
	command -v $tool >/dev/null || skip "no $tool"
done

ns=fmtcorpus$$
tmp=$(mktemp -d "${TMPDIR:-/tmp}/fmt.XXXXXX") || exit 99
ip netns add "$ns" 2>/dev/null || skip "cannot make a network namespace"
trap 'ip netns del "$ns" 2>/dev/null; rm -rf "$tmp"' EXIT INT TERM

for backend in legacy nft; do
	mkdir "$tmp/bin-$backend"
	for tool in iptables ip6tables; do
		ln -s "$(command -v $tool-$backend)" "$tmp/bin-$backend/$tool"
	done
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
	awk '/^#/ { print; next }
	     !first++ { if (/^-/) { print "*filter"; listing = 1 } }
	     { print }
	     END { if (listing) print "COMMIT" }' "$1"
}

# run PROGRAM FILE: a list of commands, or a save file.
run() {
	if grep -q '^ip6*tables ' "$2"; then
		timeout 20 ip netns exec "$ns" \
			env PATH="$tmp/bin-$backend:$PATH" sh -e "$2"
	else
		wrap "$2" >"$tmp/in"
		timeout 20 ip netns exec "$ns" "$1-$backend-restore" <"$tmp/in"
	fi
}

# load PROGRAM FILE: puts what the kernel holds into $tmp/want.
load() {
	ip netns del "$ns"
	ip netns add "$ns"
	run "$1" "$2" >/dev/null 2>"$tmp/refusal" || return 1
	ip netns exec "$ns" "$1-$backend-save" 2>/dev/null | sections \
		>"$tmp/want"
}

# same_line FILE: theirs is the line of our first error, or the COMMIT of the
# table where the kernel refused it. iptables-nft looks for chains at the COMMIT
# only: what is wrong behind is found first, and ours tells it as well.
same_line() {
	theirs=$(sed -n 's/.*line:* \([0-9]*\).*/\1/p' "$tmp/refusal" |
		head -n 1)
	[ -n "$theirs" ] || return 0 # a list of commands: it has none
	most=1
	[ $backend = nft ] && most=1000
	sed -n 's/^[^:]*:\([0-9]*\):[0-9]*: error.*/\1/p' "$tmp/err" |
		head -n $most >"$tmp/ours"
	grep -q -x -e "$theirs" "$tmp/ours" && return 0
	commit=$(awk -v from="$(head -n 1 "$tmp/ours")" \
		'NR > from && /^COMMIT/ { print NR; exit }' "$1")
	[ "$commit" = "$theirs" ] && return 0
	echo "# the first error is in line $(head -n 1 "$tmp/ours")," \
		"$backend's in line $theirs: $(head -n 1 "$tmp/refusal")"
	return 1
}

# What a host must have: Ferrule has no host to ask.
is_of_host() {
	grep -q -e '-m cgroup --path' "$1"
}

unloadable() {
	refused=$((refused + 1))
	if [ $status = 0 ] && is_of_host "$1"; then
		echo "# refused for what this host lacks: $1"
		return 0
	fi
	[ $status = 3 ] && same_line "$1"
}

compare() {
	file=$1 family=$2 program=iptables
	[ "$family" = 6 ] && program=ip6tables
	"$FERRULE" fmt "--backend=$backend" "-$family" "$file" >"$tmp/out" \
		2>"$tmp/err"
	status=$?
	sections <"$tmp/out" >"$tmp/got"
	if ! load $program "$file"; then
		unloadable "$file"
		return
	fi
	loaded=$((loaded + 1))
	if [ $status != 0 ]; then
		sed 's/^/# /' "$tmp/err" | head -n 8
		return 1
	fi
	if ! cmp -s "$tmp/want" "$tmp/got"; then
		diff "$tmp/want" "$tmp/got" | head -n 10 | sed 's/^/# /'
		return 1
	fi
	"$FERRULE" fmt "--backend=$backend" "-$family" "$tmp/out" \
		>"$tmp/again" 2>&1
	if ! cmp -s "$tmp/out" "$tmp/again"; then
		echo "# what is printed is printed otherwise when read"
		return 1
	fi
	equal=$((equal + 1))
}

n=0 failed=0
tab=$(printf '\t')
tail -n +2 "$corpus/INDEX.tsv" | cut -f 1,11 >"$tmp/index"
for backend in legacy nft; do
	loaded=0 equal=0 refused=0 files=0
	while IFS=$tab read -r name family; do
		case " $* " in
		"  " | *" $name "*) ;;
		*) continue ;;
		esac
		[ -f "$corpus/$name" ] || continue
		n=$((n + 1)) files=$((files + 1))
		if compare "$corpus/$name" "${family#ip}"; then
			echo "ok $n - $name, $backend"
		else
			echo "not ok $n - $name, $backend"
			failed=1
		fi
	done <"$tmp/index"
	echo "# $backend: $files files, $loaded load in the kernel, $equal" \
		"print equal and read back alike; $refused do not load"
done
echo "1..$n"
exit $failed
