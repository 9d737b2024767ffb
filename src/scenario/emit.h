/* Writing captures: SLL2, nanoseconds, as `tcpdump -i any` has them. */
#ifndef FE_EMIT_H
#define FE_EMIT_H

#include "base/out.h"
#include "host/host.h"

void fe_emit_head(struct fe_out *out);
/* A packet that leaves by the interface. */
void fe_emit_packet(struct fe_out *out, const struct fe_host *host,
		    const struct fe_packet *packet, uint16_t oif);

#endif
