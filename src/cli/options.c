/* Command-line options: the parser over option tables, and its help. */
#include "cli/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void cli_list_add(struct cli_list *list, const char *item)
{
	const char **items = realloc(list->items,
				     (list->n + 1) * sizeof(*items));

	if (!items)
		abort();
	items[list->n++] = item;
	list->items = items;
}

void cli_list_free(struct cli_list *list)
{
	free(list->items);
	*list = (struct cli_list){0};
}

/* By stdio: main looks at the end whether all could be written. */
static void print_help(const char *usage, const struct cli_option *options)
{
	printf("usage: ferrule %s\n\n", usage);
	for (const struct cli_option *o = options; o->name; o++) {
		char name[64];
		snprintf(name, sizeof(name), "%c%c%s--%s%s%s",
			 o->short_name ? '-' : ' ',
			 o->short_name ? o->short_name : ' ',
			 o->short_name ? ", " : "  ", o->name,
			 o->argument ? (o->kind == CLI_OPTARG ? "[=" : " ") : "",
			 o->argument ? o->argument : "");
		if (o->argument && o->kind == CLI_OPTARG)
			strncat(name, "]", sizeof(name) - strlen(name) - 1);
		printf("  %-32s %s\n", name, o->help);
	}
	printf("      --help                     this text\n");
}

static const struct cli_option *find_long(const struct cli_option *options,
					  const char *name, size_t len)
{
	for (const struct cli_option *o = options; o->name; o++)
		if (strlen(o->name) == len && !memcmp(o->name, name, len))
			return o;
	return NULL;
}

static const struct cli_option *find_short(const struct cli_option *options,
					   char c)
{
	for (const struct cli_option *o = options; o->name; o++)
		if (o->short_name && o->short_name == c)
			return o;
	return NULL;
}

/* Letters that two words share at the same place, from both ends. */
static size_t likeness(const char *a, size_t len, const char *b)
{
	size_t n = 0, blen = strlen(b);

	while (n < len && n < blen && a[n] == b[n])
		n++;
	size_t tail = 0;
	while (tail + n < len && tail + n < blen &&
	       a[len - 1 - tail] == b[blen - 1 - tail])
		tail++;
	return n + tail;
}

static int unknown_option(struct cli *cli, const struct cli_option *options,
			  const char *name, size_t len)
{
	const char *best = NULL;
	size_t best_like = 0;

	for (const struct cli_option *o = options; o->name; o++) {
		size_t like = likeness(name, len, o->name);
		if (like > best_like) {
			best_like = like;
			best = o->name;
		}
	}
	if (best && best_like * 2 > len)
		return cli_usage_error(cli,
				       "unknown option --%.*s; did you mean --%s?",
				       (int)len, name, best);
	return cli_usage_error(cli, "unknown option --%.*s", (int)len, name);
}

static int set_value(struct cli *cli, const struct cli_option *o,
		     const char *value)
{
	char *end;

	switch (o->kind) {
	case CLI_FLAG:
		*(bool *)o->value = true;
		return 0;
	case CLI_STRING:
	case CLI_OPTARG:
		*(const char **)o->value = value;
		return 0;
	case CLI_LIST:
		cli_list_add(o->value, value);
		return 0;
	case CLI_UINT:
		errno = 0;
		unsigned long long n = strtoull(value, &end, 0);
		if (errno || *end || end == value || *value == '-')
			return cli_usage_error(cli, "--%s wants a number, not '%s'",
					       o->name, value);
		*(uint64_t *)o->value = n;
		return 0;
	}
	return FERRULE_INTERNAL;
}

/* Options that take the next word when they have no "=VALUE". */
static bool wants_word(const struct cli_option *o)
{
	return o->kind != CLI_FLAG && o->kind != CLI_OPTARG;
}

static int parse_long(struct cli *cli, int argc, char **argv, int *i,
		      const struct cli_option *options)
{
	const char *name = argv[*i] + 2, *eq = strchr(name, '=');
	size_t len = eq ? (size_t)(eq - name) : strlen(name);
	const struct cli_option *o = find_long(options, name, len);

	if (!o)
		return unknown_option(cli, options, name, len);
	if (eq && o->kind == CLI_FLAG)
		return cli_usage_error(cli, "--%s takes no argument", o->name);
	if (eq)
		return set_value(cli, o, eq + 1);
	if (!wants_word(o))
		return set_value(cli, o, "");
	if (*i + 1 >= argc)
		return cli_usage_error(cli, "--%s wants an argument (%s)",
				       o->name, o->argument);
	return set_value(cli, o, argv[++*i]);
}

static int parse_short(struct cli *cli, int argc, char **argv, int *i,
		       const struct cli_option *options)
{
	for (const char *p = argv[*i] + 1; *p; p++) {
		const struct cli_option *o = find_short(options, *p);
		int error;

		if (!o)
			return cli_usage_error(cli, "unknown option -%c", *p);
		if (!wants_word(o)) {
			if ((error = set_value(cli, o, "")))
				return error;
			continue;
		}
		if (p[1])
			return set_value(cli, o, p + 1);
		if (*i + 1 >= argc)
			return cli_usage_error(cli, "-%c wants an argument (%s)",
					       *p, o->argument);
		return set_value(cli, o, argv[++*i]);
	}
	return 0;
}

int cli_parse(struct cli *cli, int argc, char **argv, const char *usage,
	      const struct cli_option *options, struct cli_list *operands)
{
	bool only_operands = false;

	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		int error = 0;

		if (only_operands || word[0] != '-' || !word[1]) {
			cli_list_add(operands, word);
		} else if (!strcmp(word, "--")) {
			only_operands = true;
		} else if (!strcmp(word, "--help") ||
			   !strcmp(word, "-h")) {
			print_help(usage, options);
			return -1;
		} else if (word[1] == '-') {
			error = parse_long(cli, argc, argv, &i, options);
		} else {
			error = parse_short(cli, argc, argv, &i, options);
		}
		if (error)
			return error;
	}
	return 0;
}
