/*
 * The kernel's side: a network namespace of this process's own with a TUN
 * device eth0, iptables to load and save rules, and packets written to
 * the device. Rules of packet cases stand in mangle PREROUTING; a second rule
 * behind counts what passed, so that "neither counted" is a hotdrop.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "et.h"

static int tun = -1;
static char lock_file[] = "/tmp/ext-test.XXXXXX";

static bool run(const char *command)
{
	return system(command) == 0;
}

static bool open_tun(void)
{
	struct ifreq req = {.ifr_flags = IFF_TUN | IFF_NO_PI};

	strcpy(req.ifr_name, "eth0");
	tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
	return tun >= 0 && ioctl(tun, TUNSETIFF, &req) == 0;
}

bool et_kernel_open(const char **why)
{
	int fd;

	*why = "not root";
	if (geteuid() != 0)
		return false;
	*why = "no iptables-legacy";
	if (!run("command -v iptables-legacy-restore >/dev/null") ||
	    !run("command -v ip6tables-legacy-restore >/dev/null"))
		return false;
	*why = "no network namespace";
	if (unshare(CLONE_NEWNET) != 0)
		return false;
	*why = "no TUN device";
	if (!open_tun())
		return false;
	*why = "the device cannot be set up";
	if (!run("ip link set lo up && ip link set eth0 multicast off && "
		 "ip link set eth0 addrgenmode none && ip link set eth0 up && "
		 "ip addr add 10.0.0.1/24 dev eth0 && "
		 "ip addr add fd00::1/64 nodad dev eth0"))
		return false;
	/* A lock of our own: others may be busy in other namespaces. */
	fd = mkstemp(lock_file);
	if (fd >= 0)
		close(fd);
	setenv("XTABLES_LOCKFILE", lock_file, 1);
	*why = NULL;
	return true;
}

void et_kernel_close(void)
{
	close(tun);
	unlink(lock_file);
}

void et_kernel_ipsets(const char *text)
{
	FILE *p = popen("ipset restore", "w");

	if (p == NULL)
		return;
	fprintf(p, "%s\n", text);
	pclose(p);
}

static const char *tool(unsigned family, enum fe_backend backend)
{
	static const char *const tools[2][2] = {
		[FE_LEGACY] = {"iptables-legacy", "ip6tables-legacy"},
		[FE_NFT] = {"iptables-nft", "ip6tables-nft"},
	};

	return tools[backend][family == 6];
}

static bool restore(const struct et_place *place, const char *text)
{
	char command[128];
	FILE *p;

	snprintf(command, sizeof(command), "%s-restore 2>/dev/null",
		 tool(place->family, place->backend));
	p = popen(command, "w");
	if (p == NULL)
		return false;
	fputs(text, p);
	return pclose(p) == 0;
}

static bool is_builtin(const char *chain)
{
	return strcmp(chain, "c") != 0;
}

bool et_kernel_save(const struct et_place *place, const char *rule,
		    struct fe_buf *saved)
{
	char command[128], line[2048], start[64];
	struct fe_buf text = {0};
	bool found = false, ok;
	FILE *p;

	fe_buf_printf(&text, "*%s\n", place->table);
	if (!is_builtin(place->chain))
		fe_buf_printf(&text, ":%s - [0:0]\n", place->chain);
	fe_buf_printf(&text, "-A %s %s\nCOMMIT\n", place->chain, rule);
	ok = restore(place, fe_buf_text(&text));
	fe_buf_free(&text);
	snprintf(command, sizeof(command), "%s-save -t %s 2>/dev/null",
		 tool(place->family, place->backend), place->table);
	snprintf(start, sizeof(start), "-A %s", place->chain);
	p = ok ? popen(command, "r") : NULL;
	if (p == NULL)
		return false;
	while (fgets(line, sizeof(line), p) != NULL) {
		if (strncmp(line, start, strlen(start)) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		fe_buf_puts(saved, line + strlen(start) +
				       (line[strlen(start)] == ' '));
		found = true;
	}
	pclose(p);
	return found;
}

/* Packet counters of the two rules in mangle PREROUTING. */
static bool counters(const struct et_place *place, unsigned long count[2])
{
	char command[128], line[2048];
	unsigned n = 0;
	FILE *p;

	snprintf(command, sizeof(command), "%s-save -c -t mangle",
		 tool(place->family, place->backend));
	p = popen(command, "r");
	if (p == NULL)
		return false;
	while (fgets(line, sizeof(line), p) != NULL) {
		if (line[0] == '[' && n < 2)
			count[n++] = strtoul(line + 1, NULL, 10);
	}
	pclose(p);
	return n == 2;
}

static bool load_case(const struct et_place *place, const char *rule)
{
	struct fe_buf text = {0};
	const char *line = place->prelude;
	bool ok;

	fe_buf_puts(&text, "*raw\n");
	while (*line != '\0') {
		int len = (int)strcspn(line, "\n");

		fe_buf_printf(&text, "-A PREROUTING %.*s\n", len, line);
		line += len + 1;
	}
	fe_buf_printf(&text, "COMMIT\n*mangle\n-A PREROUTING %s\n"
		      "-A PREROUTING\nCOMMIT\n", rule);
	ok = restore(place, fe_buf_text(&text));
	fe_buf_free(&text);
	return ok;
}

enum et_answer et_kernel_judge(const struct et_place *place, const char *rule,
			       const struct et_packet *packets, size_t n)
{
	unsigned long before[2], after[2];
	char sink[4096];

	(void)run("conntrack -F >/dev/null 2>&1");
	if (!load_case(place, rule))
		return ET_ERROR;
	for (size_t i = 0; i < n; i++) {
		if (i + 1 == n && !counters(place, before))
			return ET_ERROR;
		if (write(tun, packets[i].data, packets[i].size) < 0)
			return ET_ERROR;
		while (read(tun, sink, sizeof(sink)) > 0)
			continue;
	}
	if (!counters(place, after))
		return ET_ERROR;
	if (after[0] != before[0])
		return ET_YES;
	return after[1] != before[1] ? ET_NO : ET_HOTDROP;
}
