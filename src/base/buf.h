/* Buffer: text or bytes that grow; data is always NUL-terminated. */
#ifndef FE_BUF_H
#define FE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct fe_buf {     /* a zeroed buffer is an empty one */
	char *data; /* owned; NULL only while empty */
	size_t size;
	size_t cap;
};

void fe_buf_add(struct fe_buf *buf, const void *data, size_t size);
void fe_buf_puts(struct fe_buf *buf, const char *s);
static inline void fe_buf_putc(struct fe_buf *buf, char c)
{
	if (buf->size + 1 >= buf->cap) {
		fe_buf_add(buf, &c, 1);
		return;
	}
	buf->data[buf->size++] = c;
	buf->data[buf->size] = '\0';
}
/* A decimal number, and a bare hexadecimal one: much of a printed rule. */
void fe_buf_uint(struct fe_buf *buf, uint64_t n);
void fe_buf_hex(struct fe_buf *buf, uint64_t n);
void fe_buf_printf(struct fe_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Empties it, keeping the memory. */
void fe_buf_clear(struct fe_buf *buf);
void fe_buf_free(struct fe_buf *buf);
/* The text so far, "" when empty; valid until the next change. */
const char *fe_buf_text(const struct fe_buf *buf);

#endif
