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
extern const struct fe_type fe_type_host; /* hides the mask of one address */
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
extern const struct fe_type fe_type_ctproto; /* a number; never 0 */
bool fe_proto_read(struct fe_str word, unsigned *proto);
/* The name that iptables-save prints, or NULL: a number. */
const char *fe_proto_name(unsigned proto);

/* Ports (type_port.c): value.range. */
extern const struct fe_type fe_type_tcp_ports; /* 80:90, base 0, lo <= hi */
extern const struct fe_type fe_type_ports;     /* as getaddrinfo reads them */
bool fe_port_read(struct fe_opt_context *context, struct fe_str word,
		  uint32_t *port);
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
bool fe_words_read(const struct fe_name *names, struct fe_str list,
		   uint64_t *out, struct fe_str *bad);
void fe_words_print(const struct fe_name *names, uint64_t value,
		    struct fe_buf *buf);
/* --tcp-flags MASK COMP: value.masked (type_tcpflags.c). */
extern const struct fe_type fe_type_tcp_flags;
extern const struct fe_type fe_type_syn; /* no words: FIN,SYN,RST,ACK SYN */

/* Numbers (type_number.c); opt->variant says how they are printed. */
enum { FE_NUMBER_DECIMAL, FE_NUMBER_HEX, FE_NUMBER_HEX2 };
extern const struct fe_type fe_type_number; /* value.u within opt->limits */
extern const struct fe_type fe_type_range;  /* value.range: a, a:b, a:, :b */

/* Text (type_text.c): value.text; opt->limits.max bytes are kept. */
enum { FE_TEXT_CUT, FE_TEXT_STRICT }; /* opt->variant */
extern const struct fe_type fe_type_text;
/* Prints a blank and the text, quoted where iptables-save quotes. */
void fe_text_print(const char *text, struct fe_buf *buf);

#endif
