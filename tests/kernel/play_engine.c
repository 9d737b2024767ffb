/*
 * Plays what the kernel saw through libcore's engine: the same rule text,
 * host, bytes and times. Random NAT ports are hinted with the kernel's
 * choice; conntrack checks that they are legal and free.
 */
#include <string.h>

#include "kt.h"
#include "ext/ipset.h"
#include "lang/read.h"
#include "program/engine.h"

struct engine_side {
	struct kt_case *c;
	const struct kt_play *kernel;
	struct fe_sources *sources;
	struct fe_diags *diags;
	struct fe_host *host;
	struct fe_rules rules;
	struct fe_engine *engine;
	uint16_t index[KT_N_IFACES];	 /* of the host, by our number */
	struct kt_sent *sent;		 /* being played */
	const struct kt_sent *model;	 /* the kernel's account of it */
	FE_VEC(struct kt_bytes) pending; /* emitted, result not yet known */
};

static uint8_t number_of(const struct engine_side *s, uint16_t index)
{
	for (uint8_t i = 1; i < KT_N_IFACES; i++)
		if (s->index[i] == index)
			return i;
	return KT_NO_IFACE;
}

static void side_sysctl(struct engine_side *s, const char *key, unsigned value)
{
	struct fe_buf k = {0}, v = {0};

	fe_buf_printf(&k, "%s", key);
	fe_buf_printf(&v, "%u", value);
	fe_host_sysctl(s->host, fe_str(fe_buf_text(&k)),
		       fe_str(fe_buf_text(&v)), s->diags);
	fe_buf_free(&k);
	fe_buf_free(&v);
}

static void side_route(struct engine_side *s, unsigned family,
		       struct fe_u128 gateway)
{
	struct fe_route r = {.family = (uint8_t)family,
			     .type = 1,
			     .oif = s->index[KT_ETH0],
			     .gateway = gateway,
			     .table = 254};

	if (gateway.lo || gateway.hi)
		fe_vec_push(&s->host->routes, r);
}

static void side_host(struct engine_side *s)
{
	const struct kt_host *h = &s->c->host;

	s->host = fe_host_new();
	s->index[KT_LO] = fe_host_iface(s->host, fe_str("lo"));
	for (unsigned i = KT_ETH0; i < KT_ETH0 + h->n_eth; i++)
		s->index[i] = fe_host_iface(s->host, fe_str(kt_iface_names[i]));
	for (unsigned i = 0; i < h->n_addrs; i++)
		if (h->addrs[i].iface != KT_LO)
			fe_host_add_addr(s->host, s->index[h->addrs[i].iface],
					 h->addrs[i].family, h->addrs[i].addr,
					 h->addrs[i].prefix_len);
	side_route(s, 4, h->gateway4);
	side_route(s, 6, h->gateway6);
	s->host->known = true;
	side_sysctl(s, "net.ipv4.ip_forward", h->forward4);
	side_sysctl(s, "net.ipv6.conf.all.forwarding", h->forward6);
	side_sysctl(s, "net.ipv4.conf.all.rp_filter", h->rp_filter);
	side_sysctl(s, "net.netfilter.nf_conntrack_acct", 1);
	for (size_t i = 0; i < s->c->sysctls.n; i++) {
		struct fe_buf key = {0};

		fe_buf_printf(&key, "net.netfilter.%s",
			      s->c->sysctls.data[i].key);
		side_sysctl(s, fe_buf_text(&key), s->c->sysctls.data[i].value);
		fe_buf_free(&key);
	}
}

static bool side_ipsets(struct engine_side *s)
{
	uint32_t index;

	if (!s->c->ipsets)
		return true;
	s->rules.ipsets = fe_ipsets_new();
	index = fe_sources_add(s->sources, "ipsets", s->c->ipsets,
			       strlen(s->c->ipsets));
	return fe_ipsets_read(s->rules.ipsets, s->sources, index, s->diags);
}

static bool side_rules(struct engine_side *s)
{
	bool ok = side_ipsets(s);

	for (unsigned f = 0; f < 2; f++) {
		struct fe_read_options options = {.input = FE_INPUT_SAVE,
						  .family = f ? 6 : 4};
		struct fe_buf text = {0};
		uint32_t index;

		kt_rules_print(&s->c->rules[f], true, kt_case_nat(s->c), &text);
		index = fe_sources_add(s->sources, f ? "v6" : "v4", text.data,
				       text.size);
		ok =
		    fe_read(s->sources, index, &options, &s->rules, s->diags) &&
		    ok;
		fe_buf_free(&text);
	}
	return ok && s->diags->n_errors == 0;
}

/* ---- observing ---------------------------------------------------------- */

static void on_emit(void *arg, const struct fe_packet *packet, uint16_t oif)
{
	struct engine_side *s = arg;
	struct kt_bytes b = {NULL, packet->size};

	(void)oif;
	b.data = fe_arena_memdup(s->c->arena, packet->data, packet->size);
	fe_vec_push(&s->pending, b);
}

/* Like the kernel's: "filter:INPUT:rule:3", "filter:INPUT:policy". */
static void on_step(void *arg, const struct fe_packet *packet,
		    enum fe_hook hook, const struct fe_chain *chain,
		    const struct fe_rule *rule)
{
	struct engine_side *s = arg;
	const char *table = fe_table_names[chain->table->id];
	char *text;

	(void)packet;
	text = rule ? fe_arena_printf(s->c->arena, "%s:%s:rule:%u (%s)", table,
				      chain->name, rule->index,
				      fe_hook_names[hook])
		    : fe_arena_printf(s->c->arena, "%s:%s:policy (%s)", table,
				      chain->name, fe_hook_names[hook]);
	fe_vec_push(&s->sent->trace, text);
}

static void on_result(void *arg, const struct fe_packet *packet,
		      const struct fe_result *r)
{
	struct engine_side *s = arg;
	struct kt_life life = {
	    .end = KT_VANISHED, .hook = (int)r->by.hook, .mark = r->mark};

	(void)packet;
	life.generated = s->sent->lives.n > 0;
	if (r->fate == FE_FATE_ACCEPT && (r->local || r->oif)) {
		life.end = r->local ? KT_DELIVERED : KT_SENT;
		life.oif = number_of(s, r->oif);
		if (s->pending.n)
			life.bytes = s->pending.data[0];
	} else if (!r->by.rule && !r->by.chain && r->by.why &&
		   strncmp(r->by.why, "conntrack", 9)) {
		life.hook = -1;
	}
	s->pending.n = 0;
	fe_vec_push(&s->sent->lives, life);
}

/* ---- random ports ------------------------------------------------------- */

static bool same_tuple(const struct fe_tuple *a, const struct fe_tuple *b)
{
	return a->family == b->family && a->proto == b->proto &&
	       fe_u128_eq(a->src, b->src) && fe_u128_eq(a->dst, b->dst) &&
	       a->sport == b->sport && a->dport == b->dport;
}

/* The kernel's choice, from the entry it made; else from what it sent. */
static bool choose_port(void *arg, const struct fe_tuple *original,
			enum fe_nat_kind kind, uint16_t *port)
{
	struct engine_side *s = arg;
	struct kt_view v;

	for (size_t i = 0; i < s->model->made.n; i++) {
		const struct kt_entry *e = &s->model->made.data[i];

		if (!same_tuple(&e->tuple[0], original))
			continue;
		/* The reply goes to the translated source; an ICMP id is
		 * the same both ways. */
		*port = kind == FE_NAT_SRC && original->proto != 1 &&
				original->proto != 58
			    ? e->tuple[1].dport
			    : e->tuple[1].sport;
		return true;
	}
	for (size_t i = 0; i < s->model->lives.n; i++) {
		const struct kt_life *life = &s->model->lives.data[i];

		if (kind == FE_NAT_SRC && life->end != KT_VANISHED &&
		    kt_view(&life->bytes, &v) && v.proto == original->proto) {
			*port = v.sport;
			return true;
		}
	}
	return false;
}

/* ---- playing ------------------------------------------------------------ */

static void play_packet(struct engine_side *s, const struct kt_sent *model,
			struct kt_play *play)
{
	struct fe_packet p = {.data = model->bytes.data,
			      .size = model->bytes.size,
			      .caught = model->bytes.size,
			      .time = model->time,
			      .iif = s->index[model->iif],
			      .mark = model->mark,
			      .uid = UINT32_MAX};
	struct kt_sent sent = {.step = model->step};
	struct fe_result result;

	if (model->iif == KT_NO_IFACE)
		p.uid = 0;
	s->sent = &sent;
	s->model = model;
	if (fe_packet_parse(&p) == FE_PARSE_OK)
		fe_engine_play(s->engine, &p, &result, 1);
	fe_vec_push(&play->sent, sent);
}

static uint8_t tcp_state(const char *name)
{
	static const char *const names[] = {
	    "NONE",	  "SYN_SENT", "SYN_RECV",  "ESTABLISHED", "FIN_WAIT",
	    "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE",	  "SYN_SENT2"};

	for (uint8_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], name))
			return i;
	return 254;
}

static void on_flow(void *arg, const struct fe_flow *flow)
{
	struct kt_play *play = arg;
	struct kt_entry e = {
	    .status = flow->status, .mark = flow->mark, .tcp_state = 255};
	int64_t left = flow->expires - play->end;

	for (unsigned d = 0; d < 2; d++) {
		e.tuple[d] = flow->tuple[d];
		e.packets[d] = flow->packets[d];
		e.bytes[d] = flow->bytes[d];
	}
	e.timeout = (uint32_t)(left > 0 ? left / 1000000000 : 0);
	if (flow->tuple[0].proto == 6)
		e.tcp_state = tcp_state(fe_flow_state_name(flow));
	fe_vec_push(&play->entries, e);
}

static const char *save_text(struct engine_side *s,
			     const struct fe_ruleset *ruleset)
{
	struct fe_buf buf = {0};
	struct fe_out out;
	const char *text;

	fe_out_init(&out, fe_write_buf, &buf);
	fe_ruleset_print(ruleset, FE_PRINT_COUNTERS, &out);
	fe_out_close(&out);
	text = fe_arena_strdup(s->c->arena, fe_buf_text(&buf));
	fe_buf_free(&buf);
	return text;
}

static void side_finish(struct engine_side *s, struct kt_play *play)
{
	struct fe_conntrack *ct = fe_engine_conntrack(s->engine);
	const struct fe_conntrack_stats *st;

	fe_engine_wait(s->engine, play->end);
	fe_conntrack_each(ct, on_flow, play);
	st = fe_conntrack_stats(ct);
	play->stats = (struct kt_stats){st->invalid, st->insert_failed,
					st->drop, st->early_drop, st->error};
	fe_engine_store_counters(s->engine, &s->rules);
	play->save[0] = save_text(s, s->rules.v4);
	play->save[1] = save_text(s, s->rules.v6);
}

static const char *first_diag(const struct engine_side *s)
{
	const struct fe_diags *d = s->diags;

	for (size_t i = 0; i < d->list.n; i++)
		if (d->list.data[i]->severity == FE_ERROR || i + 1 == d->list.n)
			return fe_arena_printf(
			    s->c->arena, "the engine does not read: %s (%.*s)",
			    d->list.data[i]->text,
			    (int)fe_source_place(s->sources,
						 d->list.data[i]->span)
				.text.len,
			    fe_source_place(s->sources, d->list.data[i]->span)
				.text.s);
	return "the engine does not read the rules";
}

static void side_play(struct engine_side *s, bool naive, struct kt_play *play)
{
	struct fe_engine_options options = {.naive = naive,
					    .nat_port = choose_port,
					    .nat_port_arg = s,
					    .seed = s->c->seed};
	struct fe_observer observer = {.arg = s,
				       .emit = on_emit,
				       .result = on_result,
				       .step = s->c->trace ? on_step : NULL};

	s->engine = fe_engine_new(&s->rules, s->host, &options);
	fe_engine_observe(s->engine, &observer);
	for (size_t i = 0; i < s->kernel->sent.n; i++)
		play_packet(s, &s->kernel->sent.data[i], play);
	side_finish(s, play);
}

void kt_play_engine(struct kt_case *c, const struct kt_play *kernel, bool naive,
		    struct kt_play *play)
{
	struct engine_side s = {.c = c, .kernel = kernel};

	memset(play, 0, sizeof(*play));
	play->end = kernel->end;
	s.sources = fe_sources_new();
	s.diags = fe_diags_new();
	side_host(&s);
	if (side_rules(&s))
		side_play(&s, naive, play);
	else
		play->error = first_diag(&s);
	fe_engine_free(s.engine);
	fe_rules_free(&s.rules);
	fe_host_free(s.host);
	fe_diags_free(s.diags);
	fe_sources_free(s.sources);
	fe_vec_free(&s.pending);
}
