/*
 * Reachability: for each rule, which packets can arrive at it.
 *
 * Each table is walked forward from its builtin chains with packet sets.
 * What arrives is never understated: an unknown match may match and may not,
 * a target that is not understood may let anything pass on. Where the work
 * grows too large, everything arrives everywhere, and nothing is claimed.
 */
#ifndef FE_REACH_H
#define FE_REACH_H

#include "pass/behave.h"

struct fe_reach;

struct fe_reach *fe_reach_new(const struct fe_ruleset *ruleset,
			      const struct fe_ipsets *ipsets);
void fe_reach_free(struct fe_reach *reach);
struct fe_behave *fe_reach_behave(struct fe_reach *reach);

/* False: the table was too large to say anything about it. */
bool fe_reach_known(const struct fe_reach *reach, enum fe_table_id table);
/* Packets that may arrive at the rule; at its chain's first rule. */
fe_set fe_reach_at(const struct fe_reach *reach, const struct fe_rule *rule);
fe_set fe_reach_into(const struct fe_reach *reach,
		     const struct fe_chain *chain);

#endif
