#!/bin/sh
# Gathers a snapshot of this host for ferrule: the verbatim output of usual
# commands. It only reads: it changes no rule and no setting, loads no
# conntrack module, and sends nothing anywhere.
#
#     sh collect.sh [DIR]
#
# writes the files into DIR (default: ferrule-HOSTNAME), which must not exist
# yet, and DIR.tar.gz beside it to carry away: `ferrule plan --host DIR`. It
# exits with 1 when a file could not be had. Run it as root: others may not
# read rules. Look at the files before you pass them on, since they name this
# host's addresses and peers.
set -u
umask 077
PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL

dir=${1:-ferrule-$(uname -n)}
missing=0

if ! mkdir "$dir"; then
	echo "collect: cannot make the directory $dir" >&2
	exit 1
fi
[ "$(id -u)" = 0 ] || echo "collect: not root: rules may be missing" >&2

# save FILE COMMAND...: a file is kept only when its command succeeded, so
# that what could not be had is absent, never empty or half.
save() {
	file=$dir/$1
	shift
	if ! command -v "$1" >/dev/null 2>&1; then
		echo "collect: ${file##*/}: no command $1" >&2
	elif "$@" >"$file" 2>"$dir/error"; then
		sed "s/^/collect: ${file##*/}: /" "$dir/error" >&2
		rm -f "$dir/error"
		return 0
	else
		echo "collect: ${file##*/}: $* failed:" \
			"$(head -n 1 "$dir/error")" >&2
	fi
	rm -f "$file" "$dir/error"
	missing=$((missing + 1))
	return 1
}

save uname.txt uname -a
# legacy FILE TOOL NAMES: rules may stand in the tables of the legacy back end
# while TOOL is nft's, which doesn't show them. They are rules.v4 (v6) where
# nft's has no rule, and a file of their own where both have some.
legacy() {
	rules=$1 tool=$2 names=$3
	own=rules-legacy.${rules#rules.}
	grep -qs . "$names" || return 0
	case $("$tool" --version 2>/dev/null) in
	*nf_tables*) ;;
	*) return 0 ;;
	esac
	save "$own" "${tool%-save}-legacy-save" -c || return 0
	if ! grep -q '^\[.*-A \|^:.* DROP ' "$dir/$own"; then
		rm -f "$dir/$own"
	elif grep -q '^\[.*-A \|^:.* DROP ' "$dir/$rules" 2>/dev/null; then
		echo "collect: $own: both back ends hold rules, and both" \
			"decide" >&2
	else
		mv "$dir/$own" "$dir/$rules"
	fi
}

save rules.v4 iptables-save -c
legacy rules.v4 iptables-save /proc/net/ip_tables_names
save rules.v6 ip6tables-save -c
legacy rules.v6 ip6tables-save /proc/net/ip6_tables_names
save addr.json ip -j addr
save route.json ip -j route show table all
save rule.json ip -j rule
# Unreadable keys make sysctl fail though all others were printed.
save sysctl.conf sh -c 'sysctl -a 2>/dev/null; [ $? -lt 127 ]'
[ ! -r /proc/modules ] || save lsmod.txt cat /proc/modules
save ss.txt ss -Hantu
! command -v ipset >/dev/null 2>&1 || save ipset.save ipset save
! command -v nft >/dev/null 2>&1 || save nft.txt nft list ruleset

# Where there are no tables and no sets, nothing was printed.
for file in "$dir/rules.v4" "$dir/rules.v6" "$dir/ipset.save"; do
	[ -s "$file" ] || rm -f "$file"
done

# `conntrack -L` loads the modules where they are not, and on kernels before
# 4.10 that alone would start tracking: ask only where tracking is loaded.
if [ -r /proc/net/nf_conntrack ]; then
	save conntrack.txt cat /proc/net/nf_conntrack
elif [ -e /proc/sys/net/netfilter/nf_conntrack_count ] &&
	command -v conntrack >/dev/null 2>&1; then
	save conntrack.txt conntrack -L -o extended
fi

if tar -czf "$dir.tar.gz" "$dir"; then
	echo "$dir.tar.gz"
else
	echo "collect: no archive; the files are in $dir" >&2
fi
[ "$missing" = 0 ] && exit 0
echo "collect: $missing files could not be had" >&2
exit 1
