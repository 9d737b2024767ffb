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
	FE_ACT_MANGLE,   /* writes the packet's headers: see mangle */
	FE_ACT_CONTINUE, /* understood, without effect on the packet */
	FE_ACT_JUMP, FE_ACT_GOTO, /* rule.h: to a user chain */
	FE_ACT_NONE,     /* a rule without target: counts, goes on */
};

struct fe_part;
struct fe_rule;

/* A packet whose bytes a target may write. */
struct fe_mangling {
	struct fe_packet *packet; /* its data are writable, and its fields are
				     kept in step with them */
	uint8_t *data;            /* the same bytes */
	uint32_t room;            /* allocated there */
	uint32_t mtu;             /* of the path there and back, bytes */
};

/* Whose ways are followed where the two ways to load rules differ. */
enum fe_backend { FE_LEGACY, FE_NFT };

struct fe_check_context {
	struct fe_diags *diags;
	const struct fe_rule *rule;
	const struct fe_part *part;
	struct fe_span span;  /* of the part */
	unsigned family;
	enum fe_table_id table;
	bool by_kernel; /* what is bad, iptables leaves to the kernel */
	enum fe_backend backend;
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
	bool is_native;        /* iptables-nft says it in its own way: any table
				  and hook will do */
	const char *summary;   /* one line */
	const char *doc;       /* a few sentences */
	const struct fe_opt *opts; /* iptables-save order; name NULL ends */

	/* Only what a table can't say; each may be NULL. */

	/* Checks settings together, after all are read; reports. */
	bool (*check)(struct fe_check_context *context);
	/* Checks what the hooks that reach the rule (a mask of 1 << enum
	 * fe_hook) do not allow; reports. hooks above stand for themselves. */
	bool (*check_hooks)(struct fe_check_context *context, unsigned hooks);
	/* What this instance does and its effects, where its settings decide
	 * (CT): see fe_part_action() and fe_part_effects(). */
	enum fe_action (*action_of)(const struct fe_part *part);
	unsigned (*effects_of)(const struct fe_part *part);
	/* Replaces the printing of all its settings (without "-m NAME"). */
	void (*print)(const struct fe_part *part, unsigned family,
		      struct fe_buf *buf);
	/* Replaces the cover of its settings: the whole match's meaning. */
	void (*lower)(const struct fe_part *part, unsigned family,
		      struct fe_sink *sink);
	/* Stateful or beyond fields: decides what cover calls unknown. Asked
	 * only where every clause without an unknown atom holds; its answer is
	 * then the part's. state is private to this rule instance in one run:
	 * state_size zeroed bytes. */
	enum fe_answer (*eval)(const struct fe_part *part,
			       const struct fe_packet *packet, void *state);
	size_t state_size;
	/* Parts with the same name share one state of a run (recent's lists);
	 * NULL: each has its own. */
	const char *(*state_name)(const struct fe_part *part);
	/* Prepares a state for each part that has it, before the run; it is zeroed
	 * for the first. Whatever more it needs comes from the arena. */
	void (*state_begin)(const struct fe_part *part, struct fe_arena *arena,
			    void *state);
	/* FE_ACT_MANGLE: writes the packet. FE_YES: it goes on; FE_HOTDROP: it
	 * is dropped; FE_DUNNO: what must be known was not caught. */
	enum fe_answer (*mangle)(const struct fe_part *part,
				 struct fe_mangling *m);
};

/* All known extensions, generated from ext.am; NULL ends. */
extern const struct fe_ext *const fe_exts[];

/* "tcp" for family 4 or 6; NULL when unknown. Aliases count. */
const struct fe_ext *fe_ext_find(enum fe_ext_kind kind, struct fe_str name,
				 unsigned family);

/* The options before any -m: -s -d -i -o -p -f, one table per family. */
extern const struct fe_ext fe_base4, fe_base6;

/* Rows of fe_base4 and fe_base6 (which ends before FE_BASE_FRAGMENT). */
enum fe_base_row {
	FE_BASE_SOURCE, FE_BASE_DESTINATION, FE_BASE_IN, FE_BASE_OUT,
	FE_BASE_PROTOCOL, FE_BASE_FRAGMENT
};
/* The protocol that -p names, 0 for any; *neg: all but that one. */
unsigned fe_rule_proto(const struct fe_rule *rule, bool *neg);

/* The first setting of an option row, or NULL. */
const struct fe_setting *fe_part_find(const struct fe_part *part,
				      unsigned row);

/*
 * Appends a part as iptables-save prints it, with its leading blank:
 * " -s 10.0.0.0/8", " -m tcp --dport 80", " -j LOG --log-level 7".
 */
void fe_part_print(const struct fe_part *part, unsigned family,
		   struct fe_buf *buf);
/* All settings of a part in table order, as fe_part_print() does without
 * ext->print; for ext->print. */
void fe_settings_print(const struct fe_part *part, unsigned family,
		       struct fe_buf *buf);

/*
 * Checks a part whose rule is complete (context->rule->parts and ->chain set;
 * chain may be NULL): options given twice, needed, excluded, negated where
 * that is not possible, the protocol that the extension wants, and ext->check.
 * Reports; false when something is wrong.
 */
bool fe_part_check(struct fe_check_context *context);
/* Reports at a setting's place (NULL: the part's); returns false. */
bool fe_check_bad(struct fe_check_context *context,
		  const struct fe_setting *setting, const char *hint,
		  const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same for what iptables takes and the kernel refuses. */
#define fe_check_refused(context, ...)                                         \
	((context)->by_kernel = true, fe_check_bad(context, __VA_ARGS__))

/* The kernel makes a file of the setting's text: no "." or "..", no '/'. */
bool fe_check_file(struct fe_check_context *context,
		   const struct fe_setting *setting);

/*
 * Tells the sink what a part means: its lower(), or each setting's cover in
 * turn. Opaque parts give one unknown clause.
 */
void fe_part_cover(const struct fe_part *part, unsigned family,
		   struct fe_sink *sink);
/* lower() of a match whose options, where it has any, no field tells: one
 * unknown clause. */
void fe_lower_unknown(const struct fe_part *part, unsigned family,
		      struct fe_sink *sink);
/* The same, also without options. */
void fe_lower_always_unknown(const struct fe_part *part, unsigned family,
			     struct fe_sink *sink);
/*
 * Whether a match can read the transport header that it needs: FE_YES, FE_NO
 * (a later fragment), or FE_HOTDROP. Asked before its cover; a hotdrop here
 * drops the packet whatever the cover says.
 */
enum fe_answer fe_ext_header(const struct fe_ext *ext,
			     const struct fe_packet *packet);

/* What a target part does: action_of(), or action. */
enum fe_action fe_part_action(const struct fe_part *part);
/* Effects of a part: effects_of(), or effects, or all when not known. */
unsigned fe_part_effects(const struct fe_part *part);

#endif
