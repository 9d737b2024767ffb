/* Tests of src/ruleset and src/lang; what is printed is in tests/golden. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "lang/driver.h"
#include "lang/read.h"

struct reading {
	struct fe_sources *sources;
	struct fe_diags *diags;
	struct fe_rules rules;
	bool ok;
};

static struct reading read_rules(const char *text)
{
	struct reading r = {fe_sources_new(), fe_diags_new(), {0}, false};
	struct fe_read_options options = {0};
	uint32_t index = fe_sources_add(r.sources, "t", text, strlen(text));

	r.ok = fe_read(r.sources, index, &options, &r.rules, r.diags);
	if (r.rules.v4)
		fe_ruleset_check(r.rules.v4);
	if (r.rules.v6)
		fe_ruleset_check(r.rules.v6);
	return r;
}

static void drop(struct reading *r)
{
	fe_rules_free(&r->rules);
	fe_diags_free(r->diags);
	fe_sources_free(r->sources);
}

static struct fe_chain *chain_of(const struct reading *r,
				 enum fe_table_id table, const char *name)
{
	struct fe_chain *chain =
	    fe_table_chain(&r->rules.v4->tables[table], fe_str(name));

	ck_assert_ptr_nonnull(chain);
	return chain;
}

static const char *text_at(const struct reading *r, struct fe_span span)
{
	static char text[256];
	const struct fe_source *s = fe_source(r->sources, span.source);

	ck_assert_ptr_nonnull(s);
	snprintf(text, sizeof(text), "%.*s", (int)span.len,
		 s->text.s + span.off);
	return text;
}

START_TEST(chains_know_who_reaches_them)
{
	struct reading r = read_rules("*filter\n"
				      ":a - [0:0]\n:b - [0:0]\n:c - [0:0]\n"
				      "-A INPUT -j a\n"
				      "-A FORWARD -g b\n"
				      "-A a -j b\n"
				      "-A a -j ACCEPT\n"
				      "-A a -j c\n"
				      "COMMIT\n");
	struct fe_chain *a = chain_of(&r, FE_FILTER, "a");
	struct fe_chain *b = chain_of(&r, FE_FILTER, "b");
	struct fe_chain *c = chain_of(&r, FE_FILTER, "c");

	ck_assert(r.ok);
	ck_assert_uint_eq(a->hooks, 1u << FE_INPUT);
	ck_assert_uint_eq(b->hooks, 1u << FE_INPUT | 1u << FE_FORWARD);
	/* Behind an unconditional verdict the kernel looks at nothing. */
	ck_assert_uint_eq(c->hooks, 0);
	ck_assert_uint_eq(b->n_refs, 2);
	ck_assert_uint_eq(c->n_refs, 1);
	ck_assert_int_eq(a->rules.data[0]->action, FE_ACT_JUMP);
	ck_assert_int_eq(a->rules.data[1]->action, FE_ACT_ACCEPT);
	ck_assert_uint_eq(a->rules.data[2]->index, 3);
	drop(&r);
}
END_TEST

START_TEST(a_comment_makes_a_verdict_conditional_for_the_walk)
{
	struct reading r = read_rules("*filter\n:a - [0:0]\n"
				      "-A INPUT -m comment --comment x -j DROP\n"
				      "-A INPUT -j a\nCOMMIT\n");

	ck_assert_uint_eq(chain_of(&r, FE_FILTER, "a")->hooks, 1u << FE_INPUT);
	drop(&r);
}
END_TEST

START_TEST(base_options_without_effect_leave_a_verdict_final)
{
	struct reading r = read_rules("*filter\n:a - [0:0]\n"
				      "-A FORWARD -s 0/0 -p all -i + -j DROP\n"
				      "-A FORWARD -j a\nCOMMIT\n");

	ck_assert_uint_eq(chain_of(&r, FE_FILTER, "a")->hooks, 0);
	drop(&r);
}
END_TEST

START_TEST(spans_point_at_what_was_written)
{
	struct reading r = read_rules(
	    "*filter\n"
	    "[1:2]  -A INPUT -p tcp ! -s 10.0.0.0/8 -m tcp ! --dport  80:90 "
	    "-j LOG --log-level 3\n"
	    "COMMIT\n");
	const struct fe_rule *rule =
	    chain_of(&r, FE_FILTER, "INPUT")->rules.data[0];
	const struct fe_part *base = &rule->parts[0], *tcp = &rule->parts[1];

	ck_assert(r.ok);
	ck_assert_uint_eq(rule->n_parts, 3);
	ck_assert_ptr_eq(fe_rule_target(rule), &rule->parts[2]);
	ck_assert_uint_eq(rule->packets, 1);
	ck_assert_uint_eq(rule->bytes, 2);
	ck_assert(!strncmp(text_at(&r, rule->span), "-A INPUT -p tcp", 15));
	ck_assert_str_eq(text_at(&r, fe_setting_span(rule, fe_part_setting(
							base, FE_BASE_SOURCE))),
			 "-s 10.0.0.0/8");
	ck_assert_str_eq(text_at(&r, fe_setting_span(rule, fe_settings(tcp))),
			 "--dport  80:90");
	ck_assert(fe_settings(tcp)[0].neg);
	ck_assert_str_eq(text_at(&r, fe_part_span(rule, tcp)),
			 "-m tcp ! --dport  80:90");
	ck_assert_str_eq(text_at(&r, fe_part_span(rule, fe_rule_target(rule))),
			 "-j LOG --log-level 3");
	drop(&r);
}
END_TEST

START_TEST(options_go_to_the_last_instance)
{
	struct reading r = read_rules(
	    "*filter\n"
	    "-A INPUT -m comment -m tcp --comment a -p tcp -m tcp --dport 80 "
	    "--sport 1\n"
	    "COMMIT\n");
	const struct fe_rule *rule =
	    chain_of(&r, FE_FILTER, "INPUT")->rules.data[0];

	ck_assert(r.ok);
	ck_assert_uint_eq(rule->n_parts, 4);
	ck_assert_uint_eq(rule->parts[1].n, 1);
	ck_assert_uint_eq(rule->parts[2].n, 0);
	ck_assert_uint_eq(rule->parts[3].n, 2);
	drop(&r);
}
END_TEST

START_TEST(opaque_rules_have_all_effects)
{
	struct reading r = read_rules(
	    "*filter\n"
	    "-A INPUT -m geoip --src-cc DE -j ACCEPT\n"
	    "-A INPUT -j TARPIT\n"
	    "-A INPUT -j ACCEPT\n"
	    "COMMIT\n");
	struct fe_chain *input = chain_of(&r, FE_FILTER, "INPUT");

	ck_assert(!r.ok);
	ck_assert_uint_eq(r.diags->n_errors, 0);
	ck_assert_uint_eq(r.rules.v4->n_opaque, 2);
	ck_assert(input->rules.data[0]->opaque);
	ck_assert_uint_eq(input->rules.data[0]->effects, FE_ALL_EFFECTS);
	ck_assert_int_eq(input->rules.data[1]->action, FE_ACT_OPAQUE);
	ck_assert(!input->rules.data[2]->opaque);
	ck_assert_uint_eq(input->rules.data[2]->effects, 0);
	drop(&r);
}
END_TEST

/* Walks of a hundred thousand chains must not use the C stack. */
START_TEST(deep_chains_and_loops_do_not_overflow)
{
	enum { DEPTH = 100000 };
	struct fe_buf text = {0};
	struct reading r;

	fe_buf_puts(&text, "*filter\n");
	for (int i = 0; i <= DEPTH; i++)
		fe_buf_printf(&text, ":c%d - [0:0]\n", i);
	fe_buf_puts(&text, "-A INPUT -j c0\n");
	for (int i = 0; i < DEPTH; i++)
		fe_buf_printf(&text, "-A c%d -j c%d\n", i, i + 1);
	size_t size = text.size;
	fe_buf_puts(&text, "COMMIT\n");
	r = read_rules(text.data);
	ck_assert(r.ok);
	ck_assert_uint_eq(chain_of(&r, FE_FILTER, "c100000")->hooks,
			  1u << FE_INPUT);
	drop(&r);
	text.size = size;
	fe_buf_puts(&text, "-A c100000 -j c0\nCOMMIT\n");
	r = read_rules(text.data);
	ck_assert(!r.ok);
	ck_assert_uint_eq(r.diags->n_errors, 1);
	ck_assert_str_eq(r.diags->list.data[0]->id, "FE109");
	drop(&r);
	fe_buf_free(&text);
}
END_TEST

START_TEST(lists_cannot_grow_without_bound)
{
	struct fe_buf text = {0};
	struct reading r;

	fe_buf_puts(&text, "iptables -A INPUT -s 1.1.1.1");
	for (int i = 0; i < 1000; i++)
		fe_buf_puts(&text, ",1.1.1.1");
	fe_buf_puts(&text, " -d 2.2.2.2");
	for (int i = 0; i < 1000; i++)
		fe_buf_puts(&text, ",2.2.2.2");
	fe_buf_puts(&text, "\n");
	r = read_rules(text.data);
	ck_assert(!r.ok);
	ck_assert_uint_eq(chain_of(&r, FE_FILTER, "INPUT")->rules.n, 0);
	drop(&r);
	fe_buf_free(&text);
}
END_TEST

START_TEST(errors_have_an_end)
{
	struct fe_buf text = {0};
	struct reading r;

	fe_buf_puts(&text, "*filter\n");
	for (int i = 0; i < 5 * FE_MOST_ERRORS; i++)
		fe_buf_puts(&text, "nonsense\n");
	r = read_rules(text.data);
	ck_assert(!r.ok);
	ck_assert_uint_le(r.diags->n_errors, FE_MOST_ERRORS + 2);
	drop(&r);
	fe_buf_free(&text);
}
END_TEST

static unsigned family_of(const char *text)
{
	return fe_detect_family(fe_str(text));
}

START_TEST(families_are_told_by_content)
{
	ck_assert_uint_eq(family_of("# Generated by ip6tables-save v1\n"), 6);
	ck_assert_uint_eq(family_of("# Generated by iptables-save v1\n"), 4);
	ck_assert_uint_eq(family_of("*filter\n-A INPUT -s ::1/128\n"), 6);
	ck_assert_uint_eq(family_of("*filter\n-A INPUT -s 1.2.3.4/8\n"), 4);
	ck_assert_uint_eq(family_of("-A INPUT -p ipv6-icmp -j ACCEPT\n"), 6);
	ck_assert_uint_eq(family_of("-A INPUT -p icmp --icmp-type 8\n"), 4);
	ck_assert_uint_eq(family_of("*filter\n-A INPUT -p tcp\n"), 0);
	/* A MAC address and a comment are no IPv6 addresses. */
	ck_assert_uint_eq(family_of("-A a -m mac --mac-source 0:1:2:3:4:5\n"),
			  0);
	ck_assert_uint_eq(family_of("-A a -m comment --comment ::1\n"), 0);
}
END_TEST

START_TEST(spellings_are_told_by_content)
{
	ck_assert_int_eq(fe_detect(fe_str("# x\n\n*filter\n")),
			 FE_SPELLED_SAVE);
	ck_assert_int_eq(fe_detect(fe_str(":INPUT ACCEPT\n")),
			 FE_SPELLED_SAVE);
	ck_assert_int_eq(fe_detect(fe_str("-P INPUT DROP\n")),
			 FE_SPELLED_LISTING);
	ck_assert_int_eq(fe_detect(fe_str("#!/bin/sh\niptables -F\n")),
			 FE_SPELLED_COMMANDS);
	ck_assert_int_eq(fe_detect(fe_str("create s hash:ip\n")),
			 FE_SPELLED_IPSET);
	ck_assert_int_eq(fe_detect(fe_str(" \n# x")), FE_SPELLED_NOTHING);
	ck_assert_int_eq(fe_detect(fe_str("")), FE_SPELLED_NOTHING);
}
END_TEST

START_TEST(listings_tell_their_table)
{
	ck_assert_int_eq(fe_detect_table(fe_str("-P INPUT DROP\n"
						"-P FORWARD DROP\n"
						"-P OUTPUT DROP\n")),
			 FE_FILTER);
	ck_assert_int_eq(fe_detect_table(fe_str("-P PREROUTING ACCEPT\n"
						"-P OUTPUT ACCEPT -c 1 2\n"
						"-N x\n")),
			 FE_RAW);
	ck_assert_int_eq(fe_detect_table(fe_str("-A x\n")), FE_FILTER);
}
END_TEST

START_TEST(both_families_and_sets_go_together)
{
	static const char *const texts[] = {
	    "*filter\n-A INPUT -s 1.2.3.4 -j ACCEPT\nCOMMIT\n",
	    "*filter\n-A INPUT -s ::1 -j ACCEPT\nCOMMIT\n",
	    "*nat\n-A OUTPUT -d 1.2.3.4 -j ACCEPT\nCOMMIT\n",
	    ("create good hash:ip family inet hashsize 1024 maxelem 65536\n"
	     "add good 1.2.3.4\n"),
	};
	struct fe_sources *sources = fe_sources_new();
	struct fe_diags *diags = fe_diags_new();
	struct fe_read_options options = {0};
	struct fe_rules rules = {0};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		uint32_t index = fe_sources_add(sources, "t", texts[i],
						strlen(texts[i]));
		ck_assert(fe_read(sources, index, &options, &rules, diags));
	}
	ck_assert_ptr_nonnull(rules.v4);
	ck_assert_ptr_nonnull(rules.v6);
	ck_assert_ptr_nonnull(rules.ipsets);
	ck_assert_uint_eq(rules.v4->n_order, 2);
	fe_rules_free(&rules);
	fe_diags_free(diags);
	fe_sources_free(sources);
}
END_TEST

START_TEST(words_lose_their_quotes)
{
	static const struct {
		bool shell;
		const char *from, *to;
	} cases[] = {
	    {false, "plain", "plain"},
	    {false, "\"a b\"", "a b"},
	    {false, "\"a\\\"b\\\\\"", "a\"b\\"},
	    {false, "ab\"c d\"", "abc d"},
	    {false, "'a", "'a"},
	    {false, "a\\b", "a\\b"},
	    {true, "'a b'", "a b"},
	    {true, "a\\ b", "a b"},
	    {true, "\"a\\$b\\c\"", "a$b\\c"},
	    {true, "it\"'\"s'x'", "it'sx"},
	    {true, "''", ""},
	};
	struct fe_arena *arena = fe_arena_new();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fe_word word = {.text = fe_str(cases[i].from),
				       .quoted = true};
		fe_word_unquote(&word, cases[i].shell, arena);
		ck_assert_msg(fe_str_is(word.text, cases[i].to), "%s: %.*s",
			      cases[i].from, (int)word.text.len, word.text.s);
	}
	fe_arena_free(arena);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("lang");
	TCase *t = tcase_create("lang");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, chains_know_who_reaches_them);
	tcase_add_test(t, a_comment_makes_a_verdict_conditional_for_the_walk);
	tcase_add_test(t, base_options_without_effect_leave_a_verdict_final);
	tcase_add_test(t, spans_point_at_what_was_written);
	tcase_add_test(t, options_go_to_the_last_instance);
	tcase_add_test(t, opaque_rules_have_all_effects);
	tcase_add_test(t, deep_chains_and_loops_do_not_overflow);
	tcase_add_test(t, lists_cannot_grow_without_bound);
	tcase_add_test(t, errors_have_an_end);
	tcase_add_test(t, families_are_told_by_content);
	tcase_add_test(t, spellings_are_told_by_content);
	tcase_add_test(t, listings_tell_their_table);
	tcase_add_test(t, both_families_and_sets_go_together);
	tcase_add_test(t, words_lose_their_quotes);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
