#!/usr/bin/env bash
# Benchmarks: each figure is a ratio to a named peer, run in turns with it.
#
#	bench.sh [RUNS]		(default 5 of each; the median counts)
#
# Wanted: root (a namespace for iptables-legacy-restore), tcpdump. Run by
# `make bench`; FERRULE and GEN name the programs.
set -eu
runs=${1:-5}
ferrule=${FERRULE:-./ferrule}
# Libtool's script around the program costs a shell's start: leave it out.
if [ -x "${ferrule%/*}/.libs/${ferrule##*/}" ]; then
	libs=$(cd "${ferrule%/*}/.libs" && pwd)
	export LD_LIBRARY_PATH=$libs
	ferrule=$libs/${ferrule##*/}
fi
gen=${GEN:-tests/bench/gen}
work=$(mktemp -d)
ns=ferrule-bench-$$
trap 'rm -rf "$work"; ip netns del "$ns" 2>/dev/null || true' EXIT
ip netns add "$ns"

# seconds COMMAND: wall seconds of one run.
seconds() {
	local t
	TIMEFORMAT=%R
	{ t=$({ time bash -c "$1" >/dev/null 2>"$work/err"; } 2>&1); } || {
		cat "$work/err" >&2
		echo "failed: $1" >&2
		return 1
	}
	echo "$t"
}

# spread FILE: "min median max".
spread() {
	sort -n "$1" | awk '{ v[NR] = $1 }
		END { print v[1], v[int((NR + 1) / 2)], v[NR] }'
}

# versus NAME OURS PEER-NAME PEER: prints seconds of both and their ratio.
versus() {
	: >"$work/ours"
	: >"$work/peer"
	for _ in $(seq "$runs"); do
		seconds "$2" >>"$work/ours"
		seconds "$4" >>"$work/peer"
	done
	read -r a1 a a2 <<<"$(spread "$work/ours")"
	read -r b1 b b2 <<<"$(spread "$work/peer")"
	awk -v n="$1" -v p="$3" -v a="$a" -v b="$b" \
		-v ra="$a1..$a2" -v rb="$b1..$b2" 'BEGIN {
		printf "%-28s %7.3f s [%s]  %s %.3f s [%s]  ratio %.2f\n",
			n, a, ra, p, b, rb, b / (a > 0 ? a : 0.001) }'
}

in_ns="ip netns exec $ns"
"$gen" rules 100000 >"$work/100k.save"
"$gen" rules 100 >"$work/100.save"
"$gen" rules 1000 >"$work/1k.save"
"$gen" pcap 5000000 >"$work/5m.pcap"
"$gen" pcap 200000 >"$work/200k.pcap"

echo "ratio: the peer's time divided by Ferrule's; above 1 Ferrule is faster"
versus "parse 100,000 rules" "$ferrule fmt --test $work/100k.save" \
	"iptables-legacy-restore --test" \
	"$in_ns iptables-legacy-restore --test $work/100k.save"
versus "parse and print 100,000" "$ferrule fmt $work/100k.save" \
	"iptables-legacy-restore --test" \
	"$in_ns iptables-legacy-restore --test $work/100k.save"
versus "classify, 1,000 rules" "$ferrule run -r $work/1k.save $work/200k.pcap" \
	"linear scan (run --naive)" \
	"$ferrule run --naive -r $work/1k.save $work/200k.pcap"
# One rule that asks for the state: conntrack is nearly all of the work.
printf '%s\n' '*filter' ':INPUT ACCEPT [0:0]' \
	'-A INPUT -m conntrack --ctstate INVALID -j DROP' COMMIT >"$work/ct.save"
versus "conntrack, 5 M packets" "$ferrule run -r $work/ct.save $work/5m.pcap" \
	"tcpdump -w /dev/null 'tcp port 80'" \
	"tcpdump -r $work/5m.pcap -w /dev/null 'tcp port 80'"
versus "replay 5 M packets" "$ferrule run -r $work/100.save $work/5m.pcap" \
	"tcpdump -w /dev/null 'tcp port 80'" \
	"tcpdump -r $work/5m.pcap -w /dev/null 'tcp port 80'"
versus "plan, 1,000 rules" "$ferrule plan --widen=invalid $work/1k.save" \
	"iptables-legacy-restore --test" \
	"$in_ns iptables-legacy-restore --test $work/1k.save"
