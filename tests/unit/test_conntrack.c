/* Conntrack: lookup, expiry, table full, protocols without states. */
#include <netinet/in.h>

#include "conntrack/conntrack.h"
#include "conntrack_unit.h"
#include "unit.h"

static const struct test_ends ends = {0x0a000001, 0x0a000002, 1000, 53};

START_TEST(udp_becomes_a_stream_after_two_seconds)
{
	struct world w;
	struct test_packet t;

	world_begin(&w);
	test_udp(&t, SECOND, ends, 10);
	ck_assert_int_eq(play(&w, &t), FE_CT_NEW);
	ck_assert_int_eq(left(&w), 30);
	test_udp(&t, SECOND + SECOND / 2, test_reply(ends), 10);
	ck_assert_int_eq(play(&w, &t), FE_CT_ESTABLISHED);
	ck_assert_int_eq(left(&w), 30);
	test_udp(&t, 2 * SECOND, ends, 10);
	play(&w, &t);
	ck_assert_int_eq(left(&w), 30);
	ck_assert(!(only(&w)->status & FE_IPS_ASSURED));
	test_udp(&t, 3 * SECOND, ends, 10);
	play(&w, &t);
	ck_assert_int_eq(left(&w), 120);
	ck_assert(only(&w)->status & FE_IPS_ASSURED);
	world_end(&w);
}
END_TEST

START_TEST(a_flow_to_itself_is_found_in_the_reply_direction)
{
	struct test_ends self = ends;
	struct world w;
	struct test_packet t;

	self.dst = self.src;
	self.dport = self.sport;
	world_begin(&w);
	test_udp(&t, SECOND, self, 10);
	ck_assert_int_eq(play(&w, &t), FE_CT_NEW);
	test_udp(&t, SECOND, self, 10);
	ck_assert_int_eq(play(&w, &t), FE_CT_ESTABLISHED);
	ck_assert_uint_eq(only(&w)->packets[1], 1);
	world_end(&w);
}
END_TEST

/* Its SYN/ACK acknowledged something old and was ignored. */
START_TEST(an_old_reset_of_the_syn_sender_is_ignored)
{
	struct test_segment syn = {.flags = FE_TCP_SYN, .seq = 1u << 31};
	struct test_segment answer = {.flags = FE_TCP_SYN | FE_TCP_ACK,
				      .seq = 5, .ack = 1u << 30};
	struct test_segment reset = {.flags = FE_TCP_RST, .seq = 1u << 30};
	struct world w;
	struct test_packet t;

	world_begin(&w);
	test_tcp(&t, SECOND, ends, syn);
	play(&w, &t);
	test_tcp(&t, SECOND, test_reply(ends), answer);
	play(&w, &t);
	test_tcp(&t, SECOND, ends, reset);
	ck_assert_int_eq(play(&w, &t), FE_CT_ESTABLISHED);
	ck_assert_str_eq(fe_flow_state_name(only(&w)), "SYN_SENT");
	world_end(&w);
}
END_TEST

START_TEST(the_first_reply_alone_makes_no_stream)
{
	struct world w;
	struct test_packet t;

	world_begin(&w);
	test_udp(&t, SECOND, ends, 10);
	play(&w, &t);
	test_udp(&t, 10 * SECOND, test_reply(ends), 10);
	play(&w, &t);
	ck_assert_int_eq(left(&w), 30);
	ck_assert(!(only(&w)->status & FE_IPS_ASSURED));
	world_end(&w);
}
END_TEST

START_TEST(entries_expire_to_the_nanosecond)
{
	struct world w;
	struct test_packet t;

	world_begin(&w);
	test_udp(&t, 1000 * SECOND + 12345, ends, 10);
	play(&w, &t);
	fe_conntrack_advance(w.ct, 1030 * SECOND + 12344);
	ck_assert_uint_eq(fe_conntrack_stats(w.ct)->entries, 1);
	fe_conntrack_advance(w.ct, 1030 * SECOND + 12345);
	ck_assert_uint_eq(fe_conntrack_stats(w.ct)->entries, 0);
	ck_assert_uint_eq(fe_conntrack_stats(w.ct)->expired, 1);
	world_end(&w);
}
END_TEST

START_TEST(many_entries_expire_each_at_its_time)
{
	struct world w;
	struct test_packet t;
	uint32_t n = 3000;
	/* Steps that are no multiple of any wheel's size. */
	const int64_t step = 17777777;

	world_begin(&w);
	for (uint32_t i = 0; i < n; i++) {
		struct test_ends e = ends;
		e.src += i;
		test_udp(&t, SECOND + i * step, e, 0);
		play(&w, &t);
	}
	for (uint32_t i = 0; i < n; i++) {
		int64_t due = 31 * SECOND + i * step;
		uint64_t gone = i;

		if (due <= SECOND + (n - 1) * step)
			continue;
		fe_conntrack_advance(w.ct, due - 1);
		ck_assert_uint_eq(fe_conntrack_stats(w.ct)->expired, gone);
		fe_conntrack_advance(w.ct, due);
		ck_assert_uint_eq(fe_conntrack_stats(w.ct)->expired, gone + 1);
	}
	ck_assert_uint_eq(fe_conntrack_stats(w.ct)->entries, 0);
	world_end(&w);
}
END_TEST

START_TEST(a_new_flow_is_unknown_until_confirmed)
{
	struct world w;
	struct test_packet t, again;

	world_begin(&w);
	test_udp(&t, SECOND, ends, 10);
	enter(&w, &t);
	ck_assert_ptr_nonnull(t.packet.flow);
	fe_conntrack_forget(w.ct, &t.packet);
	ck_assert_uint_eq(fe_conntrack_stats(w.ct)->entries, 0);
	test_udp(&again, SECOND, test_reply(ends), 10);
	ck_assert_int_eq(play(&w, &again), FE_CT_NEW);
	world_end(&w);
}
END_TEST

START_TEST(a_full_table_drops_and_says_so)
{
	struct world w;
	struct test_packet t;

	world_begin(&w);
	w.host->sysctls.nf_conntrack_max = 4;
	w.host->sysctls.nf_conntrack_buckets = 1 << 20;
	world_restart(&w);
	for (uint32_t i = 0; i < 20; i++) {
		struct test_ends e = ends;
		e.src += i;
		test_udp(&t, SECOND, e, 0);
		play(&w, &t);
	}
	ck_assert_uint_eq(fe_conntrack_stats(w.ct)->entries, 4);
	ck_assert_uint_eq(fe_conntrack_stats(w.ct)->table_full, 16);
	ck_assert_uint_eq(fe_conntrack_stats(w.ct)->drop, 16);
	/* The message is rate limited: ten in five seconds. */
	ck_assert_uint_eq(w.n_lines, 10);
	/* Live flows pass. */
	test_udp(&t, SECOND, test_reply(ends), 0);
	ck_assert_int_eq(play(&w, &t), FE_CT_ESTABLISHED);
	world_end(&w);
}
END_TEST

/* nf_conntrack_max=0 fell back to the profile's default. */
START_TEST(a_max_of_zero_is_no_limit)
{
	struct fe_host *host = fe_host_new();

	host->sysctls.nf_conntrack_buckets = 4;
	ck_assert_uint_eq(fe_conntrack_max(host), 4);
	ck_assert(fe_host_sysctl(host, FE_STR("nf_conntrack_max"), FE_STR("0"),
				 NULL));
	ck_assert_uint_eq(fe_conntrack_max(host), 0);
	fe_host_free(host);
}
END_TEST

START_TEST(early_drop_spares_assured_flows)
{
	struct world w;
	struct test_packet t;

	world_begin(&w);
	w.host->sysctls.nf_conntrack_max = 8;
	w.host->sysctls.nf_conntrack_buckets = 8; /* all are neighbours */
	world_restart(&w);
	for (int round = 0; round < 3; round++) {
		test_udp(&t, (1 + round) * SECOND,
			 round == 1 ? test_reply(ends) : ends, 0);
		play(&w, &t);
	}
	test_udp(&t, 4 * SECOND, ends, 0);
	play(&w, &t);
	ck_assert(t.packet.flow->status & FE_IPS_ASSURED);
	for (uint32_t i = 1; i < 40; i++) {
		struct test_ends e = ends;
		e.src += i;
		test_udp(&t, 5 * SECOND, e, 0);
		ck_assert_int_eq(play(&w, &t), FE_CT_NEW);
	}
	ck_assert_uint_eq(fe_conntrack_stats(w.ct)->table_full, 0);
	ck_assert_uint_ge(fe_conntrack_stats(w.ct)->early_drop, 1);
	test_udp(&t, 6 * SECOND, ends, 0);
	ck_assert_int_eq(play(&w, &t), FE_CT_ESTABLISHED);
	world_end(&w);
}
END_TEST

START_TEST(bad_checksums_are_invalid_where_packets_come_in)
{
	struct world w;
	struct test_packet t;

	world_begin(&w);
	test_udp(&t, SECOND, ends, 4);
	t.bytes[26] ^= 1;
	ck_assert_int_eq(play(&w, &t), FE_CT_INVALID);
	test_udp(&t, SECOND, ends, 4);
	t.bytes[26] ^= 1;
	ck_assert_int_eq(play_at(&w, &t, FE_OUTPUT, 0), FE_CT_NEW);
	/* No checksum at all is fine. */
	struct test_ends e = ends;
	e.sport++;
	test_udp(&t, SECOND, e, 4);
	fe_put16(t.bytes + 26, 0);
	ck_assert_int_eq(play(&w, &t), FE_CT_NEW);
	w.host->sysctls.checksum = 0;
	e.sport++;
	test_udp(&t, SECOND, e, 4);
	t.bytes[26] ^= 1;
	ck_assert_int_eq(play(&w, &t), FE_CT_NEW);
	world_end(&w);
}
END_TEST

START_TEST(icmp_requests_open_replies_belong_the_rest_is_invalid)
{
	struct world w;
	struct test_packet t;
	struct fe_icmp_header h = {.type = 8, .rest = 7u << 16 | 1};

	world_begin(&w);
	test_icmp(&t, SECOND, ends, h);
	ck_assert_int_eq(play(&w, &t), FE_CT_NEW);
	h.type = 0;
	test_icmp(&t, SECOND, test_reply(ends), h);
	ck_assert_int_eq(play(&w, &t), FE_CT_ESTABLISHED);
	ck_assert_int_eq(left(&w), 30);
	h.code = 1; /* the code is part of the tuple */
	test_icmp(&t, SECOND, test_reply(ends), h);
	ck_assert_int_eq(play(&w, &t), FE_CT_INVALID);
	h.code = 0;
	test_icmp(&t, SECOND, ends, h); /* no request from there */
	ck_assert_int_eq(play(&w, &t), FE_CT_INVALID);
	h.type = 9;
	test_icmp(&t, SECOND, ends, h);
	ck_assert_int_eq(play(&w, &t), FE_CT_INVALID);
	h.type = 42;
	test_icmp(&t, SECOND, ends, h);
	ck_assert_int_eq(play(&w, &t), FE_CT_INVALID);
	world_end(&w);
}
END_TEST

START_TEST(errors_about_known_flows_are_related)
{
	struct world w;
	struct test_packet t, about;
	struct test_ends router = {0x0a0000fe, ends.src, 0, 0};

	world_begin(&w);
	test_udp(&about, SECOND, ends, 10);
	test_error(&t, SECOND, router, 3, &about, 28);
	ck_assert_int_eq(play(&w, &t), FE_CT_INVALID);
	ck_assert_uint_eq(fe_conntrack_stats(w.ct)->error, 1);
	play(&w, &about);
	test_error(&t, SECOND, router, 3, &about, 28);
	ck_assert_int_eq(play(&w, &t), FE_CT_RELATED);
	ck_assert_uint_eq(t.packet.ctdir, FE_REPLY);
	/* Not counted in the flow's accounting. */
	ck_assert_uint_eq(only(&w)->packets[FE_REPLY], 0);
	/* To another address than the flow's. */
	router.dst++;
	test_error(&t, SECOND, router, 3, &about, 28);
	ck_assert_int_eq(play(&w, &t), FE_CT_INVALID);
	world_end(&w);
}
END_TEST

START_TEST(other_protocols_live_ten_minutes)
{
	struct world w;
	struct test_packet t;
	struct fe_ip_header ip = test_ip(ends, IPPROTO_ESP);

	world_begin(&w);
	t.size = fe_build_ip(t.bytes, &ip, NULL, 20);
	test_read(&t, SECOND);
	ck_assert_int_eq(play(&w, &t), FE_CT_NEW);
	ck_assert_int_eq(left(&w), 600);
	ip = test_ip(test_reply(ends), IPPROTO_ESP);
	t.size = fe_build_ip(t.bytes, &ip, NULL, 20);
	test_read(&t, SECOND);
	ck_assert_int_eq(play(&w, &t), FE_CT_ESTABLISHED);
	ck_assert(!(only(&w)->status & FE_IPS_ASSURED));
	world_end(&w);
}
END_TEST

START_TEST(zones_keep_flows_apart)
{
	struct world w;
	struct test_packet t;

	world_begin(&w);
	test_udp(&t, SECOND, ends, 0);
	ck_assert_int_eq(play_at(&w, &t, FE_PREROUTING, 5), FE_CT_NEW);
	test_udp(&t, SECOND, test_reply(ends), 0);
	ck_assert_int_eq(play(&w, &t), FE_CT_NEW);
	test_udp(&t, SECOND, test_reply(ends), 0);
	ck_assert_int_eq(play_at(&w, &t, FE_PREROUTING, 5),
			 FE_CT_ESTABLISHED);
	ck_assert_uint_eq(fe_conntrack_stats(w.ct)->entries, 2);
	world_end(&w);
}
END_TEST

START_TEST(lines_are_those_of_proc)
{
	struct world w;
	struct test_packet t;
	struct fe_buf buf = {0};

	world_begin(&w);
	w.host->sysctls.acct = 1;
	test_udp(&t, SECOND, ends, 10);
	play(&w, &t);
	only(&w)->mark = 9;
	fe_flow_print(w.ct, only(&w), SECOND, &buf);
	ck_assert_str_eq(fe_buf_text(&buf),
		"ipv4     2 udp      17 30 src=10.0.0.1 dst=10.0.0.2 "
		"sport=1000 dport=53 packets=1 bytes=38 [UNREPLIED] "
		"src=10.0.0.2 dst=10.0.0.1 sport=53 dport=1000 "
		"packets=0 bytes=0 mark=9 zone=0 use=2\n");
	fe_buf_free(&buf);
	world_end(&w);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("conntrack");
	TCase *c = tcase_create("conntrack");

	tcase_add_test(c, udp_becomes_a_stream_after_two_seconds);
	tcase_add_test(c, a_flow_to_itself_is_found_in_the_reply_direction);
	tcase_add_test(c, an_old_reset_of_the_syn_sender_is_ignored);
	tcase_add_test(c, the_first_reply_alone_makes_no_stream);
	tcase_add_test(c, entries_expire_to_the_nanosecond);
	tcase_add_test(c, many_entries_expire_each_at_its_time);
	tcase_add_test(c, a_new_flow_is_unknown_until_confirmed);
	tcase_add_test(c, a_full_table_drops_and_says_so);
	tcase_add_test(c, a_max_of_zero_is_no_limit);
	tcase_add_test(c, early_drop_spares_assured_flows);
	tcase_add_test(c, bad_checksums_are_invalid_where_packets_come_in);
	tcase_add_test(c, icmp_requests_open_replies_belong_the_rest_is_invalid);
	tcase_add_test(c, errors_about_known_flows_are_related);
	tcase_add_test(c, other_protocols_live_ten_minutes);
	tcase_add_test(c, zones_keep_flows_apart);
	tcase_add_test(c, lines_are_those_of_proc);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
