#!/bin/sh
# `ferrule fmt --to=commands`: the script, run by sh with iptables-legacy in a
# namespace, makes the tables that the save file makes; and Ferrule reads it
# back as the same rules. Played on the shared corpus's files (small ones: a
# program start per rule) and on rules full of what a shell would take apart.
#
# Needs root. Arguments choose files.
set -u

top=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
: "${FERRULE:=./ferrule}"
corpus=${FERRULE_SHARED:-$top/../shared}/corpus

skip() {
	echo "1..0 # SKIP $*"
	exit 0
}
[ "$(id -u)" = 0 ] || skip "kernel: network namespaces need root"
for tool in iptables-legacy-restore ip6tables-legacy-restore ip; do
	command -v $tool >/dev/null || skip "no $tool"
done
ns=commands$$
tmp=$(mktemp -d "${TMPDIR:-/tmp}/commands.XXXXXX") || exit 99
ip netns add "$ns" 2>/dev/null || skip "kernel: cannot make a namespace"
trap 'ip netns del "$ns" 2>/dev/null; rm -rf "$tmp"' EXIT INT TERM
mkdir "$tmp/bin"
ln -s "$(command -v iptables-legacy)" "$tmp/bin/iptables"
ln -s "$(command -v ip6tables-legacy)" "$tmp/bin/ip6tables"

cat >"$tmp/words.rules" <<'END'
*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:a$b - [0:0]
:x;y - [0:0]
-A INPUT -m comment --comment "it's \"quoted\" \\ $HOME `id` ; | & * ? # ~" -j a$b
-A INPUT ! -s 10.0.0.0/8 -i eth+ -p tcp -m tcp ! --dport 80 -j x;y
-A INPUT -m string --string "a 'b' \"c\"" --algo bm -j LOG --log-prefix "a 'b': "
-A a$b -p udp -m multiport --dports 53,80:90 -g x;y
COMMIT
END

# The kernel lists tables in the order that they were made in: by name here.
saved() {
	ip netns exec "$ns" "$1-legacy-save" | grep -v '^#' | awk '
		/^\*/ { name = $0 }
		{ text[name] = text[name] $0 "\n" }
		END {
			split("*filter *mangle *nat *raw *security", names, " ")
			for (i = 1; i <= 5; i++)
				printf "%s", text[names[i]]
		}'
}
fresh() {
	ip netns del "$ns"
	ip netns add "$ns"
}

# same PROGRAM FILE: 0 alike, 1 not, 2 the file does not load.
same() {
	fresh
	ip netns exec "$ns" "$1-legacy-restore" <"$2" 2>/dev/null || return 2
	saved "$1" >"$tmp/want"
	saved "$1" >"$tmp/clean.rules"
	"$FERRULE" fmt --to=commands "$3" "$tmp/clean.rules" >"$tmp/script" \
		2>"$tmp/err" || { sed 's/^/# /' "$tmp/err"; return 1; }
	"$FERRULE" fmt "$3" "$tmp/clean.rules" >"$tmp/direct"
	"$FERRULE" fmt "$3" --input=script "$tmp/script" | sed '/^#!/d' |
		cmp -s - "$tmp/direct" || { echo "# reads back otherwise"; return 1; }
	fresh
	PATH=$tmp/bin:$PATH ip netns exec "$ns" sh "$tmp/script" 2>"$tmp/err" ||
		{ sed 's/^/# /' "$tmp/err"; return 1; }
	saved "$1" >"$tmp/got"
	cmp -s "$tmp/want" "$tmp/got" && return 0
	diff "$tmp/want" "$tmp/got" | head -n 6 | sed 's/^/# /'
	return 1
}

n=0 failed=0
# one NAME PROGRAM FAMILY-OPTION FILE
one() {
	same "$2" "$4" "$3"
	case $? in
	0) n=$((n + 1)); echo "ok $n - $1" ;;
	1) n=$((n + 1)); failed=1; echo "not ok $n - $1" ;;
	esac
}

one words iptables -4 "$tmp/words.rules"
if [ -d "$corpus" ]; then
	tab=$(printf '\t')
	tail -n +2 "$corpus/INDEX.tsv" | cut -f 1,11 >"$tmp/index"
	while IFS=$tab read -r name family; do
		case " $* " in
		"  " | *" $name "*) ;;
		*) continue ;;
		esac
		[ -f "$corpus/$name" ] || continue
		[ "$(wc -l <"$corpus/$name")" -lt 300 ] || continue
		case $family in
		ip6) one "$name" ip6tables -6 "$corpus/$name" ;;
		*) one "$name" iptables -4 "$corpus/$name" ;;
		esac
	done <"$tmp/index"
fi
echo "1..$n"
exit $failed
