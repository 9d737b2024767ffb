#include "oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
	struct fe_sources *sources;
	struct fe_diags *diags;
	struct fe_rules rules;
};

static void read_text(struct reading *r, const char *text, size_t size,
		      enum fe_input input, unsigned family)
{
	struct fe_read_options options = {.input = input, .family = family};

	*r = (struct reading){fe_sources_new(), fe_diags_new(), {0}};
	uint32_t index = fe_sources_add(r->sources, "input", text, size);
	fe_read(r->sources, index, &options, &r->rules, r->diags);
}

static void drop(struct reading *r)
{
	fe_rules_free(&r->rules);
	fe_diags_free(r->diags);
	fe_sources_free(r->sources);
}

static void print(const struct fe_ruleset *ruleset, struct fe_buf *buf)
{
	struct fe_out out;

	fe_out_init(&out, fe_write_buf, buf);
	fe_ruleset_print(ruleset, FE_PRINT_COUNTERS, &out);
	if (fe_out_close(&out))
		abort();
}

static void fail(const char *why, const struct reading *r,
		 const struct fe_buf *a, const struct fe_buf *b)
{
	fprintf(stderr, "%s\n--- printed\n%s", why, fe_buf_text(a));
	if (b)
		fprintf(stderr, "--- printed again\n%s", fe_buf_text(b));
	for (size_t i = 0; i < r->diags->list.n; i++)
		fprintf(stderr, "%s\n", r->diags->list.data[i]->text);
	abort();
}

/* had_errors: loops and wrong hooks are still wrong the second time. */
static void check(const struct fe_ruleset *ruleset, bool had_errors)
{
	struct fe_buf first = {0}, second = {0};
	struct reading again;

	fe_ruleset_check(ruleset);
	print(ruleset, &first);
	if (first.size) {
		read_text(&again, first.data, first.size, FE_INPUT_SAVE,
			  ruleset->family);
		const struct fe_ruleset *r =
		    ruleset->family == 4 ? again.rules.v4 : again.rules.v6;
		if (!had_errors && again.diags->n_errors)
			fail("what is printed does not parse", &again, &first,
			     NULL);
		if (!r)
			fail("nothing was read again", &again, &first, NULL);
		print(r, &second);
		if (first.size != second.size ||
		    memcmp(first.data, second.data, first.size))
			fail("printed differently", &again, &first, &second);
		drop(&again);
	}
	fe_buf_free(&first);
	fe_buf_free(&second);
}

void oracle_rules(const char *text, size_t size, enum fe_input input,
		  unsigned family)
{
	struct reading r;

	read_text(&r, text, size, input, family);
	if (r.rules.v4)
		check(r.rules.v4, r.diags->n_errors > 0);
	if (r.rules.v6)
		check(r.rules.v6, r.diags->n_errors > 0);
	drop(&r);
}
