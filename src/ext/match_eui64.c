/*
 * eui64: the source address's lower half is made of the source MAC address
 * (RFC 4291, appendix A). Without a MAC address it is unknown.
 */
#include "ext/ext.h"

#include "packet/wire.h"

static const struct fe_opt opts[] = {{.name = NULL}};

static enum fe_answer eval(const struct fe_part *part,
			   const struct fe_packet *packet, void *state)
{
	const uint8_t *m = packet->mac;
	uint8_t id[8] = {m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]};

	(void)part;
	(void)state;
	if (!packet->has_mac)
		return FE_DUNNO;
	return packet->src.lo == fe_get64(id) ? FE_YES : FE_NO;
}

const struct fe_ext fe_match_eui64 = {
	.name = "eui64",
	.kind = FE_MATCH,
	.families = FE_V6,
	.hooks = 1u << FE_PREROUTING | 1u << FE_INPUT | 1u << FE_FORWARD,
	.effects_known = true,
	.summary = "the source address is made of the source MAC address",
	.opts = opts,
	.lower = fe_lower_always_unknown,
	.eval = eval,
};
