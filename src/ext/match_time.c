/*
 * time: the hour, the day, the date. Times are UTC, or with --kerneltz those
 * of the kernel's time zone, which no capture tells: unknown then.
 *
 * Packet time decides, never the wall clock.
 */
#include "ext/ext.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

enum {
	START, STOP, MONTHDAYS, WEEKDAYS, DATE_START, DATE_STOP, UTC, LOCALTZ,
	KERNELTZ, CONTIGUOUS
};
enum { DAY = 86400, ALL_MONTHDAYS = -2, ALL_WEEKDAYS = 0xfe };
#define LAST_DATE INT32_MAX

/* Reads up to most decimal digits; false: none. */
static bool digits(const char **s, unsigned most, unsigned *out)
{
	unsigned n = 0, have = 0;

	for (; have < most && **s >= '0' && **s <= '9'; ++*s, have++)
		n = n * 10 + (unsigned)(**s - '0');
	*out = n;
	return have > 0;
}

static const char *copy(struct fe_opt_context *context, struct fe_str s)
{
	return fe_arena_strndup(context->arena, s.s, s.len);
}

/* HH:MM[:SS] */
static bool read_clock(const char *s, uint64_t *seconds)
{
	unsigned n[3] = {0, 0, 0}, have = 0;

	do {
		if (have > 0)
			s++;
		if (!digits(&s, 2, &n[have]))
			return false;
	} while (++have < 3 && *s == ':');
	*seconds = n[0] * 3600 + n[1] * 60 + n[2];
	return have > 1 && *s == '\0' && n[0] < 24 && n[1] < 60 && n[2] < 60;
}

static bool parse_clock(const struct fe_opt *opt,
			struct fe_opt_context *context,
			const struct fe_str *words, union fe_value *value)
{
	return read_clock(copy(context, words[0]), &value->u) ||
	       fe_opt_bad(opt, context, "\"%.*s\" is no time of the day",
			  (int)words[0].len, words[0].s);
}

static void put_clock(unsigned seconds, struct fe_buf *buf)
{
	fe_buf_printf(buf, "%02u:%02u:%02u", seconds / 3600,
		      seconds / 60 % 60, seconds % 60);
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

static const struct fe_type type_clock = {
	.name = "time",
	.usage = "HH:MM[:SS]",
	.parse = parse_clock,
	.print = print_nothing,
};

/* YYYY[-MM[-DD[Thh[:mm[:ss]]]]] */
static bool read_date(const char *s, uint64_t *out)
{
	static const char separators[] = "--T::";
	static const unsigned most[6] = {4, 2, 2, 2, 2, 2};
	unsigned n[6] = {1970, 1, 1, 0, 0, 0}, have = 0;
	struct tm tm = {0};
	time_t t;

	for (;;) {
		if (!digits(&s, most[have], &n[have]))
			return false;
		if (++have == 6 || *s != separators[have - 1])
			break;
		s++;
	}
	if (*s != '\0' || n[0] < 1970 || n[0] > 2038 || n[1] < 1 ||
	    n[1] > 12 || n[2] < 1 || n[2] > 31 || n[3] > 23 || n[4] > 59 ||
	    n[5] > 59)
		return false;
	tm.tm_year = (int)n[0] - 1900;
	tm.tm_mon = (int)n[1] - 1;
	tm.tm_mday = (int)n[2];
	tm.tm_hour = (int)n[3];
	tm.tm_min = (int)n[4];
	tm.tm_sec = (int)n[5];
	t = timegm(&tm);
	*out = t < 0 ? 0 : (uint64_t)t;
	return t >= 0 && t <= LAST_DATE;
}

static bool parse_date(const struct fe_opt *opt, struct fe_opt_context *context,
		       const struct fe_str *words, union fe_value *value)
{
	return read_date(copy(context, words[0]), &value->u) ||
	       fe_opt_bad(opt, context,
			  "\"%.*s\" is no date from 1970 to 2038-01-19",
			  (int)words[0].len, words[0].s);
}

static void put_date(uint64_t at, struct fe_buf *buf)
{
	time_t t = (time_t)at;
	struct tm tm;

	gmtime_r(&t, &tm);
	fe_buf_printf(buf, "%04d-%02d-%02dT", tm.tm_year + 1900, tm.tm_mon + 1,
		      tm.tm_mday);
	put_clock((unsigned)(at % DAY), buf);
}

static const struct fe_type type_date = {
	.name = "date",
	.usage = "YYYY[-MM[-DD[Thh[:mm[:ss]]]]]",
	.parse = parse_date,
	.print = print_nothing,
};

/* Of a day iptables looks at the first two characters, and passes by what is
 * empty. */
static bool next_day(struct fe_items *items, struct fe_str *day)
{
	do {
		if (!fe_items_next(items, ',', day))
			return false;
	} while (day->len == 0);
	if (day->len > 2)
		day->len = 2;
	return true;
}

static bool parse_monthdays(const struct fe_opt *opt,
			    struct fe_opt_context *context,
			    const struct fe_str *words, union fe_value *value)
{
	struct fe_items items = fe_items(words[0]);
	struct fe_str item;
	uint64_t day;

	value->u = 0;
	while (words[0].len > 0 && next_day(&items, &item)) {
		if (!fe_str_u64(item, 10, 31, &day))
			return fe_opt_bad(opt, context,
					  "\"%.*s\" is no day up to 31",
					  (int)item.len, item.s);
		value->u |= UINT64_C(1) << day;
	}
	return true;
}

static const struct fe_type type_monthdays = {
	.name = "days",
	.usage = "DAY[,DAY...]",
	.parse = parse_monthdays,
	.print = print_nothing,
};

/* In bits 1 to 7, Monday first, as the kernel has them. */
static const struct fe_name weekdays[] = {
	{"Monday", 1}, {"Tuesday", 2}, {"Wednesday", 3}, {"Thursday", 4},
	{"Friday", 5}, {"Saturday", 6}, {"Sunday", 7}, {NULL, 0},
};

static bool parse_weekdays(const struct fe_opt *opt,
			   struct fe_opt_context *context,
			   const struct fe_str *words, union fe_value *value)
{
	struct fe_items items = fe_items(words[0]);
	struct fe_str item;
	uint64_t day;

	value->u = 0;
	while (words[0].len > 0 && next_day(&items, &item)) {
		const struct fe_name *n = weekdays;

		/* Numbers above 7 are taken, and mean no day. */
		if (fe_str_u64(item, 10, UINT32_MAX, &day) && day > 0) {
			value->u |= day <= 7 ? UINT64_C(1) << day : 0;
			continue;
		}
		while (n->name != NULL &&
		       (item.len < 2 || memcmp(item.s, n->name, 2) != 0))
			n++;
		if (n->name == NULL)
			return fe_opt_unknown(opt, context, "day", item,
					      weekdays);
		value->u |= UINT64_C(1) << n->value;
	}
	return true;
}

static const struct fe_type type_weekdays = {
	.name = "weekdays",
	.usage = "DAY[,DAY...]",
	.parse = parse_weekdays,
	.print = print_nothing,
};

static const struct fe_opt opts[] = {
	[START] = {
		.name = "timestart",
		.n_args = 1,
		.type = &type_clock,
		.help = "from this time of the day on",
	},
	[STOP] = {
		.name = "timestop",
		.n_args = 1,
		.type = &type_clock,
		.help = "up to this time of the day; before --timestart: over "
			"midnight",
	},
	[MONTHDAYS] = {
		.name = "monthdays",
		.n_args = 1,
		.type = &type_monthdays,
		.flags = FE_NEG,
		.help = "on these days of a month",
	},
	[WEEKDAYS] = {
		.name = "weekdays",
		.n_args = 1,
		.type = &type_weekdays,
		.flags = FE_NEG,
		.help = "on these days of a week: Mon or 1 to Sun or 7",
	},
	[DATE_START] = {
		.name = "datestart",
		.n_args = 1,
		.type = &type_date,
		.help = "from this date on",
	},
	[DATE_STOP] = {
		.name = "datestop",
		.n_args = 1,
		.type = &type_date,
		.help = "up to this date",
	},
	[UTC] = {
		.name = "utc",
		.excludes = 1u << LOCALTZ | 1u << KERNELTZ,
		.help = "times are UTC; this is the default",
	},
	[LOCALTZ] = {
		.name = "localtz",
		.excludes = 1u << UTC,
		.help = "the old name of --kerneltz",
	},
	[KERNELTZ] = {
		.name = "kerneltz",
		.excludes = 1u << UTC,
		.help = "times are the kernel's local ones",
	},
	[CONTIGUOUS] = {
		.name = "contiguous",
		.help = "a time over midnight is one piece, of the first day",
	},
	{.name = NULL},
};

/* A match with its defaults filled in. */
struct when {
	uint64_t start, stop, date_start, date_stop;
	uint32_t monthdays, weekdays;
	bool local, contiguous;
};

static uint64_t number(const struct fe_part *part, unsigned row,
		       uint64_t otherwise)
{
	const struct fe_setting *s = fe_part_find(part, row);

	return s != NULL ? s->value.u : otherwise;
}

static uint32_t days(const struct fe_part *part, unsigned row, uint32_t all)
{
	const struct fe_setting *s = fe_part_find(part, row);

	if (s == NULL)
		return all;
	return s->neg ? all & ~(uint32_t)s->value.u : (uint32_t)s->value.u;
}

static struct when when(const struct fe_part *part)
{
	return (struct when){
		.start = number(part, START, 0),
		.stop = number(part, STOP, DAY - 1),
		.date_start = number(part, DATE_START, 0),
		.date_stop = number(part, DATE_STOP, LAST_DATE),
		.monthdays = days(part, MONTHDAYS, (uint32_t)ALL_MONTHDAYS),
		.weekdays = days(part, WEEKDAYS, ALL_WEEKDAYS),
		.local = fe_part_find(part, KERNELTZ) != NULL ||
			 fe_part_find(part, LOCALTZ) != NULL,
		.contiguous = fe_part_find(part, CONTIGUOUS) != NULL,
	};
}

static bool check(struct fe_check_context *context)
{
	struct when w = when(context->part);

	return !w.contiguous || w.start >= w.stop ||
	       fe_check_bad(context, fe_part_find(context->part, CONTIGUOUS),
			    NULL, "--contiguous is for times over midnight");
}

static void put_monthdays(uint32_t mask, struct fe_buf *buf)
{
	char separator = ' ';

	fe_buf_puts(buf, " --monthdays");
	for (unsigned day = 1; day < 32; day++) {
		if (!(mask >> day & 1))
			continue;
		fe_buf_putc(buf, separator);
		fe_buf_uint(buf, day);
		separator = ',';
	}
	if (separator == ' ') /* no day at all: two blanks */
		fe_buf_putc(buf, ' ');
}

static void put_weekdays(uint32_t mask, struct fe_buf *buf)
{
	char separator = ' ';

	fe_buf_puts(buf, " --weekdays");
	for (const struct fe_name *n = weekdays; n->name != NULL; n++) {
		if (!(mask >> n->value & 1))
			continue;
		fe_buf_printf(buf, "%c%.3s", separator, n->name);
		separator = ',';
	}
	if (separator == ' ')
		fe_buf_putc(buf, ' ');
}

static void print(const struct fe_part *part, unsigned family,
		  struct fe_buf *buf)
{
	struct when w = when(part);

	(void)family;
	if (w.start != 0 || w.stop != DAY - 1) {
		fe_buf_puts(buf, " --timestart ");
		put_clock((unsigned)w.start, buf);
		fe_buf_puts(buf, " --timestop ");
		put_clock((unsigned)w.stop, buf);
	}
	if (w.monthdays != (uint32_t)ALL_MONTHDAYS)
		put_monthdays(w.monthdays, buf);
	if (w.weekdays != ALL_WEEKDAYS)
		put_weekdays(w.weekdays, buf);
	if (w.date_start != 0) {
		fe_buf_puts(buf, " --datestart ");
		put_date(w.date_start, buf);
	}
	fe_buf_puts(buf, " --datestop ");
	put_date(w.date_stop, buf);
	if (w.local)
		fe_buf_puts(buf, " --kerneltz");
	if (w.contiguous)
		fe_buf_puts(buf, " --contiguous");
}

static enum fe_answer eval(const struct fe_part *part,
			   const struct fe_packet *packet, void *state)
{
	struct when w = when(part);
	time_t at = (time_t)(packet->time / 1000000000), day = at;
	uint64_t clock = (uint64_t)at % DAY;
	struct tm tm;

	(void)state;
	if (w.local)
		return FE_DUNNO;
	if ((uint64_t)at < w.date_start || (uint64_t)at > w.date_stop)
		return FE_NO;
	if (w.start < w.stop) {
		if (clock < w.start || clock > w.stop)
			return FE_NO;
	} else {
		if (clock < w.start && clock > w.stop)
			return FE_NO;
		/* The hours behind midnight belong to the day before. */
		if (w.contiguous && clock < w.stop)
			day -= DAY;
	}
	gmtime_r(&day, &tm);
	if (!(w.weekdays >> (tm.tm_wday == 0 ? 7 : tm.tm_wday) & 1))
		return FE_NO;
	return w.monthdays >> tm.tm_mday & 1 ? FE_YES : FE_NO;
}

const struct fe_ext fe_match_time = {
	.name = "time",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects_known = true,
	.summary = "the hour, the day, the date",
	.opts = opts,
	.check = check,
	.print = print,
	.lower = fe_lower_always_unknown,
	.eval = eval,
};
