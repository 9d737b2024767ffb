/*
 * Words of an enumeration, alone or as a comma list. opt->variant says how
 * sharp the reading is: iptables often takes any beginning of a word; the
 * first one of the table that begins so counts. They are printed in the
 * table's order.
 */
#include "option/types.h"

#include "option/value.h"

static const struct fe_name *find(const struct fe_name *names,
				  unsigned variant, struct fe_str word)
{
	for (const struct fe_name *n = names; n->name != NULL; n++) {
		if (variant == FE_WORDS_SHORT ?
			fe_str_abbreviates(word, n->name) :
		    variant == FE_WORDS_WHOLE ? fe_str_case_is(word, n->name) :
						fe_str_is(word, n->name))
			return n;
	}
	return NULL;
}

bool fe_words_read(const struct fe_name *names, unsigned variant,
		   struct fe_str list, uint64_t *out, struct fe_str *bad)
{
	struct fe_items items = fe_items(list);
	const struct fe_name *name;

	*out = 0;
	while (fe_items_next(&items, ',', bad)) {
		name = find(names, variant, *bad);
		if (name == NULL)
			return false;
		*out |= name->value;
	}
	return true;
}

void fe_words_print(const struct fe_name *names, uint64_t value,
		    struct fe_buf *buf)
{
	char separator = ' ';
	uint64_t rest = value;

	for (const struct fe_name *n = names; n->name != NULL; n++) {
		if (value == 0 ? n->value != 0 :
		    n->value == 0 || (n->value & rest) != n->value)
			continue;
		fe_buf_putc(buf, separator);
		fe_buf_puts(buf, n->name);
		separator = ',';
		rest &= ~n->value;
		if (rest == 0)
			break;
	}
}

static bool parse_list(const struct fe_opt *opt,
		       struct fe_opt_context *context,
		       const struct fe_str *words, union fe_value *value)
{
	struct fe_str bad;

	if (fe_words_read(opt->names, opt->variant, words[0], &value->u, &bad))
		return true;
	if (bad.len == 0)
		return fe_opt_bad(opt, context, "a word is missing: no blanks "
				  "may stand in the list");
	return fe_opt_unknown(opt, context, "word", bad, opt->names);
}

static void print_list(const struct fe_opt *opt,
		       const struct fe_setting *setting, unsigned family,
		       struct fe_buf *buf)
{
	(void)family;
	fe_words_print(opt->names, setting->value.u, buf);
}

const struct fe_type fe_type_words = {
	.name = "words",
	.usage = "WORD[,WORD...]",
	.parse = parse_list,
	.print = print_list,
};

static bool parse_one(const struct fe_opt *opt, struct fe_opt_context *context,
		      const struct fe_str *words, union fe_value *value)
{
	const struct fe_name *name = find(opt->names, opt->variant, words[0]);

	if (name == NULL)
		return fe_opt_unknown(opt, context, "word", words[0],
				      opt->names);
	value->u = name->value;
	return true;
}

static void print_one(const struct fe_opt *opt,
		      const struct fe_setting *setting, unsigned family,
		      struct fe_buf *buf)
{
	(void)family;
	for (const struct fe_name *n = opt->names; n->name != NULL; n++) {
		if (n->value == setting->value.u) {
			fe_buf_putc(buf, ' ');
			fe_buf_puts(buf, n->name);
			return;
		}
	}
}

static void cover_one(const struct fe_opt *opt,
		      const struct fe_setting *setting, unsigned family,
		      struct fe_sink *sink)
{
	(void)family;
	sink->clause(sink);
	if (opt->field == FE_NOFIELD)
		fe_cover_unknown(sink, opt->name);
	else
		fe_cover_range(sink, opt->field, setting->neg,
			       setting->value.u, setting->value.u);
}

const struct fe_type fe_type_word = {
	.name = "word",
	.usage = "WORD",
	.parse = parse_one,
	.print = print_one,
	.cover = cover_one,
};
