/*
 * Ferrule's side: the rule is read as part of a save file and printed.
 */
#include <string.h>

#include "et.h"
#include "lang/read.h"

struct reading {
	struct fe_sources *sources;
	struct fe_diags *diags;
	struct fe_rules rules;
};

static bool read_text(struct reading *r, const struct et_place *place,
		      const char *text)
{
	struct fe_read_options options = {.input = FE_INPUT_SAVE,
					  .backend = place->backend,
					  .family = place->family};
	uint32_t index;

	r->sources = fe_sources_new();
	r->diags = fe_diags_new();
	memset(&r->rules, 0, sizeof(r->rules));
	index = fe_sources_add(r->sources, "case", text, strlen(text));
	return fe_read(r->sources, index, &options, &r->rules, r->diags);
}

static void done(struct reading *r)
{
	fe_rules_free(&r->rules);
	fe_diags_free(r->diags);
	fe_sources_free(r->sources);
}

static const struct fe_rule *only_rule(const struct reading *r,
				       const struct et_place *place)
{
	const struct fe_ruleset *set = place->family == 4 ? r->rules.v4 :
							    r->rules.v6;
	int table = fe_table_find(fe_str(place->table));
	const struct fe_chain *chain;

	if (set == NULL || table < 0)
		return NULL;
	chain = fe_table_chain(&set->tables[table], fe_str(place->chain));
	return chain != NULL && chain->rules.n == 1 ? chain->rules.data[0] :
						      NULL;
}

bool et_ferrule_save(const struct et_place *place, const char *rule,
		     struct fe_buf *saved)
{
	struct fe_buf text = {0}, line = {0};
	const struct fe_rule *got;
	struct reading r;
	size_t head = strlen("-A ") + strlen(place->chain);
	bool ok;

	fe_buf_printf(&text, "*%s\n", place->table);
	if (strcmp(place->chain, "c") == 0)
		fe_buf_printf(&text, ":%s - [0:0]\n", place->chain);
	fe_buf_printf(&text, "-A %s %s\nCOMMIT\n", place->chain, rule);
	ok = read_text(&r, place, fe_buf_text(&text));
	got = ok ? only_rule(&r, place) : NULL;
	if (got != NULL) {
		fe_rule_print(got, &line);
		fe_buf_puts(saved, fe_buf_text(&line) + head +
				       (line.size > head));
	}
	done(&r);
	fe_buf_free(&line);
	fe_buf_free(&text);
	return got != NULL;
}
