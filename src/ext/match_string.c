/*
 * string: a pattern somewhere in the packet, IP header included, between two
 * offsets. Both algorithms find the same, so eval searches plainly.
 *
 * --hex-string takes text with |hex bytes| in it. A pattern is saved as hex
 * when a byte of it cannot be printed.
 */
#include "ext/ext.h"

#include <ctype.h>
#include <string.h>

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

enum { STRING, HEX, ALGO, FROM, TO, ICASE };
enum { LONGEST = 128, END = 65535 };

struct pattern {
	size_t size;
	uint8_t bytes[LONGEST];
};

static bool add(struct pattern *p, uint8_t byte)
{
	if (p->size == LONGEST)
		return false;
	p->bytes[p->size++] = byte;
	return true;
}

static bool too_long(const struct fe_opt *opt, struct fe_opt_context *context)
{
	return fe_opt_bad(opt, context, "longer than %d bytes", LONGEST);
}

static bool parse_text(const struct fe_opt *opt, struct fe_opt_context *context,
		       const struct fe_str *words, union fe_value *value)
{
	struct pattern *p = fe_new(context->arena, struct pattern);

	value->ptr = p;
	if (words[0].len == 0)
		return fe_opt_bad(opt, context, "the text is empty");
	for (size_t i = 0; i < words[0].len; i++)
		if (!add(p, (uint8_t)words[0].s[i]))
			return too_long(opt, context);
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Two digits at s[*i], after blanks. */
static int hex_byte(struct fe_str s, size_t *i)
{
	int hi, lo;

	if (*i + 1 >= s.len)
		return -1;
	hi = hex_digit(s.s[*i]);
	lo = hex_digit(s.s[*i + 1]);
	*i += 2;
	return hi < 0 || lo < 0 ? -1 : hi << 4 | lo;
}

static bool parse_hex(const struct fe_opt *opt, struct fe_opt_context *context,
		      const struct fe_str *words, union fe_value *value)
{
	struct pattern *p = fe_new(context->arena, struct pattern);
	struct fe_str s = words[0];
	bool hex = false;

	value->ptr = p;
	if (s.len == 0)
		return fe_opt_bad(opt, context, "the text is empty");
	for (size_t i = 0; i < s.len;) {
		int byte = (unsigned char)s.s[i];

		if (s.s[i] == '|' || (hex && s.s[i] == ' ')) {
			hex ^= s.s[i++] == '|';
			continue;
		}
		if (hex) {
			byte = hex_byte(s, &i);
		} else if (s.s[i] == '\\' && i + 1 < s.len) {
			byte = (unsigned char)s.s[i + 1];
			i += 2;
		} else {
			i++;
		}
		if (byte < 0)
			return fe_opt_bad(opt, context,
					  "between two | stand pairs of hex "
					  "digits only");
		if (!add(p, (uint8_t)byte))
			return too_long(opt, context);
	}
	return true;
}

static bool is_hex(const struct pattern *p)
{
	for (size_t i = 0; i < p->size; i++)
		if (!isprint(p->bytes[i]))
			return true;
	/* A backslash at the end would take the closing quote away. */
	return p->size > 0 && p->bytes[p->size - 1] == '\\';
}

static void print_pattern(const struct pattern *p, struct fe_buf *buf)
{
	if (is_hex(p)) {
		fe_buf_puts(buf, "--hex-string \"|");
		for (size_t i = 0; i < p->size; i++)
			fe_buf_printf(buf, "%02x", p->bytes[i]);
		fe_buf_puts(buf, "|\"");
		return;
	}
	fe_buf_puts(buf, "--string \"");
	for (size_t i = 0; i < p->size; i++) {
		if (p->bytes[i] == '"' || p->bytes[i] == '\\')
			fe_buf_putc(buf, '\\');
		fe_buf_putc(buf, (char)p->bytes[i]);
	}
	fe_buf_putc(buf, '"');
}

/* Printed by the whole match. */
static void print_nothing(const struct fe_opt *opt,
			  const struct fe_setting *setting, unsigned family,
			  struct fe_buf *buf)
{
	(void)opt;
	(void)setting;
	(void)family;
	(void)buf;
}

static const struct fe_type type_text = {
	.name = "pattern",
	.usage = "TEXT",
	.parse = parse_text,
	.print = print_nothing,
};

static const struct fe_type type_hex = {
	.name = "pattern",
	.usage = "TEXT|HEX|TEXT",
	.parse = parse_hex,
	.print = print_nothing,
};

static const struct fe_opt opts[] = {
	[STRING] = {
		.name = "string",
		.n_args = 1,
		.type = &type_text,
		.flags = FE_NEG | FE_EXCLUSIVE,
		.help = "the pattern",
	},
	[HEX] = {
		.name = "hex-string",
		.n_args = 1,
		.type = &type_hex,
		.flags = FE_NEG | FE_EXCLUSIVE,
		.help = "the pattern, with |hex bytes| in it",
	},
	[ALGO] = {
		.name = "algo",
		.n_args = 1,
		.type = &fe_type_text,
		.flags = FE_REQUIRED,
		.limits = {.max = 15},
		.variant = FE_TEXT_STRICT,
		.help = "how to search: bm (Boyer-Moore) or kmp "
			"(Knuth-Pratt-Morris)",
	},
	[FROM] = {
		.name = "from",
		.n_args = 1,
		.type = &fe_type_number,
		.limits = {.max = END},
		.help = "the offset where the search begins; 0 is the IP "
			"header's first byte",
	},
	[TO] = {
		.name = "to",
		.n_args = 1,
		.type = &fe_type_number,
		.limits = {.max = END},
		.help = "the offset before which the pattern must end",
	},
	[ICASE] = {
		.name = "icase",
		.help = "upper and lower case are the same",
	},
	{.name = NULL},
};

static uint32_t bound(const struct fe_part *part, unsigned row,
		      uint32_t otherwise)
{
	const struct fe_setting *s = fe_part_find(part, row);

	return s != NULL ? (uint32_t)s->value.u : otherwise;
}

static const struct fe_setting *pattern_of(const struct fe_part *part)
{
	const struct fe_setting *s = fe_part_find(part, STRING);

	return s != NULL ? s : fe_part_find(part, HEX);
}

static bool check(struct fe_check_context *context)
{
	const struct fe_setting *algo = fe_part_find(context->part, ALGO);

	if (strcmp(algo->value.text, "bm") != 0 &&
	    strcmp(algo->value.text, "kmp") != 0 &&
	    strcmp(algo->value.text, "fsm") != 0)
		return fe_check_bad(context, algo, "bm and kmp are",
				    "\"%s\" is no way to search",
				    algo->value.text);
	return bound(context->part, FROM, 0) <= bound(context->part, TO, END) ||
	       fe_check_bad(context, NULL, NULL, "--from lies behind --to");
}

static void print(const struct fe_part *part, unsigned family,
		  struct fe_buf *buf)
{
	const struct fe_setting *s = pattern_of(part);
	uint32_t from = bound(part, FROM, 0), to = bound(part, TO, END);

	(void)family;
	fe_buf_puts(buf, s->neg ? " ! " : " ");
	print_pattern(s->value.ptr, buf);
	fe_buf_printf(buf, " --algo %s",
		      fe_part_find(part, ALGO)->value.text);
	if (from != 0)
		fe_buf_printf(buf, " --from %u", from);
	if (to != END)
		fe_buf_printf(buf, " --to %u", to);
	if (fe_part_find(part, ICASE) != NULL)
		fe_buf_puts(buf, " --icase");
}

static bool same(uint8_t a, uint8_t b, bool icase)
{
	return a == b || (icase && toupper(a) == toupper(b));
}

static bool stands_at(const struct pattern *p, const uint8_t *at, bool icase)
{
	for (size_t i = 0; i < p->size; i++)
		if (!same(p->bytes[i], at[i], icase))
			return false;
	return true;
}

static enum fe_answer eval(const struct fe_part *part,
			   const struct fe_packet *packet, void *state)
{
	const struct fe_setting *s = pattern_of(part);
	const struct pattern *p = s->value.ptr;
	bool icase = fe_part_find(part, ICASE) != NULL, found = false;
	uint64_t at = bound(part, FROM, 0), end = bound(part, TO, END);

	(void)state;
	if (end > packet->length)
		end = packet->length;
	for (; !found && at + p->size <= end; at++) {
		if (at + p->size > packet->caught)
			return FE_DUNNO;
		found = stands_at(p, packet->data + at, icase);
	}
	return found != s->neg ? FE_YES : FE_NO;
}

const struct fe_ext fe_match_string = {
	.name = "string",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects_known = true,
	.summary = "a pattern in the packet",
	.doc = "A pattern that two packets share is not found.",
	.opts = opts,
	.check = check,
	.print = print,
	.lower = fe_lower_always_unknown,
	.eval = eval,
};
