/*
 * Loading into tables. The text is read once; when something is wrong, what
 * stands in front of the first table that fails is read again alone: rules
 * have no undo, and failures are rare.
 */
#include "lang/restore.h"

#include <string.h>

/* Where the transaction of an offset begins: behind the COMMIT before it. */
static size_t transaction(struct fe_str text, size_t off)
{
	size_t start = 0;

	for (size_t at = 0; at < text.len && at < off;) {
		const char *nl = memchr(text.s + at, '\n', text.len - at);
		size_t end = nl ? (size_t)(nl - text.s) : text.len;
		bool commit = end - at == 6 &&
			      !memcmp(text.s + at, "COMMIT", 6);
		at = end + 1;
		if (commit && at <= off && at < text.len)
			start = at;
	}
	return start;
}

static int exit_code(const struct fe_diag *d, enum fe_backend backend)
{
	switch (d->by) {
	case FE_BY_WORDS:
		return 2;
	case FE_BY_TABLE:
		return 1;
	case FE_BY_KERNEL:
		return backend == FE_NFT ? 4 : 1;
	}
	return 2;
}

/*
 * The first transaction that fails, and how: lines are read up to the first
 * that is wrong, and the kernel is asked when all are read. With --test, never.
 */
static int first_failure(const struct fe_diags *diags, size_t from,
			 struct fe_str text, uint32_t source,
			 const struct fe_read_options *options, size_t *cut)
{
	const struct fe_diag *first = NULL;

	*cut = text.len;
	for (size_t i = from; i < diags->list.n; i++) {
		const struct fe_diag *d = diags->list.data[i];
		size_t at = text.len;

		if (d->severity != FE_ERROR ||
		    (options->restore->test && d->by == FE_BY_KERNEL))
			continue;
		if (d->span.source == source)
			at = d->span.off;
		at = transaction(text, at);
		if (first && (at > *cut || (at == *cut &&
					    first->by != FE_BY_KERNEL)))
			continue;
		if (first && at == *cut && d->by == FE_BY_KERNEL)
			continue;
		first = d;
		*cut = at;
	}
	return first ? exit_code(first, options->backend) : 0;
}

static void read_both(struct fe_sources *sources, uint32_t tables,
		      uint32_t text, const struct fe_read_options *options,
		      struct fe_rules *rules, struct fe_diags *diags)
{
	struct fe_read_options quiet = *options;
	struct fe_diags *said = fe_diags_new();

	quiet.restore = NULL;
	quiet.input = FE_INPUT_SAVE;
	fe_read(sources, tables, &quiet, rules, said);
	fe_diags_free(said);
	fe_read(sources, text, options, rules, diags);
}

int fe_restore(struct fe_sources *sources, uint32_t tables, uint32_t text,
	       const struct fe_read_options *options, struct fe_rules *rules,
	       struct fe_diags *diags)
{
	struct fe_str whole = fe_source(sources, text)->text;
	struct fe_diags *said;
	size_t from = diags->list.n, cut;
	int status;

	read_both(sources, tables, text, options, rules, diags);
	status = first_failure(diags, from, whole, text, options, &cut);
	if (!status && !options->restore->test)
		return 0;
	if (options->restore->test)
		cut = 0;
	fe_rules_free(rules);
	said = fe_diags_new();
	read_both(sources, tables,
		  fe_sources_add(sources, "its first tables", whole.s, cut),
		  options, rules, said);
	fe_diags_free(said);
	return status;
}
