/*
 * Injecting packets, and making lives of what the observer saw.
 *
 * A write() to a TUN device, or a sendto() on a raw socket, plays the whole
 * path before it returns: only then are the logs and devices read. A life is
 * one packet's way through the hooks; what the kernel makes in answer
 * (REJECT, ICMP errors) begins a life of its own at OUTPUT.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kt.h"

static void addr_bytes(unsigned family, struct fe_u128 addr, uint8_t *out)
{
	for (unsigned i = 0; i < (family == 4 ? 4u : 16u); i++) {
		unsigned shift = 8 * ((family == 4 ? 3u : 15u) - i);

		out[i] = (uint8_t)(shift >= 64 ? addr.hi >> (shift - 64)
					       : addr.lo >> shift);
	}
}

static int inject_local(struct kt_ns *ns, const struct kt_sent *sent)
{
	struct sockaddr_in to4 = {.sin_family = AF_INET};
	struct sockaddr_in6 to6 = {.sin6_family = AF_INET6};
	struct kt_view view;
	bool v4;
	int fd;
	ssize_t n;

	if (!kt_view(&sent->bytes, &view))
		return EINVAL;
	v4 = view.family == 4;
	addr_bytes(4, view.dst, (uint8_t *)&to4.sin_addr);
	addr_bytes(6, view.dst, (uint8_t *)&to6.sin6_addr);
	fd = v4 ? ns->raw4 : ns->raw6;
	setsockopt(fd, SOL_SOCKET, SO_MARK, &sent->mark, sizeof(sent->mark));
	n = sendto(fd, sent->bytes.data, sent->bytes.size, MSG_DONTWAIT,
		   v4 ? (struct sockaddr *)&to4 : (struct sockaddr *)&to6,
		   v4 ? sizeof(to4) : sizeof(to6));
	return n < 0 ? errno : 0;
}

int kt_inject(struct kt_ns *ns, const struct kt_sent *sent)
{
	if (sent->iif == KT_NO_IFACE)
		return inject_local(ns, sent);
	if (write(ns->tun[sent->iif], sent->bytes.data, sent->bytes.size) < 0)
		return errno;
	return 0;
}

/* What a TUN device sent: the bytes of the next life that left by it. */
static void collect_one(struct kt_sent *sent, uint8_t iface,
			struct kt_bytes bytes)
{
	for (size_t i = 0; i < sent->lives.n; i++) {
		struct kt_life *life = &sent->lives.data[i];

		if (life->end != KT_SENT || life->oif != iface ||
		    life->bytes.data)
			continue;
		life->bytes = bytes;
		return;
	}
	fe_vec_push(&sent->lives, (struct kt_life){.end = KT_SENT,
						   .oif = iface,
						   .hook = -1,
						   .generated = true,
						   .bytes = bytes});
}

void kt_collect(struct kt_ns *ns, struct kt_case *c, struct kt_sent *sent)
{
	uint8_t buf[65536];

	for (uint8_t i = KT_ETH0; i < KT_N_IFACES; i++) {
		ssize_t n;

		if (ns->tun[i] < 0)
			continue;
		while ((n = read(ns->tun[i], buf, sizeof(buf))) > 0) {
			struct kt_bytes b = {NULL, (uint32_t)n};

			if (!sent)
				continue;
			b.data = fe_arena_memdup(c->arena, buf, b.size);
			collect_one(sent, i, b);
		}
	}
}

/* ---- lives -------------------------------------------------------------- */

/* Whether a life whose last step is known may enter this hook next. */
static bool life_goes_on(const struct kt_life *life, unsigned hook)
{
	if (!life->last_leaving)
		return false;
	switch ((enum fe_hook)hook) {
	case FE_PREROUTING:
		return life->last_hook == FE_POSTROUTING &&
		       life->last_oif == KT_LO;
	case FE_INPUT:
	case FE_FORWARD:
		return life->last_hook == FE_PREROUTING;
	case FE_POSTROUTING:
		return life->last_hook == FE_FORWARD ||
		       life->last_hook == FE_OUTPUT;
	case FE_OUTPUT:
	case FE_N_HOOKS:
		break;
	}
	return false;
}

static struct kt_life *life_of(struct kt_sent *sent, const struct kt_event *e)
{
	size_t n = sent->lives.n;

	/* What loopback queued comes out in order; all else nests. */
	if (!e->leaving && e->hook == FE_PREROUTING)
		for (size_t i = 0; i < n; i++)
			if (life_goes_on(&sent->lives.data[i], e->hook))
				return &sent->lives.data[i];
	for (size_t i = n; i-- > 0;) {
		struct kt_life *life = &sent->lives.data[i];

		if (e->leaving
			? !life->last_leaving && life->last_hook == e->hook
			: life_goes_on(life, e->hook))
			return life;
	}
	fe_vec_push(&sent->lives, (struct kt_life){.generated = n > 0});
	return &sent->lives.data[n];
}

static void life_step(struct kt_life *life, const struct kt_event *e)
{
	life->last_hook = e->hook;
	life->last_leaving = e->leaving;
	life->last_oif = e->oif;
	life->mark = e->mark;
	if (e->leaving)
		life->after[e->hook] = e->bytes;
	else if (life->n_hooks < sizeof(life->hooks))
		life->hooks[life->n_hooks++] = e->hook;
}

/*
 * A checksum that the kernel left to the device (a RST it made itself, seen
 * on loopback) holds the pseudo header's sum only: finish it, as a device
 * would.
 */
static void finish_checksum(struct kt_bytes *b)
{
	struct kt_view v;
	uint16_t have, pseudo;
	uint8_t *p;

	if (!kt_view(b, &v) || v.proto != IPPROTO_TCP || b->size < v.l4 + 20)
		return;
	p = b->data + v.l4 + 16;
	have = (uint16_t)(p[0] << 8 | p[1]);
	pseudo = (uint16_t)~kt_l4_sum(
	    b->data, v.l4, v.l4, v.family,
	    (unsigned)(IPPROTO_TCP | (b->size - v.l4) << 8));
	if (have != pseudo)
		return;
	p[0] = p[1] = 0;
	have = kt_l4_sum(b->data, b->size, v.l4, v.family, IPPROTO_TCP);
	p[0] = (uint8_t)(have >> 8);
	p[1] = (uint8_t)have;
}

static void life_end(struct kt_life *life)
{
	life->end = KT_VANISHED;
	life->hook = life->last_leaving ? -1 : life->last_hook;
	if (!life->last_leaving)
		return;
	if (life->last_hook == FE_INPUT) {
		life->end = KT_DELIVERED;
		life->bytes = life->after[FE_INPUT];
		if (life->generated)
			finish_checksum(&life->bytes);
	} else if (life->last_hook == FE_POSTROUTING &&
		   life->last_oif != KT_LO) {
		life->end = KT_SENT;
		life->oif = life->last_oif;
	}
}

void kt_lives(struct fe_arena *arena, struct kt_sent *sent)
{
	(void)arena;
	for (size_t i = 0; i < sent->events.n; i++) {
		const struct kt_event *e = &sent->events.data[i];

		life_step(life_of(sent, e), e);
	}
	for (size_t i = 0; i < sent->lives.n; i++)
		life_end(&sent->lives.data[i]);
}
