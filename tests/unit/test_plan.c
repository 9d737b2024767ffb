/*
 * Tests of the planner: why it refuses, what it promises, and that its
 * checker finds plans that are wrong.
 */
#include "unit.h"

#include <string.h>

#include "pass/notrack.h"
#include "pass/plan_priv.h"

struct rig {
	struct fe_sources *sources;
	struct fe_diags *diags;
	struct fe_rules rules;
	struct fe_host *host;
	struct fe_pass_context context;
	struct fe_plan *plan;
};

static void rig_begin(struct rig *r, const char *text,
		      struct fe_plan_options options)
{
	const struct fe_read_options read = {0};
	uint32_t index;

	memset(r, 0, sizeof(*r));
	r->sources = fe_sources_new();
	r->diags = fe_diags_new();
	r->host = fe_host_new();
	index = fe_sources_add(r->sources, "t", text, strlen(text));
	fe_read(r->sources, index, &read, &r->rules, r->diags);
	ck_assert_uint_eq(r->diags->n_errors, 0);
	r->context = (struct fe_pass_context){.rules = &r->rules,
					      .host = r->host,
					      .sources = r->sources,
					      .diags = r->diags};
	r->plan = fe_plan_make(&r->context, &options);
	ck_assert_ptr_nonnull(r->plan);
}

static void rig_end(struct rig *r)
{
	fe_plan_free(r->plan);
	fe_host_free(r->host);
	fe_rules_free(&r->rules);
	fe_diags_free(r->diags);
	fe_sources_free(r->sources);
}

#define FILTER "*filter\n:INPUT DROP\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n"
#define STATEFUL \
	"-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
#define DNS "-A INPUT -p udp -m udp --dport 53 -j ACCEPT\n"
#define PING "-A INPUT -p icmp -j ACCEPT\n"

static const char server[] = FILTER STATEFUL DNS "COMMIT\n";

/* Rulesets in which udp/53 is refused, and why. */
static const struct refused {
	enum fe_plan_level level;
	enum fe_plan_reason reason;
	const char *place; /* the rule in the way; NULL: any */
	const char *text;
} refused[] = {
	{FE_LEVEL_NONE, FE_REFUSED_ICMP, "filter/INPUT:1",
	 FILTER STATEFUL DNS "COMMIT\n"},
	{FE_LEVEL_NONE, FE_REFUSED_ALIKE, "filter/INPUT:2",
	 FILTER PING "-A INPUT -m conntrack --ctstate INVALID -j DROP\n" DNS
		     "COMMIT\n"},
	{FE_LEVEL_INVALID, FE_REFUSED_SHARED, "filter/INPUT:2",
	 FILTER STATEFUL "-A INPUT -p udp -m limit --limit 1/sec -j ACCEPT\n"
	 DNS "COMMIT\n"},
	{FE_LEVEL_INVALID, FE_REFUSED_SHARED, "filter/INPUT:2",
	 FILTER STATEFUL "-A INPUT -p udp -m connlimit --connlimit-above 2 "
			 "-j DROP\n" DNS "COMMIT\n"},
	{FE_LEVEL_INVALID, FE_REFUSED_READERS, "raw/PREROUTING:1",
	 "*raw\n-A PREROUTING -p udp -j CT --zone 3\nCOMMIT\n"
	 FILTER STATEFUL DNS "COMMIT\n"},
	{FE_LEVEL_INVALID, FE_REFUSED_READERS, "raw/OUTPUT:1",
	 "*raw\n-A OUTPUT -p udp -m udp --dport 69 -j CT --helper tftp\n"
	 "COMMIT\n" FILTER STATEFUL DNS "COMMIT\n"},
	{FE_LEVEL_INVALID, FE_REFUSED_COVERED, NULL,
	 "*raw\n-A PREROUTING -p udp -j ACCEPT\n"
	 "-A PREROUTING -m conntrack --ctstate UNTRACKED -j LOG\nCOMMIT\n"
	 FILTER STATEFUL DNS "COMMIT\n"},
	{FE_LEVEL_INVALID, FE_REFUSED_NAT, "nat/PREROUTING:1",
	 "*nat\n-A PREROUTING -p udp -m udp --dport 53 -j DNAT "
	 "--to-destination 10.0.0.5\nCOMMIT\n" FILTER STATEFUL DNS "COMMIT\n"},
	{FE_LEVEL_INVALID, FE_REFUSED_MAPPING, "nat/PREROUTING:1",
	 "*nat\n-A PREROUTING -p udp -m udp --dport 5353 -j REDIRECT "
	 "--to-ports 53\nCOMMIT\n" FILTER STATEFUL DNS "COMMIT\n"},
	{FE_LEVEL_INVALID, FE_REFUSED_ALIKE, "mangle/PREROUTING:1",
	 "*mangle\n-A PREROUTING -j CONNMARK --restore-mark\nCOMMIT\n"
	 FILTER STATEFUL DNS "COMMIT\n"},
};

START_TEST(refuses_for_the_right_reason)
{
	const struct refused *want = &refused[_i];
	struct rig r;
	const struct fe_plan_refusal *found = NULL;

	rig_begin(&r, want->text,
		  (struct fe_plan_options){.level = want->level});
	for (size_t i = 0; i < r.plan->families[0].refusals.n; i++) {
		const struct fe_plan_refusal *f =
		    &r.plan->families[0].refusals.data[i];

		if (strstr(f->name, "udp, local port 53"))
			found = f;
	}
	ck_assert_msg(found, "udp/53 is not refused");
	ck_assert_str_eq(fe_plan_reason_names[found->reason],
			 fe_plan_reason_names[want->reason]);
	ck_assert_ptr_nonnull(found->witness);
	if (want->place) {
		struct fe_buf place = {0};

		ck_assert_ptr_nonnull(found->rule);
		fe_rule_place(found->rule, &place);
		ck_assert_str_eq(fe_buf_text(&place), want->place);
		fe_buf_free(&place);
	}
	rig_end(&r);
}
END_TEST

START_TEST(nothing_is_tracked_nothing_is_planned)
{
	static const char text[] = FILTER DNS "COMMIT\n";
	struct rig r;

	rig_begin(&r, text, (struct fe_plan_options){0});
	ck_assert(!r.plan->families[0].tracked);
	ck_assert(!fe_plan_has_rules(r.plan, 4));
	rig_end(&r);
	rig_begin(&r, text, (struct fe_plan_options){.assume_tracked = true});
	ck_assert(fe_plan_has_rules(r.plan, 4));
	ck_assert(!fe_plan_has_rules(r.plan, 6));
	rig_end(&r);
}
END_TEST

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)) != NULL; text += strlen(what))
		n++;
	return n;
}

START_TEST(the_rollback_names_every_rule)
{
	struct fe_buf plan = {0}, back = {0};
	struct fe_out out;
	struct rig r;

	rig_begin(&r, server,
		  (struct fe_plan_options){.level = FE_LEVEL_INVALID});
	fe_out_init(&out, fe_write_buf, &plan);
	fe_plan_print(r.plan, 4, true, &out);
	fe_out_close(&out);
	fe_out_init(&out, fe_write_buf, &back);
	fe_plan_print_rollback(r.plan, 4, &out);
	fe_out_close(&out);
	ck_assert_uint_eq(count(fe_buf_text(&plan), "\n-"),
			  count(fe_buf_text(&back), "\n-D "));
	/* Companions come first, and go last. */
	ck_assert_ptr_nonnull(strstr(fe_buf_text(&plan), "*filter\n"));
	ck_assert(strstr(fe_buf_text(&plan), "*filter\n") <
		  strstr(fe_buf_text(&plan), "*raw\n"));
	ck_assert(strstr(fe_buf_text(&back), "*raw\n") <
		  strstr(fe_buf_text(&back), "*filter\n"));
	fe_buf_free(&plan);
	fe_buf_free(&back);
	rig_end(&r);
}
END_TEST

/* The plan's first rule of a chain of raw, that says `what`. */
static struct fe_plan_rule *rule_of(struct rig *r, const char *chain,
				    const char *what)
{
	struct fe_plan_family *fam = &r->plan->families[0];

	for (size_t c = 0; c < fam->classes.n; c++)
		for (size_t i = 0; i < fam->classes.data[c].rules.n; i++) {
			struct fe_plan_rule *rule =
			    &fam->classes.data[c].rules.data[i];

			if (!strcmp(rule->chain, chain) &&
			    strstr(rule->spec, what))
				return rule;
		}
	ck_abort_msg("no rule of %s says %s", chain, what);
	return NULL;
}

/* What a planner's mistake would look like. */
static const struct {
	const char *chain, *what, *instead;
} mistakes[] = {
    /* One direction only. */
    {"OUTPUT", "--sport 53", "-p udp -m udp --sport 54 -j CT --notrack"},
    {"PREROUTING", "--dport 53", "-p udp -m udp --dport 54 -j CT --notrack"},
    /* More than was proved. */
    {"PREROUTING", "--dport 53", "-p udp -j CT --notrack"},
    {"PREROUTING", "--dport 53", "-j CT --notrack"},
    /* Not a rule. */
    {"PREROUTING", "--dport 53", "-p udp --nonsense"},
};

START_TEST(the_checker_finds_a_wrong_plan)
{
	const char *why = NULL;
	struct rig r;

	rig_begin(&r, server,
		  (struct fe_plan_options){.level = FE_LEVEL_INVALID});
	ck_assert(fe_plan_check(r.plan, &r.context, &why));
	rule_of(&r, mistakes[_i].chain, mistakes[_i].what)->spec =
	    mistakes[_i].instead;
	ck_assert(!fe_plan_check(r.plan, &r.context, &why));
	ck_assert_ptr_nonnull(why);
	rig_end(&r);
}
END_TEST

START_TEST(level_none_allows_no_difference)
{
	struct fe_packet error = {.family = 4, .proto = 1, .icmp_type = 3};
	struct fe_packet udp = {.family = 4, .proto = 17};
	struct fe_plan plan = {.level = FE_LEVEL_NONE};

	ck_assert(!fe_plan_may_differ(&plan, &error, FE_CT_RELATED,
				      FE_CT_INVALID));
	plan.level = FE_LEVEL_INVALID;
	ck_assert(fe_plan_may_differ(&plan, &error, FE_CT_RELATED,
				     FE_CT_INVALID));
	ck_assert(fe_plan_may_differ(&plan, &udp, FE_CT_INVALID,
				     FE_CT_UNTRACKED));
	ck_assert(!fe_plan_may_differ(&plan, &udp, FE_CT_NEW,
				      FE_CT_UNTRACKED));
	ck_assert(!fe_plan_may_differ(&plan, &udp, FE_CT_ESTABLISHED,
				      FE_CT_UNTRACKED));
}
END_TEST

static Suite *plan_suite(void)
{
	Suite *suite = suite_create("plan");
	TCase *tc = tcase_create("plan");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, refuses_for_the_right_reason, 0,
			    sizeof(refused) / sizeof(refused[0]));
	tcase_add_test(tc, nothing_is_tracked_nothing_is_planned);
	tcase_add_test(tc, the_rollback_names_every_rule);
	tcase_add_loop_test(tc, the_checker_finds_a_wrong_plan, 0,
			    sizeof(mistakes) / sizeof(mistakes[0]));
	tcase_add_test(tc, level_none_allows_no_difference);
	suite_add_tcase(suite, tc);
	return suite;
}

UNIT_MAIN(plan_suite)
