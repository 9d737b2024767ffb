#!/bin/sh
# Every extension of ext.am has a .t file that is run, every option a line of
# help, and every option of an extension occurs in its .t file.
cd "${top_srcdir:-.}" || exit 99
echo 1..3
bad=0
files=$(sed -n 's,^[[:space:]]*\(src/ext/[a-z0-9_]*\.c\).*,\1,p' src/ext/ext.am)
for f in $files; do
	t=tests/ext/$(basename "$f" .c).t
	grep -q '; \(OK\|HERE\)$' "$t" 2>/dev/null || { echo "# no cases in $t"; bad=1; }
	grep -q "$t" tests/ext/local.am || { echo "# $t is not run"; bad=1; }
done
[ $bad = 0 ] && echo "ok 1 - every extension has cases" ||
	echo "not ok 1 - every extension has cases"
missing=$("${top_builddir:-.}/tests/ext/ext_test" --help-missing 2>&1) ||
	missing="ext_test cannot be run"
[ -z "$missing" ] && echo "ok 2 - every option has help" || {
	echo "$missing" | sed 's/^/# /'
	echo "not ok 2 - every option has help"
}
bad=0
for f in $files; do
	t=tests/ext/$(basename "$f" .c).t
	for o in $(sed -n 's/^\t\t\.name = "\([^"]*\)".*/\1/p' "$f"); do
		grep -qe "--$o" "$t" || { echo "# $t: no --$o"; bad=1; }
	done
done
[ $bad = 0 ] && echo "ok 3 - every option occurs in a case" ||
	echo "not ok 3 - every option occurs in a case"
