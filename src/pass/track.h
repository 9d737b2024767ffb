/*
 * Who needs state: for each rule whether and why it depends on connection
 * tracking, and which rules switch tracking on for the network namespace.
 *
 * An answer is the effects of the rule's parts, so an extension that is not
 * understood needs everything.
 */
#ifndef FE_TRACK_H
#define FE_TRACK_H

#include "pass/pass.h"

struct fe_track_rule {
	const struct fe_rule *rule;
	const struct fe_part *trigger; /* the part that switches tracking on,
					  or NULL */
	bool maybe;                    /* it is opaque: may switch it on */
	const struct fe_part *reads;   /* a part that reads the entry, or NULL */
	const struct fe_part *writes;  /* a part that writes it, or NULL */
	bool nat;                      /* it translates addresses */
	bool untracks;                 /* NOTRACK */
	const char *why;               /* one phrase, in the arena given */
};

struct fe_track {                      /* one family */
	unsigned family;
	FE_VEC(struct fe_track_rule) rules; /* those that have to do with
					       tracking, in table order */
	uint32_t n_rules;              /* all rules looked at */
	uint32_t n_triggers;           /* sure ones */
	uint32_t n_maybe;              /* opaque ones */
};

/* Looks at a ruleset; free with fe_track_free(). */
void fe_track(const struct fe_ruleset *ruleset, struct fe_arena *arena,
	      struct fe_track *track);
void fe_track_free(struct fe_track *track);

/* Whether rules switch tracking on, opaque ones counted as doing so. */
bool fe_track_is_on(const struct fe_track *track);

#endif
