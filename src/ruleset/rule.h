/*
 * The intermediate representation: tables, chains, rules, parts, settings.
 *
 * A rule's parts stand in the order that iptables-save prints: part 0 is
 * always the base (-s -d -i -o -p -f), then matches, then a target that is an
 * extension. A ruleset is one family's; everything in it lives in its arena.
 */
#ifndef FE_RULE_H
#define FE_RULE_H

#include "base/map.h"
#include "ext/ext.h"

struct fe_chain;

/*
 * One use of an extension in a rule. A rule's parts and then all its settings
 * are one block of memory, so a part says how far behind it its own begin:
 * large rulesets hold a few million of these.
 */
struct fe_part {
	const struct fe_ext *ext; /* never NULL; may be opaque */
	uint16_t at;              /* see fe_settings() */
	uint16_t n;               /* settings */
	uint16_t off, len; /* of "-m x ..." from the rule's first byte, capped */
};

/* The most words that a rule's options may have, so that at never overflows:
 * far more than iptables takes. */
enum { FE_RULE_SETTINGS_MAX = 8192 };

/* A part's n settings, in source order. */
static inline const struct fe_setting *fe_settings(const struct fe_part *part)
{
	return (const void *)((const uint64_t *)(const void *)part + part->at);
}

struct fe_rule {
	struct fe_chain *chain;
	const struct fe_part *parts;
	struct fe_chain *jump; /* for FE_ACT_JUMP and FE_ACT_GOTO */
	uint64_t packets, bytes; /* counters as read */
	struct fe_span span;   /* of the whole rule in its source */
	uint32_t index;        /* in its chain, from 1, as iptables counts */
	uint16_t n_parts;      /* target included */
	uint8_t action;        /* enum fe_action */
	uint8_t effects;       /* of all parts, enum fe_effect */
	bool opaque;           /* some part is not understood */
	bool has_target;       /* the last part is one: fe_rule_target() */
};

/* The part that is the rule's target, or NULL: a jump, or none. */
static inline const struct fe_part *fe_rule_target(const struct fe_rule *rule)
{
	return rule->has_target ? rule->parts + rule->n_parts - 1 : NULL;
}

struct fe_table;

enum fe_policy { FE_POLICY_NONE, FE_POLICY_ACCEPT, FE_POLICY_DROP };

struct fe_chain {
	const char *name;
	struct fe_table *table;
	bool builtin;
	enum fe_hook hook;       /* builtin only */
	enum fe_policy policy;   /* builtin only; NONE for user chains */
	uint64_t packets, bytes; /* policy counters as read */
	FE_VEC(struct fe_rule *) rules;
	uint32_t index;          /* in its table's chains */
	uint32_t n_refs;         /* rules that jump or go here */
	uint32_t hooks;          /* mask: hooks it can be reached from */
	struct fe_span span;     /* of its ":NAME" line, or FE_NO_SPAN */
};

struct fe_table {
	enum fe_table_id id;
	bool present;            /* the input names it */
	struct fe_ruleset *ruleset;
	FE_VEC(struct fe_chain *) chains; /* builtins in hook order first, then
					     user chains as declared */
	struct fe_map by_name;   /* of struct fe_chain */
	struct fe_span span;     /* of "*NAME" */
	uint32_t commit;         /* offset of its COMMIT, for comments */
};

/* A '#' line of the input; it belongs to the item that follows it. */
struct fe_comment {
	struct fe_span span; /* without the newline */
	uint32_t before;     /* offset of that item, in the same source;
				UINT32_MAX: none follows */
};

struct fe_ruleset {
	unsigned family;         /* 4 or 6 */
	enum fe_backend backend; /* the tool that loads it */
	struct fe_arena *arena;
	struct fe_sources *sources; /* borrowed */
	struct fe_table tables[FE_N_TABLES];
	enum fe_table_id order[FE_N_TABLES]; /* tables as the input has them */
	unsigned n_order;
	uint32_t n_opaque;       /* rules not fully understood */
	FE_VEC(struct fe_comment) comments; /* in the order of the input */
	struct fe_map opaque_matches, opaque_targets; /* name -> fe_ext */
};

/* "filter" <-> FE_FILTER; fe_table_find returns -1 when there is none. */
extern const char *const fe_table_names[FE_N_TABLES];
int fe_table_find(struct fe_str name);
extern const char *const fe_hook_names[FE_N_HOOKS]; /* "PREROUTING" ... */
/* Which hooks a table has builtin chains for, as a mask. */
extern const uint8_t fe_table_hooks[FE_N_TABLES];

#endif
