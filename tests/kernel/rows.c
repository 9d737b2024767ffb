/*
 * Rows: measured facts about who tracks what, each a small case of its own.
 *
 * A row is played by the kernel and by the engine, both must show what the
 * row says, and agree in all else. Names are those of the fact's number:
 * E what switches tracking on and what NOTRACK does, X what goes wrong with
 * half a plan, R routers.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "kt.h"
#include "rows.h"

/* Host 0: eth0 10.0.2.1/24, eth1 10.0.3.1/24, forwarding. */
#define TRIGGER "*filter\n-A FORWARD -m conntrack --ctstate ESTABLISHED\n"
#define BOTH "in tcp 40000 80;out udp 40001 53"
#define BOTH_STEPS "0>S 0<SA 0>A 1>U 1<U"
#define MIXED \
	"in tcp 40000 80;out tcp 40001 443;in udp 40002 53;out udp 40003 53"
#define MIXED_STEPS "0>S 0<SA 0>A 0>D 0<D 1>S 1<SA 1>A 1>D 1<D 2>U 2<U 3>U 3<U"
#define FORWARDED "fwd udp 40000 53"

const struct kt_row kt_rows[] = {
    {"E1a stateless rules track nothing",
     "*filter\n-A INPUT -p tcp --dport 80 -j ACCEPT\n"
     "-A OUTPUT -p udp -j ACCEPT\n",
     BOTH, BOTH_STEPS, "dsdsd", .entries = 0},
    {"E1b a state rule that never matches tracks every flow", TRIGGER, BOTH,
     BOTH_STEPS, "dsdsd", .entries = 2},
    {"E15 once the state rule is flushed, tracking is off again",
     "*filter\n-A INPUT -j ACCEPT\n", BOTH, BOTH_STEPS, "dsdsd", .entries = 0},
    {"E1c NOTRACK alone does not switch tracking on",
     "*raw\n-A PREROUTING -p 50 -j NOTRACK\n", BOTH, BOTH_STEPS, "dsdsd",
     .entries = 0},
    {"E1d CT --zone does", "*raw\n-A PREROUTING -p 50 -j CT --zone 1\n", BOTH,
     BOTH_STEPS, "dsdsd", .entries = 2},
    {"E1e state switches tracking on",
     "*filter\n-A FORWARD -p 50 -m state --state NEW\n", BOTH, BOTH_STEPS,
     "dsdsd", .entries = 2},
    {"E1e connmark switches tracking on",
     "*mangle\n-A FORWARD -p 50 -m connmark --mark 1\n", BOTH, BOTH_STEPS,
     "dsdsd", .entries = 2},
    {"E1e CONNMARK switches tracking on",
     "*mangle\n-A FORWARD -p 50 -j CONNMARK --save-mark\n", BOTH, BOTH_STEPS,
     "dsdsd", .entries = 2},
    {"E1e limit does not",
     "*filter\n-A INPUT -m limit --limit 1/hour -j ACCEPT\n", BOTH, BOTH_STEPS,
     "dsdsd", .entries = 0},
    {"E1e REJECT, LOG, MARK and addrtype do not",
     "*filter\n-A INPUT -p 50 -j REJECT\n-A INPUT -p 50 -j LOG\n"
     "*mangle\n-A INPUT -m addrtype --dst-type LOCAL -j MARK --set-mark 1\n",
     BOTH, BOTH_STEPS, "dsdsd", .entries = 0},
    {"E1f MASQUERADE by an interface that isn't there does",
     "*nat\n-A POSTROUTING -o nosuch -j MASQUERADE\n", BOTH, BOTH_STEPS,
     "dsdsd", .entries = 2},
    {"E1g an empty nat table does not", "*nat\n", BOTH, BOTH_STEPS, "dsdsd",
     .entries = 0},
    {"E2 NOTRACK in OUTPUT only: the served flow stays SYN_SENT",
     TRIGGER "*raw\n-A OUTPUT -j NOTRACK\n", "in tcp 40000 80",
     "0>S 0<SA 0>A 0>D 0<D", "dsdds", .entries = 1,
     .entry = "SYN_SENT UNREPLIED"},
    {"E2 NOTRACK in OUTPUT only: every flow keeps an entry, none assured",
     TRIGGER "*raw\n-A OUTPUT -j NOTRACK\n", MIXED, MIXED_STEPS,
     "dsddssdssddssd", .entries = 4, .entry = "UNREPLIED"},
    {"X18 and with INVALID dropped the handshake never completes",
     TRIGGER "-A INPUT -m conntrack --ctstate INVALID -j DROP\n"
	     "*raw\n-A OUTPUT -j NOTRACK\n",
     "in tcp 40000 80", "0>S 0<SA 0>A", "dsv", .entries = 1,
     .rule = "--ctstate INVALID -j DROP", .hits = 1},
    {"E3 loopback: NOTRACK in PREROUTING has no effect",
     TRIGGER "*raw\n-A PREROUTING -i lo -j NOTRACK\n", "lo udp 40000 53",
     "0>U 0<U", "dd", .entries = 1, .rule = "-A PREROUTING -i lo", .hits = 2},
    {"E3b loopback: NOTRACK in OUTPUT is enough",
     TRIGGER "-A INPUT -m conntrack --ctstate UNTRACKED -j ACCEPT\n"
	     "*raw\n-A OUTPUT -o lo -j NOTRACK\n",
     "lo udp 40000 53", "0>U 0<U", "dd", .entries = 0,
     .rule = "--ctstate UNTRACKED", .hits = 2},
    {"E4 in raw every packet is INVALID",
     "*raw\n-A PREROUTING -m conntrack --ctstate INVALID\n", "in udp 40000 53",
     "0>U 0<U 0>U", "dsd", .entries = 1, .rule = "--ctstate INVALID",
     .hits = 2},
    {"E4 in raw no packet is NEW, ESTABLISHED or RELATED",
     "*raw\n-A PREROUTING -m conntrack --ctstate NEW,RELATED,ESTABLISHED\n",
     "in udp 40000 53", "0>U 0<U 0>U", "dsd", .entries = 1,
     .rule = "--ctstate NEW", .hits = 0},
    {"E4 in raw a packet is UNTRACKED behind its NOTRACK rule",
     TRIGGER "*raw\n-A PREROUTING -j NOTRACK\n"
	     "-A PREROUTING -m conntrack --ctstate UNTRACKED -m comment "
	     "--comment behind\n",
     "in udp 40000 53", "0>U 0>U", "dd", .entries = 0, .rule = "behind",
     .hits = 2},
    {"E5 an ICMP error for an untracked flow is INVALID",
     TRIGGER "-A INPUT -m conntrack --ctstate INVALID -j ACCEPT\n"
	     "*raw\n-A OUTPUT -p udp -j NOTRACK\n",
     "out udp 40000 53", "0>U 0>E", "sd", .entries = 0,
     .rule = "--ctstate INVALID", .hits = 1},
    {"E5b an ICMP error for a tracked flow is RELATED",
     TRIGGER "-A INPUT -m conntrack --ctstate RELATED -j ACCEPT\n",
     "out udp 40000 53", "0>U 0>E", "sd", .entries = 1,
     .rule = "--ctstate RELATED", .hits = 1},
    {"E5c with INVALID dropped the application never sees the error",
     TRIGGER "-A INPUT -m conntrack --ctstate INVALID -j DROP\n"
	     "*raw\n-A OUTPUT -p udp -j NOTRACK\n",
     "out udp 40000 53", "0>U 0>E", "sv", .entries = 0},
    {"E6 a redirect of an untracked port no longer happens",
     "*nat\n-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080\n"
     "*raw\n-A PREROUTING -p tcp --dport 80 -j NOTRACK\n",
     "in tcp 40000 80", "0>S", "d", .entries = 0, .wire = "10.0.2.1.80 "},
    {"E6 and without NOTRACK it does",
     "*nat\n-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080\n",
     "in tcp 40000 80", "0>S", "d", .entries = 1, .wire = "10.0.2.1.8080 "},
    {"R3 an untracked packet leaves with its private source",
     "*nat\n-A POSTROUTING -o eth0 -j MASQUERADE\n"
     "*raw\n-A PREROUTING -i eth1 -p udp --dport 53 -j NOTRACK\n",
     FORWARDED, "0>U", "s", .entries = 0, .wire = "10.0.3.10.40000 >"},
    {"R3 a tracked one does not",
     "*nat\n-A POSTROUTING -o eth0 -j MASQUERADE\n", FORWARDED, "0>U 0<U", "ss",
     .entries = 1, .wire = "10.0.2.1.40000 >"},
    {"E7 a client's flow untracked one way: the reply is dropped",
     "*filter\n:INPUT DROP\n-A INPUT -m conntrack --ctstate "
     "RELATED,ESTABLISHED -j ACCEPT\n*raw\n-A OUTPUT -p udp --dport 53 "
     "-j NOTRACK\n",
     "out udp 40000 53", "0>U 0<U", "sv", .entries = 0},
    {"E7 with the reverse rule and UNTRACKED accepted it works",
     "*filter\n:INPUT DROP\n-A INPUT -m conntrack --ctstate "
     "RELATED,ESTABLISHED,UNTRACKED -j ACCEPT\n*raw\n-A OUTPUT -p udp "
     "--dport 53 -j NOTRACK\n-A PREROUTING -p udp --sport 53 -j NOTRACK\n",
     "out udp 40000 53", "0>U 0<U", "sd", .entries = 0},
    {"X19 both directions untracked, only NEW and ESTABLISHED accepted",
     "*filter\n:INPUT DROP\n-A INPUT -m state --state NEW,ESTABLISHED "
     "-j ACCEPT\n*raw\n-A PREROUTING -j NOTRACK\n-A OUTPUT -j NOTRACK\n",
     "in tcp 40000 80", "0>S", "v", .entries = 0},
    {"X19 works once UNTRACKED is accepted",
     "*filter\n:INPUT DROP\n-A INPUT -m conntrack --ctstate "
     "NEW,ESTABLISHED,UNTRACKED -j ACCEPT\n*raw\n-A PREROUTING -j NOTRACK\n"
     "-A OUTPUT -j NOTRACK\n",
     "in tcp 40000 80", "0>S 0<SA 0>A", "dsd", .entries = 0},
    {"R4 a router that untracks one way drops the reply",
     "*filter\n:FORWARD DROP\n-A FORWARD -i eth1 -p udp --dport 53 "
     "-j ACCEPT\n-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\n"
     "*raw\n-A PREROUTING -p udp --dport 53 -j NOTRACK\n",
     FORWARDED, "0>U 0<U", "sv", .entries = 0},
    {"R5 with both ways and a stateless reply rule it works",
     "*filter\n:FORWARD DROP\n-A FORWARD -i eth1 -p udp --dport 53 "
     "-j ACCEPT\n-A FORWARD -i eth0 -p udp --sport 53 -j ACCEPT\n"
     "-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\n"
     "*raw\n-A PREROUTING -p udp --dport 53 -j NOTRACK\n"
     "-A PREROUTING -p udp --sport 53 -j NOTRACK\n",
     FORWARDED, "0>U 0<U", "ss", .entries = 0},
    {"X16a the first CT target wins: CT --zone before NOTRACK",
     "*raw\n-A PREROUTING -j CT --zone 5\n-A PREROUTING -j NOTRACK\n",
     "in udp 40000 53", "0>U", "d", .entries = 1},
    {"X17 NOTRACK behind an ACCEPT in raw is never reached",
     TRIGGER "*raw\n-A PREROUTING -j ACCEPT\n-A PREROUTING -j NOTRACK\n",
     "in udp 40000 53", "0>U", "d", .entries = 1, .rule = "NOTRACK", .hits = 0},
    {"X3 SYN untracked: still tracked mid-stream, NEW SYN never matches",
     "*filter\n-A INPUT -p tcp --syn -m conntrack --ctstate NEW\n"
     "*raw\n-A PREROUTING -p tcp --syn -j CT --notrack\n",
     "in tcp 40000 80", "0>S 0<SA 0>A 0>D 0<D", "dsdds", .entries = 1,
     .rule = "--ctstate NEW", .hits = 0},
    {"X26 MASQUERADE without -o rewrites loopback sources too",
     "*nat\n-A POSTROUTING -j MASQUERADE\n", "lo5 udp 40000 53", "0>U", "d",
     .entries = 1, .wire = "10.0.2.1.40000 > 10.0.2.1.53"},
    {"X28 in nat chains state rules see the first packet only",
     "*nat\n-A PREROUTING -m conntrack --ctstate ESTABLISHED\n"
     "-A PREROUTING -m conntrack --ctstate NEW -m comment --comment new\n",
     "in udp 40000 53", "0>U 0<U 0>U 0>U", "dsdd", .entries = 1,
     .rule = "--comment new", .hits = 1},
    {"X28 and ESTABLISHED there never matches",
     "*nat\n-A PREROUTING -m conntrack --ctstate ESTABLISHED\n",
     "in udp 40000 53", "0>U 0<U 0>U 0>U", "dsdd", .entries = 1,
     .rule = "--ctstate ESTABLISHED", .hits = 0},
};
const size_t kt_n_rows = sizeof(kt_rows) / sizeof(kt_rows[0]);

/* ---- reading a row ------------------------------------------------------ */

static struct kt_chain *row_chain(struct kt_case *c, struct kt_rules *rules,
				  enum kt_table table, const char *line)
{
	size_t n = strcspn(line, " ");

	return kt_rules_chain(rules, table,
			      fe_arena_strndup(c->arena, line, n));
}

void kt_rules_read(struct kt_case *c, struct kt_rules *rules, const char *text)
{
	char *copy = fe_arena_strdup(c->arena, text), *save, *line;
	enum kt_table table = KT_FILTER;

	for (line = strtok_r(copy, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (line[0] == '*') {
			for (unsigned t = 0; t < KT_N_TABLES; t++)
				if (!strcmp(line + 1, kt_table_names[t]))
					table = t;
			kt_rules_table(rules, table);
		} else if (line[0] == ':') {
			row_chain(c, rules, table, line + 1)->drop =
			    strstr(line, " DROP") != NULL;
		} else if (!strncmp(line, "-A ", 3)) {
			fe_vec_push(
			    &row_chain(c, rules, table, line + 3)->rules, line);
		}
	}
}

static void row_flow(struct kt_case *c, const char *text)
{
	struct kt_flow f = {
	    .family = 4, .wscale = {255, 255}, .isn = {1000, 900000}};
	char where[8], proto[8];
	unsigned sport = 0, dport = 0;

	sscanf(text, "%7s %7s %u %u", where, proto, &sport, &dport);
	f.proto = !strcmp(proto, "tcp")	  ? IPPROTO_TCP
		  : !strcmp(proto, "udp") ? IPPROTO_UDP
					  : IPPROTO_ICMP;
	f.sport = (uint16_t)sport;
	f.dport = (uint16_t)dport;
	f.src = f.dst = fe_u128(0x0a000201);
	if (!strcmp(where, "in")) {
		f.in_if = KT_ETH0;
		f.src = fe_u128(0x0a00020a);
	} else if (!strcmp(where, "out")) {
		f.dst = fe_u128(0x0a00020a);
	} else if (!strcmp(where, "fwd")) {
		f.in_if = KT_ETH1;
		f.src = fe_u128(0x0a00030a);
		f.dst = fe_u128(0x0a00020a);
	} else if (!strcmp(where, "lo5")) {
		f.src = fe_u128(0x7f000005);
	}
	fe_vec_push(&c->flows, f);
}

static unsigned tcp_flags(const char *s)
{
	unsigned flags = 0;

	for (; *s && *s != ' '; s++)
		flags |= *s == 'S'   ? FE_TCP_SYN
			 : *s == 'A' ? FE_TCP_ACK
			 : *s == 'F' ? FE_TCP_FIN
			 : *s == 'R' ? FE_TCP_RST
				     : FE_TCP_PSH | FE_TCP_ACK;
	return flags;
}

/* "0>SA": flow 0, as it began, SYN and ACK. D data, U datagram, E error. */
static void row_step(struct kt_case *c, const char *text)
{
	struct kt_step s = {.flow = (uint16_t)(text[0] - '0'),
			    .dir = text[1] == '<',
			    .ttl = 64,
			    .window = 8192};
	const struct kt_flow *f = &c->flows.data[s.flow];

	s.len = text[2] == 'D' || text[2] == 'U' ? 20 : 0;
	if (text[2] == 'E') {
		s.op = KT_ERROR;
		s.type = s.code = 3;
		s.len = 64;
	} else if (f->proto == IPPROTO_TCP) {
		s.op = KT_TCP;
		s.tcp_flags = (uint8_t)tcp_flags(text + 2);
	} else if (f->proto == IPPROTO_UDP) {
		s.op = KT_UDP;
	} else {
		s.op = KT_ICMP;
		s.type = s.dir ? 0 : 8;
	}
	fe_vec_push(&c->steps, s);
}

struct kt_case *kt_row_case(const struct kt_row *row)
{
	struct kt_case *c = kt_case_new(1, 0);
	char *copy = fe_arena_strdup(c->arena, row->flows), *save, *word;

	kt_host_make(&c->host, 1, 0);
	kt_rules_read(c, &c->rules[0], row->rules);
	for (word = strtok_r(copy, ";", &save); word;
	     word = strtok_r(NULL, ";", &save))
		row_flow(c, word);
	copy = fe_arena_strdup(c->arena, row->steps);
	for (word = strtok_r(copy, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		row_step(c, word);
	return c;
}

/* ---- judging ------------------------------------------------------------ */

static char outcome(const struct kt_sent *s)
{
	if (s->lives.n == 0)
		return 'v';
	switch (s->lives.data[0].end) {
	case KT_SENT:
		return 's';
	case KT_DELIVERED:
		return 'd';
	case KT_VANISHED:
		break;
	}
	return 'v';
}

static void judge_packets(const struct kt_row *row, const struct kt_play *p,
			  struct fe_buf *out)
{
	struct fe_buf text = {0};

	for (size_t i = 0; i < p->sent.n && row->outcome[i]; i++)
		if (outcome(&p->sent.data[i]) != row->outcome[i])
			fe_buf_printf(out, "  packet %zu: %c, expected %c\n", i,
				      outcome(&p->sent.data[i]),
				      row->outcome[i]);
	if (p->sent.n != strlen(row->outcome))
		fe_buf_printf(out, "  %zu packets could be sent\n", p->sent.n);
	if (!row->wire || p->sent.n == 0 || p->sent.data[0].lives.n == 0)
		return;
	kt_packet_text(&p->sent.data[0].lives.data[0].bytes, &text);
	if (!strstr(fe_buf_text(&text), row->wire))
		fe_buf_printf(out, "  packet 0 is %s, expected %s\n",
			      fe_buf_text(&text), row->wire);
	fe_buf_free(&text);
}

static void judge_entries(const struct kt_row *row, const struct kt_play *p,
			  struct fe_buf *out)
{
	if (p->entries.n != (size_t)row->entries)
		fe_buf_printf(out, "  %zu entries, expected %d\n", p->entries.n,
			      row->entries);
	for (size_t i = 0; row->entry && i < p->entries.n; i++) {
		const struct kt_entry *e = &p->entries.data[i];

		if (strstr(row->entry, "UNREPLIED") &&
		    e->status & FE_IPS_SEEN_REPLY)
			fe_buf_puts(out, "  an entry has seen a reply\n");
		if (strstr(row->entry, "SYN_SENT") && e->tcp_state != 1)
			fe_buf_puts(out, "  an entry is not SYN_SENT\n");
	}
}

static void judge_rule(const struct kt_row *row, const struct kt_play *p,
		       struct fe_buf *out)
{
	const char *at = row->rule ? strstr(p->save[0], row->rule) : NULL;
	unsigned long hits;

	if (!row->rule)
		return;
	while (at && at > p->save[0] && at[-1] != '\n')
		at--;
	hits = at ? strtoul(at + 1, NULL, 10) : 0;
	if (!at || hits != row->hits)
		fe_buf_printf(out, "  rule %s: %lu packets, expected %u\n",
			      row->rule, hits, row->hits);
}

void kt_row_judge(const struct kt_row *row, const struct kt_play *p,
		  struct fe_buf *out)
{
	if (p->error) {
		fe_buf_printf(out, "  not played: %s\n", p->error);
		return;
	}
	judge_packets(row, p, out);
	judge_entries(row, p, out);
	judge_rule(row, p, out);
}
