/*
 * Netlink: what the observer logs, what conntrack announces, its table.
 *
 * Everything is read without waiting: the kernel puts its messages into the
 * socket's queue while write() or sendto() runs. Attributes are read by a
 * loop of a few lines, so that no library is needed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kt.h"

#define MAX_ATTR 48

static void attrs_read(const struct nlattr **table, const void *data,
		       size_t size)
{
	const uint8_t *p = data;

	memset(table, 0, sizeof(*table) * MAX_ATTR);
	while (size >= sizeof(struct nlattr)) {
		const struct nlattr *a = (const struct nlattr *)(const void *)p;
		size_t step = NLA_ALIGN(a->nla_len);
		unsigned type = a->nla_type & (unsigned)NLA_TYPE_MASK;

		if (a->nla_len < sizeof(*a) || a->nla_len > size)
			break;
		if (type < MAX_ATTR)
			table[type] = a;
		if (step >= size)
			break;
		p += step;
		size -= step;
	}
}

static const uint8_t *attr_data(const struct nlattr *a)
{
	return (const uint8_t *)a + sizeof(*a);
}

static size_t attr_size(const struct nlattr *a)
{
	return a->nla_len - sizeof(*a);
}

static void attrs_nested(const struct nlattr **table, const struct nlattr *a)
{
	attrs_read(table, a ? attr_data(a) : NULL, a ? attr_size(a) : 0);
}

/* A number in network order, of whatever size the attribute has. */
static uint64_t attr_number(const struct nlattr *a)
{
	uint64_t v = 0;

	if (!a)
		return 0;
	for (size_t i = 0; i < attr_size(a) && i < 8; i++)
		v = v << 8 | attr_data(a)[i];
	return v;
}

static struct fe_u128 attr_addr(const struct nlattr *a)
{
	struct fe_u128 v = {0, 0};

	for (size_t i = 0; a && i < attr_size(a); i++) {
		v.hi = v.hi << 8 | v.lo >> 56;
		v.lo = v.lo << 8 | attr_data(a)[i];
	}
	return v;
}

struct request {
	struct nlmsghdr head;
	struct nfgenmsg gen;
	uint8_t attrs[64];
};

static void request_start(struct request *r, unsigned type, unsigned flags,
			  unsigned family)
{
	memset(r, 0, sizeof(*r));
	r->head.nlmsg_len = (uint32_t)NLMSG_LENGTH(sizeof(r->gen));
	r->head.nlmsg_type = (uint16_t)type;
	r->head.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	r->gen.nfgen_family = (uint8_t)family;
	r->gen.version = NFNETLINK_V0;
}

static void request_attr(struct request *r, unsigned type, const void *data,
			 size_t size)
{
	size_t at =
	    NLMSG_ALIGN(r->head.nlmsg_len) - NLMSG_HDRLEN - sizeof(r->gen);
	struct nlattr a = {(uint16_t)(sizeof(a) + size), (uint16_t)type};

	memcpy(r->attrs + at, &a, sizeof(a));
	memcpy(r->attrs + at + sizeof(a), data, size);
	r->head.nlmsg_len = (uint32_t)(NLMSG_ALIGN(r->head.nlmsg_len) +
				       (unsigned)NLA_ALIGN(a.nla_len));
}

static bool request_send(int fd, const struct request *r)
{
	return send(fd, r, r->head.nlmsg_len, 0) == (ssize_t)r->head.nlmsg_len;
}

/* Sends and waits for the acknowledgement. */
static bool request_do(int fd, struct request *r)
{
	uint8_t reply[8192];
	ssize_t n;

	r->head.nlmsg_flags |= NLM_F_ACK;
	if (!request_send(fd, r))
		return false;
	while ((n = recv(fd, reply, sizeof(reply), 0)) > 0) {
		struct nlmsghdr head;
		struct nlmsgerr err;

		memcpy(&head, reply, sizeof(head));
		if (head.nlmsg_type != NLMSG_ERROR)
			continue;
		memcpy(&err, reply + NLMSG_HDRLEN, sizeof(err));
		errno = -err.error;
		return err.error == 0;
	}
	return false;
}

static int nl_socket(uint32_t groups)
{
	struct sockaddr_nl addr = {.nl_family = AF_NETLINK,
				   .nl_groups = groups};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	int size = 8 << 20;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool log_bind(int fd, unsigned group)
{
	struct request r;
	struct nfulnl_msg_config_cmd cmd = {NFULNL_CFG_CMD_BIND};
	struct nfulnl_msg_config_mode mode = {htonl(0xffff), NFULNL_COPY_PACKET,
					      0};
	uint32_t one = htonl(1);

	request_start(&r, NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG, 0, 0);
	r.gen.res_id = htons((uint16_t)group);
	request_attr(&r, NFULA_CFG_CMD, &cmd, sizeof(cmd));
	if (!request_do(fd, &r))
		return false;
	request_start(&r, NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG, 0, 0);
	r.gen.res_id = htons((uint16_t)group);
	request_attr(&r, NFULA_CFG_MODE, &mode, sizeof(mode));
	request_attr(&r, NFULA_CFG_QTHRESH, &one, sizeof(one));
	return request_do(fd, &r);
}

bool kt_nl_open(struct kt_ns *ns)
{
	ns->log = nl_socket(0);
	ns->ct = nl_socket(1u << (NFNLGRP_CONNTRACK_NEW - 1));
	ns->ask = nl_socket(0);
	return ns->log >= 0 && ns->ct >= 0 && ns->ask >= 0 &&
	       log_bind(ns->log, KT_GROUP) && log_bind(ns->log, 0);
}

void kt_nl_close(struct kt_ns *ns)
{
	close(ns->log);
	close(ns->ct);
	close(ns->ask);
}

static uint8_t iface_number(const struct kt_ns *ns, const struct nlattr *a)
{
	uint64_t index = attr_number(a);

	for (uint8_t i = 1; index && i < KT_N_IFACES; i++)
		if (ns->ifindex[i] == index)
			return i;
	return KT_NO_IFACE;
}

static void event_read(const struct kt_ns *ns, struct fe_arena *arena,
		       const struct nlmsghdr *head, struct kt_sent *sent)
{
	const struct nlattr *a[MAX_ATTR];
	struct kt_event e = {0};
	struct nfulnl_msg_packet_hdr hdr;

	attrs_read(a,
		   (const uint8_t *)NLMSG_DATA(head) + sizeof(struct nfgenmsg),
		   head->nlmsg_len - NLMSG_HDRLEN - sizeof(struct nfgenmsg));
	if (!a[NFULA_PACKET_HDR] || !a[NFULA_PREFIX] || !a[NFULA_PAYLOAD])
		return;
	if (attr_data(a[NFULA_PREFIX])[0] == 'T') {
		fe_vec_push(
		    &sent->trace,
		    fe_arena_strdup(
			arena, (const char *)attr_data(a[NFULA_PREFIX]) + 7));
		return;
	}
	memcpy(&hdr, attr_data(a[NFULA_PACKET_HDR]), sizeof(hdr));
	e.hook = hdr.hook;
	e.leaving = attr_data(a[NFULA_PREFIX])[0] == 'o';
	e.mark = (uint32_t)attr_number(a[NFULA_MARK]);
	e.iif = iface_number(ns, a[NFULA_IFINDEX_INDEV]);
	e.oif = iface_number(ns, a[NFULA_IFINDEX_OUTDEV]);
	e.bytes.size = (uint32_t)attr_size(a[NFULA_PAYLOAD]);
	e.bytes.data =
	    fe_arena_memdup(arena, attr_data(a[NFULA_PAYLOAD]), e.bytes.size);
	fe_vec_push(&sent->events, e);
}

static void tuple_read(struct fe_tuple *t, const struct nlattr *attr,
		       unsigned family)
{
	const struct nlattr *a[MAX_ATTR], *ip[MAX_ATTR], *l4[MAX_ATTR];

	attrs_nested(a, attr);
	attrs_nested(ip, a[CTA_TUPLE_IP]);
	attrs_nested(l4, a[CTA_TUPLE_PROTO]);
	t->family = family == AF_INET ? 4 : 6;
	t->src =
	    attr_addr(ip[family == AF_INET ? CTA_IP_V4_SRC : CTA_IP_V6_SRC]);
	t->dst =
	    attr_addr(ip[family == AF_INET ? CTA_IP_V4_DST : CTA_IP_V6_DST]);
	t->proto = (uint8_t)attr_number(l4[CTA_PROTO_NUM]);
	t->zone = (uint16_t)attr_number(a[CTA_TUPLE_ZONE]);
	t->sport = (uint16_t)attr_number(l4[CTA_PROTO_SRC_PORT]);
	t->dport = (uint16_t)attr_number(l4[CTA_PROTO_DST_PORT]);
	if (l4[CTA_PROTO_ICMP_ID] || l4[CTA_PROTO_ICMPV6_ID]) {
		unsigned v4 = l4[CTA_PROTO_ICMP_ID] != NULL;

		t->sport = (uint16_t)attr_number(
		    l4[v4 ? CTA_PROTO_ICMP_ID : CTA_PROTO_ICMPV6_ID]);
		t->dport =
		    (uint16_t)(attr_number(l4[v4 ? CTA_PROTO_ICMP_TYPE
						 : CTA_PROTO_ICMPV6_TYPE])
				   << 8 |
			       attr_number(l4[v4 ? CTA_PROTO_ICMP_CODE
						 : CTA_PROTO_ICMPV6_CODE]));
	}
}

static void counters_read(struct kt_entry *e, unsigned dir,
			  const struct nlattr *attr)
{
	const struct nlattr *a[MAX_ATTR];

	attrs_nested(a, attr);
	e->packets[dir] = attr_number(a[CTA_COUNTERS_PACKETS]);
	e->bytes[dir] = attr_number(a[CTA_COUNTERS_BYTES]);
}

static void entry_read(const struct nlmsghdr *head, struct kt_entry *e)
{
	const struct nlattr *a[MAX_ATTR], *info[MAX_ATTR], *tcp[MAX_ATTR];
	struct nfgenmsg gen;
	uint16_t zone;

	memset(e, 0, sizeof(*e));
	memcpy(&gen, NLMSG_DATA(head), sizeof(gen));
	attrs_read(a, (const uint8_t *)NLMSG_DATA(head) + sizeof(gen),
		   head->nlmsg_len - NLMSG_HDRLEN - sizeof(gen));
	tuple_read(&e->tuple[0], a[CTA_TUPLE_ORIG], gen.nfgen_family);
	tuple_read(&e->tuple[1], a[CTA_TUPLE_REPLY], gen.nfgen_family);
	zone = (uint16_t)attr_number(a[CTA_ZONE]);
	if (zone)
		e->tuple[0].zone = e->tuple[1].zone = zone;
	e->status = (uint32_t)attr_number(a[CTA_STATUS]);
	e->mark = (uint32_t)attr_number(a[CTA_MARK]);
	e->timeout = (uint32_t)attr_number(a[CTA_TIMEOUT]);
	counters_read(e, 0, a[CTA_COUNTERS_ORIG]);
	counters_read(e, 1, a[CTA_COUNTERS_REPLY]);
	attrs_nested(info, a[CTA_PROTOINFO]);
	attrs_nested(tcp, info[CTA_PROTOINFO_TCP]);
	e->tcp_state = tcp[CTA_PROTOINFO_TCP_STATE]
			   ? (uint8_t)attr_number(tcp[CTA_PROTOINFO_TCP_STATE])
			   : 255;
}

typedef void message_fn(void *arg, const struct nlmsghdr *head);

/* Hands over each message of one datagram; false: the last of a dump. */
static bool messages(const uint8_t *data, size_t size, message_fn *fn,
		     void *arg)
{
	while (size >= NLMSG_HDRLEN) {
		const struct nlmsghdr *head = (const void *)data;
		size_t step = NLMSG_ALIGN(head->nlmsg_len);

		if (head->nlmsg_len < NLMSG_HDRLEN || head->nlmsg_len > size)
			break;
		if (head->nlmsg_type == NLMSG_DONE ||
		    head->nlmsg_type == NLMSG_ERROR)
			return false;
		fn(arg, head);
		if (step >= size)
			break;
		data += step;
		size -= step;
	}
	return true;
}

struct reading {
	struct kt_ns *ns;
	struct kt_case *c;
	struct kt_sent *sent;
	struct kt_play *play;
	struct kt_stats *stats;
};

static void on_log(void *arg, const struct nlmsghdr *head)
{
	struct reading *r = arg;

	if (head->nlmsg_type == (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET) &&
	    r->sent)
		event_read(r->ns, r->c->arena, head, r->sent);
}

static void on_made(void *arg, const struct nlmsghdr *head)
{
	struct reading *r = arg;
	struct kt_entry e;

	if (!r->sent)
		return;
	entry_read(head, &e);
	fe_vec_push(&r->sent->made, e);
}

static void drain(int fd, message_fn *fn, struct reading *r)
{
	static _Alignas(8) uint8_t buf[1 << 17];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0 ||
	       (n < 0 && (errno == ENOBUFS || errno == EINTR)))
		if (n > 0)
			messages(buf, (size_t)n, fn, r);
}

void kt_nl_read(struct kt_ns *ns, struct kt_case *c, struct kt_sent *sent)
{
	struct reading r = {.ns = ns, .c = c, .sent = sent};

	drain(ns->log, on_log, &r);
	drain(ns->ct, on_made, &r);
}

static void dump(struct kt_ns *ns, unsigned type, message_fn *fn,
		 struct reading *r)
{
	static _Alignas(8) uint8_t buf[1 << 17];
	struct request q;
	ssize_t n;

	request_start(&q, NFNL_SUBSYS_CTNETLINK << 8 | type, NLM_F_DUMP,
		      AF_UNSPEC);
	if (!request_send(ns->ask, &q))
		return;
	while ((n = recv(ns->ask, buf, sizeof(buf), 0)) > 0)
		if (!messages(buf, (size_t)n, fn, r))
			return;
}

static void on_entry(void *arg, const struct nlmsghdr *head)
{
	struct reading *r = arg;
	struct kt_entry e;

	entry_read(head, &e);
	fe_vec_push(&r->play->entries, e);
}

void kt_nl_entries(struct kt_ns *ns, struct kt_play *play)
{
	struct reading r = {.ns = ns, .play = play};

	dump(ns, IPCTNL_MSG_CT_GET, on_entry, &r);
}

void kt_nl_flush(struct kt_ns *ns)
{
	struct request r;

	request_start(&r, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE, 0,
		      AF_UNSPEC);
	request_do(ns->ask, &r);
}

static void on_stats(void *arg, const struct nlmsghdr *head)
{
	struct kt_stats *s = ((struct reading *)arg)->stats;
	const struct nlattr *a[MAX_ATTR];

	attrs_read(a,
		   (const uint8_t *)NLMSG_DATA(head) + sizeof(struct nfgenmsg),
		   head->nlmsg_len - NLMSG_HDRLEN - sizeof(struct nfgenmsg));
	s->invalid += attr_number(a[CTA_STATS_INVALID]);
	s->insert_failed += attr_number(a[CTA_STATS_INSERT_FAILED]);
	s->drop += attr_number(a[CTA_STATS_DROP]);
	s->early_drop += attr_number(a[CTA_STATS_EARLY_DROP]);
	s->error += attr_number(a[CTA_STATS_ERROR]);
}

void kt_nl_stats(struct kt_ns *ns, struct kt_stats *stats)
{
	struct reading r = {.ns = ns, .stats = stats};

	memset(stats, 0, sizeof(*stats));
	dump(ns, IPCTNL_MSG_CT_GET_STATS_CPU, on_stats, &r);
}
