/* What CT does to a packet before conntrack sees it. */
#ifndef FE_TARGET_CT_H
#define FE_TARGET_CT_H

#include "ext/ext.h"

struct fe_ct_target {
	bool notrack;        /* nothing else counts then */
	bool has_zone;
	bool zone_from_mark; /* the zone is the packet's mark */
	uint16_t zone;
	bool zone_orig, zone_reply; /* which directions the zone is for */
	const char *helper;  /* NULL: none */
	const char *timeout; /* name of a timeout policy, or NULL */
	/* A template is attached: the entry is made by it. */
	unsigned events, expect_events; /* masks; 0: not restricted */
};
/* For NOTRACK parts as well. */
struct fe_ct_target fe_target_ct(const struct fe_part *part);

#endif
