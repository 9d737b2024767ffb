/*
 * dccp: ports, packet type, and the presence of an option.
 *
 * Types 10 to 15 count as INVALID together. Options stand between the header,
 * whose size depends on the X bit and the type, and the data offset.
 */
#include "ext/ext.h"

#include "option/types.h"

enum { SPORT, DPORT, TYPES, OPTION };

static const struct fe_name type_words[] = {
	{"REQUEST", 1 << 0},  {"RESPONSE", 1 << 1}, {"DATA", 1 << 2},
	{"ACK", 1 << 3},      {"DATAACK", 1 << 4},  {"CLOSEREQ", 1 << 5},
	{"CLOSE", 1 << 6},    {"RESET", 1 << 7},    {"SYNC", 1 << 8},
	{"SYNCACK", 1 << 9},  {"INVALID", 1 << 10}, {NULL, 0},
};

static const struct fe_opt opts[] = {
	[SPORT] = {
		.name = "sport",
		.n_args = 1,
		.aliases = {"source-port"},
		.type = &fe_type_ports,
		.field = FE_F_SPORT,
		.variant = FE_PORTS_SHOWN,
		.flags = FE_NEG,
		.help = "the source port, or a range of them",
	},
	[DPORT] = {
		.name = "dport",
		.n_args = 1,
		.aliases = {"destination-port"},
		.type = &fe_type_ports,
		.field = FE_F_DPORT,
		.variant = FE_PORTS_SHOWN,
		.flags = FE_NEG,
		.help = "the destination port, or a range of them",
	},
	[TYPES] = {
		.name = "dccp-types",
		.n_args = 1,
		.type = &fe_type_words,
		.flags = FE_NEG,
		.names = type_words,
		.variant = FE_WORDS_WHOLE,
		.help = "the packet's type is one of these",
	},
	[OPTION] = {
		.name = "dccp-option",
		.n_args = 1,
		.type = &fe_type_number,
		.flags = FE_NEG,
		.limits = {.min = 1, .max = 255},
		.help = "the header holds this option",
	},
	{.name = NULL},
};

#define HEADER 12u

static bool has_type(uint64_t types, const uint8_t *dccp)
{
	unsigned type = dccp[8] >> 1 & 15;

	return types >> (type > 10 ? 10 : type) & 1;
}

/* Whether an option stands there; a header cut short drops the packet. */
static enum fe_answer has_option(const struct fe_packet *packet, uint8_t kind)
{
	static const uint8_t more[16] = {8, 8, 0, 8, 8, 8, 8, 12, 8, 8};
	const uint8_t *dccp = packet->data + packet->l4;
	uint32_t offset = dccp[4] * 4u;
	uint32_t i = HEADER + (dccp[8] & 1 ? 4u : 0) + more[dccp[8] >> 1 & 15];

	if (offset < HEADER || i > offset || offset > packet->l4_size)
		return FE_HOTDROP;
	if (packet->l4 + offset > packet->caught)
		return FE_DUNNO;
	while (i < offset) {
		if (dccp[i] == kind)
			return FE_YES;
		if (dccp[i] < 32) /* one byte */
			i++;
		else
			i += i + 1 < offset && dccp[i + 1] >= 2 ? dccp[i + 1] :
								  2;
	}
	return FE_NO;
}

static enum fe_answer eval(const struct fe_part *part,
			   const struct fe_packet *packet, void *state)
{
	const struct fe_setting *types = fe_part_find(part, TYPES);
	const struct fe_setting *option = fe_part_find(part, OPTION);
	enum fe_answer answer = FE_YES;

	(void)state;
	if (packet->l4 + HEADER > packet->caught)
		return FE_DUNNO;
	if (types != NULL &&
	    has_type(types->value.u, packet->data + packet->l4) == types->neg)
		return FE_NO;
	if (option != NULL) {
		answer = has_option(packet, (uint8_t)option->value.u);
		if (answer == FE_YES || answer == FE_NO)
			answer = (answer == FE_YES) != option->neg ? FE_YES :
								     FE_NO;
	}
	return answer;
}

const struct fe_ext fe_match_dccp = {
	.name = "dccp",
	.kind = FE_MATCH,
	.proto = "dccp",
	.families = FE_BOTH,
	.effects_known = true,
	.l4_size = HEADER,
	.summary = "DCCP ports, packet type and options",
	.doc = "Only in rules with -p dccp.",
	.opts = opts,
	.eval = eval,
};
