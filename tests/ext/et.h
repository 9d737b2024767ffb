/*
 * Extension tests: files of one-line cases, played by Ferrule and, as root,
 * by iptables and the kernel in a network namespace of their own.
 *
 *	:4|6|both [TABLE [CHAIN]]        where the rules below stand
 *	> create s hash:ip               a line of `ipset save`
 *	+ RULE                           stands in raw PREROUTING for the
 *	                                 packets below; a bare + takes it away
 *	RULE ; TEXT ; OK                 is saved as TEXT ("=": as RULE)
 *	RULE ; TEXT ; HERE               the same, but the kernel of a test
 *	                                 lacks what the rule names
 *	RULE ; ; FAIL                    is refused
 *	RULE ; PACKET [| PACKET] ; yes   the last packet matches: yes, no,
 *	                                 hotdrop, or error: can't be told
 *	                                 (packet_text.c)
 */
#ifndef ET_H
#define ET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "ext/ext.h"

struct et_place {
	unsigned family; /* 4 or 6 */
	enum fe_backend backend;
	const char *table, *chain;
	const char *prelude; /* rules of raw PREROUTING, one a line */
	const char *ipsets;  /* `ipset save` text */
};

enum et_answer { ET_NO, ET_YES, ET_HOTDROP, ET_ERROR };

struct et_packet {
	uint8_t data[2048];
	uint32_t size;
	uint32_t caught; /* by a capture; less than size: the kernel is not
			    asked */
};

/* Packets of a case, in order; false: *bad says which word is wrong. */
bool et_packets_read(const char *text, unsigned family,
		     struct et_packet *packets, size_t max, size_t *n,
		     const char **bad);

/* Ferrule: saved text of a rule (false: refused), a packet's answer. */
bool et_ferrule_save(const struct et_place *place, const char *rule,
		     struct fe_buf *saved);
enum et_answer et_ferrule_judge(const struct et_place *place, const char *rule,
				const struct et_packet *packets, size_t n);

/* The kernel, in a new namespace; false: why it can't be asked. */
bool et_kernel_open(const char **why);
void et_kernel_close(void);
void et_kernel_ipsets(const char *text);
bool et_kernel_save(const struct et_place *place, const char *rule,
		    struct fe_buf *saved);
enum et_answer et_kernel_judge(const struct et_place *place, const char *rule,
			       const struct et_packet *packets, size_t n);

#endif
