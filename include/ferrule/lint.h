/*
 * Lint: findings about rules, each with an id, a place, a severity, a
 * confidence, and where packets are concerned a witness packet.
 */
#ifndef FERRULE_LINT_H
#define FERRULE_LINT_H

#include <ferrule/host.h>
#include <ferrule/ruleset.h>

#ifdef __cplusplus
extern "C" {
#endif

enum ferrule_lint_format {
	FERRULE_LINT_TTY,   /* with source lines and carets */
	FERRULE_LINT_GCC,   /* FILE:LINE:COL: severity[ID]: message */
	FERRULE_LINT_JSON,
	FERRULE_LINT_SARIF, /* 2.1.0 */
};

enum ferrule_severity { /* the gravest first */
	FERRULE_ERROR, FERRULE_WARNING, FERRULE_INFO, FERRULE_STYLE
};

struct ferrule_lint_options {
	enum ferrule_lint_format format;
	enum ferrule_severity fail_on; /* findings this grave, or graver, make
					  the result FERRULE_FINDINGS */
	enum ferrule_severity show;    /* the least grave that are written */
	const struct ferrule_host_options *host; /* or NULL */
	bool owned;  /* report chains that other software owns as well */
};

/*
 * Checks the rules and writes all findings, those of reading them included,
 * which are then forgotten. FERRULE_OK, FERRULE_FINDINGS, FERRULE_USAGE when
 * a host option is wrong, FERRULE_UNREADABLE when its snapshot cannot be read
 * or writing fails.
 */
int ferrule_lint(struct ferrule_rules *rules,
		 const struct ferrule_lint_options *options,
		 const struct ferrule_out *out);

/* Writes the catalogue, one line a check. */
int ferrule_lint_list(struct ferrule *ferrule, const struct ferrule_out *out);
/* Writes the page of a finding (by id or name), a match or a target;
 * FERRULE_USAGE when there is none. */
int ferrule_explain(struct ferrule *ferrule, const char *topic,
		    const struct ferrule_out *out);
/* Writes all matches and targets as the manual page ferrule-extensions(7). */
int ferrule_explain_manual(struct ferrule *ferrule,
			   const struct ferrule_out *out);

#ifdef __cplusplus
}
#endif

#endif
