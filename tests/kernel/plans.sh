#!/bin/sh
# Plans on the kernel: every case is played without and with its plan, and
# what the level promises must hold. Half as many cases as kernel_test plays.
cases=${FERRULE_KERNEL_CASES:-50}
exec "${top_builddir:-.}/tests/kernel/kernel_test" --plans $((cases / 2)) "$@"
