/* Tests of src/base. */
#include "unit.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/map.h"
#include "base/source.h"

START_TEST(arena_gives_zeroed_aligned_memory)
{
	struct fe_arena *a = fe_arena_new();

	for (size_t size = 1; size < 100000; size = size * 3 + 1) {
		unsigned char *p = fe_arena_alloc(a, size);
		ck_assert_uint_eq((uintptr_t)p % 8, 0);
		for (size_t i = 0; i < size; i++)
			ck_assert_uint_eq(p[i], 0);
		memset(p, 0xff, size);
	}
	fe_arena_free(a);
	fe_arena_free(NULL);
}
END_TEST

START_TEST(map_keeps_every_key)
{
	struct fe_map map = {0};
	struct fe_arena *a = fe_arena_new();

	for (int i = 0; i < 1000; i++)
		fe_map_set(&map, fe_str(fe_arena_printf(a, "k%d", i)),
			   fe_arena_printf(a, "v%d", i));
	ck_assert_uint_eq(map.n, 1000);
	ck_assert_str_eq(fe_map_get(&map, fe_str("k0")), "v0");
	ck_assert_str_eq(fe_map_get(&map, fe_str("k999")), "v999");
	ck_assert_ptr_null(fe_map_get(&map, fe_str("k1000")));
	fe_map_free(&map);
	fe_arena_free(a);
}
END_TEST

START_TEST(numbers_are_read_as_strtoul_reads_them)
{
	uint64_t v;

	ck_assert(fe_str_u64(fe_str("010"), 0, 100, &v) && v == 8);
	ck_assert(fe_str_u64(fe_str("0x50"), 0, 100, &v) && v == 80);
	ck_assert(fe_str_u64(fe_str("010"), 10, 100, &v) && v == 10);
	ck_assert(!fe_str_u64(fe_str("101"), 10, 100, &v));
	ck_assert(!fe_str_u64(fe_str("-1"), 10, 100, &v));
	ck_assert(fe_str_u64(fe_str("f1"), 16, 255, &v) && v == 0xf1);
	ck_assert(!fe_str_u64(fe_str("f1"), 10, 255, &v));
	ck_assert(fe_str_u64(fe_str("123456789012345678"), 10, UINT64_MAX, &v));
	ck_assert(v == 123456789012345678);
	ck_assert(fe_str_u64(fe_str("18446744073709551615"), 0, UINT64_MAX, &v));
	ck_assert(v == UINT64_MAX);
	ck_assert(!fe_str_u64(fe_str("18446744073709551616"), 0, UINT64_MAX,
			      &v));
	ck_assert(!fe_str_u64(fe_str("1x"), 10, 100, &v));
	ck_assert(!fe_str_u64(fe_str(""), 10, 100, &v));
}
END_TEST

START_TEST(distance_counts_swaps_as_one)
{
	ck_assert_uint_eq(fe_str_distance(fe_str("dprot"), fe_str("dport"), 3), 1);
	ck_assert_uint_eq(fe_str_distance(fe_str("abc"), fe_str("abc"), 3), 0);
	ck_assert_uint_eq(fe_str_distance(fe_str("abc"), fe_str("xyz"), 2), 3);
}
END_TEST

START_TEST(places_have_line_and_column)
{
	struct fe_sources *s = fe_sources_new();
	uint32_t i = fe_sources_add(s, "f", "ab\ncd\n", 6);
	struct fe_place p = fe_source_place(s, (struct fe_span){i, 4, 1});

	ck_assert_uint_eq(p.line, 2);
	ck_assert_uint_eq(p.column, 2);
	ck_assert(fe_str_is(p.text, "cd"));
	p = fe_source_place(s, FE_NO_SPAN);
	ck_assert_ptr_null(p.name);
	fe_sources_free(s);
}
END_TEST

START_TEST(diags_count_errors)
{
	struct fe_diags *d = fe_diags_new();
	struct fe_diag *e = fe_diag(d, FE_ERROR, NULL, FE_NO_SPAN, "a %d", 1);

	fe_diag(d, FE_WARNING, "FE111", FE_NO_SPAN, "b");
	fe_diag_note(d, e, FE_NO_SPAN, "see %s", "there");
	ck_assert_uint_eq(d->n_errors, 1);
	ck_assert_uint_eq(d->list.n, 2);
	ck_assert_str_eq(d->list.data[0]->text, "a 1");
	ck_assert_str_eq(d->list.data[0]->notes.data[0].text, "see there");
	fe_diags_free(d);
}
END_TEST

static Suite *base_suite(void)
{
	Suite *suite = suite_create("base");
	TCase *tc = tcase_create("base");

	tcase_add_test(tc, arena_gives_zeroed_aligned_memory);
	tcase_add_test(tc, map_keeps_every_key);
	tcase_add_test(tc, numbers_are_read_as_strtoul_reads_them);
	tcase_add_test(tc, distance_counts_swaps_as_one);
	tcase_add_test(tc, places_have_line_and_column);
	tcase_add_test(tc, diags_count_errors);
	suite_add_tcase(suite, tc);
	return suite;
}

UNIT_MAIN(base_suite)
