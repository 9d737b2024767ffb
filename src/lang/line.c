/* A line of rules: what the grammar's actions collect. */
#include "lang/line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "option/types.h"
#include "rule.h"

void fe_line_init(struct fe_line *line)
{
	line->parser = fe_rule_yypstate_new();
	if (!line->parser)
		abort();
}

void fe_line_free(struct fe_line *line)
{
	fe_rule_yypstate_delete(line->parser);
	fe_vocab_free(line->vocabs[0]);
	fe_vocab_free(line->vocabs[1]);
	fe_vec_free(&line->built.list);
	fe_vec_free(&line->scopes);
	fe_vec_free(&line->settings);
	fe_vec_free(&line->lists[0]);
	fe_vec_free(&line->lists[1]);
}

void fe_line_family(struct fe_line *line, unsigned family)
{
	struct fe_ruleset **ruleset =
	    family == 4 ? &line->rules->v4 : &line->rules->v6;
	struct fe_vocab **vocab = &line->vocabs[family == 6];

	if (!*ruleset) {
		*ruleset = fe_ruleset_new(family, line->sources);
		(*ruleset)->backend = line->options->backend;
	}
	if (!*vocab)
		*vocab = fe_vocab_new(family);
	line->ruleset = *ruleset;
	line->vocab = *vocab;
	line->context.arena = (*ruleset)->arena;
	line->context.diags = line->diags;
	line->context.family = family;
	line->context.resolve = line->options->resolve;
	line->last_chain = NULL;
}

void fe_line_begin(struct fe_line *line, uint32_t off)
{
	line->off = off;
	line->end = off;
	line->failed = false;
	line->skip = false;
	line->command = NULL;
	line->verb = NULL;
	line->n_command_words = 0;
	line->packets = line->bytes = 0;
	line->n_counter_words = 0;
	line->has_listing = line->no_options = false;
	line->has_jump = false;
	line->target = -1;
	line->raw = -1;
	line->context.proto = 0;
	line->context.proto_neg = false;
	line->settings.n = 0;
	line->lists[0].n = line->lists[1].n = 0;
	line->list_setting[0] = line->list_setting[1] = -1;
	line->owed = line->maybe = 0;
	line->n_args = 0;
	line->pending = false;
	line->has_held = line->has_attached = false;
	line->scopes.n = 0;
	fe_vec_push(&line->scopes, (struct fe_scope){
				       .vocab = line->vocab->base, .off = off});
}

struct fe_span fe_line_span(const struct fe_line *line,
			    const struct fe_word *word)
{
	if (!word)
		return (struct fe_span){line->source, line->off,
					line->end - line->off};
	return (struct fe_span){line->source, word->off, word->len};
}

struct fe_diag *fe_line_error(struct fe_line *line, const char *id,
			      const struct fe_word *at, const char *format, ...)
{
	char text[512];
	va_list ap;

	line->failed = true;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	return fe_diag(line->diags, FE_ERROR, id, fe_line_span(line, at), "%s",
		       text);
}

/* Only misplaced '!' get here: the classifier counts words itself. */
void fe_line_syntax_error(struct fe_line *line, const char *message)
{
	(void)message;
	if (line->failed)
		return;
	struct fe_diag *d = fe_line_error(
	    line, "FE101", &line->last,
	    "'!' can stand only before an option that may be inverted");
	fe_diag_hint(line->diags, d, "write it before the option: ! -s ADDRESS");
}

unsigned fe_line_load(struct fe_line *line, struct fe_vocab_ext *ext,
		      const struct fe_word *at)
{
	fe_vec_push(&line->scopes, (struct fe_scope){.vocab = ext,
						     .off = at->off,
						     .end = at->off + at->len});
	return (unsigned)(line->scopes.n - 1);
}

unsigned fe_line_load_opaque(struct fe_line *line, enum fe_ext_kind kind,
			     struct fe_str name, const struct fe_word *at)
{
	const struct fe_ext *ext = fe_opaque_ext(line->ruleset, kind, name);
	struct fe_map *map = kind == FE_MATCH ? &line->vocab->matches
					      : &line->vocab->targets;
	struct fe_vocab_ext *v = fe_map_get(map, name);

	if (!v)
		v = fe_vocab_add(line->vocab, ext);
	struct fe_diag *d = fe_diag(
	    line->diags, FE_WARNING, NULL, fe_line_span(line, at),
	    "%s '%s' is not yet understood",
	    kind == FE_MATCH ? "match" : "target", ext->name);
	fe_diag_hint(line->diags, d, "the rule is kept, and taken to %s",
		     kind == FE_MATCH ? "match anything or nothing"
				      : "do anything");
	unsigned scope = fe_line_load(line, v, at);
	line->scopes.data[scope].opaque = true;
	return scope;
}

void fe_line_match(struct fe_line *line)
{
	const struct fe_word *name = &line->args[0];
	struct fe_vocab_ext *v = fe_map_get(&line->vocab->matches, name->text);
	struct fe_word at = line->last;

	at.len = name->off + name->len - at.off;
	if (v && !fe_ext_is_opaque(v->ext)) {
		fe_line_load(line, v, &at);
	} else if (v || fe_known_elsewhere(FE_MATCH, name->text)) {
		line->raw = (int)fe_line_load_opaque(line, FE_MATCH,
						     name->text, &at);
	} else {
		fe_line_unknown_match(line, name);
	}
}

/*
 * A chain of that name goes before a target extension, as in legacy
 * iptables; which table is meant may still be said by a later -t, so the
 * chain is looked up when the line ends.
 */
void fe_line_jump(struct fe_line *line)
{
	const struct fe_word *name = &line->args[0];
	struct fe_vocab_ext *v = fe_map_get(&line->vocab->targets, name->text);
	bool is_goto = line->verb->id == FE_VERB_GOTO;
	struct fe_word at = line->last;

	if (line->has_jump) {
		fe_line_error(line, "FE101", &line->last,
			      "a rule has only one -j or -g");
		return;
	}
	line->has_jump = true;
	line->is_goto = is_goto;
	line->jump_word = *name;
	line->jump_off = line->last.off;
	if (is_goto)
		return;
	if (fe_table_chain(line->table, name->text))
		return;
	at.len = name->off + name->len - at.off;
	if (v && !fe_ext_is_opaque(v->ext)) {
		line->target = (int)fe_line_load(line, v, &at);
	} else if (v || fe_known_elsewhere(FE_TARGET, name->text)) {
		line->target = (int)fe_line_load_opaque(line, FE_TARGET,
							name->text, &at);
		line->raw = line->target;
	}
}

/* A raw word as it will be printed: as it stood, in save file quoting. */
static const char *raw_text(struct fe_line *line, const struct fe_word *word)
{
	const struct fe_source *source = fe_source(line->sources, line->source);
	struct fe_arena *arena = line->ruleset->arena;
	struct fe_str text = word->text;

	if (word->len && line->origin != FE_FROM_COMMAND)
		return fe_arena_strndup(arena, source->text.s + word->off,
					word->len);
	struct fe_buf buf = {0};
	fe_word_print(fe_arena_strndup(arena, text.s, text.len), &buf);
	const char *printed = fe_arena_strdup(arena, buf.data + 1);
	fe_buf_free(&buf);
	return printed;
}

static uint16_t cap16(uint32_t n)
{
	return n > UINT16_MAX ? UINT16_MAX : (uint16_t)n;
}

void fe_line_raw(struct fe_line *line, const struct fe_word *word)
{
	struct fe_scope *scope = &line->scopes.data[line->raw];
	struct fe_line_setting s = {.scope = (uint32_t)line->raw,
				    .off = word->off};

	s.setting.off = cap16(word->off - line->off);
	s.setting.len = cap16(word->len);
	s.setting.value.text = raw_text(line, word);
	scope->end = word->off + word->len;
	fe_vec_push(&line->settings, s);
}

static bool may_set(struct fe_line *line, const struct fe_opt *opt,
		    struct fe_scope *scope, bool neg)
{
	uint64_t bit = UINT64_C(1) << line->opt_row;

	if (neg && (opt->flags & FE_NEG_LOST))
		fe_diag(line->diags, FE_WARNING, NULL,
			fe_line_span(line, &line->last),
			"iptables takes no notice of '!' before --%s",
			opt->name);
	else if (neg && !(opt->flags & FE_NEG)) {
		fe_line_error(line, "FE101", &line->last,
			      "option --%s cannot be inverted", opt->name);
		return false;
	}
	if ((scope->seen & bit) && !(opt->flags & FE_MULTI)) {
		fe_line_error(line, "FE101", &line->last,
			      "option --%s is given twice", opt->name);
		return false;
	}
	scope->seen |= bit;
	return true;
}

/* Reads "a,b,c" of -s or -d; the rules are multiplied when they are made. */
static bool read_list(struct fe_line *line, const struct fe_opt *opt,
		      const struct fe_word *word, bool neg)
{
	unsigned which = opt->short_name == 'd';
	struct fe_str text = word->text;
	size_t i = 0;

	if (neg) {
		fe_line_error(line, "FE101", word,
			      "a list of addresses cannot be inverted");
		return false;
	}
	while (i <= text.len) {
		union fe_value value = {0};
		while (i < text.len && (text.s[i] == ' ' || text.s[i] == '\t'))
			i++;
		const char *comma = memchr(text.s + i, ',', text.len - i);
		size_t end = comma ? (size_t)(comma - text.s) : text.len;
		struct fe_str item = {text.s + i, end - i};
		if (!item.len) {
			fe_line_error(line, "FE101", word,
				      "an address is missing in the list");
			return false;
		}
		if (!opt->type->parse(opt, &line->context, &item, &value))
			return false;
		fe_vec_push(&line->lists[which], value);
		i = end + 1;
	}
	return true;
}

static bool read_value(struct fe_line *line, const struct fe_opt *opt,
		       bool neg, union fe_value *value)
{
	const struct fe_word *args = line->args;
	struct fe_str words[2] = {{"", 0}, {"", 0}};
	bool is_base = line->opt_scope == 0;
	char letter = is_base ? opt->short_name : 0;

	for (unsigned i = 0; i < line->n_args; i++)
		words[i] = args[i].text;
	line->context.span =
	    fe_line_span(line, line->n_args ? &args[0] : &line->last);
	if ((letter == 's' || letter == 'd') &&
	    memchr(words[0].s, ',', words[0].len)) {
		unsigned which = letter == 'd';
		if (!read_list(line, opt, &args[0], neg))
			return false;
		*value = line->lists[which].data[0];
		line->list_setting[which] = (int)line->settings.n;
		return true;
	}
	if (!opt->type->parse(opt, &line->context, words, value))
		return false;
	if (letter == 'p') {
		line->context.proto = (unsigned)value->u;
		line->context.proto_neg = neg;
	}
	return true;
}

/* What any packet passes leaves no trace in the rule: -s 0/0, -p all, -i +. */
static bool is_nothing(const struct fe_line *line, const struct fe_setting *s)
{
	if (s->neg)
		return false;
	switch ((enum fe_base_row)s->opt) {
	case FE_BASE_SOURCE:
	case FE_BASE_DESTINATION:
		return fe_u128_eq(
		    fe_net_value(s->value, line->ruleset->family).mask,
		    fe_u128(0));
	case FE_BASE_IN:
	case FE_BASE_OUT:
		return !strcmp(s->value.text, "+");
	case FE_BASE_PROTOCOL:
		return s->value.u == 0;
	case FE_BASE_FRAGMENT:
		return false;
	}
	return false;
}

/* The settings that one with FE_LAST_WINS replaces; there is one at most. */
static void drop_replaced(struct fe_line *line)
{
	const struct fe_opt *opts =
	    line->scopes.data[line->opt_scope].vocab->ext->opts;

	for (size_t i = line->settings.n; i-- > 0;) {
		struct fe_line_setting *s = &line->settings.data[i];
		if (s->scope != line->opt_scope ||
		    !(opts[s->setting.opt].flags & FE_LAST_WINS))
			continue;
		memmove(s, s + 1, (line->settings.n - i - 1) * sizeof(*s));
		line->settings.n--;
		return;
	}
}

static uint8_t print_as(struct fe_line *line, const struct fe_opt *opt,
			const struct fe_word *at)
{
	if (line->options->backend != FE_NFT)
		return FE_PRINT_BY_TYPE;
	if (opt->flags & FE_NFT_DROPS) {
		fe_diag(line->diags, FE_WARNING, NULL, fe_line_span(line, at),
			"iptables-nft leaves --%s out", opt->name);
		return FE_PRINT_NEVER;
	}
	return line->opt_scope ? FE_PRINT_BY_TYPE : FE_PRINT_ALWAYS;
}

void fe_line_set(struct fe_line *line, bool neg)
{
	struct fe_scope *scope = &line->scopes.data[line->opt_scope];
	const struct fe_opt *opt = &scope->vocab->ext->opts[line->opt_row];
	struct fe_line_setting s = {.scope = line->opt_scope,
				    .off = line->last.off};
	const struct fe_word *end =
	    line->n_args ? &line->args[line->n_args - 1] : &line->last;

	if (!may_set(line, opt, scope, neg))
		return;
	if (line->n_args && (opt->flags & FE_NEG) &&
	    fe_str_is(line->args[0].text, "!")) {
		fe_diag_hint(line->diags,
			     fe_line_error(line, "FE101", &line->args[0],
					   "'!' stands behind its option, where "
					   "iptables takes it for the argument"),
			     "write it before: ! --%s", opt->name);
		return;
	}
	size_t errors = line->diags->n_errors;
	if (opt->type && !read_value(line, opt, neg, &s.setting.value)) {
		/* No rule is lost in silence. */
		if (line->diags->n_errors == errors)
			fe_line_error(line, "FE101", &line->last,
				      "--%s cannot be read", opt->name);
		line->failed = true;
		return;
	}
	if (opt->flags & FE_LAST_WINS)
		drop_replaced(line);
	s.setting.opt = (uint16_t)line->opt_row;
	s.setting.neg = neg && !(opt->flags & FE_NEG_LOST);
	s.setting.print = print_as(line, opt, end);
	s.setting.off = cap16(s.off - line->off);
	scope->end = end->off + end->len;
	s.setting.len = cap16(scope->end - s.off);
	if (line->opt_scope || line->lists[0].n + line->lists[1].n ||
	    !is_nothing(line, &s.setting))
		fe_vec_push(&line->settings, s);
}
