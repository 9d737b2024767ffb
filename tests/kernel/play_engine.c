/*
 * Plays what the kernel saw through libcore's engine: the same rule text,
 * host, bytes and times. Random NAT ports are hinted with the kernel's
 * choice; conntrack checks that they are legal and free.
 */
#include <string.h>

#include "program/engine.h"
#include "side.h"

struct engine_side {
	struct kt_side side;
	struct kt_case *c;
	const struct kt_play *kernel;
	struct fe_engine *engine;
	struct kt_sent *sent;		 /* being played */
	const struct kt_sent *model;	 /* the kernel's account of it */
	FE_VEC(struct kt_bytes) pending; /* emitted, result not yet known */
};

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
	if (!life.generated)
		s->sent->ctstate = r->ctstate;
	if (r->fate == FE_FATE_ACCEPT && (r->local || r->oif)) {
		life.end = r->local ? KT_DELIVERED : KT_SENT;
		life.oif = kt_side_number(&s->side, r->oif);
		if (s->pending.n)
			life.bytes = s->pending.data[0];
	} else if (!r->by.rule && !r->by.chain && r->by.why &&
		   strncmp(r->by.why, "conntrack", 9) &&
		   strncmp(r->by.why, "nat", 3) &&
		   !strstr(r->by.why, " in OUTPUT")) {
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
			      .iif = s->side.index[model->iif],
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
		e.tuple[d] = fe_flow_tuple(flow, d);
		e.packets[d] = flow->packets[d];
		e.bytes[d] = flow->bytes[d];
	}
	e.timeout = (uint32_t)(left > 0 ? left / 1000000000 : 0);
	if (flow->proto == 6)
		e.tcp_state = tcp_state(fe_flow_state_name(flow));
	fe_vec_push(&play->entries, e);
}

struct line_printer {
	struct fe_conntrack *ct;
	int64_t now;
	struct fe_buf text;
};

static void on_line(void *arg, const struct fe_flow *flow)
{
	struct line_printer *p = arg;

	fe_flow_print(p->ct, flow, p->now, &p->text);
}

static const char *flow_lines(struct engine_side *s, struct fe_conntrack *ct,
			      int64_t now)
{
	struct line_printer p = {.ct = ct, .now = now};
	const char *copy;

	fe_conntrack_each(ct, on_line, &p);
	copy = fe_arena_strdup(s->c->arena, fe_buf_text(&p.text));
	fe_buf_free(&p.text);
	return copy;
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
	play->lines = flow_lines(s, ct, play->end);
	st = fe_conntrack_stats(ct);
	play->stats = (struct kt_stats){st->invalid, st->insert_failed,
					st->drop, st->early_drop, st->error};
	fe_engine_store_counters(s->engine, &s->side.rules);
	play->save[0] = save_text(s, s->side.rules.v4);
	play->save[1] = save_text(s, s->side.rules.v6);
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

	s->engine = fe_engine_new(&s->side.rules, s->side.host, &options);
	fe_engine_observe(s->engine, &observer);
	for (size_t i = 0; i < s->kernel->sent.n; i++)
		play_packet(s, &s->kernel->sent.data[i], play);
	side_finish(s, play);
}

void kt_play_engine(struct kt_case *c, const struct kt_play *kernel,
		    const char *const text[2], bool naive, struct kt_play *play)
{
	struct engine_side s = {.c = c, .kernel = kernel};

	memset(play, 0, sizeof(*play));
	play->end = kernel->end;
	kt_side_open(&s.side, c, text);
	play->error = s.side.error;
	if (!play->error)
		side_play(&s, naive, play);
	fe_engine_free(s.engine);
	kt_side_close(&s.side);
	fe_vec_free(&s.pending);
}
