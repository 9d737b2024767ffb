/*
 * REJECT: discards the packet and says so. Always saved with its kind of
 * answer. A TCP reset is possible in rules with -p tcp only.
 */
#include "ext/target_reject.h"

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

struct answer {
	const char *name, *alias;
	uint8_t type, code;
	bool tcp_reset;
};

static const struct answer answers4[] = {
	{"icmp-net-unreachable", "net-unreach", 3, 0, false},
	{"icmp-host-unreachable", "host-unreach", 3, 1, false},
	{"icmp-proto-unreachable", "proto-unreach", 3, 2, false},
	{"icmp-port-unreachable", "port-unreach", 3, 3, false},
	{"icmp-net-prohibited", "net-prohib", 3, 9, false},
	{"icmp-host-prohibited", "host-prohib", 3, 10, false},
	{"tcp-reset", "tcp-rst", 0, 0, true},
	{"icmp-admin-prohibited", "admin-prohib", 3, 13, false},
	{NULL, NULL, 0, 0, false},
};

static const struct answer answers6[] = {
	{"icmp6-no-route", "no-route", 1, 0, false},
	{"icmp6-adm-prohibited", "adm-prohibited", 1, 1, false},
	{"icmp6-addr-unreachable", "addr-unreach", 1, 3, false},
	{"icmp6-port-unreachable", "port-unreach", 1, 4, false},
	{"tcp-reset", "tcp-reset", 0, 0, true},
	{"icmp6-policy-fail", "policy-fail", 1, 5, false},
	{"icmp6-reject-route", "reject-route", 1, 6, false},
	{NULL, NULL, 0, 0, false},
};

#define DEFAULT 3 /* port unreachable, in both tables */

static const struct answer *answers(unsigned family)
{
	return family == 4 ? answers4 : answers6;
}

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	const struct answer *list = answers(context->family);

	for (unsigned i = 0; list[i].name != NULL; i++) {
		/* Nothing at all is the beginning of the first. */
		if (words[0].len == 0 ||
		    fe_str_abbreviates(words[0], list[i].name) ||
		    fe_str_abbreviates(words[0], list[i].alias)) {
			value->u = i;
			return true;
		}
	}
	return fe_opt_bad(opt, context, "unknown answer \"%.*s\"",
			  (int)words[0].len, words[0].s);
}

static void print_with(const struct fe_opt *opt,
		       const struct fe_setting *setting, unsigned family,
		       struct fe_buf *buf)
{
	(void)opt;
	fe_buf_putc(buf, ' ');
	fe_buf_puts(buf, answers(family)[setting->value.u].name);
}

static const struct fe_type type_answer = {
	.name = "answer",
	.usage = "icmp-port-unreachable|tcp-reset|...",
	.parse = parse,
	.print = print_with,
};

static const struct fe_opt opts[] = {
	{
		.name = "reject-with",
		.n_args = 1,
		.type = &type_answer,
		.help = "the answer: an ICMP error or tcp-reset",
	},
	{.name = NULL},
};

static const struct answer *answer_of(const struct fe_part *part,
				      unsigned family)
{
	const struct fe_setting *with = fe_part_find(part, 0);

	return &answers(family)[with != NULL ? with->value.u : DEFAULT];
}

struct fe_reject fe_target_reject(const struct fe_part *part, unsigned family)
{
	const struct answer *answer = answer_of(part, family);

	return (struct fe_reject){
		.tcp_reset = answer->tcp_reset,
		.type = answer->type,
		.code = answer->code,
	};
}

static void print(const struct fe_part *part, unsigned family,
		  struct fe_buf *buf)
{
	fe_buf_puts(buf, " --reject-with ");
	fe_buf_puts(buf, answer_of(part, family)->name);
}

static bool check(struct fe_check_context *context)
{
	bool neg;

	if (!answer_of(context->part, context->family)->tcp_reset)
		return true;
	if (fe_rule_proto(context->rule, &neg) == 6 && !neg)
		return true;
	return fe_check_refused(context, fe_part_find(context->part, 0), NULL,
			    "tcp-reset needs -p tcp");
}

const struct fe_ext fe_target_reject_ext = {
	.name = "REJECT",
	.kind = FE_TARGET,
	.families = FE_BOTH,
	.tables = 1u << FE_FILTER,
	.hooks = 1u << FE_INPUT | 1u << FE_FORWARD | 1u << FE_OUTPUT,
	.effects = FE_EMITS,
	.effects_known = true,
	.action = FE_ACT_REJECT,
	.summary = "discards the packet and answers with an error",
	.opts = opts,
	.check = check,
	.print = print,
};
