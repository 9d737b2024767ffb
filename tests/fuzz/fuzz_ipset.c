/*
 * Fuzz target: `ipset save` text. Members of sets that are understood lie in
 * the set's family, and each is a range.
 */
#include <stdlib.h>

#include "ext/ipset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool below(struct fe_u128 a, struct fe_u128 b)
{
	return a.hi < b.hi || (a.hi == b.hi && a.lo < b.lo);
}

static void check(void *arg, const struct fe_ipset_member *m)
{
	unsigned family = *(unsigned *)arg;

	if (below(m->hi, m->lo) || m->proto_hi < m->proto_lo ||
	    m->port_hi < m->port_lo)
		abort();
	if (family == 4 && (m->hi.hi != 0 || m->hi.lo > UINT32_MAX))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"good", "nets", "pairs", "six"};
	struct fe_sources *sources = fe_sources_new();
	struct fe_diags *diags = fe_diags_new();
	struct fe_ipsets *sets = fe_ipsets_new();
	uint32_t index =
	    fe_sources_add(sources, "sets", (const char *)data, size);
	bool read = fe_ipsets_read(sets, sources, index, diags);

	/* What was not read must have been reported. */
	if (!read && diags->list.n == 0)
		abort();
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (unsigned family = 4; family <= 6; family += 2)
			fe_ipset_members(sets, names[i], family, check,
					 &family);
	}
	fe_ipsets_free(sets);
	fe_diags_free(diags);
	fe_sources_free(sources);
	return 0;
}
