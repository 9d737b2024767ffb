/*
 * What every text of rules must satisfy: it is read without a crash, what was
 * understood keeps the invariants, and what is printed of it parses again and
 * prints the same.
 */
#ifndef FE_ORACLE_H
#define FE_ORACLE_H

#include "lang/read.h"

void oracle_rules(const char *text, size_t size, enum fe_input input,
		  unsigned family);

#endif
