/* Tests of src/set: against brute force over a few fields. */
#include "unit.h"

#include "base/rng.h"
#include "set/set.h"

/* A small world: every point of these values is asked. */
static const uint64_t protos[] = {0, 1, 6, 17, 255};
static const uint64_t ports[] = {0, 1, 22, 53, 80, 1023, 1024, 65535};
static const uint64_t marks[] = {0, 1, 0x100, 0x101, 0xff00ff, 0xffffffff};
static const uint64_t addrs[] = {0, 0x0a000001, 0x0a0000ff, 0x0a010000,
				 0xc0a80001, 0xffffffff};


/* Sets the fields of point i in p; others stay. */
static void point_of(unsigned i, struct fe_box *p)
{
	p->lo[FE_F_PROTO] = fe_u128(protos[i % 5]);
	p->lo[FE_F_SPORT] = fe_u128(ports[i / 5 % 8]);
	p->lo[FE_F_DPORT] = fe_u128(ports[i / 40 % 8]);
	p->lo[FE_F_MARK] = fe_u128(marks[i / 320 % 6]);
	p->lo[FE_F_SADDR] = fe_u128(addrs[i / 1920 % 6]);
	p->lo[FE_F_DADDR] = fe_u128(addrs[i / 11520 % 6]);
}

enum { N_POINTS = 11520 * 6, N_SETS = 24 };

static const enum fe_field used[] = {FE_F_PROTO, FE_F_SPORT, FE_F_DPORT,
				     FE_F_MARK, FE_F_SADDR, FE_F_DADDR};

static uint64_t some_value(struct fe_rng *rng, enum fe_field field)
{
	uint32_t i = fe_rng_below(rng, 5);

	switch (field) {
	case FE_F_PROTO:
		return protos[i];
	case FE_F_MARK:
		return marks[i];
	case FE_F_SADDR:
	case FE_F_DADDR:
		return addrs[i];
	default:
		return ports[i];
	}
}

/* A random set, and its membership of every point. */
static fe_set random_set(struct fe_space *s, struct fe_rng *rng, bool *in)
{
	enum fe_field f = used[fe_rng_below(rng, 6)];
	uint64_t a = some_value(rng, f), b = some_value(rng, f);
	bool by_mask = f == FE_F_MARK || fe_rng_below(rng, 4) == 0;
	bool addr = f == FE_F_SADDR || f == FE_F_DADDR;
	uint64_t mask = f == FE_F_MARK ? 0x00ff01 : addr ? 0xffff0000 : 0xf;
	struct fe_box p = {0};

	if (a > b) {
		uint64_t t = a;
		a = b;
		b = t;
	}
	for (unsigned i = 0; i < N_POINTS; i++) {
		point_of(i, &p);
		uint64_t v = p.lo[f].lo;
		in[i] = by_mask ? (v & mask) == (a & mask) : v >= a && v <= b;
	}
	return by_mask ? fe_set_mask(s, f, fe_u128(a & mask), fe_u128(mask))
		       : fe_set_range(s, f, fe_u128(a), fe_u128(b));
}

static void check_set(struct fe_space *s, fe_set set, const bool *in)
{
	struct fe_box p = {0};

	for (unsigned i = 0; i < N_POINTS; i++) {
		point_of(i, &p);
		if (fe_map_at(s, set, &p) != in[i])
			ck_abort_msg("point %u", i);
	}
}

START_TEST(operations_agree_with_brute_force)
{
	static bool in[N_SETS][N_POINTS];
	fe_set sets[N_SETS];
	struct fe_space *s = fe_space_new(4);
	struct fe_rng rng = {.state = (uint64_t)_i};

	for (int k = 0; k < N_SETS; k++) {
		if (k < 8) {
			sets[k] = random_set(s, &rng, in[k]);
			check_set(s, sets[k], in[k]);
			continue;
		}
		uint32_t a = fe_rng_below(&rng, (uint32_t)k);
		uint32_t b = fe_rng_below(&rng, (uint32_t)k);
		uint32_t c = fe_rng_below(&rng, (uint32_t)k);
		uint32_t op = fe_rng_below(&rng, 5);
		for (unsigned i = 0; i < N_POINTS; i++)
			in[k][i] = op == 0   ? in[a][i] && in[b][i]
				   : op == 1 ? in[a][i] || in[b][i]
				   : op == 2 ? in[a][i] && !in[b][i]
				   : op == 3 ? in[a][i] != in[b][i]
				   : in[c][i] ? in[a][i]
					      : in[b][i];
		sets[k] = op == 0   ? fe_set_and(s, sets[a], sets[b])
			  : op == 1 ? fe_set_or(s, sets[a], sets[b])
			  : op == 2 ? fe_set_minus(s, sets[a], sets[b])
			  : op == 3 ? fe_map_differ(s, sets[a], sets[b])
				    : fe_map_if(s, sets[c], sets[a], sets[b]);
		check_set(s, sets[k], in[k]);
	}
	fe_space_free(s);
}
END_TEST

START_TEST(equal_sets_have_equal_handles)
{
	struct fe_space *s = fe_space_new(4);
	fe_set a = fe_set_range(s, FE_F_DPORT, fe_u128(10), fe_u128(20));
	fe_set b = fe_set_range(s, FE_F_PROTO, fe_u128(6), fe_u128(6));
	fe_set c = fe_set_mask(s, FE_F_MARK, fe_u128(4), fe_u128(0xff04));

	/* De Morgan and distribution. */
	ck_assert_uint_eq(fe_set_not(s, fe_set_or(s, a, b)),
			  fe_set_and(s, fe_set_not(s, a), fe_set_not(s, b)));
	ck_assert_uint_eq(fe_set_and(s, a, fe_set_or(s, b, c)),
			  fe_set_or(s, fe_set_and(s, a, b),
				    fe_set_and(s, a, c)));
	ck_assert_uint_eq(fe_set_not(s, fe_set_not(s, c)), c);
	ck_assert_uint_eq(fe_set_minus(s, a, a), FE_SET_EMPTY);
	fe_set parts[3] = {a, b, c};
	ck_assert_uint_eq(fe_set_union_n(s, parts, 3),
			  fe_set_or(s, c, fe_set_or(s, a, b)));
	fe_space_free(s);
}
END_TEST

START_TEST(exists_forgets_and_swap_exchanges)
{
	struct fe_space *s = fe_space_new(6);
	struct fe_u128 net = {0x20010db800000000, 0};
	struct fe_u128 end = {0x20010db800000000, 0xffff};
	fe_set src = fe_set_range(s, FE_F_SADDR, net, end);
	fe_set dst = fe_set_range(s, FE_F_DADDR, net, end);
	fe_set port = fe_set_range(s, FE_F_SPORT, fe_u128(53), fe_u128(53));

	ck_assert_uint_eq(fe_set_swap(s, src, FE_F_SADDR, FE_F_DADDR), dst);
	fe_set both = fe_set_and(s, src, port);
	ck_assert_uint_eq(fe_set_exists(s, both, FE_F_SADDR), port);
	ck_assert_uint_eq(fe_set_exists(s, both, FE_F_SPORT), src);
	ck_assert_uint_eq(fe_set_exists(s, both, FE_F_DPORT), both);
	fe_space_free(s);
}
END_TEST

START_TEST(ranges_of_ipv6_cross_the_middle)
{
	struct fe_space *s = fe_space_new(6);
	struct fe_u128 lo = {5, UINT64_MAX - 1}, hi = {7, 3};
	fe_set a = fe_set_range(s, FE_F_SADDR, lo, hi);
	static const struct {
		struct fe_u128 v;
		uint32_t in;
	} cases[] = {{{5, 0}, 0}, {{5, UINT64_MAX - 1}, 1}, {{6, 0}, 1},
		     {{6, 77}, 1}, {{7, 3}, 1}, {{7, 4}, 0}, {{8, 0}, 0}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fe_box p = {0};
		p.lo[FE_F_SADDR] = cases[i].v;
		ck_assert_uint_eq(fe_map_at(s, a, &p), cases[i].in);
	}
	fe_space_free(s);
}
END_TEST

static bool count_boxes(void *arg, const struct fe_box *box)
{
	ck_assert(box->exact);
	ck_assert_uint_eq(box->lo[FE_F_PROTO].lo, 6);
	++*(int *)arg;
	return true;
}

START_TEST(witnesses_and_boxes_are_members)
{
	struct fe_space *s = fe_space_new(4);
	fe_set tcp = fe_set_range(s, FE_F_PROTO, fe_u128(6), fe_u128(6));
	fe_set p = fe_set_or(
	    s, fe_set_range(s, FE_F_DPORT, fe_u128(5), fe_u128(7)),
	    fe_set_range(s, FE_F_DPORT, fe_u128(100), fe_u128(200)));
	fe_set a = fe_set_and(s, tcp, p);
	struct fe_box w;
	int n = 0;

	ck_assert(fe_set_witness(s, a, &w));
	ck_assert_uint_eq(fe_map_at(s, a, &w), 1);
	ck_assert_uint_eq(w.lo[FE_F_TTL].lo, 64);
	ck_assert(!fe_set_witness(s, FE_SET_EMPTY, &w));
	fe_set_boxes(s, a, count_boxes, &n);
	ck_assert_int_eq(n, 2);
	fe_space_free(s);
}
END_TEST

static uint32_t twice(void *arg, uint32_t t)
{
	(void)arg;
	return t * 2;
}

START_TEST(maps_hold_outcomes)
{
	struct fe_space *s = fe_space_new(4);
	fe_set tcp = fe_set_range(s, FE_F_PROTO, fe_u128(6), fe_u128(6));
	fe_set m = fe_map_if(s, tcp, fe_map_const(s, 7), fe_map_const(s, 9));
	struct fe_box p = {0};

	ck_assert_uint_eq(fe_map_at(s, m, &p), 9);
	p.lo[FE_F_PROTO] = fe_u128(6);
	ck_assert_uint_eq(fe_map_at(s, m, &p), 7);
	m = fe_map_terminals(s, m, twice, NULL);
	ck_assert_uint_eq(fe_map_at(s, m, &p), 14);
	ck_assert_uint_eq(fe_map_differ(s, m, fe_map_const(s, 18)), tcp);
	fe_space_free(s);
}
END_TEST

START_TEST(a_used_up_budget_says_so)
{
	struct fe_space *s = fe_space_new(4);
	fe_set a = FE_SET_EMPTY;

	fe_space_budget(s, 50);
	for (uint32_t i = 0; i < 100; i++) {
		fe_set b = fe_set_range(s, FE_F_SADDR, fe_u128(i * 1000),
					fe_u128(i * 1000 + i));
		b = fe_set_and(s, b, fe_set_range(s, FE_F_DPORT, fe_u128(i),
						  fe_u128(i)));
		a = fe_set_or(s, a, b);
	}
	ck_assert_uint_eq(a, FE_SET_UNDECIDED);
	ck_assert(fe_space_exhausted(s));
	fe_space_free(s);
}
END_TEST

static Suite *set_suite(void)
{
	Suite *suite = suite_create("set");
	TCase *tc = tcase_create("set");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, operations_agree_with_brute_force, 0, 10);
	tcase_add_test(tc, equal_sets_have_equal_handles);
	tcase_add_test(tc, exists_forgets_and_swap_exchanges);
	tcase_add_test(tc, ranges_of_ipv6_cross_the_middle);
	tcase_add_test(tc, witnesses_and_boxes_are_members);
	tcase_add_test(tc, maps_hold_outcomes);
	tcase_add_test(tc, a_used_up_budget_says_so);
	suite_add_tcase(suite, tc);
	return suite;
}

UNIT_MAIN(set_suite)
