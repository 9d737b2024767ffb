/*
 * dccp: ports, packet types, options.
 *
 * How long the header is before its options depends on the packet's type;
 * options that are cut short drop the packet.
 */
#include "ext/bytes.h"

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

enum { SPORT, DPORT, TYPES, OPTION };

enum packet_type {
	REQUEST, RESPONSE, DATA, ACK, DATAACK, CLOSEREQ, CLOSE, RESET, SYNC,
	SYNCACK, INVALID
};

#define TYPE(NAME) {#NAME, 1u << NAME}

static const struct fe_name types[] = {
	TYPE(REQUEST), TYPE(RESPONSE), TYPE(DATA), TYPE(ACK), TYPE(DATAACK),
	TYPE(CLOSEREQ), TYPE(CLOSE), TYPE(RESET), TYPE(SYNC), TYPE(SYNCACK),
	TYPE(INVALID), {NULL, 0},
};

/* Like iptables this overlooks items that are empty. */
static bool parse_types(const struct fe_opt *opt,
			struct fe_opt_context *context,
			const struct fe_str *words, union fe_value *value)
{
	struct fe_items items = fe_items(words[0]);
	union fe_value one;
	struct fe_str item;

	value->u = 0;
	while (fe_items_next(&items, ',', &item)) {
		if (item.len == 0 && words[0].len > 0)
			continue;
		if (!fe_type_words.parse(opt, context, &item, &one))
			return false;
		value->u |= one.u;
	}
	return value->u != 0 ||
	       fe_opt_bad(opt, context, "no type is given");
}

static void print_types(const struct fe_opt *opt,
			const struct fe_setting *setting, unsigned family,
			struct fe_buf *buf)
{
	fe_type_words.print(opt, setting, family, buf);
}

static const struct fe_type type_types = {
	.name = "types",
	.usage = "TYPE[,TYPE...]",
	.parse = parse_types,
	.print = print_types,
};

static const struct fe_opt opts[] = {
	[SPORT] = {
		.name = "sport",
		.n_args = 1,
		.aliases = {"source-port"},
		.type = &fe_type_ports,
		.field = FE_F_SPORT,
		.flags = FE_NEG,
		.variant = FE_PORTS_SHOWN,
		.help = "the source port, or a range of them",
	},
	[DPORT] = {
		.name = "dport",
		.n_args = 1,
		.aliases = {"destination-port"},
		.type = &fe_type_ports,
		.field = FE_F_DPORT,
		.flags = FE_NEG,
		.variant = FE_PORTS_SHOWN,
		.help = "the destination port, or a range of them",
	},
	[TYPES] = {
		.name = "dccp-types",
		.n_args = 1,
		.type = &type_types,
		.flags = FE_NEG,
		.names = types,
		.variant = FE_WORDS_WHOLE,
		.help = "the packet is of one of these types",
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

/* Bytes of the header before its options. */
static uint32_t header_size(const uint8_t *dccp)
{
	uint32_t size = (dccp[8] & 1) != 0 ? 16 : 12; /* long sequences */
	unsigned type = dccp[8] >> 1 & 15;

	if (type == DATA)
		return size;
	if (type == REQUEST)
		return size + 4;
	return type == RESPONSE || type == RESET || type >= INVALID ? size + 12
								    : size + 8;
}

static enum fe_answer has_option(const struct fe_packet *packet, uint8_t kind)
{
	const uint8_t *dccp = packet->data + packet->l4;
	uint32_t end = dccp[4] * 4u, i = header_size(dccp);
	enum fe_answer have;

	if (end < i)
		return FE_HOTDROP;
	have = fe_bytes_owed(packet, packet->l4, end);
	if (i == end)
		return FE_NO;
	if (have != FE_YES)
		return have;
	while (i < end) {
		if (dccp[i] == kind)
			return FE_YES;
		if (dccp[i] < 2) /* padding and the like: one byte */
			i++;
		else
			i += i + 1 < end && dccp[i + 1] != 0 ? dccp[i + 1] : 1;
	}
	return FE_NO;
}

static enum fe_answer eval(const struct fe_part *part,
			   const struct fe_packet *packet, void *state)
{
	const struct fe_setting *mask = fe_part_find(part, TYPES);
	const struct fe_setting *option = fe_part_find(part, OPTION);
	enum fe_answer answer = fe_bytes_owed(packet, packet->l4, 12);
	unsigned type;

	(void)state;
	if (answer != FE_YES)
		return answer;
	type = packet->data[packet->l4 + 8] >> 1 & 15;
	if (type > INVALID) /* nor is any other number a type */
		type = INVALID;
	if (mask != NULL && (mask->value.u >> type & 1) == mask->neg)
		return FE_NO;
	if (option == NULL)
		return FE_YES;
	answer = has_option(packet, (uint8_t)option->value.u);
	if (answer != FE_YES && answer != FE_NO)
		return answer;
	return fe_answer_of((answer == FE_YES) != option->neg);
}

const struct fe_ext fe_match_dccp = {
	.name = "dccp",
	.kind = FE_MATCH,
	.proto = "dccp",
	.families = FE_BOTH,
	.effects_known = true,
	.l4_size = 12,
	.summary = "DCCP ports, packet types and options",
	.doc = "Only in rules with -p dccp. A later fragment never matches; a "
	       "packet whose header is cut short is dropped.",
	.opts = opts,
	.eval = eval,
};
