/* The walk along IPv6 extension headers. */
#include "ext/header6.h"

#include "packet/wire.h"

enum { HOP = 0, ROUTING = 43, FRAGMENT = 44, AUTH = 51, NONE = 59, DEST = 60 };

static bool is_extension(uint8_t proto)
{
	return proto == HOP || proto == ROUTING || proto == FRAGMENT ||
	       proto == AUTH || proto == DEST;
}

enum fe_answer fe_header6(const struct fe_packet *packet, uint8_t proto,
			  uint32_t size, struct fe_header6 *header)
{
	const uint8_t *d = packet->data;
	uint32_t at = 40, end = packet->length;
	uint8_t next = d[6];

	while (next != proto) {
		if (!is_extension(next))
			return FE_NO;
		if (at + 8 > end)
			return FE_HOTDROP;
		if (at + 8 > packet->caught)
			return FE_DUNNO;
		if (next == FRAGMENT && (fe_get16(d + at + 2) & 0xfff8) != 0)
			return FE_NO; /* what follows is data */
		uint8_t kind = next;
		next = d[at];
		at += kind == FRAGMENT ? 8 :
		      kind == AUTH ? (d[at + 1] + 2u) * 4 :
				     (d[at + 1] + 1u) * 8;
	}
	if (at + size > end)
		return FE_HOTDROP;
	if (at + size > packet->caught)
		return FE_DUNNO;
	header->offset = at;
	header->left = end - at;
	return FE_YES;
}
