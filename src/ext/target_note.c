/*
 * Targets after which a packet goes on, and that only tell somebody or keep
 * books: AUDIT, IDLETIMER, LED, RATEEST, ULOG; and those that write security
 * marks, which no rule reads: SECMARK, CONNSECMARK.
 */
#include "ext/ext.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

/* ----- AUDIT */

static const struct fe_name audit_types[] = {
	{"accept", 0}, {"drop", 1}, {"reject", 2}, {NULL, 0},
};

static const struct fe_opt audit_opts[] = {
	{
		.name = "type",
		.n_args = 1,
		.type = &fe_type_word,
		.flags = FE_REQUIRED,
		.names = audit_types,
		.variant = FE_WORDS_WHOLE,
		.help = "what is recorded: accept, drop or reject",
	},
	{.name = NULL},
};

const struct fe_ext fe_target_audit = {
	.name = "AUDIT",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.effects = FE_EMITS,
	.effects_known = true,
	.action = FE_ACT_CONTINUE,
	.summary = "makes an audit record",
	.opts = audit_opts,
};

/* ----- IDLETIMER */

/* A name that is never quoted, and cut where it is too long. */
static bool parse_label(const struct fe_opt *opt,
			struct fe_opt_context *context,
			const struct fe_str *words, union fe_value *value)
{
	return fe_type_text.parse(opt, context, words, value);
}

static void print_label(const struct fe_opt *opt,
			const struct fe_setting *setting, unsigned family,
			struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	fe_word_print(setting->value.text, buf);
}

static const struct fe_type type_label = {
	.name = "label",
	.usage = "NAME",
	.parse = parse_label,
	.print = print_label,
};

enum { IDLE_TIMEOUT, LABEL };

static const struct fe_opt idletimer_opts[] = {
	[IDLE_TIMEOUT] = {
		.name = "timeout",
		.n_args = 1,
		.type = &fe_type_number,
		.flags = FE_REQUIRED,
		.limits = {.min = 1, .max = 4294967},
		.help = "seconds of silence until the notification",
	},
	[LABEL] = {
		.name = "label",
		.n_args = 1,
		.type = &type_label,
		.flags = FE_REQUIRED,
		.limits = {.min = 1, .max = 27},
		.help = "the timer's name, shared by rules",
	},
	{
		.name = "alarm",
		.help = "the timer goes on while the system sleeps",
	},
	{.name = NULL},
};

/* Other files of the timers' folder in sysfs have these names. */
static bool check_label(struct fe_check_context *context)
{
	static const char *const taken[] = {"power", "subsystem", "uevent"};
	const struct fe_setting *label = fe_part_find(context->part, LABEL);
	bool bad = false;

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		bad |= strcmp(label->value.text, taken[i]) == 0;
	if (bad)
		return fe_check_refused(context, label, NULL,
					"no timer can be called \"%s\"",
					label->value.text);
	return fe_check_file(context, label);
}

const struct fe_ext fe_target_idletimer = {
	.name = "IDLETIMER",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.effects = FE_EMITS | FE_SHARES,
	.effects_known = true,
	.action = FE_ACT_CONTINUE,
	.summary = "starts a timer that tells when an interface is idle",
	.opts = idletimer_opts,
	.check = check_label,
};

/* ----- LED */

/* Milliseconds, or "inf"; 0 is the default and not saved. */
static bool parse_delay(const struct fe_opt *opt,
			struct fe_opt_context *context,
			const struct fe_str *words, union fe_value *value)
{
	value->u = UINT32_MAX;
	return fe_str_abbreviates(words[0], "inf") ||
	       fe_number_read(words[0], UINT32_MAX, &value->u) ||
	       fe_opt_bad(opt, context, "\"%.*s\" is no number",
			  (int)words[0].len, words[0].s);
}

static void print_delay(const struct fe_opt *opt,
			const struct fe_setting *setting, unsigned family,
			struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	if (setting->value.u == UINT32_MAX)
		fe_buf_puts(buf, " inf");
	else if (setting->value.u != 0)
		fe_buf_printf(buf, " %u", (unsigned)setting->value.u);
}

static const struct fe_type type_delay = {
	.name = "delay",
	.usage = "MILLISECONDS|inf",
	.parse = parse_delay,
	.print = print_delay,
};

/* A name that is always saved in quotes. */
static bool parse_quoted(const struct fe_opt *opt,
			 struct fe_opt_context *context,
			 const struct fe_str *words, union fe_value *value)
{
	return fe_type_text.parse(opt, context, words, value);
}

static void print_quoted(const struct fe_opt *opt,
			 const struct fe_setting *setting, unsigned family,
			 struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	fe_buf_printf(buf, " \"%s\"", setting->value.text);
}

static const struct fe_type type_quoted = {
	.name = "text",
	.usage = "TEXT",
	.parse = parse_quoted,
	.print = print_quoted,
};

static const struct fe_opt led_opts[] = {
	{
		.name = "led-trigger-id",
		.n_args = 1,
		.type = &type_quoted,
		.flags = FE_REQUIRED,
		.limits = {.max = 12},
		.variant = FE_TEXT_STRICT,
		.help = "the end of the LED trigger's name",
	},
	{
		.name = "led-delay",
		.n_args = 1,
		.type = &type_delay,
		.help = "how long the LED stays on",
	},
	{
		.name = "led-always-blink",
		.help = "blink also while it is on",
	},
	{.name = NULL},
};

const struct fe_ext fe_target_led = {
	.name = "LED",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.effects = FE_EMITS,
	.effects_known = true,
	.action = FE_ACT_CONTINUE,
	.summary = "lights a LED",
	.opts = led_opts,
};

/* ----- RATEEST */

/* A time in microseconds: NUMBER and s, ms or us. */
static bool read_time(struct fe_str word, uint64_t *us)
{
	char text[32], *end;
	double n, unit = 1e6;

	if (word.len == 0 || word.len >= sizeof(text))
		return false;
	memcpy(text, word.s, word.len);
	text[word.len] = '\0';
	n = strtod(text, &end);
	if (strcmp(end, "ms") == 0 || strcmp(end, "msec") == 0 ||
	    strcmp(end, "msecs") == 0)
		unit = 1e3;
	else if (strcmp(end, "us") == 0 || strcmp(end, "usec") == 0 ||
		 strcmp(end, "usecs") == 0)
		unit = 1;
	else if (*end != '\0' && strcmp(end, "s") != 0 &&
		 strcmp(end, "sec") != 0 && strcmp(end, "secs") != 0)
		return false;
	n *= unit;
	*us = n >= 0 && n <= UINT32_MAX ? (uint64_t)n : 0;
	return end != text && n >= 0 && n <= UINT32_MAX;
}

static bool parse_time(const struct fe_opt *opt, struct fe_opt_context *context,
		       const struct fe_str *words, union fe_value *value)
{
	return read_time(words[0], &value->u) ||
	       fe_opt_bad(opt, context, "\"%.*s\" is no time",
			  (int)words[0].len, words[0].s);
}

static void put_time(uint64_t us, struct fe_buf *buf)
{
	double t = (double)us;

	if (us >= 1000000)
		fe_buf_printf(buf, " %.1fs", t / 1e6);
	else if (us >= 1000)
		fe_buf_printf(buf, " %.1fms", t / 1e3);
	else
		fe_buf_printf(buf, " %uus", (unsigned)us);
}

static void print_nothing(const struct fe_opt *opt,
			  const struct fe_setting *setting, unsigned family,
			  struct fe_buf *buf)
{
	(void)opt;
	(void)setting;
	(void)family;
	(void)buf;
}

static const struct fe_type type_time = {
	.name = "time",
	.usage = "NUMBER[s|ms|us]",
	.parse = parse_time,
	.print = print_nothing,
};

enum { NAME, INTERVAL, EWMALOG };

static const struct fe_opt rateest_opts[] = {
	[NAME] = {
		.name = "rateest-name",
		.n_args = 1,
		.type = &fe_type_text,
		.flags = FE_REQUIRED,
		.limits = {.min = 1, .max = 15},
		.variant = FE_TEXT_STRICT,
		.help = "the estimator's name",
	},
	[INTERVAL] = {
		.name = "rateest-interval",
		.n_args = 1,
		.type = &type_time,
		.flags = FE_REQUIRED,
		.help = "how often it measures: 0.25 s times a power of two",
	},
	[EWMALOG] = {
		.name = "rateest-ewmalog",
		.n_args = 1,
		.type = &type_time,
		.flags = FE_REQUIRED,
		.help = "the time over which it averages",
	},
	{.name = NULL},
};

#define QUARTER 250000u /* microseconds */

/* The kernel's steps of the interval: a quarter second times 1 to 32. */
static bool interval_of(uint64_t us, unsigned *step)
{
	for (*step = 0; *step <= 5; ++*step)
		if (us <= (uint64_t)QUARTER << *step)
			return true;
	return false;
}

/* The kernel's logarithm of the averaging time, in intervals. */
static bool ewmalog_of(uint64_t us, unsigned interval, unsigned *steps)
{
	double t = (double)us, w = (double)((uint64_t)QUARTER << interval);

	for (*steps = 1; *steps < 32; ++*steps) {
		double a = 1.0 - 1.0 / (double)(UINT64_C(1) << *steps);

		if (w / -log(a) > t)
			break;
	}
	--*steps;
	return *steps > 0 && *steps < 31;
}

static bool check_rateest(struct fe_check_context *context)
{
	const struct fe_setting *i = fe_part_find(context->part, INTERVAL);
	const struct fe_setting *e = fe_part_find(context->part, EWMALOG);
	unsigned step, steps;

	if (!interval_of(i->value.u, &step))
		return fe_check_bad(context, i, NULL,
				    "the interval is at most 8 s");
	return ewmalog_of(e->value.u, step, &steps) ||
	       fe_check_bad(context, e, NULL,
			    "the averaging time does not fit the interval");
}

static void print_rateest(const struct fe_part *part, unsigned family,
			  struct fe_buf *buf)
{
	unsigned step = 0, steps = 0;

	(void)family;
	interval_of(fe_part_find(part, INTERVAL)->value.u, &step);
	ewmalog_of(fe_part_find(part, EWMALOG)->value.u, step, &steps);
	fe_buf_printf(buf, " --rateest-name %s --rateest-interval",
		      fe_part_find(part, NAME)->value.text);
	put_time((uint64_t)QUARTER << step, buf);
	fe_buf_puts(buf, " --rateest-ewmalog");
	put_time((uint64_t)QUARTER << (step + steps), buf);
}

const struct fe_ext fe_target_rateest = {
	.name = "RATEEST",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.effects = FE_SHARES,
	.effects_known = true,
	.action = FE_ACT_CONTINUE,
	.summary = "feeds an estimator of the rate, for -m rateest",
	.opts = rateest_opts,
	.check = check_rateest,
	.print = print_rateest,
};

/* ----- ULOG */

static const struct fe_opt ulog_opts[] = {
	{
		.name = "ulog-nlgroup",
		.n_args = 1,
		.type = &fe_type_number,
		.limits = {.min = 1, .max = 32},
		.help = "the netlink group that receives it",
	},
	{
		.name = "ulog-cprange",
		.n_args = 1,
		.type = &fe_type_number,
		.help = "bytes of the packet that are copied",
	},
	{
		.name = "ulog-qthreshold",
		.n_args = 1,
		.type = &fe_type_number,
		.limits = {.min = 1, .max = 50},
		.help = "packets that are gathered before they are sent",
	},
	{
		.name = "ulog-prefix",
		.n_args = 1,
		.type = &fe_type_text,
		.limits = {.max = 32},
		.variant = FE_TEXT_STRICT,
		.help = "text that goes with the packet",
	},
	{.name = NULL},
};

static void print_ulog(const struct fe_part *part, unsigned family,
		       struct fe_buf *buf)
{
	static const struct {
		unsigned row;
		uint64_t hidden;
	} rows[] = {{3, 0}, {0, 1}, {1, 0}, {2, 1}};

	for (unsigned i = 0; i < 4; i++) {
		const struct fe_opt *opt = &ulog_opts[rows[i].row];
		const struct fe_setting *s = fe_part_find(part, rows[i].row);

		if (s == NULL || (rows[i].row != 3 &&
				  s->value.u == rows[i].hidden))
			continue;
		fe_buf_printf(buf, " --%s", opt->name);
		opt->type->print(opt, s, family, buf);
	}
}

const struct fe_ext fe_target_ulog = {
	.name = "ULOG",
	.kind = FE_TARGET,
	.families = FE_V4,
	.effects = FE_EMITS,
	.effects_known = true,
	.action = FE_ACT_CONTINUE,
	.summary = "sends a copy to a program; kernels from 3.17 on lack it",
	.opts = ulog_opts,
	.print = print_ulog,
};

/* ----- security marks */

#define SECURITY_TABLES (1u << FE_MANGLE | 1u << FE_SECURITY)

static const struct fe_opt secmark_opts[] = {
	{
		.name = "selctx",
		.n_args = 1,
		.type = &fe_type_text,
		.flags = FE_REQUIRED,
		.limits = {.min = 1, .max = 255},
		.variant = FE_TEXT_STRICT,
		.help = "the SELinux security context",
	},
	{.name = NULL},
};

/* Saved bare, whatever stands in it. */
static void print_secmark(const struct fe_part *part, unsigned family,
			  struct fe_buf *buf)
{
	(void)family;
	fe_buf_puts(buf, " --selctx");
	fe_word_print(fe_part_find(part, 0)->value.text, buf);
}

const struct fe_ext fe_target_secmark = {
	.name = "SECMARK",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.tables = SECURITY_TABLES,
	.effects = FE_MANGLES,
	.effects_known = true,
	.action = FE_ACT_CONTINUE,
	.summary = "sets the packet's security mark",
	.opts = secmark_opts,
	.print = print_secmark,
};

static const struct fe_opt connsecmark_opts[] = {
	{
		.name = "save",
		.flags = FE_EXCLUSIVE,
		.help = "copies the packet's security mark to the connection",
	},
	{
		.name = "restore",
		.flags = FE_EXCLUSIVE,
		.help = "copies the connection's security mark to the packet",
	},
	{.name = NULL},
};

const struct fe_ext fe_target_connsecmark = {
	.name = "CONNSECMARK",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.tables = SECURITY_TABLES,
	.effects = FE_TRIGGERS | FE_READS_CT | FE_WRITES_CT | FE_MANGLES,
	.effects_known = true,
	.action = FE_ACT_CONTINUE,
	.summary = "copies security marks between packet and connection",
	.opts = connsecmark_opts,
};
