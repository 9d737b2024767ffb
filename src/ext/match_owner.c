/*
 * owner: the socket that sends a packet, by user and group.
 *
 * The engine knows the user at best; what it doesn't know stays unknown.
 */
#include "ext/ext.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

#define ID_MAX (UINT32_MAX - 1)

enum { USER, GROUP }; /* opt->variant */
enum { SOCKET, UID, GID, SUPPLEMENTARY };

/* The number of a user or group name of this machine. */
static bool by_name(struct fe_str word, unsigned variant, uint32_t *id)
{
	char name[64], space[4096];
	struct passwd user, *found = NULL;
	struct group group, *found_group = NULL;

	if (word.len == 0 || word.len >= sizeof(name))
		return false;
	memcpy(name, word.s, word.len);
	name[word.len] = '\0';
	if (variant == USER) {
		if (getpwnam_r(name, &user, space, sizeof(space), &found) ||
		    found == NULL)
			return false;
		*id = found->pw_uid;
		return true;
	}
	if (getgrnam_r(name, &group, space, sizeof(space), &found_group) ||
	    found_group == NULL)
		return false;
	*id = found_group->gr_gid;
	return true;
}

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	struct fe_str lo, hi;
	uint64_t a, b;

	if (by_name(words[0], opt->variant, &value->range.lo)) {
		value->range.hi = value->range.lo;
		return true;
	}
	if (!fe_str_cut(words[0], '-', &lo, &hi))
		hi = lo;
	if (!fe_number_read(lo, ID_MAX, &a) || !fe_number_read(hi, ID_MAX, &b) ||
	    a > b)
		return fe_opt_bad(opt, context,
				  "\"%.*s\" is not a number, range or name",
				  (int)words[0].len, words[0].s);
	value->range.lo = (uint32_t)a;
	value->range.hi = (uint32_t)b;
	return true;
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	fe_buf_printf(buf, " %u", setting->value.range.lo);
	if (setting->value.range.hi != setting->value.range.lo)
		fe_buf_printf(buf, "-%u", setting->value.range.hi);
}

static const struct fe_type type_id = {
	.name = "user or group",
	.usage = "ID[-ID]|NAME",
	.parse = parse,
	.print = print,
};

static const struct fe_opt opts[] = {
	[SOCKET] = {
		.name = "socket-exists",
		.flags = FE_NEG,
		.help = "the packet comes from a socket of this host",
	},
	[UID] = {
		.name = "uid-owner",
		.n_args = 1,
		.type = &type_id,
		.flags = FE_NEG,
		.variant = USER,
		.help = "the socket belongs to this user",
	},
	[GID] = {
		.name = "gid-owner",
		.n_args = 1,
		.type = &type_id,
		.flags = FE_NEG,
		.variant = GROUP,
		.help = "the socket belongs to this group",
	},
	[SUPPLEMENTARY] = {
		.name = "suppl-groups",
		.needs = 1u << GID,
		.help = "--gid-owner looks at supplementary groups too",
	},
	{.name = NULL},
};

/* iptables reads --suppl-groups only behind --gid-owner. */
static bool check_order(struct fe_check_context *context)
{
	const struct fe_setting *gid = fe_part_find(context->part, GID);
	const struct fe_setting *more =
		fe_part_find(context->part, SUPPLEMENTARY);

	return more == NULL || more > gid ||
	       fe_check_bad(context, more, NULL,
			    "--suppl-groups comes behind --gid-owner");
}

static bool check(struct fe_check_context *context)
{
	if (!check_order(context))
		return false;
	return context->part->n > 0 ||
	       fe_check_bad(context, NULL, NULL, "-m owner needs an option");
}

static enum fe_answer eval(const struct fe_part *part,
			   const struct fe_packet *packet, void *state)
{
	const struct fe_setting *uid = fe_part_find(part, UID);
	bool in;

	(void)state;
	if (uid == NULL || part->n != 1 || packet->uid == UINT32_MAX)
		return FE_DUNNO;
	in = uid->value.range.lo <= packet->uid &&
	     packet->uid <= uid->value.range.hi;
	return in != uid->neg ? FE_YES : FE_NO;
}

const struct fe_ext fe_match_owner = {
	.name = "owner",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.hooks = 1u << FE_OUTPUT | 1u << FE_POSTROUTING,
	.effects_known = true,
	.summary = "the socket that sends a packet, by user and group",
	.opts = opts,
	.check = check,
	.eval = eval,
};
