/*
 * Planted classes: a UDP service that a plan must be able to untrack.
 *
 * Safe at level none: every chain that the service's packets, their replies
 * or ICMP could meet begins with rules that accept them statelessly; no nat,
 * nothing else in raw. Safe at level invalid only: the ordinary stateful
 * server, where RELATED and INVALID are told apart.
 */
#include <netinet/in.h>
#include <string.h>

#include "rows.h"
#include "rules.h"

static void chain_begin(struct kt_case *c, struct kt_chain *chain,
			const char *rule)
{
	size_t n = chain->rules.n;

	fe_vec_push(&chain->rules, NULL);
	memmove(chain->rules.data + 1, chain->rules.data,
		n * sizeof(chain->rules.data[0]));
	chain->rules.data[0] =
	    fe_arena_printf(c->arena, "-A %s %s", chain->name, rule);
}

static void drop_table(struct kt_rules *rules, enum kt_table table)
{
	rules->present[table] = false;
}

static void accept_everywhere(struct kt_case *c, struct kt_rules *rules,
			      unsigned port, unsigned family)
{
	const char *icmp = family == 4 ? "icmp" : "ipv6-icmp";

	for (unsigned t = 0; t < KT_N_TABLES; t++)
		for (size_t i = 0; rules->present[t] && i < rules->chains[t].n;
		     i++) {
			struct kt_chain *chain = &rules->chains[t].data[i];

			if (!chain->builtin)
				continue;
			chain_begin(
			    c, chain,
			    fe_arena_printf(c->arena, "-p %s -j ACCEPT", icmp));
			chain_begin(c, chain,
				    fe_arena_printf(c->arena,
						    "-p udp -m udp --sport %u "
						    "-j ACCEPT",
						    port));
			chain_begin(c, chain,
				    fe_arena_printf(c->arena,
						    "-p udp -m udp --dport %u "
						    "-j ACCEPT",
						    port));
		}
}

static void plant_stateless(struct kt_case *c, unsigned f, unsigned port)
{
	struct kt_rules *r = &c->rules[f];
	struct kt_chain *forward;

	drop_table(r, KT_NAT);
	drop_table(r, KT_RAW);
	kt_rules_table(r, KT_FILTER);
	accept_everywhere(c, r, port, f ? 6 : 4);
	forward = kt_rules_chain(r, KT_FILTER, "FORWARD");
	fe_vec_push(&forward->rules,
		    fe_arena_strdup(c->arena, "-A FORWARD -m conntrack "
					      "--ctstate ESTABLISHED"));
}

static void plant_server(struct kt_case *c, struct fe_rng *rng, unsigned f,
			 unsigned port)
{
	struct kt_rules fresh = {0};
	const char *text = fe_arena_printf(
	    c->arena,
	    "*filter\n:INPUT DROP\n-A INPUT -i lo -j ACCEPT\n%s"
	    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
	    "-A INPUT -p udp -m udp --dport %u -j ACCEPT\n"
	    "-A INPUT -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW "
	    "-j ACCEPT\n",
	    fe_rng_below(rng, 2)
		? "-A INPUT -m conntrack --ctstate INVALID -j DROP\n"
		: "",
	    port);

	for (unsigned t = 0; t < KT_N_TABLES; t++)
		drop_table(&c->rules[f], t);
	kt_rules_table(&fresh, KT_FILTER);
	kt_rules_read(c, &fresh, text);
	for (size_t i = 0; i < c->rules[f].chains[KT_FILTER].n; i++)
		fe_vec_free(&c->rules[f].chains[KT_FILTER].data[i].rules);
	fe_vec_free(&c->rules[f].chains[KT_FILTER]);
	c->rules[f].chains[KT_FILTER] = fresh.chains[KT_FILTER];
	c->rules[f].present[KT_FILTER] = true;
}

/* Clients of the service: so that it has entries to save. */
static void plant_traffic(struct kt_case *c, struct fe_rng *rng,
			  unsigned family, unsigned port)
{
	for (unsigned i = 0; i < 2; i++) {
		struct kt_flow f = {.family = (uint8_t)family,
				    .proto = IPPROTO_UDP,
				    .in_if = KT_ETH0,
				    .dport = (uint16_t)port};

		f.sport = (uint16_t)(20000 + fe_rng_below(rng, 40000));
		f.src = kt_host_remote(&c->host, rng, family, KT_ETH0);
		f.dst = kt_host_local(&c->host, rng, family, KT_ETH0);
		fe_vec_push(&c->flows, f);
		for (unsigned k = 0; k < 4; k++) {
			struct kt_step s = {.flow = (uint16_t)(c->flows.n - 1),
					    .op = KT_UDP,
					    .dir = k & 1,
					    .ttl = 64,
					    .len = 40};

			if (k == 3 && fe_rng_below(rng, 2)) {
				s.op = KT_ERROR;
				s.type = family == 4 ? 3 : 1;
				s.code = family == 4 ? 3 : 4;
				s.len = 80;
			}
			fe_vec_push(&c->steps, s);
		}
	}
}

void kt_plant(struct kt_case *c, struct fe_rng *rng)
{
	static const uint16_t ports[] = {53, 123, 5000};
	unsigned f = fe_rng_below(rng, 3) == 0;
	unsigned port = ports[fe_rng_below(rng, 3)];

	c->planted =
	    fe_rng_below(rng, 5) < 4 ? KT_PLANT_NONE : KT_PLANT_INVALID;
	c->planted_port = (uint16_t)port;
	c->planted_family = f ? 6 : 4;
	if (c->planted == KT_PLANT_NONE)
		plant_stateless(c, f, port);
	else
		plant_server(c, rng, f, port);
	plant_traffic(c, rng, f ? 6 : 4, port);
}
