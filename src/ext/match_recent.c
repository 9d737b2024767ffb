/*
 * recent: lists of addresses by name, with the times they were last seen.
 *
 * Rules share a list, and a program may write it through /proc: what matches
 * depends on all that came before.
 */
#include "ext/ext.h"

#include <string.h>

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

enum {
	SET, RCHECK, UPDATE, REMOVE, SECONDS, REAP, HITCOUNT, RTTL, NAME, MASK,
	RSOURCE, RDEST
};
#define MODES (1u << SET | 1u << RCHECK | 1u << UPDATE | 1u << REMOVE)
enum { MOST_HITS = 65535 }; /* 255 before Linux 6.1 */

static bool parse_mask(const struct fe_opt *opt, struct fe_opt_context *context,
		       const struct fe_str *words, union fe_value *value)
{
	struct fe_u128 *mask = fe_new(context->arena, struct fe_u128);

	value->ptr = mask;
	return fe_addr_read(words[0], context->family, mask) ||
	       fe_opt_bad(opt, context, "\"%.*s\" is no mask",
			  (int)words[0].len, words[0].s);
}

static void print_mask(const struct fe_opt *opt,
		       const struct fe_setting *setting, unsigned family,
		       struct fe_buf *buf)
{
	(void)opt;
	fe_buf_putc(buf, ' ');
	fe_addr_print(*(const struct fe_u128 *)setting->value.ptr, family, buf);
}

static const struct fe_type type_mask = {
	.name = "mask",
	.usage = "ADDRESS",
	.parse = parse_mask,
	.print = print_mask,
};

#define MODE(ROW, NAME, HELP)                                                  \
	[ROW] = {.name = NAME, .flags = FE_NEG | FE_EXCLUSIVE, .help = HELP}

static const struct fe_opt opts[] = {
	MODE(SET, "set", "puts the address on the list; always matches"),
	MODE(RCHECK, "rcheck", "the address is on the list"),
	MODE(UPDATE, "update", "the same, and its time is set anew"),
	MODE(REMOVE, "remove", "the same, and it is taken off the list"),
	[SECONDS] = {
		.name = "seconds",
		.n_args = 1,
		.type = &fe_type_number,
		.limits = {.min = 1, .max = UINT32_MAX},
		.help = "only when it was seen in so many last seconds",
	},
	[REAP] = {
		.name = "reap",
		.needs = 1u << SECONDS,
		.help = "older addresses are taken off the list",
	},
	[HITCOUNT] = {
		.name = "hitcount",
		.n_args = 1,
		.type = &fe_type_number,
		.help = "only when it was seen so many times",
	},
	[RTTL] = {
		.name = "rttl",
		.excludes = 1u << SET | 1u << REMOVE,
		.help = "only when the TTL is the one of the last packet",
	},
	[NAME] = {
		.name = "name",
		.n_args = 1,
		.type = &fe_type_text,
		.limits = {.min = 1, .max = 199},
		.variant = FE_TEXT_STRICT,
		.help = "the list's name; DEFAULT by default",
	},
	[MASK] = {
		.name = "mask",
		.n_args = 1,
		.type = &type_mask,
		.help = "the bits of an address that count",
	},
	[RSOURCE] = {
		.name = "rsource",
		.help = "look at the source address; this is the default",
	},
	[RDEST] = {
		.name = "rdest",
		.help = "look at the destination address",
	},
	{.name = NULL},
};

/* The last three are the kernel's. */
static bool check(struct fe_check_context *context)
{
	const struct fe_part *part = context->part;
	const struct fe_setting *name = fe_part_find(part, NAME);
	const struct fe_setting *hits = fe_part_find(part, HITCOUNT);
	const struct fe_setting *seconds = fe_part_find(part, SECONDS);
	bool asks = fe_part_find(part, RCHECK) != NULL ||
		    fe_part_find(part, UPDATE) != NULL;

	if (!asks && (hits != NULL || seconds != NULL))
		return fe_check_bad(context, hits != NULL ? hits : seconds, NULL,
				    "--seconds and --hitcount need --rcheck or "
				    "--update");
	if (hits != NULL && hits->value.u > MOST_HITS)
		return fe_check_bad(context, hits, NULL,
				    "the kernel counts up to %d", MOST_HITS);
	return name == NULL || strchr(name->value.text, '/') == NULL ||
	       fe_check_bad(context, name, NULL,
			    "a list is a file of this name: no '/' in it");
}

/* The last one of --rsource and --rdest counts. */
static bool by_destination(const struct fe_part *part)
{
	const struct fe_setting *source = fe_part_find(part, RSOURCE);
	const struct fe_setting *dest = fe_part_find(part, RDEST);

	return dest != NULL && (source == NULL || dest > source);
}

static void print(const struct fe_part *part, unsigned family,
		  struct fe_buf *buf)
{
	const struct fe_setting *name = fe_part_find(part, NAME);
	const struct fe_setting *mask = fe_part_find(part, MASK);

	for (unsigned row = SET; row <= RTTL; row++) {
		const struct fe_setting *s = fe_part_find(part, row);

		if (s == NULL || (row == HITCOUNT && s->value.u == 0))
			continue;
		fe_buf_puts(buf, s->neg ? " ! --" : " --");
		fe_buf_puts(buf, opts[row].name);
		if (opts[row].type != NULL)
			opts[row].type->print(&opts[row], s, family, buf);
	}
	fe_buf_puts(buf, " --name");
	fe_word_print(name != NULL ? name->value.text : "DEFAULT", buf);
	fe_buf_puts(buf, " --mask");
	if (mask != NULL)
		print_mask(NULL, mask, family, buf);
	else
		fe_buf_puts(buf, family == 4 ? " 255.255.255.255" :
			    " ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	fe_buf_puts(buf, by_destination(part) ? " --rdest" : " --rsource");
}

const struct fe_ext fe_match_recent = {
	.name = "recent",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects = FE_SHARES,
	.effects_known = true,
	.summary = "addresses that were seen before",
	.doc = "Each list holds the last 100 addresses, with the times of "
	       "their last packets.",
	.opts = opts,
	.check = check,
	.print = print,
	.lower = fe_lower_always_unknown,
};
