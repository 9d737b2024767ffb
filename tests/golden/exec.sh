#!/bin/sh
# `ferrule exec`: a firewall script with absolute paths, a PATH of its own,
# settings and files yields the tables that iptables-legacy makes of it in a
# namespace, and nothing of the host changes. As root, and as nobody.
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
[ "$(id -u)" = 0 ] || skip "network namespaces need root"
command -v iptables-legacy >/dev/null || skip "no iptables-legacy"
# Some containers allow no user namespaces, or no overlays in them.
why=$("$FERRULE" exec -- true 2>&1 | sed -n 's/.*no sandbox: //p')
[ -z "$why" ] || skip "no sandbox here: $why"
work=$(mktemp -d "${TMPDIR:-/tmp}/exec.XXXXXX") || exit 99
mark=/etc/ferrule-exec-test.$$
trap 'rm -rf "$work" "$mark"' EXIT INT TERM
chmod 755 "$work"
cd "$work" || exit 99
echo here >"$mark"
cat >firewall <<END
#!/bin/sh
PATH=/sbin:/usr/sbin:/bin:/usr/bin
export PATH
IPT=/sbin/iptables
echo 1 >/proc/sys/net/ipv4/ip_forward
\$IPT -F
\$IPT -X
\$IPT -P INPUT DROP
for port in 22 80 443; do
	\$IPT -A INPUT -p tcp --dport \$port -m state --state NEW -j ACCEPT
done
\$IPT -N log_drop
\$IPT -A log_drop -j LOG --log-prefix "dropped: "
\$IPT -A log_drop -j DROP
\$IPT -A INPUT -j log_drop || exit 3
\$IPT -C INPUT -j ACCEPT 2>/dev/null && exit 4
/usr/sbin/iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE
env -i /usr/sbin/ip6tables -P FORWARD DROP
printf '*raw\n-A OUTPUT -o lo -j NOTRACK\nCOMMIT\n' | iptables-restore -n
END
cat >edges <<END
sysctl -w net.ipv4.tcp_syncookies=1
modprobe ip_conntrack
ip link set eth0 up
rm -f $mark
echo x >/etc/ferrule-exec-made.$$
echo x >$work/made
echo 7 >/proc/sys/kernel/pid_max
exit 0
END
chmod +x firewall
mkdir bin
for p in iptables ip6tables; do
	ln -s "$(command -v $p-legacy)" bin/$p
	ln -s "$(command -v $p-legacy-restore)" bin/$p-restore
done

n=0 failed=0
check() {
	n=$((n + 1)) name=$1
	shift
	if "$@"; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		head -n 8 err | sed 's/^/#   /'
		failed=1
	fi
}
# The same script, its paths those of the real programs.
sed "s,^PATH=.*,PATH=$work/bin:/usr/sbin:/usr/bin:/sbin:/bin,
	s,/usr/sbin/ip6tables,$work/bin/ip6tables,
	s,/usr/sbin/iptables,$work/bin/iptables,
	s,/sbin/iptables,$work/bin/iptables," firewall >real
unshare -n sh -c 'sh ./real && { iptables-legacy-save; ip6tables-legacy-save; } |
	grep -v "^#"' >kernel 2>kernel.err
sort kernel >kernel.sorted

"$FERRULE" exec -- ./firewall >out 2>err
check 'a script ends well' test $? = 0
grep -v '^#' out | sort >own.sorted
check 'the tables are those that iptables makes' cmp -s kernel.sorted own.sorted
check 'there are some' grep -q 'log_drop' own.sorted

pid_max=$(cat /proc/sys/kernel/pid_max)
"$FERRULE" exec -- sh ./edges >out 2>err
check 'files are not removed' test -e "$mark"
check 'files are not made' test ! -e /etc/ferrule-exec-made.$$
check 'not in the own folder either' test ! -e made
check 'settings stay' test "$(cat /proc/sys/kernel/pid_max)" = "$pid_max"
for what in 'sysctl -w' modprobe 'ip link'; do
	check "$what is written down" grep -q "not done: $what" err
done

printf '%s\n' '*filter' ':INPUT ACCEPT [0:0]' '-A INPUT -p tcp -j ACCEPT' \
	COMMIT >before
"$FERRULE" exec --from before --diff -- iptables -A INPUT -j DROP >out 2>err
check 'a difference' grep -q '^+.*-A INPUT -j DROP$' out
check 'from what there was' grep -q '^ .*-A INPUT -p tcp -j ACCEPT$' out
"$FERRULE" exec -- sh -c 'exit 5' >out 2>err
check 'a script that fails' test $? = 1
check 'and how' grep -q 'exited with 5' err
"$FERRULE" exec -- ./nosuch >out 2>err
check 'no script' test $? = 3
check 'nothing is left behind' test -z "$(find "${TMPDIR:-/tmp}" -maxdepth 1 \
	-name 'ferrule-exec.*' -newer before 2>/dev/null)"
"$FERRULE" exec --trust-script -- iptables -A INPUT -j DROP >out 2>err
check 'without a sandbox' grep -q -- '-A INPUT -j DROP' out

if setpriv --reuid=65534 --regid=65534 --clear-groups \
	"$FERRULE" --version >/dev/null 2>&1; then
	setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$FERRULE" exec -- ./firewall >out 2>err
	check 'as nobody' test $? = 0
	grep -v '^#' out | sort >own.sorted
	check 'the same tables' cmp -s kernel.sorted own.sorted
fi
echo "1..$n"
exit $failed
