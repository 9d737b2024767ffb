/*
 * Unknown words, and what was probably meant: the nearest name in scope, or
 * the extension that has such an option.
 */
#include <stdio.h>
#include <string.h>

#include "lang/line.h"

/* Walks names for fe_str_nearest(). */
struct walk {
	const struct fe_line *line;
	size_t scope;
	uint32_t slot;
};

static const char *next_option(void *arg)
{
	struct walk *w = arg;

	for (; w->scope < w->line->scopes.n; w->scope++, w->slot = 0) {
		const struct fe_names *names =
		    w->scope ? &w->line->scopes.data[w->scope].vocab->names
			     : &w->line->vocab->frame;
		while (w->slot < names->cap) {
			const struct fe_name_slot *s = &names->slots[w->slot++];
			if (s->s && !s->alias && s->len)
				return s->s;
		}
	}
	return NULL;
}

struct ext_walk {
	const struct fe_ext *const *at;
	enum fe_ext_kind kind;
	unsigned family;
};

static const char *next_ext(void *arg)
{
	struct ext_walk *w = arg;

	for (; *w->at; w->at++)
		if ((*w->at)->kind == w->kind && ((*w->at)->families & w->family))
			return (*w->at++)->name;
	return NULL;
}

static const char *next_chain(void *arg)
{
	struct walk *w = arg;
	const struct fe_table *table = w->line->table;

	if (w->slot >= table->chains.n)
		return NULL;
	return table->chains.data[w->slot++]->name;
}

const char *fe_line_nearest_target(const struct fe_line *line,
				   struct fe_str name)
{
	struct ext_walk w = {fe_exts, FE_TARGET,
			     line->ruleset->family == 4 ? FE_V4 : FE_V6};

	return fe_str_nearest(name, next_ext, &w);
}

const char *fe_line_nearest_chain(const struct fe_line *line,
				  struct fe_str name)
{
	struct walk w = {.line = line};

	return fe_str_nearest(name, next_chain, &w);
}

static bool has_option(const struct fe_ext *ext, struct fe_str name)
{
	for (const struct fe_opt *o = ext->opts; o && o->name; o++) {
		if (fe_str_is(name, o->name))
			return true;
		for (int i = 0; i < 3 && o->aliases[i]; i++)
			if (fe_str_is(name, o->aliases[i]))
				return true;
	}
	return false;
}

/* "-m multiport", "-p tcp", "-j LOG": who has such an option. */
static void list_owners(const struct fe_line *line, struct fe_str name,
			struct fe_buf *buf)
{
	unsigned bit = line->ruleset->family == 4 ? FE_V4 : FE_V6;

	for (const struct fe_ext *const *e = fe_exts; *e; e++) {
		if (!((*e)->families & bit) || !has_option(*e, name))
			continue;
		fe_buf_printf(buf, "%s%s %s", buf->size ? ", " : "",
			      (*e)->kind == FE_TARGET ? "-j"
			      : (*e)->proto ? "-p" : "-m",
			      (*e)->proto ? (*e)->proto : (*e)->name);
	}
}

bool fe_line_is_option(const struct fe_line *line, struct fe_str name)
{
	struct fe_buf owners = {0};
	bool is_option = fe_names_find(&line->vocab->frame, name) >= 0;

	list_owners(line, name, &owners);
	is_option |= owners.size > 0;
	fe_buf_free(&owners);
	return is_option;
}

static bool is_port_option(struct fe_str name)
{
	return fe_str_is(name, "dport") || fe_str_is(name, "sport") ||
	       fe_str_is(name, "destination-port") ||
	       fe_str_is(name, "source-port");
}

void fe_line_unknown_option(struct fe_line *line, const struct fe_word *word,
			    struct fe_str name)
{
	bool is_long = word->text.len > 1 && word->text.s[1] == '-';
	struct fe_buf owners = {0};
	struct walk w = {.line = line};
	struct fe_diag *d;

	if (is_long && !line->context.proto && is_port_option(name))
		d = fe_line_error(line, "FE102", word,
				  "option --%.*s needs a protocol that has "
				  "ports", (int)name.len, name.s);
	else
		d = fe_line_error(line, "FE101", word, "unknown option %.*s",
				  (int)word->text.len, word->text.s);
	if (!is_long)
		return;
	list_owners(line, name, &owners);
	const char *nearest = fe_str_nearest(name, next_option, &w);
	if (owners.size)
		fe_diag_hint(line->diags, d,
			     "it belongs to %s, which must stand before it",
			     owners.data);
	else if (nearest)
		fe_diag_hint(line->diags, d, "did you mean --%s?", nearest);
	fe_buf_free(&owners);
}

void fe_line_unknown_match(struct fe_line *line, const struct fe_word *name)
{
	struct ext_walk w = {fe_exts, FE_MATCH,
			     line->ruleset->family == 4 ? FE_V4 : FE_V6};
	struct fe_diag *d = fe_line_error(
	    line, "FE101", name, "there is no match '%.*s'%s",
	    (int)name->text.len, name->text.s,
	    line->ruleset->family == 6 ? " for IPv6" : "");
	const char *nearest = fe_str_nearest(name->text, next_ext, &w);

	if (nearest)
		fe_diag_hint(line->diags, d, "did you mean '%s'?", nearest);
}
