/*
 * Diagnostics: what went wrong, where, and what to do about it.
 *
 * User mistakes are collected here, in order, and printed once at the edge
 * (report/); whoever finds one goes on. Findings of lint are diagnostics
 * too: there is one kind of message, one renderer, one set of formats.
 */
#ifndef FE_DIAG_H
#define FE_DIAG_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/source.h"
#include "base/vec.h"

enum fe_severity { FE_ERROR, FE_WARNING, FE_INFO, FE_STYLE };
enum fe_confidence { FE_PROVED, FE_LIKELY, FE_HEURISTIC };

struct fe_note {
	struct fe_span span; /* FE_NO_SPAN: a remark without a place */
	const char *text;
};

/* What would refuse the rules: iptables' exit code hangs on it. */
enum fe_refusal {
	FE_BY_WORDS,  /* iptables reads the line, and can't */
	FE_BY_TABLE,  /* no such chain, rule, number in the table */
	FE_BY_KERNEL, /* when the table is committed */
};

struct fe_diag {
	enum fe_severity severity;
	enum fe_confidence confidence;
	const char *id;      /* "FE301"; NULL for plain errors */
	struct fe_span span; /* what the carets mark */
	const char *text;    /* one sentence, lower case, no full stop */
	const char *rule;    /* dump coordinates "filter/INPUT:4", or NULL */
	const char *witness; /* a packet that shows it, or NULL */
	const char *hint;    /* what to do, or NULL */
	const char *fix;     /* replacement text for the rule, or NULL */
	enum fe_refusal by;  /* of an error: who finds it */
	const char *kernel;  /* what iptables says where not the words are
				wrong, or NULL */
	bool fix_is_safe;    /* the fix is proved equivalent */
	FE_VEC(struct fe_note) notes;
};

struct fe_diags {
	struct fe_arena *arena;          /* holds all texts */
	FE_VEC(struct fe_diag *) list;   /* in the order found */
	size_t n_errors;                 /* of severity FE_ERROR */
};

struct fe_diags *fe_diags_new(void);
void fe_diags_free(struct fe_diags *diags);

/* Adds one; the caller may set witness, hint and fix (from diags->arena). */
/* What iptables says of most that the kernel refuses. */
extern const char fe_invalid_argument[];

struct fe_diag *fe_diag(struct fe_diags *diags, enum fe_severity severity,
			const char *id, struct fe_span span,
			const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void fe_diag_note(struct fe_diags *diags, struct fe_diag *diag,
		  struct fe_span span, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void fe_diag_hint(struct fe_diags *diags, struct fe_diag *diag,
		  const char *format, ...)
    __attribute__((format(printf, 3, 4)));

const char *fe_severity_name(enum fe_severity severity);
const char *fe_confidence_name(enum fe_confidence confidence);

#endif
