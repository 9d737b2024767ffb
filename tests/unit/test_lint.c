/*
 * Lint's proved findings are true: for each rule that it calls dead, packets
 * aimed at the rule are walked through its table by the naive evaluator, and
 * never reach it. Rulesets of our own making, and the shared corpus where it
 * stands beside the source tree.
 */
#include "unit.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/rng.h"
#include "pass/lint.h"
#include "program/machine.h"
#include "ruleset/ruleset.h"

enum { N_BOXES = 24, N_PACKETS = 3000 };

static struct fe_rng rng = {7};

struct bench {
	struct fe_sources *sources;
	struct fe_diags *diags;
	struct fe_rules rules;
	struct fe_host *host;
	struct fe_engine *engine;
	unsigned n_dead, n_packets, n_false;
	unsigned n_live, n_reached; /* first rules, which nothing hides */
};

/* ---- aiming ------------------------------------------------------------ */

struct boxes {
	struct fe_box box[N_BOXES];
	unsigned n;
};

static bool keep_box(void *arg, const struct fe_box *box)
{
	struct boxes *b = arg;

	b->box[b->n++] = *box;
	return b->n < N_BOXES;
}

static uint64_t between(uint64_t lo, uint64_t hi)
{
	return hi - lo == UINT64_MAX ? fe_rng_next(&rng)
				     : lo + fe_rng_next(&rng) % (hi - lo + 1);
}

static struct fe_u128 value_in(const struct fe_box *box, enum fe_field f)
{
	struct fe_u128 lo = box->lo[f], hi = box->hi[f];
	unsigned bits = fe_fields[f].bits;

	if (!hi.hi && !hi.lo && !lo.hi && !lo.lo && !fe_rng_below(&rng, 2))
		return lo;
	if (!fe_rng_below(&rng, 4))
		return fe_rng_below(&rng, 2) ? lo : hi;
	if (lo.hi != hi.hi || bits > 64)
		return (struct fe_u128){between(lo.hi, hi.hi),
					lo.hi == hi.hi
					    ? between(lo.lo, hi.lo)
					    : lo.hi ? hi.lo : lo.lo};
	return fe_u128(between(lo.lo, hi.lo));
}

/* A number of this host's interfaces with the name of the algebra's. */
static uint16_t iface_of(struct bench *b, struct fe_behave *behave,
			 struct fe_u128 index)
{
	if (!index.lo)
		return 0;
	return fe_host_iface(b->host, fe_str(fe_behave_iface_name(
					  behave, (unsigned)index.lo)));
}

static void make_packet(struct bench *b, struct fe_behave *behave,
			unsigned family, const struct fe_box *box,
			struct fe_packet *p)
{
	static const uint8_t nothing[256];
	struct fe_u128 v[FE_N_FIELDS];

	for (unsigned f = 1; f < FE_N_FIELDS; f++)
		v[f] = value_in(box, (enum fe_field)f);
	*p = (struct fe_packet){
	    .data = nothing, .size = 60, .caught = 60, .family = (uint8_t)family,
	    .src = v[FE_F_SADDR], .dst = v[FE_F_DADDR],
	    .proto = (uint8_t)v[FE_F_PROTO].lo,
	    .sport = (uint16_t)v[FE_F_SPORT].lo,
	    .dport = (uint16_t)v[FE_F_DPORT].lo,
	    .tcp_flags = (uint8_t)v[FE_F_TCP_FLAGS].lo,
	    .icmp_type = (uint8_t)v[FE_F_ICMP_TYPE].lo,
	    .icmp_code = (uint8_t)v[FE_F_ICMP_CODE].lo,
	    .ttl = (uint8_t)v[FE_F_TTL].lo, .tos = (uint8_t)v[FE_F_TOS].lo,
	    .length = (uint32_t)v[FE_F_LENGTH].lo, .l4_size = 40,
	    .pkttype = (uint8_t)v[FE_F_PKTTYPE].lo,
	    .src_type = (uint8_t)v[FE_F_SRC_TYPE].lo,
	    .dst_type = (uint8_t)v[FE_F_DST_TYPE].lo,
	    .mark = (uint32_t)v[FE_F_MARK].lo,
	    .ctstate = (uint8_t)(v[FE_F_CTSTATE].lo % 5), .uid = UINT32_MAX,
	};
	p->iif = iface_of(b, behave, v[FE_F_IIF]);
	p->oif = iface_of(b, behave, v[FE_F_OIF]);
	p->has_mac = v[FE_F_HAS_MAC].lo & 1;
	for (unsigned i = 0; i < 6; i++)
		p->mac[i] = (uint8_t)(v[FE_F_MAC].lo >> (40 - 8 * i));
}

/* ---- walking ----------------------------------------------------------- */

/* The hooks that the chain can be reached from, one after another. */
static void walk_hooks(struct bench *b, const struct fe_rule *rule,
		       const struct fe_packet *packet)
{
	const struct fe_chain *chain = rule->chain;

	for (unsigned h = 0; h < FE_N_HOOKS; h++) {
		struct fe_packet p = *packet;
		struct fe_life l = {.e = b->engine, .p = &p,
				    .side = fe_side_of(b->engine, p.family),
				    .hook = (enum fe_hook)h};
		if (!(chain->hooks & 1u << h))
			continue;
		if (h == FE_OUTPUT)
			p.iif = 0;
		if (h == FE_PREROUTING || h == FE_INPUT)
			p.oif = 0;
		fe_walk(&l, chain->table->id);
		b->n_packets++;
	}
}

static uint64_t hits(struct bench *b, const struct fe_rule *rule)
{
	uint64_t packets, bytes;

	fe_engine_rule_counters(b->engine, rule, &packets, &bytes);
	return packets;
}

static void aim_at(struct bench *b, struct fe_behave *behave,
		   const struct fe_rule *rule)
{
	unsigned family = rule->chain->table->ruleset->family;
	struct boxes boxes = {.n = 0};

	fe_set_boxes(fe_behave_space(behave), fe_behave_hits(behave, rule),
		     keep_box, &boxes);
	for (unsigned i = 0; boxes.n && i < N_PACKETS; i++) {
		struct fe_packet p;
		make_packet(b, behave, family,
			    &boxes.box[fe_rng_below(&rng, boxes.n)], &p);
		walk_hooks(b, rule, &p);
	}
}

static void try_claim(struct bench *b, struct fe_behave *behave,
		      const struct fe_rule *rule, const char *id)
{
	struct fe_buf text = {0};

	b->n_dead++;
	aim_at(b, behave, rule);
	if (!hits(b, rule))
		return;
	b->n_false++;
	fe_rule_print(rule, &text);
	printf("# %s is false: %s\n", id, fe_buf_text(&text));
	fe_buf_free(&text);
}

/* ---- claims ------------------------------------------------------------ */

static bool says_dead(const struct fe_diag *d)
{
	return d->id && (!strcmp(d->id, "FE201") || !strcmp(d->id, "FE206") ||
			 !strcmp(d->id, "FE301") ||
			 (!strcmp(d->id, "FE302") &&
			  !strncmp(d->text, "earlier", 7)));
}

static const struct fe_diag *claim_about(const struct bench *b,
					 const struct fe_rule *rule)
{
	for (size_t i = 0; i < b->diags->list.n; i++) {
		const struct fe_diag *d = b->diags->list.data[i];
		if (says_dead(d) && d->span.source == rule->span.source &&
		    d->span.off == rule->span.off)
			return d;
	}
	return NULL;
}

/* nat's targets need a flow; what they do is not asked here. */
static void try_family(struct bench *b, const struct fe_ruleset *rs)
{
	struct fe_behave *behave;

	if (!rs)
		return;
	behave = fe_behave_new(rs, b->rules.ipsets, 0);
	for (unsigned t = 0; t < FE_N_TABLES; t++) {
		const struct fe_table *table = &rs->tables[t];
		for (size_t c = 0; t != FE_NAT && c < table->chains.n; c++) {
			const struct fe_chain *chain = table->chains.data[c];
			for (size_t i = 0; i < chain->rules.n; i++) {
				const struct fe_rule *rule =
				    chain->rules.data[i];
				const struct fe_diag *d =
				    claim_about(b, rule);
				if (d) {
					try_claim(b, behave, rule, d->id);
				} else if (!i && chain->builtin) {
					b->n_live++;
					aim_at(b, behave, rule);
					b->n_reached += hits(b, rule) > 0;
				}
			}
		}
	}
	fe_behave_free(behave);
}

static void try_text(struct bench *total, const char *name, const char *text,
		     size_t size)
{
	struct bench b = {.sources = fe_sources_new(), .diags = fe_diags_new(),
			  .host = fe_host_new()};
	struct fe_read_options read = {0};
	struct fe_engine_options options = {.naive = true};
	struct fe_pass_context context = {.rules = &b.rules, .host = b.host,
					  .sources = b.sources, .owned = true};

	fe_read(b.sources, fe_sources_add(b.sources, name, text, size), &read,
		&b.rules, b.diags);
	context.diags = b.diags;
	fe_lint(&context);
	b.engine = fe_engine_new(&b.rules, b.host, &options);
	b.engine->depth = FE_MAX_DEPTH; /* no answers */
	try_family(&b, b.rules.v4);
	try_family(&b, b.rules.v6);
	total->n_dead += b.n_dead;
	total->n_packets += b.n_packets;
	total->n_false += b.n_false;
	total->n_live += b.n_live;
	total->n_reached += b.n_reached;
	fe_engine_free(b.engine);
	fe_host_free(b.host);
	fe_rules_free(&b.rules);
	fe_diags_free(b.diags);
	fe_sources_free(b.sources);
}

/* ---- rulesets ---------------------------------------------------------- */

static const char *pick(const char *const *words)
{
	unsigned n = 0;

	while (words[n])
		n++;
	return words[fe_rng_below(&rng, n)];
}

static void make_rules(struct fe_buf *b)
{
	static const char *const chains[] = {"INPUT", "INPUT", "a", "b", NULL};
	static const char *const who[] = {
	    "-s 10.0.0.0/8", "-s 10.1.0.0/16", "! -s 10.1.0.0/16", "-d 10.2.0.0/15",
	    "-i eth0", "! -i eth0", "-i eth+", "-f", "", "", NULL};
	static const char *const what[] = {
	    "-p tcp --dport 22", "-p tcp --dport 20:30", "-p tcp", "! -p tcp",
	    "-p udp -m multiport --dports 22,53", "-p udp --dport 53",
	    "-p icmp", "-p tcp --syn", "", NULL};
	static const char *const when[] = {
	    "-m conntrack --ctstate NEW", "-m mark --mark 1",
	    "-m conntrack ! --ctstate INVALID", "-m limit --limit 1/s",
	    "-m length --length 100:200", "-m quux", "", "", "", NULL};
	static const char *const then[] = {
	    "-j ACCEPT", "-j DROP", "-j RETURN", "-j LOG", "-j REJECT",
	    "-j MARK --set-mark 1", "-j ACCEPT", "-j DROP", "", NULL};

	fe_buf_puts(b, "*mangle\n:INPUT ACCEPT [0:0]\n:a - [0:0]\n:b - [0:0]\n");
	for (unsigned i = 0; i < 24; i++) {
		const char *chain = pick(chains);
		const char *target = pick(then);
		unsigned jump = fe_rng_below(&rng, 5);
		if (!strcmp(chain, "INPUT") && jump < 2)
			target = jump ? "-j a" : "-g a";
		if (!strcmp(chain, "a") && !jump)
			target = "-j b";
		if (!strcmp(target, "-j REJECT"))
			target = "-j DROP";
		fe_buf_printf(b, "-A %s %s %s %s %s\n", chain, pick(who),
			      pick(what), pick(when), target);
	}
	fe_buf_puts(b, "COMMIT\n");
}

START_TEST(dead_rules_of_random_rulesets_are_dead)
{
	struct bench total = {0};

	for (unsigned i = 0; i < 60; i++) {
		struct fe_buf text = {0};
		make_rules(&text);
		try_text(&total, "random", fe_buf_text(&text), text.size);
		fe_buf_free(&text);
	}
	printf("# random: %u dead rules, %u packets\n", total.n_dead,
	       total.n_packets);
	ck_assert_uint_gt(total.n_dead, 50);
	ck_assert_uint_gt(total.n_packets, 50000);
	/* Aim that misses would prove nothing. */
	ck_assert_uint_gt(total.n_live, 30);
	ck_assert_uint_gt(total.n_reached * 10, total.n_live * 8);
	ck_assert_uint_eq(total.n_false, 0);
}
END_TEST

static void try_file(struct bench *total, const char *path)
{
	FILE *file = fopen(path, "rb");
	struct fe_buf text = {0};
	char part[65536];
	size_t n;

	if (!file)
		return;
	while ((n = fread(part, 1, sizeof(part), file)) > 0)
		fe_buf_add(&text, part, n);
	fclose(file);
	try_text(total, path, fe_buf_text(&text), text.size);
	fe_buf_free(&text);
}

static void try_folder(struct bench *total, const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		char path[4096];
		struct stat st;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		if (e->d_name[0] == '.' || stat(path, &st))
			continue;
		if (S_ISDIR(st.st_mode))
			try_folder(total, path);
		else
			try_file(total, path);
	}
	if (dir)
		closedir(dir);
}

START_TEST(dead_rules_of_the_corpus_are_dead)
{
	const char *shared = getenv("FERRULE_SHARED");
	const char *top = getenv("top_srcdir");
	struct bench total = {0};
	char folder[4096];

	if (shared)
		snprintf(folder, sizeof(folder), "%s/corpus", shared);
	else
		snprintf(folder, sizeof(folder), "%s/../shared/corpus",
			 top ? top : ".");
	try_folder(&total, folder);
	printf("# corpus: %u dead rules, %u packets; %u of %u first rules "
	       "reached\n", total.n_dead, total.n_packets, total.n_reached,
	       total.n_live);
	ck_assert_uint_eq(total.n_false, 0);
}
END_TEST

static Suite *lint_suite(void)
{
	Suite *suite = suite_create("lint");
	TCase *tc = tcase_create("lint");

	tcase_set_timeout(tc, 600);
	tcase_add_test(tc, dead_rules_of_random_rulesets_are_dead);
	tcase_add_test(tc, dead_rules_of_the_corpus_are_dead);
	suite_add_tcase(suite, tc);
	return suite;
}

UNIT_MAIN(lint_suite)
