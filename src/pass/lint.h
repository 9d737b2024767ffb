/*
 * Lint: checks of rulesets, one row each in lint.def.
 *
 * Checks report through fe_lint_report(), which leaves out what the user has
 * suppressed: "# ferrule: disable=FE301 -- reason" above a rule, or
 * "ferrule:disable=FE301" inside its comment match.
 */
#ifndef FE_LINT_H
#define FE_LINT_H

#include "pass/reach.h"
#include "pass/witness.h"

enum fe_lint_id {
#define CHECK(ID, name, severity, confidence, summary, page) FE_LINT_##ID,
#include "pass/lint.def"
#undef CHECK
	FE_N_LINTS
};

struct fe_lint_check {
	const char *id;   /* "FE301" */
	const char *name; /* "shadowed" */
	enum fe_severity severity;
	enum fe_confidence confidence;
	const char *summary, *page;
};

extern const struct fe_lint_check fe_lint_checks[FE_N_LINTS];
/* By id or name, whatever the case; NULL: none. */
const struct fe_lint_check *fe_lint_find(const char *id);

/* One family's run. */
struct fe_lint {
	const struct fe_pass_context *context;
	const struct fe_ruleset *ruleset;
	const struct fe_ipsets *ipsets;
	struct fe_reach *reach;
	struct fe_behave *behave;
	struct fe_space *space;
	uint32_t n_suppressed;
};

/* Runs all checks; findings go to context->diags, in the order of the rules.
 * Returns how many the user has suppressed. */
uint32_t fe_lint(const struct fe_pass_context *context);

/*
 * Adds a finding about a rule, its carets on span (FE_NO_SPAN: all of the
 * rule). NULL when it is suppressed, or the rule's chain is somebody else's.
 */
struct fe_diag *fe_lint_report(struct fe_lint *lint, enum fe_lint_id id,
			       const struct fe_rule *rule, struct fe_span span,
			       const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Adds a packet of the set to a finding (diag NULL: does nothing). */
void fe_lint_witness(struct fe_lint *lint, struct fe_diag *diag, fe_set set);
/* Points to another rule: "TEXT filter/INPUT:4". */
void fe_lint_note(struct fe_lint *lint, struct fe_diag *diag,
		  const struct fe_rule *rule, const char *text);

/* Each looks at one thing. */
void fe_lint_rules(struct fe_lint *lint);   /* single rules */
void fe_lint_chains(struct fe_lint *lint);  /* who calls whom */
void fe_lint_shadows(struct fe_lint *lint); /* rules against rules */
void fe_lint_notrack(struct fe_lint *lint); /* the raw table */

#endif
