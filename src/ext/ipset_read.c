/*
 * Reading `ipset save` text: lines "create NAME TYPE OPTION..." and "add NAME
 * ENTRY OPTION...".
 *
 * The lines are plain words, so no grammar is needed. Options that change no
 * membership (hashsize, timeout, counters, comment ...) are passed over.
 * Entries may be written as ranges or networks; they are spread out as the
 * kernel stores them. Every mistake is reported and the rest still read.
 */
#include "ext/ipset_set.h"

#include <string.h>

#include "ext/ext.h"
#include "option/types.h"
#include "option/value.h"

/* Most entries that one line may stand for: a hash:ip /12. */
#define SPREAD_MAX (1u << 20)
#define NAME_LEN_MAX 31

struct reader {
	struct fe_ipsets *sets;
	struct fe_diags *diags;
	uint32_t source;
	const char *text;      /* of the whole source */
	struct fe_str rest;    /* of the line, not yet read */
	size_t before;         /* entries of its set before an add line */
};

static struct fe_diag *report(struct reader *r, struct fe_str at,
			      const char *what)
{
	struct fe_span span = {r->source, (uint32_t)(at.s - r->text),
			       (uint32_t)at.len};

	return fe_diag(r->diags, FE_ERROR, NULL, span, "%s", what);
}

/* The next word; quotes hold blanks together. False at the line's end. */
static bool next_word(struct reader *r, struct fe_str *word)
{
	struct fe_str s = fe_str_skip_blanks(r->rest);
	size_t i = 0;
	bool quoted = false;

	for (; i < s.len; i++) {
		if (s.s[i] == '"')
			quoted = !quoted;
		else if (s.s[i] == '\\' && quoted && i + 1 < s.len)
			i++;
		else if (!quoted && (s.s[i] == ' ' || s.s[i] == '\t' ||
				     s.s[i] == '\r'))
			break;
	}
	*word = (struct fe_str){s.s, i};
	r->rest = (struct fe_str){s.s + i, s.len - i};
	return i > 0;
}

static const struct {
	const char *type;
	enum fe_ipset_kind kind;
} kinds[] = {
	{"hash:ip", FE_SET_IP}, {"iphash", FE_SET_IP},
	{"hash:net", FE_SET_NET}, {"nethash", FE_SET_NET},
	{"hash:ip,port", FE_SET_IP_PORT}, {"ipporthash", FE_SET_IP_PORT},
};

/* The options of "create" that matter. */
static bool create_options(struct reader *r, struct fe_ipset *set)
{
	struct fe_str word, value;
	uint64_t bits;

	while (next_word(r, &word)) {
		if (fe_str_is(word, "family") && next_word(r, &value)) {
			if (!fe_str_is(value, "inet") &&
			    !fe_str_is(value, "inet6"))
				return report(r, value, "neither inet nor "
					      "inet6") == NULL;
			set->family = fe_str_is(value, "inet6") ? 6 : 4;
		} else if (fe_str_is(word, "netmask") &&
			   next_word(r, &value)) {
			if (!fe_str_u64(value, 10, 128, &bits) || bits == 0)
				return report(r, value, "not the length of a "
					      "netmask") == NULL;
			set->netmask = (unsigned)bits;
		} else if (fe_str_is(word, "bitmask")) {
			set->kind = FE_SET_OPAQUE;
		}
	}
	return true;
}

static bool read_create(struct reader *r)
{
	struct fe_ipset *set;
	struct fe_str name, type;

	if (!next_word(r, &name) || !next_word(r, &type))
		return report(r, r->rest, "create needs a name and a type") ==
		       NULL;
	if (name.len > NAME_LEN_MAX)
		return report(r, name, "a set's name has at most 31 bytes") ==
		       NULL;
	if (fe_map_get(&r->sets->by_name, name) != NULL)
		return report(r, name, "there is a set of this name already") ==
		       NULL;
	set = fe_calloc(1, sizeof(*set));
	set->name = fe_arena_strndup(r->sets->arena, name.s, name.len);
	set->type = fe_arena_strndup(r->sets->arena, type.s, type.len);
	set->family = 4;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (fe_str_is(type, kinds[i].type))
			set->kind = kinds[i].kind;
	}
	fe_vec_push(&r->sets->all, set);
	fe_map_set(&r->sets->by_name, fe_str(set->name), set);
	return create_options(r, set);
}

/* Pushes all prefix-long blocks from entry->addr to last. */
static bool spread(struct reader *r, struct fe_ipset *set, struct fe_str at,
		   struct fe_ipset_entry entry, struct fe_u128 last)
{
	struct fe_u128 mask = fe_addr_mask(set->family, entry.prefix);
	unsigned shift = (set->family == 4 ? 32u : 128u) - entry.prefix;

	for (;;) {
		entry.addr.hi &= mask.hi;
		entry.addr.lo &= mask.lo;
		if (set->entries.n - r->before == SPREAD_MAX)
			return report(r, at, "this range has too many "
				      "entries") == NULL;
		fe_vec_push(&set->entries, entry);
		/* The next block; only the low half grows (SPREAD_MAX). */
		uint64_t step = shift < 64 ? (uint64_t)1 << shift : 0;
		struct fe_u128 next = {entry.addr.hi, entry.addr.lo + step};

		if (next.lo < entry.addr.lo)
			next.hi++;
		if (step == 0 || !fe_u128_le(next, last) ||
		    fe_u128_le(next, entry.addr))
			return true;
		entry.addr = next;
	}
}

/* The largest block that begins at addr and does not pass last. */
static unsigned block_at(unsigned family, struct fe_u128 addr,
			 struct fe_u128 last)
{
	unsigned bits = family == 4 ? 32 : 128;
	struct fe_u128 ones = fe_addr_mask(family, bits);

	while (bits > 1) {
		struct fe_u128 mask = fe_addr_mask(family, bits - 1);
		struct fe_u128 end = {addr.hi | (ones.hi & ~mask.hi),
				      addr.lo | (ones.lo & ~mask.lo)};

		if ((addr.hi & ~mask.hi & ones.hi) != 0 ||
		    (addr.lo & ~mask.lo & ones.lo) != 0 ||
		    !fe_u128_le(end, last))
			break;
		bits--;
	}
	return bits;
}

/* A range in a hash:net becomes the networks that it consists of. */
static bool spread_nets(struct reader *r, struct fe_ipset *set,
			struct fe_str at, struct fe_ipset_entry entry,
			struct fe_u128 last)
{
	struct fe_u128 ones = fe_addr_mask(set->family,
					   set->family == 4 ? 32 : 128);

	for (unsigned n = 0; n < 256; n++) {
		struct fe_u128 mask, end;

		entry.prefix = (uint8_t)block_at(set->family, entry.addr,
						 last);
		fe_vec_push(&set->entries, entry);
		mask = fe_addr_mask(set->family, entry.prefix);
		end.hi = entry.addr.hi | (ones.hi & ~mask.hi);
		end.lo = entry.addr.lo | (ones.lo & ~mask.lo);
		if (fe_u128_le(last, end))
			return true;
		entry.addr = end;
		if (++entry.addr.lo == 0)
			entry.addr.hi++;
	}
	return report(r, at, "this range has too many entries") == NULL;
}

/* ADDR, ADDR/BITS or ADDR-ADDR. */
static bool read_range(const struct fe_ipset *set, struct fe_str word,
		       struct fe_u128 *first, struct fe_u128 *last,
		       unsigned *prefix)
{
	unsigned full = set->family == 4 ? 32 : 128;
	struct fe_u128 ones = fe_addr_mask(set->family, full), mask;
	struct fe_str a, b;
	uint64_t bits;

	*prefix = full;
	if (fe_str_cut(word, '-', &a, &b)) {
		*prefix = 0;
		return fe_addr_read(a, set->family, first) &&
		       fe_addr_read(b, set->family, last) &&
		       fe_u128_le(*first, *last);
	}
	if (fe_str_cut(word, '/', &a, &b)) {
		if (!fe_str_u64(b, 10, full, &bits) || bits == 0)
			return false;
		*prefix = (unsigned)bits;
	}
	if (!fe_addr_read(a, set->family, first))
		return false;
	mask = fe_addr_mask(set->family, *prefix);
	first->hi &= mask.hi;
	first->lo &= mask.lo;
	last->hi = first->hi | (ones.hi & ~mask.hi);
	last->lo = first->lo | (ones.lo & ~mask.lo);
	return true;
}

/* [PROTO:]PORT[-PORT]; ICMP has TYPE/CODE. */
static bool read_port(struct fe_str word, unsigned *proto, uint64_t *lo,
		      uint64_t *hi)
{
	struct fe_str name, ports, a, b;
	uint64_t type, code;

	*proto = 6;
	if (fe_str_cut(word, ':', &name, &ports)) {
		if (!fe_proto_read(name, proto))
			return false;
	} else {
		ports = name;
	}
	if (fe_str_cut(ports, '/', &a, &b)) {
		if (!fe_str_u64(a, 10, 255, &type) ||
		    !fe_str_u64(b, 10, 255, &code))
			return false;
		*lo = *hi = type << 8 | code;
		return *proto == 1 || *proto == 58;
	}
	if (!fe_str_cut(ports, '-', &a, &b))
		b = a;
	return fe_str_u64(a, 10, 65535, lo) && fe_str_u64(b, 10, 65535, hi) &&
	       *lo <= *hi;
}

static bool add_ports(struct reader *r, struct fe_ipset *set,
		      struct fe_str at, struct fe_ipset_entry entry,
		      struct fe_u128 last, struct fe_str ports)
{
	unsigned proto;
	uint64_t lo, hi;

	if (!read_port(ports, &proto, &lo, &hi))
		return report(r, ports, "not PROTOCOL:PORT") == NULL;
	entry.proto = (uint8_t)proto;
	for (uint64_t port = lo; port <= hi; port++) {
		entry.port = (uint16_t)port;
		if (!spread(r, set, at, entry, last))
			return false;
	}
	return true;
}

static bool add_entry(struct reader *r, struct fe_ipset *set,
		      struct fe_str word, bool no_match)
{
	unsigned full = set->family == 4 ? 32 : 128, prefix;
	struct fe_ipset_entry entry = {.no_match = no_match};
	struct fe_str addr, ports;
	struct fe_u128 last;
	bool has_ports = fe_str_cut(word, ',', &addr, &ports);

	r->before = set->entries.n;
	if (!read_range(set, addr, &entry.addr, &last, &prefix))
		return report(r, addr, "not an address, network or range of "
			      "the set's family") == NULL;
	if (has_ports != (set->kind == FE_SET_IP_PORT))
		return report(r, word, "not an entry for a set of this type") ==
		       NULL;
	if (set->kind == FE_SET_NET && prefix == 0)
		return spread_nets(r, set, word, entry, last);
	if (set->kind == FE_SET_NET) {
		entry.prefix = (uint8_t)prefix;
		fe_vec_push(&set->entries, entry);
		return true;
	}
	if (set->netmask != 0 && set->netmask < full)
		full = set->netmask;
	entry.prefix = (uint8_t)full;
	if (has_ports)
		return add_ports(r, set, word, entry, last, ports);
	return spread(r, set, word, entry, last);
}

static bool read_add(struct reader *r)
{
	struct fe_str name, entry, word;
	struct fe_ipset *set;
	bool no_match = false;

	if (!next_word(r, &name) || !next_word(r, &entry))
		return report(r, r->rest, "add needs a set and an entry") ==
		       NULL;
	set = fe_map_get(&r->sets->by_name, name);
	if (set == NULL)
		return report(r, name, "there is no such set here") == NULL;
	while (next_word(r, &word)) {
		if (fe_str_is(word, "nomatch"))
			no_match = true;
		else if (fe_str_is(word, "comment"))
			next_word(r, &word);
	}
	return set->kind == FE_SET_OPAQUE ||
	       add_entry(r, set, entry, no_match);
}

static bool read_line(struct reader *r)
{
	struct fe_str word;

	if (!next_word(r, &word) || word.s[0] == '#')
		return true;
	if (fe_str_is(word, "create") || fe_str_is(word, "-N"))
		return read_create(r);
	if (fe_str_is(word, "add") || fe_str_is(word, "-A"))
		return read_add(r);
	if (fe_str_is(word, "COMMIT"))
		return true;
	fe_diag_hint(r->diags, report(r, word, "neither create nor add"),
		     "the text is expected as `ipset save` prints it");
	return false;
}

bool fe_ipsets_read(struct fe_ipsets *sets, const struct fe_sources *sources,
		    uint32_t index, struct fe_diags *diags)
{
	const struct fe_source *source = fe_source(sources, index);
	struct reader r = {.sets = sets, .diags = diags, .source = index,
			   .text = source->text.s};
	struct fe_str left = source->text, line;
	bool fine = true;

	while (left.len > 0) {
		const char *end = memchr(left.s, '\n', left.len);

		line.s = left.s;
		line.len = end != NULL ? (size_t)(end - left.s) : left.len;
		left.s += line.len + (end != NULL);
		left.len -= line.len + (end != NULL);
		r.rest = line;
		fine &= read_line(&r);
	}
	for (size_t i = 0; i < sets->all.n; i++)
		fe_ipset_finish(sets->all.data[i]);
	return fine;
}
