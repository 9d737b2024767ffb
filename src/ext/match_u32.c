/*
 * u32: numbers taken out of the packet, tried on sets of ranges.
 *
 * A test is a location and its values: "0>>22&0x3C@12>>26&0x3C@8=1,2:5". Four
 * bytes are read from the first number's offset (of the IP header); "@" moves
 * the base by what was read. Reading past the packet's end is no match.
 */
#include "ext/bytes.h"

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

enum { MOST = 10 }; /* tests, numbers of a location, ranges of a value */

enum op { AND, LEFT, RIGHT, AT };
static const char *const op_names[] = {"&", "<<", ">>", "@"};

struct test {
	unsigned n_numbers, n_ranges;
	uint32_t number[MOST];
	enum op op[MOST]; /* before that number */
	struct {
		uint32_t lo, hi;
	} range[MOST];
};

struct tests {
	unsigned n;
	struct test test[MOST];
};

/* The text that is left, and whether it was right so far. */
struct reader {
	struct fe_str rest;
	const char *bad; /* what was expected */
};

static bool at(struct reader *r, char c)
{
	r->rest = fe_str_skip_blanks(r->rest);
	return r->rest.len > 0 && *r->rest.s == c;
}

static bool take(struct reader *r, char c)
{
	if (!at(r, c))
		return false;
	r->rest.s++;
	r->rest.len--;
	return true;
}

/* The same without blanks before: for the second byte of "&&". */
static bool take_now(struct reader *r, char c)
{
	return r->rest.len > 0 && *r->rest.s == c && take(r, c);
}

static bool fail(struct reader *r, const char *expected)
{
	r->bad = expected;
	return false;
}

static bool is_digit(char c, int base)
{
	return (c >= '0' && c <= (base == 8 ? '7' : '9')) ||
	       (base == 16 && ((c | 32) >= 'a' && (c | 32) <= 'f'));
}

/* As much as is a number in C's bases; "0x" alone is 0 and then an x. */
static bool read_number(struct reader *r, uint32_t *out)
{
	struct fe_str s = fe_str_skip_blanks(r->rest);
	uint64_t n = 0;
	int base = 10;
	size_t i = 0;

	if (s.len > 0 && *s.s == '+')
		i++;
	if (i >= s.len || !is_digit(s.s[i], 10))
		return fail(r, "a number");
	if (s.s[i] == '0') {
		base = 8;
		if (i + 2 < s.len && (s.s[i + 1] | 32) == 'x' &&
		    is_digit(s.s[i + 2], 16)) {
			base = 16;
			i += 2;
		}
	}
	for (; i < s.len && is_digit(s.s[i], base); i++) {
		char c = s.s[i];

		n = n * (unsigned)base + (unsigned)(c <= '9' ? c - '0' :
							(c | 32) - 'a' + 10);
		if (n > UINT32_MAX)
			return fail(r, "a number of 32 bits");
	}
	r->rest = (struct fe_str){s.s + i, s.len - i};
	*out = (uint32_t)n;
	return true;
}

static bool read_op(struct reader *r, enum op *op)
{
	if (take(r, '&'))
		*op = AND;
	else if (take(r, '@'))
		*op = AT;
	else if (take(r, '<'))
		return *op = LEFT, take_now(r, '<') || fail(r, "<<");
	else if (take(r, '>'))
		return *op = RIGHT, take_now(r, '>') || fail(r, ">>");
	else
		return fail(r, "an operator or \"=\"");
	return true;
}

static bool read_location(struct reader *r, struct test *t)
{
	if (!read_number(r, &t->number[0]))
		return false;
	for (t->n_numbers = 1; !take(r, '='); t->n_numbers++) {
		unsigned i = t->n_numbers;

		if (i == MOST)
			return fail(r, "fewer operators");
		if (!read_op(r, &t->op[i]) || !read_number(r, &t->number[i]))
			return false;
		if ((t->op[i] == LEFT || t->op[i] == RIGHT) &&
		    t->number[i] > 31)
			return fail(r, "a shift by less than 32");
	}
	return true;
}

static bool read_ranges(struct reader *r, struct test *t)
{
	for (t->n_ranges = 0;; t->n_ranges++) {
		unsigned i = t->n_ranges;

		if (i == MOST)
			return fail(r, "fewer ranges");
		if (!read_number(r, &t->range[i].lo))
			return false;
		t->range[i].hi = t->range[i].lo;
		if (take(r, ':') && !read_number(r, &t->range[i].hi))
			return false;
		if (!take(r, ','))
			break;
	}
	t->n_ranges++;
	return true;
}

static bool read_tests(struct reader *r, struct tests *tests)
{
	for (tests->n = 0;; tests->n++) {
		struct test *t = &tests->test[tests->n];

		if (tests->n == MOST)
			return fail(r, "fewer tests");
		if (!read_location(r, t) || !read_ranges(r, t))
			return false;
		if (!take(r, '&'))
			break;
		if (!take_now(r, '&'))
			return fail(r, "&&");
	}
	tests->n++;
	r->rest = fe_str_skip_blanks(r->rest);
	return r->rest.len == 0 || fail(r, "\",\" or \"&&\"");
}

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	struct tests *tests = fe_new(context->arena, struct tests);
	struct reader r = {.rest = words[0]};

	value->ptr = tests;
	return read_tests(&r, tests) ||
	       fe_opt_bad(opt, context, "%s is expected before \"%.*s\"", r.bad,
			  (int)r.rest.len, r.rest.s);
}

static void print_test(const struct test *t, struct fe_buf *buf)
{
	fe_buf_printf(buf, "0x%x", t->number[0]);
	for (unsigned i = 1; i < t->n_numbers; i++)
		fe_buf_printf(buf, "%s0x%x", op_names[t->op[i]], t->number[i]);
	for (unsigned i = 0; i < t->n_ranges; i++) {
		fe_buf_printf(buf, "%c0x%x", i == 0 ? '=' : ',',
			      t->range[i].lo);
		if (t->range[i].lo != t->range[i].hi)
			fe_buf_printf(buf, ":0x%x", t->range[i].hi);
	}
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	const struct tests *tests = setting->value.ptr;

	(void)opt;
	(void)family;
	fe_buf_puts(buf, " \"");
	for (unsigned i = 0; i < tests->n; i++) {
		if (i > 0)
			fe_buf_puts(buf, "&&");
		print_test(&tests->test[i], buf);
	}
	fe_buf_putc(buf, '"');
}

static const struct fe_type type_u32 = {
	.name = "tests",
	.usage = "LOCATION=RANGE[,RANGE...][&&...]",
	.parse = parse,
	.print = print,
};

static const struct fe_opt opts[] = {
	{
		.name = "u32",
		.n_args = 1,
		.type = &type_u32,
		.flags = FE_NEG | FE_REQUIRED,
		.help = "numbers in the packet have these values",
	},
	{.name = NULL},
};

static enum fe_answer load(const struct fe_packet *packet, uint64_t off,
			   uint32_t *v)
{
	enum fe_answer have = fe_bytes(packet, off, 4);

	if (have == FE_YES)
		*v = fe_get32(packet->data + off);
	return have;
}

static enum fe_answer find(const struct test *t,
			   const struct fe_packet *packet, uint32_t *v)
{
	enum fe_answer have = load(packet, t->number[0], v);
	uint64_t base = 0;

	for (unsigned i = 1; i < t->n_numbers && have == FE_YES; i++) {
		switch (t->op[i]) {
		case AND:
			*v &= t->number[i];
			break;
		case LEFT:
			*v <<= t->number[i];
			break;
		case RIGHT:
			*v >>= t->number[i];
			break;
		case AT:
			base += *v;
			have = load(packet, base + t->number[i], v);
			break;
		}
	}
	return have;
}

static enum fe_answer holds(const struct test *t,
			    const struct fe_packet *packet)
{
	uint32_t v = 0;
	enum fe_answer have = find(t, packet, &v);

	if (have != FE_YES)
		return have;
	for (unsigned i = 0; i < t->n_ranges; i++) {
		if (t->range[i].lo <= v && v <= t->range[i].hi)
			return FE_YES;
	}
	return FE_NO;
}

static enum fe_answer eval(const struct fe_part *part,
			   const struct fe_packet *packet, void *state)
{
	const struct fe_setting *setting = fe_part_find(part, 0);
	const struct tests *tests = setting->value.ptr;
	enum fe_answer answer = FE_YES;

	(void)state;
	for (unsigned i = 0; i < tests->n && answer == FE_YES; i++)
		answer = holds(&tests->test[i], packet);
	if (answer == FE_DUNNO)
		return answer;
	return fe_answer_of((answer == FE_YES) != setting->neg);
}

const struct fe_ext fe_match_u32 = {
	.name = "u32",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects_known = true,
	.summary = "numbers anywhere in the packet",
	.doc = "Offsets count from the IP header. Reading behind the packet's "
	       "end makes the tests fail, and \"! --u32\" match.",
	.opts = opts,
	.eval = eval,
};
