/*
 * All kinds of argument, one line each, and how to read their values.
 *
 * Where it says "value.u" and the like: that member of union fe_value holds
 * what was read. Whoever needs a value without its type (the engine, a pass)
 * goes by the accessors in src/ext, not by this file.
 */
#ifndef FE_TYPES_H
#define FE_TYPES_H

#include "option/option.h"

/* Addresses (type_net.c). IPv4: value.masked; IPv6: value.ptr, a fe_net. */
struct fe_net {
	struct fe_u128 addr, mask; /* addr has no bits outside mask */
};
extern const struct fe_type fe_type_net;  /* -s -d: always with its mask */
extern const struct fe_type fe_type_host; /* as conntrack reads and saves */
struct fe_net fe_net_value(union fe_value value, unsigned family);
/* A bare address: all of word; no names. IPv4 as iptables reads it. */
bool fe_addr_read(struct fe_str word, unsigned family, struct fe_u128 *addr);
void fe_addr_print(struct fe_u128 addr, unsigned family, struct fe_buf *buf);
struct fe_u128 fe_addr_mask(unsigned family, unsigned bits);
/* Clauses (addr & mask) == net for a field, as ranges where it can be. */
void fe_net_cover(struct fe_net net, unsigned family, enum fe_field field,
		  bool neg, struct fe_sink *sink);
/* The atom alone, into the open clause. */
void fe_net_atom(struct fe_net net, unsigned family, enum fe_field field,
		 bool neg, struct fe_sink *sink);
/*
 * The addresses of a host name, for who expands a rule into several: texts in
 * the context's arena. 0: none (not reported). Never asks for numbers, and
 * asks nobody unless context->resolve.
 */
size_t fe_addr_resolve(struct fe_opt_context *context, struct fe_str word,
		       struct fe_str *out, size_t max);

extern const struct fe_type fe_type_iface; /* value.text */
extern const struct fe_type fe_type_proto; /* value.u; 0: any */
extern const struct fe_type fe_type_ctproto; /* saved as a number */
bool fe_proto_read(struct fe_str word, unsigned *proto);
/* The name that iptables-save prints, or NULL: a number. */
const char *fe_proto_name(unsigned proto);

/* Ports (type_port.c): value.range. */
enum { FE_PORTS_HIDDEN, FE_PORTS_SHOWN }; /* the whole range: opt->variant */
extern const struct fe_type fe_type_tcp_ports; /* 80:90, base 0, lo <= hi */
extern const struct fe_type fe_type_ports;     /* as getaddrinfo reads them */
extern const struct fe_type fe_type_one_port; /* u: in decimal, or a service */
bool fe_port_read(struct fe_opt_context *context, struct fe_str word,
		  uint32_t *port);
/* One in decimal, or a service of any protocol: modulo 65536, as getaddrinfo
 * reads it. Reports. */
bool fe_port_read_decimal(const struct fe_opt *opt,
			  struct fe_opt_context *context, struct fe_str word,
			  uint32_t *port);
/* A service name of any protocol. */
bool fe_service_read(struct fe_str word, uint16_t *port);
/* Many ports (type_portlist.c): value.ptr. */
struct fe_port_list {
	uint32_t n;
	struct {
		uint16_t lo, hi; /* lo == hi: a single port */
	} port[15];
};
extern const struct fe_type fe_type_port_list;

/* Flags and words (type_words.c): value.u, an OR of opt->names. */
extern const struct fe_type fe_type_words; /* a,b,c; may be abbreviated */
extern const struct fe_type fe_type_word;  /* one of them */
enum { /* opt->variant */
	FE_WORDS_SHORT, /* a beginning will do */
	FE_WORDS_WHOLE, /* whole words, any case */
	FE_WORDS_EXACT  /* whole words, this case */
};
bool fe_words_read(const struct fe_name *names, unsigned variant,
		   struct fe_str list, uint64_t *out, struct fe_str *bad);
void fe_words_print(const struct fe_name *names, uint64_t value,
		    struct fe_buf *buf);
/* --tcp-flags MASK COMP: value.masked (type_tcpflags.c). */
extern const struct fe_type fe_type_tcp_flags;
extern const struct fe_type fe_type_syn; /* no words: FIN,SYN,RST,ACK SYN */

/* Numbers (type_number.c); opt->variant says how they are printed. */
enum { FE_NUMBER_DECIMAL, FE_NUMBER_HEX, FE_NUMBER_HEX2 };
extern const struct fe_type fe_type_number; /* value.u within opt->limits */
enum { FE_RANGE_SHOWN, FE_RANGE_HIDDEN }; /* the whole range: opt->variant */
extern const struct fe_type fe_type_range;  /* value.range: a, a:b, a:, :b */

/* Marks and TOS: value.masked (type_mark.c); opt->variant. */
enum {
	FE_MARK_MATCH, /* value[/mask]; a full mask is not saved */
	FE_MARK_SET,   /* --set-mark: bits of the value count as masked */
	FE_MARK_XSET, FE_MARK_OR, FE_MARK_AND, FE_MARK_XOR
};
extern const struct fe_type fe_type_mark;
extern const struct fe_type fe_type_tos;  /* 8 bits; names too */
/* DSCP: value.u, 6 bits (type_dscp.c). */
extern const struct fe_type fe_type_dscp;
extern const struct fe_type fe_type_dscp_class;

/* ICMP type and code: value.u (type_icmp.c). */
struct fe_icmp {
	uint8_t type, code_lo, code_hi;
};
extern const struct fe_type fe_type_icmp;
struct fe_icmp fe_icmp_value(union fe_value value);

extern const struct fe_type fe_type_mac; /* value.u, 48 bits */
/* --src-range: value.ptr (type_iprange.c). */
struct fe_addr_range {
	struct fe_u128 lo, hi; /* lo > hi: never matches */
};
extern const struct fe_type fe_type_addr_range;
/* Rates: value.u, ten thousandths of a second a packet (type_rate.c). */
extern const struct fe_type fe_type_rate;
void fe_rate_print(uint64_t period, struct fe_buf *buf);
/* --match-set NAME DIRS: value.ptr, a struct fe_ipset_test (type_set.c). */
extern const struct fe_type fe_type_set;
/* Conntrack zones: value.u (type_zone.c). */
#define FE_ZONE_MARK ((uint64_t)UINT32_MAX)
extern const struct fe_type fe_type_zone;
/* NAT ranges: value.ptr, a struct fe_nat_range (type_nat.c); opt->variant. */
enum {
	FE_NAT_TO_ADDR, /* ADDR[-ADDR][:PORT[-PORT]] */
	FE_NAT_TO_DEST, /* the same with /BASE behind the ports */
	FE_NAT_TO_PORTS, FE_NAT_TO_NET
};
extern const struct fe_type fe_type_nat;

/* Text (type_text.c): value.text; opt->limits.max bytes are kept. */
enum { FE_TEXT_CUT, FE_TEXT_STRICT }; /* opt->variant */
extern const struct fe_type fe_type_text;
/* Prints a blank and the text, quoted where iptables-save quotes. */
void fe_text_print(const char *text, struct fe_buf *buf);
/*
 * Prints a blank and a word that iptables-save never quotes (an interface, a
 * chain): bare, unless it would then be read as something else.
 */
void fe_word_print(const char *word, struct fe_buf *buf);

#endif
