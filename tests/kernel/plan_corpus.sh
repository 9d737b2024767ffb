#!/bin/sh
# `ferrule plan` on every file of the shared corpus, both levels: no crash, an
# exit code of the contract. What it prints must load on top of the file's
# rules, whole and as iptables-restore --noflush reads it, and the rollback
# must leave the rules as they were. The slowest plan's time is printed, not
# judged: other load on the machine must not fail a test.
#
# Needs root for the second half. Arguments choose files.
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

ns=plancorpus$$
tmp=$(mktemp -d "${TMPDIR:-/tmp}/plan.XXXXXX") || exit 99
ip netns add "$ns" 2>/dev/null || skip "cannot make a network namespace"
trap 'ip netns del "$ns" 2>/dev/null; rm -rf "$tmp"' EXIT INT TERM

# saved PROGRAM: the rules that the kernel holds; tables that a plan and its
# rollback leave behind empty are not counted as rules.
saved() {
	ip netns exec "$ns" "$1-legacy-save" | awk '
	     /^#/ { next }
	     /^\*/ { text = "" ; rules = 0 }
	     /^-/ || /^:.* - \[/ || /^:.* DROP / { rules = 1 }
	     { sub(/ \[[0-9]*:[0-9]*\]$/, ""); text = text $0 "\n" }
	     /^COMMIT/ { if (rules) printf "%s", text }'
}

restore() {
	ip netns exec "$ns" "$1-legacy-restore" --noflush <"$2" 2>"$tmp/err" ||
		{ echo "# $3: $(head -n 1 "$tmp/err")"; return 1; }
}

# on_top PROGRAM FILE: plan and rollback on top of the file's rules.
on_top() {
	suffix=
	[ "$1" = ip6tables ] && suffix=6
	ip netns del "$ns"
	ip netns add "$ns"
	# Lists of commands and the like: on top of nothing then.
	ip netns exec "$ns" "$1-legacy-restore" <"$2" 2>/dev/null &&
		loaded=$((loaded + 1))
	saved "$1" >"$tmp/before"
	restore "$1" "$tmp/d/plan$suffix.rules" plan &&
		restore "$1" "$tmp/d/rollback$suffix.rules" rollback || return 1
	saved "$1" >"$tmp/after"
	cmp -s "$tmp/before" "$tmp/after" && return 0
	diff "$tmp/before" "$tmp/after" | head -n 10 | sed 's/^/# /'
	return 1
}

# plan PROGRAM FAMILY LEVEL FILE
plan() {
	rm -rf "$tmp/d"
	begin=$(date +%s%N)
	timeout 300 "$FERRULE" plan "-$2" --widen="$3" --assume-tracked \
		-o "$tmp/d" "$4" 2>"$tmp/err"
	status=$?
	ms=$((($(date +%s%N) - begin) / 1000000))
	[ "$(wc -l <"$4")" -lt 5000 ] && [ $ms -gt $slowest ] && slowest=$ms
	if [ $status -gt 3 ] || grep -q 'runtime error\|Sanitizer' "$tmp/err"; then
		sed 's/^/# /' "$tmp/err" | tail -n 5
		return 1
	fi
	grep -qs -e '-notrack\|-j NOTRACK' "$tmp/d"/plan*.rules || return 0
	planned=$((planned + 1))
	on_top "$1" "$4"
}

n=0 planned=0 loaded=0 slowest=0 failed=0
tab=$(printf '\t')
tail -n +2 "$corpus/INDEX.tsv" | cut -f 1,11 >"$tmp/index"
while IFS=$tab read -r name family; do
	case " $* " in
	"  " | *" $name "*) ;;
	*) continue ;;
	esac
	[ -f "$corpus/$name" ] || continue
	n=$((n + 1))
	program=iptables
	[ "$family" = ip6 ] && program=ip6tables
	if plan $program "${family#ip}" none "$corpus/$name" &&
	   plan $program "${family#ip}" invalid "$corpus/$name"; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		failed=1
	fi
done <"$tmp/index"
echo "1..$n"
echo "# $n files at two levels: $planned plans with rules, all load and" \
	"roll back, $loaded on top of the file's rules; $slowest ms at most" \
	"below 5,000 lines"
exit $failed
