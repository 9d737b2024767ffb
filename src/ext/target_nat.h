/* What NAT targets ask for. */
#ifndef FE_TARGET_NAT_H
#define FE_TARGET_NAT_H

#include "ext/ext.h"
#include "packet/nat.h"

/*
 * The range of a SNAT, DNAT, MASQUERADE, REDIRECT or NETMAP part. NETMAP's
 * min and max are the network's first and last address: the packet keeps the
 * host bits (kernel-side meaning of FE_NAT_NETMAP). MASQUERADE and REDIRECT
 * give ports and flags only; the engine knows the address.
 */
void fe_target_nat_range(const struct fe_part *part, unsigned family,
			 struct fe_nat_range *range);

#endif
