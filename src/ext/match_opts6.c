/*
 * hbh and dst: IPv6's hop-by-hop and destination options.
 *
 * --X-opts TYPE[:LEN],...: the header begins with these options, in this
 * order; padding counts as an option like any other.
 */
#include "ext/ext.h"

#include "ext/header6.h"
#include "option/types.h"
#include "option/value.h"

enum { LENGTH, OPTIONS };
enum { MOST = 16, ANY_SIZE = 255 };

struct options {
	unsigned n;
	struct {
		uint8_t type, size; /* ANY_SIZE: not looked at */
	} option[MOST];
};

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	struct options *o = fe_new(context->arena, struct options);
	struct fe_items items = fe_items(words[0]);
	struct fe_str item, type, size;
	uint64_t n, len;

	value->ptr = o;
	/* Both wrap at 256, as the bytes do that keep them. */
	while (fe_items_next(&items, ',', &item)) {
		if (o->n == MOST)
			return fe_opt_bad(opt, context,
					  "more than %d options", MOST);
		len = ANY_SIZE;
		if ((fe_str_cut(item, ':', &type, &size) &&
		     !fe_number_read(size, UINT32_MAX, &len)) ||
		    !fe_number_read(type, UINT32_MAX, &n))
			return fe_opt_bad(opt, context,
					  "\"%.*s\" is no option type with "
					  "its length", (int)item.len, item.s);
		if ((uint8_t)n == 0 && type.len < item.len)
			return fe_opt_bad(opt, context,
					  "option 0, one byte of padding, has "
					  "no length");
		o->option[o->n].type = (uint8_t)n;
		o->option[o->n++].size = (uint8_t)len;
	}
	return true;
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	const struct options *o = setting->value.ptr;

	(void)opt;
	(void)family;
	for (unsigned i = 0; i < o->n; i++) {
		fe_buf_putc(buf, i == 0 ? ' ' : ',');
		fe_buf_uint(buf, o->option[i].type);
		if (o->option[i].size == ANY_SIZE)
			continue;
		fe_buf_putc(buf, ':');
		fe_buf_uint(buf, o->option[i].size);
	}
}

static const struct fe_type type_options = {
	.name = "options",
	.usage = "TYPE[:LENGTH][,TYPE[:LENGTH]...]",
	.parse = parse,
	.print = print,
};

#define OPTS(PREFIX)                                                           \
	{                                                                      \
		[LENGTH] = {.name = PREFIX "-len", .n_args = 1,                \
			    .type = &fe_type_number, .flags = FE_NEG,          \
			    .help = "the header's length in bytes"},           \
		[OPTIONS] = {.name = PREFIX "-opts", .n_args = 1,              \
			     .type = &type_options,                            \
			     .help = "it begins with these options"},          \
		{.name = NULL},                                                \
	}

static const struct fe_opt hbh_opts[] = OPTS("hbh");
static const struct fe_opt dst_opts[] = OPTS("dst");

static bool begins_with(const struct options *o, const uint8_t *at,
			uint32_t left)
{
	for (unsigned i = 0; i < o->n; i++) {
		uint32_t size = 1;

		if (left < 1 || at[0] != o->option[i].type)
			return false;
		if (at[0] != 0) { /* all but a byte of padding */
			if (left < 2)
				return false;
			if (o->option[i].size != ANY_SIZE &&
			    o->option[i].size != at[1])
				return false;
			size = at[1] + 2u;
		}
		/* The last one may be longer than the header, to the kernel. */
		if (size > left)
			return i + 1 == o->n;
		at += size;
		left -= size;
	}
	return true;
}

static enum fe_answer match(const struct fe_part *part,
			    const struct fe_packet *packet, uint8_t proto)
{
	const struct fe_setting *length = fe_part_find(part, LENGTH);
	const struct fe_setting *options = fe_part_find(part, OPTIONS);
	struct fe_header6 h;
	enum fe_answer found = fe_header6(packet, proto, 2, &h);
	const uint8_t *header;
	uint32_t size;

	if (found != FE_YES)
		return found;
	header = packet->data + h.offset;
	size = (header[1] + 1u) * 8;
	if (size > h.left)
		return FE_NO;
	if (h.offset + size > packet->caught)
		return FE_DUNNO;
	if (length != NULL && (length->value.u == size) == length->neg)
		return FE_NO;
	return options == NULL ||
		       begins_with(options->value.ptr, header + 2, size - 2) ?
		       FE_YES : FE_NO;
}

static enum fe_answer eval_hbh(const struct fe_part *part,
			       const struct fe_packet *packet, void *state)
{
	(void)state;
	return match(part, packet, 0);
}

static enum fe_answer eval_dst(const struct fe_part *part,
			       const struct fe_packet *packet, void *state)
{
	(void)state;
	return match(part, packet, 60);
}

const struct fe_ext fe_match_hbh = {
	.name = "hbh",
	.kind = FE_MATCH,
	.families = FE_V6,
	.effects_known = true,
	.summary = "IPv6 hop-by-hop options",
	.opts = hbh_opts,
	.lower = fe_lower_always_unknown,
	.eval = eval_hbh,
};

const struct fe_ext fe_match_dst = {
	.name = "dst",
	.kind = FE_MATCH,
	.families = FE_V6,
	.effects_known = true,
	.summary = "IPv6 destination options",
	.opts = dst_opts,
	.lower = fe_lower_always_unknown,
	.eval = eval_dst,
};
