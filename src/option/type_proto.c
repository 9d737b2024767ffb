/*
 * Protocols by number or name. The table is what iptables 1.8.9 knows itself
 * followed by /etc/protocols as Debian has it, so that output is the same on
 * every machine; printing uses the first name of a number.
 */
#include "option/types.h"

#include <string.h>

#include "option/value.h"

static const struct fe_name protos[] = {
	{"all", 0},
	/* What iptables knows without a file. */
	{"tcp", 6}, {"sctp", 132}, {"udp", 17}, {"udplite", 136},
	{"icmp", 1}, {"ipv6-icmp", 58}, {"icmpv6", 58}, {"esp", 50},
	{"ah", 51}, {"mobility-header", 135}, {"ipv6-mh", 135}, {"mh", 135},
	/* /etc/protocols */
	{"ip", 0}, {"hopopt", 0}, {"igmp", 2}, {"ggp", 3}, {"ipencap", 4},
	{"st", 5}, {"egp", 8}, {"igp", 9}, {"pup", 12}, {"hmp", 20},
	{"xns-idp", 22}, {"rdp", 27}, {"iso-tp4", 29}, {"dccp", 33},
	{"xtp", 36}, {"ddp", 37}, {"idpr-cmtp", 38}, {"ipv6", 41}, {"ipv6-route", 43},
	{"ipv6-frag", 44}, {"idrp", 45}, {"rsvp", 46}, {"gre", 47}, {"skip", 57},
	{"ipv6-nonxt", 59}, {"ipv6-opts", 60}, {"rspf", 73}, {"vmtp", 81},
	{"eigrp", 88}, {"ospf", 89}, {"ax.25", 93}, {"ipip", 94},
	{"etherip", 97}, {"encap", 98}, {"pim", 103}, {"ipcomp", 108}, {"vrrp", 112},
	{"l2tp", 115}, {"isis", 124}, {"fc", 133}, {"mpls-in-ip", 137},
	{"manet", 138}, {"hip", 139}, {"shim6", 140}, {"wesp", 141},
	{"rohc", 142}, {"ethernet", 143},
	{NULL, 0},
};

const char *fe_proto_name(unsigned proto)
{
	for (const struct fe_name *p = protos; p->name != NULL; p++) {
		if (p->value == proto)
			return p->name;
	}
	return NULL;
}

bool fe_proto_read(struct fe_str word, unsigned *proto)
{
	uint64_t n;

	if (fe_str_u64(word, 0, 255, &n)) {
		*proto = (unsigned)n;
		return true;
	}
	for (const struct fe_name *p = protos; p->name != NULL; p++) {
		if (fe_str_case_is(word, p->name)) {
			*proto = (unsigned)p->value;
			return true;
		}
	}
	return false;
}

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	unsigned proto;

	if (!fe_proto_read(words[0], &proto))
		return fe_opt_unknown(opt, context, "protocol", words[0],
				      protos);
	value->u = proto;
	return true;
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	unsigned proto = (unsigned)setting->value.u;
	const char *name = fe_proto_name(proto);

	(void)opt;
	(void)family;
	if (proto == 0)
		return;
	fe_buf_putc(buf, ' ');
	if (name != NULL)
		fe_buf_puts(buf, name);
	else
		fe_buf_uint(buf, proto);
}

static void cover(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_sink *sink)
{
	(void)family;
	if (setting->value.u != 0)
		fe_cover_one(sink, opt->field, setting->neg, setting->value.u,
			     setting->value.u);
}

const struct fe_type fe_type_proto = {
	.name = "protocol",
	.usage = "NAME|NUMBER",
	.parse = parse,
	.print = print,
	.cover = cover,
};

/* conntrack's protocol: saved as a number, and 0 is one too. */
static void print_ct(const struct fe_opt *opt,
		     const struct fe_setting *setting, unsigned family,
		     struct fe_buf *buf)
{
	(void)opt;
	(void)family;
	fe_buf_printf(buf, " %u", (unsigned)setting->value.u);
}

static void cover_ct(const struct fe_opt *opt,
		     const struct fe_setting *setting, unsigned family,
		     struct fe_sink *sink)
{
	(void)family;
	fe_cover_one(sink, opt->field, setting->neg, setting->value.u,
		     setting->value.u);
}

const struct fe_type fe_type_ctproto = {
	.name = "protocol",
	.usage = "NAME|NUMBER",
	.parse = parse,
	.print = print_ct,
	.cover = cover_ct,
};
