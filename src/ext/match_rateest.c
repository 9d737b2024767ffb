/*
 * rateest: compares what rate estimators (-j RATEEST) have measured, with a
 * number or with one another. What they measured depends on all packets
 * before: unknown.
 */
#include "ext/ext.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

enum {
	DELTA, NAME1, BPS1, PPS1, LT, GT, EQ, BPS, PPS, BPS2, PPS2, NAME2
};

/* A rate of tc's spelling in bits (bit, kbit, kibit ...) or bytes (bps, kbps,
 * kibps ...) a second; kept in bytes. */
static bool read_rate(struct fe_str word, uint64_t *bytes)
{
	static const struct {
		const char *prefix;
		double scale;
	} prefixes[] = {
		{"", 1}, {"k", 1e3}, {"ki", 1024.}, {"m", 1e6},
		{"mi", 1024. * 1024}, {"g", 1e9}, {"gi", 1024. * 1024 * 1024},
		{"t", 1e12}, {"ti", 1024. * 1024 * 1024 * 1024},
	};
	char text[32], *end;
	double n;
	struct fe_str unit;

	if (word.len == 0 || word.len >= sizeof(text))
		return false;
	memcpy(text, word.s, word.len);
	text[word.len] = '\0';
	n = strtod(text, &end);
	if (end == text || n < 0)
		return false;
	unit = fe_str(end);
	if (unit.len == 0) {
		*bytes = (uint64_t)(n / 8);
		return *bytes <= UINT32_MAX;
	}
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		struct fe_str prefix = fe_str(prefixes[i].prefix);
		struct fe_str rest = {unit.s + prefix.len,
				      unit.len - prefix.len};

		if (unit.len < prefix.len ||
		    strncasecmp(unit.s, prefix.s, prefix.len) != 0)
			continue;
		if (!fe_str_case_is(rest, "bit") && !fe_str_case_is(rest, "bps"))
			continue;
		n *= prefixes[i].scale;
		*bytes = (uint64_t)(fe_str_case_is(rest, "bit") ? n / 8 : n);
		return n < 1e15 && *bytes <= UINT32_MAX;
	}
	return false;
}

static bool parse_bps(const struct fe_opt *opt, struct fe_opt_context *context,
		      const struct fe_str *words, union fe_value *value)
{
	value->u = UINT64_MAX; /* compared with another estimator */
	if (words[0].len == 0)
		return true;
	return read_rate(words[0], &value->u) ||
	       fe_opt_bad(opt, context, "\"%.*s\" is no rate",
			  (int)words[0].len, words[0].s);
}

static bool parse_pps(const struct fe_opt *opt, struct fe_opt_context *context,
		      const struct fe_str *words, union fe_value *value)
{
	value->u = UINT64_MAX;
	return words[0].len == 0 ||
	       fe_type_number.parse(opt, context, words, value);
}

static void print_bps(const struct fe_opt *opt,
		      const struct fe_setting *setting, unsigned family,
		      struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	if (setting->value.u != UINT64_MAX)
		fe_buf_printf(buf, " %llubit",
			      (unsigned long long)setting->value.u * 8);
}

static void print_pps(const struct fe_opt *opt,
		      const struct fe_setting *setting, unsigned family,
		      struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	if (setting->value.u != UINT64_MAX)
		fe_buf_printf(buf, " %u", (unsigned)setting->value.u);
}

static const struct fe_type type_bps = {
	.name = "rate",
	.usage = "[NUMBER[k|ki|m|mi|g|gi]bit|bps]",
	.parse = parse_bps,
	.print = print_bps,
};

static const struct fe_type type_pps = {
	.name = "number",
	.usage = "[NUMBER]",
	.parse = parse_pps,
	.print = print_pps,
};

#define NAME(ROW, WORD, FLAGS, HELP)                                           \
	[ROW] = {.name = WORD, .n_args = 1, .type = &fe_type_text,             \
		 .flags = FLAGS, .limits = {.min = 1, .max = 15},              \
		 .variant = FE_TEXT_STRICT, .help = HELP}
#define RATE(ROW, WORD, TYPE, HELP)                                            \
	[ROW] = {.name = WORD, .n_args = 1, .type = &(TYPE),                   \
		 .flags = FE_MAY_END, .help = HELP}
#define COMPARE(ROW, WORD, HELP)                                               \
	[ROW] = {.name = WORD, .flags = FE_NEG | FE_EXCLUSIVE, .help = HELP}

static const struct fe_opt opts[] = {
	[DELTA] = {
		.name = "rateest-delta",
		.help = "compare how much is missing to a rate",
	},
	[NAME1] = {
		.name = "rateest1",
		.n_args = 1,
		.aliases = {"rateest"},
		.type = &fe_type_text,
		.flags = FE_REQUIRED,
		.limits = {.min = 1, .max = 15},
		.variant = FE_TEXT_STRICT,
		.help = "the first estimator",
	},
	RATE(BPS1, "rateest-bps1", type_bps,
	     "with --rateest-delta: the first one's bits a second"),
	RATE(PPS1, "rateest-pps1", type_pps,
	     "with --rateest-delta: the first one's packets a second"),
	COMPARE(LT, "rateest-lt", "it is less"),
	COMPARE(GT, "rateest-gt", "it is more"),
	COMPARE(EQ, "rateest-eq", "it is equal"),
	RATE(BPS, "rateest-bps", type_bps, "bits a second"),
	RATE(PPS, "rateest-pps", type_pps, "packets a second"),
	RATE(BPS2, "rateest-bps2", type_bps,
	     "with --rateest-delta: the second one's bits a second"),
	RATE(PPS2, "rateest-pps2", type_pps,
	     "with --rateest-delta: the second one's packets a second"),
	NAME(NAME2, "rateest2", 0, "the second estimator"),
	{.name = NULL},
};

static bool has(const struct fe_part *part, unsigned row)
{
	return fe_part_find(part, row) != NULL;
}

static bool check(struct fe_check_context *context)
{
	const struct fe_part *part = context->part;
	bool rates = has(part, BPS) || has(part, PPS) || has(part, BPS2) ||
		     has(part, PPS2);

	return rates || fe_check_bad(context, NULL, NULL,
				     "-m rateest needs a rate, such as "
				     "--rateest-bps");
}

static void print(const struct fe_part *part, unsigned family,
		  struct fe_buf *buf)
{
	bool two = has(part, NAME2);

	for (unsigned row = 0; opts[row].name != NULL; row++) {
		const struct fe_setting *s = fe_part_find(part, row);
		const char *name = opts[row].name;

		if (s == NULL)
			continue;
		if (row == NAME1 && !two)
			name = "rateest";
		fe_buf_puts(buf, s->neg ? " ! --" : " --");
		fe_buf_puts(buf, name);
		if (opts[row].type != NULL)
			opts[row].type->print(&opts[row], s, family, buf);
	}
}

const struct fe_ext fe_match_rateest = {
	.name = "rateest",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects = FE_SHARES,
	.effects_known = true,
	.summary = "compares the rates that -j RATEEST has measured",
	.opts = opts,
	.check = check,
	.print = print,
	.lower = fe_lower_always_unknown,
};
