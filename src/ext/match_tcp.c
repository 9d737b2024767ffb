/*
 * tcp: ports, flags, and the presence of an option.
 *
 * Options stand in the bytes behind the header, which no field tells: eval
 * reads them. A header cut short drops the packet, as in the kernel.
 */
#include "ext/bytes.h"

#include "option/types.h"
#include "ruleset/rule.h"

enum { SPORT, DPORT, OPTION, FLAGS, SYN };

static const struct fe_opt opts[] = {
	[SPORT] = {
		.name = "sport",
		.n_args = 1,
		.aliases = {"source-port"},
		.type = &fe_type_tcp_ports,
		.field = FE_F_SPORT,
		.flags = FE_NEG,
		.help = "the source port, or a range of them",
	},
	[DPORT] = {
		.name = "dport",
		.n_args = 1,
		.aliases = {"destination-port"},
		.type = &fe_type_tcp_ports,
		.field = FE_F_DPORT,
		.flags = FE_NEG,
		.help = "the destination port, or a range of them",
	},
	[OPTION] = {
		.name = "tcp-option",
		.n_args = 1,
		.type = &fe_type_number,
		.flags = FE_NEG,
		.limits = {.min = 1, .max = 255},
		.help = "the TCP header holds this option",
	},
	[FLAGS] = {
		.name = "tcp-flags",
		.n_args = 2,
		.type = &fe_type_tcp_flags,
		.field = FE_F_TCP_FLAGS,
		.flags = FE_NEG,
		.excludes = 1u << SYN,
		.help = "of these flags exactly those are set",
	},
	[SYN] = {
		.name = "syn",
		.type = &fe_type_syn,
		.field = FE_F_TCP_FLAGS,
		.flags = FE_NEG,
		.excludes = 1u << FLAGS,
		.saved = "tcp-flags",
		.help = "a first packet: SYN without ACK, RST and FIN",
	},
	{.name = NULL},
};

/* Whether the header holds an option; FE_HOTDROP when it is cut short, and
 * FE_DUNNO when only the capture is. */
static enum fe_answer has_option(const struct fe_packet *packet, uint8_t kind)
{
	const uint8_t *tcp = packet->data + packet->l4;
	uint32_t size, i = 20;
	enum fe_answer have = fe_bytes_owed(packet, packet->l4, 20);

	if (have != FE_YES)
		return have;
	size = (uint32_t)(tcp[12] >> 4) * 4;
	if (size < 20)
		return FE_HOTDROP;
	have = fe_bytes_owed(packet, packet->l4, size);
	if (have != FE_YES)
		return have;
	while (i < size) {
		if (tcp[i] == kind)
			return FE_YES;
		if (tcp[i] < 2) /* end of options and padding: one byte */
			i++;
		else
			i += i + 1 < size && tcp[i + 1] != 0 ? tcp[i + 1] : 1;
	}
	return FE_NO;
}

static enum fe_answer eval(const struct fe_part *part,
			   const struct fe_packet *packet, void *state)
{
	const struct fe_setting *setting = fe_part_find(part, OPTION);
	enum fe_answer answer;

	(void)state;
	answer = has_option(packet, (uint8_t)setting->value.u);
	if (answer != FE_YES && answer != FE_NO)
		return answer;
	return (answer == FE_YES) != setting->neg ? FE_YES : FE_NO;
}

const struct fe_ext fe_match_tcp = {
	.name = "tcp",
	.kind = FE_MATCH,
	.proto = "tcp",
	.families = FE_BOTH,
	.effects_known = true,
	.l4_size = 20,
	.summary = "TCP ports, flags and options",
	.doc = "Only in rules with -p tcp. A later fragment never matches; a "
	       "packet whose TCP header is cut short is dropped.",
	.opts = opts,
	.eval = eval,
};
