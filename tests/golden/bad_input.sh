#!/bin/sh
# Bad input and bad output, for every command that reads rules: a clear
# message, the documented exit code, no crash, little memory, little time.
#
# Deep nesting runs with a small stack, endless lines with little memory; a
# command that recursed over chains or kept a whole line would fail here.
set -u

: "${FERRULE:=./ferrule}"
case $FERRULE in
/*) ;;
*) FERRULE=$(pwd)/$FERRULE ;;
esac
export NO_COLOR=1 LC_ALL=C
scratch=$(mktemp -d "${TMPDIR:-/tmp}/bad.XXXXXX") || exit 99
trap 'rm -rf "$scratch"' EXIT INT TERM
cd "$scratch" || exit 99

n=0 failed=0
seconds=${FERRULE_BAD_SECONDS:-20} # sanitizers are slow
commands=$("$FERRULE" help | sed -n 's/^  \([a-z]*\) .*/\1/p')

has() {
	case " $(echo $commands) " in
	*" $1 "*) return 0 ;;
	esac
	return 1
}

result() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
		return
	fi
	echo "not ok $n - $2"
	sed 's/^/#   /' all | cut -c 1-200 | head -n 8
	failed=1
}

# expect STATUS PATTERN NAME COMMAND...: both streams count, since a finding
# is a result of lint and a diagnostic of all others.
expect() {
	want=$1 pattern=$2 label=$3
	shift 3
	timeout "$seconds" "$@" >out 2>err
	got=$?
	cat err out >all
	if [ $got != "$want" ]; then
		echo "exit code $got, not $want" >>all
		result 1 "$label"
	elif [ -n "$pattern" ] && ! grep -q -e "$pattern" all; then
		echo "nothing says: $pattern" >>all
		result 1 "$label"
	else
		result 0 "$label"
	fi
}

builtin() {
	printf '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n'
	printf ':OUTPUT ACCEPT [0:0]\n'
}

# nested N -j|-g: a chain of N chains, the last with a rule that needs state.
nested() {
	builtin
	awk -v n="$1" -v jump="$2" 'BEGIN {
		for (i = 0; i < n; i++) printf ":c%d - [0:0]\n", i
		printf "-A INPUT %s c0\n", jump
		for (i = 0; i + 1 < n; i++)
			printf "-A c%d %s c%d\n", i, jump, i + 1
		printf "-A c%d -m conntrack --ctstate NEW -j DROP\n", n - 1
	}'
	echo COMMIT
}

endless() {
	head -c 1000000000 /dev/zero 2>/dev/null | tr '\0' a 2>/dev/null
}

{
	builtin
	echo '-A INPUT -p tcp -m tcp --dport 22 -m conntrack' \
		'--ctstate NEW -m comment --comment "a b" -j ACCEPT'
	echo '-A OUTPUT -d 192.0.2.0/24 -j DROP'
	echo COMMIT
} >good
# Forty chains that each jump to the next one twice: 2^40 ways.
{
	builtin
	awk 'BEGIN {
		for (i = 0; i < 40; i++) printf ":c%d - [0:0]\n", i
		print "-A INPUT -j c0"
		for (i = 0; i < 39; i++)
			printf "-A c%d -j c%d\n-A c%d -j c%d\n", i, i + 1,
				i, i + 1
		print "-A c39 -p udp -m udp --dport 1 -j DROP"
		print "COMMIT"
	}'
} >doubling
nested 100000 -j >jumps
nested 100000 -g >gotos
{
	builtin
	printf ':a - [0:0]\n:b - [0:0]\n-A INPUT -j a\n-A a -j b\n-A b -j a\n'
	echo COMMIT
} >loop
{
	builtin
	printf ':a - [0:0]\n-A INPUT -j a\n-A a -g a\nCOMMIT\n'
} >self
: >empty
printf '\n\n   \n' >blank
head -c 4096 /bin/sh >binary
{ builtin; printf -- '-A INPUT -s 192.0.2.1 \001\002\377\376 -j DROP\nCOMMIT\n'; } \
	>bytes
truncate -s 1G zeros
{ builtin; awk 'BEGIN { printf "-A INPUT -m comment --comment "
	for (i = 0; i < 4000000; i++) printf "a"; print ""; print "COMMIT" }'; } \
	>long
{ builtin; awk 'BEGIN { for (i = 0; i < 5000; i++)
	print "-A INPUT --bogus " i; print "COMMIT" }'; } >mistakes
mkdir folder

# ./small COMMAND...: with 1 MiB of stack and 1 GB of addresses, where that can
# be had (a sanitizer wants terabytes).
if sh -c 'ulimit -v 1000000; "$0" --version; exit $?' "$FERRULE" \
	>/dev/null 2>&1; then
	limits='ulimit -s 1024; ulimit -v 1000000'
else
	limits=:
fi
cat >small <<EOF
#!/bin/sh
$limits
exec timeout $seconds "\$@"
EOF
chmod +x small

# rules_command NAME ARG...: all inputs for `ferrule ARG... FILE`.
rules_command() {
	name=$1
	shift
	expect 3 'No such file' "$name: missing" "$FERRULE" "$@" missing
	expect 3 'Is a directory' "$name: a directory" "$FERRULE" "$@" folder
	expect 3 'holds no rules' "$name: empty" "$FERRULE" "$@" empty
	expect 3 'blank:\|holds no rules' "$name: blanks" "$FERRULE" "$@" blank
	expect 3 'binary:1:[0-9]*: error.*zero byte' "$name: a program" \
		"$FERRULE" "$@" binary
	expect 3 'bytes:5:23: error' "$name: odd bytes" "$FERRULE" "$@" bytes
	expect 3 'mistakes:1004:1.*\|giving up after 1000' \
		"$name: 5,000 mistakes" "$FERRULE" "$@" mistakes
	expect 3 'FE109.*calls itself' "$name: a loop" "$FERRULE" "$@" loop
	expect 3 'FE109.*calls itself' "$name: a chain that calls itself" \
		"$FERRULE" "$@" self
	expect 3 'long:5:1: error: this line has' "$name: a line of 4 MB" \
		./small "$FERRULE" "$@" long
	expect 3 'zeros:1:1: error.*zero byte' "$name: 1 GB of zeros" \
		./small "$FERRULE" "$@" zeros
	endless | ./small "$FERRULE" "$@" - >all 2>&1
	grep -q 'stdin>:1:1: error: this line has' all
	result $? "$name: 1 GB in one line"
	truncated "$name" "$@"
	deep "$name" "$@"
	unreadable "$name" "$@"
}

# A file cut anywhere is refused, but for a cut behind the last line's text.
truncated() {
	name=$1 bad=0
	shift
	size=$(wc -c <good)
	: >all
	for cut in $(seq 7 13 $((size - 9))) $((size - 3)); do
		head -c "$cut" good >cut
		timeout "$seconds" "$FERRULE" "$@" cut >out 2>&1
		status=$?
		if [ $status != 3 ] || ! grep -q 'cut:[0-9]*:[0-9]*: error' out
		then
			echo "cut at $cut: exit code $status" >>all
			bad=1
		fi
	done
	result $bad "$name: cut files"
}

deep() {
	name=$1
	shift
	for kind in jumps gotos; do
		./small "$FERRULE" "$@" $kind >all 2>&1
		status=$?
		[ $status -le 1 ] || echo "exit code $status" >>all
		[ $status -le 1 ]
		result $? "$name: 100,000 nested $kind"
	done
}

# Root reads everything: the test needs another user.
unreadable() {
	name=$1
	shift
	cp good secret
	chmod 0 secret
	chmod 755 .
	if [ "$(id -u)" != 0 ]; then
		expect 3 'Permission denied' "$name: unreadable" \
			"$FERRULE" "$@" secret
	elif setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$FERRULE" --version >/dev/null 2>&1; then
		expect 3 'Permission denied' "$name: unreadable" \
			setpriv --reuid=65534 --regid=65534 --clear-groups \
			"$FERRULE" "$@" secret
	fi
	rm -f secret
}

# writes NAME ARG...: a full disk, a closed pipe, no output at all.
writes() {
	name=$1
	shift
	[ -c /dev/full ] || return
	"$FERRULE" "$@" >/dev/full 2>all
	status=$?
	[ $status = 3 ] && grep -q 'cannot write.*No space left' all
	result $? "$name: a full disk"
	"$FERRULE" "$@" >&- 2>all
	status=$?
	[ $status = 3 ] && grep -q 'cannot write.*Bad file' all
	result $? "$name: no standard output"
}

for c in fmt state plan lint; do
	has $c || continue
	rules_command $c $c
	writes $c $c good
done
if has plan; then
	rules_command 'plan, assumed' plan --assume-tracked --widen=invalid
	writes 'plan, assumed' plan --assume-tracked --widen=invalid good
	expect 3 'no plan is made for rules with errors' \
		'plan: nothing is proved about rules with mistakes' \
		"$FERRULE" plan mistakes
	expect 3 'cannot make' 'plan: no folder' "$FERRULE" plan -o empty/x good
fi
# Test files.
tests_command() {
	head -c 70 good.fer >cut.fer
	{ cat good.fer; printf '# '; tail -n 2 long | head -n 1; } >long.fer
	awk 'BEGIN { for (i = 0; i < 100000; i++) printf "test \"a\" { " }' \
		>deep.fer
	expect 0 '1 passed' 'test: good' "$FERRULE" test good.fer
	expect 3 'No such file' 'test: missing' "$FERRULE" test missing
	expect 3 'Is a directory' 'test: a directory' "$FERRULE" test folder
	expect 3 'holds no tests' 'test: empty' "$FERRULE" test empty
	expect 3 'binary:1:1: error' 'test: a program' "$FERRULE" test binary
	expect 3 'cut.fer:[0-9]*:[0-9]*: error' 'test: cut' \
		"$FERRULE" test cut.fer
	expect 3 'long.fer:7:1: error: this line has' 'test: a line of 4 MB' \
		./small "$FERRULE" test long.fer
	expect 3 'zeros:1:1: error' 'test: 1 GB of zeros' \
		./small "$FERRULE" test zeros
	expect 3 'deep.fer:1:[0-9]*: error: blocks are nested' \
		'test: 100,000 nested blocks' ./small "$FERRULE" test deep.fer
	endless | ./small "$FERRULE" test - >all 2>&1
	grep -q 'stdin>:1:1: error: ' all
	result $? 'test: 1 GB in one line'
	writes test test good.fer
}
if has test; then
	{
		echo 'use good'
		echo 'host h { eth0 192.0.2.5/24 }'
		echo 'test "x" {'
		echo '  flow f = tcp 192.0.2.9:4000 -> 192.0.2.5:22 in eth0'
		echo '  send f SYN expect accept'
		echo '}'
	} >good.fer
	tests_command
fi

# Traffic: captures cut anywhere, and rules that the kernel refuses.
traffic_command() {
	printf '\324\303\262\241\002\000\004\000' >head.pcap
	printf '\0\0\0\0\0\0\0\0\377\377\0\0\145\0\0\0' >>head.pcap
	{ cat head.pcap; printf '\1\0\0\0\2\0\0\0\50\0'; } >cut.pcap
	head -c 13 head.pcap >header.pcap
	expect 0 '' 'run: a capture without packets' \
		"$FERRULE" run -r good head.pcap
	expect 3 'cut.pcap' 'run: a capture cut in a packet head' \
		"$FERRULE" run -r good cut.pcap
	expect 3 'header.pcap is not a capture' 'run: cut in the file head' \
		"$FERRULE" run -r good header.pcap
	expect 3 'is not a capture\|error' 'run: empty traffic' \
		"$FERRULE" run -r good empty
	expect 3 'No such file' 'run: missing' "$FERRULE" run -r good missing
	expect 3 'No such file' 'run: missing rules' \
		"$FERRULE" run -r missing head.pcap
	expect 3 'nothing is played through rules with errors' \
		'run: a chain loop' "$FERRULE" run -r loop good.fer
	expect 3 'no packet is traced through rules with errors' \
		'trace: a chain loop' "$FERRULE" trace -r loop \
		'tcp 192.0.2.9:4000 -> 192.0.2.5:22 SYN in eth0'
	for kind in jumps gotos; do
		expect 0 '' "run: 100,000 nested $kind" \
			./small "$FERRULE" run -r $kind good.fer
	done
	writes run run -r good good.fer
}
if has run && has trace && has test; then
	traffic_command
	expect 3 'wasn.t through' 'trace: 2^40 ways through chains' "$FERRULE" \
		trace -r doubling 'tcp 192.0.2.7:1 -> 192.0.2.10:80 in eth0'
	printf '%s\n' 'use "doubling"' 'host h { eth0 192.0.2.10/24 }' \
		'test "t" {' '  flow f = tcp 192.0.2.7:1 -> 192.0.2.10:80' \
		'  send f SYN' '  expect accept' '}' >doubling.fer
	expect 3 'wasn.t through' 'test: 2^40 ways through chains' \
		"$FERRULE" test doubling.fer
	expect 3 'wasn.t through' 'run: 2^40 ways through chains' \
		"$FERRULE" run -r doubling doubling.fer
fi

for args in help --version 'help fmt' 'fmt --help' 'lint --format sarif good' \
	'state --format json good' 'explain tcp'; do
	has explain || [ "$args" != 'explain tcp' ] || continue
	writes "$args" $args
done

# A device is written to, never replaced; a file is, with its mode.
if mknod full c 1 7 2>/dev/null && ! (: >full) 2>/dev/null ||
   [ -c full ]; then
	expect 3 'cannot write.*No space left' 'fmt -o: a full disk' \
		"$FERRULE" fmt -o full good
	[ -c full ]
	result $? 'fmt -o: the device is still there'
fi
mkfifo pipe
"$FERRULE" fmt -o pipe good 2>all &
cat pipe >out
wait $!
[ -p pipe ] && grep -q COMMIT out
result $? 'fmt -o: a named pipe'
echo old >real
chmod 600 real
ln -s real link
expect 0 '' 'fmt -o: a link' "$FERRULE" fmt -o link good
[ -L link ] && grep -q COMMIT real && [ "$(stat -c %a real)" = 600 ]
result $? 'fmt -o: the link stays, and the mode'
expect 3 'cannot create' 'fmt -o: no folder' "$FERRULE" fmt -o none/x good
echo old >kept
expect 3 '' 'fmt -o: mistakes' "$FERRULE" fmt -o kept missing
grep -qx old kept && [ -z "$(ls | grep kept.)" ]
result $? 'fmt -o: an old file is kept when there is nothing to print'
# A write that fails in the middle of a file left half a file under its name.
half() { # OPTION: a file of at most 1 kB
	echo old >kept
	(trap '' XFSZ && ulimit -f 2 &&
		"$FERRULE" run -r good burst.fer "$1=kept" >out 2>all)
	[ $? = 3 ] && grep -q 'cannot write kept: File too large' all &&
		grep -qx old kept && [ -z "$(ls | grep 'kept[.]')" ]
	result $? "run $1: an old file stays when the new one has no room"
}
if has run; then
	printf '%s\n' 'host h { eth0 10.0.0.5/24 }' \
		'burst 300 tcp flows from 10.1.0.0/16 to 10.0.0.5 port 80 over 60s' \
		>burst.fer
	for o in --trace --emit; do
		half $o
	done
fi
(
	set +e
	"$FERRULE" fmt jumps 2>pipe_err
	echo $? >pipe_status
) | head -n 1 >/dev/null
cp pipe_err all
[ "$(cat pipe_status)" = 3 ] && grep -q 'Broken pipe' pipe_err
result $? 'fmt: a closed pipe'

expect 2 'no command' 'no such command' "$FERRULE" fmtt good
expect 2 'unknown option' 'no such option' "$FERRULE" fmt --bogus good
expect 2 '' 'no rules' "$FERRULE" fmt
echo "1..$n"
exit $failed
