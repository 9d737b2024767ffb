#!/bin/sh
# `ferrule as DIR iptables ...` beside iptables-legacy in a namespace: command
# by command the same exit code and the same -S, and at the end the same save.
#
# Needs root.
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
command -v iptables-legacy >/dev/null || skip "no iptables-legacy"
ns=ferrule-as$$
work=$(mktemp -d "${TMPDIR:-/tmp}/as.XXXXXX") || exit 99
ip netns add "$ns" 2>/dev/null || skip "kernel: cannot make a namespace"
trap 'ip netns del "$ns" 2>/dev/null; rm -rf "$work"' EXIT INT TERM
cd "$work" || exit 99
mkdir state

kernel() {
	program=$1
	shift
	case $program in
	iptables*) program=iptables-legacy${program#iptables} ;;
	ip6tables*) program=ip6tables-legacy${program#ip6tables} ;;
	esac
	ip netns exec "$ns" "$program" "$@"
}
own() { "$FERRULE" as state "$@"; }

n=0 failed=0
# same NAME: the files kernel.out and own.out, and the codes.
same() {
	n=$((n + 1))
	if [ "$kernel_code" = "$own_code" ] && cmp -s kernel.out own.out; then
		echo "ok $n - $1"
		return
	fi
	echo "not ok $n - $1"
	echo "#   exit code $own_code, iptables' $kernel_code"
	diff kernel.out own.out | sed 's/^/#   /' | head -n 12
	sed 's/^/#   /' own.err kernel.err | head -n 8
	failed=1
}
# both PROGRAM ARGUMENT...: the command, then the table's rules.
both() {
	kernel "$@" >kernel.out 2>kernel.err
	kernel_code=$?
	own "$@" >own.out 2>own.err
	own_code=$?
	for p in iptables ip6tables; do
		for t in filter nat mangle raw; do
			kernel $p -t $t -S >>kernel.out 2>&1
			own $p -t $t -S >>own.out 2>&1
		done
	done
	same "$*"
}
# feed TEXT PROGRAM...: the same for restore.
feed() {
	printf '%b' "$1" >input
	shift
	kernel "$@" <input >kernel.out 2>kernel.err
	kernel_code=$?
	own "$@" <input >own.out 2>own.err
	own_code=$?
	for p in iptables-save ip6tables-save; do
		kernel $p | grep -v '^#' >>kernel.out
		own $p | grep -v '^#' >>own.out
	done
	sort -o kernel.out kernel.out # tables come in the kernel's order
	sort -o own.out own.out
	same "$* < $(head -c 60 input | tr '\n' '|')"
}

both iptables -P INPUT DROP
both iptables -A INPUT -i lo -j ACCEPT
both iptables -A INPUT -p tcp --dport 22 -m comment --comment 'a "b" c' -j ACCEPT
both iptables -w -A INPUT -p udp -m multiport --dports 53,123 -j ACCEPT
both iptables -w 5 -I INPUT -s 10.0.0.0/8 -j DROP
both iptables -I INPUT 2 -m state --state ESTABLISHED -j ACCEPT
both iptables -I INPUT 99 -j ACCEPT
both iptables --wait -t nat -A POSTROUTING -o eth0 -j MASQUERADE
both iptables -tnat -A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080
both iptables --table=mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
both iptables -N web
both iptables -N web
both iptables -N 'two words'
both iptables -A web -j RETURN
both iptables -A INPUT -g web
both iptables -A INPUT -j nosuch
both iptables -A nosuch -j ACCEPT
both iptables -X web
both iptables -E web www
both iptables -R INPUT 1 -s 10.0.0.0/8 -j REJECT
both iptables -R INPUT 77 -j ACCEPT
both iptables -D INPUT 2
both iptables -D INPUT 55
both iptables -D INPUT -i lo -j ACCEPT
both iptables -D INPUT -i lo -j ACCEPT
both iptables -C INPUT -g www
both iptables -C INPUT -g nosuch
both iptables -C INPUT -j DROP
both iptables -P web DROP
both iptables -P INPUT REJECT
both iptables -A INPUT -p tcp --dport nosuchport -j ACCEPT
both iptables -A INPUT --bogus -j ACCEPT
both iptables -A INPUT -p nosuch -j ACCEPT
both iptables -A INPUT -p udp -j REJECT --reject-with tcp-reset
both iptables -A INPUT -j DNAT --to-destination 10.0.0.1
both iptables
both iptables -t nosuch -S
both iptables -S INPUT
both iptables -S INPUT 1
both iptables -S nosuch
both iptables -v -S INPUT
both iptables -A INPUT -s 10.0.0.1,10.0.0.2 -j DROP
both iptables -D INPUT -s 10.0.0.1,10.0.0.2 -j DROP
both iptables -A INPUT -c 5 600 -j ACCEPT
both iptables -v -S INPUT
both iptables -Z INPUT
both iptables -v -S INPUT
both ip6tables -A INPUT -p ipv6-icmp --icmpv6-type echo-request -j ACCEPT
both ip6tables -A INPUT -s 10.0.0.1 -j ACCEPT
both iptables -F INPUT
both iptables -X www
both iptables -F
both iptables -X
feed '*filter\n:INPUT DROP [7:9]\n:x - [0:0]\n[3:4] -A INPUT -j x\nCOMMIT\n' \
	iptables-restore
feed '*filter\n:INPUT DROP [7:9]\n:x - [0:0]\n[3:4] -A INPUT -j x\nCOMMIT\n' \
	iptables-restore -c
feed '*filter\n-A INPUT -p tcp -j ACCEPT\nCOMMIT\n' iptables-restore -n
feed '*filter\n-A INPUT -p tcp -j ACCEPT\nCOMMIT\n' iptables-restore --test
feed '*nat\n-A OUTPUT -j ACCEPT\nCOMMIT\n*filter\n-A INPUT -j nosuch\nCOMMIT\n' \
	iptables-restore
feed '*raw\n-A OUTPUT -j ACCEPT\nCOMMIT\n*mangle\n-A INPUT -j MARK\nCOMMIT\n' \
	iptables-restore -T raw
feed '*filter\n-D INPUT -s 9.9.9.9\nCOMMIT\n' iptables-restore -n
feed '*filter\n-A INPUT -j ACCEPT\n' iptables-restore
feed '' iptables-restore
feed '*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n' ip6tables-restore
feed 'nonsense\n' iptables-restore

# Concurrent callers lose nothing.
for i in 1 2 3 4 5 6 7 8; do
	own iptables -A FORWARD -s 10.1.1.$i -j DROP &
done
wait
n=$((n + 1))
if [ "$(own iptables -S FORWARD | grep -c 10.1.1)" = 8 ]; then
	echo "ok $n - eight callers at once"
else
	echo "not ok $n - eight callers at once"
	failed=1
fi
echo "1..$n"
exit $failed
