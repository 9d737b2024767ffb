/*
 * Replacing a file: the new text is whole under its name, or the old one
 * stays.
 */
#ifndef FE_REPLACE_H
#define FE_REPLACE_H

#include <stddef.h>

/* A new file gets the mode 0666 less the umask, an old one keeps its own.
 * Returns 0 or an errno value. */
int fe_replace_file(const char *path, const void *data, size_t size);

#endif
