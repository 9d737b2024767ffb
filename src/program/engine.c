/*
 * The engine's public face: makes one from rules and a host, plays batches,
 * tells the observer in order, and answers for counters.
 */
#include "program/compile.h"

#include <stdlib.h>
#include <string.h>

enum { PREFETCH = 32 }; /* packets whose entries are fetched ahead */

static const int64_t second = 1000000000;

/* Before 4.10 loading the module was enough; since then a rule must ask. */
static bool tracked_anyway(const struct fe_host *host,
			   const struct fe_engine_options *options)
{
	return options->assume_tracked ||
	       (host->kernel < FE_KERNEL(4, 10) && host->conntrack_loaded);
}

static void on_log(void *arg, int64_t time, const char *line)
{
	const struct fe_engine *e = arg;

	if (e->observer.log)
		e->observer.log(e->observer.arg, time, line);
}

const char *const fe_engine_reasons[] = {
	"conntrack: table full", "conntrack: refused", "conntrack: clash",
	"nat: cannot translate", "nat: no tuple free", "no route",
	"no route in OUTPUT", "no end of jumps", "martian", "ttl", "mtu",
	"not sent to this host", "not for this host", NULL,
};

struct fe_engine *fe_engine_new(const struct fe_rules *rules,
				struct fe_host *host,
				const struct fe_engine_options *options)
{
	struct fe_engine *e = fe_calloc(1, sizeof(*e));

	e->rules = rules;
	e->host = host;
	e->options = *options;
	e->now = e->second = INT64_MIN;
	e->ct = fe_conntrack_new(host);
	fe_conntrack_seed(e->ct, options->seed);
	fe_conntrack_set_log(e->ct, on_log, e);
	if (options->nat_port)
		fe_nat_set_port_chooser(e->ct, options->nat_port,
					options->nat_port_arg);
	fe_side_init(&e->sides[0], 4, rules->v4);
	fe_side_init(&e->sides[1], 6, rules->v6);
	for (unsigned i = 0; i < 2 && !options->naive; i++)
		e->sides[i].program =
		    fe_program_new(&e->sides[i], host, rules->ipsets);
	if (tracked_anyway(host, options))
		e->sides[0].tracks = e->sides[1].tracks = true;
	for (unsigned i = 0; i < FE_MAX_DEPTH; i++)
		e->scratch[i] = fe_calloc(1, FE_SCRATCH);
	return e;
}

void fe_engine_free(struct fe_engine *e)
{
	if (!e)
		return;
	for (unsigned i = 0; i < FE_MAX_DEPTH; i++)
		free(e->scratch[i]);
	fe_program_free(e->sides[0].program);
	fe_program_free(e->sides[1].program);
	fe_side_free(&e->sides[0]);
	fe_side_free(&e->sides[1]);
	fe_vec_free(&e->stack);
	fe_vec_free(&e->deferred);
	fe_conntrack_free(e->ct);
	free(e);
}

void fe_engine_observe(struct fe_engine *e, const struct fe_observer *observer)
{
	e->observer = *observer;
}

/* Keeps what happened to an answer until its cause has been told. */
static struct fe_deferred *defer(struct fe_life *l)
{
	struct fe_deferred d = {.life = l->number, .packet = *l->p};

	d.bytes = fe_calloc(1, l->p->caught + 1u);
	memcpy(d.bytes, l->p->data, l->p->caught);
	d.packet.data = d.bytes;
	fe_vec_push(&l->e->deferred, d);
	return &l->e->deferred.data[l->e->deferred.n - 1];
}

void fe_tell_emit(struct fe_life *l, uint16_t oif)
{
	const struct fe_observer *o = &l->e->observer;

	if (!o->emit)
		return;
	if (l->generated)
		defer(l)->oif = oif;
	else
		o->emit(o->arg, l->p, oif);
}

static void flush_life(struct fe_engine *e, uint32_t life)
{
	const struct fe_observer *o = &e->observer;

	for (size_t i = 0; i < e->deferred.n; i++) {
		struct fe_deferred *d = &e->deferred.data[i];
		if (d->life != life)
			continue;
		if (d->is_result)
			o->result(o->arg, &d->packet, &d->result);
		else
			o->emit(o->arg, &d->packet, d->oif);
		free(d->bytes);
	}
}

void fe_tell_result(struct fe_life *l)
{
	struct fe_engine *e = l->e;
	const struct fe_observer *o = &e->observer;

	if (l->generated) {
		if (o->result) {
			struct fe_deferred *d = defer(l);
			d->is_result = true;
			d->result = l->r;
		}
		return;
	}
	if (o->result)
		o->result(o->arg, l->p, &l->r);
	for (uint32_t i = 1; e->deferred.n && i < e->births; i++)
		flush_life(e, i);
	e->deferred.n = 0;
}

static void advance(struct fe_engine *e, int64_t now)
{
	const struct fe_observer *o = &e->observer;

	if (now < e->now)
		return;
	e->now = now;
	fe_conntrack_advance(e->ct, now);
	if (!o->second || now / second == e->second)
		return;
	e->second = now / second;
	o->second(o->arg, e->second, e->ct);
}

static void prefetch(struct fe_engine *e, struct fe_packet *packets, size_t n)
{
	struct fe_packet *p[PREFETCH];

	for (size_t i = 0; i < n; i++)
		p[i] = &packets[i];
	fe_conntrack_prefetch(e->ct, p, n);
}

void fe_engine_play(struct fe_engine *e, struct fe_packet *packets,
		    struct fe_result *results, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct fe_packet *p = &packets[i];

		if (i % PREFETCH == 0)
			prefetch(e, p, n - i < PREFETCH ? n - i : PREFETCH);
		advance(e, p->time);
		p->time = e->now;
		e->current = (int32_t)i;
		e->births = 0;
		fe_life_play(e, p, !p->iif, results ? &results[i] : NULL);
	}
}

static bool report_fragments(const struct fe_engine *e, struct fe_diags *diags)
{
	struct fe_diag *d;

	if (!e->n_fragments)
		return true;
	d = fe_diag(diags, FE_WARNING, NULL, FE_NO_SPAN,
		    "%llu fragments were played one by one; where tracking is "
		    "on, the kernel puts them together first",
		    (unsigned long long)e->n_fragments);
	fe_diag_hint(diags, d, "their verdicts, and entries, may be others on "
			       "the host");
	return false;
}

bool fe_engine_report(const struct fe_engine *e, struct fe_diags *diags)
{
	struct fe_diag *d;

	if (!e->stuck)
		return report_fragments(e, diags);
	d = fe_diag(diags, FE_ERROR, NULL, e->stuck->span,
		    "a packet had made %d jumps here and wasn't through",
		    FE_MAX_JUMPS);
	fe_diag_hint(diags, d, "chains that jump to the next one twice each "
		     "double the way; a kernel would hang in them");
	return false;
}

void fe_engine_wait(struct fe_engine *e, int64_t now)
{
	advance(e, now);
}

static const struct fe_side *side_of(const struct fe_engine *e,
				     const struct fe_chain *chain)
{
	return &e->sides[chain->table->ruleset->family == 6];
}

void fe_engine_rule_counters(const struct fe_engine *e,
			     const struct fe_rule *rule, uint64_t *packets,
			     uint64_t *bytes)
{
	const struct fe_side *side = side_of(e, rule->chain);
	const uint64_t *c = &side->counters[2ull * fe_rule_number(side, rule)];

	*packets = c[0];
	*bytes = c[1];
}

void fe_engine_policy_counters(const struct fe_engine *e,
			       const struct fe_chain *chain, uint64_t *packets,
			       uint64_t *bytes)
{
	const uint64_t *c = side_of(e, chain)->policies[chain->table->id]
						       [chain->index];

	*packets = c[0];
	*bytes = c[1];
}

void fe_engine_store_counters(const struct fe_engine *e,
			      struct fe_rules *rules)
{
	if (rules->v4)
		fe_side_store_counters(&e->sides[0], rules->v4);
	if (rules->v6)
		fe_side_store_counters(&e->sides[1], rules->v6);
}

struct fe_conntrack *fe_engine_conntrack(struct fe_engine *e)
{
	return e->ct;
}

bool fe_engine_tracks(const struct fe_engine *e, unsigned family)
{
	return e->sides[family == 6].tracks;
}
