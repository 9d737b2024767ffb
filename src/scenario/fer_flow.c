/*
 * Fer: flows, what is sent in them, and bursts of them.
 *
 *	flow f = tcp 10.1.2.3:40000 -> 10.0.0.5:22 in eth0
 *	send f SYN,ACK reply len 100
 *	burst 5000 tcp flows from 10.1.0.0/16 to 10.0.0.5 port 80 over 60s
 */
#include <string.h>

#include "packet/wire.h"
#include "scenario/fer.h"

struct fe_fer_flow *fe_test_flow(struct fe_test *test, struct fe_str name)
{
	for (size_t i = 0; i < test->flows.n; i++)
		if (fe_str_eq(test->flows.data[i]->name, name))
			return test->flows.data[i];
	return NULL;
}

static bool read_u32(struct fe_cursor *c, const char *what, uint32_t max,
		     uint32_t *out)
{
	uint64_t n;

	if (!fe_cursor_number(c, what, max, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}

static bool read_u8(struct fe_cursor *c, const char *what, uint8_t *out)
{
	uint32_t n;

	if (!read_u32(c, what, 255, &n))
		return false;
	*out = (uint8_t)n;
	return true;
}

/* What flows and bursts may both say: -1 unknown word, else whether read. */
static int ends_option(struct fe_cursor *c, struct fe_fer_ends *ends)
{
	if (fe_cursor_take(c, "in"))
		return fe_cursor_iface(c, &ends->in);
	if (fe_cursor_take(c, "out"))
		return fe_cursor_iface(c, &ends->out);
	if (fe_cursor_take(c, "uid"))
		return read_u32(c, "a user id", UINT32_MAX - 1, &ends->uid);
	if (fe_cursor_take(c, "mark"))
		return read_u32(c, "a mark", UINT32_MAX, &ends->mark);
	if (fe_cursor_take(c, "ttl"))
		return read_u8(c, "a TTL", &ends->ttl);
	if (fe_cursor_take(c, "tos"))
		return read_u8(c, "a TOS", &ends->tos);
	return -1;
}

static const char *const ends_words[] = {
	"in", "out", "uid", "mark", "ttl", "tos", NULL,
};

static bool read_proto(struct fe_cursor *c, struct fe_fer_ends *ends)
{
	static const char *const names[] = {"tcp", "udp", "icmp", "icmpv6",
					    "sctp", "gre", "esp", NULL};
	struct fe_script_word word;

	if (!fe_cursor_want(c, "a protocol", &word))
		return false;
	ends->proto = fe_fer_proto(word.text);
	if (ends->proto)
		return true;
	fe_cursor_unknown(c, &word, "protocol", names);
	return false;
}

/* "ping" over IPv6 is ICMPv6. */
static bool same_family(struct fe_cursor *c, struct fe_fer_ends *ends)
{
	if (ends->src.family != ends->dst.family) {
		fe_fer_error(c->fer, c->span, "one end is IPv4, the other IPv6");
		return false;
	}
	if (ends->proto == 1 && ends->src.family == 6)
		ends->proto = 58;
	return true;
}

static bool is_host(const struct fe_fer_net *net)
{
	return net->prefix_len == (net->family == 4 ? 32 : 128);
}

static bool has_ports(uint8_t proto)
{
	return proto == 6 || proto == 17 || proto == 132 || proto == 136;
}

static bool read_flow_ends(struct fe_cursor *c, struct fe_fer_ends *ends)
{
	struct fe_script_word word;

	if (!read_proto(c, ends) || !fe_cursor_net(c, &ends->src, &ends->sports))
		return false;
	if (!fe_cursor_take(c, "->")) {
		if (fe_cursor_want(c, "'->'", &word))
			fe_fer_error(c->fer, word.span, "'->' and the other "
				     "end belong here");
		return false;
	}
	if (!fe_cursor_net(c, &ends->dst, &ends->dports[0]))
		return false;
	ends->n_dports = 1;
	if (!is_host(&ends->src) || !is_host(&ends->dst)) {
		fe_fer_error(c->fer, c->span, "a flow has two addresses, not "
					      "networks");
		return false;
	}
	if (!same_family(c, ends))
		return false;
	if (has_ports(ends->proto) && !ends->dports[0].lo) {
		fe_fer_error(c->fer, c->span, "the destination has no port");
		return false;
	}
	return true;
}

struct fe_fer_flow *fe_fer_flow(struct fe_fer *fer, struct fe_test *test,
				const struct fe_script_line *line)
{
	struct fe_fer_flow *flow = fe_new(fer->arena, struct fe_fer_flow);
	struct fe_cursor c = {.fer = fer, .words = &line->words, .at = 1,
			      .span = line->span};
	struct fe_script_word word;

	flow->ends.uid = UINT32_MAX;
	if (!fe_cursor_want(&c, "a name", &word))
		return NULL;
	flow->name = word.text;
	if (fe_test_flow(test, flow->name)) {
		fe_fer_error(fer, word.span, "there is a flow of this name");
		return NULL;
	}
	flow->id = (uint16_t)(test->flows.n + 1);
	/* Known from here on, lest a mistake below makes more of them. */
	fe_vec_push(&test->flows, flow);
	if (!fe_cursor_take(&c, "=")) {
		fe_fer_error(fer, line->span, "write: flow NAME = tcp SOURCE "
					      "-> DESTINATION");
		return NULL;
	}
	if (!read_flow_ends(&c, &flow->ends))
		return NULL;
	while (fe_cursor_peek(&c, &word)) {
		int status = ends_option(&c, &flow->ends);
		if (status < 0)
			fe_cursor_unknown(&c, &word, "word", ends_words);
		if (status != 1)
			return NULL;
	}
	if (has_ports(flow->ends.proto) && !flow->ends.sports.lo)
		flow->ends.sports = (struct fe_fer_ports){40000, 40000};
	return flow;
}

/* --- send --- */

static const struct {
	const char *name;
	uint8_t flag;
} tcp_flags[] = {
	{"FIN", FE_TCP_FIN}, {"SYN", FE_TCP_SYN}, {"RST", FE_TCP_RST},
	{"PSH", FE_TCP_PSH}, {"ACK", FE_TCP_ACK}, {"URG", FE_TCP_URG},
	{"ECE", FE_TCP_ECE}, {"CWR", FE_TCP_CWR}, {"NONE", 0},
};

static bool read_flags(struct fe_str text, uint8_t *flags)
{
	*flags = 0;
	while (text.len) {
		const char *cut = memchr(text.s, ',', text.len);
		struct fe_str name = text;
		size_t i;
		if (cut)
			name.len = (size_t)(cut - text.s);
		for (i = 0; i < sizeof(tcp_flags) / sizeof(*tcp_flags); i++)
			if (fe_str_is(name, tcp_flags[i].name))
				break;
		if (i == sizeof(tcp_flags) / sizeof(*tcp_flags))
			return false;
		*flags |= tcp_flags[i].flag;
		text.s += name.len + (cut ? 1 : 0);
		text.len -= name.len + (cut ? 1 : 0);
	}
	return true;
}

static const struct {
	const char *name;
	uint8_t v4[2], v6[2]; /* type, code */
} icmp_errors[] = {
	{"net-unreachable", {3, 0}, {1, 0}},
	{"host-unreachable", {3, 1}, {1, 3}},
	{"port-unreachable", {3, 3}, {1, 4}},
	{"too-big", {3, 4}, {2, 0}},
	{"admin-prohibited", {3, 13}, {1, 1}},
	{"time-exceeded", {11, 0}, {3, 0}},
	{"parameter-problem", {12, 0}, {4, 0}},
	{NULL, {0, 0}, {0, 0}},
};

static bool read_error(struct fe_cursor *c, struct fe_send *send)
{
	static const char *const names[] = {
	    "net-unreachable", "host-unreachable", "port-unreachable",
	    "too-big", "admin-prohibited", "time-exceeded",
	    "parameter-problem", NULL};
	struct fe_script_word word;

	if (!fe_cursor_want(c, "an ICMP error", &word))
		return false;
	for (size_t i = 0; icmp_errors[i].name; i++) {
		const uint8_t *row = send->flow->ends.src.family == 4
					 ? icmp_errors[i].v4
					 : icmp_errors[i].v6;
		if (!fe_str_is(word.text, icmp_errors[i].name))
			continue;
		send->kind = FE_SEND_ERROR;
		send->icmp_type = row[0];
		send->icmp_code = row[1];
		return true;
	}
	fe_cursor_unknown(c, &word, "ICMP error", names);
	return false;
}

static bool read_type(struct fe_cursor *c, struct fe_send *send)
{
	uint8_t proto = send->flow->ends.proto;

	if (proto != 1 && proto != 58) {
		fe_fer_error(c->fer, c->span, "only ICMP packets have a type");
		return false;
	}
	send->has_type = true;
	return read_u8(c, "an ICMP type", &send->icmp_type);
}

static bool send_option(struct fe_cursor *c, struct fe_send *send)
{
	static const char *const words[] = {
	    "SYN", "SYN,ACK", "ACK", "FIN,ACK", "RST", "data", "reply", "len",
	    "seq", "ack", "ttl", "in", "from", "error", "type", "code",
	    "bad-checksum", NULL};
	struct fe_script_word word;
	struct fe_fer_net net;

	if (fe_cursor_take(c, "reply"))
		return send->reply = true;
	if (fe_cursor_take(c, "len"))
		return read_u32(c, "a length", 1400, &send->len);
	if (fe_cursor_take(c, "seq"))
		return send->has_seq = read_u32(c, "a sequence number",
						UINT32_MAX, &send->seq);
	if (fe_cursor_take(c, "ack"))
		return send->has_ack = read_u32(c, "a sequence number",
						UINT32_MAX, &send->ack);
	if (fe_cursor_take(c, "ttl"))
		return read_u8(c, "a TTL", &send->ttl);
	if (fe_cursor_take(c, "in"))
		return fe_cursor_iface(c, &send->iface);
	if (fe_cursor_take(c, "type"))
		return read_type(c, send);
	if (send->has_type && fe_cursor_take(c, "code"))
		return read_u8(c, "an ICMP code", &send->icmp_code);
	if (fe_cursor_take(c, "error"))
		return read_error(c, send);
	if (fe_cursor_take(c, "bad-checksum"))
		return send->bad_checksum = true;
	if (fe_cursor_take(c, "from")) {
		if (!fe_cursor_net(c, &net, NULL))
			return false;
		send->from = net.addr;
		return true;
	}
	if (fe_cursor_take(c, "data")) {
		send->flags = FE_TCP_PSH | FE_TCP_ACK;
		send->len = send->len ? send->len : 100;
		return true;
	}
	fe_cursor_next(c, &word);
	if (send->flow->ends.proto == 6 && read_flags(word.text, &send->flags))
		return true;
	fe_cursor_unknown(c, &word, "word", words);
	return false;
}

bool fe_fer_send(struct fe_fer *fer, struct fe_test *test,
		 const struct fe_script_line *line, struct fe_send *send)
{
	struct fe_cursor c = {.fer = fer, .words = &line->words, .at = 1,
			      .span = line->span};
	struct fe_script_word word;

	if (!fe_cursor_want(&c, "the name of a flow", &word))
		return false;
	send->flow = fe_test_flow(test, word.text);
	if (!send->flow) {
		fe_fer_error(fer, word.span, "there is no flow '%.*s'",
			     (int)word.text.len, word.text.s);
		return false;
	}
	bool told = false;
	while (fe_cursor_peek(&c, &word)) {
		if (!send_option(&c, send))
			return false;
		told = true;
	}
	if (send->flow->ends.proto == 6 && send->kind == FE_SEND_PLAIN &&
	    !send->flags && !told) {
		fe_fer_error(fer, line->span, "which TCP flags?");
		return false;
	}
	return true;
}

/* --- burst --- */

/* "80", "8000-8999", "80,443" */
static bool read_dports(struct fe_cursor *c, struct fe_fer_ends *ends)
{
	struct fe_script_word word;
	struct fe_str rest;

	if (!fe_cursor_want(c, "a port", &word))
		return false;
	ends->n_dports = 0;
	for (rest = word.text; rest.len && ends->n_dports < FE_FER_PORTS;) {
		const char *cut = memchr(rest.s, ',', rest.len);
		struct fe_str one = rest;
		if (cut)
			one.len = (size_t)(cut - rest.s);
		if (!fe_fer_ports_read(one, &ends->dports[ends->n_dports++]))
			break;
		rest.s += one.len + (cut ? 1 : 0);
		rest.len -= one.len + (cut ? 1 : 0);
	}
	if (!rest.len)
		return true;
	fe_fer_error(c->fer, word.span, "'%.*s' is not a list of up to %d "
		     "ports", (int)word.text.len, word.text.s, FE_FER_PORTS);
	return false;
}

static int burst_option(struct fe_cursor *c, struct fe_burst *burst)
{
	struct fe_script_word word;

	if (fe_cursor_take(c, "from"))
		return fe_cursor_net(c, &burst->ends.src, NULL);
	if (fe_cursor_take(c, "to"))
		return fe_cursor_net(c, &burst->ends.dst, NULL);
	if (fe_cursor_take(c, "port"))
		return read_dports(c, &burst->ends);
	if (fe_cursor_take(c, "over"))
		return fe_cursor_time(c, &burst->over);
	if (fe_cursor_take(c, "at"))
		return fe_cursor_time(c, &burst->begin);
	if (fe_cursor_take(c, "hold"))
		return fe_cursor_time(c, &burst->hold);
	if (fe_cursor_take(c, "unanswered"))
		return burst->unanswered = true;
	if (fe_cursor_take(c, "open"))
		return burst->open = true;
	if (fe_cursor_take(c, "len"))
		return read_u32(c, "a length", 1400, &burst->len);
	if (!fe_cursor_take(c, "sport"))
		return ends_option(c, &burst->ends);
	if (!fe_cursor_want(c, "a port", &word))
		return false;
	if (fe_fer_ports_read(word.text, &burst->ends.sports))
		return true;
	fe_fer_error(c->fer, word.span, "'%.*s' is not a port or a range",
		     (int)word.text.len, word.text.s);
	return false;
}

static bool burst_makes_sense(struct fe_cursor *c, struct fe_burst *burst)
{
	struct fe_fer_ends *ends = &burst->ends;

	if (!ends->src.family || !ends->dst.family) {
		fe_fer_error(c->fer, c->span, "a burst goes 'from' one "
					      "network 'to' another");
		return false;
	}
	if (!same_family(c, ends))
		return false;
	if (has_ports(ends->proto) && !ends->n_dports) {
		fe_fer_error(c->fer, c->span, "the burst has no 'port'");
		return false;
	}
	if (!ends->sports.hi)
		ends->sports = (struct fe_fer_ports){1024, 65535};
	return true;
}

struct fe_burst *fe_fer_burst(struct fe_fer *fer,
			      const struct fe_script_line *line)
{
	static const char *const words[] = {
	    "from", "to", "port", "sport", "over", "at", "hold", "unanswered",
	    "open", "len", "in", "out", "uid", "mark", "ttl", "tos", NULL};
	struct fe_burst *burst = fe_new(fer->arena, struct fe_burst);
	struct fe_cursor c = {.fer = fer, .words = &line->words, .at = 1,
			      .span = line->span};
	struct fe_script_word word;

	burst->over = 1000000000;
	burst->ends.uid = UINT32_MAX;
	burst->len = 200;
	if (!read_u32(&c, "the number of flows", 100000000, &burst->n) ||
	    !read_proto(&c, &burst->ends))
		return NULL;
	if (!fe_cursor_take(&c, "flows"))
		fe_cursor_take(&c, "flow");
	while (fe_cursor_peek(&c, &word)) {
		int status = burst_option(&c, burst);
		if (status < 0)
			fe_cursor_unknown(&c, &word, "word", words);
		if (status != 1)
			return NULL;
	}
	return burst_makes_sense(&c, burst) ? burst : NULL;
}
