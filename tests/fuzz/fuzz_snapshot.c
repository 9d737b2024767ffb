/*
 * Fuzz target: one file of a host snapshot. The input's first line names the
 * file, of those that a snapshot may hold; the rest is what stands in it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {
	"addr.json", "route.json", "rule.json", "sysctl.conf",
	"conntrack.txt", "ss.txt", "uname.txt", "lsmod.txt", "nft.txt",
};

static char path[] = "/tmp/fuzz-snapshot.XXXXXX";

static void remove_folder(void)
{
	rmdir(path);
}

/* A folder of this process, emptied again after each input. */
static const char *folder(void)
{
	static bool made;

	if (!made && (!mkdtemp(path) || atexit(remove_folder)))
		abort();
	made = true;
	return path;
}

static void put(const char *file, const uint8_t *data, size_t size)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
}

static void read_back(const char *from_folder)
{
	struct fe_sources *sources = fe_sources_new();
	struct fe_diags *diags = fe_diags_new();
	struct fe_host *host = fe_host_new();
	struct fe_u128 to = fe_u128(0x08080808), from;

	if (!fe_host_read(host, sources, from_folder, diags) && diags->list.n == 0)
		abort();
	fe_host_oif(host, 4, to, &from);
	fe_host_addr_type(host, 4, to);
	fe_host_addr_type(host, 6, to);
	fe_host_free(host);
	fe_diags_free(diags);
	fe_sources_free(sources);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	size_t len = end ? (size_t)(end - data) : 0;
	char file[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i]) != len || memcmp(names[i], data, len))
			continue;
		snprintf(file, sizeof(file), "%s/%s", folder(), names[i]);
		put(file, end + 1, size - len - 1);
		read_back(folder());
		unlink(file);
	}
	return 0;
}
