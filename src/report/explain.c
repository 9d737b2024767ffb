/*
 * Pages: what a finding means, what an extension does. All of it is in the
 * tables that check and read; nothing is said twice.
 */
#include "report/explain.h"

#include <string.h>

#include "pass/lint.h"
#include "ruleset/rule.h"

enum { WIDTH = 72 };

/* Breaks at blanks. */
static void put_wrapped(const char *s, struct fe_out *out)
{
	while (*s) {
		size_t n = strlen(s), cut = n;
		if (n > WIDTH) {
			cut = WIDTH;
			while (cut && s[cut] != ' ')
				cut--;
			if (!cut)
				cut = WIDTH;
		}
		fe_out_printf(out, "%.*s\n", (int)cut, s);
		s += cut;
		while (*s == ' ')
			s++;
	}
}

static bool explain_check(const char *topic, struct fe_out *out)
{
	const struct fe_lint_check *c = fe_lint_find(topic);

	if (!c)
		return false;
	fe_out_printf(out, "%s %s\n%s, %s\n\n", c->id, c->name,
		      fe_severity_name(c->severity),
		      fe_confidence_name(c->confidence));
	put_wrapped(c->summary, out);
	fe_out_putc(out, '\n');
	put_wrapped(c->page, out);
	fe_out_printf(out, "\nsuppress: # ferrule: disable=%s -- reason\n",
		      c->id);
	return true;
}

static void put_options(const struct fe_ext *ext, struct fe_out *out)
{
	for (const struct fe_opt *o = ext->opts; o && o->name; o++) {
		fe_out_printf(out, "  %s--%s%s%s\n",
			      o->flags & FE_NEG ? "[!] " : "", o->name,
			      o->n_args ? " " : "",
			      o->n_args && o->type ? o->type->usage : "");
		if (o->help)
			fe_out_printf(out, "        %s\n", o->help);
	}
}

/* The words of a mask, comma-separated. */
static void put_mask(const char *lead, unsigned mask, const char *const *names,
		     unsigned n, struct fe_out *out)
{
	bool any = false;

	for (unsigned i = 0; i < n; i++) {
		if (!(mask >> i & 1))
			continue;
		fe_out_printf(out, "%s%s", any ? ", " : lead, names[i]);
		any = true;
	}
	if (any)
		fe_out_putc(out, '\n');
}

static void put_places(const struct fe_ext *ext, struct fe_out *out)
{
	put_mask("tables: ", ext->tables, fe_table_names, FE_N_TABLES, out);
	put_mask("hooks: ", ext->hooks, fe_hook_names, FE_N_HOOKS, out);
	if (ext->proto)
		fe_out_printf(out, "protocol: only with -p %s\n", ext->proto);
}

static void put_effects(const struct fe_ext *ext, struct fe_out *out)
{
	static const char *const names[] = {
	    "switches connection tracking on", "reads the entry",
	    "writes the entry", "has state that packets share",
	    "logs or makes packets", "changes the packet or its mark",
	    "may route anew"};

	if (ext->effects_of)
		fe_out_puts(out, "effects: as its options say\n");
	else if (!ext->effects_known)
		fe_out_puts(out, "effects: taken to have any\n");
	else if (!ext->effects)
		fe_out_puts(out, "effects: none beside its answer\n");
	else
		put_mask("effects: ", ext->effects, names,
			 sizeof(names) / sizeof(names[0]), out);
}

/* How a run answers for it. */
static const char *in_a_run(const struct fe_ext *ext)
{
	if (ext->kind == FE_TARGET)
		return ext->action == FE_ACT_OPAQUE && !ext->action_of ?
			       "not done, and reported" : "done";
	if (ext->eval)
		return ext->state_size ? "decided, by packets before too" :
					 "decided by the packet";
	if (ext->lower == fe_lower_always_unknown)
		return "unknown, and reported";
	return "decided by the packet";
}

static bool explain_extension(const char *topic, struct fe_out *out)
{
	bool found = false;

	for (size_t i = 0; fe_exts[i]; i++) {
		const struct fe_ext *ext = fe_exts[i];
		if (strcmp(ext->name, topic) || ext->kind == FE_BASE)
			continue;
		if (found)
			fe_out_putc(out, '\n');
		found = true;
		fe_out_printf(out, "%s %s%s: %s\n\n",
			      ext->kind == FE_MATCH ? "-m" : "-j", ext->name,
			      ext->families == FE_V4   ? " (IPv4)"
			      : ext->families == FE_V6 ? " (IPv6)" : "",
			      ext->summary ? ext->summary : "");
		if (ext->doc)
			put_wrapped(ext->doc, out);
		put_options(ext, out);
		put_places(ext, out);
		put_effects(ext, out);
		fe_out_printf(out, "in a run: %s\n", in_a_run(ext));
	}
	return found;
}

static const char *next_ext(void *arg)
{
	size_t *i = arg;

	return fe_exts[*i] ? fe_exts[(*i)++]->name : NULL;
}

const char *fe_explain_nearest(const char *topic)
{
	size_t i = 0;

	return fe_str_nearest(fe_str(topic), next_ext, &i);
}

/* Text for roff: dashes and backslashes are themselves. */
static void put_roff(const char *s, struct fe_out *out)
{
	for (; *s; s++) {
		if (*s == '-' || *s == '\\')
			fe_out_putc(out, '\\');
		if (*s == '\\')
			fe_out_putc(out, 'e');
		else
			fe_out_putc(out, *s);
	}
}

static void put_manual_entry(const struct fe_ext *ext, struct fe_out *out)
{
	fe_out_puts(out, ".SS \"");
	put_roff(ext->kind == FE_MATCH ? "-m " : "-j ", out);
	fe_out_printf(out, "%s%s\"\n", ext->name,
		      ext->families == FE_V4   ? " (IPv4)"
		      : ext->families == FE_V6 ? " (IPv6)" : "");
	put_roff(ext->summary ? ext->summary : "", out);
	fe_out_puts(out, ".\n");
	if (ext->doc) {
		put_roff(ext->doc, out);
		fe_out_putc(out, '\n');
	}
	for (const struct fe_opt *o = ext->opts; o && o->name; o++) {
		fe_out_puts(out, ".TP\n.B ");
		put_roff(o->flags & FE_NEG ? "[!] --" : "--", out);
		put_roff(o->name, out);
		if (o->n_args && o->type) {
			fe_out_puts(out, " \\fI");
			put_roff(o->type->usage, out);
			fe_out_puts(out, "\\fR");
		}
		fe_out_putc(out, '\n');
		put_roff(o->help ? o->help : "", out);
		fe_out_putc(out, '\n');
	}
	fe_out_puts(out, ".PP\n");
	put_places(ext, out);
	fe_out_puts(out, ".br\n");
	put_effects(ext, out);
	fe_out_printf(out, ".br\nin a run: %s\n", in_a_run(ext));
}

void fe_explain_manual(struct fe_out *out)
{
	fe_out_puts(out,
		    ".TH FERRULE\\-EXTENSIONS 7 \"\" Ferrule\n"
		    ".SH NAME\n"
		    "ferrule\\-extensions \\- matches and targets that "
		    "ferrule reads\n"
		    ".SH DESCRIPTION\n"
		    "Every match and target of iptables 1.8.9, from the tables "
		    "that ferrule(1) itself reads rules with.\n"
		    "[!] stands before options that may be inverted.\n"
		    ".SH MATCHES\n");
	for (size_t i = 0; fe_exts[i]; i++)
		if (fe_exts[i]->kind == FE_MATCH)
			put_manual_entry(fe_exts[i], out);
	fe_out_puts(out, ".SH TARGETS\n");
	for (size_t i = 0; fe_exts[i]; i++)
		if (fe_exts[i]->kind == FE_TARGET)
			put_manual_entry(fe_exts[i], out);
	fe_out_puts(out, ".SH SEE ALSO\nferrule(1)\n");
}

bool fe_explain(const char *topic, struct fe_out *out)
{
	return explain_check(topic, out) || explain_extension(topic, out);
}
