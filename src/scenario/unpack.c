/*
 * Files that may be compressed: gzip through zlib, zstd through libzstd, as
 * a stdio stream that reads the plain bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/arena.h"
#include "scenario/record.h"

enum { GZ_BUFFER = 1 << 18, FILE_BUFFER = 1 << 20 };

static ssize_t gz_read(void *cookie, char *buf, size_t size)
{
	int n = gzread(cookie, buf, size > 1u << 30 ? 1u << 30
						    : (unsigned)size);

	if (n < 0)
		errno = EIO;
	return n;
}

static int gz_close(void *cookie)
{
	gzclose(cookie);
	return 0;
}

static FILE *open_gz(int fd)
{
	gzFile gz = gzdopen(fd, "rb");

	if (!gz) {
		close(fd);
		errno = ENOMEM;
		return NULL;
	}
	gzbuffer(gz, GZ_BUFFER);
	return fopencookie(gz, "rb", (cookie_io_functions_t){
					 .read = gz_read, .close = gz_close});
}

struct zstd_file {
	int fd;
	ZSTD_DStream *stream;
	ZSTD_inBuffer in;
	size_t hint;         /* 0: a frame has ended */
	bool end;            /* of the file */
	uint8_t data[1 << 17];
};

static ssize_t zstd_read(void *cookie, char *buf, size_t size)
{
	struct zstd_file *z = cookie;
	ZSTD_outBuffer out = {buf, size, 0};

	while (!out.pos) {
		if (z->in.pos == z->in.size && !z->end) {
			ssize_t n = read(z->fd, z->data, sizeof(z->data));
			if (n < 0)
				return -1;
			z->end = n == 0;
			z->in = (ZSTD_inBuffer){z->data, (size_t)n, 0};
		}
		if (z->end && z->in.pos == z->in.size && !z->hint)
			return 0;
		size_t was = z->in.pos;
		z->hint = ZSTD_decompressStream(z->stream, &out, &z->in);
		if (ZSTD_isError(z->hint)) {
			errno = EIO;
			return -1;
		}
		if (z->end && !out.pos && z->in.pos == was)
			return 0; /* cut off: the reader sees an early end */
	}
	return (ssize_t)out.pos;
}

static int zstd_close(void *cookie)
{
	struct zstd_file *z = cookie;

	ZSTD_freeDStream(z->stream);
	close(z->fd);
	free(z);
	return 0;
}

static FILE *open_zstd(int fd)
{
	struct zstd_file *z = fe_calloc(1, sizeof(*z));

	z->fd = fd;
	z->stream = ZSTD_createDStream();
	z->hint = ZSTD_initDStream(z->stream);
	return fopencookie(z, "rb", (cookie_io_functions_t){
					.read = zstd_read,
					.close = zstd_close});
}

FILE *fe_unpack_open(const char *path)
{
	static const uint8_t gz[] = {0x1f, 0x8b};
	static const uint8_t zstd[] = {0x28, 0xb5, 0x2f, 0xfd};
	uint8_t magic[4] = {0};
	FILE *file;
	int fd;

	if (!strcmp(path, "-")) /* cannot be looked at beforehand */
		return open_gz(dup(STDIN_FILENO));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (pread(fd, magic, sizeof(magic), 0) < 0) {
		if (errno != ESPIPE) {
			int error = errno;
			close(fd);
			errno = error;
			return NULL;
		}
		return open_gz(fd);
	}
	if (!memcmp(magic, gz, sizeof(gz)))
		return open_gz(fd);
	if (!memcmp(magic, zstd, sizeof(zstd)))
		return open_zstd(fd);
	file = fdopen(fd, "rb");
	if (file)
		setvbuf(file, NULL, _IOFBF, FILE_BUFFER);
	return file;
}
