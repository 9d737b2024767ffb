/*
 * Namespaces: made like a host, with TUN devices and the observer.
 *
 * The process itself enters a namespace (unshare, setns): sockets and
 * devices opened there stay in it, and programs that are run inherit it.
 * /proc/sys/net and the netlink sockets follow the process, so nothing needs
 * mounting. Nothing outside the namespace is touched.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kt.h"

const char *const kt_iface_names[KT_N_IFACES] = {"", "lo", "eth0", "eth1",
						 "eth2"};

static void child_exec(const char *const *argv, int in, int out)
{
	dup2(in, 0);
	dup2(out, 1);
	dup2(out, 2);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

/* The input is written by a file in memory, so that no deadlock can be. */
static int input_file(const char *input)
{
	int fd = memfd_create("input", MFD_CLOEXEC);
	size_t size = input ? strlen(input) : 0;

	if (fd < 0 || write(fd, input ? input : "", size) != (ssize_t)size)
		return -1;
	lseek(fd, 0, SEEK_SET);
	return fd;
}

int kt_run(const char *const *argv, const char *input, struct fe_buf *out)
{
	char chunk[4096];
	int in = input_file(input);
	int p[2], status;
	ssize_t n;
	pid_t pid;

	if (in < 0 || pipe2(p, O_CLOEXEC))
		return -1;
	pid = vfork();
	if (pid == 0)
		child_exec(argv, in, p[1]);
	close(in);
	close(p[1]);
	while ((n = read(p[0], chunk, sizeof(chunk))) > 0)
		if (out)
			fe_buf_add(out, chunk, (size_t)n);
	close(p[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool kt_ns_sysctl(const char *path, const char *value)
{
	char full[256];
	int fd;
	bool ok;

	snprintf(full, sizeof(full), "/proc/sys/net/%s", path);
	fd = open(full, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ok = write(fd, value, strlen(value)) == (ssize_t)strlen(value);
	close(fd);
	return ok;
}

static int tun_open(const char *name)
{
	struct ifreq req = {0};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -1;
	req.ifr_flags = IFF_TUN | IFF_NO_PI;
	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &req)) {
		close(fd);
		return -1;
	}
	return fd;
}

static const char *const observer = "table inet ko {\n"
#define CHAIN(name, hook, prio, prefix, last)                               \
	"chain " name " {\ntype filter hook " hook " priority " prio        \
	"; policy accept;\nlog group 4242 snaplen 65535 queue-threshold 1 " \
	"prefix \"" prefix "\"\n" last "}\n"
#define PAIR(name, hook, last)                        \
	CHAIN(name "i", hook, "-2147483648", "i", "") \
	CHAIN(name "o", hook, "2147483647", "o", last)
    PAIR("pre", "prerouting", "") PAIR("in", "input", "drop\n")
	PAIR("fwd", "forward", "") PAIR("out", "output", "")
	    PAIR("post", "postrouting", "") "}\n";

static const char *const quiet[][2] = {
    {"ipv6/conf/all/accept_dad", "0"},
    {"ipv6/conf/default/accept_dad", "0"},
    {"ipv6/conf/all/accept_ra", "0"},
    {"ipv6/conf/default/accept_ra", "0"},
    {"ipv6/conf/default/router_solicitations", "0"},
    {"ipv6/conf/default/dad_transmits", "0"},
    {"ipv6/conf/default/addr_gen_mode", "1"},
    {"ipv4/conf/all/send_redirects", "0"},
    {"ipv4/conf/default/send_redirects", "0"},
    {"ipv4/icmp_ratelimit", "0"},
    {"ipv6/auto_flowlabels", "0"},
    {"ipv6/icmp/ratelimit", "0"},
    {"ipv4/icmp_msgs_per_sec", "1000000"},
    {"ipv4/icmp_msgs_burst", "1000000"},
    {"ipv4/icmp_errors_use_inbound_ifaddr", "0"},
};

/* These exist once conntrack is there; older kernels lack some. */
static const char *const tracking[][2] = {
    {"netfilter/nf_conntrack_acct", "1"},
    {"netfilter/nf_conntrack_events", "1"},
};

static void host_addresses(const struct kt_host *host, struct fe_buf *b)
{
	fe_buf_puts(b, "link set lo up\n");
	for (unsigned i = 0; i < host->n_eth; i++)
		fe_buf_printf(b, "link set eth%u multicast off up\n", i);
	for (unsigned i = 0; i < host->n_addrs; i++) {
		const struct kt_addr *a = &host->addrs[i];

		if (a->iface == KT_LO)
			continue;
		fe_buf_printf(b, "addr add ");
		kt_addr_text(a->family, a->addr, b);
		fe_buf_printf(b, "/%u dev %s%s\n", a->prefix_len,
			      kt_iface_names[a->iface],
			      a->family == 6 ? " nodad" : "");
	}
	if (host->gateway4.lo) {
		fe_buf_puts(b, "route add default via ");
		kt_addr_text(4, host->gateway4, b);
		fe_buf_puts(b, " dev eth0\n");
	}
	if (host->gateway6.hi) {
		fe_buf_puts(b, "route add ::/0 via ");
		kt_addr_text(6, host->gateway6, b);
		fe_buf_puts(b, " dev eth0\n");
	}
}

/* Whether the kernel has the route that makes an address its own. */
static bool has_local_route(struct fe_u128 addr)
{
	FILE *f = fopen("/proc/thread-self/net/ipv6_route", "re");
	char line[256], want[40];
	unsigned flags;
	bool found = false;

	snprintf(want, sizeof(want), "%016llx%016llx 80",
		 (unsigned long long)addr.hi, (unsigned long long)addr.lo);
	while (f != NULL && !found && fgets(line, sizeof(line), f))
		found = strncmp(line, want, strlen(want)) == 0 &&
			sscanf(line, "%*s %*s %*s %*s %*s %*s %*s %*s %x",
			       &flags) == 1 &&
			flags & 0x80000000u; /* RTF_LOCAL */
	if (f != NULL)
		fclose(f);
	return found;
}

/*
 * An IPv6 address becomes the host's in a work queue of the kernel, which
 * under load comes long after `ip addr add` returned.
 */
static bool wait_for_addresses(const struct kt_host *host)
{
	const struct timespec pause = {0, 10000000};

	for (unsigned i = 0; i < host->n_addrs; i++) {
		const struct kt_addr *a = &host->addrs[i];
		unsigned tries = 1000;

		if (a->iface == KT_LO || a->family != 6)
			continue;
		while (!has_local_route(a->addr) && --tries)
			nanosleep(&pause, NULL);
		if (!tries) {
			fprintf(stderr, "# an address has no local route\n");
			return false;
		}
	}
	return true;
}

static bool ns_configure(const struct kt_host *host)
{
	static const char *const ip[] = {"ip", "-batch", "-", NULL};
	static const char *const nft[] = {"nft", "-f", "-", NULL};
	struct fe_buf b = {0}, out = {0};
	const char *rp = host->rp_filter == 0	? "0"
			 : host->rp_filter == 1 ? "1"
						: "2";
	bool ok;

	host_addresses(host, &b);
	ok = kt_run(ip, fe_buf_text(&b), &out) == 0;
	ok = ok && wait_for_addresses(host);
	kt_ns_sysctl("ipv4/conf/all/rp_filter", rp);
	kt_ns_sysctl("ipv4/ip_forward", host->forward4 ? "1" : "0");
	kt_ns_sysctl("ipv6/conf/all/forwarding", host->forward6 ? "1" : "0");
	ok = ok && kt_run(nft, observer, &out) == 0;
	if (!ok)
		fprintf(stderr, "# %s", fe_buf_text(&out));
	fe_buf_free(&b);
	fe_buf_free(&out);
	return ok;
}

static bool ns_devices(struct kt_ns *ns, const struct kt_host *host)
{
	int one = 1;

	ns->ifindex[KT_LO] = if_nametoindex("lo");
	for (unsigned i = 0; i < host->n_eth; i++) {
		unsigned n = KT_ETH0 + i;

		ns->tun[n] = tun_open(kt_iface_names[n]);
		ns->ifindex[n] = if_nametoindex(kt_iface_names[n]);
		if (ns->tun[n] < 0)
			return false;
	}
	ns->raw4 = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	ns->raw6 = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (ns->raw4 < 0 || ns->raw6 < 0)
		return false;
	setsockopt(ns->raw4, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one));
	return true;
}

struct kt_ns *kt_ns_new(const struct kt_host *host, unsigned host_number)
{
	struct kt_ns *ns = fe_calloc(1, sizeof(*ns));

	for (unsigned i = 0; i < KT_N_IFACES; i++)
		ns->tun[i] = -1;
	ns->raw4 = ns->raw6 = ns->log = ns->ct = ns->ask = ns->fd = -1;
	ns->host_number = host_number;
	if (unshare(CLONE_NEWNET))
		goto fail;
	ns->fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++)
		kt_ns_sysctl(quiet[i][0], quiet[i][1]);
	kt_ns_sysctl("ipv4/conf/default/rp_filter", "0");
	if (ns->fd < 0 || !ns_devices(ns, host) || !ns_configure(host) ||
	    !kt_nl_open(ns))
		goto fail;
	for (size_t i = 0; i < sizeof(tracking) / sizeof(tracking[0]); i++)
		kt_ns_sysctl(tracking[i][0], tracking[i][1]);
	return ns;
fail:
	kt_ns_free(ns);
	return NULL;
}

void kt_ns_free(struct kt_ns *ns)
{
	if (!ns)
		return;
	kt_nl_close(ns);
	for (unsigned i = 0; i < KT_N_IFACES; i++)
		if (ns->tun[i] >= 0)
			close(ns->tun[i]);
	close(ns->raw4);
	close(ns->raw6);
	close(ns->fd);
	free(ns);
}

bool kt_ns_enter(const struct kt_ns *ns)
{
	return setns(ns->fd, CLONE_NEWNET) == 0;
}

void kt_ns_trace(struct kt_ns *ns, bool on)
{
	static const char *const nft[] = {"nft", "-f", "-", NULL};
	static const char *const table =
	    "table inet kt {\n"
	    "chain pre {\ntype filter hook prerouting priority -2147483648;\n"
	    "meta nftrace set 1\n}\n"
	    "chain out {\ntype filter hook output priority -2147483648;\n"
	    "meta nftrace set 1\n}\n}\n";

	if (ns->traces == on)
		return;
	ns->traces = on;
	kt_ns_sysctl("netfilter/nf_log/2", on ? "nfnetlink_log" : "NONE");
	kt_ns_sysctl("netfilter/nf_log/10", on ? "nfnetlink_log" : "NONE");
	kt_run(nft, on ? table : "delete table inet kt\n", NULL);
}

static bool runs(const char *program)
{
	const char *const argv[] = {program, "--version", NULL};

	return kt_run(argv, NULL, NULL) == 0;
}

const char *kt_kernel_missing(void)
{
	static const char *const programs[] = {
	    "ip", "nft", "iptables-legacy-restore", "ip6tables-legacy-restore"};
	struct kt_host host;
	struct kt_ns *ns;

	if (geteuid() != 0)
		return "needs root";
	if (access("/dev/net/tun", R_OK | W_OK))
		return "needs /dev/net/tun";
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (i != 0 && !runs(programs[i]))
			return "needs nft and iptables-legacy";
	kt_host_make(&host, 1, 0);
	ns = kt_ns_new(&host, 0);
	if (!ns)
		return "cannot make a network namespace with an observer";
	kt_ns_free(ns);
	return NULL;
}
