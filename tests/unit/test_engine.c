/* Tests of src/program's engine: hooks, answers, counters, activation. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "packets.h"
#include "program/engine.h"

struct seen { /* a packet that came out, or a line */
	uint8_t bytes[1600];
	struct fe_packet packet;
	uint16_t oif;
};

struct rig {
	struct fe_sources *sources;
	struct fe_diags *diags;
	struct fe_rules rules;
	struct fe_host *host;
	struct fe_engine *engine;
	struct seen out[8];
	unsigned n_out, n_results;
	struct fe_result last;
	char log[512];
};

enum { ETH0 = 2, ETH1 = 3 };

static const struct test_ends client = {0x0a000009, 0x0a000001, 4000, 80};
static const struct test_ends through = {0x0a000009, 0x0a010009, 4000, 80};

static void on_emit(void *arg, const struct fe_packet *p, uint16_t oif)
{
	struct rig *r = arg;
	struct seen *s = &r->out[r->n_out++ % 8];

	memcpy(s->bytes, p->data, p->caught);
	s->packet = *p;
	s->packet.data = s->bytes;
	s->oif = oif;
}

static void on_result(void *arg, const struct fe_packet *p,
		      const struct fe_result *result)
{
	struct rig *r = arg;

	(void)p;
	r->n_results++;
	r->last = *result;
}

static void on_log(void *arg, int64_t time, const char *line)
{
	struct rig *r = arg;

	(void)time;
	snprintf(r->log, sizeof(r->log), "%s", line);
}

static void rig_host(struct rig *r)
{
	uint16_t eth0, eth1;

	r->host = fe_host_new();
	r->host->known = true;
	r->host->sysctls.ip_forward = 1;
	eth0 = fe_host_iface(r->host, FE_STR("eth0"));
	eth1 = fe_host_iface(r->host, FE_STR("eth1"));
	ck_assert_uint_eq(eth0, ETH0);
	fe_host_add_addr(r->host, eth0, 4, fe_u128(0x0a000001), 24);
	fe_host_add_addr(r->host, eth1, 4, fe_u128(0x0a010001), 24);
}

static void rig_begin(struct rig *r, const char *text,
		      struct fe_engine_options options)
{
	struct fe_read_options read = {0};
	struct fe_observer o = {.arg = r, .emit = on_emit,
				.result = on_result, .log = on_log};
	uint32_t index;

	memset(r, 0, sizeof(*r));
	r->sources = fe_sources_new();
	r->diags = fe_diags_new();
	index = fe_sources_add(r->sources, "t", text, strlen(text));
	ck_assert(fe_read(r->sources, index, &read, &r->rules, r->diags));
	rig_host(r);
	r->engine = fe_engine_new(&r->rules, r->host, &options);
	fe_engine_observe(r->engine, &o);
}

static void rig_end(struct rig *r)
{
	fe_engine_free(r->engine);
	fe_host_free(r->host);
	fe_rules_free(&r->rules);
	fe_diags_free(r->diags);
	fe_sources_free(r->sources);
}

static struct fe_result play(struct rig *r, struct test_packet *t,
			     uint16_t iif)
{
	struct fe_result result;

	r->n_out = r->n_results = 0;
	t->packet.iif = iif;
	t->packet.uid = UINT32_MAX;
	fe_engine_play(r->engine, &t->packet, &result, 1);
	return result;
}

START_TEST(rules_decide_and_count)
{
	struct test_packet t;
	struct fe_result result;
	struct rig r;
	uint64_t packets, bytes;
	const struct fe_chain *input;

	rig_begin(&r, "*filter\n:INPUT DROP\n:w -\n-A INPUT -p udp -j w\n"
		      "-A w -p udp --dport 53 -j ACCEPT\nCOMMIT\n",
		  (struct fe_engine_options){.naive = true});
	test_udp(&t, SECOND, (struct test_ends){0x0a000009, 0x0a000001, 9, 53},
		 8);
	result = play(&r, &t, ETH0);
	ck_assert_int_eq(result.fate, FE_FATE_ACCEPT);
	ck_assert(result.local && !result.tracking);
	ck_assert_str_eq(result.by.chain->name, "w");
	test_udp(&t, SECOND, (struct test_ends){0x0a000009, 0x0a000001, 9, 54},
		 8);
	result = play(&r, &t, ETH0);
	ck_assert_int_eq(result.fate, FE_FATE_DROP);
	ck_assert_ptr_null(result.by.rule);
	input = fe_table_chain(&r.rules.v4->tables[FE_FILTER], FE_STR("INPUT"));
	fe_engine_policy_counters(r.engine, input, &packets, &bytes);
	ck_assert_uint_eq(packets, 1);
	ck_assert_uint_eq(bytes, 36);
	fe_engine_rule_counters(r.engine, input->rules.data[0], &packets,
				&bytes);
	ck_assert_uint_eq(packets, 2);
	ck_assert_uint_eq(bytes, 72);
	rig_end(&r);
}
END_TEST

START_TEST(tracking_begins_with_a_rule_that_asks)
{
	static const char plain[] = "*nat\n:POSTROUTING ACCEPT\nCOMMIT\n"
				    "*raw\n-A PREROUTING -j NOTRACK\nCOMMIT\n";
	static const char state[] = "*filter\n:lonely -\n-A lonely -m "
				    "conntrack --ctstate NEW\nCOMMIT\n";
	struct rig r;

	rig_begin(&r, plain, (struct fe_engine_options){.naive = true});
	ck_assert(!fe_engine_tracks(r.engine, 4));
	rig_end(&r);
	rig_begin(&r, state, (struct fe_engine_options){.naive = true});
	ck_assert(fe_engine_tracks(r.engine, 4));
	ck_assert(!fe_engine_tracks(r.engine, 6));
	rig_end(&r);
	rig_begin(&r, plain, (struct fe_engine_options){.assume_tracked = true});
	ck_assert(fe_engine_tracks(r.engine, 4));
	rig_end(&r);
}
END_TEST

START_TEST(a_forwarded_packet_loses_a_hop)
{
	struct test_packet t;
	struct rig r;

	rig_begin(&r, "*filter\n-A FORWARD -m ttl --ttl-eq 63 -j ACCEPT\n"
		      "-A FORWARD -j DROP\nCOMMIT\n",
		  (struct fe_engine_options){.naive = true});
	test_tcp(&t, SECOND, through, (struct test_segment){.flags = FE_TCP_SYN});
	ck_assert_int_eq(play(&r, &t, ETH0).fate, FE_FATE_ACCEPT);
	ck_assert_uint_eq(r.n_out, 1);
	ck_assert_uint_eq(r.out[0].oif, ETH1);
	ck_assert_uint_eq(r.out[0].bytes[8], 63);
	ck_assert_uint_eq(t.bytes[8], 64);
	rig_end(&r);
}
END_TEST

START_TEST(the_last_hop_is_answered)
{
	struct test_packet t;
	struct rig r;

	rig_begin(&r, "*filter\nCOMMIT\n",
		  (struct fe_engine_options){.naive = true});
	test_tcp(&t, SECOND, through, (struct test_segment){.flags = FE_TCP_SYN});
	fe_wire_set_ttl(t.bytes, 1);
	test_read(&t, SECOND);
	ck_assert_int_eq(play(&r, &t, ETH0).fate, FE_FATE_DROP);
	ck_assert_uint_eq(r.n_results, 2);
	ck_assert_uint_eq(r.n_out, 1);
	ck_assert_uint_eq(r.out[0].packet.icmp_type, 11);
	ck_assert_uint_eq(r.out[0].packet.src.lo, 0x0a000001);
	ck_assert_int_eq(r.last.cause, 0);
	rig_end(&r);
}
END_TEST

START_TEST(reject_answers_behind_its_cause)
{
	struct test_packet t;
	struct rig r;
	const struct fe_packet *p = &r.out[0].packet;

	rig_begin(&r, "*filter\n-A INPUT -m conntrack --ctstate NEW -p tcp -j "
		      "REJECT --reject-with tcp-reset\n-A OUTPUT -m conntrack "
		      "--ctstate RELATED -j ACCEPT\n-A OUTPUT -j DROP\n"
		      "COMMIT\n",
		  (struct fe_engine_options){.naive = true});
	test_tcp(&t, SECOND, client,
		 (struct test_segment){FE_TCP_SYN, .seq = 7});
	ck_assert_int_eq(play(&r, &t, ETH0).fate, FE_FATE_REJECT);
	ck_assert_uint_eq(r.n_out, 1);
	ck_assert_uint_eq(p->tcp_flags, FE_TCP_RST | FE_TCP_ACK);
	ck_assert_uint_eq(fe_get32(p->data + p->l4 + 8), 8);
	ck_assert_uint_eq(r.last.ctstate, FE_CT_RELATED);
	ck_assert_uint_eq(
	    fe_conntrack_stats(fe_engine_conntrack(r.engine))->entries, 0);
	rig_end(&r);
}
END_TEST

START_TEST(a_reset_is_not_reset)
{
	struct test_packet t;
	struct rig r;

	rig_begin(&r, "*filter\n-A INPUT -p tcp -j REJECT --reject-with "
		      "tcp-reset\nCOMMIT\n",
		  (struct fe_engine_options){.naive = true});
	test_tcp(&t, SECOND, client, (struct test_segment){.flags = FE_TCP_RST});
	ck_assert_int_eq(play(&r, &t, ETH0).fate, FE_FATE_REJECT);
	ck_assert_uint_eq(r.n_out, 0);
	ck_assert_uint_eq(r.n_results, 1);
	rig_end(&r);
}
END_TEST

START_TEST(masquerade_is_undone_for_replies)
{
	struct test_packet t;
	struct rig r;

	rig_begin(&r, "*nat\n-A POSTROUTING -o eth1 -j MASQUERADE\nCOMMIT\n",
		  (struct fe_engine_options){.naive = true});
	test_tcp(&t, SECOND, through, (struct test_segment){.flags = FE_TCP_SYN});
	play(&r, &t, ETH0);
	ck_assert_uint_eq(r.out[0].packet.src.lo, 0x0a010001);
	ck_assert_uint_eq(r.out[0].packet.sport, 4000);
	test_tcp(&t, SECOND,
		 (struct test_ends){0x0a010009, 0x0a010001, 80, 4000},
		 (struct test_segment){FE_TCP_SYN | FE_TCP_ACK, .ack = 1});
	play(&r, &t, ETH1);
	ck_assert_uint_eq(r.n_out, 1);
	ck_assert_uint_eq(r.out[0].oif, ETH0);
	ck_assert_uint_eq(r.out[0].packet.dst.lo, 0x0a000009);
	rig_end(&r);
}
END_TEST

START_TEST(loopback_passes_all_four_hooks)
{
	struct test_packet t;
	struct fe_result result;
	struct rig r;

	rig_begin(&r, "*mangle\n-A OUTPUT -j MARK --set-mark 5\nCOMMIT\n"
		      "*filter\n:INPUT DROP\n-A INPUT -i lo -m mark --mark 5 "
		      "-m conntrack --ctstate NEW -j ACCEPT\nCOMMIT\n",
		  (struct fe_engine_options){.naive = true});
	test_tcp(&t, SECOND,
		 (struct test_ends){0x0a000001, 0x0a010001, 4000, 80},
		 (struct test_segment){.flags = FE_TCP_SYN});
	result = play(&r, &t, 0);
	ck_assert_int_eq(result.fate, FE_FATE_ACCEPT);
	ck_assert(result.local);
	ck_assert_uint_eq(result.mark, 5);
	ck_assert_uint_eq(
	    fe_conntrack_stats(fe_engine_conntrack(r.engine))->entries, 1);
	rig_end(&r);
}
END_TEST

START_TEST(log_writes_the_kernels_line)
{
	struct test_packet t;
	struct rig r;

	rig_begin(&r, "*filter\n-A INPUT -j LOG --log-prefix \"x \"\nCOMMIT\n",
		  (struct fe_engine_options){.naive = true});
	test_tcp(&t, SECOND, client, (struct test_segment){.flags = FE_TCP_SYN});
	play(&r, &t, ETH0);
	ck_assert_str_eq(r.log, "x IN=eth0 OUT= MAC= SRC=10.0.0.9 DST=10.0.0.1 "
				"LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=1 "
				"PROTO=TCP SPT=4000 DPT=80 WINDOW=1000 "
				"RES=0x00 SYN URGP=0 ");
	rig_end(&r);
}
END_TEST

START_TEST(a_martian_never_reaches_input)
{
	struct test_packet t;
	struct fe_result result;
	struct rig r;

	rig_begin(&r, "*filter\nCOMMIT\n",
		  (struct fe_engine_options){.naive = true});
	test_tcp(&t, SECOND,
		 (struct test_ends){0x0a000001, 0x0a000001, 4000, 80},
		 (struct test_segment){.flags = FE_TCP_SYN});
	result = play(&r, &t, ETH0);
	ck_assert_int_eq(result.fate, FE_FATE_DROP);
	ck_assert_str_eq(result.by.why, "martian");
	rig_end(&r);
}
END_TEST

static Suite *engine_suite(void)
{
	Suite *suite = suite_create("engine");
	TCase *tc = tcase_create("engine");

	tcase_add_test(tc, rules_decide_and_count);
	tcase_add_test(tc, tracking_begins_with_a_rule_that_asks);
	tcase_add_test(tc, a_forwarded_packet_loses_a_hop);
	tcase_add_test(tc, the_last_hop_is_answered);
	tcase_add_test(tc, reject_answers_behind_its_cause);
	tcase_add_test(tc, a_reset_is_not_reset);
	tcase_add_test(tc, masquerade_is_undone_for_replies);
	tcase_add_test(tc, loopback_passes_all_four_hooks);
	tcase_add_test(tc, log_writes_the_kernels_line);
	tcase_add_test(tc, a_martian_never_reaches_input);
	suite_add_tcase(suite, tc);
	return suite;
}

UNIT_MAIN(engine_suite)
