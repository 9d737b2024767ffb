/*
 * mark and connmark: the packet's mark and its connection's. A packet without
 * a conntrack entry never matches connmark, inverted or not.
 */
#include "ext/ext.h"

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

static const struct fe_opt mark_opts[] = {
	{
		.name = "mark",
		.n_args = 1,
		.type = &fe_type_mark,
		.field = FE_F_MARK,
		.flags = FE_NEG | FE_REQUIRED,
		.help = "the packet's mark, under a mask",
	},
	{.name = NULL},
};

const struct fe_ext fe_match_mark = {
	.name = "mark",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects_known = true,
	.summary = "the packet's mark",
	.opts = mark_opts,
};

static const struct fe_opt connmark_opts[] = {
	{
		.name = "mark",
		.n_args = 1,
		.type = &fe_type_mark,
		.field = FE_F_CTMARK,
		.flags = FE_NEG | FE_REQUIRED,
		.help = "the connection's mark, under a mask",
	},
	{.name = NULL},
};

static void lower(const struct fe_part *part, unsigned family,
		  struct fe_sink *sink)
{
	fe_cover_one(sink, FE_F_CTSTATE, false, FE_CT_NEW, FE_CT_ESTABLISHED);
	for (uint32_t i = 0; i < part->n; i++)
		fe_type_mark.cover(&connmark_opts[0], &fe_settings(part)[i],
				   family, sink);
}

const struct fe_ext fe_match_connmark = {
	.name = "connmark",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects = FE_TRIGGERS | FE_READS_CT,
	.effects_known = true,
	.summary = "the connection's mark",
	.doc = "Packets without a conntrack entry never match, inverted or "
	       "not.",
	.opts = connmark_opts,
	.lower = lower,
};
