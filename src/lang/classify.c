/*
 * What a word is, by getopt_long's rules over the tables in scope: base
 * options first, then the newest -m back to the oldest; an exact name before
 * a unique prefix; at last the match that the protocol implies. The word
 * after an option is its argument, whatever it looks like.
 */
#include <string.h>

#include "lang/line.h"
#include "rule.h"

struct found {
	int row;        /* FE_FRAME_VERB + n: a verb; else of scope's table */
	unsigned scope;
	unsigned count; /* candidates, when searched by prefix */
};

static bool is_not(struct fe_str text)
{
	return text.len == 1 && text.s[0] == '!';
}

static void push(struct fe_line *line, int token, const struct fe_word *word)
{
	if (line->failed)
		return;
	fe_rule_yypush_parse(line->parser, token, &word, line);
}

static bool find_exact(const struct fe_line *line, struct fe_str name,
		       struct found *found)
{
	int row = fe_names_find(&line->vocab->frame, name);

	found->scope = 0;
	for (size_t i = line->scopes.n; row < 0 && --i > 0;) {
		const struct fe_scope *s = &line->scopes.data[i];
		if (s->opaque)
			continue;
		row = fe_names_find(&s->vocab->names, name);
		found->scope = (unsigned)i;
	}
	found->row = row;
	return row >= 0;
}

static void count_prefix(const struct fe_names *names, struct fe_str prefix,
			 unsigned scope, struct found *found)
{
	for (uint32_t i = 0; i < names->cap; i++) {
		const struct fe_name_slot *s = &names->slots[i];
		if (!s->s || s->len < prefix.len ||
		    memcmp(s->s, prefix.s, prefix.len))
			continue;
		/* Two spellings of one option are no ambiguity. */
		if (found->count && found->scope == scope &&
		    found->row == s->row)
			continue;
		found->count++;
		found->row = s->row;
		found->scope = scope;
	}
}

static bool find_prefix(struct fe_line *line, const struct fe_word *word,
			struct fe_str name, struct found *found)
{
	*found = (struct found){.row = -1};
	count_prefix(&line->vocab->frame, name, 0, found);
	for (size_t i = line->scopes.n; --i > 0;)
		if (!line->scopes.data[i].opaque)
			count_prefix(&line->scopes.data[i].vocab->names, name,
				     (unsigned)i, found);
	if (found->count > 1) {
		fe_line_error(line, "FE101", word,
			      "option --%.*s is ambiguous: it begins %u option "
			      "names", (int)name.len, name.s, found->count);
		return false;
	}
	return found->count == 1;
}

/* The match that -p implies, when it has the option; it is brought in. */
static bool find_implied(struct fe_line *line, const struct fe_word *word,
			 struct fe_str name, struct found *found)
{
	struct fe_vocab_ext *ext =
	    line->vocab->by_proto[line->context.proto & 255];

	*found = (struct found){.row = -1};
	if (!ext)
		return false;
	for (size_t i = 1; i < line->scopes.n; i++)
		if (line->scopes.data[i].vocab == ext)
			return false;
	if (fe_names_find(&ext->names, name) < 0) {
		count_prefix(&ext->names, name, 0, found);
		if (found->count != 1)
			return false;
	}
	fe_line_load(line, ext, word);
	return find_exact(line, name, found) ||
	       find_prefix(line, word, name, found);
}

/*
 * An option that nothing understood has belongs to the newest extension that
 * is not understood, or to the protocol's match where that isn't.
 */
static bool find_opaque(struct fe_line *line, const struct fe_word *word)
{
	const char *name;

	for (size_t i = line->scopes.n; --i > 0;) {
		if (line->scopes.data[i].opaque) {
			line->raw = (int)i;
			return true;
		}
	}
	if (line->vocab->by_proto[line->context.proto & 255])
		return false;
	name = fe_proto_match(line->context.proto, line->vocab->family);
	if (!name)
		return false;
	line->raw = (int)fe_line_load_opaque(line, FE_MATCH, fe_str(name),
					     word);
	return true;
}

/* These read argv[optind - 1] in iptables 1.8.9, the whole word. */
static bool is_detached(const struct fe_line *line, const struct found *found)
{
	if (found->row >= FE_FRAME_VERB) {
		enum fe_verb_id id = fe_verbs[found->row - FE_FRAME_VERB].id;
		return id == FE_VERB_JUMP || id == FE_VERB_GOTO;
	}
	return found->scope == 0 &&
	       line->vocab->base->ext->opts[found->row].n_args;
}

/* An option, -m and -j go to the grammar with their last argument. */
static void argument(struct fe_line *line, const struct fe_word *word)
{
	line->owed--;
	if (line->token == FE_T_VERB) {
		push(line, FE_T_WORD, word);
		return;
	}
	line->args[line->n_args++] = *word;
	if (line->owed == 0)
		push(line, line->token, NULL);
}

/* A word that the option or verb before it may take, and does. */
static void optional(struct fe_line *line, const struct fe_word *word)
{
	line->maybe--;
	if (!line->pending) {
		push(line, FE_T_WORD, word);
		return;
	}
	line->pending = false;
	line->args[line->n_args++] = *word;
	push(line, line->token, NULL);
}

/* None came: the option goes without. */
static void settle(struct fe_line *line)
{
	line->maybe = 0;
	if (!line->pending)
		return;
	line->pending = false;
	push(line, line->token, NULL);
}

static int verb_token(struct fe_line *line, const struct fe_verb *verb)
{
	line->verb = verb;
	line->n_words = 0;
	line->owed = verb->min;
	line->maybe = (unsigned)(verb->max - verb->min);
	if (verb->id == FE_VERB_MATCH)
		return FE_T_MATCH;
	if (verb->id == FE_VERB_JUMP || verb->id == FE_VERB_GOTO)
		return FE_T_JUMP;
	return FE_T_VERB;
}

static void push_option(struct fe_line *line, const struct fe_word *word,
			const struct found *found)
{
	line->n_args = 0;
	line->last = *word;
	line->raw = -1;
	if (found->row >= FE_FRAME_VERB) {
		line->token = verb_token(
		    line, &fe_verbs[found->row - FE_FRAME_VERB]);
	} else {
		const struct fe_ext *ext =
		    line->scopes.data[found->scope].vocab->ext;
		line->opt_scope = found->scope;
		line->opt_row = (unsigned)found->row;
		line->owed = ext->opts[found->row].n_args;
		line->token = FE_T_OPT;
		if (ext->opts[found->row].flags & FE_MAY_END) {
			line->owed = 0;
			line->maybe = 1;
			line->pending = true;
		}
	}
	if (line->has_attached && is_detached(line, found) &&
	    !line->options->strict_compat) {
		struct fe_diag *d = fe_line_error(
		    line, "FE101", word,
		    "iptables 1.8.9 reads this word whole as its argument");
		struct fe_str name = {word->text.s + 1, word->text.len - 1};
		if (fe_line_is_option(line, name))
			fe_diag_hint(line->diags, d,
				     "a long option has two dashes: --%.*s",
				     (int)name.len, name.s);
		else
			fe_diag_hint(line->diags, d,
				     "put a blank between option and argument");
		return;
	}
	if (line->has_attached && is_detached(line, found))
		line->attached = *word;
	if (line->has_attached && !line->owed && !line->maybe) {
		fe_line_error(line, "FE101", word,
			      "option %.*s takes no argument",
			      (int)(word->text.len - line->attached.text.len),
			      word->text.s);
		return;
	}
	if (line->token == FE_T_VERB || (line->owed == 0 && !line->pending))
		push(line, line->token, word);
	if (line->has_attached && line->owed) {
		argument(line, &line->attached);
	} else if (line->has_attached) {
		optional(line, &line->attached);
	}
}

static void attach(struct fe_line *line, const struct fe_word *word, size_t at)
{
	line->attached = *word;
	line->attached.text.s += at;
	line->attached.text.len -= at;
	line->has_attached = true;
}

static void long_option(struct fe_line *line, const struct fe_word *word)
{
	struct fe_str name = {word->text.s + 2, word->text.len - 2};
	const char *eq = memchr(name.s, '=', name.len);
	struct found found;

	line->has_attached = false;
	if (eq) {
		attach(line, word, (size_t)(eq - word->text.s) + 1);
		name.len = (size_t)(eq - name.s);
	}
	if (find_exact(line, name, &found) ||
	    find_prefix(line, word, name, &found)) {
		push_option(line, word, &found);
		return;
	}
	if (line->failed)
		return;
	if (find_implied(line, word, name, &found)) {
		push_option(line, word, &found);
	} else if (find_opaque(line, word)) {
		push(line, FE_T_RAW, word);
	} else if (!line->failed) {
		struct fe_vocab_ext *ext =
		    line->vocab->by_proto[line->context.proto & 255];
		if (ext) /* its options are worth a hint */
			fe_line_load(line, ext, word);
		fe_line_unknown_option(line, word, name);
	}
}

static bool find_short(struct fe_line *line, char letter, struct found *found)
{
	unsigned char c = (unsigned char)letter;

	*found = (struct found){.row = c < 128 ? line->vocab->shorts[c] : -1};
	for (size_t i = line->scopes.n; found->row < 0 && --i > 0;) {
		const struct fe_opt *opts =
		    line->scopes.data[i].vocab->ext->opts;
		for (int r = 0; opts && opts[r].name; r++)
			if (opts[r].short_name == letter && letter) {
				found->row = r;
				found->scope = (unsigned)i;
			}
	}
	return found->row >= 0;
}

static void short_option(struct fe_line *line, const struct fe_word *word)
{
	struct found found;

	line->has_attached = false;
	if (!find_short(line, word->text.s[1], &found)) {
		fe_line_unknown_option(
		    line, word,
		    (struct fe_str){word->text.s + 1, word->text.len - 1});
		return;
	}
	if (word->text.len > 2)
		attach(line, word, 2);
	push_option(line, word, &found);
}

/*
 * While an opaque extension takes words, only exact base options end it, and
 * exact options of the protocol's own match.
 */
static bool ends_raw(struct fe_line *line, struct fe_str text)
{
	const struct fe_vocab_ext *ext =
	    line->vocab->by_proto[line->context.proto & 255];
	if (text.len == 2 && text.s[0] == '-') {
		unsigned char c = (unsigned char)text.s[1];
		return c < 128 && line->vocab->shorts[c] >= 0 &&
		       !(c >= '0' && c <= '9');
	}
	if (text.len <= 2 || text.s[0] != '-' || text.s[1] != '-')
		return false;
	struct fe_str name = {text.s + 2, text.len - 2};
	return fe_names_find(&line->vocab->frame, name) >= 0 ||
	       (ext && fe_names_find(&ext->names, name) >= 0);
}

static bool raw_word(struct fe_line *line, const struct fe_word *word)
{
	if (ends_raw(line, word->text)) {
		line->raw = -1;
		if (line->has_held)
			push(line, FE_T_NOT, &line->held);
		line->has_held = false;
		return false;
	}
	if (line->has_held)
		push(line, FE_T_RAW, &line->held);
	line->has_held = false;
	if (is_not(word->text)) {
		line->held = *word;
		line->has_held = true;
	} else {
		push(line, FE_T_RAW, word);
	}
	return true;
}

static void bad_word(struct fe_line *line, const struct fe_word *word)
{
	struct fe_str text = word->text;
	struct fe_diag *d = fe_line_error(
	    line, "FE101", word,
	    "'%.*s' is no option, and no option before it takes it",
	    (int)text.len, text.s);

	if (text.len > 1 && text.s[0] == '!')
		fe_diag_hint(line->diags, d, "put a blank behind the '!'");
	else if (text.len > 3 && !memcmp(text.s, "\xe2\x80", 2))
		fe_diag_hint(line->diags, d, "its first character looks like "
			     "a dash, but is not '-'");
}

void fe_line_word(struct fe_line *line, const struct fe_word *word)
{
	struct fe_str text = word->text;
	bool dash = text.len && text.s[0] == '-';

	line->end = word->off + word->len;
	if (line->failed || line->skip)
		return;
	if (line->owed) {
		argument(line, word);
		return;
	}
	if (line->maybe && !dash && !is_not(text)) {
		optional(line, word);
		return;
	}
	settle(line);
	if (line->raw >= 0 && raw_word(line, word))
		return;
	if (dash && text.len == 2 && text.s[1] == '-' && !line->no_options) {
		line->no_options = true;
	} else if (line->no_options) {
		bad_word(line, word);
	} else if (is_not(text)) {
		line->last = line->not_word = *word;
		push(line, FE_T_NOT, word);
	} else if (dash && text.len > 2 && text.s[1] == '-') {
		long_option(line, word);
	} else if (dash && text.len > 1 && text.s[1] != '-') {
		short_option(line, word);
	} else {
		bad_word(line, word);
	}
}

void fe_line_end(struct fe_line *line)
{
	settle(line);
	if (line->has_held)
		push(line, FE_T_RAW, &line->held);
	if (line->owed && !line->failed)
		fe_line_error(line, "FE101", &line->last,
			      "'%.*s' wants %s", (int)line->last.text.len,
			      line->last.text.s,
			      line->owed > 1 ? "more arguments"
					     : "an argument");
	/* After a mistake too: it makes the parser ready for the next line. */
	const struct fe_word *none = NULL;
	fe_rule_yypush_parse(line->parser, FE_T_YYEOF, &none, line);
	if (!line->failed)
		fe_line_execute(line);
}
