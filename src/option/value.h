/* Tools that the types share: reporting, numbers, lists, case. */
#ifndef FE_VALUE_H
#define FE_VALUE_H

#include "option/option.h"

/*
 * Reports what is wrong with an option's words, at context->span, with the
 * type's usage as the hint; returns false, so that parsers can return it.
 */
bool fe_opt_bad(const struct fe_opt *opt, struct fe_opt_context *context,
		const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * The same for a word that is none of a list; the hint is the nearest word
 * of the list, when there is one. what: "type", "word".
 */
bool fe_opt_unknown(const struct fe_opt *opt, struct fe_opt_context *context,
		    const char *what, struct fe_str word,
		    const struct fe_name *names);

/* The same as a warning. */
void fe_opt_warn(const struct fe_opt *opt, struct fe_opt_context *context,
		 const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * Takes the next item of a list off rest; false at the end. An empty rest has
 * no item, but "a," has two.
 */
struct fe_items {
	struct fe_str rest;
	bool more;
};
struct fe_items fe_items(struct fe_str list);
bool fe_items_next(struct fe_items *items, char separator,
		   struct fe_str *item);

/* Cuts at the first separator; false (all in head, tail empty) without one. */
bool fe_str_cut(struct fe_str s, char separator, struct fe_str *head,
		struct fe_str *tail);

/* A number in C's bases up to max; blanks may stand before it, as in
 * iptables. */
bool fe_number_read(struct fe_str word, uint64_t max, uint64_t *out);
struct fe_str fe_str_skip_blanks(struct fe_str s);

bool fe_str_case_is(struct fe_str s, const char *word);
/* Whether s is a beginning of word, case ignored; "" never is. */
bool fe_str_abbreviates(struct fe_str s, const char *word);

/* A clause that is false: nothing matches. */
void fe_cover_never(struct fe_sink *sink);
/* One clause with one range; an empty range (lo > hi) is handled. */
void fe_cover_one(struct fe_sink *sink, enum fe_field field, bool neg,
		  uint64_t lo, uint64_t hi);

#endif
