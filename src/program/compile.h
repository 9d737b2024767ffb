/*
 * Compiled rules: the covers of a rule's parts as flat tests on packet
 * fields. Says the same as naive.c, faster; tests hold the two together.
 */
#ifndef FE_COMPILE_H
#define FE_COMPILE_H

#include "program/machine.h"

/* The program of a side whose states are made; it borrows all of them. */
struct fe_program *fe_program_new(const struct fe_side *side,
				  const struct fe_host *host,
				  const struct fe_ipsets *ipsets);
void fe_program_free(struct fe_program *program);

/* Whether the side's rule of this number matches. */
enum fe_answer fe_program_match(const struct fe_program *program,
				uint32_t number, const struct fe_packet *p);

#endif
