/*
 * Interface names: at most 15 bytes; a '+' at the end means any continuation.
 * "+" alone is every interface: iptables-save hides it, and legacy even hides
 * "! -i +", which never matches.
 */
#include "option/types.h"

#include <string.h>

#include "option/value.h"

#define IFACE_MAX 15

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	struct fe_str name = words[0];

	if (name.len == 0)
		return fe_opt_bad(opt, context, "an interface name is empty");
	if (name.len > IFACE_MAX)
		return fe_opt_bad(opt, context,
				  "\"%.*s\" is longer than %d bytes",
				  (int)name.len, name.s, IFACE_MAX);
	for (size_t i = 0; i < name.len; i++) {
		if (name.s[i] == '/' || name.s[i] == ' ') {
			fe_opt_warn(opt, context,
				    "no interface is called \"%.*s\"",
				    (int)name.len, name.s);
			break;
		}
	}
	value->text = fe_arena_strndup(context->arena, name.s, name.len);
	return true;
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	if (strcmp(setting->value.text, "+") == 0 &&
	    setting->print != FE_PRINT_ALWAYS)
		return;
	fe_word_print(setting->value.text, buf);
}

static void cover(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_sink *sink)
{
	struct fe_atom atom = {.kind = FE_ATOM_IFACE, .field = opt->field,
			       .neg = setting->neg};

	(void)family;
	if (strcmp(setting->value.text, "+") == 0) {
		if (setting->neg)
			fe_cover_never(sink);
		return;
	}
	atom.u.iface = setting->value.text;
	sink->clause(sink);
	sink->atom(sink, &atom);
}

const struct fe_type fe_type_iface = {
	.name = "interface",
	.usage = "NAME[+]",
	.parse = parse,
	.print = print,
	.cover = cover,
};
