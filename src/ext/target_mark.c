/*
 * MARK and CONNMARK: writing the packet's mark and its connection's.
 *
 * All ways to set a mark are read into new = (old & ~mask) ^ value and saved
 * as --set-xmark. CONNMARK also copies between the two marks, under masks.
 */
#include "ext/target_mark.h"

#include "option/types.h"
#include "ruleset/rule.h"

#define MARK_ROW(NAME, VARIANT, HELP)                                          \
	{.name = NAME, .n_args = 1, .type = &fe_type_mark,                     \
	 .flags = FE_EXCLUSIVE, .variant = VARIANT, .saved = "set-xmark",      \
	 .help = HELP}

static const struct fe_opt mark_opts[] = {
	MARK_ROW("set-xmark", FE_MARK_XSET, "clears the mask, then xors"),
	MARK_ROW("set-mark", FE_MARK_SET, "sets the mark, under a mask"),
	MARK_ROW("or-mark", FE_MARK_OR, "sets these bits"),
	MARK_ROW("and-mark", FE_MARK_AND, "keeps these bits only"),
	MARK_ROW("xor-mark", FE_MARK_XOR, "inverts these bits"),
	{.name = NULL},
};

const struct fe_ext fe_target_mark_ext = {
	.name = "MARK",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.effects = FE_MANGLES | FE_REROUTES,
	.effects_known = true,
	.action = FE_ACT_MARK,
	.summary = "sets the packet's mark",
	.opts = mark_opts,
};

struct fe_mark_op fe_target_mark(const struct fe_part *part)
{
	return (struct fe_mark_op){
		.value = fe_settings(part)[0].value.masked.value,
		.mask = fe_settings(part)[0].value.masked.mask,
	};
}

enum {
	SET_XMARK, SET_MARK, OR_MARK, AND_MARK, XOR_MARK, SAVE, RESTORE,
	NFMASK, CTMASK, MASK, LEFT, RIGHT
};

#define MASK_ROW(NAME, EXCLUDES, HELP)                                         \
	{.name = NAME, .n_args = 1, .type = &fe_type_number,                   \
	 .excludes = EXCLUDES, .variant = FE_NUMBER_HEX, .help = HELP}

static const struct fe_opt connmark_opts[] = {
	[SET_XMARK] = MARK_ROW("set-xmark", FE_MARK_XSET,
			       "clears the mask, then xors"),
	[SET_MARK] = MARK_ROW("set-mark", FE_MARK_SET,
			      "sets the connection's mark, under a mask"),
	[OR_MARK] = MARK_ROW("or-mark", FE_MARK_OR, "sets these bits"),
	[AND_MARK] = MARK_ROW("and-mark", FE_MARK_AND, "keeps these bits only"),
	[XOR_MARK] = MARK_ROW("xor-mark", FE_MARK_XOR, "inverts these bits"),
	[SAVE] = {
		.name = "save-mark",
		.flags = FE_EXCLUSIVE,
		.help = "copies the packet's mark to the connection",
	},
	[RESTORE] = {
		.name = "restore-mark",
		.flags = FE_EXCLUSIVE,
		.help = "copies the connection's mark to the packet",
	},
	[NFMASK] = MASK_ROW("nfmask", 1u << MASK,
			    "bits of the packet's mark that count"),
	[CTMASK] = MASK_ROW("ctmask", 1u << MASK,
			    "bits of the connection's mark that count"),
	[MASK] = MASK_ROW("mask", 1u << NFMASK | 1u << CTMASK,
			  "--nfmask and --ctmask in one"),
	[LEFT] = {
		.name = "left-shift-mark",
		.n_args = 1,
		.type = &fe_type_number,
		.limits = {.max = 32},
		.help = "shifts the mark to the left by so many bits",
	},
	[RIGHT] = {
		.name = "right-shift-mark",
		.n_args = 1,
		.type = &fe_type_number,
		.limits = {.max = 32},
		.help = "shifts the mark to the right by so many bits",
	},
	{.name = NULL},
};

/* One setting's part in the operation; of the shifts the last one counts. */
static void apply(const struct fe_setting *setting, struct fe_connmark_op *op)
{
	uint32_t n = (uint32_t)setting->value.u;

	switch (setting->opt) {
	case SAVE:
		op->mode = FE_CONNMARK_SAVE;
		break;
	case RESTORE:
		op->mode = FE_CONNMARK_RESTORE;
		break;
	case NFMASK:
		op->nfmask = n;
		break;
	case CTMASK:
		op->ctmask = n;
		break;
	case MASK:
		op->nfmask = op->ctmask = n;
		break;
	case LEFT:
	case RIGHT:
		op->right = setting->opt == RIGHT;
		op->shift = (uint8_t)n;
		break;
	default:
		op->value = setting->value.masked.value;
		op->ctmask = setting->value.masked.mask;
	}
}

struct fe_connmark_op fe_target_connmark(const struct fe_part *part)
{
	struct fe_connmark_op op = {
		.mode = FE_CONNMARK_SET,
		.ctmask = UINT32_MAX,
		.nfmask = UINT32_MAX,
	};

	/* In the order of the line: a mark's own mask undoes one before it. */
	for (uint32_t i = 0; i < part->n; i++)
		apply(&fe_settings(part)[i], &op);
	return op;
}

uint32_t fe_connmark_shift(const struct fe_connmark_op *op, uint32_t value)
{
	if (op->shift >= 32) /* as x86 does, which takes it modulo 32 */
		return value;
	return op->right ? value >> op->shift : value << op->shift;
}

static void print_connmark(const struct fe_part *part, unsigned family,
			   struct fe_buf *buf)
{
	struct fe_connmark_op op = fe_target_connmark(part);

	(void)family;
	if (op.mode == FE_CONNMARK_SET)
		fe_buf_printf(buf, " --set-xmark 0x%x/0x%x", op.value,
			      op.ctmask);
	else
		fe_buf_printf(buf, " --%s-mark --nfmask 0x%x --ctmask 0x%x",
			      op.mode == FE_CONNMARK_SAVE ? "save" : "restore",
			      op.nfmask, op.ctmask);
	if (op.shift != 0)
		fe_buf_printf(buf, " --%s-shift-mark %u",
			      op.right ? "right" : "left", op.shift);
}

const struct fe_ext fe_target_connmark_ext = {
	.name = "CONNMARK",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.effects = FE_TRIGGERS | FE_READS_CT | FE_WRITES_CT | FE_MANGLES |
		   FE_REROUTES,
	.effects_known = true,
	.action = FE_ACT_CONNMARK,
	.summary = "sets, saves or restores the connection's mark",
	.doc = "Without a conntrack entry nothing happens, but the rule "
	       "counts.",
	.opts = connmark_opts,
	.print = print_connmark,
};
