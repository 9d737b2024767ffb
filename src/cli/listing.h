/*
 * Listings of a table, as `iptables -S` and `iptables -L` print them, made of
 * its lines as a save file has them. What matches and targets say stands in
 * the words of their options in both; iptables -L has words of its own for
 * some.
 */
#ifndef CLI_LISTING_H
#define CLI_LISTING_H

#include <stdbool.h>
#include <stdio.h>

struct listing {
	bool rules;  /* -S, else -L */
	bool verbose, numeric, exact, numbers;
	unsigned family;
	const char *chain;     /* NULL: all */
	unsigned long number;  /* the rule of it; 0: all */
};

/* False: there is no such chain. */
bool listing_print(const struct listing *listing, const char *lines, FILE *to);

#endif
