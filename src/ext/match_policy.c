/*
 * policy: the IPsec policy that a packet came or will go by. Elements follow
 * one another behind --next, so options repeat. No capture tells policies:
 * unknown.
 */
#include "ext/ext.h"

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

enum {
	DIR, POL, STRICT, REQID, SPI, PROTO, MODE, TUNNEL_DST, TUNNEL_SRC, NEXT
};
enum { DIR_IN = 1, DIR_OUT, POL_IPSEC = 1, POL_NONE };
enum { MOST = 4 }; /* elements */
enum { TRANSPORT = 1, TUNNEL };

static const struct fe_name dirs[] = {
	{"in", DIR_IN}, {"out", DIR_OUT}, {NULL, 0},
};
static const struct fe_name pols[] = {
	{"ipsec", POL_IPSEC}, {"none", POL_NONE}, {NULL, 0},
};
static const struct fe_name modes[] = {
	{"transport", TRANSPORT}, {"tunnel", TUNNEL}, {NULL, 0},
};

/* Names of any protocol, but only those of IPsec are legal. */
static bool parse_proto(const struct fe_opt *opt,
			struct fe_opt_context *context,
			const struct fe_str *words, union fe_value *value)
{
	unsigned proto;

	if (!fe_proto_read(words[0], &proto) ||
	    (proto != 50 && proto != 51 && proto != 108))
		return fe_opt_bad(opt, context,
				  "\"%.*s\" is not ah, esp or ipcomp",
				  (int)words[0].len, words[0].s);
	value->u = proto;
	return true;
}

static void print_proto(const struct fe_opt *opt,
			const struct fe_setting *setting, unsigned family,
			struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	fe_buf_printf(buf, " %s",
		      fe_proto_name((unsigned)setting->value.u));
}

static const struct fe_type type_proto = {
	.name = "protocol",
	.usage = "ah|esp|ipcomp",
	.parse = parse_proto,
	.print = print_proto,
};

#define ROW(NAME, TYPE, FLAGS, HELP)                                           \
	{.name = NAME, .n_args = 1, .type = &(TYPE),                           \
	 .flags = (FLAGS) | FE_MULTI, .help = HELP}

static const struct fe_opt opts[] = {
	[DIR] = {
		.name = "dir",
		.n_args = 1,
		.type = &fe_type_word,
		.flags = FE_REQUIRED,
		.names = dirs,
		.variant = FE_WORDS_EXACT,
		.help = "in: packets that came in, out: that go out",
	},
	[POL] = {
		.name = "pol",
		.n_args = 1,
		.type = &fe_type_word,
		.names = pols,
		.variant = FE_WORDS_EXACT,
		.help = "ipsec: there is a policy (the default), none: there is none",
	},
	[STRICT] = {
		.name = "strict",
		.help = "exactly these elements, in this order",
	},
	[REQID] = ROW("reqid", fe_type_number, FE_NEG, "the request's id"),
	[SPI] = {
		.name = "spi",
		.n_args = 1,
		.type = &fe_type_number,
		.flags = FE_NEG | FE_MULTI,
		.variant = FE_NUMBER_HEX,
		.help = "the security parameters index",
	},
	[PROTO] = ROW("proto", type_proto, FE_NEG, "the protocol"),
	[MODE] = {
		.name = "mode",
		.n_args = 1,
		.type = &fe_type_word,
		.flags = FE_NEG | FE_MULTI,
		.names = modes,
		.variant = FE_WORDS_EXACT,
		.help = "transport or tunnel",
	},
	[TUNNEL_DST] = ROW("tunnel-dst", fe_type_host, FE_NEG,
			   "the tunnel's destination; needs --mode tunnel"),
	[TUNNEL_SRC] = ROW("tunnel-src", fe_type_host, FE_NEG,
			   "the tunnel's source; needs --mode tunnel"),
	[NEXT] = {
		.name = "next",
		.flags = FE_MULTI,
		.help = "the next element begins",
	},
	{.name = NULL},
};

/* The settings of an element: from *at up to the next --next. */
static const struct fe_setting *find(const struct fe_part *part, unsigned at,
				     unsigned row)
{
	for (unsigned i = at; i < part->n; i++) {
		const struct fe_setting *s = &fe_settings(part)[i];

		if (s->opt == NEXT)
			return NULL;
		if (s->opt == row)
			return s;
	}
	return NULL;
}

/* Where the element behind the one at at begins; part->n: it was the last. */
static unsigned next(const struct fe_part *part, unsigned at)
{
	while (at < part->n && fe_settings(part)[at].opt != NEXT)
		at++;
	return at < part->n ? at + 1 : at;
}

static bool is_empty(const struct fe_part *part, unsigned at)
{
	for (unsigned row = REQID; row <= TUNNEL_SRC; row++)
		if (find(part, at, row) != NULL)
			return false;
	return true;
}

static bool check_element(struct fe_check_context *context, unsigned at)
{
	const struct fe_part *part = context->part;
	const struct fe_setting *mode = find(part, at, MODE);
	bool tunnel = mode != NULL && (mode->value.u == TUNNEL) != mode->neg;
	bool strict = fe_part_find(part, STRICT) != NULL;
	uint32_t seen = 0;

	for (unsigned i = at; i < part->n; i++) {
		const struct fe_setting *s = &fe_settings(part)[i];

		if (s->opt == NEXT)
			break;
		if (seen >> s->opt & 1)
			return fe_check_bad(context, s, "--next begins another "
					    "element", "--%s is given twice",
					    opts[s->opt].name);
		seen |= 1u << s->opt;
		if (!tunnel &&
		    (s->opt == TUNNEL_SRC || s->opt == TUNNEL_DST))
			return fe_check_bad(context, s, NULL,
					    "--%s needs --mode tunnel",
					    opts[s->opt].name);
	}
	return !strict || !is_empty(part, at) ||
	       fe_check_bad(context, NULL, NULL,
			    "with --strict, an element needs an option");
}

static bool is_none(const struct fe_part *part)
{
	const struct fe_setting *pol = fe_part_find(part, POL);

	return pol != NULL && pol->value.u == POL_NONE;
}

static bool check(struct fe_check_context *context)
{
	const struct fe_part *part = context->part;
	const struct fe_setting *more = fe_part_find(part, NEXT);
	unsigned n = 0;

	if (is_none(part)) { /* a first element is forgotten */
		return (fe_part_find(part, STRICT) == NULL && more == NULL) ||
		       fe_check_bad(context, NULL, NULL,
				    "--pol none takes no --strict or --next");
	}
	if (more != NULL && fe_part_find(part, STRICT) == NULL)
		return fe_check_bad(context, more, NULL,
				    "more than one element needs --strict");
	for (unsigned at = 0;; at = next(part, at)) {
		if (++n > MOST)
			return fe_check_bad(context, NULL, NULL,
					    "more than %d elements", MOST);
		if (!check_element(context, at))
			return false;
		if (next(part, at) == part->n &&
		    (part->n == 0 ||
		     fe_settings(part)[part->n - 1].opt != NEXT))
			return true;
		if (next(part, at) == part->n)
			return check_element(context, part->n);
	}
}

static bool check_hooks(struct fe_check_context *context, unsigned hooks)
{
	const struct fe_setting *dir = fe_part_find(context->part, DIR);
	unsigned wrong = dir->value.u == DIR_IN ?
				 1u << FE_OUTPUT | 1u << FE_POSTROUTING :
				 1u << FE_PREROUTING | 1u << FE_INPUT;

	return (hooks & wrong) == 0 ||
	       fe_check_bad(context, dir, NULL,
			    "--dir %s has no meaning there",
			    dir->value.u == DIR_IN ? "in" : "out");
}

static void print_row(const struct fe_part *part, unsigned at, unsigned row,
		      unsigned family, struct fe_buf *buf)
{
	const struct fe_setting *s = find(part, at, row);

	if (s == NULL)
		return;
	fe_buf_puts(buf, s->neg ? " ! --" : " --");
	fe_buf_puts(buf, opts[row].name);
	if (opts[row].type != NULL)
		opts[row].type->print(&opts[row], s, family, buf);
}

static void print(const struct fe_part *part, unsigned family,
		  struct fe_buf *buf)
{
	fe_buf_printf(buf, " --dir %s --pol %s",
		      fe_part_find(part, DIR)->value.u == DIR_IN ? "in" : "out",
		      is_none(part) ? "none" : "ipsec");
	if (is_none(part))
		return;
	if (fe_part_find(part, STRICT) != NULL)
		fe_buf_puts(buf, " --strict");
	for (unsigned at = 0; at < part->n; at = next(part, at)) {
		if (at > 0)
			fe_buf_puts(buf, " --next");
		for (unsigned row = REQID; row <= TUNNEL_SRC; row++)
			print_row(part, at, row, family, buf);
	}
}

const struct fe_ext fe_match_policy = {
	.name = "policy",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects_known = true,
	.summary = "the IPsec policy of a packet",
	.opts = opts,
	.check = check,
	.check_hooks = check_hooks,
	.print = print,
	.lower = fe_lower_always_unknown,
};
