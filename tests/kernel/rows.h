/* Rows: measured facts, one small case each. See rows.c. */
#ifndef KT_ROWS_H
#define KT_ROWS_H

#include <stdio.h>

#include "kt.h"

struct kt_row {
	const char *name;
	const char *rules;   /* IPv4, like a save file */
	const char *flows;   /* "in tcp 40000 80;out ..." */
	const char *steps;   /* "0>S 0<SA 1>U" */
	const char *outcome; /* a letter each: sent, delivered, vanished */
	int entries;	     /* in conntrack at the end */
	const char *entry;   /* what holds of every entry, or NULL */
	const char *rule;    /* part of a rule's text, or NULL */
	unsigned hits;	     /* its packets */
	const char *wire;    /* part of packet 0's text at its end, or NULL */
};

extern const struct kt_row kt_rows[];
extern const size_t kt_n_rows;

/* Reads rules like a save file's into the case. */
void kt_rules_read(struct kt_case *c, struct kt_rules *rules, const char *text);
struct kt_case *kt_row_case(const struct kt_row *row);
/* Writes what is not as the row says. */
void kt_row_judge(const struct kt_row *row, const struct kt_play *p,
		  struct fe_buf *out);

#endif
