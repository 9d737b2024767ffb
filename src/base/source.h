/*
 * Sources: the texts that rules come from, and spans of them.
 *
 * A span is a source's number and a byte range; lines and columns are
 * computed only when a message is printed.
 */
#ifndef FE_SOURCE_H
#define FE_SOURCE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

struct fe_span {
	uint32_t source; /* index in struct fe_sources */
	uint32_t off;    /* of the first byte */
	uint32_t len;    /* in bytes; 0 is a point */
};

#define FE_NO_SPAN ((struct fe_span){UINT32_MAX, 0, 0})

struct fe_source {
	const char *name; /* path as the user gave it, or "<stdin>" */
	struct fe_str text; /* whole, NUL-terminated beyond len */
	uint32_t *lines;  /* offset of each line's first byte; made on demand */
	uint32_t n_lines;
	uint32_t cut;     /* begin of a line that was too long to be read to its
			   * end; FE_NOT_CUT: all was read */
	bool made;        /* joined here: its lines stand in no file */
};

struct fe_sources;

struct fe_sources *fe_sources_new(void);
void fe_sources_free(struct fe_sources *sources);

/*
 * Adds a text, which is copied; returns its index. The text may hold any
 * bytes. At most 4 GiB - 2: a longer one is cut (callers check first).
 */
uint32_t fe_sources_add(struct fe_sources *sources, const char *name,
			const char *text, size_t size);
/*
 * Reads a file ("-": standard input); returns 0 and sets *index, or an errno
 * value (EFBIG: over FE_SOURCE_MAX bytes).
 */
int fe_sources_read(struct fe_sources *sources, const char *path,
		    uint32_t *index);
/*
 * The same for a text of lines: reading stops at a line that is too long to be
 * one, however much would follow, and the source's cut says where.
 */
int fe_sources_read_lines(struct fe_sources *sources, const char *path,
			  uint32_t *index);
#define FE_SOURCE_MAX ((size_t)2 << 30)
#define FE_SOURCE_LINE_MAX ((size_t)1 << 20)
#define FE_NOT_CUT UINT32_MAX

const struct fe_source *fe_source(const struct fe_sources *sources,
				  uint32_t index);

struct fe_place {
	const char *name;   /* of the source; NULL for FE_NO_SPAN */
	uint32_t line;      /* from 1 */
	uint32_t column;    /* from 1, in bytes */
	bool made;          /* the line is of no file that a user has */
	struct fe_str text; /* the whole line, without its newline */
};

/* Says that the lines of a source stand in no file. */
void fe_source_set_made(struct fe_sources *sources, uint32_t index);

/* Where a span begins. */
struct fe_place fe_source_place(const struct fe_sources *sources,
				struct fe_span span);

#endif
