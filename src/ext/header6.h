/*
 * IPv6 extension headers, for the matches that look for one of them.
 *
 * The kernel walks the chain as ipv6_find_hdr() does: hop-by-hop, routing,
 * destination, fragment, AH; a later fragment's chain ends at its fragment
 * header.
 */
#ifndef FE_HEADER6_H
#define FE_HEADER6_H

#include "ext/ext.h"

struct fe_header6 {
	uint32_t offset; /* of the header, from packet->data */
	uint32_t left;   /* bytes from there to the packet's end */
};

/*
 * Finds the first header with this next-header value, of which at least size
 * bytes are there. FE_NO: there is none; FE_HOTDROP: the chain or the header
 * is cut short; FE_DUNNO: it was not caught.
 */
enum fe_answer fe_header6(const struct fe_packet *packet, uint8_t proto,
			  uint32_t size, struct fe_header6 *header);

#endif
