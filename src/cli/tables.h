/*
 * Tables kept in a folder, in place of the kernel's: v4.rules and v6.rules,
 * save text with counters. A caller holds the folder's lock from opening to
 * closing, so that concurrent callers come one behind the other, as with the
 * kernel's; a file is replaced whole.
 */
#ifndef CLI_TABLES_H
#define CLI_TABLES_H

#include <ferrule/ruleset.h>

#include "cli/cli.h"

struct tables {
	struct cli *cli;
	const char *dir;
	unsigned family; /* 4, 6 */
	int lock;
	char *text;      /* the whole save text */
};

/* False after reporting. */
bool tables_open(struct cli *cli, struct tables *tables, const char *dir,
		 unsigned family);
/* Writes the text when `keep`; false after reporting. */
bool tables_close(struct tables *tables, bool keep);

/*
 * Loads a save text into the tables as iptables-restore does; its exit code.
 * What was loaded is in tables->text then; the diagnostics say why the rest
 * isn't, name being the loaded text's.
 */
int tables_load(struct tables *tables, const char *name, const char *text,
		const struct ferrule_restore_options *options);

/* A table's lines between "*NAME" and "COMMIT", to be freed; NULL: there is
 * no such table. */
char *tables_section(const struct tables *tables, const char *table);
/* Whether a table can be of that name. */
bool tables_is_name(const char *table);

#endif
