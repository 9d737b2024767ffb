#!/bin/sh
# iptables' own extension tests, read where its source is unpacked (the path
# stands in IPTABLES_SRC; nothing of them is kept here): each rule is accepted
# or refused as its line says for the legacy programs, and saved as it says,
# the whole line. Arguments choose files: libxt_tcp.t ...
set -u

: "${FERRULE:=./ferrule}"
: "${IPTABLES_SRC:=}"
if [ ! -d "$IPTABLES_SRC/extensions" ]; then
	echo "1..0 # SKIP IPTABLES_SRC names no unpacked source of iptables"
	exit 0
fi
tmp=$(mktemp -d "${TMPDIR:-/tmp}/iptests.XXXXXX") || exit 99
trap 'rm -rf "$tmp"' EXIT INT TERM

# cases FILE: "LINE TAB TABLE TAB CHAIN TAB RESULT TAB RULE TAB SAVED", a line
# for each chain; nothing to save is "-", since read joins tabs. Results are
# those of the legacy programs.
cases() {
	awk 'BEGIN { table = "filter"; FS = ";"; OFS = "\t" }
	/^#/ || /^[ \t]*$/ || /^[@%]/ { next }
	/^:/ { n = split(substr($0, 2), chains, ","); next }
	/^\*/ { table = substr($0, 2); next }
	{
		result = $3
		sub(/[ \t\r]+$/, "", result)
		variant = $4
		sub(/[ \t\r]+$/, "", variant)
		if (variant == "NFT" && $5 != "")
			result = $5
		else if (variant == "NFT")
			result = result == "OK" ? "FAIL" : "OK"
		for (i = 1; i <= n; i++)
			print NR, table, chains[i], result, $1,
				$2 == "=" ? $1 : $2 == "" ? "-" : $2
	}' "$1"
}

# trim: iptables ends no saved line in a blank, its tests sometimes do.
trim() { sed 's/[ 	]*$//; s/  */ /g'; }

# beyond RULE RESULT: says why no reader of rules can know that line's result.
beyond() {
	[ "$2" = FAIL ] || return 1
	case $1 in
	*--match-set*src,dst* | *--add-set*src,dst* | *--nfacct-name*)
		echo "names an object that the kernel of a test lacks" ;;
	*"--hitcount 999"*)
		echo "refused by kernels before 6.1 only" ;;
	*) return 1 ;;
	esac
}

# play NAME PROGRAM FILE: fills $tmp/bad with what differs.
play() {
	tab=$(printf '\t')
	while IFS=$tab read -r line table chain result rule saved; do
		[ "$saved" = - ] && saved=
		echo "$2 -t $table -A $chain $rule" >"$tmp/rule"
		"$FERRULE" fmt --input=script "$tmp/rule" >"$tmp/out" 2>"$tmp/err"
		status=$?
		grep '^-A' "$tmp/out" | trim >"$tmp/got"
		echo "-A $chain $saved" | trim >"$tmp/want"
		total=$((total + 1))
		case $result in
		OK) [ $status = 0 ] && cmp -s "$tmp/got" "$tmp/want" ;;
		FAIL) [ $status != 0 ] && ! grep -q 'not yet understood' \
			"$tmp/err" ;;
		NOMATCH) [ $status = 0 ] && ! cmp -s "$tmp/got" "$tmp/want" ;;
		*) false ;;
		esac && continue
		if why=$(beyond "$rule" "$result"); then
			listed=$((listed + 1))
			echo "# not told by rules: $1:$line: $why: $rule"
			continue
		fi
		{
			echo "$1:$line: $result: -A $chain $rule"
			sed 's/^/  wanted /' "$tmp/want"
			sed 's/^/  got    /' "$tmp/got"
			sed -n 's/^\(.*error\|.*warning\)/  \1/p' "$tmp/err"
		} >>"$tmp/bad"
	done
}

n=0 failed=0 total=0 listed=0
for file in "$IPTABLES_SRC"/extensions/libxt_*.t \
	"$IPTABLES_SRC"/extensions/libipt_*.t \
	"$IPTABLES_SRC"/extensions/libip6t_*.t; do
	name=${file##*/}
	case " $* " in
	"  " | *" $name "*) ;;
	*) continue ;;
	esac
	program=iptables
	case $name in libip6t_*) program=ip6tables ;; esac
	n=$((n + 1))
	: >"$tmp/bad"
	before=$total
	cases "$file" >"$tmp/cases"
	play "$name" $program <"$tmp/cases"
	bad=$(grep -c '^lib' "$tmp/bad")
	failed=$((failed + bad))
	if [ "$bad" = 0 ]; then
		echo "ok $n - $name ($((total - before)) lines)"
	else
		echo "not ok $n - $name ($bad of $((total - before)) lines)"
		sed 's/^/# /' "$tmp/bad"
	fi
done
echo "1..$n"
echo "# $((total - failed - listed)) of $total lines as iptables' tests expect," \
	"$listed beyond what rules tell"
[ "$failed" = 0 ]
