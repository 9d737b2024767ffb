/*
 * Printing rulesets: what iptables-legacy-save prints for the same rules, or
 * the commands that make them.
 *
 * Builtin chains stand in hook order, user chains sorted by strcmp; a rule's
 * options stand in the order of the extensions' tables, not of the input.
 * Comments of the input are printed before the item that they stood before.
 */
#include "option/types.h"
#include "ruleset/ruleset.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void fe_rule_print(const struct fe_rule *rule, struct fe_buf *buf)
{
	unsigned family = rule->chain->table->ruleset->family;

	fe_buf_add(buf, "-A", 2);
	fe_word_print(rule->chain->name, buf);
	for (unsigned i = 0; i < rule->n_parts; i++)
		fe_part_print(&rule->parts[i], family, buf);
	if (rule->jump) {
		fe_buf_puts(buf, rule->action == FE_ACT_GOTO ? " -g" : " -j");
		fe_word_print(rule->jump->name, buf);
	}
}

void fe_rule_place(const struct fe_rule *rule, struct fe_buf *buf)
{
	fe_buf_puts(buf, fe_table_names[rule->chain->table->id]);
	fe_buf_putc(buf, '/');
	fe_buf_puts(buf, rule->chain->name);
	fe_buf_putc(buf, ':');
	fe_buf_uint(buf, rule->index);
}

struct printer {
	const struct fe_ruleset *ruleset;
	unsigned flags;
	struct fe_buf buf;   /* one line */
	struct fe_buf word;  /* one word of a command */
	struct fe_out *out;
};

/* "iptables -t TABLE", the beginning of a command. */
static void put_program(struct printer *p, const struct fe_table *table)
{
	fe_out_printf(p->out, "%s -t %s",
		      p->ruleset->family == 6 ? "ip6tables" : "iptables",
		      fe_table_names[table->id]);
}

/* A blank and the word as sh takes it. */
static void put_sh_word(struct printer *p, const char *s, size_t len)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_@%+=:,./!-";

	fe_out_putc(p->out, ' ');
	if (len > 0 && strspn(s, plain) >= len) {
		fe_out_add(p->out, s, len);
		return;
	}
	fe_out_putc(p->out, '\'');
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\'')
			fe_out_puts(p->out, "'\\''");
		else
			fe_out_putc(p->out, s[i]);
	}
	fe_out_putc(p->out, '\'');
}

/*
 * The words of a rule as saved, for a shell: a quoted word ends at its closing
 * quote, and a backslash in it takes the next byte as it is.
 */
static void put_sh_words(struct printer *p, const char *s)
{
	while (*s != '\0') {
		bool quoted;

		if (*s == ' ') {
			s++;
			continue;
		}
		fe_buf_clear(&p->word);
		quoted = *s == '"';
		for (s += quoted; *s != '\0' && *s != (quoted ? '"' : ' '); s++) {
			if (quoted && *s == '\\' && s[1] != '\0')
				s++;
			fe_buf_putc(&p->word, *s);
		}
		s += *s == '"';
		put_sh_word(p, fe_buf_text(&p->word), p->word.size);
	}
}

/* A chain's policy, or the command that makes it. iptables forgets a policy's
 * counters with its next command, so none are given. */
static void put_chain_command(struct printer *p, const struct fe_chain *chain)
{
	if (chain->builtin && chain->policy == FE_POLICY_NONE)
		return;
	put_program(p, chain->table);
	fe_out_puts(p->out, chain->builtin ? " -P" : " -N");
	put_sh_word(p, chain->name, strlen(chain->name));
	if (chain->builtin)
		fe_out_puts(p->out, chain->policy == FE_POLICY_DROP ?
					    " DROP" : " ACCEPT");
	fe_out_putc(p->out, '\n');
}

static void put_rule_command(struct printer *p, const struct fe_rule *rule)
{
	put_program(p, rule->chain->table);
	fe_buf_clear(&p->buf);
	fe_rule_print(rule, &p->buf);
	put_sh_words(p, fe_buf_text(&p->buf));
	if (p->flags & FE_PRINT_COUNTERS)
		fe_out_printf(p->out, " -c %" PRIu64 " %" PRIu64,
			      rule->packets, rule->bytes);
	fe_out_putc(p->out, '\n');
}

/* Comments are sorted by the item that follows them: the first of off's. */
static size_t find_comment(const struct fe_ruleset *ruleset, uint32_t source,
			   uint32_t before)
{
	size_t lo = 0, hi = ruleset->comments.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct fe_comment *c = &ruleset->comments.data[mid];
		if (c->span.source < source ||
		    (c->span.source == source && c->before < before))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void put_comments(struct printer *p, uint32_t source, uint32_t before)
{
	const struct fe_ruleset *ruleset = p->ruleset;

	if (!(p->flags & FE_PRINT_COMMENTS) || !ruleset->comments.n)
		return;
	for (size_t i = find_comment(ruleset, source, before);
	     i < ruleset->comments.n; i++) {
		const struct fe_comment *c = &ruleset->comments.data[i];
		if (c->span.source != source || c->before != before)
			return;
		const struct fe_source *s = fe_source(ruleset->sources, source);
		fe_out_add(p->out, s->text.s + c->span.off, c->span.len);
		fe_out_putc(p->out, '\n');
	}
}

static void put_chain(struct printer *p, const struct fe_chain *chain)
{
	static const char *const policies[] = {" - ", " ACCEPT ", " DROP "};
	bool count = chain->builtin && (p->flags & FE_PRINT_COUNTERS);

	put_comments(p, chain->span.source, chain->span.off);
	if (p->flags & FE_PRINT_COMMANDS) {
		put_chain_command(p, chain);
		return;
	}
	fe_out_putc(p->out, ':');
	fe_out_puts(p->out, chain->name);
	fe_out_puts(p->out, policies[chain->policy]);
	if (count)
		fe_out_printf(p->out, "[%" PRIu64 ":%" PRIu64 "]\n",
			      chain->packets, chain->bytes);
	else
		fe_out_puts(p->out, "[0:0]\n");
}

static void put_rules(struct printer *p, const struct fe_chain *chain)
{
	uint32_t last = UINT32_MAX;

	for (size_t i = 0; i < chain->rules.n; i++) {
		const struct fe_rule *rule = chain->rules.data[i];
		/* A comma list made several rules of one line. */
		if (rule->span.off != last)
			put_comments(p, rule->span.source, rule->span.off);
		last = rule->span.off;
		if (p->flags & FE_PRINT_COMMANDS) {
			put_rule_command(p, rule);
			continue;
		}
		if (p->flags & FE_PRINT_COUNTERS)
			fe_out_printf(p->out, "[%" PRIu64 ":%" PRIu64 "] ",
				      rule->packets, rule->bytes);
		fe_buf_clear(&p->buf);
		fe_rule_print(rule, &p->buf);
		fe_buf_putc(&p->buf, '\n');
		fe_out_add(p->out, p->buf.data, p->buf.size);
	}
}

static int by_name(const void *a, const void *b)
{
	const struct fe_chain *const *x = a, *const *y = b;

	if ((*x)->builtin != (*y)->builtin)
		return (*x)->builtin ? -1 : 1;
	if ((*x)->builtin)
		return (int)(*x)->hook - (int)(*y)->hook;
	return strcmp((*x)->name, (*y)->name);
}

/* A save file empties its tables by naming them; commands must say so. */
static void put_table_begin(struct printer *p, const struct fe_table *table)
{
	if (!(p->flags & FE_PRINT_COMMANDS)) {
		fe_out_printf(p->out, "*%s\n", fe_table_names[table->id]);
		return;
	}
	put_program(p, table);
	fe_out_puts(p->out, " -F\n");
	put_program(p, table);
	fe_out_puts(p->out, " -X\n");
}

static void put_table(struct printer *p, const struct fe_table *table)
{
	size_t n = table->chains.n;
	struct fe_chain **sorted = fe_malloc(n * sizeof(*sorted));

	memcpy(sorted, table->chains.data, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_name);
	put_comments(p, table->span.source, table->span.off);
	put_table_begin(p, table);
	for (size_t i = 0; i < n; i++)
		put_chain(p, sorted[i]);
	for (size_t i = 0; i < n; i++)
		put_rules(p, sorted[i]);
	put_comments(p, table->span.source, table->commit);
	if (!(p->flags & FE_PRINT_COMMANDS))
		fe_out_puts(p->out, "COMMIT\n");
	free(sorted);
}

void fe_ruleset_print(const struct fe_ruleset *ruleset, unsigned flags,
		      struct fe_out *out)
{
	struct printer p = {.ruleset = ruleset, .flags = flags, .out = out};

	for (unsigned i = 0; i < ruleset->n_order; i++)
		put_table(&p, &ruleset->tables[ruleset->order[i]]);
	for (size_t i = 0; i < ruleset->comments.n; i++) {
		uint32_t source = ruleset->comments.data[i].span.source;
		if (i && source == ruleset->comments.data[i - 1].span.source)
			continue;
		put_comments(&p, source, UINT32_MAX);
	}
	fe_buf_free(&p.buf);
	fe_buf_free(&p.word);
}
