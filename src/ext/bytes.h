/*
 * For matches that read a packet's bytes: which bytes are there, and ranges
 * tried on what was read. header6.h finds the extension headers of IPv6.
 *
 * Offsets count from the IP header. Captures may end before their packets
 * do: what stands in the part that was not caught is not known (FE_DUNNO).
 */
#ifndef FE_BYTES_H
#define FE_BYTES_H

#include "ext/ext.h"
#include "packet/wire.h"

/* Whether n bytes at off can be read; FE_NO: the packet ends before. */
static inline enum fe_answer fe_bytes(const struct fe_packet *packet,
				      uint64_t off, uint64_t n)
{
	if (off + n <= packet->caught)
		return FE_YES;
	return off + n <= packet->size ? FE_DUNNO : FE_NO;
}

/*
 * The same for a header that a match cannot do without: a packet that ends
 * before is dropped.
 */
static inline enum fe_answer fe_bytes_owed(const struct fe_packet *packet,
					   uint64_t off, uint64_t n)
{
	enum fe_answer answer = fe_bytes(packet, off, n);

	return answer == FE_NO ? FE_HOTDROP : answer;
}

static inline enum fe_answer fe_answer_of(bool holds)
{
	return holds ? FE_YES : FE_NO;
}

/* Whether a part's fe_type_range setting allows v; so it does when absent. */
bool fe_part_in_range(const struct fe_part *part, unsigned row, uint32_t v);

#endif
