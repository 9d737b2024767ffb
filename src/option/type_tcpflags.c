/*
 * TCP flags: which to look at, and which of those are set.
 *
 * ALL and NONE are words of both lists; they are saved spelt out. A flag that
 * is compared but not looked at makes a rule that never matches, as in the
 * kernel; looking at none is not saved.
 */
#include "option/types.h"

#include "option/value.h"
#include "packet/packet.h"

static const struct fe_name flags[] = {
	{"FIN", FE_TCP_FIN}, {"SYN", FE_TCP_SYN}, {"RST", FE_TCP_RST},
	{"PSH", FE_TCP_PSH}, {"ACK", FE_TCP_ACK}, {"URG", FE_TCP_URG},
	{"ALL", 0x3f},       {"NONE", 0},         {NULL, 0},
};

static bool read_flags(const struct fe_opt *opt,
		       struct fe_opt_context *context, struct fe_str list,
		       uint32_t *out)
{
	struct fe_items items = fe_items(list);
	struct fe_str word;
	const struct fe_name *f;

	*out = 0;
	while (fe_items_next(&items, ',', &word)) {
		for (f = flags; f->name != NULL; f++) {
			if (fe_str_case_is(word, f->name))
				break;
		}
		if (f->name == NULL && word.len > 0)
			return fe_opt_bad(opt, context,
					  "unknown TCP flag \"%.*s\"",
					  (int)word.len, word.s);
		*out |= (uint32_t)f->value;
	}
	return true;
}

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	return read_flags(opt, context, words[0], &value->masked.mask) &&
	       read_flags(opt, context, words[1], &value->masked.value);
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	if (setting->value.masked.mask == 0 && !setting->neg)
		return;
	fe_words_print(flags, setting->value.masked.mask, buf);
	fe_words_print(flags, setting->value.masked.value, buf);
}

static void cover(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_sink *sink)
{
	(void)opt;
	(void)family;
	sink->clause(sink);
	fe_cover_mask(sink, FE_F_TCP_FLAGS, setting->neg,
		      setting->value.masked.value, setting->value.masked.mask);
}

const struct fe_type fe_type_tcp_flags = {
	.name = "TCP flags",
	.usage = "MASK FLAGS",
	.parse = parse,
	.print = print,
	.cover = cover,
};

static bool parse_syn(const struct fe_opt *opt, struct fe_opt_context *context,
		      const struct fe_str *words, union fe_value *value)
{
	(void)opt;
	(void)context;
	(void)words;
	value->masked.mask = FE_TCP_FIN | FE_TCP_SYN | FE_TCP_RST | FE_TCP_ACK;
	value->masked.value = FE_TCP_SYN;
	return true;
}

const struct fe_type fe_type_syn = {
	.name = "SYN",
	.usage = "",
	.parse = parse_syn,
	.print = print,
	.cover = cover,
};
