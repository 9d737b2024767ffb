/*
 * Reports: one document of all diagnostics, in the format asked for.
 *
 * SARIF is version 2.1.0; its rules are those of the catalogue that were
 * raised, its columns count UTF-16 units as the standard wants them, which
 * for rules (ASCII) are bytes.
 */
#include "report/report.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "pass/lint.h"
#include "report/diag_text.h"

/* Bytes that are no UTF-8 would make the whole document fail. */
static json_t *text(const char *s)
{
	json_t *value = s ? json_string(s) : json_null();

	if (value)
		return value;
	char *copy = fe_strdup(s);
	for (char *c = copy; *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	value = json_string(copy);
	free(copy);
	return value;
}

static void put_json(json_t *root, struct fe_out *out)
{
	char *dump = json_dumps(root, JSON_INDENT(2));

	fe_out_printf(out, "%s\n", dump ? dump : "{}");
	free(dump);
	json_decref(root);
}

static json_t *json_place(const struct fe_sources *sources,
			  struct fe_span span)
{
	struct fe_place place = fe_source_place(sources, span);

	if (!place.name)
		return json_null();
	return json_pack("{s:o, s:i, s:i, s:i}", "file", text(place.name),
			 "line", (int)place.line, "column", (int)place.column,
			 "length", (int)span.len);
}

static json_t *json_diag(const struct fe_diag *d,
			 const struct fe_sources *sources)
{
	json_t *notes = json_array();

	for (size_t i = 0; i < d->notes.n; i++)
		json_array_append_new(
		    notes, json_pack("{s:o, s:o}", "message",
				     text(d->notes.data[i].text), "at",
				     json_place(sources,
						d->notes.data[i].span)));
	return json_pack("{s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:b, "
			 "s:o}",
			 "id", text(d->id), "severity",
			 fe_severity_name(d->severity), "confidence",
			 fe_confidence_name(d->confidence), "message",
			 text(d->text), "at", json_place(sources, d->span),
			 "rule", text(d->rule), "witness", text(d->witness),
			 "hint", text(d->hint), "fix", text(d->fix),
			 "fix_is_safe", d->fix_is_safe, "notes", notes);
}

static void report_json(const struct fe_diags *diags,
			const struct fe_sources *sources, struct fe_out *out)
{
	json_t *list = json_array();

	for (size_t i = 0; i < diags->list.n; i++)
		json_array_append_new(list,
				      json_diag(diags->list.data[i], sources));
	put_json(json_pack("{s:i, s:o}", "version", 1, "findings", list), out);
}

static const char *sarif_level(enum fe_severity severity)
{
	switch (severity) {
	case FE_ERROR:
		return "error";
	case FE_WARNING:
		return "warning";
	case FE_INFO: case FE_STYLE:
		return "note";
	}
	return "none";
}

static json_t *sarif_place(const struct fe_sources *sources,
			   struct fe_span span)
{
	struct fe_place p = fe_source_place(sources, span);

	if (!p.name)
		return NULL;
	return json_pack(
	    "{s:{s:{s:o}, s:{s:i, s:i, s:i}}}", "physicalLocation",
	    "artifactLocation", "uri", text(p.name), "region", "startLine",
	    (int)p.line, "startColumn", (int)p.column, "endColumn",
	    (int)(p.column + (span.len <= p.text.len ? span.len : 0)));
}

static json_t *sarif_result(const struct fe_diag *d,
			    const struct fe_sources *sources)
{
	json_t *places = json_array(), *related = json_array();
	json_t *place = sarif_place(sources, d->span), *result;

	if (place)
		json_array_append_new(places, place);
	for (size_t i = 0; i < d->notes.n; i++) {
		const struct fe_note *note = &d->notes.data[i];
		place = sarif_place(sources, note->span);
		if (!place)
			place = json_object();
		json_object_set_new(place, "message",
				    json_pack("{s:o}", "text",
					      text(note->text)));
		json_array_append_new(related, place);
	}
	result = json_pack("{s:s, s:s, s:{s:o}, s:o, s:o, s:{s:s, s:o, s:o}}",
			   "ruleId", d->id ? d->id : "FE101", "level",
			   sarif_level(d->severity), "message", "text",
			   text(d->text), "locations", places,
			   "relatedLocations", related, "properties",
			   "confidence", fe_confidence_name(d->confidence),
			   "rule", text(d->rule), "witness", text(d->witness));
	return result;
}

static bool is_raised(const struct fe_diags *diags, const char *id)
{
	for (size_t i = 0; i < diags->list.n; i++)
		if (diags->list.data[i]->id &&
		    !strcmp(diags->list.data[i]->id, id))
			return true;
	return false;
}

static json_t *sarif_rules(const struct fe_diags *diags)
{
	json_t *rules = json_array();

	for (unsigned i = 0; i < FE_N_LINTS; i++) {
		const struct fe_lint_check *c = &fe_lint_checks[i];
		if (!is_raised(diags, c->id))
			continue;
		json_array_append_new(
		    rules,
		    json_pack("{s:s, s:s, s:{s:s}, s:{s:s}, s:{s:s}}", "id",
			      c->id, "name", c->name, "shortDescription",
			      "text", c->summary, "fullDescription", "text",
			      c->page, "defaultConfiguration", "level",
			      sarif_level(c->severity)));
	}
	return rules;
}

static void report_sarif(const struct fe_diags *diags,
			 const struct fe_sources *sources, const char *version,
			 struct fe_out *out)
{
	static const char schema[] =
	    "https://json.schemastore.org/sarif-2.1.0.json";
	json_t *results = json_array();

	for (size_t i = 0; i < diags->list.n; i++)
		json_array_append_new(results,
				      sarif_result(diags->list.data[i],
						   sources));
	put_json(json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:o}}, s:o}]}",
			   "$schema", schema, "version", "2.1.0", "runs",
			   "tool", "driver", "name", "ferrule", "version",
			   version, "rules", sarif_rules(diags), "results",
			   results),
		 out);
}

void fe_report(const struct fe_diags *diags, const struct fe_sources *sources,
	       enum fe_format format, const struct fe_report_options *options,
	       struct fe_out *out)
{
	switch (format) {
	case FE_FORMAT_TTY:
		for (size_t i = 0; i < diags->list.n; i++)
			fe_diag_put_tty(diags->list.data[i], sources,
					options->colour, out);
		break;
	case FE_FORMAT_GCC:
		for (size_t i = 0; i < diags->list.n; i++)
			fe_diag_put_gcc(diags->list.data[i], sources, out);
		break;
	case FE_FORMAT_JSON:
		report_json(diags, sources, out);
		break;
	case FE_FORMAT_SARIF:
		report_sarif(diags, sources, options->tool_version, out);
		break;
	}
}
