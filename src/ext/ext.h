/*
 * Extensions: matches and targets, tables first, code rarely.
 *
 * Every match_*.c and target_*.c defines one struct fe_ext (or a few that
 * belong together); ext.am lists the files, and the table of all of them is
 * generated from it. What a table leaves unsaid has the safe meaning: no
 * cover is "unknown", unlisted effects are all effects.
 */
#ifndef FE_EXT_H
#define FE_EXT_H

#include "option/option.h"
#include "packet/packet.h"

enum fe_ext_kind { FE_MATCH, FE_TARGET, FE_BASE };

enum fe_table_id { /* in the order iptables-save users know */
	FE_RAW, FE_MANGLE, FE_NAT, FE_FILTER, FE_SECURITY,
	FE_N_TABLES
};

enum { FE_V4 = 1, FE_V6 = 2, FE_BOTH = 3 };

/* What an extension does beside matching (doc/semantics.md). */
enum fe_effect {
	FE_TRIGGERS = 1 << 0,  /* switches tracking on for its family */
	FE_READS_CT = 1 << 1,
	FE_WRITES_CT = 1 << 2,
	FE_SHARES = 1 << 3,    /* reads or writes state shared by packets */
	FE_EMITS = 1 << 4,     /* logs, or makes a packet */
	FE_MANGLES = 1 << 5,   /* changes bytes or mark */
	FE_REROUTES = 1 << 6,
	FE_ALL_EFFECTS = (1 << 7) - 1,
};

/* What the engine does for a target. */
enum fe_action {
	FE_ACT_OPAQUE,  /* not understood: may do anything */
	FE_ACT_ACCEPT, FE_ACT_DROP, FE_ACT_QUEUE, FE_ACT_RETURN,
	FE_ACT_REJECT, FE_ACT_LOG, FE_ACT_MARK, FE_ACT_CONNMARK,
	FE_ACT_NOTRACK, /* CT --notrack, NOTRACK */
	FE_ACT_CT,
	FE_ACT_SNAT, FE_ACT_DNAT, FE_ACT_MASQUERADE, FE_ACT_REDIRECT,
	FE_ACT_NETMAP,
	FE_ACT_CONTINUE, /* understood, without effect on the packet */
	FE_ACT_JUMP, FE_ACT_GOTO, /* rule.h: to a user chain */
	FE_ACT_NONE,     /* a rule without target: counts, goes on */
};

struct fe_part;
struct fe_rule;

struct fe_check_context {
	struct fe_diags *diags;
	const struct fe_rule *rule;
	const struct fe_part *part;
	struct fe_span span;  /* of the part */
	unsigned family;
	enum fe_table_id table;
};

/* yes, no, or: the packet is dropped because a header is cut short. */
enum fe_answer { FE_NO, FE_YES, FE_HOTDROP, FE_DUNNO };

struct fe_ext {
	const char *name;      /* "multiport" */
	const char *const *aliases; /* other -m/-j names that mean the same and
				       print as name; NULL-terminated or NULL */
	enum fe_ext_kind kind;
	const char *proto;     /* implied by -p of this name, or NULL */
	unsigned families;     /* FE_V4, FE_V6, FE_BOTH */
	unsigned tables;       /* mask of 1 << enum fe_table_id; 0: all */
	unsigned hooks;        /* mask of 1 << enum fe_hook; 0: all */
	unsigned effects;      /* enum fe_effect */
	bool effects_known;    /* false: effects are FE_ALL_EFFECTS */
	enum fe_action action; /* targets only */
	uint8_t l4_size;       /* transport header bytes that it reads: fewer is
				  hotdrop, a later fragment is no match; 0: it
				  reads none */
	const char *summary;   /* one line */
	const char *doc;       /* a few sentences */
	const struct fe_opt *opts; /* iptables-save order; name NULL ends */

	/* Only what a table can't say; each may be NULL. */

	/* Checks settings together, after all are read; reports. */
	bool (*check)(struct fe_check_context *context);
	/* Effects of this instance, where its settings decide (CT). */
	unsigned (*effects_of)(const struct fe_part *part);
	/* Replaces the printing of all its settings (without "-m NAME"). */
	void (*print)(const struct fe_part *part, unsigned family,
		      struct fe_buf *buf);
	/* Replaces the cover of its settings: the whole match's meaning. */
	void (*lower)(const struct fe_part *part, unsigned family,
		      struct fe_sink *sink);
	/* Stateful or beyond fields: answers for a packet. state is private to
	 * this rule instance in one run: state_size zeroed bytes. */
	enum fe_answer (*eval)(const struct fe_part *part,
			       const struct fe_packet *packet, void *state);
	size_t state_size;
};

/* All known extensions, generated from ext.am; NULL ends. */
extern const struct fe_ext *const fe_exts[];

/* "tcp" for family 4 or 6; NULL when unknown. Aliases count. */
const struct fe_ext *fe_ext_find(enum fe_ext_kind kind, struct fe_str name,
				 unsigned family);

/* The options before any -m: -s -d -i -o -p -f, one table per family. */
extern const struct fe_ext fe_base4, fe_base6;

/*
 * Tells the sink what a part means: its lower(), or each setting's cover in
 * turn. Opaque parts give one unknown clause.
 */
void fe_part_cover(const struct fe_part *part, unsigned family,
		   struct fe_sink *sink);
/* Effects of a part: effects_of(), or effects, or all when not known. */
unsigned fe_part_effects(const struct fe_part *part);

#endif
