/*
 * IP sets: lookup and enumeration.
 *
 * A set is one sorted array, most specific prefixes first; a lookup is a
 * binary search for each length that occurs, and the first hit decides, as in
 * the kernel (where an entry marked nomatch is such a hit and means no).
 */
#include "ext/ipset_set.h"

#include <string.h>

#include "ext/ext.h"
#include "option/types.h"

struct fe_ipsets *fe_ipsets_new(void)
{
	struct fe_ipsets *sets = fe_calloc(1, sizeof(*sets));

	sets->arena = fe_arena_new();
	return sets;
}

void fe_ipsets_free(struct fe_ipsets *sets)
{
	if (sets == NULL)
		return;
	for (size_t i = 0; i < sets->all.n; i++) {
		fe_vec_free(&sets->all.data[i]->entries);
		free(sets->all.data[i]);
	}
	fe_vec_free(&sets->all);
	fe_map_free(&sets->by_name);
	fe_arena_free(sets->arena);
	free(sets);
}

const struct fe_ipset *fe_ipsets_find(const struct fe_ipsets *sets,
				      struct fe_str name)
{
	return sets != NULL ? fe_map_get(&sets->by_name, name) : NULL;
}

const char *fe_ipset_type(const struct fe_ipset *set)
{
	return set->type;
}

bool fe_ipset_understood(const struct fe_ipset *set)
{
	return set->kind != FE_SET_OPAQUE;
}

unsigned fe_ipset_dims(const struct fe_ipset *set)
{
	return set->kind == FE_SET_IP_PORT ? 2 : 1;
}

unsigned fe_ipset_family(const struct fe_ipset *set)
{
	return set->family;
}

size_t fe_ipset_size(const struct fe_ipset *set)
{
	return set->entries.n;
}

static int compare(const void *pa, const void *pb)
{
	const struct fe_ipset_entry *a = pa, *b = pb;

	if (a->prefix != b->prefix)
		return a->prefix > b->prefix ? -1 : 1;
	if (!fe_u128_eq(a->addr, b->addr))
		return fe_u128_le(a->addr, b->addr) ? -1 : 1;
	if (a->proto != b->proto)
		return a->proto < b->proto ? -1 : 1;
	return a->port < b->port ? -1 : a->port > b->port;
}

void fe_ipset_finish(struct fe_ipset *set)
{
	size_t n = 0;

	if (set->entries.n == 0)
		return;
	qsort(set->entries.data, set->entries.n, sizeof(*set->entries.data),
	      compare);
	for (size_t i = 1; i < set->entries.n; i++) {
		if (compare(&set->entries.data[n], &set->entries.data[i]) != 0)
			n++;
		set->entries.data[n] = set->entries.data[i];
	}
	set->entries.n = n + 1;
}

static bool has_ports(unsigned proto)
{
	return proto == 6 || proto == 17 || proto == 132 || proto == 136;
}

/*
 * What a port dimension sees: the port, or ICMP's type and code; 0 for other
 * protocols. False: a later fragment, or a header cut short.
 */
static bool port_of(const struct fe_packet *packet, bool src, uint16_t *port)
{
	bool icmp = packet->proto == 1 || packet->proto == 58;

	*port = 0;
	if (!icmp && !has_ports(packet->proto))
		return true;
	if (packet->later_fragment || packet->l4_size < 4)
		return false;
	if (icmp)
		*port = (uint16_t)(packet->icmp_type << 8 | packet->icmp_code);
	else
		*port = src ? packet->sport : packet->dport;
	return true;
}

static const struct fe_ipset_entry *find(const struct fe_ipset *set,
					 struct fe_ipset_entry key)
{
	const struct fe_ipset_entry *all = set->entries.data, *hit;
	struct fe_u128 addr = key.addr;
	size_t i = 0, n = set->entries.n;

	while (i < n) { /* each i begins a run of equal prefixes */
		size_t lo = i, hi = n;
		struct fe_u128 mask = fe_addr_mask(set->family, all[i].prefix);

		while (lo < hi) {
			size_t mid = lo + (hi - lo) / 2;

			if (all[mid].prefix == all[i].prefix)
				lo = mid + 1;
			else
				hi = mid;
		}
		key.prefix = all[i].prefix;
		key.addr.hi = addr.hi & mask.hi;
		key.addr.lo = addr.lo & mask.lo;
		hit = bsearch(&key, &all[i], lo - i, sizeof(*all), compare);
		if (hit != NULL)
			return hit;
		i = lo;
	}
	return NULL;
}

int fe_ipset_test(const struct fe_ipsets *sets,
		  const struct fe_ipset_test *test,
		  const struct fe_packet *packet)
{
	const struct fe_ipset *set = fe_ipsets_find(sets, fe_str(test->name));
	const struct fe_ipset_entry *hit;
	struct fe_ipset_entry key = {.port = 0};

	if (set == NULL || !fe_ipset_understood(set))
		return FE_DUNNO;
	if (set->family != packet->family || test->n_dims < fe_ipset_dims(set))
		return FE_NO;
	key.addr = (test->is_src & 1) != 0 ? packet->src : packet->dst;
	if (set->kind == FE_SET_IP_PORT) {
		key.proto = packet->proto;
		if (!port_of(packet, (test->is_src & 2) != 0, &key.port))
			return FE_NO;
	}
	hit = find(set, key);
	return hit != NULL && !hit->no_match ? FE_YES : FE_NO;
}

bool fe_ipset_members(const struct fe_ipsets *sets, const char *name,
		      unsigned family,
		      void (*each)(void *arg, const struct fe_ipset_member *m),
		      void *arg)
{
	const struct fe_ipset *set = fe_ipsets_find(sets, fe_str(name));
	struct fe_u128 ones;

	if (set == NULL || !fe_ipset_understood(set))
		return false;
	if (set->family != family)
		return true;
	ones = fe_addr_mask(family, family == 4 ? 32 : 128);
	for (size_t i = 0; i < set->entries.n; i++) {
		const struct fe_ipset_entry *e = &set->entries.data[i];
		struct fe_u128 mask = fe_addr_mask(family, e->prefix);
		bool ports = set->kind == FE_SET_IP_PORT;
		struct fe_ipset_member m = {
			.lo = e->addr,
			.hi = {e->addr.hi | (ones.hi & ~mask.hi),
			       e->addr.lo | (ones.lo & ~mask.lo)},
			.proto_lo = ports ? e->proto : 0,
			.proto_hi = ports ? e->proto : 255,
			.port_lo = ports ? e->port : 0,
			.port_hi = ports ? e->port : 65535,
			.no_match = e->no_match,
		};

		each(arg, &m);
	}
	return true;
}
