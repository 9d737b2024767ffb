/* The program's streams and output files. */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int cli_write_fd(void *arg, const void *data, size_t size)
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

bool cli_file_open(struct cli *cli, struct cli_file *file, const char *path)
{
	*file = (struct cli_file){.path = path, .fd = STDOUT_FILENO};
	file->out = (struct ferrule_out){cli_write_fd, &file->fd, false};
	if (!strcmp(path, "-"))
		return true;
	size_t size = strlen(path) + 8;
	file->temporary = malloc(size);
	if (!file->temporary)
		abort();
	snprintf(file->temporary, size, "%s.XXXXXX", path);
	file->fd = mkstemp(file->temporary);
	if (file->fd < 0) {
		ferrule_error(cli->ferrule, "cannot create %s: %s", path,
			      strerror(errno));
		free(file->temporary);
		return false;
	}
	mode_t mask = umask(0);
	umask(mask);
	fchmod(file->fd, 0666 & ~mask);
	return true;
}

bool cli_file_close(struct cli *cli, struct cli_file *file, bool keep)
{
	bool ok = true;

	if (!file->temporary)
		return true;
	if (close(file->fd) && keep)
		ok = false;
	if (keep && ok && rename(file->temporary, file->path))
		ok = false;
	if (!ok)
		ferrule_error(cli->ferrule, "cannot write %s: %s", file->path,
			      strerror(errno));
	if (!keep || !ok)
		unlink(file->temporary);
	free(file->temporary);
	file->temporary = NULL;
	return ok;
}

int cli_usage_error(struct cli *cli, const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	fprintf(stderr, "ferrule%s%s: %s\nTry 'ferrule help%s%s'.\n",
		cli->command ? " " : "", cli->command ? cli->command : "", text,
		cli->command ? " " : "", cli->command ? cli->command : "");
	return FERRULE_USAGE;
}
