/* Plans as one JSON object: report.json, and `plan --format json`. */
#include <jansson.h>
#include <stdlib.h>

#include "pass/plan_priv.h"
#include "ruleset/ruleset.h"

static json_t *string_or_null(const char *s)
{
	json_t *o = s ? json_string(s) : NULL;

	/* Bytes that are not UTF-8 make no JSON string. */
	return o ? o : json_null();
}

static json_t *rule_json(const struct fe_plan_rule *rule)
{
	return json_pack("{s:s, s:s, s:b, s:i, s:s, s:o}", "table",
			 fe_table_names[rule->table], "chain", rule->chain,
			 "insert", rule->at != 0, "position", (int)rule->at,
			 "rule", rule->spec, "why",
			 string_or_null(rule->why));
}

static json_t *where_json(const struct fe_plan *plan,
			  const struct fe_rule *rule)
{
	struct fe_buf place = {0}, text = {0};
	struct fe_place at;
	json_t *o;

	if (!rule)
		return json_null();
	at = fe_source_place(plan->sources, rule->span);
	fe_rule_place(rule, &place);
	fe_rule_print(rule, &text);
	o = json_pack("{s:o, s:o, s:i, s:o}", "rule",
		      string_or_null(fe_buf_text(&place)), "file",
		      string_or_null(at.name), "line", (int)at.line, "text",
		      string_or_null(fe_buf_text(&text)));
	fe_buf_free(&place);
	fe_buf_free(&text);
	return o;
}

static json_t *classes_json(const struct fe_plan_family *fam)
{
	json_t *list = json_array();

	for (size_t i = 0; i < fam->classes.n; i++) {
		const struct fe_plan_class *c = &fam->classes.data[i];
		json_t *rules = json_array(), *flush = json_array();

		for (size_t r = 0; r < c->rules.n; r++)
			json_array_append_new(rules,
					      rule_json(&c->rules.data[r]));
		for (size_t r = 0; r < c->flush.n; r++)
			json_array_append_new(flush,
					      json_string(c->flush.data[r]));
		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:o, s:o, s:o}", "name",
				    c->name, "removes", c->removes, "price",
				    string_or_null(c->price), "rules", rules,
				    "flush", flush));
	}
	return list;
}

static json_t *refusals_json(const struct fe_plan *plan,
			     const struct fe_plan_family *fam)
{
	json_t *list = json_array();

	for (size_t i = 0; i < fam->refusals.n; i++) {
		const struct fe_plan_refusal *r = &fam->refusals.data[i];

		json_array_append_new(
		    list,
		    json_pack("{s:s, s:s, s:s, s:o, s:o}", "name", r->name,
			      "reason", fe_plan_reason_names[r->reason],
			      "text", r->text, "in_the_way",
			      where_json(plan, r->rule), "witness",
			      string_or_null(r->witness)));
	}
	return list;
}

static json_t *triggers_json(const struct fe_plan *plan,
			     const struct fe_plan_family *fam)
{
	json_t *list = json_array();

	for (size_t i = 0; i < fam->track.rules.n; i++) {
		const struct fe_track_rule *t = &fam->track.rules.data[i];
		json_t *o;

		if (!t->trigger)
			continue;
		o = where_json(plan, t->rule);
		json_object_set_new(o, "why", string_or_null(t->why));
		json_object_set_new(o, "sure", json_boolean(!t->maybe));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *family_json(const struct fe_plan *plan,
			   const struct fe_plan_family *fam)
{
	json_t *differences = json_array(), *assumed = json_array();
	json_t *shared = json_array();

	for (size_t i = 0; i < fam->differences.n; i++)
		json_array_append_new(
		    differences,
		    json_pack("{s:s, s:o}", "what",
			      fam->differences.data[i].what, "witness",
			      string_or_null(
				  fam->differences.data[i].witness)));
	for (size_t i = 0; i < fam->assumptions.n; i++)
		json_array_append_new(assumed,
				      json_string(fam->assumptions.data[i]));
	for (size_t i = 0; i < fam->shared.n; i++)
		json_array_append_new(shared, rule_json(&fam->shared.data[i]));
	return json_pack("{s:i, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "family",
			 (int)fam->family, "tracked", fam->tracked, "triggers",
			 triggers_json(plan, fam), "classes",
			 classes_json(fam), "companions", shared,
			 "differences", differences, "refusals",
			 refusals_json(plan, fam), "assumptions", assumed);
}

void fe_plan_print_json(const struct fe_plan *plan, struct fe_out *out)
{
	json_t *families = json_array();
	json_t *root;
	char *text;

	for (unsigned i = 0; i < 2; i++)
		if (plan->families[i].given)
			json_array_append_new(
			    families, family_json(plan, &plan->families[i]));
	root = json_pack("{s:i, s:s, s:b, s:o}", "version", 1, "level",
			 plan->level == FE_LEVEL_NONE ? "none" : "invalid",
			 "checked", plan->checked, "families", families);
	text = json_dumps(root, JSON_INDENT(2));
	fe_out_puts(out, text);
	fe_out_putc(out, '\n');
	free(text);
	json_decref(root);
}
