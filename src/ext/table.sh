#!/bin/sh
# Makes ext_table.c: every "const struct fe_ext NAME" of the files given, and
# an index of their names for fe_ext_find().
LC_ALL=C
export LC_ALL
echo '/* Made by table.sh from ext.am; do not edit. */'
echo '#include "ext/table.h"'
echo
awk '
/^const struct fe_ext fe_[a-z0-9_]+ = \{$/ { symbol = $4 }
symbol != "" && /^\t\.name = "/ { split($0, q, "\""); name = q[2] }
symbol != "" && /^\t\.kind = / { kind = $3; sub(/,/, "", kind) }
symbol != "" && /^\};/ {
	if (kind != "FE_BASE")
		print kind, name, symbol
	symbol = ""
}' "$@" | sort -k2,2 -k1,1 -k3,3 | awk '
{
	rows[NR] = $0
	print "extern const struct fe_ext " $3 ";"
}
END {
	print "\nconst struct fe_ext *const fe_exts[] = {"
	for (i = 1; i <= NR; i++) {
		split(rows[i], f, " ")
		print "\t&" f[3] ","
	}
	print "\tNULL,\n};"
	print "\nconst struct fe_ext_index fe_ext_index[] = {"
	for (i = 1; i <= NR; i++) {
		split(rows[i], f, " ")
		print "\t{\"" f[2] "\", " f[1] ", &" f[3] "},"
	}
	print "};\n\nconst unsigned fe_n_exts = " NR ";"
}'
