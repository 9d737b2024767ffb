/*
 * Options: one table row describes an option of an extension to the parser,
 * checker, printer, evaluator, algebra, help and man page.
 *
 * A setting is an option as a rule uses it. Rules hold settings, not
 * per-extension structs, so every value keeps its place in the source.
 */
#ifndef FE_OPTION_H
#define FE_OPTION_H

#include "base/buf.h"
#include "base/diag.h"
#include "packet/cover.h"

/* A setting's value: what fits 8 bytes stands in it, the rest in the
 * ruleset's arena. Which member counts is the type's business. */
union fe_value {
	uint64_t u;
	struct {
		uint32_t lo, hi;
	} range;
	struct {
		uint32_t value, mask;
	} masked;
	const char *text;
	const void *ptr;
};

/* How iptables-nft prints some settings in another way than legacy. */
enum fe_print_as {
	FE_PRINT_BY_TYPE, /* as its type does */
	FE_PRINT_ALWAYS,  /* also where it says nothing: "! -i +" */
	FE_PRINT_NEVER,   /* it is lost */
};

struct fe_setting {
	uint16_t opt;  /* row of the extension's opts */
	bool neg;
	uint8_t print; /* enum fe_print_as */
	uint16_t off;  /* of the option's first byte from its rule's, capped */
	uint16_t len;  /* up to its last argument's end, capped */
	union fe_value value;
};

struct fe_name {
	const char *name;
	uint64_t value;
};

struct fe_limits {
	uint64_t min, max; /* of a number, both included; 0, 0: the type's */
	unsigned count;    /* most items of a list; 0: the type's */
};

/* What a type's functions may ask about the surroundings. */
struct fe_opt_context {
	struct fe_arena *arena;  /* of the ruleset: values live here */
	struct fe_diags *diags;
	struct fe_span span;     /* of the word being read */
	unsigned family;         /* 4 or 6 */
	unsigned proto;          /* -p so far: 0 any, else the number */
	bool proto_neg;          /* ! -p */
	bool resolve;            /* host names may be asked for */
};

struct fe_opt;

/*
 * A kind of argument; one file type_*.c each, parser beside printer.
 * parse reads words[0..opt->n_args-1] and returns false after reporting.
 * print appends " ARG..." (with the leading blank) as iptables-save does; a
 * type with words that appends nothing hides the whole setting: a default.
 * cover adds the clauses of one setting, negation included, to the sink;
 * NULL: unknown (must = nothing, may = everything).
 */
struct fe_type {
	const char *name;  /* "port", for help and messages */
	const char *usage; /* "PORT[:PORT]" */
	bool (*parse)(const struct fe_opt *opt, struct fe_opt_context *context,
		      const struct fe_str *words, union fe_value *value);
	void (*print)(const struct fe_opt *opt, const struct fe_setting *setting,
		      unsigned family, struct fe_buf *buf);
	void (*cover)(const struct fe_opt *opt, const struct fe_setting *setting,
		      unsigned family, struct fe_sink *sink);
};

enum fe_opt_flag {
	FE_NEG = 1 << 0,      /* ! may stand before it */
	FE_REQUIRED = 1 << 1, /* the extension is refused without it */
	FE_MULTI = 1 << 2,    /* may be given more than once */
	FE_HIDDEN = 1 << 3,   /* read, never printed by itself */
	FE_EXCLUSIVE = 1 << 4, /* one of a group: exactly one is required */
	FE_LAST_WINS = 1 << 8, /* takes the place of others with this flag */
	FE_NEG_LOST = 1 << 7, /* ! may stand before it, and is lost */
	FE_NFT_DROPS = 1 << 6, /* iptables-nft takes it, and leaves it out */
	FE_MAY_END = 1 << 5,   /* its one argument may be missing: a next word
				  with '-' or '!' first is none */
};

struct fe_opt {
	const char *name;            /* "dport": as iptables-save prints it,
					without the dashes */
	char short_name;             /* 'p', or 0 */
	uint8_t n_args;              /* words owed: 0, 1 or 2 */
	const char *aliases[3];      /* read, never printed */
	const struct fe_type *type;  /* NULL when n_args is 0 */
	enum fe_field field;         /* field it speaks of, or FE_NOFIELD */
	unsigned flags;              /* enum fe_opt_flag */
	uint32_t needs, excludes;    /* masks over this table's rows */
	struct fe_limits limits;
	const struct fe_name *names; /* words of an enumeration; {NULL} ends */
	unsigned variant;            /* which of its type's forms; see there */
	const char *saved;           /* name it is printed by, where not name */
	const char *help;            /* one line */
	/* Rows of a table end with name == NULL. */
};

#endif
