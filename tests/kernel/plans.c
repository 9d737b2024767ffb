/*
 * Plans on the kernel: a case is played without and with Ferrule's plan, the
 * same packets, and every fate, emitted byte and mark must be equal; at level
 * invalid all but what the plan says may differ. A drop is a drop in
 * whichever hook. The planted class must be covered: no entry of it is left.
 */
#include <netinet/in.h>
#include <string.h>

#include "plans.h"
#include "side.h"

struct judging {
	struct kt_pool *pool;
	struct kt_case *c;
	const struct kt_play *before;
	struct kt_play after;
	const struct fe_plan *plan;
	struct fe_buf *report;
	unsigned n_wrong;
};

/* The assumption `checksums`: an error with a wrong one, where NAT looks. */
static bool assumed_away(const struct judging *j, size_t i)
{
	const struct kt_step *step =
	    &j->c->steps.data[j->before->sent.data[i].step];

	return step->op == KT_ERROR && (step->mods & KT_BADSUM) &&
	       kt_case_nat(j->c);
}

static bool same_fate(const struct judging *j, size_t i)
{
	const struct kt_sent *a = &j->before->sent.data[i];
	const struct kt_sent *b = &j->after.sent.data[i];

	if (assumed_away(j, i))
		return true;
	if (a->lives.n != b->lives.n)
		return false;
	for (size_t k = 0; k < a->lives.n; k++) {
		const struct kt_life *x = &a->lives.data[k];
		const struct kt_life *y = &b->lives.data[k];

		if (x->end == KT_VANISHED && y->end == KT_VANISHED)
			continue;
		if (!kt_same_life(j->c->arena, x, y))
			return false;
	}
	return true;
}

/* Playing the original twice gave the same packets: no chance is at work. */
static bool repeatable(struct judging *j)
{
	const char *plan[2] = {j->c->plan[0], j->c->plan[1]};
	struct kt_play first = j->after;
	bool same = true;

	j->c->plan[0] = j->c->plan[1] = NULL;
	for (unsigned n = 0; n < 3 && same; n++) {
		kt_replay_kernel(j->pool, j->c, j->before, &j->after);
		for (size_t i = 0; i < j->after.sent.n; i++)
			same = same && same_fate(j, i);
		kt_play_free(&j->after);
	}
	j->after = first;
	j->c->plan[0] = plan[0];
	j->c->plan[1] = plan[1];
	return same;
}

static void say_difference(struct judging *j, size_t i, const char *states)
{
	const struct kt_sent *a = &j->before->sent.data[i];
	const struct kt_sent *b = &j->after.sent.data[i];

	j->n_wrong++;
	fe_buf_printf(j->report, "  packet %zu fares differently%s\n", i,
		      states);
	for (unsigned with = 0; with < 2; with++) {
		const struct kt_sent *s = with ? b : a;

		for (size_t k = 0; k < s->lives.n; k++) {
			fe_buf_printf(j->report, "    %s: ",
				      with ? "with plan" : "without  ");
			kt_life_text(&s->lives.data[k], j->report);
			fe_buf_putc(j->report, '\n');
		}
	}
}

/* What conntrack calls each packet, by the engine on the rules loaded. */
static bool states(struct judging *j, const struct kt_play *kernel,
		   struct kt_play *engine)
{
	kt_play_engine(j->c, kernel, kernel->save, false, engine);
	if (!engine->error)
		return true;
	j->n_wrong++;
	fe_buf_printf(j->report, "  states: %s\n", engine->error);
	return false;
}

/* The packet of a life, as far as it was seen. */
static bool life_packet(const struct kt_life *life, struct fe_packet *packet)
{
	const struct kt_bytes *bytes = &life->bytes;

	for (unsigned h = FE_N_HOOKS; h-- > 0 && !bytes->size;)
		bytes = &life->after[h];
	*packet = (struct fe_packet){.data = bytes->data,
				     .size = bytes->size,
				     .caught = bytes->size};
	return bytes->size && fe_packet_parse(packet) == FE_PARSE_OK;
}

/* Whether only packets that the kernel made in answer fare differently, and
 * those are errors: RELATED before, INVALID with the plan. */
static bool only_errors_differ(const struct judging *j, size_t i)
{
	const struct kt_sent *a = &j->before->sent.data[i];
	const struct kt_sent *b = &j->after.sent.data[i];

	if (a->lives.n != b->lives.n)
		return false;
	for (size_t k = 0; k < a->lives.n; k++) {
		const struct kt_life *x = &a->lives.data[k];
		const struct kt_life *y = &b->lives.data[k];
		struct fe_packet p;

		if ((x->end == KT_VANISHED && y->end == KT_VANISHED) ||
		    kt_same_life(j->c->arena, x, y))
			continue;
		if (!x->generated || !y->generated ||
		    !(life_packet(x, &p) || life_packet(y, &p)) ||
		    !fe_plan_may_differ(j->plan, &p, FE_CT_RELATED,
					FE_CT_INVALID))
			return false;
	}
	return true;
}

static void compare_invalid(struct judging *j, struct kt_plan_totals *totals)
{
	static const char *const names[] = {"INVALID", "NEW", "RELATED",
					    "ESTABLISHED", "UNTRACKED"};
	struct kt_play a, b;
	bool ok = states(j, j->before, &a);

	ok = states(j, &j->after, &b) && ok;
	for (size_t i = 0; ok && i < j->after.sent.n; i++) {
		const struct kt_sent *s = &j->after.sent.data[i];
		uint8_t x = a.sent.data[i].ctstate, y = b.sent.data[i].ctstate;
		struct fe_packet p = {.data = s->bytes.data,
				      .size = s->bytes.size,
				      .caught = s->bytes.size};
		struct fe_buf text = {0};

		if (same_fate(j, i))
			continue;
		if (only_errors_differ(j, i) ||
		    (fe_packet_parse(&p) == FE_PARSE_OK &&
		     fe_plan_may_differ(j->plan, &p, x, y))) {
			totals->differ++;
			continue;
		}
		fe_buf_printf(&text, " (%s, %s)", names[x % 5], names[y % 5]);
		say_difference(j, i, fe_buf_text(&text));
		fe_buf_free(&text);
	}
	kt_play_free(&a);
	kt_play_free(&b);
}

static void compare(struct judging *j, struct kt_plan_totals *totals)
{
	size_t i = 0;

	while (i < j->after.sent.n && same_fate(j, i))
		i++;
	if (i == j->after.sent.n)
		return;
	if (!repeatable(j)) {
		totals->unclear++;
		return;
	}
	if (j->plan->level == FE_LEVEL_INVALID) {
		compare_invalid(j, totals);
		return;
	}
	for (; i < j->after.sent.n; i++)
		if (!same_fate(j, i))
			say_difference(j, i, "");
}

/* ---- planted classes ---------------------------------------------------- */

static unsigned planted_entries(const struct kt_case *c,
				const struct kt_play *p)
{
	unsigned n = 0;

	for (size_t i = 0; i < p->entries.n; i++) {
		const struct fe_tuple *t = &p->entries.data[i].tuple[0];

		n += t->proto == IPPROTO_UDP &&
		     t->family == c->planted_family &&
		     t->dport == c->planted_port &&
		     kt_host_has(&c->host, t->family, t->dst) &&
		     !kt_host_has(&c->host, t->family, t->src);
	}
	return n;
}

static void judge_planted(struct judging *j, struct kt_plan_totals *totals)
{
	enum kt_planted due =
	    j->plan->level == FE_LEVEL_NONE ? KT_PLANT_NONE : KT_PLANT_INVALID;
	unsigned left;

	if (j->c->planted == KT_NO_PLANT || j->c->planted > due)
		return;
	totals->planted++;
	left = planted_entries(j->c, &j->after);
	if (left == 0 && fe_plan_has_rules(j->plan, j->c->planted_family)) {
		totals->covered++;
		return;
	}
	j->n_wrong++;
	fe_buf_printf(j->report,
		      "  the planted class, udp port %u IPv%u, is not covered "
		      "(%u entries)\n",
		      j->c->planted_port, j->c->planted_family, left);
	for (unsigned f = 0; f < 2; f++)
		for (size_t i = 0; i < j->plan->families[f].refusals.n; i++)
			fe_buf_printf(
			    j->report, "    refused %s: %s (%s)\n",
			    j->plan->families[f].refusals.data[i].name,
			    j->plan->families[f].refusals.data[i].text,
			    fe_plan_reason_names
				[j->plan->families[f].refusals.data[i].reason]);
}

/* ---- planning ----------------------------------------------------------- */

static const char *plan_text(struct kt_case *c, const struct fe_plan *plan,
			     unsigned family)
{
	struct fe_buf buf = {0};
	struct fe_out out;
	const char *text;

	if (!fe_plan_has_rules(plan, family))
		return NULL;
	fe_out_init(&out, fe_write_buf, &buf);
	fe_plan_print(plan, family, true, &out);
	fe_out_close(&out);
	text = fe_arena_strdup(c->arena, fe_buf_text(&buf));
	fe_buf_free(&buf);
	return text;
}

static void count_refusals(const struct fe_plan *plan,
			   struct kt_plan_totals *totals)
{
	for (unsigned f = 0; f < 2; f++)
		for (size_t i = 0; i < plan->families[f].refusals.n; i++)
			totals->refusals
			    [plan->families[f].refusals.data[i].reason]++;
}

static void judge_plan(struct judging *j, struct kt_plan_totals *totals)
{
	struct kt_case *c = j->c;

	count_refusals(j->plan, totals);
	for (unsigned f = 0; f < 2; f++)
		c->plan[f] = plan_text(c, j->plan, f ? 6 : 4);
	if (c->plan[0] || c->plan[1])
		totals->made++;
	kt_replay_kernel(j->pool, c, j->before, &j->after);
	if (j->after.error) {
		j->n_wrong++;
		fe_buf_printf(j->report, "  %s\n", j->after.error);
	} else {
		compare(j, totals);
		judge_planted(j, totals);
		totals->after += j->after.entries.n;
	}
	for (unsigned f = 0; f < 2 && j->n_wrong; f++)
		fe_buf_printf(j->report, "---- plan IPv%u\n%s", f ? 6 : 4,
			      c->plan[f] ? c->plan[f] : "");
	kt_play_free(&j->after);
	c->plan[0] = c->plan[1] = NULL;
}

bool kt_plan_judge(struct kt_pool *pool, struct kt_case *c,
		   const struct kt_play *before, enum fe_plan_level level,
		   struct kt_plan_totals *totals, struct fe_buf *report)
{
	struct fe_plan_options options = {.level = level};
	struct judging j = {
	    .pool = pool, .c = c, .before = before, .report = report};
	struct fe_pass_context context;
	struct kt_side side;
	struct fe_plan *plan;

	kt_side_open(&side, c, NULL);
	totals->cases++;
	totals->packets += before->sent.n;
	totals->before += before->entries.n;
	if (side.error) {
		fe_buf_printf(report, "  %s\n", side.error);
		totals->failed++;
		kt_side_close(&side);
		return false;
	}
	context = (struct fe_pass_context){.rules = &side.rules,
					   .host = side.host,
					   .sources = side.sources,
					   .diags = side.diags};
	plan = fe_plan_make(&context, &options);
	j.plan = plan;
	if (plan) {
		judge_plan(&j, totals);
	} else {
		j.n_wrong++;
		fe_buf_printf(report, "  %s\n",
			      side.diags->list.n
				  ? side.diags->list
					.data[side.diags->list.n - 1]
					->text
				  : "no plan");
	}
	fe_plan_free(plan);
	kt_side_close(&side);
	totals->failed += j.n_wrong > 0;
	return j.n_wrong == 0;
}

void kt_plan_totals_add(struct kt_plan_totals *to,
			const struct kt_plan_totals *more)
{
	to->cases += more->cases;
	to->failed += more->failed;
	to->made += more->made;
	to->unclear += more->unclear;
	to->planted += more->planted;
	to->covered += more->covered;
	to->packets += more->packets;
	to->before += more->before;
	to->after += more->after;
	to->differ += more->differ;
	for (unsigned i = 0; i < FE_N_REASONS; i++)
		to->refusals[i] += more->refusals[i];
}

void kt_plan_totals_text(const struct kt_plan_totals *t, const char *level,
			 struct fe_buf *buf)
{
	fe_buf_printf(buf,
		      "# level %s: %u cases, %u wrong, %u with rules, %u by "
		      "chance; planted %u of %u covered; entries %zu -> %zu "
		      "(%.1f %% saved); %zu packets, %zu differ as allowed\n"
		      "# level %s: refusals:",
		      level, t->cases, t->failed, t->made, t->unclear,
		      t->covered, t->planted, t->before, t->after,
		      t->before ? 100.0 * (double)(t->before - t->after) /
				      (double)t->before
				: 0.0,
		      t->packets, t->differ, level);
	for (unsigned i = 0; i < FE_N_REASONS; i++)
		if (t->refusals[i])
			fe_buf_printf(buf, " %s %u", fe_plan_reason_names[i],
				      t->refusals[i]);
	fe_buf_putc(buf, '\n');
}
