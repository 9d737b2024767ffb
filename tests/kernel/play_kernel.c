/*
 * Plays a case on the kernel and records all that can be observed.
 *
 * Namespaces are kept per host and per presence of a nat table (an empty one
 * still gives every flow null bindings). Rules are loaded as whole tables, so
 * that nothing of the case before stays; conntrack is flushed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kt.h"

#define MAX_USES 400 /* then a namespace is made anew */

struct kt_pool {
	FE_VEC(struct kt_ns *) all;
};

struct kt_pool *kt_pool_new(void)
{
	/* A lock of our own: others may run iptables at the same time. */
	setenv("XTABLES_LOCKFILE", "/run/ferrule-kernel-test.lock", 1);
	return fe_calloc(1, sizeof(struct kt_pool));
}

void kt_pool_free(struct kt_pool *pool)
{
	if (!pool)
		return;
	for (size_t i = 0; i < pool->all.n; i++)
		kt_ns_free(pool->all.data[i]);
	fe_vec_free(&pool->all);
	free(pool);
}

static struct kt_ns *pool_get(struct kt_pool *pool, const struct kt_case *c)
{
	bool nat = kt_case_nat(c);
	struct kt_ns *ns;

	for (size_t i = 0; i < pool->all.n; i++) {
		ns = pool->all.data[i];
		if (ns->host_number != c->host_number || ns->nat != nat)
			continue;
		if (ns->uses++ < MAX_USES)
			return kt_ns_enter(ns) ? ns : NULL;
		kt_ns_free(ns);
		pool->all.data[i] = pool->all.data[--pool->all.n];
		break;
	}
	ns = kt_ns_new(&c->host, c->host_number);
	if (!ns)
		return NULL;
	ns->nat = nat;
	fe_vec_push(&pool->all, ns);
	return ns;
}

/* The kernel's own defaults, for what cases change. */
static const struct kt_sysctl defaults[] = {
    {"nf_conntrack_udp_timeout", 30},
    {"nf_conntrack_udp_timeout_stream", 120},
    {"nf_conntrack_icmp_timeout", 30},
    {"nf_conntrack_icmpv6_timeout", 30},
    {"nf_conntrack_tcp_timeout_syn_sent", 120},
    {"nf_conntrack_tcp_timeout_syn_recv", 60},
    {"nf_conntrack_tcp_timeout_time_wait", 120},
    {"nf_conntrack_tcp_timeout_close", 10},
    {"nf_conntrack_tcp_timeout_unacknowledged", 300},
    {"nf_conntrack_tcp_timeout_established", 432000},
    {"nf_conntrack_generic_timeout", 600},
    {"nf_conntrack_tcp_loose", 1},
    {"nf_conntrack_checksum", 1},
    {"nf_conntrack_tcp_be_liberal", 0},
};

static bool set_sysctl(const struct kt_sysctl *s)
{
	char path[128], value[16];

	snprintf(path, sizeof(path), "netfilter/%s", s->key);
	snprintf(value, sizeof(value), "%u", s->value);
	return kt_ns_sysctl(path, value);
}

static bool set_sysctls(struct kt_ns *ns, const struct kt_case *c)
{
	if (ns->sysctls_changed)
		for (size_t i = 0; i < sizeof(defaults) / sizeof(*defaults);
		     i++)
			set_sysctl(&defaults[i]);
	ns->sysctls_changed = c->sysctls.n > 0;
	for (size_t i = 0; i < c->sysctls.n; i++)
		if (!set_sysctl(&c->sysctls.data[i]))
			return false;
	return true;
}

static const char *restore(struct kt_case *c, unsigned f, const char *text)
{
	const char *const argv[] = {
	    f ? "ip6tables-legacy-restore" : "iptables-legacy-restore", NULL};
	struct fe_buf out = {0};
	const char *error = NULL;

	if (kt_run(argv, text, &out))
		error = fe_arena_printf(c->arena, "%s: %s", argv[0],
					fe_buf_text(&out));
	fe_buf_free(&out);
	return error;
}

/*
 * New rules are taken in before the old ones go: a list or buckets that both
 * name would keep what the case before put there.
 */
static const char *forget_named_state(struct kt_case *c, struct kt_ns *ns)
{
	static const char *const tables[] = {"raw", "mangle", "filter",
					     "security", "nat"};
	struct fe_buf text = {0};
	const char *error = NULL;

	for (unsigned i = 0; i < (ns->nat ? 5u : 4u); i++)
		fe_buf_printf(&text, "*%s\nCOMMIT\n", tables[i]);
	for (unsigned f = 0; f < 2 && !error; f++)
		if (ns->named_state[f])
			error = restore(c, f, fe_buf_text(&text));
	fe_buf_free(&text);
	return error;
}

static const char *load_family(struct kt_case *c, struct kt_ns *ns, unsigned f)
{
	struct fe_buf text = {0};
	const char *error;

	kt_rules_print(&c->rules[f], true, ns->nat, &text);
	ns->named_state[f] = strstr(fe_buf_text(&text), "-m recent") ||
			     strstr(fe_buf_text(&text), "-m hashlimit");
	error = restore(c, f, fe_buf_text(&text));
	fe_buf_free(&text);
	return error;
}

static const char *load_plan(struct kt_case *c, unsigned f)
{
	const char *const argv[] = {f ? "ip6tables-legacy-restore"
				      : "iptables-legacy-restore",
				    "--noflush", NULL};
	struct fe_buf out = {0};
	const char *error = NULL;

	if (!c->plan[f])
		return NULL;
	if (kt_run(argv, c->plan[f], &out))
		error =
		    fe_arena_printf(c->arena, "plan: %s", fe_buf_text(&out));
	fe_buf_free(&out);
	return error;
}

static const char *load_ipsets(struct kt_case *c)
{
	static const char *const argv[] = {"ipset", "-exist", "restore", NULL};
	struct fe_buf text = {0}, out = {0};
	const char *error = NULL;

	if (!c->ipsets)
		return NULL;
	kt_ipsets_restore(c->ipsets, &text);
	if (kt_run(argv, fe_buf_text(&text), &out))
		error =
		    fe_arena_printf(c->arena, "ipset: %s", fe_buf_text(&out));
	fe_buf_free(&text);
	fe_buf_free(&out);
	return error;
}

static void save_counters(struct kt_case *c, struct kt_play *play)
{
	for (unsigned f = 0; f < 2; f++) {
		const char *const argv[] = {f ? "ip6tables-legacy-save"
					      : "iptables-legacy-save",
					    "-c", NULL};
		struct fe_buf out = {0};

		if (kt_run(argv, NULL, &out))
			play->error = fe_arena_printf(
			    c->arena, "%s: %s", argv[0], fe_buf_text(&out));
		play->save[f] = fe_arena_strdup(c->arena, fe_buf_text(&out));
		fe_buf_free(&out);
	}
}

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

static void wait_ms(unsigned ms)
{
	struct timespec ts = {ms / 1000, (long)(ms % 1000) * 1000000};

	if (ms)
		nanosleep(&ts, NULL);
}

static void play_one(struct kt_ns *ns, struct kt_case *c, struct kt_sent *sent)
{
	sent->time = now_ns();
	kt_inject(ns, sent);
	kt_nl_read(ns, c, sent);
	kt_lives(c->arena, sent);
	kt_collect(ns, c, sent);
}

static const char *prepare(struct kt_ns *ns, struct kt_case *c)
{
	const char *error = load_ipsets(c);

	if (!error)
		error = forget_named_state(c, ns);
	for (unsigned f = 0; f < 2 && !error; f++)
		error = load_family(c, ns, f);
	for (unsigned f = 0; f < 2 && !error; f++)
		error = load_plan(c, f);
	if (!error && !set_sysctls(ns, c))
		error = "a sysctl was refused";
	if (error)
		return error;
	kt_ns_trace(ns, c->trace);
	kt_nl_flush(ns);
	kt_nl_read(ns, c, NULL);
	kt_collect(ns, c, NULL);
	kt_nl_stats(ns, &ns->stats);
	return NULL;
}

const char *kt_proc_entries(struct kt_case *c)
{
	FILE *f = fopen("/proc/thread-self/net/nf_conntrack", "re");
	struct fe_buf text = {0};
	const char *copy;
	char chunk[4096];
	size_t n;

	while (f && (n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		fe_buf_add(&text, chunk, n);
	if (f)
		fclose(f);
	copy = fe_arena_strdup(c->arena, fe_buf_text(&text));
	fe_buf_free(&text);
	return copy;
}

static void finish(struct kt_ns *ns, struct kt_case *c, struct kt_play *play)
{
	struct kt_stats s;

	kt_nl_entries(ns, play);
	play->end = now_ns();
	play->lines = kt_proc_entries(c);
	kt_nl_stats(ns, &s);
	play->stats.invalid = s.invalid - ns->stats.invalid;
	play->stats.insert_failed = s.insert_failed - ns->stats.insert_failed;
	play->stats.drop = s.drop - ns->stats.drop;
	play->stats.early_drop = s.early_drop - ns->stats.early_drop;
	play->stats.error = s.error - ns->stats.error;
	save_counters(c, play);
}

void kt_play_kernel(struct kt_pool *pool, struct kt_case *c,
		    struct kt_play *play)
{
	struct kt_ns *ns = pool_get(pool, c);
	struct kt_script script;

	memset(play, 0, sizeof(*play));
	if (!ns) {
		play->error = "no namespace";
		return;
	}
	play->error = prepare(ns, c);
	if (play->error)
		return;
	kt_script_start(&script, c);
	for (size_t i = 0; i < c->steps.n; i++) {
		const struct kt_step *step = &c->steps.data[i];
		struct kt_sent sent = {.step = (unsigned)i};

		wait_ms(step->gap_ms);
		if (!kt_script_packet(&script, step, &sent))
			continue;
		play_one(ns, c, &sent);
		kt_script_heard(&script, step, &sent);
		fe_vec_push(&play->sent, sent);
	}
	finish(ns, c, play);
}

void kt_replay_kernel(struct kt_pool *pool, struct kt_case *c,
		      const struct kt_play *from, struct kt_play *play)
{
	struct kt_ns *ns = pool_get(pool, c);

	memset(play, 0, sizeof(*play));
	if (!ns) {
		play->error = "no namespace";
		return;
	}
	play->error = prepare(ns, c);
	if (play->error)
		return;
	for (size_t i = 0; i < from->sent.n; i++) {
		const struct kt_sent *old = &from->sent.data[i];
		struct kt_sent sent = {.step = old->step,
				       .bytes = old->bytes,
				       .iif = old->iif,
				       .mark = old->mark};

		wait_ms(c->steps.data[old->step].gap_ms);
		play_one(ns, c, &sent);
		fe_vec_push(&play->sent, sent);
	}
	finish(ns, c, play);
}

void kt_play_free(struct kt_play *play)
{
	for (size_t i = 0; i < play->sent.n; i++) {
		fe_vec_free(&play->sent.data[i].events);
		fe_vec_free(&play->sent.data[i].lives);
		fe_vec_free(&play->sent.data[i].made);
		fe_vec_free(&play->sent.data[i].trace);
	}
	fe_vec_free(&play->sent);
	fe_vec_free(&play->entries);
}
