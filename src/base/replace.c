/* Replacing a file: written beside it, then renamed. */
#include "base/replace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/out.h"

static void set_mode(int fd, const char *path)
{
	struct stat st;
	mode_t mode;

	if (stat(path, &st) == 0) {
		mode = st.st_mode & 07777;
	} else {
		mode_t mask = umask(0);
		umask(mask);
		mode = 0666 & ~mask;
	}
	fchmod(fd, mode);
}

int fe_replace_file(const char *path, const void *data, size_t size)
{
	char *temporary;
	int fd, error;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
		abort();
	fd = mkstemp(temporary);
	if (fd < 0) {
		error = errno;
	} else {
		set_mode(fd, path);
		error = fe_write_fd(&fd, data, size);
		if (close(fd) && !error)
			error = errno;
		if (!error && rename(temporary, path))
			error = errno;
		if (error)
			unlink(temporary);
	}
	free(temporary);
	return error;
}
