/*
 * string: bytes somewhere in the packet, from its IP header on.
 *
 * Both algorithms of the kernel find the same in a packet of one piece, so
 * a plain search stands for them. Saved as text where every byte prints, else
 * in hexadecimal.
 */
#include "ext/bytes.h"

#include <ctype.h>
#include <string.h>

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

enum { STRING, HEX_STRING, ALGO, FROM, TO, ICASE };
enum { MOST = 128, HEX_MOST = 127 };

struct pattern {
	unsigned n;
	uint8_t bytes[MOST];
};

static const struct fe_name algos[] = {{"bm", 0}, {"kmp", 1}, {NULL, 0}};

static bool prints(uint8_t c)
{
	return c >= ' ' && c <= '~';
}

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	struct pattern *p = fe_new(context->arena, struct pattern);

	value->ptr = p;
	if (words[0].len == 0)
		return fe_opt_bad(opt, context, "the text is empty");
	if (words[0].len > MOST)
		return fe_opt_bad(opt, context, "longer than %d bytes", MOST);
	p->n = (unsigned)words[0].len;
	memcpy(p->bytes, words[0].s, words[0].len);
	return true;
}

static unsigned digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
}

/* Two digits and a blank, of which something must follow. */
static const char *read_byte(struct fe_str s, size_t *i, uint8_t *out)
{
	if (*i + 2 >= s.len)
		return "a hex block does not end with \"|\"";
	if (!isxdigit((uint8_t)s.s[*i]) || !isxdigit((uint8_t)s.s[*i + 1]))
		return "bytes in a hex block have two digits";
	*out = (uint8_t)(digit(s.s[*i]) << 4 | digit(s.s[*i + 1]));
	*i += s.s[*i + 2] == ' ' ? 3 : 2;
	return NULL;
}

/*
 * Text with |41 42| and \x. Like iptables it takes the byte behind a block's
 * end for itself, "|" and "\" included. Returns what is wrong, or NULL.
 */
static const char *read_hex(struct fe_str s, struct pattern *p)
{
	const char *bad = NULL;
	bool hex = false;

	for (size_t i = 0; i < s.len && bad == NULL; p->n++) {
		bool literal = s.s[i] == '\\';

		if (literal && hex)
			return "\"\\\" cannot stand in a hex block";
		if (s.s[i] == '|') {
			hex = !hex;
			while (hex && i + 1 < s.len && s.s[i + 1] == ' ')
				i++;
			if (++i >= s.len)
				break;
		}
		if (p->n == HEX_MOST)
			return "too long";
		if (literal && ++i >= s.len)
			return "nothing stands behind \"\\\"";
		if (hex)
			bad = read_byte(s, &i, &p->bytes[p->n]);
		else
			p->bytes[p->n] = (uint8_t)s.s[i++];
	}
	return bad == NULL && p->n == 0 ? "the text is empty" : bad;
}

static bool parse_hex(const struct fe_opt *opt, struct fe_opt_context *context,
		      const struct fe_str *words, union fe_value *value)
{
	struct pattern *p = fe_new(context->arena, struct pattern);
	const char *bad = read_hex(words[0], p);

	value->ptr = p;
	return bad == NULL || fe_opt_bad(opt, context, "%s", bad);
}

/* A backslash at the end would escape the quote in old readers. */
static bool needs_hex(const struct pattern *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		if (!prints(p->bytes[i]))
			return true;
	}
	return p->bytes[p->n - 1] == '\\';
}

static void print(const struct fe_part *part, unsigned family,
		  struct fe_buf *buf)
{
	const struct fe_setting *s = fe_part_find(part, STRING);
	const struct pattern *p;

	if (s == NULL)
		s = fe_part_find(part, HEX_STRING);
	p = s->value.ptr;
	fe_buf_puts(buf, s->neg ? " !" : "");
	fe_buf_puts(buf, needs_hex(p) ? " --hex-string \"|" : " --string \"");
	for (unsigned i = 0; i < p->n; i++) {
		if (needs_hex(p))
			fe_buf_printf(buf, "%02x", p->bytes[i]);
		else if (p->bytes[i] == '"' || p->bytes[i] == '\\')
			fe_buf_printf(buf, "\\%c", p->bytes[i]);
		else
			fe_buf_putc(buf, (char)p->bytes[i]);
	}
	fe_buf_puts(buf, needs_hex(p) ? "|\"" : "\"");
	fe_settings_print(part, family, buf);
}

/* An offset that is the default is not saved. */
static void print_offset(const struct fe_opt *opt,
			 const struct fe_setting *setting, unsigned family,
			 struct fe_buf *buf)
{
	(void)family;
	if (setting->value.u != (opt->variant == FROM ? 0 : UINT16_MAX))
		fe_buf_printf(buf, " %u", (unsigned)setting->value.u);
}

static bool parse_offset(const struct fe_opt *opt,
			 struct fe_opt_context *context,
			 const struct fe_str *words, union fe_value *value)
{
	return fe_type_number.parse(opt, context, words, value);
}

static const struct fe_type type_string = {
	.name = "text", .usage = "TEXT", .parse = parse,
};
static const struct fe_type type_hex = {
	.name = "hex text", .usage = "TEXT|HEX HEX|TEXT", .parse = parse_hex,
};
static const struct fe_type type_offset = {
	.name = "offset", .usage = "OFFSET", .parse = parse_offset,
	.print = print_offset,
};

static const struct fe_opt opts[] = {
	[STRING] = {
		.name = "string",
		.n_args = 1,
		.type = &type_string,
		.flags = FE_NEG | FE_HIDDEN | FE_EXCLUSIVE,
		.help = "the packet holds this text",
	},
	[HEX_STRING] = {
		.name = "hex-string",
		.n_args = 1,
		.type = &type_hex,
		.flags = FE_NEG | FE_HIDDEN | FE_EXCLUSIVE,
		.help = "the same, with bytes in hexadecimal between bars",
	},
	[ALGO] = {
		.name = "algo",
		.n_args = 1,
		.type = &fe_type_word,
		.flags = FE_REQUIRED,
		.names = algos,
		.variant = FE_WORDS_EXACT,
		.help = "how to search: bm or kmp",
	},
	[FROM] = {
		.name = "from",
		.n_args = 1,
		.type = &type_offset,
		.limits = {.max = UINT16_MAX},
		.variant = FROM,
		.help = "search from this offset of the IP header on",
	},
	[TO] = {
		.name = "to",
		.n_args = 1,
		.type = &type_offset,
		.limits = {.max = UINT16_MAX},
		.variant = TO,
		.help = "bytes from this offset on are not looked at",
	},
	[ICASE] = {
		.name = "icase",
		.help = "letters match in either case",
	},
	{.name = NULL},
};

static uint64_t number(const struct fe_part *part, unsigned row,
		       uint64_t by_default)
{
	const struct fe_setting *setting = fe_part_find(part, row);

	return setting != NULL ? setting->value.u : by_default;
}

static bool check(struct fe_check_context *context)
{
	if (number(context->part, FROM, 0) <=
	    number(context->part, TO, UINT16_MAX))
		return true;
	return fe_check_bad(context, fe_part_find(context->part, FROM), NULL,
			    "--from lies behind --to");
}

static bool is_at(const struct pattern *p, const uint8_t *bytes, bool icase)
{
	if (!icase)
		return memcmp(bytes, p->bytes, p->n) == 0;
	for (unsigned i = 0; i < p->n; i++) {
		if (toupper(bytes[i]) != toupper(p->bytes[i]))
			return false;
	}
	return true;
}

static enum fe_answer eval(const struct fe_part *part,
			   const struct fe_packet *packet, void *state)
{
	const struct fe_setting *s = fe_part_find(part, STRING);
	uint64_t from = number(part, FROM, 0);
	uint64_t to = number(part, TO, UINT16_MAX);
	bool icase = fe_part_find(part, ICASE) != NULL;
	const struct pattern *p;

	(void)state;
	if (s == NULL)
		s = fe_part_find(part, HEX_STRING);
	p = s->value.ptr;
	if (to > packet->size)
		to = packet->size;
	for (uint64_t at = from; at + p->n <= to; at++) {
		if (at + p->n > packet->caught)
			return FE_DUNNO;
		if (is_at(p, packet->data + at, icase))
			return fe_answer_of(!s->neg);
	}
	return fe_answer_of(s->neg);
}

const struct fe_ext fe_match_string = {
	.name = "string",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects_known = true,
	.summary = "bytes somewhere in the packet",
	.doc = "The search goes over the whole packet, headers included, and "
	       "sees one packet at a time.",
	.opts = opts,
	.check = check,
	.print = print,
	.eval = eval,
};
