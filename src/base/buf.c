/* Buffer: growth by doubling. */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

static void reserve(struct fe_buf *buf, size_t more)
{
	size_t want = buf->size + more + 1;

	if (want <= buf->cap)
		return;
	buf->cap = want > 2 * buf->cap ? want : 2 * buf->cap;
	buf->data = fe_realloc(buf->data, buf->cap);
}

void fe_buf_add(struct fe_buf *buf, const void *data, size_t size)
{
	reserve(buf, size);
	if (size)
		memcpy(buf->data + buf->size, data, size);
	buf->size += size;
	buf->data[buf->size] = '\0';
}

void fe_buf_puts(struct fe_buf *buf, const char *s)
{
	fe_buf_add(buf, s, strlen(s));
}

static void add_number(struct fe_buf *buf, uint64_t n, unsigned base)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[n % base];
		n /= base;
	} while (n);
	fe_buf_add(buf, digits + at, sizeof(digits) - at);
}

void fe_buf_uint(struct fe_buf *buf, uint64_t n)
{
	add_number(buf, n, 10);
}

void fe_buf_hex(struct fe_buf *buf, uint64_t n)
{
	add_number(buf, n, 16);
}

void fe_buf_printf(struct fe_buf *buf, const char *format, ...)
{
	va_list ap, again;

	assert(format != NULL);
	va_start(ap, format);
	va_copy(again, ap);
	int len = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (len < 0)
		abort();
	reserve(buf, (size_t)len);
	vsnprintf(buf->data + buf->size, (size_t)len + 1, format, again);
	va_end(again);
	buf->size += (size_t)len;
}

void fe_buf_clear(struct fe_buf *buf)
{
	buf->size = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

void fe_buf_free(struct fe_buf *buf)
{
	free(buf->data);
	*buf = (struct fe_buf){0};
}

const char *fe_buf_text(const struct fe_buf *buf)
{
	return buf->data ? buf->data : "";
}
