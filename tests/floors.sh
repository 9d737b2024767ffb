#!/bin/sh
# Each file includes its own floor and lower ones only (src/FLOORS).
cd "${top_srcdir:-.}" || exit 99
echo 1..2
find src -name '*.[ch]' | xargs awk '
BEGIN {
	while ((getline line < "src/FLOORS") > 0) {
		split(line, f, " ")
		if (f[1] ~ /^[0-9]+$/)
			floor[f[2]] = f[1]
	}
}
/^#include "/ {
	split(FILENAME, path, "/")
	name = $2; gsub(/"/, "", name)
	if (split(name, inc, "/") < 2)
		next
	here = path[2]; there = inc[1]
	if (!(here in floor) || !(there in floor)) {
		print FILENAME ":" FNR ": no floor for " here " or " there; bad = 1
	} else if (here == "cli" && there != "cli") {
		print FILENAME ":" FNR ": cli includes <ferrule/...> only"; bad = 1
	} else if (floor[there] + 0 > floor[here] + 0) {
		print FILENAME ":" FNR ": " here " includes " there ", a higher floor"; bad = 1
	}
}
END { exit bad }' >&2 && echo "ok 1 - includes go down only" ||
	echo "not ok 1 - includes go down only"
bad=0
for d in src/*/; do
	d=$(basename "$d")
	grep -q " $d\$" src/FLOORS || { echo "# no floor for src/$d"; bad=1; }
done
[ $bad = 0 ] && echo "ok 2 - every folder has a floor" ||
	echo "not ok 2 - every folder has a floor"
