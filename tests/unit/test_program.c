/* Tests of compiled rules: they answer as the naive evaluator does. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "packets.h"
#include "program/compile.h"

enum { N_RULES = 60, N_PACKETS = 400 };

static struct fe_rng rng;

static unsigned below(unsigned n)
{
	return fe_rng_below(&rng, n);
}

static const char *pick(const char *const *words)
{
	unsigned n = 0;

	while (words[n])
		n++;
	return words[below(n)];
}

static void add_base(struct fe_buf *b)
{
	static const char *const words[] = {
	    "-s 10.0.0.0/30", "! -s 10.0.0.1/32", "-d 10.0.0.2/31", "-i eth0",
	    "! -i eth+", "-i eth+", "-i lo", "-f", "! -f", "-s 10.0.0.1/0.0.0.3",
	    "", "", NULL};

	fe_buf_printf(b, " %s", pick(words));
}

static void add_match(struct fe_buf *b)
{
	static const char *const words[] = {
	    "-p tcp --dport 1:2", "-p tcp ! --sport 1", "-p udp --dport 2",
	    "-p udp", "! -p tcp", "-p icmp --icmp-type 8",
	    "-p tcp --tcp-flags SYN,ACK SYN", "-p tcp ! --syn",
	    "-p tcp -m multiport --dports 1,3", "-p udp -m multiport ! --ports 2",
	    "-p 50", "", NULL};
	static const char *const more[] = {
	    "-m conntrack --ctstate INVALID", "-m mark --mark 1/3",
	    "-m mark ! --mark 2", "-m length --length 20:40",
	    "-m ttl --ttl-lt 3", "-m tos --tos 0x10", "-m dscp --dscp 2",
	    "-m iprange --src-range 10.0.0.1-10.0.0.2",
	    "-m addrtype --dst-type LOCAL", "-m pkttype --pkt-type broadcast",
	    "-m conntrack ! --ctstate NEW,UNTRACKED --ctproto 6",
	    "-m limit --limit 5/s --limit-burst 3",
	    "-m comment --comment x", "-m quux --level 3", "", "", NULL};

	fe_buf_printf(b, " %s %s", pick(words), pick(more));
}

static void make_rules(struct fe_buf *b)
{
	fe_buf_puts(b, "*filter\n");
	for (unsigned i = 0; i < N_RULES; i++) {
		fe_buf_puts(b, "-A INPUT");
		add_base(b);
		add_match(b);
		fe_buf_puts(b, "\n");
	}
	fe_buf_puts(b, "COMMIT\n");
}

static void make_packet(struct test_packet *t, int64_t time)
{
	struct test_ends e = {0x0a000000 + below(4), 0x0a000000 + below(4),
			      (uint16_t)below(4), (uint16_t)below(4)};
	struct fe_ip_header ip = test_ip(e, 50);

	switch (below(4)) {
	case 0:
		test_tcp(t, time, e,
			 (struct test_segment){.flags = (uint8_t)below(64)});
		break;
	case 1:
		test_udp(t, time, e, below(20));
		break;
	case 2:
		test_icmp(t, time, e, (struct fe_icmp_header){
					  (uint8_t)below(10), 0, 0});
		break;
	default:
		t->size = fe_build_ip(t->bytes, &ip, NULL, below(20));
	}
	fe_wire_set_tos(t->bytes, (uint8_t)(below(4) * 8));
	fe_wire_set_ttl(t->bytes, (uint8_t)below(5));
	if (!below(6)) /* another protocol's name: headers cut short */
		t->bytes[9] = below(2) ? 6 : 17;
	if (!below(8))
		fe_put16(t->bytes + 6, below(3));
	fe_put16(t->bytes + 10, 0);
	fe_put16(t->bytes + 10, fe_sum_fold(fe_sum(t->bytes, 20, 0)));
	test_read(t, time);
	t->packet.iif = (uint16_t)below(4);
	t->packet.mark = below(4);
	t->packet.pkttype = (uint8_t)below(2);
	t->packet.dst_type = (uint8_t)(1 + below(3));
	t->packet.ctstate = (uint8_t)below(5);
}

struct two_sides {
	struct fe_engine engine; /* host and rules are all that counts */
	struct fe_side naive, compiled;
};

static unsigned compare(struct two_sides *s, int seed)
{
	const struct fe_chain *input =
	    s->naive.entry[FE_FILTER][FE_INPUT];
	unsigned matches = 0;

	for (unsigned n = 0; n < N_PACKETS; n++) {
		struct test_packet t;
		make_packet(&t, n * SECOND / 10);
		for (size_t i = 0; i < input->rules.n; i++) {
			const struct fe_rule *rule = input->rules.data[i];
			uint32_t number = fe_rule_number(&s->naive, rule);
			enum fe_answer a = fe_naive_match(
			    &s->engine, &s->naive, rule, number, &t.packet);
			enum fe_answer b = fe_program_match(
			    s->compiled.program, number, &t.packet);
			ck_assert_msg(a == b, "seed %d, packet %u, rule %zu: "
				      "naive %d, compiled %d", seed, n, i + 1,
				      (int)a, (int)b);
			matches += a == FE_YES;
		}
	}
	return matches;
}

START_TEST(compiled_rules_answer_as_the_naive_evaluator)
{
	struct fe_sources *sources = fe_sources_new();
	struct fe_diags *diags = fe_diags_new();
	struct fe_read_options read = {0};
	struct fe_rules rules = {0};
	struct two_sides s = {0};
	struct fe_buf text = {0};

	rng.state = (uint64_t)_i + 1;
	make_rules(&text);
	fe_read(sources,
		fe_sources_add(sources, "t", fe_buf_text(&text), text.size),
		&read, &rules, diags);
	/* A few combinations are refused, as iptables refuses them. */
	ck_assert_uint_gt(rules.v4->tables[FE_FILTER].chains.data[0]->rules.n,
			  N_RULES / 2);
	s.engine.host = fe_host_new();
	fe_host_iface(s.engine.host, FE_STR("eth0"));
	s.engine.rules = &rules;
	fe_side_init(&s.naive, 4, rules.v4);
	fe_side_init(&s.compiled, 4, rules.v4);
	s.compiled.program = fe_program_new(&s.compiled, s.engine.host, NULL);
	/* One that the program has not seen yet. */
	fe_host_iface(s.engine.host, FE_STR("eth1"));
	ck_assert_uint_gt(compare(&s, _i), 100);
	fe_program_free(s.compiled.program);
	fe_side_free(&s.naive);
	fe_side_free(&s.compiled);
	fe_host_free(s.engine.host);
	fe_rules_free(&rules);
	fe_diags_free(diags);
	fe_sources_free(sources);
	fe_buf_free(&text);
}
END_TEST

static Suite *program_suite(void)
{
	Suite *suite = suite_create("program");
	TCase *tc = tcase_create("program");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, compiled_rules_answer_as_the_naive_evaluator,
			    0, 40);
	suite_add_tcase(suite, tc);
	return suite;
}

UNIT_MAIN(program_suite)
