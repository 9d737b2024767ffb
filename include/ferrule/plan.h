/*
 * State and plans: which rules need connection tracking, and which packets
 * can do without it.
 *
 * A plan is rules for the raw table (and companions in filter) that leave
 * packets untracked, together with why that changes nothing that the level
 * promises to keep. See doc/semantics.md.
 */
#ifndef FERRULE_PLAN_H
#define FERRULE_PLAN_H

#include <ferrule/host.h>
#include <ferrule/ruleset.h>

#ifdef __cplusplus
extern "C" {
#endif

enum ferrule_plan_format {
	FERRULE_PLAN_TEXT, /* for iptables-restore --noflush */
	FERRULE_PLAN_JSON,
};

/*
 * Writes which rules depend on connection tracking and which switch it on for
 * the network namespace. FERRULE_OK whatever the answer.
 */
int ferrule_state(struct ferrule_rules *rules, enum ferrule_plan_format format,
		  const struct ferrule_out *out);

enum ferrule_level {
	FERRULE_LEVEL_NONE,    /* nothing observable changes */
	FERRULE_LEVEL_INVALID, /* but for packets that are INVALID */
};

struct ferrule_plan_options {
	enum ferrule_level level;
	unsigned max_rules;   /* raw rules at most, a family; 0: no limit */
	bool assume_tracked;  /* tracking is on whatever the rules say */
	const struct ferrule_host_options *host; /* NULL: none are given */
	bool no_check;        /* leave the independent check out */
};

struct ferrule_plan;

/* NULL after an error, which is among the diagnostics; *status says which. */
struct ferrule_plan *ferrule_plan_new(struct ferrule_rules *rules,
				      const struct ferrule_plan_options *options,
				      int *status);
void ferrule_plan_free(struct ferrule_plan *plan); /* NULL is fine */

/* Whether there are rules to load; family 0: of any family. */
bool ferrule_plan_has_rules(const struct ferrule_plan *plan, unsigned family);
/* Whether the family (4 or 6) was among the rules. */
bool ferrule_plan_has_family(const struct ferrule_plan *plan, unsigned family);

/* The rules of a family with the report as comments. */
int ferrule_plan_print(struct ferrule_plan *plan, unsigned family,
		       const struct ferrule_out *out);
/* What undoes them. */
int ferrule_plan_print_rollback(struct ferrule_plan *plan, unsigned family,
				const struct ferrule_out *out);
/* A shell script that flushes the entries of what is untracked. */
int ferrule_plan_print_flush(struct ferrule_plan *plan,
			     const struct ferrule_out *out);
/* The whole report. */
int ferrule_plan_print_json(struct ferrule_plan *plan,
			    const struct ferrule_out *out);

#ifdef __cplusplus
}
#endif

#endif
