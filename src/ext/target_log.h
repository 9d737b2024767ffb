/* What LOG writes. */
#ifndef FE_TARGET_LOG_H
#define FE_TARGET_LOG_H

#include "ext/ext.h"

enum fe_log_flag { /* as in the kernel's xt_LOG.h */
	FE_LOG_TCP_SEQUENCE = 1, FE_LOG_TCP_OPTIONS = 2, FE_LOG_IP_OPTIONS = 4,
	FE_LOG_UID = 8, FE_LOG_MACDECODE = 32,
};

struct fe_log {
	const char *prefix; /* "" without one */
	unsigned level;     /* 4 is the default */
	unsigned flags;     /* enum fe_log_flag */
};
struct fe_log fe_target_log(const struct fe_part *part);

#endif
