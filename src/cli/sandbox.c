/*
 * The sandbox (sandbox.h).
 *
 * In order: the namespaces; the caller becomes their root, which is nobody
 * else outside; a tmpfs for what is written; the whole tree read-only; then
 * overlays over the folders that scripts write to and over those where
 * programs are looked for, with the replacements on top.
 */
#include "cli/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const program_dirs[] = {
	"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin",
	"/bin",
};

/* Copied when they are written to. */
static const char *const written_dirs[] = {"/etc", "/run", "/tmp", "/var",
					   "/root"};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char *cannot(const char *what, const char *path)
{
	char *text = NULL;

	if (asprintf(&text, "%s %s: %s", what, path, strerror(errno)) < 0)
		abort();
	return text;
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	size_t n = strlen(text);
	bool ok = fd >= 0 && write(fd, text, n) == (ssize_t)n;

	if (fd >= 0)
		close(fd);
	return ok;
}

static char *own_namespaces(void)
{
	char map[64];
	uid_t uid = getuid();
	gid_t gid = getgid();

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET))
		return cannot("namespaces", "of one's own");
	write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", (unsigned)uid);
	if (!write_file("/proc/self/uid_map", map))
		return cannot("map the user in", "/proc/self/uid_map");
	snprintf(map, sizeof(map), "0 %u 1", (unsigned)gid);
	if (!write_file("/proc/self/gid_map", map))
		return cannot("map the group in", "/proc/self/gid_map");
	return NULL;
}

static char *path_in(const char *folder, const char *name, unsigned i)
{
	char *path = NULL;

	if (asprintf(&path, "%s/%s%u", folder, name, i) < 0)
		abort();
	return path;
}

/* Puts a writable copy over a folder; `over` holds what it has on top. */
static bool overlay(const char *cow, unsigned number, const char *dir,
		    const char *over)
{
	char *work = path_in(cow, "work", number), *options = NULL;
	bool ok;

	mkdir(work, 0755);
	if (asprintf(&options, "lowerdir=%s,upperdir=%s,workdir=%s,userxattr",
		     dir, over, work) < 0)
		abort();
	ok = mount("overlay", dir, "overlay", 0, options) == 0;
	free(options);
	free(work);
	return ok;
}

static bool copy_file(const char *from, const char *to)
{
	char data[65536];
	ssize_t n = 0;
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	bool ok = in >= 0 && out >= 0;

	while (ok && (n = read(in, data, sizeof(data))) > 0)
		ok = write(out, data, (size_t)n) == n;
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return ok && n == 0;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A copy of the folder with the replacements in it; none for an alias. */
static bool put_programs(const char *cow, unsigned number, const char *dir,
			 const char *const *names, const char *program)
{
	char *over = path_in(cow, "over", number);
	bool ok = mkdir(over, 0755) == 0;

	for (size_t i = 0; ok && names[i]; i++) {
		char *path = NULL;

		if (asprintf(&path, "%s/%s", over, names[i]) < 0)
			abort();
		ok = copy_file(program, path);
		free(path);
	}
	ok = ok && overlay(cow, number, dir, over);
	free(over);
	return ok;
}

/* Where there can be no copy, the folder stays read-only. */
static bool put_copy(const char *cow, unsigned number, const char *dir)
{
	char *over = path_in(cow, "over", number);
	bool ok = is_folder(dir) && mkdir(over, 0755) == 0 &&
		  overlay(cow, number, dir, over);

	free(over);
	return ok;
}

static bool lies_in(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return !strncmp(path, dir, n) && (path[n] == '/' || !path[n]);
}

/* The caller's own folder, unless it is in one that is copied anyway. */
static bool copy_here(const char *cow, unsigned number, const char *here)
{
	for (size_t i = 0; i < COUNT(written_dirs); i++)
		if (lies_in(here, written_dirs[i]))
			return false;
	return strcmp(here, "/") && put_copy(cow, number, here);
}

static bool set_read_only(const char *path, bool whole_tree, bool on)
{
	struct mount_attr attr = {0};

	*(on ? &attr.attr_set : &attr.attr_clr) = MOUNT_ATTR_RDONLY;
	return mount_setattr(AT_FDCWD, path, whole_tree ? AT_RECURSIVE : 0,
			     &attr, sizeof(attr)) == 0;
}

/* Overlays hide what was mounted below: the folder is put back on top. */
static bool put_back(int fd, const char *folder)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return mount(path, folder, NULL, MS_BIND | MS_REC, NULL) == 0;
}

static char *mounts(const char *folder, const char *cow, const char *here,
		    const char *const *names, const char *program)
{
	int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	static const char net_settings[] = "/proc/sys/net";
	bool copied[COUNT(written_dirs)], copied_here, own_net;
	unsigned n = 0;

	for (size_t i = 0; i < COUNT(program_dirs); i++, n++)
		if (is_folder(program_dirs[i]) &&
		    !put_programs(cow, n, program_dirs[i], names, program))
			return cannot("an overlay over", program_dirs[i]);
	copied_here = copy_here(cow, n++, here);
	for (size_t i = 0; i < COUNT(written_dirs); i++, n++)
		copied[i] = put_copy(cow, n, written_dirs[i]);
	if (fd < 0 || !put_back(fd, folder))
		return cannot("bind", folder);
	close(fd);
	/* This network's own settings, of which the host's are no part. */
	own_net = mount(net_settings, net_settings, NULL, MS_BIND, NULL) == 0;
	if (!set_read_only("/", true, true))
		return cannot("make read-only", "/");
	if (own_net)
		set_read_only(net_settings, false, false);
	/* Of the copies only: the host's own mounts stay as they are. */
	for (size_t i = 0; i < COUNT(written_dirs); i++)
		if (copied[i])
			set_read_only(written_dirs[i], false, false);
	if (copied_here)
		set_read_only(here, false, false);
	if (!set_read_only(folder, true, false))
		return cannot("make writable", folder);
	return NULL;
}

char *sandbox_enter(const char *folder, const char *const *names,
		    const char *program)
{
	char *error = own_namespaces(), *cow, *here = NULL;

	if (error)
		return error;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return cannot("private mounts below", "/");
	cow = path_in(folder, "cow", 0);
	here = getcwd(NULL, 0);
	if (!here || mkdir(cow, 0755) ||
	    mount("tmpfs", cow, "tmpfs", 0, "mode=755"))
		error = cannot("a tmpfs on", cow);
	else
		error = mounts(folder, cow, here, names, program);
	if (!error && chdir(here))
		error = cannot("go back to", here);
	free(here);
	free(cow);
	return error;
}
