/*
 * Random rulesets: tables, chains, jumps; and printing them.
 *
 * A user chain may be reached from a chosen set of hooks only, so that every
 * rule in it can be made legal there, as the kernel demands at load time.
 * Jumps lead to later chains: no loops.
 */
#include <stdlib.h>
#include <string.h>

#include "rules.h"

const char *const kt_table_names[KT_N_TABLES] = {"raw", "mangle", "nat",
						 "filter", "security"};
const char *const kt_hook_names[FE_N_HOOKS] = {"PREROUTING", "INPUT", "FORWARD",
					       "OUTPUT", "POSTROUTING"};

unsigned kt_table_hooks(enum kt_table table)
{
	static const uint8_t masks[KT_N_TABLES] = {
	    [KT_RAW] = 1 << FE_PREROUTING | 1 << FE_OUTPUT,
	    [KT_MANGLE] = 31,
	    [KT_NAT] = 1 << FE_PREROUTING | 1 << FE_INPUT | 1 << FE_OUTPUT |
		       1 << FE_POSTROUTING,
	    [KT_FILTER] = 1 << FE_INPUT | 1 << FE_FORWARD | 1 << FE_OUTPUT,
	    [KT_SECURITY] = 1 << FE_INPUT | 1 << FE_FORWARD | 1 << FE_OUTPUT,
	};

	return masks[table];
}

struct kt_chain *kt_rules_chain(struct kt_rules *rules, enum kt_table table,
				const char *name)
{
	struct fe_chains_vec *v = &rules->chains[table];

	for (size_t i = 0; i < v->n; i++)
		if (!strcmp(v->data[i].name, name))
			return &v->data[i];
	fe_vec_push(v, (struct kt_chain){.name = name});
	return &v->data[v->n - 1];
}

void kt_rules_table(struct kt_rules *rules, enum kt_table table)
{
	if (rules->present[table])
		return;
	rules->present[table] = true;
	for (unsigned h = 0; h < FE_N_HOOKS; h++)
		if (kt_table_hooks(table) >> h & 1)
			kt_rules_chain(rules, table, kt_hook_names[h])
			    ->builtin = true;
}

static void print_table(const struct kt_rules *rules, enum kt_table table,
			struct fe_buf *buf)
{
	const struct fe_chains_vec *v = &rules->chains[table];

	fe_buf_printf(buf, "*%s\n", kt_table_names[table]);
	for (size_t i = 0; i < v->n; i++)
		fe_buf_printf(buf, ":%s %s [0:0]\n", v->data[i].name,
			      !v->data[i].builtin ? "-"
			      : v->data[i].drop	  ? "DROP"
						  : "ACCEPT");
	for (size_t i = 0; i < v->n; i++)
		for (size_t k = 0; k < v->data[i].rules.n; k++)
			fe_buf_printf(buf, "%s\n", v->data[i].rules.data[k]);
	fe_buf_puts(buf, "COMMIT\n");
}

void kt_rules_print(const struct kt_rules *rules, bool whole, bool nat,
		    struct fe_buf *buf)
{
	for (unsigned t = 0; t < KT_N_TABLES; t++) {
		struct kt_rules empty = {0};

		if (rules->present[t]) {
			print_table(rules, t, buf);
		} else if (whole && (t != KT_NAT || nat)) {
			kt_rules_table(&empty, t);
			print_table(&empty, t, buf);
			fe_vec_free(&empty.chains[t]);
		}
	}
}

static char *rule_text(struct kt_gen *g, const char *chain, const char *jump)
{
	struct fe_buf buf = {0};
	char *text;

	g->buf = &buf;
	g->proto = 0;
	g->proto_neg = false;
	fe_buf_printf(&buf, "-A %s", chain);
	kt_matches(g);
	if (jump)
		fe_buf_printf(&buf, " -%c %s", kt_once(g, 5) ? 'g' : 'j', jump);
	else
		kt_target(g);
	text = fe_arena_strdup(g->c->arena, buf.data);
	fe_buf_free(&buf);
	return text;
}

/* A later chain that every hook of the current one may reach, or NULL. */
static const char *jump_to(struct kt_gen *g, const struct fe_chains_vec *v,
			   const unsigned *masks, size_t from)
{
	for (unsigned tries = 0; tries < 4; tries++) {
		size_t i = kt_below(g, (unsigned)v->n);

		if (i > from && !v->data[i].builtin &&
		    kt_only_hooks(g, masks[i]))
			return v->data[i].name;
	}
	return NULL;
}

static void fill_chain(struct kt_gen *g, struct fe_chains_vec *v,
		       const unsigned *masks, size_t i)
{
	struct kt_chain *chain = &v->data[i];
	unsigned n = kt_below(g, chain->builtin ? 6 : 5);

	g->hooks = masks[i];
	g->builtin = chain->builtin;
	while (n--) {
		const char *jump =
		    kt_once(g, 3) ? jump_to(g, v, masks, i) : NULL;

		fe_vec_push(&chain->rules, rule_text(g, chain->name, jump));
	}
	if (chain->builtin)
		chain->drop = g->table != KT_NAT &&
			      kt_once(g, g->table == KT_FILTER ? 6 : 40);
}

static unsigned submask(struct kt_gen *g, unsigned mask)
{
	unsigned sub = mask & kt_below(g, 32);

	return sub && kt_once(g, 2) ? sub : mask;
}

static void random_table(struct kt_gen *g, struct kt_rules *rules)
{
	struct fe_chains_vec *v = &rules->chains[g->table];
	unsigned masks[16] = {0};
	unsigned users = kt_below(g, 5), n = 0;

	kt_rules_table(rules, g->table);
	for (unsigned h = 0; h < FE_N_HOOKS; h++)
		if (kt_table_hooks(g->table) >> h & 1)
			masks[n++] = 1u << h;
	for (unsigned i = 0; i < users; i++) {
		masks[n++] = submask(g, kt_table_hooks(g->table));
		kt_rules_chain(rules, g->table,
			       fe_arena_printf(g->c->arena, "u%u", i));
	}
	for (size_t i = 0; i < v->n; i++)
		fill_chain(g, v, masks, i);
}

void kt_rules_random(struct kt_case *c, struct fe_rng *rng, unsigned family)
{
	static const uint8_t percent[KT_N_TABLES] = {40, 40, 35, 90, 15};
	struct kt_gen g = {.c = c, .rng = rng, .family = family};

	for (unsigned t = 0; t < KT_N_TABLES; t++) {
		if (kt_below(&g, 100) >= percent[t])
			continue;
		g.table = t;
		random_table(&g, &c->rules[family == 6]);
	}
}

/* ---- cases -------------------------------------------------------------- */

struct kt_case *kt_case_new(uint64_t seed, unsigned number)
{
	struct fe_arena *arena = fe_arena_new();
	struct kt_case *c = fe_new(arena, struct kt_case);

	c->arena = arena;
	c->seed = seed;
	c->number = number;
	return c;
}

#define KT_HOSTS 5

bool kt_case_nat(const struct kt_case *c)
{
	return c->rules[0].present[KT_NAT] || c->rules[1].present[KT_NAT];
}

static struct kt_case *case_random(uint64_t seed, unsigned number, bool plan)
{
	struct kt_case *c = kt_case_new(seed, number);
	struct fe_rng rng = {seed * 0x100000001b3u + number * 0x9e3779b1u};

	fe_rng_next(&rng);
	c->for_plan = plan;
	c->host_number = fe_rng_below(&rng, KT_HOSTS);
	kt_host_make(&c->host, seed, c->host_number);
	kt_traffic_random(c, &rng);
	if (fe_rng_below(&rng, 4) == 0)
		kt_ipsets_random(c, &rng);
	kt_rules_random(c, &rng, 4);
	kt_rules_random(c, &rng, 6);
	if (plan && fe_rng_below(&rng, 100) < 60)
		kt_plant(c, &rng);
	return c;
}

struct kt_case *kt_case_random(uint64_t seed, unsigned number)
{
	return case_random(seed, number, false);
}

struct kt_case *kt_case_plan(uint64_t seed, unsigned number)
{
	return case_random(seed, number, true);
}

void kt_case_free(struct kt_case *c)
{
	if (!c)
		return;
	for (unsigned f = 0; f < 2; f++)
		for (unsigned t = 0; t < KT_N_TABLES; t++) {
			struct fe_chains_vec *v = &c->rules[f].chains[t];

			for (size_t i = 0; i < v->n; i++)
				fe_vec_free(&v->data[i].rules);
			fe_vec_free(v);
		}
	fe_vec_free(&c->sysctls);
	fe_vec_free(&c->flows);
	fe_vec_free(&c->steps);
	fe_arena_free(c->arena);
}
