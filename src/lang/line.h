/*
 * A line of rules being read: one iptables command.
 *
 * classify.c decides what each word is and pushes it into the grammar;
 * the grammar's actions (line.c) collect what was said; build.c makes rules
 * of it; execute.c does the command to the ruleset.
 */
#ifndef FE_LINE_H
#define FE_LINE_H

#include "lang/read.h"
#include "lang/scan.h"
#include "lang/vocab.h"

/* Where a line came from decides what is legal in it. */
enum fe_line_origin {
	FE_FROM_SAVE,    /* inside *TABLE ... COMMIT */
	FE_FROM_LISTING, /* output of iptables -S */
	FE_FROM_COMMAND, /* an iptables command of a script */
};

/* An extension in scope: its options may follow. */
struct fe_scope {
	struct fe_vocab_ext *vocab;
	uint64_t seen;     /* mask over option rows */
	uint32_t first, n; /* settings, after they were sorted by scope */
	uint32_t off, end; /* "-m x ..." in the source */
	bool opaque;
};

struct fe_line_setting {
	uint32_t scope;
	uint32_t off;      /* in the source */
	struct fe_setting setting;
};

/* The line's place is not known yet. */
#define FE_LINE_LATER UINT32_MAX

struct fe_line_rules {
	FE_VEC(struct fe_rule *) list;
};

struct fe_line {
	/* What stays from line to line. */
	struct fe_sources *sources;
	uint32_t source;
	const struct fe_read_options *options;
	struct fe_diags *diags;
	struct fe_rules *rules;
	struct fe_vocab *vocabs[2]; /* v4, v6; made when needed */
	void *parser;               /* fe_rule_yypstate */
	enum fe_line_origin origin;
	struct fe_ruleset *ruleset; /* what the line is about */
	struct fe_vocab *vocab;     /* of its family */
	struct fe_table *table;     /* default: of *TABLE, or filter */
	struct fe_chain *last_chain; /* most lines name the same one again */
	struct fe_line_rules built;  /* by this line */

	/* What is cleared for each line. */
	uint32_t off, end;          /* of its words in the source */
	bool failed;                /* something was reported: no rule */
	bool skip;                  /* -6 in a file of the other family */
	const struct fe_verb *command;    /* -A ..., or NULL */
	const struct fe_verb *verb;       /* the one whose words come */
	unsigned n_words;                 /* of that verb so far */
	struct fe_word words[2];          /* of the command */
	unsigned n_command_words;
	uint64_t packets, bytes;          /* -c, or [p:b] */
	unsigned n_counter_words;         /* of -c */
	struct fe_word listing;           /* -n and the like, for -L only */
	bool has_listing;
	struct fe_word jump_word;         /* of -j or -g */
	uint32_t jump_off;
	bool has_jump, is_goto;
	int target;                       /* scope of the target, or -1 */
	int raw;                          /* opaque scope that takes words, or
					     -1 */
	struct fe_opt_context context;
	FE_VEC(struct fe_scope) scopes;   /* 0 is the base; as loaded */
	FE_VEC(struct fe_line_setting) settings;
	FE_VEC(union fe_value) lists[2];  /* -s and -d with commas */
	int list_setting[2];              /* their settings, or -1 */

	/* Between the classifier and the grammar. */
	unsigned owed;                    /* arguments still to come */
	unsigned n_args;                  /* that have come */
	int token;                        /* to push when all have come */
	bool pending;                     /* it waits for one that may come */
	unsigned maybe;                   /* words that a verb may still take */
	struct fe_word last;              /* the option or verb itself */
	struct fe_word attached;          /* what stood behind its '=' */
	bool has_attached;
	struct fe_word held;              /* '!' while raw */
	bool has_held;
	bool no_options;                  /* behind "--" */
	unsigned opt_scope, opt_row;      /* what an OPT token means */
	struct fe_word not_word;          /* the last '!' */
	struct fe_word args[2];           /* of the option, -m or -j */
};

void fe_line_init(struct fe_line *line);
void fe_line_free(struct fe_line *line);
/* Chooses the ruleset by family, making it when it is the first. */
void fe_line_family(struct fe_line *line, unsigned family);

/* One line: begin, its words, end. */
void fe_line_begin(struct fe_line *line, uint32_t off);
void fe_line_word(struct fe_line *line, const struct fe_word *word);
void fe_line_end(struct fe_line *line);

/* Reports at a place of the source; the line makes no rule. */
struct fe_diag *fe_line_error(struct fe_line *line, const char *id,
			      const struct fe_word *at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
struct fe_span fe_line_span(const struct fe_line *line,
			    const struct fe_word *word);

/* The grammar's actions. */
void fe_line_verb(struct fe_line *line);
void fe_line_verb_word(struct fe_line *line, const struct fe_word *word);
void fe_line_match(struct fe_line *line);
void fe_line_jump(struct fe_line *line);
void fe_line_raw(struct fe_line *line, const struct fe_word *word);
void fe_line_set(struct fe_line *line, bool neg);
void fe_line_syntax_error(struct fe_line *line, const char *message);

/* Brings an extension into scope; returns its number. */
unsigned fe_line_load(struct fe_line *line, struct fe_vocab_ext *ext,
		      const struct fe_word *at);
/* The same for one that is not understood, after saying so. */
unsigned fe_line_load_opaque(struct fe_line *line, enum fe_ext_kind kind,
			     struct fe_str name, const struct fe_word *at);
/* Reports a word that is no option of anything in scope, or a name that is
 * no match's, with a hint. */
void fe_line_unknown_match(struct fe_line *line, const struct fe_word *name);
void fe_line_unknown_option(struct fe_line *line, const struct fe_word *word,
			    struct fe_str name);

/*
 * The rules of a line: more than one when -s or -d hold lists. They belong
 * to the chain, but are not in it yet. False after reporting.
 */
bool fe_line_build(struct fe_line *line, struct fe_chain *chain,
		   struct fe_line_rules *rules);

/* Rewrites settings as iptables-nft does on the way to the kernel and back. */
void fe_line_nft(struct fe_line *line);

/* Does what the line's command says to its table. */
void fe_line_execute(struct fe_line *line);
struct fe_chain *fe_line_chain(struct fe_line *line,
			       const struct fe_word *name);
/* Reports a chain name that cannot be; false then. */
void fe_line_bad_policy(struct fe_line *line, const struct fe_word *policy);
bool fe_line_chain_name(struct fe_line *line, const struct fe_word *name);
/* Reports that the line's table stands in another file; returns false. */
bool fe_line_second_file(struct fe_line *line);
/* "did you mean" among the table's chains, or NULL. */
const char *fe_line_nearest_chain(const struct fe_line *line,
				  struct fe_str name);
/* The same among target extensions. */
/* Whether some extension, in scope or not, has an option of that name. */
bool fe_line_is_option(const struct fe_line *line, struct fe_str name);
const char *fe_line_nearest_target(const struct fe_line *line,
				   struct fe_str name);

#endif
