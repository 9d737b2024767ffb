/*
 * recent: lists of addresses by name, with the times they were last seen.
 *
 * Rules of the same name share a list; it begins empty. (A program may write
 * it through /proc, which is not followed.) The newest LIST_SIZE addresses are
 * kept, each with its last times in jiffies.
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
	return name == NULL || fe_check_file(context, name);
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

/* ----- the lists of a run */

enum { LIST_SIZE = 100, STAMPS = 32, JIFFY = 4000000 };

struct seen {
	struct fe_u128 addr;
	uint64_t used;   /* when it was last touched: the least goes first */
	uint32_t n, next; /* stamps there are; where the next one goes */
	uint8_t ttl;
	int64_t *stamps; /* a ring of list->n_stamps */
};

struct list {
	struct fe_arena *arena;
	struct fe_u128 mask;
	uint32_t n_stamps;
	uint32_t n;
	uint64_t clock;
	struct seen seen[LIST_SIZE];
};

static const char *state_name(const struct fe_part *part)
{
	const struct fe_setting *name = fe_part_find(part, NAME);

	return name != NULL ? name->value.text : "DEFAULT";
}

/* Room for as many times as a rule counts hits, in a power of two: the first
 * rule decides, and later ones that count more. */
static void state_begin(const struct fe_part *part, struct fe_arena *arena,
			void *state)
{
	const struct fe_setting *mask = fe_part_find(part, MASK);
	const struct fe_setting *hits = fe_part_find(part, HITCOUNT);
	uint64_t most = hits != NULL ? hits->value.u : 0;
	uint32_t n = most != 0 ? 1 : STAMPS;
	struct list *l = state;

	while (n < most)
		n *= 2;
	if (l->arena == NULL) {
		l->arena = arena;
		l->mask = (struct fe_u128){UINT64_MAX, UINT64_MAX};
		if (mask != NULL)
			l->mask = *(const struct fe_u128 *)mask->value.ptr;
		l->n_stamps = n;
	} else if (most > l->n_stamps - 1) {
		l->n_stamps = n;
	}
}

static struct seen *find(struct list *l, struct fe_u128 addr, uint8_t ttl)
{
	for (uint32_t i = 0; i < l->n; i++) {
		struct seen *e = &l->seen[i];

		if (fe_u128_eq(e->addr, addr) &&
		    (ttl == 0 || e->ttl == 0 || e->ttl == ttl))
			return e;
	}
	return NULL;
}

static struct seen *oldest(struct list *l)
{
	struct seen *old = &l->seen[0];

	for (uint32_t i = 1; i < l->n; i++)
		if (l->seen[i].used < old->used)
			old = &l->seen[i];
	return old;
}

static void forget(struct list *l, struct seen *e)
{
	int64_t *stamps = e->stamps;

	*e = l->seen[--l->n];
	l->seen[l->n].stamps = stamps; /* for the next one there */
}

static void touch(struct list *l, struct seen *e, int64_t now)
{
	e->next &= l->n_stamps - 1;
	e->stamps[e->next++] = now;
	if (e->next > e->n)
		e->n = e->next;
	e->used = ++l->clock;
}

static void add(struct list *l, struct fe_u128 addr, uint8_t ttl, int64_t now)
{
	struct seen *e;

	if (l->n == LIST_SIZE)
		forget(l, oldest(l));
	e = &l->seen[l->n++];
	if (e->stamps == NULL)
		e->stamps = fe_new_n(l->arena, int64_t, l->n_stamps);
	e->addr = addr;
	e->ttl = ttl;
	e->n = e->next = 0;
	touch(l, e, now);
}

/* Whether it was seen often enough, in the last seconds if they are given. */
static bool is_hit(const struct seen *e, int64_t since, bool timed,
		   uint64_t hits)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < e->n; i++) {
		if (timed && e->stamps[i] < since)
			continue;
		if (hits == 0 || ++n >= hits)
			return true;
	}
	return false;
}

/* The first one on the list goes when its last time is long past. */
static void reap(struct list *l, int64_t since, const struct seen *working)
{
	struct seen *e = oldest(l);

	if (e != working && e->stamps[e->next - 1] < since)
		forget(l, e);
}

static uint64_t number(const struct fe_part *part, unsigned row)
{
	const struct fe_setting *s = fe_part_find(part, row);

	return s != NULL ? s->value.u : 0;
}

static enum fe_answer eval(const struct fe_part *part,
			   const struct fe_packet *packet, void *state)
{
	struct list *l = state;
	const struct fe_setting *mode = NULL;
	struct fe_u128 addr = by_destination(part) ? packet->dst : packet->src;
	int64_t now = packet->time / JIFFY, since;
	bool timed = fe_part_find(part, SECONDS) != NULL, yes = false;
	/* Forwarding has taken one off already. */
	uint8_t ttl = (uint8_t)(packet->ttl +
				(packet->iif != 0 && packet->oif != 0));
	bool by_ttl = fe_part_find(part, RTTL) != NULL;
	struct seen *e;

	for (unsigned row = SET; row <= REMOVE && mode == NULL; row++)
		mode = fe_part_find(part, row);
	addr.hi &= l->mask.hi;
	addr.lo &= l->mask.lo;
	since = now - (int64_t)number(part, SECONDS) * (1000000000 / JIFFY);
	e = find(l, addr, by_ttl ? ttl : 0);
	if (e == NULL) {
		if (mode->opt == SET)
			add(l, addr, ttl, now);
		yes = mode->opt == SET;
	} else if (mode->opt == SET) {
		yes = true;
	} else if (mode->opt == REMOVE) {
		forget(l, e);
		return !mode->neg ? FE_YES : FE_NO;
	} else {
		yes = is_hit(e, since, timed, number(part, HITCOUNT));
		if (fe_part_find(part, REAP) != NULL)
			reap(l, since,
			     mode->opt == UPDATE && yes != mode->neg ? e : NULL);
		e = find(l, addr, by_ttl ? ttl : 0);
	}
	yes = yes != mode->neg;
	if (e != NULL && (mode->opt == SET || (mode->opt == UPDATE && yes))) {
		touch(l, e, now);
		e->ttl = ttl;
	}
	return yes ? FE_YES : FE_NO;
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
	.eval = eval,
	.state_size = sizeof(struct list),
	.state_name = state_name,
	.state_begin = state_begin,
};
