/*
 * Gates: for each compiled rule two ranges that a packet's most asked fields
 * must lie in, so that a chain's rules are passed by in a tight loop. A gate
 * that is open says nothing; one that is closed says FE_NO, as the rule would.
 *
 * Only tests ahead of anything that counts, draws or may be unknown make
 * gates, and packets whose transport header may be too short for a rule, which
 * drops them, go by no gate.
 */
#ifndef FE_GATE_H
#define FE_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/packet.h"

enum { FE_GATE_FIELDS = 7 };

struct fe_gate {
	uint32_t lo[2], span[2]; /* lo..lo+span of the two fields' values */
	uint8_t field[2];        /* index in struct fe_gate_values */
};

/* What a packet shows to gates; [0] is 0 for gates that ask nothing. */
struct fe_gate_values {
	uint32_t value[FE_GATE_FIELDS];
	bool none; /* this packet goes by no gate */
};

extern const struct fe_gate fe_gate_open;

void fe_gate_values(struct fe_gate_values *values, const struct fe_packet *p);
/* Narrows a rule's gate by a range that it asks a field for. family: of the
 * rule. */
void fe_gate_add(struct fe_gate *gate, unsigned family, enum fe_field field,
		 uint64_t lo, uint64_t hi);

static inline bool fe_gate_is_open(const struct fe_gate *gate,
				   const struct fe_gate_values *v)
{
	return v->value[gate->field[0]] - gate->lo[0] <= gate->span[0] &&
	       v->value[gate->field[1]] - gate->lo[1] <= gate->span[1];
}

#endif
