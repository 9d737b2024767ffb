/* Witnesses: a packet of a set, in words, so that a claim can be tried out. */
#ifndef FE_WITNESS_H
#define FE_WITNESS_H

#include "pass/behave.h"

/* "tcp 198.51.100.7:40000 -> 10.0.0.5:22 SYN in eth0", from the arena; NULL
 * when the set is empty or undecided. */
const char *fe_witness(struct fe_behave *behave, struct fe_arena *arena,
		       unsigned family, fe_set set);

#endif
