/*
 * Reading rules: from text to rulesets.
 *
 * Finds out what the text is (a save file, a list of iptables commands, -S
 * output), drives the grammar, and builds one ruleset per family. Every
 * mistake is reported; the rest is still read.
 */
#ifndef FE_READ_H
#define FE_READ_H

#include "ruleset/ruleset.h"

struct fe_ipsets;
struct fe_restore;

enum fe_input { FE_INPUT_AUTO, FE_INPUT_SAVE, FE_INPUT_COMMANDS };

struct fe_read_options {
	enum fe_input input;
	enum fe_backend backend; /* legacy unless said */
	unsigned family;      /* 4 or 6 forces; 0: header line or addresses */
	bool resolve;         /* host names may be asked for */
	const struct fe_restore *restore; /* restore.h: load into the tables
				 that are there; NULL: they come with the text */
	bool strict_compat;   /* do what iptables does where it is dangerous */
};

struct fe_rules {              /* what a run, plan or lint works on */
	struct fe_ruleset *v4; /* NULL: no such rules were given */
	struct fe_ruleset *v6;
	struct fe_ipsets *ipsets; /* ext/ipset.h; NULL: none given */
};

/*
 * Reads source index into rules, merging with what stands there (a second
 * file of the same family is an error unless its tables differ). Links the
 * rulesets. Returns false when anything was not read or not understood (an
 * opaque extension included): diags say what.
 */
bool fe_read(struct fe_sources *sources, uint32_t index,
	     const struct fe_read_options *options, struct fe_rules *rules,
	     struct fe_diags *diags);
/* The text up to a line that was not read to its end, which is reported. */
struct fe_str fe_read_whole_lines(const struct fe_source *source,
				  uint32_t index, struct fe_diags *diags);
void fe_rules_free(struct fe_rules *rules);

#endif
