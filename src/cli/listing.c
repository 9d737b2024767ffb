/* Listings of tables (listing.h). */
#include "cli/listing.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WORDS = 512 };

struct rule { /* one line's words */
	unsigned long long packets, bytes;
	const char *chain, *target, *proto, *in, *out, *src, *dst;
	bool not_proto, not_in, not_out, not_src, not_dst, go_to, not_fragment;
	bool fragment;
	char *text;                   /* what the words stand in */
	const char *rest[MOST_WORDS]; /* what matches and the target say */
	size_t n_rest;
};

/* Cuts a line's words; quotes stay where they stand. */
static size_t cut(char *text, const char **words)
{
	size_t n = 0;

	while (*text && n < MOST_WORDS) {
		bool quoted = false;

		words[n++] = text;
		for (; *text && (quoted || *text != ' '); text++) {
			if (*text == '\\' && text[1])
				text++;
			else if (*text == '"')
				quoted = !quoted;
		}
		if (*text)
			*text++ = '\0';
	}
	return n;
}

/* The rule's own options; whatever comes behind them is told as it is. */
static void read_words(struct rule *r, const char **words, size_t n)
{
	static const char *const names[] = {"-p", "-i", "-o", "-s", "-d"};
	const char **values[] = {&r->proto, &r->in, &r->out, &r->src, &r->dst};
	bool *nots[] = {&r->not_proto, &r->not_in, &r->not_out, &r->not_src,
			&r->not_dst};
	bool own = true, not = false;

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (own && k < 5 && strcmp(words[i], names[k]))
			k++;
		own &= strcmp(words[i], "-m") != 0;
		if (own && !strcmp(words[i], "!") && i + 1 < n) {
			not = true;
			continue;
		}
		if (own && k < 5 && i + 1 < n) {
			*values[k] = words[++i];
			*nots[k] = not;
		} else if (own && !strcmp(words[i], "-f")) {
			r->fragment = true;
			r->not_fragment = not;
		} else if ((!strcmp(words[i], "-j") ||
			    !strcmp(words[i], "-g")) && i + 1 < n) {
			r->go_to = words[i][1] == 'g';
			r->target = words[++i];
			own = false;
		} else {
			r->rest[r->n_rest++] = words[i];
		}
		not = false;
	}
}

/* "[1:2] -A CHAIN ..." */
static void read_rule(struct rule *r, const char *line, size_t n)
{
	const char *words[MOST_WORDS];
	int skip = 0;
	size_t n_words;

	*r = (struct rule){.target = ""};
	sscanf(line, "[%llu:%llu] %n", &r->packets, &r->bytes, &skip);
	r->text = strndup(line + skip, n - (size_t)skip);
	if (!r->text)
		abort();
	n_words = cut(r->text, words);
	if (n_words >= 2) {
		r->chain = words[1];
		read_words(r, words + 2, n_words - 2);
	}
}

/* ---- -S */

static void put_rule_line(const struct listing *l, const char *line, size_t n,
			  FILE *to)
{
	unsigned long long packets = 0, bytes = 0;
	int skip = 0;
	const char *target;

	sscanf(line, "[%llu:%llu] %n", &packets, &bytes, &skip);
	line += skip;
	n -= (size_t)skip;
	target = memmem(line, n, " -j ", 4);
	if (!target)
		target = memmem(line, n, " -g ", 4);
	if (!target)
		target = line + n;
	fwrite(line, 1, (size_t)(target - line), to);
	if (l->verbose)
		fprintf(to, " -c %llu %llu", packets, bytes);
	fwrite(target, 1, (size_t)(line + n - target), to);
	fputc('\n', to);
}

/* ---- -L */

static unsigned count_references(const char *lines, const char *chain)
{
	char jump[72];
	unsigned n = 0;

	for (const char *p = lines; *p; p = strchrnul(p, '\n'), p += *p != '\0') {
		size_t len = (size_t)(strchrnul(p, '\n') - p);

		for (const char *way = "jg"; *way; way++) {
			const char *at;
			int size = snprintf(jump, sizeof(jump), " -%c %s", *way,
					    chain);

			at = memmem(p, len, jump, (size_t)size);
			n += at && (at[size] == '\n' || at[size] == ' ');
		}
	}
	return n;
}

/* 123456 as 123K unless the exact number is wanted. */
static void put_count(const struct listing *l, unsigned long long n, FILE *to)
{
	static const char units[] = "KMGT";
	size_t unit = 0;

	if (l->exact) {
		fprintf(to, "%8llu ", n);
		return;
	}
	if (n <= 99999) {
		fprintf(to, "%5llu ", n);
		return;
	}
	n = (n + 500) / 1000;
	while (n > 9999 && unit < 3) {
		n = (n + 500) / 1000;
		unit++;
	}
	fprintf(to, "%4llu%c ", n, units[unit]);
}

static void put_head(const struct listing *l, FILE *to)
{
	if (l->numbers)
		fputs("num  ", to);
	if (l->verbose && l->exact)
		fputs("    pkts      bytes ", to);
	else if (l->verbose)
		fputs(" pkts bytes ", to);
	fprintf(to, "target     prot opt %ssource               destination"
		"         \n", l->verbose ? "in     out     " : "");
}

static void put_proto(const struct listing *l, const struct rule *r, FILE *to)
{
	const struct protoent *known;
	char text[32] = "";

	if (!r->proto)
		snprintf(text, sizeof(text), "%s", l->numeric ? "0" : "all");
	else if (l->numeric && (known = getprotobyname(r->proto)))
		snprintf(text, sizeof(text), "%d", known->p_proto);
	else
		snprintf(text, sizeof(text), "%s", r->proto);
	fprintf(to, "%c%-4s ", r->not_proto ? '!' : ' ', text);
}

static void put_iface(const char *name, bool not, FILE *to)
{
	char text[32];

	snprintf(text, sizeof(text), "%s%s", not ? "!" : "",
		 name ? name : "*");
	fprintf(to, "%-6s ", text);
}

static void put_addr(const struct listing *l, const char *addr, bool not,
		     FILE *to)
{
	const char *all = l->family == 4 ? "0.0.0.0/0" : "::/0";
	const char *host = l->family == 4 ? "/32" : "/128";
	char text[128];
	size_t n;

	snprintf(text, sizeof(text), "%s",
		 addr ? addr : l->numeric ? all : "anywhere");
	n = strlen(text);
	if (n > strlen(host) && !strcmp(text + n - strlen(host), host))
		text[n - strlen(host)] = '\0';
	fprintf(to, "%c%-19s ", not ? '!' : ' ', text);
}

static void put_row(const struct listing *l, const struct rule *r,
		    unsigned long number, FILE *to)
{
	if (l->numbers)
		fprintf(to, "%-4lu ", number);
	if (l->verbose) {
		put_count(l, r->packets, to);
		put_count(l, r->bytes, to);
	}
	fprintf(to, "%-9s ", r->target);
	put_proto(l, r, to);
	fputs(!r->fragment ? "-- " : r->not_fragment ? "!f " : "-f ", to);
	if (l->verbose) {
		fputc(' ', to);
		put_iface(r->in, r->not_in, to);
		put_iface(r->out, r->not_out, to);
	}
	put_addr(l, r->src, r->not_src, to);
	put_addr(l, r->dst, r->not_dst, to);
	if (r->go_to)
		fputs("[goto] ", to);
	for (size_t i = 0; i < r->n_rest; i++)
		fprintf(to, "%s%s", i ? " " : "", r->rest[i]);
	fputc('\n', to);
}

/* ---- both */

struct chain {
	char name[64], policy[16];
	unsigned long long packets, bytes;
};

static bool read_chain(const char *line, struct chain *c)
{
	*c = (struct chain){.name = ""};
	return sscanf(line, ":%63s %15s [%llu:%llu]", c->name, c->policy,
		      &c->packets, &c->bytes) >= 2;
}

static void put_chain(const struct listing *l, const struct chain *c,
		      const char *lines, FILE *to)
{
	bool user = c->policy[0] == '-';

	if (l->rules && user)
		fprintf(to, "-N %s\n", c->name);
	else if (l->rules && l->verbose)
		fprintf(to, "-P %s %s -c %llu %llu\n", c->name, c->policy,
			c->packets, c->bytes);
	else if (l->rules)
		fprintf(to, "-P %s %s\n", c->name, c->policy);
	else if (user)
		fprintf(to, "Chain %s (%u references)\n", c->name,
			count_references(lines, c->name));
	else if (l->verbose)
		fprintf(to, "Chain %s (policy %s %llu packets, %llu bytes)\n",
			c->name, c->policy, c->packets, c->bytes);
	else
		fprintf(to, "Chain %s (policy %s)\n", c->name, c->policy);
	if (!l->rules)
		put_head(l, to);
}

/* The rules of a chain; -L prints them below its head. */
static void put_rules(const struct listing *l, const char *lines,
		      const char *chain, FILE *to)
{
	unsigned long n = 0;

	for (const char *p = lines; *p;) {
		const char *end = strchrnul(p, '\n');
		struct rule r;

		if (*p != ':') {
			read_rule(&r, p, (size_t)(end - p));
			if (r.chain && !strcmp(r.chain, chain) &&
			    (n++, !l->number || n == l->number)) {
				if (l->rules)
					put_rule_line(l, p, (size_t)(end - p),
						      to);
				else
					put_row(l, &r, n, to);
			}
			free(r.text);
		}
		p = end + (*end != '\0');
	}
}

bool listing_print(const struct listing *l, const char *lines, FILE *to)
{
	bool found = false;
	struct chain c;

	for (int pass = 0; pass < 2; pass++) {
		/* -S has all chains first, -L each chain's rules below it. */
		bool heads = pass == 0, rows = l->rules ? pass == 1 : heads;

		if (pass == 1 && !l->rules)
			break;
		for (const char *p = lines; *p == ':';
		     p = strchrnul(p, '\n') + 1) {
			if (!read_chain(p, &c) ||
			    (l->chain && strcmp(c.name, l->chain)))
				continue;
			if (heads && !l->rules && found)
				fputc('\n', to);
			found = true;
			if (heads && !l->number)
				put_chain(l, &c, lines, to);
			if (rows)
				put_rules(l, lines, c.name, to);
		}
	}
	return found;
}
