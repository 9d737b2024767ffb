/* What MARK and CONNMARK do. */
#ifndef FE_TARGET_MARK_H
#define FE_TARGET_MARK_H

#include "ext/ext.h"

/* MARK: mark = (mark & ~mask) ^ value. */
struct fe_mark_op {
	uint32_t value, mask;
};
struct fe_mark_op fe_target_mark(const struct fe_part *part);

enum fe_connmark_mode {
	FE_CONNMARK_SET,    /* ctmark = shift((ctmark & ~ctmask) ^ value) */
	FE_CONNMARK_SAVE,   /* ctmark = (ctmark & ~ctmask) ^
				        shift(mark & nfmask) */
	FE_CONNMARK_RESTORE /* mark = (mark & ~nfmask) ^
				      shift(ctmark & ctmask) */
};

struct fe_connmark_op {
	enum fe_connmark_mode mode;
	uint32_t value, ctmask, nfmask;
	bool right;    /* shift to the right, else to the left */
	uint8_t shift; /* by so many bits */
};
struct fe_connmark_op fe_target_connmark(const struct fe_part *part);
/* shift() above. */
uint32_t fe_connmark_shift(const struct fe_connmark_op *op, uint32_t value);

#endif
