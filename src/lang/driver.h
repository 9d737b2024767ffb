/*
 * Drivers: one for each spelling of rules. Each takes a whole source, hands
 * its lines to struct fe_line, and goes on behind every mistake.
 */
#ifndef FE_DRIVER_H
#define FE_DRIVER_H

#include "lang/line.h"

/* Most mistakes that are reported of one source. */
enum { FE_MOST_ERRORS = 1000 };

struct fe_driver {
	struct fe_line line;
	struct fe_scanner *scanner;
	struct fe_str text;      /* of the whole source */
	size_t errors_before;    /* diags->n_errors at the beginning */
	size_t first_comment;    /* comments from here on have no item yet */
	bool shell;
	bool skipping;           /* lines of a table that cannot be read */
};

/* What a text is, by its first lines. */
enum fe_spelling {
	FE_SPELLED_SAVE,
	FE_SPELLED_LISTING,
	FE_SPELLED_COMMANDS,
	FE_SPELLED_IPSET,
	FE_SPELLED_NOTHING, /* no rules in it */
};
enum fe_spelling fe_detect(struct fe_str text);
/* 4 or 6, or 0 when the text does not tell. */
unsigned fe_detect_family(struct fe_str text);
/* The table that a listing is of, by its -P lines. */
enum fe_table_id fe_detect_table(struct fe_str text);

void fe_read_save(struct fe_driver *driver);
void fe_read_listing(struct fe_driver *driver);
void fe_read_commands(struct fe_driver *driver);

/*
 * Reads text[from..to), which is lines of rules; first is called with each
 * line's first word and says whether the word is used up.
 */
typedef bool fe_first_word_fn(struct fe_driver *driver, struct fe_word *word,
			      uint32_t line_off);
void fe_driver_run(struct fe_driver *driver, size_t from, size_t to,
		   fe_first_word_fn *first);

/* Keeps a '#' line for the item that follows. */
void fe_driver_comment(struct fe_driver *driver, size_t from, size_t to);
/* Gives the comments kept so far to the item at off. */
void fe_driver_item(struct fe_driver *driver, uint32_t off);
/* Enough mistakes were reported: says so, once. */
bool fe_driver_gives_up(struct fe_driver *driver, uint32_t off);

#endif
