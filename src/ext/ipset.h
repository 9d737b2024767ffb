/*
 * IP sets: the contents of an `ipset save` file, for -m set and -j SET.
 *
 * Types hash:ip, hash:net and hash:ip,port are understood; others are kept
 * by name, their membership unknown. Entries that time out count as members.
 */
#ifndef FE_IPSET_H
#define FE_IPSET_H

#include "base/diag.h"
#include "packet/cover.h"
#include "packet/packet.h"

struct fe_ipsets;
struct fe_ipset;

struct fe_ipsets *fe_ipsets_new(void);
void fe_ipsets_free(struct fe_ipsets *sets);
/* Reads `ipset save` text of a source; false after reporting. */
bool fe_ipsets_read(struct fe_ipsets *sets, const struct fe_sources *sources,
		    uint32_t index, struct fe_diags *diags);
/* NULL: there is no such set. */
const struct fe_ipset *fe_ipsets_find(const struct fe_ipsets *sets,
				      struct fe_str name);

/* "hash:net"; whether its members are known; dimensions that a test needs. */
const char *fe_ipset_type(const struct fe_ipset *set);
bool fe_ipset_understood(const struct fe_ipset *set);
unsigned fe_ipset_dims(const struct fe_ipset *set);
unsigned fe_ipset_family(const struct fe_ipset *set); /* 4 or 6 */
size_t fe_ipset_size(const struct fe_ipset *set);

/*
 * FE_YES, FE_NO, or FE_DUNNO when the set is not given or its type is not
 * understood. (FE_* answers: ext.h.)
 */
int fe_ipset_test(const struct fe_ipsets *sets,
		  const struct fe_ipset_test *test,
		  const struct fe_packet *packet);

/*
 * Sends the members, the most specific first: each as `proto lo..hi`,
 * addresses lo..hi, port lo..hi (for ICMP type << 8 | code). The first that
 * holds a packet decides: a member with no_match says no. Returns false when
 * the set is not given or not understood; a set of the other family has no
 * members. A test with fewer directions than fe_ipset_dims() never matches.
 */
struct fe_ipset_member {
	struct fe_u128 lo, hi;      /* addresses */
	uint8_t proto_lo, proto_hi; /* 0, 255 where the type has none */
	uint16_t port_lo, port_hi;  /* 0, 65535 where the type has none */
	bool no_match;
};
bool fe_ipset_members(const struct fe_ipsets *sets, const char *name,
		      unsigned family,
		      void (*each)(void *arg, const struct fe_ipset_member *m),
		      void *arg);

#endif
