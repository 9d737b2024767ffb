/*
 * The vocabulary of one family: which words are commands and base options,
 * which extensions there are, and which options each has. Made once per
 * reading from the extensions' tables, so that each word costs one hash.
 */
#ifndef FE_VOCAB_H
#define FE_VOCAB_H

#include "base/map.h"
#include "ext/ext.h"

/* Names to numbers; aliases give the same number. */
struct fe_names {
	struct fe_name_slot {
		const char *s;  /* NULL: free */
		uint32_t len;
		uint16_t row;   /* what the name stands for */
		bool alias;     /* offered in no hint */
	} *slots;               /* cap of them, in the arena */
	uint32_t cap;           /* a power of two */
};

/* The number of a name, or -1. */
int fe_names_find(const struct fe_names *names, struct fe_str name);

enum fe_verb_id { /* words that are no option of any extension */
	FE_VERB_APPEND, FE_VERB_INSERT, FE_VERB_DELETE, FE_VERB_REPLACE,
	FE_VERB_CHECK, FE_VERB_NEW, FE_VERB_DELETE_CHAIN, FE_VERB_FLUSH,
	FE_VERB_ZERO, FE_VERB_POLICY, FE_VERB_RENAME, FE_VERB_LIST,
	FE_VERB_LIST_RULES,
	FE_N_COMMANDS, /* those above: one to a line */
	FE_VERB_MATCH = FE_N_COMMANDS, FE_VERB_JUMP, FE_VERB_GOTO,
	FE_VERB_TABLE, FE_VERB_COUNTERS, FE_VERB_WAIT, FE_VERB_IPV4,
	FE_VERB_IPV6, FE_VERB_IGNORED, FE_VERB_LISTING, FE_VERB_OTHER,
};

struct fe_verb {
	const char *name;
	char short_name;
	uint8_t min, max;    /* words that follow */
	enum fe_verb_id id;
};
extern const struct fe_verb fe_verbs[];

/* An extension as the classifier needs it. */
struct fe_vocab_ext {
	const struct fe_ext *ext;
	struct fe_names names;     /* of its options; the row numbers */
	uint64_t required;         /* mask over rows */
	uint64_t exclusive;        /* mask over rows */
	uint64_t related;          /* rows that need or exclude others */
	unsigned proto;            /* that -p must name, or 0 */
};

/* Rows of a vocabulary's frame: base options, then verbs. */
enum { FE_FRAME_VERB = 256 };

struct fe_vocab {
	struct fe_arena *arena;
	unsigned family;
	struct fe_vocab_ext *base;
	struct fe_names frame;         /* long names */
	int16_t shorts[128];           /* by letter: a frame row, or -1 */
	struct fe_map matches, targets; /* of struct fe_vocab_ext */
	struct fe_vocab_ext *by_proto[256]; /* implied by -p, or NULL */
};

struct fe_vocab *fe_vocab_new(unsigned family);
void fe_vocab_free(struct fe_vocab *vocab);
/* An entry for an extension made later (opaque ones). */
struct fe_vocab_ext *fe_vocab_add(struct fe_vocab *vocab,
				  const struct fe_ext *ext);

/* Whether iptables or xtables-addons have an extension of that name. */
bool fe_known_elsewhere(enum fe_ext_kind kind, struct fe_str name);
/* The match that a protocol number loads, where it isn't understood here. */
const char *fe_proto_match(unsigned proto, unsigned family);

#endif
