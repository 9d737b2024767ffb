/*
 * Rulesets: made, linked, checked, printed.
 *
 * lang/ reads text into commands and calls the functions here; passes and
 * programs only read the result. fe_ruleset_link() must have run before
 * anybody uses chain->hooks, chain->n_refs or rule->index.
 */
#ifndef FE_RULESET_H
#define FE_RULESET_H

#include "base/out.h"
#include "ruleset/rule.h"

/* An empty ruleset: no table present. Free with fe_ruleset_free(). */
struct fe_ruleset *fe_ruleset_new(unsigned family, struct fe_sources *sources);
void fe_ruleset_free(struct fe_ruleset *ruleset);

/* Marks a table present and makes its builtin chains, policy ACCEPT. */
struct fe_table *fe_ruleset_table(struct fe_ruleset *ruleset,
				  enum fe_table_id id);
struct fe_chain *fe_table_chain(const struct fe_table *table,
				struct fe_str name); /* NULL: none */
/* A new user chain; the name must be free. */
struct fe_chain *fe_table_add_chain(struct fe_table *table, struct fe_str name,
				    struct fe_span span);

/* Forgets the user chains and rules of a table; policies stay, as when
 * iptables-restore meets the table once more. */
void fe_table_clear(struct fe_table *table);
/* Removes empty, unused user chains. */
void fe_table_remove_chains(struct fe_table *table,
			    struct fe_chain *const *chains, size_t n);
void fe_table_rename_chain(struct fe_table *table, struct fe_chain *chain,
			   struct fe_str name);

/*
 * An extension that is not understood: its settings are raw words (value.text,
 * row 0, quotes included), printed as they stood; it may match anything and may do anything.
 */
const struct fe_ext *fe_opaque_ext(struct fe_ruleset *ruleset,
				   enum fe_ext_kind kind, struct fe_str name);
bool fe_ext_is_opaque(const struct fe_ext *ext);

/*
 * Counts references, numbers rules, computes which hooks reach each chain,
 * and reports what the kernel would refuse at COMMIT: loops reachable from a
 * builtin chain, targets and matches in hooks or tables where they are not
 * legal (FE1xx ids). Returns the number of errors.
 */
size_t fe_ruleset_link(struct fe_ruleset *ruleset, struct fe_diags *diags);

/* Asserts the invariants of rule.h; for tests and checked builds. */
void fe_ruleset_check(const struct fe_ruleset *ruleset);

enum fe_print_flag {
	FE_PRINT_COUNTERS = 1 << 0, /* [p:b] before rules, as with -c */
	FE_PRINT_COMMENTS = 1 << 1, /* '#' lines where they stood */
	FE_PRINT_COMMANDS = 1 << 2, /* a script of iptables commands, which
				       makes the same tables */
};

/* The text that iptables-legacy-save prints, without dates. */
void fe_ruleset_print(const struct fe_ruleset *ruleset, unsigned flags,
		      struct fe_out *out);
/* "-A CHAIN ...", as saved, without counters and newline. */
void fe_rule_print(const struct fe_rule *rule, struct fe_buf *buf);
/* "filter/INPUT:4" */
void fe_rule_place(const struct fe_rule *rule, struct fe_buf *buf);

/* A setting's bytes, and a part's, in the source. */
struct fe_span fe_setting_span(const struct fe_rule *rule,
			       const struct fe_setting *setting);
struct fe_span fe_part_span(const struct fe_rule *rule,
			    const struct fe_part *part);
/* The first setting of option row opt in part, or NULL. */
const struct fe_setting *fe_part_setting(const struct fe_part *part,
					 unsigned opt);

#endif
