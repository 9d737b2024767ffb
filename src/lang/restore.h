/*
 * Tables that are there already, and a save text that is loaded into them, as
 * iptables-restore does it: table by table, each wholly or not at all. A
 * command on the command line is such a text of one line, with noflush.
 */
#ifndef FE_RESTORE_H
#define FE_RESTORE_H

#include "lang/read.h"

enum fe_counters { FE_COUNTERS_IGNORED, FE_COUNTERS_WANTED };

struct fe_restore {
	bool noflush;              /* what tables hold stays */
	bool test;                 /* nothing is committed */
	enum fe_counters counters; /* [p:b] of rules and policies */
	const char *only;          /* the one table that is read; NULL: all */
};

/*
 * Reads the tables (save text, as Ferrule prints it; source index `tables`)
 * and then the text into rules, which are empty before. The tables in front
 * of the first one that fails are loaded, that one and what follows is not.
 * options->family, backend and restore are set. Returns iptables' exit code;
 * diags say why.
 */
int fe_restore(struct fe_sources *sources, uint32_t tables, uint32_t text,
	       const struct fe_read_options *options, struct fe_rules *rules,
	       struct fe_diags *diags);

#endif
