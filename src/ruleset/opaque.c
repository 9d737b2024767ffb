/*
 * Extensions that are not understood: a struct fe_ext made for each name, so
 * that a rule with one is kept whole. Its words print as they stood. All its
 * other properties have their safe values: it may match anything, may do
 * anything, may stand anywhere.
 */
#include "ruleset/ruleset.h"

static const struct fe_opt raw_words[] = {
    {.name = "", .n_args = 0, .flags = FE_MULTI | FE_HIDDEN,
     .help = "a word of an extension that is not understood"},
    {0},
};

static void print_raw(const struct fe_part *part, unsigned family,
		      struct fe_buf *buf)
{
	(void)family;
	for (uint32_t i = 0; i < part->n; i++) {
		fe_buf_putc(buf, ' ');
		fe_buf_puts(buf, fe_settings(part)[i].value.text);
	}
}

static void lower_raw(const struct fe_part *part, unsigned family,
		      struct fe_sink *sink)
{
	(void)family;
	sink->clause(sink);
	fe_cover_unknown(sink, part->ext->name);
}

static enum fe_answer eval_raw(const struct fe_part *part,
			       const struct fe_packet *packet, void *state)
{
	(void)part;
	(void)packet;
	(void)state;
	return FE_DUNNO;
}

const struct fe_ext *fe_opaque_ext(struct fe_ruleset *ruleset,
				   enum fe_ext_kind kind, struct fe_str name)
{
	struct fe_map *map = kind == FE_MATCH ? &ruleset->opaque_matches
					      : &ruleset->opaque_targets;
	struct fe_ext *ext = fe_map_get(map, name);

	if (ext)
		return ext;
	ext = fe_new(ruleset->arena, struct fe_ext);
	ext->name = fe_arena_strndup(ruleset->arena, name.s, name.len);
	ext->kind = kind;
	ext->families = FE_BOTH;
	ext->effects = FE_ALL_EFFECTS;
	ext->action = FE_ACT_OPAQUE;
	ext->summary = "not yet understood";
	ext->opts = raw_words;
	ext->print = print_raw;
	if (kind == FE_MATCH) {
		ext->lower = lower_raw;
		ext->eval = eval_raw;
	}
	fe_map_set(map, fe_str(ext->name), ext);
	return ext;
}

bool fe_ext_is_opaque(const struct fe_ext *ext)
{
	return ext->opts == raw_words;
}
