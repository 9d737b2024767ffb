/* What REJECT answers. */
#ifndef FE_TARGET_REJECT_H
#define FE_TARGET_REJECT_H

#include "ext/ext.h"

struct fe_reject {
	bool tcp_reset;     /* a TCP RST; else an ICMP(v6) error */
	uint8_t type, code; /* of the error */
};
struct fe_reject fe_target_reject(const struct fe_part *part, unsigned family);

#endif
