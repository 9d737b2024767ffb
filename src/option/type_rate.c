/*
 * Rates: COUNT[/UNIT], kept as the time between two packets in ten
 * thousandths of a second. That is also what is saved, in the largest unit in
 * which it has no rest worth showing, so 60/minute becomes 1/sec.
 */
#include "option/types.h"

#include <strings.h>

#include "option/value.h"

#define SCALE 10000u

static const struct fe_name units[] = {
	{"day", 86400}, {"hour", 3600}, {"min", 60}, {"sec", 1},
};

static bool read_unit(struct fe_str unit, uint64_t *seconds)
{
	static const struct fe_name words[] = {
		{"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400},
		{NULL, 0},
	};

	for (const struct fe_name *n = words; n->name != NULL; n++) {
		if (fe_str_abbreviates(unit, n->name)) {
			*seconds = n->value;
			return true;
		}
	}
	return false;
}

/* The digits at the beginning; iptables minds nothing behind them. */
static uint64_t read_count(struct fe_str s)
{
	uint64_t n = 0;

	s = fe_str_skip_blanks(s);
	for (size_t i = s.len > 0 && s.s[0] == '+'; i < s.len && s.s[i] >= '0' && s.s[i] <= '9'; i++) {
		n = n * 10 + (uint64_t)(s.s[i] - '0');
		if (n > UINT32_MAX)
			n = UINT32_MAX;
	}
	return n;
}

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	struct fe_str count, unit;
	uint64_t n, seconds = 1;

	if (fe_str_cut(words[0], '/', &count, &unit) &&
	    !read_unit(unit, &seconds))
		return fe_opt_bad(opt, context, "unknown unit \"%.*s\"",
				  (int)unit.len, unit.s);
	n = read_count(count);
	if (n == 0)
		return fe_opt_bad(opt, context, "\"%.*s\" is not a rate",
				  (int)words[0].len, words[0].s);
	if (n / seconds > SCALE || SCALE * seconds / n == 0)
		return fe_opt_bad(opt, context, "faster than %u a second",
				  SCALE);
	value->u = SCALE * seconds / n;
	return true;
}

void fe_rate_print(uint64_t period, struct fe_buf *buf)
{
	unsigned i;

	for (i = 1; i < 4; i++) {
		uint64_t unit = units[i].value * SCALE;

		if (period > unit || unit / period < unit % period)
			break;
	}
	fe_buf_putc(buf, ' ');
	fe_buf_uint(buf, units[i - 1].value * SCALE / period);
	fe_buf_putc(buf, '/');
	fe_buf_puts(buf, units[i - 1].name);
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	fe_rate_print(setting->value.u, buf);
}

const struct fe_type fe_type_rate = {
	.name = "rate",
	.usage = "COUNT[/second|minute|hour|day]",
	.parse = parse,
	.print = print,
};
