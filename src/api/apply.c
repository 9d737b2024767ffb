/* A plan on top of rules: both as text, joined and read again. */
#include <ferrule/run.h>

#include <stdlib.h>
#include <string.h>

#include "api/rules.h"
#include "lang/driver.h"
#include "pass/notrack.h"

/* Which of the rulesets the text is for. */
static struct fe_ruleset **target_of(struct ferrule_rules *rules,
				     struct fe_str text)
{
	unsigned family = fe_detect_family(text);

	if (!family)
		family = rules->rules.v4 ? 4 : 6;
	return family == 6 ? &rules->rules.v6 : &rules->rules.v4;
}

static int read_joined(struct ferrule_rules *rules, struct fe_ruleset **target,
		       const char *path, struct fe_buf *text)
{
	struct ferrule *ferrule = rules->ferrule;
	const struct fe_read_options options = {
	    .input = FE_INPUT_SAVE, .family = (*target)->family};
	struct fe_rules joined = {.ipsets = rules->rules.ipsets};
	const char *name = fe_arena_printf(ferrule->diags->arena,
					   "rules with %s", path);
	uint32_t index = fe_sources_add(ferrule->sources, name,
					fe_buf_text(text), text->size);
	bool ok;

	fe_source_set_made(ferrule->sources, index);
	ok = fe_read(ferrule->sources, index, &options, &joined,
		     ferrule->diags);
	fe_ruleset_free(*target);
	*target = options.family == 6 ? joined.v6 : joined.v4;
	return ok ? FERRULE_OK : FERRULE_UNREADABLE;
}

int ferrule_rules_apply(struct ferrule_rules *rules, const char *path)
{
	struct ferrule *ferrule = rules->ferrule;
	struct fe_ruleset **target;
	struct fe_buf text = {0};
	uint32_t index;
	int error = fe_sources_read(ferrule->sources, path, &index), status;

	if (error) {
		ferrule_error(ferrule, "cannot read %s: %s", path,
			      strerror(error));
		return FERRULE_UNREADABLE;
	}
	target = target_of(rules, fe_source(ferrule->sources, index)->text);
	if (!*target) {
		ferrule_error(ferrule, "%s is for a family that has no rules",
			      path);
		return FERRULE_UNREADABLE;
	}
	fe_plan_join(*target, fe_source(ferrule->sources, index)->text.s,
		     &text);
	status = read_joined(rules, target, path, &text);
	fe_buf_free(&text);
	return status;
}
