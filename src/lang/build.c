/*
 * From a line's settings to rules: sorted into parts, checked, and multiplied
 * where -s or -d hold lists.
 */
#include <string.h>

#include "lang/line.h"

enum { MOST_RULES = 65536 }; /* of one line */

static uint16_t cap16(uint32_t n)
{
	return n > UINT16_MAX ? UINT16_MAX : (uint16_t)n;
}

/* Counts settings by scope, then places them: stable, and linear. */
static void sort_settings(struct fe_line *line, struct fe_setting *sorted)
{
	size_t n = line->settings.n;
	uint32_t at = 0;

	for (size_t i = 0; i < line->scopes.n; i++)
		line->scopes.data[i].n = 0;
	for (size_t i = 0; i < n; i++)
		line->scopes.data[line->settings.data[i].scope].n++;
	for (size_t i = 0; i < line->scopes.n; i++) {
		line->scopes.data[i].first = at;
		at += line->scopes.data[i].n;
		line->scopes.data[i].n = 0;
	}
	for (size_t i = 0; i < n; i++) {
		struct fe_scope *s =
		    &line->scopes.data[line->settings.data[i].scope];
		uint32_t to = s->first + s->n++;
		sorted[to] = line->settings.data[i].setting;
		for (unsigned w = 0; w < 2; w++)
			if (line->list_setting[w] == (int)i &&
			    line->lists[w].n)
				line->list_setting[w] = -2 - (int)to;
	}
}

static void fill_part(const struct fe_line *line, const struct fe_scope *scope,
		      const struct fe_setting *settings, struct fe_part *part)
{
	const struct fe_setting *first = settings + scope->first;

	part->ext = scope->vocab->ext;
	part->at = (uint16_t)((const uint64_t *)(const void *)first -
			      (const uint64_t *)(const void *)part);
	part->n = (uint16_t)scope->n;
	part->off = cap16(scope->off - line->off);
	part->len = cap16(scope->end - scope->off);
}

static size_t block_size(size_t n_parts, size_t n_settings)
{
	return n_parts * sizeof(struct fe_part) +
	       n_settings * sizeof(struct fe_setting);
}

/*
 * Parts in the order of printing, base, matches as loaded, target, and behind
 * them their settings.
 */
static void fill_parts(struct fe_line *line, struct fe_rule *rule,
		       bool has_target)
{
	size_t n = line->scopes.n;
	struct fe_part *parts, *part;
	struct fe_setting *settings;

	if (line->target >= 0 && !has_target)
		n--;
	parts = part = fe_arena_alloc(line->ruleset->arena,
				      block_size(n, line->settings.n));
	settings = (void *)(parts + n);
	sort_settings(line, settings);
	for (size_t i = 0; i < line->scopes.n; i++)
		if ((int)i != line->target)
			fill_part(line, &line->scopes.data[i], settings,
				  part++);
	if (has_target)
		fill_part(line, &line->scopes.data[line->target], settings,
			  part);
	rule->has_target = has_target;
	rule->parts = parts;
	rule->n_parts = (uint16_t)n;
}

static bool target_is_chain(struct fe_line *line, struct fe_rule *rule,
			    struct fe_chain *jump)
{
	if (jump->builtin) {
		struct fe_diag *d = fe_line_error(
		    line, "FE108", &line->jump_word,
		    "a rule cannot jump to builtin chain %s", jump->name);
		d->by = line->options->backend == FE_NFT ? FE_BY_KERNEL
							 : FE_BY_TABLE;
		d->kernel = "No chain/target/match by that name.";
		return false;
	}
	rule->jump = jump;
	rule->action = line->is_goto ? FE_ACT_GOTO : FE_ACT_JUMP;
	return true;
}

static bool set_target(struct fe_line *line, struct fe_rule *rule)
{
	struct fe_chain *jump = NULL;
	struct fe_diag *d;

	rule->action = FE_ACT_NONE;
	if (!line->has_jump)
		return true;
	/* iptables looks for a chain first, and then for an extension. */
	jump = fe_table_chain(line->table, line->jump_word.text);
	if (jump)
		return target_is_chain(line, rule, jump);
	if (line->target >= 0)
		return true; /* its settings decide what it does */
	d = fe_line_error(line, "FE108", &line->jump_word,
			  "there is no chain%s '%.*s' in table %s here",
			  line->is_goto ? "" : " or target",
			  (int)line->jump_word.text.len, line->jump_word.text.s,
			  fe_table_names[line->table->id]);
	const char *near = fe_line_nearest_chain(line, line->jump_word.text);
	if (!near && !line->is_goto)
		near = fe_line_nearest_target(line, line->jump_word.text);
	if (near)
		fe_diag_hint(line->diags, d, "did you mean '%s'?", near);
	else
		fe_diag_hint(line->diags, d,
			     "a chain must be declared before it is used");
	return false;
}

/*
 * Whether the table says that a part may be wrong. Most parts are right, and
 * the masks see that at once; messages are fe_part_check()'s business.
 */
static bool is_suspect(const struct fe_line *line, const struct fe_scope *scope)
{
	const struct fe_vocab_ext *v = scope->vocab;
	uint64_t seen = scope->seen, group = seen & v->exclusive;

	if (scope->opaque)
		return false;
	if ((v->required & ~seen) || (v->exclusive && !group) ||
	    (group & (group - 1)))
		return true;
	if (v->proto && (v->proto != line->context.proto ||
			 line->context.proto_neg))
		return true;
	for (uint64_t left = seen & v->related; left; left &= left - 1) {
		const struct fe_opt *opt =
		    &v->ext->opts[__builtin_ctzll(left)];
		if ((opt->excludes & seen) || (opt->needs && !(opt->needs & seen)))
			return true;
	}
	return false;
}

static bool check_part(struct fe_line *line, const struct fe_rule *rule,
		       const struct fe_part *part, const struct fe_scope *scope)
{
	bool suspect = is_suspect(line, scope);
	struct fe_check_context context = {
	    .diags = line->diags,
	    .rule = rule,
	    .part = part,
	    .family = line->ruleset->family,
	    .table = line->table->id,
	    .backend = line->options->backend,
	};

	if (!suspect && !part->ext->check)
		return true;
	context.span = fe_part_span(rule, part);
	return suspect ? fe_part_check(&context) : part->ext->check(&context);
}

/* Parts are the scopes in another order: the target stands last. */
static bool check_parts(struct fe_line *line, const struct fe_rule *rule)
{
	const struct fe_part *part = rule->parts;
	bool ok = true;

	for (size_t i = 0; i < line->scopes.n; i++)
		if ((int)i != line->target)
			ok &= check_part(line, rule, part++,
					 &line->scopes.data[i]);
	if (rule->has_target)
		ok &= check_part(line, rule, part,
				 &line->scopes.data[line->target]);
	return ok;
}

/* Where an option of the base stands; it may have left no setting (-o +). */
static const struct fe_word *find_base(const struct fe_line *line,
				       unsigned row, struct fe_word *word)
{
	for (size_t i = 0; i < line->settings.n; i++) {
		const struct fe_line_setting *s = &line->settings.data[i];
		if (s->scope || s->setting.opt != row)
			continue;
		*word = (struct fe_word){.off = s->off, .len = s->setting.len};
		return word;
	}
	return NULL;
}

/* -i and -o by the name of a builtin chain, as iptables itself refuses. */
static bool check_interfaces(struct fe_line *line, const struct fe_chain *chain)
{
	static const struct {
		unsigned row;
		char letter;
		uint32_t hooks; /* where it cannot be */
	} wrong[] = {
	    {FE_BASE_IN, 'i', 1u << FE_OUTPUT | 1u << FE_POSTROUTING},
	    {FE_BASE_OUT, 'o', 1u << FE_PREROUTING | 1u << FE_INPUT},
	};
	struct fe_word word;

	if (!chain->builtin)
		return true;
	for (unsigned i = 0; i < 2; i++) {
		if (!(wrong[i].hooks & 1u << chain->hook) ||
		    !(line->scopes.data[0].seen & 1u << wrong[i].row))
			continue;
		fe_line_error(line, "FE107",
			      find_base(line, wrong[i].row, &word),
			      "-%c can't be used with %s, where a packet has "
			      "no such interface", wrong[i].letter,
			      chain->name);
		return false;
	}
	return true;
}

/* "! -s a -d b,c": not allowed, whichever of the two is the list. */
static bool check_lists(struct fe_line *line)
{
	if (line->lists[0].n + line->lists[1].n == 0)
		return true;
	for (size_t i = 0; i < line->settings.n; i++) {
		const struct fe_line_setting *s = &line->settings.data[i];
		struct fe_word at = {.off = s->off, .len = s->setting.len};
		if (s->scope || !s->setting.neg ||
		    (s->setting.opt != FE_BASE_SOURCE &&
		     s->setting.opt != FE_BASE_DESTINATION))
			continue;
		fe_line_error(line, "FE101", &at,
			      "'!' cannot go with a list of addresses, even of "
			      "the other side");
		return false;
	}
	return true;
}

static void multiply(struct fe_line *line, struct fe_rule *rule, size_t s,
		     size_t d, struct fe_line_rules *rules)
{
	struct fe_arena *arena = line->ruleset->arena;
	struct fe_rule *copy = fe_arena_memdup(arena, rule, sizeof(*rule));
	struct fe_part *parts = fe_arena_memdup(
	    arena, rule->parts, block_size(rule->n_parts, line->settings.n));
	struct fe_setting *base = (void *)(parts + rule->n_parts);

	if (line->lists[0].n)
		base[-2 - line->list_setting[0]].value =
		    line->lists[0].data[s];
	if (line->lists[1].n)
		base[-2 - line->list_setting[1]].value =
		    line->lists[1].data[d];
	copy->parts = parts;
	fe_vec_push(&rules->list, copy);
}

static bool check_size(struct fe_line *line)
{
	size_t n = line->scopes.n + line->settings.n;

	if (n <= FE_RULE_SETTINGS_MAX)
		return true;
	fe_line_error(line, "FE116", NULL,
		      "the rule has %zu options; the limit is %d", n,
		      FE_RULE_SETTINGS_MAX);
	return false;
}

bool fe_line_build(struct fe_line *line, struct fe_chain *chain,
		   struct fe_line_rules *rules)
{
	struct fe_rule *rule = fe_new(line->ruleset->arena, struct fe_rule);

	if (line->options->backend == FE_NFT)
		fe_line_nft(line);
	if (!check_interfaces(line, chain) || !check_lists(line) ||
	    !check_size(line) || !set_target(line, rule))
		return false;
	rule->chain = chain;
	rule->packets = line->packets;
	rule->bytes = line->bytes;
	rule->span = fe_line_span(line, NULL);
	fill_parts(line, rule, line->target >= 0 && !rule->jump);
	if (rule->has_target)
		rule->action = (uint8_t)fe_part_action(fe_rule_target(rule));
	for (unsigned i = 0; i < rule->n_parts; i++) {
		rule->effects |= (uint8_t)fe_part_effects(&rule->parts[i]);
		rule->opaque |= fe_ext_is_opaque(rule->parts[i].ext);
	}
	if (!check_parts(line, rule)) {
		line->failed = true;
		return false;
	}
	if (!line->lists[0].n && !line->lists[1].n) {
		fe_vec_push(&rules->list, rule);
		return true;
	}
	size_t ns = line->lists[0].n ? line->lists[0].n : 1;
	size_t nd = line->lists[1].n ? line->lists[1].n : 1;
	if (ns * nd > MOST_RULES) {
		fe_line_error(line, "FE116", NULL,
			      "the address lists make %zu rules of this line; "
			      "the limit is %d", ns * nd, MOST_RULES);
		return false;
	}
	for (size_t s = 0; s < ns; s++)
		for (size_t d = 0; d < nd; d++)
			multiply(line, rule, s, d, rules);
	return true;
}
