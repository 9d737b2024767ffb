#!/bin/sh
# Golden files: each folder with a file `cmd` is a case.
#
#   cmd      shell words, run in the case's folder; `ferrule` is the program,
#            $tmp a scratch folder of the case's own
#   stdout   what it must print (absent: nothing)
#   stderr   likewise
#   status   the exit code (absent: 0)
#
# UPDATE_GOLDEN=1 (make update-golden) writes what the program does now: read
# the difference before committing it. Arguments choose cases by name.
set -u

top=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
: "${FERRULE:=./ferrule}"
case $FERRULE in
/*) ;;
*) FERRULE=$(pwd)/$FERRULE ;;
esac
export NO_COLOR=1 LC_ALL=C
scratch=$(mktemp -d "${TMPDIR:-/tmp}/golden.XXXXXX") || exit 99
trap 'rm -rf "$scratch"' EXIT INT TERM

ferrule() { "$FERRULE" "$@"; }

# The first difference of two files, as TAP comments.
show() {
	diff -u "$1" "$2" | sed 's/^/#   /' | head -n 40
}

# wanted FILE: the expected file, or an empty one.
wanted() {
	if [ -f "$1" ]; then cat "$1"; fi
}

# keep FROM TO: an expected file; none when it would be empty.
keep() {
	if [ -s "$1" ]; then cp "$1" "$2"; else rm -f "$2"; fi
}

run_case() {
	dir=$1 name=$2
	got=$scratch/got
	rm -rf "$got" "$scratch/tmp"
	mkdir "$got" "$scratch/tmp"
	(
		cd "$dir" || exit 99
		tmp=$scratch/tmp
		export tmp
		. ./cmd
	) >"$got/stdout" 2>"$got/stderr" </dev/null
	echo $? >"$got/status"
	# A cut-off pipe leaves status 0 unwritten: absent means 0.
	if [ "$(cat "$got/status")" = 0 ]; then : >"$got/status"; fi
	if [ "${UPDATE_GOLDEN:-}" ]; then
		for f in stdout stderr status; do
			keep "$got/$f" "$dir/$f"
		done
		echo "ok $n - $name # updated"
		return
	fi
	for f in stdout stderr status; do
		wanted "$dir/$f" >"$scratch/want"
		cmp -s "$scratch/want" "$got/$f" && continue
		echo "not ok $n - $name: $f differs"
		show "$scratch/want" "$got/$f"
		failed=1
		return
	done
	echo "ok $n - $name"
}

cases=$(cd "$top/tests/golden" && find . -name cmd | sed 's,^\./,,; s,/cmd$,,' |
	sort)
if [ $# -gt 0 ]; then cases=$*; fi
n=0 failed=0
for name in $cases; do
	n=$((n + 1))
	run_case "$top/tests/golden/$name" "$name"
done
echo "1..$n"
exit $failed
