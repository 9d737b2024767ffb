/*
 * What `ferrule state` prints.
 *
 * Triggers come first, since one of them is enough to track every packet of
 * the network namespace; then the rules that merely depend on tracking.
 */
#include "report/state.h"

#include <jansson.h>

#include "ruleset/ruleset.h"

static void put_rule(const struct fe_track_rule *t,
		     const struct fe_sources *sources, struct fe_out *out)
{
	struct fe_place place = fe_source_place(sources, t->rule->span);
	struct fe_buf buf = {0};

	fe_rule_place(t->rule, &buf);
	if (place.name)
		fe_out_printf(out, "  %s:%u: ", place.name, place.line);
	else
		fe_out_puts(out, "  ");
	fe_out_printf(out, "%s: %s\n", fe_buf_text(&buf), t->why);
	fe_buf_clear(&buf);
	fe_rule_print(t->rule, &buf);
	fe_out_printf(out, "      %s\n", fe_buf_text(&buf));
	fe_buf_free(&buf);
}

static const char *family_name(unsigned family)
{
	return family == 6 ? "IPv6" : "IPv4";
}

static void put_triggers(const struct fe_track *track,
			 const struct fe_sources *sources, struct fe_out *out)
{
	const char *name = family_name(track->family);

	if (!fe_track_is_on(track)) {
		fe_out_printf(out,
			      "%s: no rule switches tracking on (%u rules).\n",
			      name, track->n_rules);
		fe_out_puts(out,
			    "  From kernel 4.10 on nothing is tracked, unless "
			    "other nft tables, OVS or IPVS ask for it.\n");
		return;
	}
	fe_out_printf(out,
		      "%s: %u of %u rules switch%s tracking on for every "
		      "packet of the network namespace",
		      name, track->n_triggers, track->n_rules,
		      track->n_triggers == 1 ? "es" : "");
	if (track->n_maybe)
		fe_out_printf(out, ", %u more may", track->n_maybe);
	fe_out_puts(out, ":\n");
	for (size_t i = 0; i < track->rules.n; i++)
		if (track->rules.data[i].trigger)
			put_rule(&track->rules.data[i], sources, out);
}

static void put_others(const struct fe_track *track,
		       const struct fe_sources *sources, struct fe_out *out)
{
	bool headed = false;

	for (size_t i = 0; i < track->rules.n; i++) {
		const struct fe_track_rule *t = &track->rules.data[i];

		if (t->trigger)
			continue;
		if (!headed)
			fe_out_printf(out,
				      "%s: rules that have to do with tracking "
				      "without switching it on:\n",
				      family_name(track->family));
		headed = true;
		put_rule(t, sources, out);
	}
}

void fe_state_text(const struct fe_track *tracks, size_t n,
		   const struct fe_sources *sources, struct fe_out *out)
{
	for (size_t i = 0; i < n; i++) {
		put_triggers(&tracks[i], sources, out);
		put_others(&tracks[i], sources, out);
	}
}

static json_t *json_rule(const struct fe_track_rule *t,
			 const struct fe_sources *sources)
{
	struct fe_place place = fe_source_place(sources, t->rule->span);
	struct fe_buf where = {0}, text = {0};
	json_t *o;

	fe_rule_place(t->rule, &where);
	fe_rule_print(t->rule, &text);
	o = json_pack("{s:s, s:s?, s:i, s:s%, s:s, s:b, s:b, s:b, s:b}",
		      "rule", fe_buf_text(&where), "file", place.name, "line",
		      (int)place.line, "text", fe_buf_text(&text), text.size,
		      "why", t->why, "trigger", t->trigger && !t->maybe,
		      "may_trigger", t->maybe, "reads", t->reads != NULL,
		      "writes", t->writes != NULL);
	fe_buf_free(&where);
	fe_buf_free(&text);
	return o;
}

void fe_state_json(const struct fe_track *tracks, size_t n,
		   const struct fe_sources *sources, struct fe_out *out)
{
	json_t *families = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *rules = json_array();

		for (size_t r = 0; r < tracks[i].rules.n; r++) {
			json_t *o = json_rule(&tracks[i].rules.data[r],
					      sources);
			/* Bytes that are not UTF-8 make no JSON string. */
			json_array_append_new(rules, o ? o : json_null());
		}
		json_array_append_new(
		    families,
		    json_pack("{s:i, s:i, s:i, s:i, s:o}", "family",
			      (int)tracks[i].family, "rules",
			      (int)tracks[i].n_rules, "triggers",
			      (int)tracks[i].n_triggers, "may_trigger",
			      (int)tracks[i].n_maybe, "needs", rules));
	}
	json_t *root = json_pack("{s:i, s:o}", "version", 1, "families",
				 families);
	char *text = json_dumps(root, JSON_INDENT(2));

	fe_out_puts(out, text);
	fe_out_putc(out, '\n');
	free(text);
	json_decref(root);
}
