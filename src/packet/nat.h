/* A NAT range: what a rule asks conntrack to bind a flow to. */
#ifndef FE_NAT_H
#define FE_NAT_H

#include "packet/field.h"

enum fe_nat_flag {
	FE_NAT_MAP_ADDRS = 1, FE_NAT_MAP_PORTS = 2, FE_NAT_RANDOM = 4,
	FE_NAT_PERSISTENT = 8, FE_NAT_RANDOM_FULLY = 16, FE_NAT_NETMAP = 32,
	FE_NAT_PORT_OFFSET = 64,
};

struct fe_nat_range {
	unsigned flags;              /* enum fe_nat_flag */
	struct fe_u128 min, max;     /* addresses */
	uint16_t port_min, port_max; /* ICMP: id */
	uint16_t port_base;          /* with FE_NAT_PORT_OFFSET: the port that
					becomes port_min */
};

#endif
