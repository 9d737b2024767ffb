/*
 * Output: where printers write. Buffered; the first error sticks and later
 * writes do nothing, so a printer need not check each call. The caller asks
 * fe_out_flush() once at the end.
 */
#ifndef FE_OUT_H
#define FE_OUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Takes all size bytes; returns 0 or an errno value. */
typedef int fe_write_fn(void *arg, const void *data, size_t size);

struct fe_out {
	fe_write_fn *write; /* NULL: everything is discarded */
	void *arg;
	struct fe_buf buf;  /* not yet written */
	int error;          /* errno of the first failed write, or 0 */
	const char *name;   /* for errors; NULL: "output" */
};

void fe_out_init(struct fe_out *out, fe_write_fn *write, void *arg);
void fe_out_add(struct fe_out *out, const void *data, size_t size);
void fe_out_puts(struct fe_out *out, const char *s);
void fe_out_putc(struct fe_out *out, char c);
void fe_out_printf(struct fe_out *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Writes what is held; returns the sticky error. */
int fe_out_flush(struct fe_out *out);
/* Flushes and frees the buffer; returns the sticky error. */
int fe_out_close(struct fe_out *out);

/* fe_write_fn for a struct fe_buf * and for an int * file descriptor. */
int fe_write_buf(void *arg, const void *data, size_t size);
int fe_write_fd(void *arg, const void *data, size_t size);

#endif
