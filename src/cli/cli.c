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

static bool cannot(struct cli *cli, const char *what, const char *path)
{
	ferrule_error(cli->ferrule, "cannot %s %s: %s", what, path,
		      strerror(errno));
	return false;
}

/* A new file beside the path, with the mode that the path has or would get. */
static bool open_temporary(struct cli *cli, struct cli_file *file,
			   const struct stat *old)
{
	size_t size = strlen(file->target) + 8;
	mode_t mode = old ? old->st_mode & 07777 : 0666;

	file->temporary = malloc(size);
	if (!file->temporary)
		abort();
	snprintf(file->temporary, size, "%s.XXXXXX", file->target);
	file->fd = mkstemp(file->temporary);
	if (file->fd < 0)
		return cannot(cli, "create", file->path);
	if (!old) {
		mode_t mask = umask(0);
		umask(mask);
		mode &= ~mask;
	}
	fchmod(file->fd, mode);
	return true;
}

static void forget(struct cli_file *file)
{
	free(file->temporary);
	free(file->target);
	file->temporary = file->target = NULL;
}

/* The writer reports an error; the file must know it too. */
static int write_file(void *arg, const void *data, size_t size)
{
	struct cli_file *file = arg;

	if (!file->error)
		file->error = cli_write_fd(&file->fd, data, size);
	return file->error;
}

bool cli_file_open(struct cli *cli, struct cli_file *file, const char *path)
{
	struct stat st;
	bool ok, exists;

	*file = (struct cli_file){.path = path, .fd = STDOUT_FILENO};
	file->out = (struct ferrule_out){
	    .write = write_file, .arg = file,
	    .name = strcmp(path, "-") ? path : "standard output"};
	if (!strcmp(path, "-"))
		return true;
	/* A link stays; what it leads to is replaced. */
	file->target = realpath(path, NULL);
	if (!file->target)
		file->target = strdup(path);
	if (!file->target)
		abort();
	exists = stat(file->target, &st) == 0;
	if (exists && !S_ISREG(st.st_mode)) {
		/* A device or a pipe is written to, never replaced. */
		file->fd = open(file->target, O_WRONLY | O_CLOEXEC);
		ok = file->fd >= 0 || cannot(cli, "write", path);
	} else {
		ok = open_temporary(cli, file, exists ? &st : NULL);
	}
	if (!ok)
		forget(file);
	return ok;
}

bool cli_file_close(struct cli *cli, struct cli_file *file, bool keep)
{
	bool ok = file->error == 0;

	if (!file->target)
		return ok;
	keep &= ok;
	if (close(file->fd) && keep)
		ok = cannot(cli, "write", file->path);
	if (keep && ok && file->temporary &&
	    rename(file->temporary, file->target))
		ok = cannot(cli, "write", file->path);
	if (file->temporary && (!keep || !ok))
		unlink(file->temporary);
	forget(file);
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
