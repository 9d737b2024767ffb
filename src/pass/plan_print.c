/*
 * Plans as text: rules for iptables-restore --noflush, whose comments are the
 * report; what undoes them; what flushes the entries.
 *
 * filter comes before raw: a companion matches nothing until raw untracks.
 * Rules for a chain's head are printed in reverse, since each is inserted as
 * rule 1.
 */
#include <netinet/in.h>
#include <string.h>

#include "pass/plan_priv.h"
#include "pass/witness.h"
#include "ruleset/ruleset.h"

const char *fe_plan_witness(struct fe_planner *p, fe_set set)
{
	fe_set usual = fe_set_and(
	    p->space, set,
	    fe_set_range(p->space, FE_F_ICMP_TYPE, fe_u128(1), fe_u128(1)));

	/* Of ICMPv6's errors, one that exists. */
	if (p->family == 6 && usual != FE_SET_EMPTY &&
	    fe_set_minus(p->space, set, p->errors) == FE_SET_EMPTY)
		set = usual;
	return fe_witness(p->behave, p->arena, p->family, set);
}

/* The report. */

static const char *level_name(enum fe_plan_level level)
{
	return level == FE_LEVEL_NONE ? "none" : "invalid";
}

static void put_trigger(const struct fe_plan *plan,
			const struct fe_track_rule *t, struct fe_out *out)
{
	struct fe_place place = fe_source_place(plan->sources, t->rule->span);
	struct fe_buf buf = {0};

	fe_rule_place(t->rule, &buf);
	if (place.name)
		fe_out_printf(out, "#   %s:%u: ", place.name, place.line);
	else
		fe_out_puts(out, "#   ");
	fe_out_printf(out, "%s: %s\n", fe_buf_text(&buf), t->why);
	fe_buf_free(&buf);
}

static void put_triggers(const struct fe_plan *plan,
			 const struct fe_plan_family *fam, struct fe_out *out)
{
	unsigned n = fam->track.n_triggers + fam->track.n_maybe, shown = 0;

	if (!fe_track_is_on(&fam->track)) {
		fe_out_puts(out, "# No rule switches tracking on.\n");
		if (fam->on_because)
			fe_out_printf(out, "# Taken as tracked all the same: "
					   "%s.\n", fam->on_because);
		return;
	}
	fe_out_puts(out, "# Tracking is on because of:\n");
	for (size_t i = 0; i < fam->track.rules.n; i++) {
		if (!fam->track.rules.data[i].trigger)
			continue;
		if (shown++ < 8)
			put_trigger(plan, &fam->track.rules.data[i], out);
	}
	if (n > 8)
		fe_out_printf(out, "#   and %u more\n", n - 8);
}

/* A rule's comment may hold a line's end, which would end ours. */
static const char *one_line(struct fe_buf *buf)
{
	for (size_t i = 0; i < buf->size; i++)
		if (buf->data[i] == '\n' || buf->data[i] == '\r')
			buf->data[i] = ' ';
	return fe_buf_text(buf);
}

static void put_refusals(const struct fe_plan_family *fam, struct fe_out *out)
{
	if (!fam->refusals.n)
		return;
	fe_out_puts(out, "#\n# Left tracked, and why:\n");
	for (size_t i = 0; i < fam->refusals.n; i++) {
		const struct fe_plan_refusal *r = &fam->refusals.data[i];
		struct fe_buf buf = {0};

		fe_out_printf(out, "#   %s: [%s] %s\n", r->name,
			      fe_plan_reason_names[r->reason], r->text);
		if (r->rule) {
			struct fe_buf place = {0};

			fe_rule_place(r->rule, &place);
			fe_rule_print(r->rule, &buf);
			fe_out_printf(out, "#     in the way: %s: %s\n",
				      fe_buf_text(&place), one_line(&buf));
			fe_buf_free(&place);
		}
		if (r->witness)
			fe_out_printf(out, "#     for example: %s\n",
				      r->witness);
		fe_buf_free(&buf);
	}
}

static void put_differences(const struct fe_plan *plan,
			    const struct fe_plan_family *fam,
			    struct fe_out *out)
{
	if (plan->level == FE_LEVEL_NONE || !fam->classes.n)
		return;
	fe_out_puts(out, "#\n# What may fare differently (only what conntrack "
			 "calls INVALID, before or now):\n");
	if (!fam->differences.n)
		fe_out_puts(out, "#   nothing\n");
	for (size_t i = 0; i < fam->differences.n; i++) {
		const struct fe_plan_difference *d = &fam->differences.data[i];

		fe_out_printf(out, "#   %s\n", d->what);
		if (d->witness)
			fe_out_printf(out, "#     for example: %s\n",
				      d->witness);
	}
}

static void put_head(const struct fe_plan *plan,
		     const struct fe_plan_family *fam, struct fe_out *out)
{
	const char *tool =
	    fam->family == 6 ? "ip6tables-restore" : "iptables-restore";

	fe_out_printf(out, "# ferrule plan, level %s, for %s --noflush\n",
		      level_name(plan->level), tool);
	put_triggers(plan, fam, out);
	if (!fam->tracked) {
		fe_out_puts(out, "# Nothing is tracked, so there is nothing to "
				 "untrack: no rules.\n"
				 "# If entries appear all the same, look for "
				 "other nft tables (nft list ruleset), OVS, "
				 "IPVS,\n"
				 "# another network namespace, or a kernel "
				 "before 4.10 with conntrack loaded "
				 "(--assume-tracked).\n");
		return;
	}
	if (fam->classes.n) {
		fe_out_puts(out, "#\n# Untracked from now on:\n");
		for (size_t i = 0; i < fam->classes.n; i++)
			fe_out_printf(out,
				      "#   %s\n#     removes: %s\n"
				      "#     price: %s\n",
				      fam->classes.data[i].name,
				      fam->classes.data[i].removes,
				      fam->classes.data[i].price);
	} else {
		fe_out_printf(out, "#\n# No %sclass can be untracked.\n",
			      fam->n_already ? "further " : "");
	}
	put_differences(plan, fam, out);
	put_refusals(fam, out);
	if (fam->assumptions.n)
		fe_out_puts(out, "#\n# Assumed:\n");
	for (size_t i = 0; i < fam->assumptions.n; i++)
		fe_out_printf(out, "#   %s\n", fam->assumptions.data[i]);
	if (plan->checked && fam->classes.n)
		fe_out_printf(out,
			      "#\n# Checked again independently: %llu packets "
			      "compared, no difference beyond the level.\n",
			      (unsigned long long)plan->n_checks);
}

/* The rules. */

typedef void each_rule_fn(void *arg, const struct fe_plan_rule *rule);

static void each_rule(const struct fe_plan_family *fam, bool inserted,
		      enum fe_table_id table, each_rule_fn *fn, void *arg)
{
	for (size_t i = 0; i < fam->classes.n; i++) {
		const struct fe_plan_class *class = &fam->classes.data[i];

		for (size_t r = 0; r < class->rules.n; r++)
			if (class->rules.data[r].table == table &&
			    (class->rules.data[r].at != 0) == inserted)
				fn(arg, &class->rules.data[r]);
	}
	for (size_t i = 0; i < fam->shared.n; i++)
		if (fam->shared.data[i].table == table &&
		    (fam->shared.data[i].at != 0) == inserted)
			fn(arg, &fam->shared.data[i]);
}

struct printer {
	struct fe_out *out;
	bool undo;
	FE_VEC(const struct fe_plan_rule *) held; /* to print in reverse */
};

static void print_rule(void *arg, const struct fe_plan_rule *rule)
{
	struct printer *pr = arg;
	const char *blank = *rule->spec ? " " : "";

	if (rule->at && !pr->undo)
		fe_out_printf(pr->out, "-I %s %u%s%s\n", rule->chain,
			      rule->at, blank, rule->spec);
	else
		fe_out_printf(pr->out, "-%c %s%s%s\n", pr->undo ? 'D' : 'A',
			      rule->chain, blank, rule->spec);
}

static void hold_rule(void *arg, const struct fe_plan_rule *rule)
{
	struct printer *pr = arg;

	fe_vec_push(&pr->held, rule);
}

static void count_rule(void *arg, const struct fe_plan_rule *rule)
{
	(void)rule;
	++*(unsigned *)arg;
}

/* Down the chain first: positions are those of the original rules. */
static void print_inserted(struct printer *pr)
{
	uint32_t at = UINT32_MAX, next;

	do {
		next = 0;
		for (size_t i = pr->held.n; i-- > 0;) {
			const struct fe_plan_rule *rule = pr->held.data[i];

			if (rule->at == at)
				print_rule(pr, rule);
			else if (rule->at < at && rule->at > next)
				next = rule->at;
		}
		at = next;
	} while (at != 0);
}

static void print_table(const struct fe_plan_family *fam,
			enum fe_table_id table, bool undo, struct fe_out *out)
{
	struct printer pr = {.out = out, .undo = undo};
	unsigned n = 0;

	each_rule(fam, false, table, count_rule, &n);
	each_rule(fam, true, table, count_rule, &n);
	if (!n)
		return;
	fe_out_printf(out, "*%s\n", fe_table_names[table]);
	each_rule(fam, true, table, hold_rule, &pr);
	print_inserted(&pr);
	each_rule(fam, false, table, print_rule, &pr);
	fe_out_puts(out, "COMMIT\n");
	fe_vec_free(&pr.held);
}

void fe_plan_print(const struct fe_plan *plan, unsigned family, bool rules_only,
		   struct fe_out *out)
{
	const struct fe_plan_family *fam = &plan->families[family == 6];

	if (!rules_only)
		put_head(plan, fam, out);
	print_table(fam, FE_FILTER, false, out);
	print_table(fam, FE_RAW, false, out);
}

void fe_plan_print_rollback(const struct fe_plan *plan, unsigned family,
			    struct fe_out *out)
{
	const struct fe_plan_family *fam = &plan->families[family == 6];

	fe_out_printf(out, "# undoes the ferrule plan; for %s --noflush\n",
		      family == 6 ? "ip6tables-restore" : "iptables-restore");
	print_table(fam, FE_RAW, true, out);
	print_table(fam, FE_FILTER, true, out);
}

/*
 * Reads the table and deletes the entries of a class, and no others: a port
 * alone would catch connections of this host to the same port elsewhere.
 */
static const char flush_head[] =
    "#!/bin/sh\n"
    "# Removes the entries that the plan's classes left behind, as root.\n"
    "\n"
    "# forget FAMILY PROTOCOL OWN ADDRESS LOW HIGH ADDRESS LOW HIGH\n"
    "# OWN: this host has one end (the first), both, or none of them\n"
    "forget() {\n"
    "\town=$(ip -o addr show | awk '{ sub(\"/.*\", \"\", $4); print $4 }')\n"
    "\tproto=\n"
    "\t[ \"$2\" = any ] || proto=\"-p $2\"\n"
    "\tconntrack -L -f \"$1\" $proto 2>/dev/null |\n"
    "\tawk -v own=\" $(echo $own) \" -v ends=\"$3\" -v a=\"$4\" -v alo=\"$5\" "
    "\\\n"
    "\t\t-v ahi=\"$6\" -v b=\"$7\" -v blo=\"$8\" -v bhi=\"$9\" '\n"
    "\tfunction end(x, port, addr, lo, hi) {\n"
    "\t\treturn (addr == \"any\" || x == addr) && port >= lo + 0 &&\n"
    "\t\t       port <= hi + 0\n"
    "\t}\n"
    "\tfunction mine(x) {\n"
    "\t\treturn index(own, \" \" x \" \") || x ~ /^127\\./\n"
    "\t}\n"
    "\tfunction flow(x, xp, y, yp) {\n"
    "\t\treturn end(x, xp, a, alo, ahi) && end(y, yp, b, blo, bhi) &&\n"
    "\t\t       (ends == \"none\" || mine(x)) &&\n"
    "\t\t       (ends != \"both\" || mine(y))\n"
    "\t}\n"
    "\t{\n"
    "\t\ts = \"\"; sp = dp = 0; ports = 0\n"
    "\t\tfor (i = 1; i <= NF; i++) {\n"
    "\t\t\tif (split($i, kv, \"=\") != 2) continue\n"
    "\t\t\tif (kv[1] == \"src\" && s != \"\") break\n"
    "\t\t\tif (kv[1] == \"src\") s = kv[2]\n"
    "\t\t\tif (kv[1] == \"dst\") d = kv[2]\n"
    "\t\t\tif (kv[1] == \"sport\") { sp = kv[2]; ports = 1 }\n"
    "\t\t\tif (kv[1] == \"dport\") dp = kv[2]\n"
    "\t\t}\n"
    "\t\tif (!flow(s, sp, d, dp) && !flow(d, dp, s, sp)) next\n"
    "\t\tprintf \"-p %s -s %s -d %s\", $2, s, d\n"
    "\t\tif (ports) printf \" --sport %s --dport %s\", sp, dp\n"
    "\t\tprint \"\"\n"
    "\t}' |\n"
    "\twhile read -r entry; do\n"
    "\t\tconntrack -D -f \"$1\" $entry >/dev/null 2>&1\n"
    "\tdone\n"
    "}\n\n";

void fe_plan_print_flush(const struct fe_plan *plan, struct fe_out *out)
{
	fe_out_puts(out, flush_head);
	for (unsigned f = 0; f < 2; f++) {
		const struct fe_plan_family *fam = &plan->families[f];

		for (size_t i = 0; i < fam->classes.n; i++)
			for (size_t k = 0; k < fam->classes.data[i].flush.n;
			     k++)
				fe_out_printf(
				    out, "%s\n",
				    fam->classes.data[i].flush.data[k]);
	}
	fe_out_puts(out, "exit 0\n");
}
