/*
 * Up to 15 ports; a range takes two of the places. The words are looked up
 * for the rule's -p, which must come first. A range must grow: 80:80 is
 * refused as 90:80 is.
 */
#include "option/types.h"

#include "option/value.h"

#define PLACES 15

static bool has_ports(unsigned proto)
{
	return proto == 6 || proto == 17 || proto == 136 || proto == 132 ||
	       proto == 33;
}

static bool read_item(const struct fe_opt *opt, struct fe_opt_context *context,
		      struct fe_str item, struct fe_port_list *list)
{
	struct fe_str lo, hi, *bad = NULL;
	bool range = fe_str_cut(item, ':', &lo, &hi);
	uint32_t a, b;

	if (!fe_port_read(context, lo, &a))
		bad = &lo;
	b = a;
	if (bad == NULL && range && !fe_port_read(context, hi, &b))
		bad = &hi;
	if (bad != NULL)
		return fe_opt_bad(opt, context,
				  "\"%.*s\" is not a port or service",
				  (int)bad->len, bad->s);
	if (range && a >= b)
		return fe_opt_bad(opt, context,
				  "\"%.*s\": the second port must be higher",
				  (int)item.len, item.s);
	list->port[list->n].lo = (uint16_t)a;
	list->port[list->n++].hi = (uint16_t)b;
	return true;
}

/* The one mistake here that has an id of its own. */
static bool without_ports(const struct fe_opt *opt,
			  struct fe_opt_context *context)
{
	struct fe_diags *diags = context->diags;

	fe_opt_bad(opt, context, "needs -p tcp, udp, udplite, sctp or dccp "
		   "before it");
	diags->list.data[diags->list.n - 1]->id = "FE104";
	return false;
}

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	struct fe_port_list *list;
	struct fe_items items = fe_items(words[0]);
	struct fe_str item, head, tail;
	unsigned places = 0;

	if (!has_ports(context->proto) || context->proto_neg)
		return without_ports(opt, context);
	list = fe_new(context->arena, struct fe_port_list);
	while (fe_items_next(&items, ',', &item)) {
		places += fe_str_cut(item, ':', &head, &tail) ? 2 : 1;
		if (places > PLACES)
			return fe_opt_bad(opt, context,
					  "more than %d ports (a range counts "
					  "as two)", PLACES);
		if (!read_item(opt, context, item, list))
			return false;
	}
	value->ptr = list;
	return true;
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	const struct fe_port_list *list = setting->value.ptr;

	(void)opt;
	(void)family;
	for (uint32_t i = 0; i < list->n; i++) {
		fe_buf_putc(buf, i == 0 ? ' ' : ',');
		fe_buf_uint(buf, list->port[i].lo);
		if (list->port[i].hi == list->port[i].lo)
			continue;
		fe_buf_putc(buf, ':');
		fe_buf_uint(buf, list->port[i].hi);
	}
}

/* FE_NOFIELD: either port will do (--ports). */
static void cover(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_sink *sink)
{
	const struct fe_port_list *list = setting->value.ptr;
	bool neg = setting->neg;

	(void)family;
	if (!neg)
		sink->clause(sink);
	for (uint32_t i = 0; i < list->n; i++) {
		for (int side = 0; side < 2; side++) {
			enum fe_field f = side == 0 ? FE_F_SPORT : FE_F_DPORT;

			if (opt->field != FE_NOFIELD && opt->field != f)
				continue;
			if (neg)
				sink->clause(sink);
			fe_cover_range(sink, f, neg, list->port[i].lo,
				       list->port[i].hi);
		}
	}
}

const struct fe_type fe_type_port_list = {
	.name = "ports",
	.usage = "PORT[:PORT][,PORT[:PORT]...]",
	.parse = parse,
	.print = print,
	.cover = cover,
};
