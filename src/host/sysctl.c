/*
 * Sysctls that the engine obeys, by their real names. Keys may be written
 * with dots or slashes, as sysctl(8) takes them; net.netfilter. may be left
 * out before nf_conntrack_.
 */
#include "host/host.h"

#include <stddef.h>
#include <string.h>

struct key {
	const char *name;
	size_t offset; /* in struct fe_sysctls */
	size_t size;   /* 1 or 4 bytes */
	uint32_t max;
};

#define BYTE(name, member)                                                     \
	{name, offsetof(struct fe_sysctls, member), 1, 255}
#define WORD(name, member)                                                     \
	{name, offsetof(struct fe_sysctls, member), 4, UINT32_MAX}

static const struct key keys[] = {
    WORD("net.netfilter.nf_conntrack_max", nf_conntrack_max),
    WORD("net.nf_conntrack_max", nf_conntrack_max),
    WORD("net.ipv4.netfilter.ip_conntrack_max", nf_conntrack_max),
    WORD("net.netfilter.nf_conntrack_buckets", nf_conntrack_buckets),
    BYTE("net.netfilter.nf_conntrack_tcp_loose", tcp_loose),
    BYTE("net.netfilter.nf_conntrack_tcp_be_liberal", tcp_be_liberal),
    BYTE("net.netfilter.nf_conntrack_tcp_ignore_invalid_rst",
	 tcp_ignore_invalid_rst),
    BYTE("net.netfilter.nf_conntrack_tcp_max_retrans", tcp_max_retrans),
    BYTE("net.netfilter.nf_conntrack_checksum", checksum),
    BYTE("net.netfilter.nf_conntrack_acct", acct),
    BYTE("net.netfilter.nf_conntrack_log_invalid", log_invalid),
    BYTE("net.ipv4.ip_forward", ip_forward),
    BYTE("net.ipv4.conf.all.forwarding", ip_forward),
    BYTE("net.ipv6.conf.all.forwarding", ip6_forward),
    BYTE("net.ipv4.conf.all.rp_filter", rp_filter),
    BYTE("net.ipv4.conf.all.accept_local", accept_local),
    BYTE("net.ipv4.ip_default_ttl", ip_default_ttl),
    BYTE("net.ipv6.conf.all.hop_limit", ip6_hop_limit),
#define T(NAME, sysctl, now, old)                                              \
	{"net.netfilter.nf_conntrack_" sysctl,                                 \
	 offsetof(struct fe_sysctls, timeouts) +                               \
	     FE_TIMEOUT_##NAME * sizeof(uint32_t), 4, UINT32_MAX},
#include "host/timeouts.def"
#undef T
};

enum { N_KEYS = sizeof(keys) / sizeof(keys[0]) };

static const char *next_key(void *arg)
{
	size_t *i = arg;

	return *i < N_KEYS ? keys[(*i)++].name : NULL;
}

/* The whole name, dots for slashes; false when it is longer than any key. */
static bool normalise(struct fe_str key, char *out, size_t size)
{
	static const char folder[] = "net.netfilter.", name[] = "nf_conntrack_";
	size_t n = key.len >= sizeof(name) - 1 &&
		   memcmp(key.s, name, sizeof(name) - 1) == 0
		       ? sizeof(folder) - 1 : 0;

	if (n + key.len >= size)
		return false;
	memcpy(out, folder, n);
	for (size_t i = 0; i < key.len; i++)
		out[n + i] = key.s[i] == '/' ? '.' : key.s[i];
	out[n + key.len] = '\0';
	return true;
}

static const struct key *find(const char *name)
{
	for (size_t i = 0; i < N_KEYS; i++)
		if (!strcmp(keys[i].name, name))
			return &keys[i];
	return NULL;
}

bool fe_host_sysctl_is_known(struct fe_str name)
{
	char text[128];

	return normalise(name, text, sizeof(text)) && find(text);
}

bool fe_host_sysctl(struct fe_host *host, struct fe_str key,
		    struct fe_str value, struct fe_diags *diags)
{
	char name[128] = "";
	const struct key *k =
	    normalise(key, name, sizeof(name)) ? find(name) : NULL;
	uint64_t v;

	if (!k) {
		size_t i = 0;
		const char *near = fe_str_nearest(fe_str(name), next_key, &i);
		struct fe_diag *d =
		    fe_diag(diags, FE_ERROR, NULL, FE_NO_SPAN,
			    "no sysctl \"%.*s\" that matters to a run",
			    (int)key.len, key.s);
		if (near)
			fe_diag_hint(diags, d, "did you mean %s?", near);
		return false;
	}
	if (!fe_str_u64(value, 10, k->max, &v)) {
		fe_diag(diags, FE_ERROR, NULL, FE_NO_SPAN,
			"%s wants a number from 0 to %u, not \"%.*s\"", name,
			k->max, (int)value.len, value.s);
		return false;
	}
	char *at = (char *)&host->sysctls + k->offset;
	uint32_t word = (uint32_t)v;
	uint8_t byte = (uint8_t)v;
	memcpy(at, k->size == 1 ? (void *)&byte : (void *)&word, k->size);
	if (at == (char *)&host->sysctls.nf_conntrack_max)
		host->sysctls.max_given = true;
	if (at == (char *)&host->sysctls.ip_forward)
		host->forward_given[0] = true;
	if (at == (char *)&host->sysctls.ip6_forward)
		host->forward_given[1] = true;
	return true;
}
