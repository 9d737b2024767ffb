/* Output: a buffer in front of a write function. */
#include "base/out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FLUSH_AT = 1 << 16 };

void fe_out_init(struct fe_out *out, fe_write_fn *write, void *arg)
{
	*out = (struct fe_out){.write = write, .arg = arg};
}

int fe_out_flush(struct fe_out *out)
{
	if (!out->error && out->write && out->buf.size)
		out->error = out->write(out->arg, out->buf.data, out->buf.size);
	fe_buf_clear(&out->buf);
	return out->error;
}

static void flush_if_large(struct fe_out *out)
{
	if (out->buf.size >= FLUSH_AT)
		fe_out_flush(out);
}

void fe_out_add(struct fe_out *out, const void *data, size_t size)
{
	fe_buf_add(&out->buf, data, size);
	flush_if_large(out);
}

void fe_out_puts(struct fe_out *out, const char *s)
{
	fe_out_add(out, s, strlen(s));
}

void fe_out_putc(struct fe_out *out, char c)
{
	fe_out_add(out, &c, 1);
}

void fe_out_printf(struct fe_out *out, const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	int len = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (len >= 0 && (size_t)len < sizeof(text)) {
		fe_out_add(out, text, (size_t)len);
		return;
	}
	char *large = NULL;
	va_start(ap, format);
	len = vasprintf(&large, format, ap);
	va_end(ap);
	if (len < 0)
		abort();
	fe_out_add(out, large, (size_t)len);
	free(large);
}

int fe_out_close(struct fe_out *out)
{
	int error = fe_out_flush(out);

	fe_buf_free(&out->buf);
	return error;
}

int fe_write_buf(void *arg, const void *data, size_t size)
{
	fe_buf_add(arg, data, size);
	return 0;
}

int fe_write_fd(void *arg, const void *data, size_t size)
{
	const char *p = data;

	while (size) {
		ssize_t n = write(*(int *)arg, p, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		p += n;
		size -= (size_t)n;
	}
	return 0;
}
