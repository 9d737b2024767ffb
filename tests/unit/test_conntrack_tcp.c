/* TCP: the rows of the state machine that were measured on the kernel. */
#include "conntrack_unit.h"
#include "unit.h"

enum { F = FE_TCP_FIN, S = FE_TCP_SYN, R = FE_TCP_RST, A = FE_TCP_ACK,
       P = FE_TCP_PSH, U = FE_TCP_URG };

static const struct test_ends client = {0x0a000001, 0x0a000002, 1000, 80};

/* One segment: its side (0 client, 1 server), and what is expected. */
struct row {
	unsigned side;
	uint8_t flags;
	uint32_t seq, ack;
	size_t size;
	int state;        /* enum fe_ctstate */
	const char *name; /* the entry's state afterwards; NULL: no entry */
	int left;         /* its seconds */
};

static int send(struct world *w, const struct row *r, int64_t time)
{
	struct test_packet t;

	test_tcp(&t, time, r->side ? test_reply(client) : client,
		 (struct test_segment){.flags = r->flags, .seq = r->seq,
				       .ack = r->ack, .size = r->size});
	return play(w, &t);
}

static void check_entry(const struct world *w, const struct row *r, size_t i)
{
	unsigned n = fe_conntrack_stats(w->ct)->entries;

	if (r->name == NULL) {
		ck_assert_msg(n == 0, "row %zu: an entry is left", i);
		return;
	}
	ck_assert_msg(n == 1, "row %zu: %u entries", i, n);
	ck_assert_msg(strcmp(fe_flow_state_name(only(w)), r->name) == 0,
		      "row %zu: %s, not %s", i, fe_flow_state_name(only(w)),
		      r->name);
	ck_assert_msg(left(w) == r->left, "row %zu: %d s, not %d", i, left(w),
		      r->left);
}

static void run(struct world *w, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int state = send(w, &rows[i], SECOND);
		ck_assert_msg(state == rows[i].state, "row %zu: state %d", i,
			      state);
		check_entry(w, &rows[i], i);
	}
}

#define RUN(w, rows) run((w), (rows), sizeof(rows) / sizeof(*(rows)))
#define NEW FE_CT_NEW
#define EST FE_CT_ESTABLISHED
#define INV FE_CT_INVALID

/* Handshake; used as a prefix. */
#define OPEN                                                                   \
	{0, S, 1000, 0, 0, NEW, "SYN_SENT", 120},                              \
	{1, S | A, 5000, 1001, 0, EST, "SYN_RECV", 60},                        \
	{0, A, 1001, 5001, 0, EST, "ESTABLISHED", 432000}

START_TEST(a_connection_lives_and_ends)
{
	static const struct row rows[] = {
		OPEN,
		/* data waits for its ACK */
		{0, P | A, 1001, 5001, 100, EST, "ESTABLISHED", 300},
		{1, A, 5001, 1101, 0, EST, "ESTABLISHED", 432000},
		{0, F | A, 1101, 5001, 0, EST, "FIN_WAIT", 120},
		{1, A, 5001, 1102, 0, EST, "CLOSE_WAIT", 60},
		{1, F | A, 5001, 1102, 0, EST, "LAST_ACK", 30},
		{0, A, 1102, 5002, 0, EST, "TIME_WAIT", 120},
	};
	struct world w;

	world_begin(&w);
	RUN(&w, rows);
	ck_assert(only(&w)->status & FE_IPS_ASSURED);
	world_end(&w);
}
END_TEST

START_TEST(a_reset_of_an_unanswered_syn_deletes)
{
	static const struct row rows[] = {
		{0, S, 1000, 0, 0, NEW, "SYN_SENT", 120},
		{1, R | A, 0, 1001, 0, EST, NULL, 0},
		{0, S, 1000, 0, 0, NEW, "SYN_SENT", 120},
		{0, R, 1001, 0, 0, NEW, NULL, 0},
	};
	struct world w;

	world_begin(&w);
	RUN(&w, rows);
	ck_assert_uint_eq(fe_conntrack_stats(w.ct)->deleted, 2);
	world_end(&w);
}
END_TEST

START_TEST(only_an_exact_reset_closes)
{
	static const struct row rows[] = {
		OPEN,
		{0, P | A, 1001, 5001, 100, EST, "ESTABLISHED", 300},
		{1, A, 5001, 1101, 0, EST, "ESTABLISHED", 432000},
		/* in the window, not exact */
		{0, R, 1200, 0, 0, EST, "ESTABLISHED", 10},
		/* below what was acknowledged; beyond the window */
		{0, R, 1000, 0, 0, INV, "ESTABLISHED", 10},
		{0, R, 90000, 0, 0, INV, "ESTABLISHED", 10},
		{0, R, 1101, 0, 0, EST, "CLOSE", 10},
	};
	struct world w;

	world_begin(&w);
	RUN(&w, rows);
	world_end(&w);
}
END_TEST

START_TEST(a_syn_reopens_what_is_over)
{
	static const struct row rows[] = {
		OPEN,
		{0, F | A, 1001, 5001, 0, EST, "FIN_WAIT", 120},
		{1, F | A, 5001, 1002, 0, EST, "LAST_ACK", 30},
		{0, A, 1002, 5002, 0, EST, "TIME_WAIT", 120},
		/* the other way round, for once */
		{1, S, 70000, 0, 0, NEW, "SYN_SENT", 120},
	};
	struct world w;

	world_begin(&w);
	RUN(&w, rows);
	ck_assert_uint_eq(fe_flow_tuple(only(&w), 0).src.lo, client.dst);
	world_end(&w);
}
END_TEST

START_TEST(a_syn_on_a_live_flow_is_ignored_and_remembered)
{
	static const struct row rows[] = {
		OPEN,
		{0, S, 900000, 0, 0, EST, "ESTABLISHED", 432000},
		/* its SYN/ACK shows that it was right */
		{1, S | A, 300000, 900001, 0, EST, "SYN_RECV", 60},
		{0, A, 900001, 300001, 0, EST, "ESTABLISHED", 432000},
	};
	struct world w;

	world_begin(&w);
	RUN(&w, rows);
	world_end(&w);
}
END_TEST

START_TEST(first_packets)
{
	static const struct { uint8_t flags; int state; } firsts[] = {
		{S, NEW}, {S | P, NEW}, {S | U, NEW},
		{S | FE_TCP_ECE | FE_TCP_CWR, NEW}, {A, NEW}, {P | A, NEW},
		{A | U, NEW}, {S | A, INV}, {F | A, INV}, {F, INV}, {R, INV},
		{R | A, INV}, {0, INV}, {F | P | U, INV}, {S | F, INV},
		{S | R, INV},
	};
	struct world w;

	for (int loose = 0; loose < 2; loose++) {
		for (size_t i = 0; i < sizeof(firsts) / sizeof(*firsts); i++) {
			struct row r = {0, firsts[i].flags, 1, 1, 0, 0, "", 0};
			bool picked_up = !(r.flags & S);
			int want = firsts[i].state;
			if (picked_up && !loose)
				want = INV;
			world_begin(&w);
			w.host->sysctls.tcp_loose = (uint8_t)loose;
			ck_assert_msg(send(&w, &r, SECOND) == want,
				      "flags %x", r.flags);
			if (want == NEW && picked_up)
				ck_assert_int_eq(left(&w), 300);
			world_end(&w);
		}
	}
}
END_TEST

START_TEST(a_picked_up_flow_is_assured_by_the_ack_after_the_reply)
{
	static const struct row rows[] = {
		{0, A, 1000, 5000, 0, NEW, "ESTABLISHED", 300},
		{1, A, 5000, 1000, 0, EST, "ESTABLISHED", 300},
		{0, A, 1000, 5000, 0, EST, "ESTABLISHED", 432000},
	};
	struct world w;

	world_begin(&w);
	RUN(&w, rows);
	ck_assert(only(&w)->status & FE_IPS_ASSURED);
	world_end(&w);
}
END_TEST

START_TEST(the_window)
{
	static const struct row rows[] = {
		OPEN,
		/* over the edge by no more than the largest window */
		{0, P | A, 2002, 5001, 100, EST, "ESTABLISHED", 432000},
		/* further */
		{0, P | A, 9001, 5001, 100, INV, "ESTABLISHED", 432000},
		/* old data again */
		{0, P | A, 1, 5001, 10, EST, "ESTABLISHED", 432000},
		/* an ACK of data that nobody has seen */
		{1, A, 5001, 400000, 0, INV, "ESTABLISHED", 432000},
		/* a very old one */
		{1, A, 5001, 1001 - 70000u, 0, EST, "ESTABLISHED", 432000},
	};
	struct world w;

	world_begin(&w);
	RUN(&w, rows);
	/* None of these was counted. */
	ck_assert_uint_eq(only(&w)->packets[0], 2);
	ck_assert_uint_eq(only(&w)->packets[1], 1);
	w.host->sysctls.tcp_be_liberal = 1;
	ck_assert_int_eq(send(&w, &rows[4], SECOND), EST);
	ck_assert_int_eq(send(&w, &rows[6], SECOND), EST);
	world_end(&w);
}
END_TEST

START_TEST(both_may_open_at_once)
{
	static const struct row rows[] = {
		{0, S, 1000, 0, 0, NEW, "SYN_SENT", 120},
		{1, S, 5000, 0, 0, EST, "SYN_SENT2", 120},
		{0, S | A, 1000, 5001, 0, EST, "SYN_RECV", 60},
		{1, A, 5001, 1001, 0, EST, "ESTABLISHED", 432000},
	};
	struct world w;

	world_begin(&w);
	RUN(&w, rows);
	world_end(&w);
}
END_TEST

START_TEST(retransmissions_shorten_the_wait)
{
	static const struct row data = {0, P | A, 1001, 5001, 100, EST,
					"ESTABLISHED", 290};
	static const struct row open[] = {OPEN};
	struct world w;

	world_begin(&w);
	w.host->sysctls.timeouts[FE_T_TCP_MAX_RETRANS] = 290;
	RUN(&w, open);
	for (int i = 0; i < 3; i++) {
		send(&w, &data, SECOND);
		ck_assert_int_eq(left(&w), 300);
	}
	send(&w, &data, SECOND);
	check_entry(&w, &data, 0);
	world_end(&w);
}
END_TEST

START_TEST(a_repeated_syn_does_not_prolong)
{
	static const struct row syn = {0, S, 1000, 0, 0, NEW, "SYN_SENT", 60};
	struct world w;

	world_begin(&w);
	send(&w, &syn, SECOND);
	ck_assert_int_eq(send(&w, &syn, 61 * SECOND), NEW);
	check_entry(&w, &syn, 0);
	world_end(&w);
}
END_TEST

/* Found by tests/kernel/ct_direct. */
START_TEST(a_reset_answers_only_the_other_side)
{
	static const struct row rows[] = {
		{0, S, 1000, 0, 0, NEW, "SYN_SENT", 120},
		{1, S, 2000, 0, 0, EST, "SYN_SENT2", 120},
		{1, R, 6, 0, 0, EST, "SYN_SENT2", 120},
	};
	struct world w;

	world_begin(&w);
	RUN(&w, rows);
	world_end(&w);
}
END_TEST

/* Found by tests/kernel/ct_direct: a SYN/ACK without options clears none. */
START_TEST(options_stay_where_a_repeated_syn_has_none)
{
	static const uint8_t sack_ok[] = {4, 2, 1, 1};
	static const uint8_t sack[] = {1, 1, 5, 10, 0, 0, 4, 0, 0, 0, 9, 9};
	struct fe_ip_header ip = test_ip(client, 6);
	struct fe_tcp_header tcp = {
		.sport = 1000, .dport = 80, .seq = 1000, .flags = S,
		.window = 1000, .options = sack_ok, .options_size = 4,
	};
	static const struct row rows[] = {
		{1, S | A, 5000, 1001, 0, EST, "SYN_RECV", 60},
		{0, S | A, 1001, 5001, 0, EST, "SYN_RECV", 60},
	};
	struct test_packet t;
	struct world w;

	world_begin(&w);
	t.size = fe_build_tcp(t.bytes, &ip, &tcp, NULL, 0);
	test_read(&t, SECOND);
	play(&w, &t);
	RUN(&w, rows);
	/* A SACK block of numbers that nobody has sent. */
	ip = test_ip(test_reply(client), 6);
	tcp = (struct fe_tcp_header){
		.sport = 80, .dport = 1000, .seq = 5001, .ack = 1002,
		.flags = A, .window = 1000, .options = sack,
		.options_size = sizeof(sack),
	};
	t.size = fe_build_tcp(t.bytes, &ip, &tcp, NULL, 0);
	test_read(&t, SECOND);
	ck_assert_int_eq(play(&w, &t), INV);
	world_end(&w);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("conntrack tcp");
	TCase *c = tcase_create("tcp");

	tcase_add_test(c, a_connection_lives_and_ends);
	tcase_add_test(c, a_reset_of_an_unanswered_syn_deletes);
	tcase_add_test(c, only_an_exact_reset_closes);
	tcase_add_test(c, a_syn_reopens_what_is_over);
	tcase_add_test(c, a_syn_on_a_live_flow_is_ignored_and_remembered);
	tcase_add_test(c, first_packets);
	tcase_add_test(c, a_picked_up_flow_is_assured_by_the_ack_after_the_reply);
	tcase_add_test(c, the_window);
	tcase_add_test(c, both_may_open_at_once);
	tcase_add_test(c, retransmissions_shorten_the_wait);
	tcase_add_test(c, a_repeated_syn_does_not_prolong);
	tcase_add_test(c, a_reset_answers_only_the_other_side);
	tcase_add_test(c, options_stay_where_a_repeated_syn_has_none);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
