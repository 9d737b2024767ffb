/*
 * u32: tests on 32-bit words of a packet, from the IP header on.
 *
 *	TEST[&&TEST...]   TEST: PLACE=RANGE[,RANGE...]   RANGE: N[:N]
 *	PLACE: N, then any of &N <<N >>N @N
 *
 * "@N" adds the value so far to the base and reads the word N bytes behind
 * it. A word that does not lie in the packet makes the whole match false,
 * before it is inverted.
 */
#include "ext/ext.h"

#include "option/types.h"
#include "option/value.h"
#include "packet/wire.h"

enum { MOST = 11 }; /* tests, steps of a place, ranges: each */

struct u32_test {
	uint8_t n_steps, n_ranges;
	char op[MOST];          /* op[0] is unused; '<' and '>' are shifts */
	uint32_t number[MOST];  /* number[0]: where the first word stands */
	uint32_t lo[MOST], hi[MOST];
};

struct u32_tests {
	unsigned n;
	struct u32_test test[MOST];
};

struct reader {
	struct fe_str rest;
	const char *why; /* what is wrong */
};

static bool fails(struct reader *r, const char *why)
{
	r->why = why;
	return false;
}

static void skip(struct reader *r, size_t n)
{
	r->rest.s += n;
	r->rest.len -= n;
	r->rest = fe_str_skip_blanks(r->rest);
}

static bool eat(struct reader *r, const char *word)
{
	if (!fe_str_starts(r->rest, word))
		return false;
	skip(r, fe_str(word).len);
	return true;
}

static bool is_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	       (c >= 'A' && c <= 'F') || c == 'x' || c == 'X';
}

static bool number(struct reader *r, uint32_t *out)
{
	struct fe_str digits = {r->rest.s, 0};
	uint64_t n;

	while (digits.len < r->rest.len && is_digit(digits.s[digits.len]))
		digits.len++;
	if (!fe_str_u64(digits, 0, UINT32_MAX, &n))
		return fails(r, "a number of 32 bits is missing");
	*out = (uint32_t)n;
	skip(r, digits.len);
	return true;
}

/* The operator that comes, or 0. "&&" is none. */
static char operator(struct reader *r)
{
	if (fe_str_starts(r->rest, "&&"))
		return 0;
	if (eat(r, "&"))
		return '&';
	if (eat(r, "<<"))
		return '<';
	if (eat(r, ">>"))
		return '>';
	return eat(r, "@") ? '@' : 0;
}

static bool place(struct reader *r, struct u32_test *t)
{
	char op = 0;

	do {
		if (t->n_steps == MOST)
			return fails(r, "too many operators");
		t->op[t->n_steps] = op;
		if (!number(r, &t->number[t->n_steps++]))
			return false;
		op = operator(r);
	} while (op != 0);
	return eat(r, "=") ||
	       fails(r, "\"=\" or one of & << >> @ is missing");
}

static bool ranges(struct reader *r, struct u32_test *t)
{
	do {
		uint32_t *lo = &t->lo[t->n_ranges], *hi = &t->hi[t->n_ranges];

		if (t->n_ranges == MOST)
			return fails(r, "too many values");
		if (!number(r, lo))
			return false;
		*hi = *lo;
		if (eat(r, ":") && !number(r, hi))
			return false;
		t->n_ranges++;
	} while (eat(r, ","));
	return true;
}

static bool tests(struct reader *r, struct u32_tests *all)
{
	skip(r, 0);
	do {
		struct u32_test *t = &all->test[all->n];

		if (all->n == MOST)
			return fails(r, "too many tests");
		if (!place(r, t) || !ranges(r, t))
			return false;
		all->n++;
	} while (eat(r, "&&"));
	return r->rest.len == 0 || fails(r, "\",\", \":\" or \"&&\" is missing");
}

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	struct u32_tests *all = fe_new(context->arena, struct u32_tests);
	struct reader r = {words[0], NULL};

	value->ptr = all;
	return tests(&r, all) ||
	       fe_opt_bad(opt, context, "at byte %zu: %s",
			  (size_t)(r.rest.s - words[0].s), r.why);
}

static void print_test(const struct u32_test *t, struct fe_buf *buf)
{
	for (unsigned i = 0; i < t->n_steps; i++) {
		if (i > 0)
			fe_buf_putc(buf, t->op[i]);
		if (t->op[i] == '<' || t->op[i] == '>')
			fe_buf_putc(buf, t->op[i]);
		fe_buf_printf(buf, "0x%x", t->number[i]);
	}
	for (unsigned i = 0; i < t->n_ranges; i++) {
		fe_buf_printf(buf, "%c0x%x", i == 0 ? '=' : ',', t->lo[i]);
		if (t->lo[i] != t->hi[i])
			fe_buf_printf(buf, ":0x%x", t->hi[i]);
	}
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	const struct u32_tests *all = setting->value.ptr;

	(void)opt;
	(void)family;
	fe_buf_puts(buf, " \"");
	for (unsigned i = 0; i < all->n; i++) {
		if (i > 0)
			fe_buf_puts(buf, "&&");
		print_test(&all->test[i], buf);
	}
	fe_buf_putc(buf, '"');
}

static const struct fe_type type_u32 = {
	.name = "tests",
	.usage = "PLACE=VALUE[:VALUE][,...][&&...]",
	.parse = parse,
	.print = print,
};

static const struct fe_opt opts[] = {
	{
		.name = "u32",
		.n_args = 1,
		.type = &type_u32,
		.flags = FE_NEG | FE_REQUIRED,
		.help = "tests on 32-bit words of the packet",
	},
	{.name = NULL},
};

/* Reads the word at base + offset; FE_NO: not in the packet. */
static enum fe_answer word_at(const struct fe_packet *p, uint32_t base,
			      uint32_t offset, uint32_t *word)
{
	uint64_t at = (uint64_t)base + offset;

	if (at + 4 > p->length)
		return FE_NO;
	if (at + 4 > p->caught)
		return FE_DUNNO;
	*word = fe_get32(p->data + at);
	return FE_YES;
}

static enum fe_answer place_value(const struct u32_test *t,
				  const struct fe_packet *p, uint32_t *v)
{
	enum fe_answer answer = word_at(p, 0, t->number[0], v);
	uint32_t base = 0;

	for (unsigned i = 1; i < t->n_steps && answer == FE_YES; i++) {
		uint32_t n = t->number[i];

		if (t->op[i] == '&') {
			*v &= n;
		} else if (t->op[i] == '<') {
			*v <<= n & 31;
		} else if (t->op[i] == '>') {
			*v >>= n & 31;
		} else {
			if (base + *v < base)
				return FE_NO;
			base += *v;
			answer = word_at(p, base, n, v);
		}
	}
	return answer;
}

static enum fe_answer test_holds(const struct u32_test *t,
				 const struct fe_packet *p)
{
	uint32_t v = 0;
	enum fe_answer answer = place_value(t, p, &v);

	if (answer != FE_YES)
		return answer;
	for (unsigned i = 0; i < t->n_ranges; i++)
		if (t->lo[i] <= v && v <= t->hi[i])
			return FE_YES;
	return FE_NO;
}

static enum fe_answer eval(const struct fe_part *part,
			   const struct fe_packet *packet, void *state)
{
	const struct fe_setting *s = fe_part_find(part, 0);
	const struct u32_tests *all = s->value.ptr;
	enum fe_answer answer = FE_YES;

	(void)state;
	for (unsigned i = 0; i < all->n && answer == FE_YES; i++)
		answer = test_holds(&all->test[i], packet);
	if (answer == FE_DUNNO)
		return answer;
	return (answer == FE_YES) != s->neg ? FE_YES : FE_NO;
}

const struct fe_ext fe_match_u32 = {
	.name = "u32",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects_known = true,
	.summary = "tests on 32-bit words of the packet",
	.opts = opts,
	.lower = fe_lower_always_unknown,
	.eval = eval,
};
