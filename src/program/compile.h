/*
 * Compiled rules: the covers of a rule's parts as flat tests on packet
 * fields. Says the same as naive.c, faster; tests hold the two together.
 */
#ifndef FE_COMPILE_H
#define FE_COMPILE_H

#include "program/gate.h"
#include "program/machine.h"

/* The program of a side whose states are made; it borrows all of them. */
struct fe_program *fe_program_new(const struct fe_side *side,
				  const struct fe_host *host,
				  const struct fe_ipsets *ipsets);
void fe_program_free(struct fe_program *program);

/* The first of the side's rules from this number up to `end` that may match,
 * or may drop the packet itself; `end` when none does. */
uint32_t fe_program_skip(const struct fe_program *program, uint32_t number,
			 uint32_t end, const struct fe_gate_values *values);

/* Whether the side's rule of this number matches. */
enum fe_answer fe_program_match(const struct fe_program *program,
				uint32_t number, const struct fe_packet *p);

#endif
