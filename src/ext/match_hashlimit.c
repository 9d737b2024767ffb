/*
 * hashlimit: token buckets by name, one for each address, port or mixture of
 * them that a packet shows; in packets or bytes a second.
 *
 * Rules of the same name share buckets, which are made as the first of them
 * says. A run begins without any; a bucket that was idle for its expiry is
 * full again (the kernel's collector may come a little later). Bytes and
 * --hashlimit-rate-match are left unknown.
 */
#include "ext/ext.h"

#include <netinet/in.h>
#include <string.h>

#include "option/types.h"
#include "option/value.h"
#include "packet/wire.h"
#include "ruleset/rule.h"

enum {
	UPTO, ABOVE, BURST, MODE, NAME, SIZE, MAX, GCINTERVAL, EXPIRE, SRCMASK,
	DSTMASK, MATCH, INTERVAL
};
enum { DSTIP = 1, DSTPORT = 2, SRCIP = 4, SRCPORT = 8 };

#define SCALE UINT64_C(1000000) /* of a packet rate's period, a second */
#define CREDITS UINT64_C(137438953) /* the kernel's, a second/SCALE */
enum { BYTE_SHIFT = 4, DEFAULT_BURST = 5, MOST_BURST = 1000000 };
enum { BYTE_EXPIRE = 15000, BYTE_EXPIRE_BURST = 60000, DEFAULT_GC = 1000 };

/* A rate as the kernel is told it. */
struct rate {
	bool bytes;
	uint64_t cost;   /* packets: SCALE seconds a packet; bytes: credits of
			    16 bytes */
	uint32_t unit;   /* packets: seconds of the unit that was written */
	uint64_t n;      /* packets: how many a unit */
};

/* ----- rates */

static const struct fe_name units[] = {
	{"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400},
	{NULL, 0},
};

/* "4kb": digits, k or m, b. Plain digits where a b is not asked for. */
static bool read_bytes(struct fe_str s, bool ask_b, uint64_t *out)
{
	uint64_t factor = 1;
	size_t n = 0;

	while (n < s.len && s.s[n] >= '0' && s.s[n] <= '9')
		n++;
	if (n == 0 || !fe_str_u64((struct fe_str){s.s, n}, 10, UINT64_MAX, out))
		return false;
	s.s += n;
	s.len -= n;
	if (s.len == 0)
		return !ask_b;
	if (s.len == 2 && s.s[0] == 'k')
		factor = 1024;
	else if (s.len == 2 && s.s[0] == 'm')
		factor = 1024 * 1024;
	else if (s.len != 1)
		return false;
	if (s.s[s.len - 1] != 'b' || *out > UINT64_MAX / factor)
		return false;
	*out *= factor;
	return true;
}

static uint64_t byte_cost(uint64_t bytes)
{
	return UINT32_MAX / ((bytes >> BYTE_SHIFT) + 1);
}

static uint64_t cost_bytes(uint64_t cost)
{
	uint64_t r = cost != 0 ? UINT32_MAX / cost : UINT32_MAX;

	return (r - 1) << BYTE_SHIFT;
}

static bool read_packets(const struct fe_opt *opt,
			 struct fe_opt_context *context, struct fe_str word,
			 struct rate *rate)
{
	struct fe_str count, unit;
	const struct fe_name *name = units;
	size_t digits = 0;
	uint64_t n;

	if (fe_str_cut(word, '/', &count, &unit))
		while (name->name != NULL && !fe_str_abbreviates(unit, name->name))
			name++;
	if (name->name == NULL)
		return fe_opt_bad(opt, context, "unknown unit \"%.*s\"",
				  (int)unit.len, unit.s);
	/* The digits at the beginning; what stands behind them is not minded. */
	while (digits < count.len && count.s[digits] >= '0' &&
	       count.s[digits] <= '9')
		digits++;
	count.len = digits;
	if (!fe_str_u64(count, 10, UINT32_MAX, &n) || n == 0)
		return fe_opt_bad(opt, context, "\"%.*s\" is no rate",
				  (int)word.len, word.s);
	rate->unit = (uint32_t)name->value;
	if (n / rate->unit > SCALE || n > SCALE * rate->unit)
		return fe_opt_bad(opt, context,
				  "more than %u packets a second",
				  (unsigned)SCALE);
	rate->n = n;
	rate->cost = SCALE * rate->unit / n;
	return true;
}

static bool parse_rate(const struct fe_opt *opt, struct fe_opt_context *context,
		       const struct fe_str *words, union fe_value *value)
{
	struct rate *rate = fe_new(context->arena, struct rate);
	struct fe_str bytes = words[0];
	uint64_t n;

	value->ptr = rate;
	if (bytes.len > 3 &&
	    memcmp(bytes.s + bytes.len - 3, "b/s", 3) == 0) {
		bytes.len -= 2;
		if (!read_bytes(bytes, true, &n))
			return fe_opt_bad(opt, context, "\"%.*s\" is no rate",
					  (int)words[0].len, words[0].s);
		rate->bytes = true;
		rate->cost = byte_cost(n);
		return true;
	}
	return read_packets(opt, context, words[0], rate);
}

static bool parse_burst(const struct fe_opt *opt,
			struct fe_opt_context *context,
			const struct fe_str *words, union fe_value *value)
{
	return read_bytes(words[0], false, &value->u) ||
	       fe_opt_bad(opt, context, "\"%.*s\" is no number",
			  (int)words[0].len, words[0].s);
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

static const struct fe_type type_rate = {
	.name = "rate",
	.usage = "PACKETS[/UNIT] | BYTES[k|m]b/s",
	.parse = parse_rate,
	.print = print_nothing,
};

static const struct fe_type type_burst = {
	.name = "burst",
	.usage = "PACKETS | BYTES[k|m]b",
	.parse = parse_burst,
	.print = print_nothing,
};

/* ----- options */

/* In the order of saving. */
static const struct fe_name modes[] = {
	{"srcip", SRCIP}, {"srcport", SRCPORT}, {"dstip", DSTIP},
	{"dstport", DSTPORT}, {NULL, 0},
};

#define NUMBER(ROW, NAME, HELP)                                                \
	[ROW] = {.name = NAME, .n_args = 1, .type = &fe_type_number,           \
		 .help = HELP}

static const struct fe_opt opts[] = {
	[UPTO] = {
		.name = "hashlimit-upto",
		.n_args = 1,
		.aliases = {"hashlimit"},
		.type = &type_rate,
		.flags = FE_NEG | FE_EXCLUSIVE,
		.help = "match while the rate is not higher",
	},
	[ABOVE] = {
		.name = "hashlimit-above",
		.n_args = 1,
		.type = &type_rate,
		.flags = FE_NEG | FE_EXCLUSIVE,
		.help = "match when the rate is higher",
	},
	[BURST] = {
		.name = "hashlimit-burst",
		.n_args = 1,
		.type = &type_burst,
		.help = "so many match at once; 5 packets by default",
	},
	[MODE] = {
		.name = "hashlimit-mode",
		.n_args = 1,
		.type = &fe_type_words,
		.names = modes,
		.variant = FE_WORDS_EXACT,
		.help = "what has a bucket of its own: srcip, dstip, srcport, "
			"dstport; without it all share one",
	},
	[NAME] = {
		.name = "hashlimit-name",
		.n_args = 1,
		.type = &fe_type_text,
		.flags = FE_REQUIRED,
		.limits = {.min = 1, .max = 254},
		.variant = FE_TEXT_STRICT,
		.help = "the name of the buckets",
	},
	NUMBER(SIZE, "hashlimit-htable-size", "the hash table's size"),
	NUMBER(MAX, "hashlimit-htable-max", "the most buckets"),
	NUMBER(GCINTERVAL, "hashlimit-htable-gcinterval",
	       "milliseconds between two collections"),
	NUMBER(EXPIRE, "hashlimit-htable-expire",
	       "milliseconds until an idle bucket goes"),
	NUMBER(SRCMASK, "hashlimit-srcmask",
	       "the prefix length of source addresses that counts"),
	NUMBER(DSTMASK, "hashlimit-dstmask",
	       "the prefix length of destination addresses that counts"),
	[MATCH] = {
		.name = "hashlimit-rate-match",
		.help = "compare the rate itself, without a bucket",
	},
	NUMBER(INTERVAL, "hashlimit-rate-interval",
	       "seconds over which that rate is taken"),
	{.name = NULL},
};

static const struct fe_setting *limit_of(const struct fe_part *part,
					 bool *above)
{
	const struct fe_setting *s = fe_part_find(part, UPTO);

	*above = s == NULL;
	if (s == NULL)
		s = fe_part_find(part, ABOVE);
	*above ^= s->neg;
	return s;
}

static uint64_t number(const struct fe_part *part, unsigned row,
		       uint64_t otherwise)
{
	const struct fe_setting *s = fe_part_find(part, row);

	return s != NULL ? s->value.u : otherwise;
}

/* How many times the rate's bytes fit the burst, rounded up; 0: no burst. */
static uint64_t byte_burst(const struct fe_part *part, const struct rate *rate)
{
	uint64_t bytes = cost_bytes(rate->cost);
	uint64_t burst = number(part, BURST, 0);

	return bytes != 0 ? burst / bytes + (burst % bytes != 0) : 0;
}

/* The kernel's user2credits(), overflow included. */
static uint64_t credits(uint64_t user)
{
	return user * CREDITS;
}

static bool check_burst(struct fe_check_context *context,
			const struct rate *rate)
{
	const struct fe_part *part = context->part;
	const struct fe_setting *s = fe_part_find(part, BURST);
	uint64_t burst = number(part, BURST, DEFAULT_BURST);

	if (rate->bytes)
		return s == NULL || burst >= cost_bytes(rate->cost) ||
		       fe_check_bad(context, s, NULL,
				    "the burst is less than a second's %llu "
				    "bytes",
				    (unsigned long long)cost_bytes(rate->cost));
	if (burst == 0 || burst > MOST_BURST)
		return fe_check_bad(context, s, NULL,
				    "the burst is no number from 1 to %d",
				    MOST_BURST);
	return credits(rate->cost * burst) >= credits(rate->cost) ||
	       fe_check_bad(context, s, "lower --hashlimit-burst",
			    "the kernel cannot count so slow a rate with a "
			    "burst of %u", (unsigned)burst);
}

static bool check(struct fe_check_context *context)
{
	const struct fe_part *part = context->part;
	const struct fe_setting *interval = fe_part_find(part, INTERVAL);
	uint64_t full = context->family == 4 ? 32 : 128;
	bool above;

	for (unsigned row = SRCMASK; row <= DSTMASK; row++)
		if (number(part, row, 0) > full)
			return fe_check_bad(context, fe_part_find(part, row),
					    NULL, "a mask has at most %u bits",
					    (unsigned)full);
	if (interval != NULL && interval->value.u == 0)
		return fe_check_bad(context, interval, NULL,
				    "no interval is 0 seconds");
	return check_burst(context, limit_of(part, &above)->value.ptr) &&
	       fe_check_file(context, fe_part_find(part, NAME));
}

/* ----- saving */

/* n in the largest unit: one that means the same cost, or with cost 0 any
 * that is not larger than n. */
static void put_bytes(uint64_t n, uint64_t cost, struct fe_buf *buf)
{
	static const struct fe_name sizes[] = {
		{"m", 1024 * 1024}, {"k", 1024}, {"", 1},
	};
	unsigned i = 0;

	while (i < 2 && (n < sizes[i].value ||
			 (cost != 0 && cost != byte_cost(n / sizes[i].value *
							 sizes[i].value))))
		i++;
	fe_buf_printf(buf, " %llu%sb", (unsigned long long)(n / sizes[i].value),
		      sizes[i].name);
}

/* Saves a packet rate; returns its unit in milliseconds. */
static uint64_t put_rate(uint64_t cost, struct fe_buf *buf)
{
	static const struct fe_name names[] = {
		{"day", 86400 * SCALE}, {"hour", 3600 * SCALE},
		{"min", 60 * SCALE}, {"sec", SCALE},
	};
	unsigned i = 1;

	while (i < 4 && cost <= names[i].value &&
	       names[i].value / cost >= names[i].value % cost)
		i++;
	fe_buf_printf(buf, " %llu/%s",
		      (unsigned long long)(names[i - 1].value / cost),
		      names[i - 1].name);
	return names[i - 1].value / SCALE * 1000;
}

/* With --hashlimit-rate-match the interval tells the unit. */
static uint64_t put_matched_rate(uint64_t n, struct fe_buf *buf)
{
	fe_buf_printf(buf, " %llu/sec", (unsigned long long)n);
	return 1000;
}

static void put_number(const struct fe_part *part, unsigned row,
		       uint64_t hidden, struct fe_buf *buf)
{
	uint64_t n = number(part, row, hidden);

	if (n != hidden)
		fe_buf_printf(buf, " --%s %llu", opts[row].name,
			      (unsigned long long)n);
}

/* Saves rate and burst; returns the expiry that is not saved, and in
 * *expire the one that goes without the option. */
static uint64_t put_limit(const struct fe_part *part, uint64_t *expire,
			  struct fe_buf *buf)
{
	bool above;
	const struct rate *rate = limit_of(part, &above)->value.ptr;
	uint64_t burst, quiet;

	fe_buf_puts(buf, above ? " --hashlimit-above" : " --hashlimit-upto");
	if (!rate->bytes) {
		quiet = fe_part_find(part, MATCH) == NULL
				? put_rate(rate->cost, buf)
				: put_matched_rate(rate->n, buf);
		*expire = rate->unit * UINT64_C(1000);
		fe_buf_printf(buf, " --hashlimit-burst %llu",
			      (unsigned long long)number(part, BURST,
							 DEFAULT_BURST));
		return quiet;
	}
	put_bytes(cost_bytes(rate->cost), rate->cost, buf);
	fe_buf_puts(buf, "/s");
	burst = byte_burst(part, rate);
	*expire = burst > 0 ? BYTE_EXPIRE_BURST : BYTE_EXPIRE;
	if (burst > 0) {
		fe_buf_puts(buf, " --hashlimit-burst");
		put_bytes(cost_bytes(rate->cost) * burst, 0, buf);
	}
	return *expire;
}

static void put_interval(const struct fe_part *part, struct fe_buf *buf)
{
	bool above;
	const struct rate *rate = limit_of(part, &above)->value.ptr;
	uint64_t unit = rate->bytes ? 1 : rate->unit;
	uint64_t seconds = number(part, INTERVAL, unit);

	if (seconds != 1)
		fe_buf_printf(buf, " --%s %llu", opts[INTERVAL].name,
			      (unsigned long long)seconds);
}

static void print(const struct fe_part *part, unsigned family,
		  struct fe_buf *buf)
{
	const struct fe_setting *mode = fe_part_find(part, MODE);
	uint64_t full = family == 4 ? 32 : 128, expire, quiet;

	quiet = put_limit(part, &expire, buf);
	if (mode != NULL) {
		fe_buf_puts(buf, " --hashlimit-mode");
		fe_words_print(modes, mode->value.u, buf);
	}
	fe_buf_puts(buf, " --hashlimit-name");
	fe_word_print(fe_part_find(part, NAME)->value.text, buf);
	put_number(part, SIZE, 0, buf);
	put_number(part, MAX, 0, buf);
	put_number(part, GCINTERVAL, DEFAULT_GC, buf);
	expire = number(part, EXPIRE, expire);
	if (expire != quiet)
		fe_buf_printf(buf, " --hashlimit-htable-expire %llu",
			      (unsigned long long)expire);
	put_number(part, SRCMASK, full, buf);
	put_number(part, DSTMASK, full, buf);
	if (fe_part_find(part, MATCH) != NULL) {
		fe_buf_puts(buf, " --hashlimit-rate-match");
		put_interval(part, buf);
	}
}

/* ----- the buckets of a run */

enum { JIFFY = 4000000 };
#define CREDITS_PER_JIFFY UINT64_C(549755813888) /* at 250 jiffies a second */

struct bucket {
	bool used;
	struct fe_u128 src, dst;
	uint16_t sport, dport;
	uint64_t credit;
	int64_t prev;    /* jiffies */
	int64_t expires; /* jiffies */
};

struct table {
	struct fe_arena *arena;
	const struct fe_part *first; /* as it says */
	struct bucket *buckets;      /* cap of them, open addressing */
	uint32_t n, cap;
};

static const char *state_name(const struct fe_part *part)
{
	return fe_part_find(part, NAME)->value.text;
}

static void state_begin(const struct fe_part *part, struct fe_arena *arena,
			void *state)
{
	struct table *t = state;

	if (t->first != NULL)
		return;
	t->arena = arena;
	t->first = part;
	t->cap = 64;
	t->buckets = fe_new_n(arena, struct bucket, t->cap);
}

static struct fe_u128 masked(struct fe_u128 addr, const struct fe_part *part,
			     unsigned row, unsigned family)
{
	struct fe_u128 mask =
		fe_addr_mask(family, (unsigned)number(part, row,
						      family == 4 ? 32 : 128));

	return (struct fe_u128){addr.hi & mask.hi, addr.lo & mask.lo};
}

/* Where the kernel finds ports, or what it takes for them: SPIs, and bytes
 * of later IPv4 fragments. Bytes of the transport header; -1: nowhere. */
static int ports_at(const struct fe_packet *p)
{
	if (p->family == 6 && p->later_fragment)
		return -1;
	switch (p->proto) {
	case IPPROTO_TCP: case IPPROTO_UDP: case IPPROTO_DCCP:
	case IPPROTO_ESP: case IPPROTO_SCTP: case IPPROTO_UDPLITE:
		return 0;
	case IPPROTO_AH:
		return 4;
	default:
		return -1;
	}
}

/* FE_YES, or why there is no key: the kernel drops packets without room for
 * the ports. */
static enum fe_answer find_key(const struct table *t,
			       const struct fe_packet *p, struct bucket *key)
{
	uint64_t mode = number(t->first, MODE, 0);
	int at = ports_at(p);

	*key = (struct bucket){.used = true};
	if (mode & SRCIP)
		key->src = masked(p->src, t->first, SRCMASK, p->family);
	if (mode & DSTIP)
		key->dst = masked(p->dst, t->first, DSTMASK, p->family);
	if (!(mode & (SRCPORT | DSTPORT)) || at < 0)
		return FE_YES;
	if (p->l4_size < (uint32_t)at + 4)
		return FE_HOTDROP;
	if (p->caught < p->l4 + (uint32_t)at + 4)
		return FE_DUNNO;
	if (mode & SRCPORT)
		key->sport = fe_get16(p->data + p->l4 + at);
	if (mode & DSTPORT)
		key->dport = fe_get16(p->data + p->l4 + at + 2);
	return FE_YES;
}

static bool same_key(const struct bucket *a, const struct bucket *b)
{
	return fe_u128_eq(a->src, b->src) && fe_u128_eq(a->dst, b->dst) &&
	       a->sport == b->sport && a->dport == b->dport;
}

static struct bucket *slot(const struct table *t, const struct bucket *key)
{
	const uint64_t words[] = {key->src.hi, key->src.lo, key->dst.hi,
				  key->dst.lo,
				  (uint64_t)key->sport << 16 | key->dport};
	uint64_t i = fe_hash(words, sizeof(words));

	for (;; i++) {
		struct bucket *b = &t->buckets[i & (t->cap - 1)];

		if (!b->used || same_key(b, key))
			return b;
	}
}

static void grow(struct table *t)
{
	struct table old = *t;

	t->cap *= 2;
	t->buckets = fe_new_n(t->arena, struct bucket, t->cap);
	for (uint32_t i = 0; i < old.cap; i++)
		if (old.buckets[i].used)
			*slot(t, &old.buckets[i]) = old.buckets[i];
}

/* The key's bucket as it is now; a new or idle one is full. */
static struct bucket *bucket_at(struct table *t, const struct bucket *key,
				int64_t now, uint64_t cap)
{
	struct bucket *b = slot(t, key);
	uint64_t more;

	if (!b->used) {
		if (++t->n * 2 > t->cap) {
			grow(t);
			b = slot(t, key);
		}
		*b = *key;
		b->credit = cap;
	} else if (now >= b->expires) {
		b->credit = cap;
	} else if (now > b->prev) {
		more = (uint64_t)(now - b->prev);
		more = more > cap / CREDITS_PER_JIFFY + 1 ?
			       cap : more * CREDITS_PER_JIFFY;
		b->credit = b->credit + more > cap ? cap : b->credit + more;
	}
	b->prev = now;
	return b;
}

static enum fe_answer eval(const struct fe_part *part,
			   const struct fe_packet *packet, void *state)
{
	struct table *t = state;
	bool above, unused;
	const struct rate *rate = limit_of(t->first, &unused)->value.ptr;
	uint64_t cost = credits(rate->cost), expire, cap;
	int64_t now = packet->time / JIFFY;
	struct bucket key, *b;
	enum fe_answer found;

	limit_of(part, &above);
	if (rate->bytes || fe_part_find(t->first, MATCH) != NULL ||
	    fe_part_find(part, MATCH) != NULL)
		return FE_DUNNO;
	cap = credits(rate->cost * number(t->first, BURST, DEFAULT_BURST));
	expire = number(t->first, EXPIRE, rate->unit * UINT64_C(1000));
	found = find_key(t, packet, &key);
	if (found != FE_YES)
		return found;
	b = bucket_at(t, &key, now, cap);
	b->expires = now + (int64_t)(expire / 4);
	if (b->credit < cost)
		return above ? FE_YES : FE_NO;
	b->credit -= cost;
	return above ? FE_NO : FE_YES;
}

const struct fe_ext fe_match_hashlimit = {
	.name = "hashlimit",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects = FE_SHARES,
	.effects_known = true,
	.summary = "token buckets for addresses and ports",
	.opts = opts,
	.check = check,
	.print = print,
	.lower = fe_lower_always_unknown,
	.eval = eval,
	.state_size = sizeof(struct table),
	.state_name = state_name,
	.state_begin = state_begin,
};
