/*
 * An IP set and the directions in which its dimensions look at a packet:
 * "NAME src,dst". What the set holds is not known here (ext/ipset.h): the
 * atom names the test, and whoever has the sets answers it.
 */
#include "option/types.h"

#include "option/value.h"

#define NAME_MAX_LEN 31
#define DIMS_MAX 6

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	struct fe_items items = fe_items(words[1]);
	struct fe_ipset_test *test;
	struct fe_str dim;

	if (words[0].len == 0 || words[0].len > NAME_MAX_LEN)
		return fe_opt_bad(opt, context,
				  "a set's name has 1 to %d bytes",
				  NAME_MAX_LEN);
	test = fe_new(context->arena, struct fe_ipset_test);
	test->name = fe_arena_strndup(context->arena, words[0].s,
				      words[0].len);
	while (fe_items_next(&items, ',', &dim)) {
		if (test->n_dims == DIMS_MAX)
			return fe_opt_bad(opt, context,
					  "more than %d directions", DIMS_MAX);
		if (fe_str_is(dim, "src"))
			test->is_src |= (uint8_t)(1u << test->n_dims);
		else if (!fe_str_is(dim, "dst"))
			return fe_opt_bad(opt, context,
					  "\"%.*s\" is neither src nor dst",
					  (int)dim.len, dim.s);
		test->n_dims++;
	}
	value->ptr = test;
	return true;
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	const struct fe_ipset_test *test = setting->value.ptr;

	(void)opt;
	(void)family;
	fe_buf_printf(buf, " %s", test->name);
	for (unsigned i = 0; i < test->n_dims; i++)
		fe_buf_printf(buf, "%c%s", i == 0 ? ' ' : ',',
			      (test->is_src >> i & 1) != 0 ? "src" : "dst");
}

static void cover(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_sink *sink)
{
	struct fe_atom atom = {.kind = FE_ATOM_IPSET, .neg = setting->neg};

	(void)opt;
	(void)family;
	atom.u.ipset = setting->value.ptr;
	sink->clause(sink);
	sink->atom(sink, &atom);
}

const struct fe_type fe_type_set = {
	.name = "set",
	.usage = "NAME src|dst[,src|dst...]",
	.parse = parse,
	.print = print,
	.cover = cover,
};
