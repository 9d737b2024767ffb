/*
 * Random IP sets: one of each understood type per family, with members that
 * the case's flows use, now and then with exceptions (nomatch).
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "rules.h"

#define PUT(...) fe_buf_printf(g->buf, __VA_ARGS__)

static void member_net(struct kt_gen *g)
{
	static const uint8_t bits4[] = {32, 30, 24, 16};
	static const uint8_t bits6[] = {128, 126, 64, 48};
	unsigned i = kt_below(g, 4);

	kt_addr(g);
	PUT("/%u%s", g->family == 4 ? bits4[i] : bits6[i],
	    kt_once(g, 5) ? " nomatch" : "");
}

static void random_set(struct kt_gen *g, const char *name, const char *type)
{
	unsigned n = kt_below(g, 5);
	unsigned f = g->family;

	PUT("create %s%u %s family %s hashsize 64 maxelem 65536\n", name, f,
	    type, f == 4 ? "inet" : "inet6");
	while (n--) {
		PUT("add %s%u ", name, f);
		if (!strcmp(type, "hash:net")) {
			member_net(g);
		} else {
			kt_addr(g);
			if (!strcmp(type, "hash:ip,port"))
				PUT(",%s:%u", kt_once(g, 2) ? "tcp" : "udp",
				    kt_port(g));
		}
		PUT("\n");
	}
}

void kt_ipsets_random(struct kt_case *c, struct fe_rng *rng)
{
	struct fe_buf buf = {0};
	struct kt_gen gen = {.c = c, .rng = rng, .buf = &buf}, *g = &gen;

	for (g->family = 4; g->family <= 6; g->family += 2) {
		random_set(g, "ip", "hash:ip");
		random_set(g, "net", "hash:net");
		random_set(g, "port", "hash:ip,port");
	}
	c->ipsets = fe_arena_strdup(c->arena, fe_buf_text(&buf));
	fe_buf_free(&buf);
}

void kt_match_set(struct kt_gen *g)
{
	static const char *const dirs[] = {"src", "dst"};
	unsigned type = kt_below(g, 3);
	const char *a = dirs[kt_below(g, 2)];

	if (!g->c->ipsets)
		return;
	PUT(" -m set");
	kt_neg(g);
	PUT(" --match-set %s%u %s",
	    type == 0	? "ip"
	    : type == 1 ? "net"
			: "port",
	    g->family, a);
	if (type == 2)
		PUT(",%s", dirs[kt_below(g, 2)]);
}

/* Text for `ipset -exist restore`: sets that are there are emptied first. */
void kt_ipsets_restore(const char *save, struct fe_buf *out)
{
	while (*save) {
		size_t n = strcspn(save, "\n");
		char name[32];

		fe_buf_add(out, save, n);
		fe_buf_putc(out, '\n');
		if (sscanf(save, "create %31s", name) == 1)
			fe_buf_printf(out, "flush %s\n", name);
		save += n + (save[n] == '\n');
	}
}
