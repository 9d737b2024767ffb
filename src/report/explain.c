/*
 * Pages: what a finding means, what an extension does. All of it is in the
 * tables that check and read; nothing is said twice.
 */
#include "report/explain.h"

#include <string.h>

#include "pass/lint.h"

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

static void put_effects(unsigned effects, struct fe_out *out)
{
	static const char *const names[] = {
	    "switches connection tracking on", "reads the entry",
	    "writes the entry", "has state that packets share",
	    "logs or makes packets", "changes the packet or its mark",
	    "may route anew"};
	bool any = false;

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (effects >> i & 1) {
			fe_out_printf(out, "%s%s", any ? ", " : "effects: ",
				      names[i]);
			any = true;
		}
	fe_out_puts(out, any ? "\n" : "effects: none beside its answer\n");
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
		put_effects(ext->effects_known ? ext->effects : FE_ALL_EFFECTS,
			    out);
	}
	return found;
}

bool fe_explain(const char *topic, struct fe_out *out)
{
	return explain_check(topic, out) || explain_extension(topic, out);
}
