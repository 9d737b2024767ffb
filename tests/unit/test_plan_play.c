/*
 * Plans in the engine: random rules, random packets, played without and with
 * the plan. What comes out, what is logged and where each packet ends must be
 * equal; at level invalid all but what the plan may change.
 */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "packets.h"
#include "pass/notrack.h"
#include "program/engine.h"
#include "ruleset/ruleset.h"

enum { RULESETS = 400, PACKETS = 120, ETH0 = 2, ETH1 = 3, MAX_FLOWS = 6 };

struct flow {
	struct test_ends ends;
	uint8_t proto;
	uint32_t seq[2];             /* next of each way */
	struct test_packet last;     /* for errors to quote */
	bool spoke;
};

struct side {                        /* one run */
	struct fe_rules rules;
	struct fe_host *host;
	struct fe_engine *engine;
	struct fe_buf pending;       /* of the life being played */
	struct fe_buf own, made;     /* the packet's; its answers' */
	struct fe_buf logs;          /* of both */
	bool made_errors;            /* only errors and resets so far */
};

struct play {
	struct fe_rng rng;
	struct fe_sources *sources;
	struct fe_diags *diags;
	struct fe_buf text;
	struct side before, after;
	struct fe_plan *plan;
	struct flow flows[MAX_FLOWS];
	int64_t now;
	unsigned differ;             /* as the level allows */
};

static uint32_t below(struct play *p, uint32_t n)
{
	return fe_rng_below(&p->rng, n);
}

#define PICK(p, list) (list)[below(p, sizeof(list) / sizeof((list)[0]))]

/* Rules. */

static const char *const wheres[] = {
	"", "", "", "-i lo ", "-i eth0 ", "! -i eth1 ", "-s 10.0.0.0/24 ",
	"-d 10.0.0.1 ", "-s 10.0.0.1 ", "-d 10.1.0.0/24 ", "! -s 10.0.0.9 "};
static const char *const whats[] = {
	"", "", "-p udp ", "-p tcp ", "-p icmp ", "-p udp -m udp --dport 53 ",
	"-p udp -m udp --sport 53 ", "-p tcp -m tcp --dport 80 ",
	"-p tcp -m tcp --sport 80 ", "-p udp -m multiport --ports 53,123 ",
	"-p tcp -m tcp --tcp-flags SYN,ACK SYN ",
	"-p icmp -m icmp --icmp-type 8 ", "-p icmp -m icmp --icmp-type 3 "};
static const char *const hows[] = {
	"", "", "", "", "-m conntrack --ctstate NEW ",
	"-m conntrack --ctstate RELATED,ESTABLISHED ",
	"-m conntrack --ctstate RELATED,ESTABLISHED ",
	"-m conntrack --ctstate INVALID ", "-m state --state UNTRACKED ",
	"-m conntrack ! --ctstate NEW ", "-m conntrack --ctdir REPLY ",
	"-m limit --limit 1/sec --limit-burst 2 ", "-m mark --mark 0x1 ",
	"-m connmark --mark 0x1 ",
	("-m limit --limit 1/min -m conntrack "
	 "--ctstate NEW "), "-m length --length 0:60 "};
static const char *const filter_does[] = {
	"-j ACCEPT", "-j ACCEPT", "-j ACCEPT", "-j DROP", "-j RETURN",
	"-j REJECT", "-j LOG", "-j u0", "-g u0", "",
	"-p tcp -j REJECT --reject-with tcp-reset"};
static const char *const mangle_does[] = {
	"-j MARK --set-mark 0x1", "-j CONNMARK --restore-mark",
	"-j CONNMARK --save-mark", "-j ACCEPT", "-j LOG", ""};
static const char *const raw_does[] = {
	"-j ACCEPT", "-j RETURN", "-j NOTRACK", "-j DROP", "-j LOG",
	"-j CT --zone 1"};

/* Interfaces as the chain may name them. */
static const char *where(struct play *p, const char *chain)
{
	const char *w = PICK(p, wheres);

	if (!strcmp(chain, "OUTPUT") && strstr(w, "-i "))
		return "-o lo ";
	return strcmp(chain, "u0") || !strstr(w, "-i ") ? w : "";
}

static void add_rules(struct play *p, const char *chain, unsigned most,
		      const char *const *does, uint32_t n_does)
{
	for (unsigned i = below(p, most + 1); i-- > 0;) {
		const char *in = where(p, chain), *what = PICK(p, whats);
		const char *how = PICK(p, hows), *act = does[below(p, n_does)];

		if (*what && !strncmp(act, "-p", 2))
			what = "";
		if (!strcmp(chain, "u0") && strstr(act, "u0"))
			act = "-j ACCEPT";
		fe_buf_printf(&p->text, "-A %s %s%s%s%s\n", chain, in, what,
			      how, act);
	}
}

#define ADD(p, chain, most, does)                                              \
	add_rules(p, chain, most, does, sizeof(does) / sizeof((does)[0]))

static void add_mangle(struct play *p)
{
	fe_buf_puts(&p->text, "*mangle\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n"
			      ":FORWARD ACCEPT\n:OUTPUT ACCEPT\n"
			      ":POSTROUTING ACCEPT\n");
	ADD(p, "PREROUTING", 2, mangle_does);
	ADD(p, "INPUT", 1, mangle_does);
	ADD(p, "FORWARD", 1, mangle_does);
	ADD(p, "OUTPUT", 2, mangle_does);
	fe_buf_puts(&p->text, "COMMIT\n");
}

static void add_nat(struct play *p)
{
	static const char *const rules[] = {
	    "-A POSTROUTING -o eth1 -j MASQUERADE",
	    "-A POSTROUTING -s 10.0.0.0/24 -o eth1 -j SNAT --to-source "
	    "10.1.0.1",
	    ("-A PREROUTING -i eth0 -p udp -m udp --dport 123 -j DNAT "
	     "--to-destination 10.1.0.9:53"),
	    "-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 22"};

	fe_buf_printf(&p->text,
		      "*nat\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n"
		      ":OUTPUT ACCEPT\n:POSTROUTING ACCEPT\n%s\nCOMMIT\n",
		      PICK(p, rules));
}

static void make_rules(struct play *p)
{
	static const char *const policies[] = {"ACCEPT", "DROP"};

	fe_buf_clear(&p->text);
	if (below(p, 4) == 0) {
		fe_buf_puts(&p->text, "*raw\n:PREROUTING ACCEPT\n"
				      ":OUTPUT ACCEPT\n");
		ADD(p, "PREROUTING", 2, raw_does);
		ADD(p, "OUTPUT", 2, raw_does);
		fe_buf_puts(&p->text, "COMMIT\n");
	}
	if (below(p, 4) == 0)
		add_mangle(p);
	if (below(p, 5) == 0)
		add_nat(p);
	fe_buf_printf(&p->text,
		      "*filter\n:INPUT %s\n:FORWARD %s\n:OUTPUT %s\n:u0 -\n",
		      PICK(p, policies), PICK(p, policies),
		      below(p, 4) ? "ACCEPT" : "DROP");
	if (below(p, 2))
		fe_buf_puts(&p->text, "-A INPUT -p icmp -j ACCEPT\n");
	if (below(p, 2))
		fe_buf_puts(&p->text, "-A INPUT -m conntrack --ctstate "
				      "RELATED,ESTABLISHED -j ACCEPT\n"
				      "-A INPUT -p udp -m udp --dport 53 "
				      "-j ACCEPT\n");
	ADD(p, "INPUT", 5, filter_does);
	ADD(p, "FORWARD", 4, filter_does);
	ADD(p, "OUTPUT", 3, filter_does);
	ADD(p, "u0", 2, filter_does);
	fe_buf_puts(&p->text, "-A FORWARD -m conntrack --ctstate NEW\n"
			      "COMMIT\n");
}

/* What a run leaves behind. */

static void on_emit(void *arg, const struct fe_packet *packet, uint16_t oif)
{
	struct side *s = arg;

	fe_buf_printf(&s->pending, "out %u mark %x ", oif, packet->mark);
	for (uint32_t i = 0; i < packet->caught; i++)
		fe_buf_printf(&s->pending, "%02x", packet->data[i]);
	fe_buf_puts(&s->pending, "\n");
}

static void on_log(void *arg, int64_t time, const char *line)
{
	struct side *s = arg;

	(void)time;
	fe_buf_printf(&s->logs, "%s\n", line);
}

static void on_result(void *arg, const struct fe_packet *packet,
		      const struct fe_result *result)
{
	struct side *s = arg;
	struct fe_buf *to = result->cause < 0 ? &s->own : &s->made;
	bool lived = result->fate == FE_FATE_ACCEPT;

	fe_buf_printf(to, "%s%s", fe_buf_text(&s->pending),
		      lived ? "accepted\n" : "ended\n");
	fe_buf_clear(&s->pending);
	if (result->cause >= 0 && packet->proto != 1 &&
	    !(packet->proto == 6 && (packet->tcp_flags & FE_TCP_RST)))
		s->made_errors = false;
}

static void side_begin(struct play *p, struct side *s, const char *text)
{
	const struct fe_observer o = {.arg = s, .emit = on_emit,
				      .log = on_log, .result = on_result};
	const struct fe_engine_options options = {.naive = true};
	const struct fe_read_options read = {0};
	uint32_t index =
	    fe_sources_add(p->sources, "rules", text, strlen(text));
	uint16_t eth0, eth1;

	ck_assert_msg(fe_read(p->sources, index, &read, &s->rules, p->diags),
		      "%s\n%s", text, p->diags->list.data[0]->text);
	s->host = fe_host_new();
	s->host->known = true;
	ck_assert(fe_host_sysctl(s->host, FE_STR("net.ipv4.ip_forward"),
				 FE_STR("1"), p->diags));
	eth0 = fe_host_iface(s->host, FE_STR("eth0"));
	eth1 = fe_host_iface(s->host, FE_STR("eth1"));
	fe_host_add_addr(s->host, eth0, 4, fe_u128(0x0a000001), 24);
	fe_host_add_addr(s->host, eth1, 4, fe_u128(0x0a010001), 24);
	s->engine = fe_engine_new(&s->rules, s->host, &options);
	fe_engine_observe(s->engine, &o);
}

static void side_end(struct side *s)
{
	fe_engine_free(s->engine);
	fe_host_free(s->host);
	fe_rules_free(&s->rules);
	fe_buf_free(&s->pending);
	fe_buf_free(&s->own);
	fe_buf_free(&s->made);
	fe_buf_free(&s->logs);
	memset(s, 0, sizeof(*s));
}

/* Packets. */

static void make_flows(struct play *p)
{
	static const uint32_t addrs[] = {0x0a000009, 0x0a000009, 0x0a000001,
					 0x0a000001, 0x0a010009, 0x7f000001};
	static const uint16_t ports[] = {53, 80, 22, 123, 5000};
	static const uint8_t protos[] = {17, 17, 6, 6, 1};

	for (unsigned i = 0; i < MAX_FLOWS; i++) {
		struct flow *f = &p->flows[i];

		memset(f, 0, sizeof(*f));
		f->proto = PICK(p, protos);
		do {
			f->ends.src = PICK(p, addrs);
			f->ends.dst = PICK(p, addrs);
		} while ((f->ends.src == 0x7f000001) !=
			     (f->ends.dst == 0x7f000001) ||
			 (f->ends.src == f->ends.dst &&
			  f->ends.src != 0x7f000001 &&
			  f->ends.src != 0x0a000001));
		f->ends.sport = below(p, 5) ? (uint16_t)(20000 + i)
					    : PICK(p, ports);
		f->ends.dport = PICK(p, ports);
		f->seq[0] = f->seq[1] = 1000;
	}
}

static void tcp_packet(struct play *p, struct flow *f, struct test_packet *t,
		       struct test_ends e, unsigned dir)
{
	static const uint8_t flags[] = {
	    FE_TCP_SYN, FE_TCP_SYN, FE_TCP_SYN | FE_TCP_ACK, FE_TCP_ACK,
	    FE_TCP_ACK, FE_TCP_PSH | FE_TCP_ACK, FE_TCP_FIN | FE_TCP_ACK,
	    FE_TCP_RST, FE_TCP_RST | FE_TCP_ACK};
	uint8_t now = PICK(p, flags);
	struct test_segment s = {.flags = now, .seq = f->seq[dir],
				 .ack = now & FE_TCP_ACK ? f->seq[!dir] : 0,
				 .size = now & FE_TCP_PSH ? 20 : 0};

	if (!below(p, 20))
		s.seq += 0x40000000;
	test_tcp(t, p->now, e, s);
	f->seq[dir] += (uint32_t)s.size +
		       ((now & (FE_TCP_SYN | FE_TCP_FIN)) != 0);
}

/* Returns the interface it comes by; 0: it is sent by the host. */
static uint16_t arrives(const struct test_packet *t)
{
	switch (fe_get32(t->bytes + 12)) {
	case 0x0a000009:
		return ETH0;
	case 0x0a010009:
		return ETH1;
	default:
		return 0;
	}
}

static uint16_t make_packet(struct play *p, struct test_packet *t)
{
	struct flow *f = &p->flows[below(p, MAX_FLOWS)];
	unsigned dir = below(p, 2);
	struct test_ends e = dir ? test_reply(f->ends) : f->ends;
	struct test_ends to = test_reply(e);

	p->now += (int64_t)below(p, 1500) * (SECOND / 1000);
	if (f->spoke && !below(p, 8)) {
		/* About the flow's last packet, back to its sender. */
		to.dst = fe_get32(f->last.bytes + 12);
		to.src = fe_get32(f->last.bytes + 16);
		test_error(t, p->now, to, 3, &f->last, 28);
	} else if (f->proto == 17) {
		test_udp(t, p->now, e, below(p, 40));
	} else if (f->proto == 6) {
		tcp_packet(p, f, t, e, dir);
	} else {
		test_icmp(t, p->now, e,
			  (struct fe_icmp_header){.type = dir ? 0 : 8,
						  .rest = f->ends.sport});
	}
	/* A wrong checksum; of errors, the plan assumes right ones. */
	if (!below(p, 25) && t->bytes[9] != 1)
		t->bytes[t->size - 1] ^= 1;
	f->last = *t;
	f->spoke = true;
	return arrives(t);
}

static struct fe_result play_one(struct play *p, struct side *s,
				 const struct test_packet *t, uint16_t iif)
{
	struct test_packet copy = *t;
	struct fe_result result;

	fe_buf_clear(&s->own);
	fe_buf_clear(&s->made);
	fe_buf_clear(&s->logs);
	fe_buf_clear(&s->pending);
	s->made_errors = true;
	test_read(&copy, p->now);
	copy.packet.iif = iif;
	copy.packet.uid = UINT32_MAX;
	fe_engine_play(s->engine, &copy.packet, &result, 1);
	return result;
}

static bool same(struct fe_buf *a, struct fe_buf *b)
{
	return !strcmp(fe_buf_text(a), fe_buf_text(b));
}

static void compare(struct play *p, const struct test_packet *t,
		    const struct fe_result *a, const struct fe_result *b,
		    unsigned n)
{
	struct side *x = &p->before, *y = &p->after;
	bool own = same(&x->own, &y->own), made = same(&x->made, &y->made);
	bool logs = same(&x->logs, &y->logs);
	bool errors = x->made_errors && y->made_errors && x->made.size;
	struct test_packet copy = *t;
	bool may;

	if (own && made && logs)
		return;
	test_read(&copy, p->now);
	may = fe_plan_may_differ(p->plan, &copy.packet, a->ctstate, b->ctstate);
	if (may || (own && errors && p->plan->level == FE_LEVEL_INVALID)) {
		p->differ++;
		return;
	}
	struct fe_buf rules = {0};
	fe_plan_apply(p->plan, p->before.rules.v4, &rules);
	ck_abort_msg("packet %u fares differently, states %u and %u\n"
		     "without: %s%s%swith: %s%s%s%s",
		     n, a->ctstate, b->ctstate, fe_buf_text(&x->own),
		     fe_buf_text(&x->made), fe_buf_text(&x->logs),
		     fe_buf_text(&y->own), fe_buf_text(&y->made),
		     fe_buf_text(&y->logs), fe_buf_text(&rules));
}

static void play_plan(struct play *p)
{
	struct fe_buf joined = {0};

	fe_plan_apply(p->plan, p->before.rules.v4, &joined);
	side_begin(p, &p->after, fe_buf_text(&joined));
	make_flows(p);
	p->now = SECOND;
	for (unsigned i = 0; i < PACKETS; i++) {
		struct test_packet t;
		uint16_t iif = make_packet(p, &t);
		struct fe_result a = play_one(p, &p->before, &t, iif);
		struct fe_result b = play_one(p, &p->after, &t, iif);

		compare(p, &t, &a, &b, i);
	}
	side_end(&p->after);
	fe_buf_free(&joined);
}

/* Returns whether there was a plan to play. */
static bool play_rules(struct play *p, enum fe_plan_level level)
{
	/* Without its checker: this is a check of another kind. */
	const struct fe_plan_options options = {.level = level,
						.no_check = true};
	struct fe_pass_context context;
	bool planned;

	p->sources = fe_sources_new();
	p->diags = fe_diags_new();
	side_begin(p, &p->before, fe_buf_text(&p->text));
	context = (struct fe_pass_context){.rules = &p->before.rules,
					   .host = p->before.host,
					   .sources = p->sources,
					   .diags = p->diags};
	p->plan = fe_plan_make(&context, &options);
	ck_assert_msg(p->plan != NULL, "%s%s", p->diags->list.data[0]->text,
		      fe_buf_text(&p->text));
	planned = fe_plan_has_rules(p->plan, 4);
	if (planned)
		play_plan(p);
	fe_plan_free(p->plan);
	side_end(&p->before);
	fe_diags_free(p->diags);
	fe_sources_free(p->sources);
	return planned;
}

static void play_level(enum fe_plan_level level, uint64_t seed)
{
	unsigned planned = 0;

	for (unsigned i = 0; i < RULESETS; i++) {
		struct play p = {.rng = {seed + i}};

		make_rules(&p);
		planned += play_rules(&p, level);
		fe_buf_free(&p.text);
	}
	/* A planner that always refuses would pass the rest. */
	ck_assert_uint_gt(planned, RULESETS / 3);
}

START_TEST(level_none_changes_nothing)
{
	play_level(FE_LEVEL_NONE, 1000000);
}
END_TEST

START_TEST(level_invalid_changes_what_it_lists)
{
	play_level(FE_LEVEL_INVALID, 2000000);
}
END_TEST

static Suite *plan_play_suite(void)
{
	Suite *suite = suite_create("plan_play");
	TCase *tc = tcase_create("plan_play");

	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, level_none_changes_nothing);
	tcase_add_test(tc, level_invalid_changes_what_it_lists);
	suite_add_tcase(suite, tc);
	return suite;
}

UNIT_MAIN(plan_play_suite)
