/* The public face of rules. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/rules.h"
#include "lang/restore.h"
#include "report/rules_json.h"

struct ferrule_rules *ferrule_rules_new(struct ferrule *ferrule)
{
	struct ferrule_rules *rules = fe_calloc(1, sizeof(*rules));

	rules->ferrule = ferrule;
	return rules;
}

void ferrule_rules_free(struct ferrule_rules *rules)
{
	if (!rules)
		return;
	fe_rules_free(&rules->rules);
	free(rules);
}

static enum fe_input input_of(enum ferrule_input input)
{
	switch (input) {
	case FERRULE_INPUT_AUTO:
		return FE_INPUT_AUTO;
	case FERRULE_INPUT_SAVE:
		return FE_INPUT_SAVE;
	case FERRULE_INPUT_COMMANDS:
		return FE_INPUT_COMMANDS;
	}
	return FE_INPUT_AUTO;
}

static int read_source(struct ferrule_rules *rules, uint32_t index,
		       const struct ferrule_input_options *options)
{
	struct ferrule *ferrule = rules->ferrule;
	struct fe_read_options read = {0};

	if (options) {
		read.input = input_of(options->input);
		read.family = options->family;
		read.backend = options->backend == FERRULE_BACKEND_NFT
				   ? FE_NFT : FE_LEGACY;
		read.resolve = options->resolve;
		read.strict_compat = options->strict_compat;
	}
	if (fe_read(ferrule->sources, index, &read, &rules->rules,
		    ferrule->diags))
		return FERRULE_OK;
	rules->incomplete = true;
	return FERRULE_UNREADABLE;
}

/* JSON becomes save text, so that one grammar reads both. */
static int read_json(struct ferrule_rules *rules, uint32_t index)
{
	struct ferrule *ferrule = rules->ferrule;
	const struct fe_source *source = fe_source(ferrule->sources, index);
	size_t errors = ferrule->diags->n_errors;
	int status = FERRULE_OK;

	for (unsigned family = 4; family <= 6; family += 2) {
		const struct ferrule_input_options options = {
		    .input = FERRULE_INPUT_SAVE, .family = family};
		struct fe_buf text = {0};
		const char *name = fe_arena_printf(
		    ferrule->diags->arena, "%s as save text", source->name);

		if (ferrule->diags->n_errors == errors &&
		    fe_rules_json_text(source->text, source->name, family,
				       ferrule->diags, &text) &&
		    ferrule_rules_read_text(rules, name, fe_buf_text(&text),
					    text.size, &options))
			status = FERRULE_UNREADABLE;
		fe_buf_free(&text);
	}
	if (ferrule->diags->n_errors != errors) {
		rules->incomplete = true;
		status = FERRULE_UNREADABLE;
	}
	return status;
}

int ferrule_rules_read(struct ferrule_rules *rules, const char *path,
		       const struct ferrule_input_options *options)
{
	struct ferrule *ferrule = rules->ferrule;
	uint32_t index;
	int error = fe_sources_read_lines(ferrule->sources, path, &index);

	if (!error && fe_rules_json_is(fe_source(ferrule->sources,
						 index)->text))
		return read_json(rules, index);
	if (!error)
		return read_source(rules, index, options);
	rules->incomplete = true;
	if (error == EFBIG)
		fe_diag(ferrule->diags, FE_ERROR, NULL, FE_NO_SPAN,
			"%s is too big: the limit is %zu bytes", path,
			FE_SOURCE_MAX);
	else
		fe_diag(ferrule->diags, FE_ERROR, NULL, FE_NO_SPAN,
			"cannot read %s: %s", path, strerror(error));
	return FERRULE_UNREADABLE;
}

int ferrule_rules_read_text(struct ferrule_rules *rules, const char *name,
			    const char *text, size_t size,
			    const struct ferrule_input_options *options)
{
	if (size > FE_SOURCE_MAX) {
		ferrule_error(rules->ferrule,
			      "%s is too big: the limit is %zu bytes", name,
			      FE_SOURCE_MAX);
		rules->incomplete = true;
		return FERRULE_UNREADABLE;
	}
	return read_source(
	    rules, fe_sources_add(rules->ferrule->sources, name, text, size),
	    options);
}

int ferrule_rules_restore(struct ferrule_rules *rules, const char *tables,
			  const char *name, const char *text, size_t size,
			  const struct ferrule_restore_options *options)
{
	struct ferrule *ferrule = rules->ferrule;
	const struct fe_restore restore = {
	    .noflush = options->noflush,
	    .test = options->test,
	    .counters = options->counters ? FE_COUNTERS_WANTED
					  : FE_COUNTERS_IGNORED,
	    .only = options->only,
	};
	const struct fe_read_options read = {
	    .backend = options->backend == FERRULE_BACKEND_NFT ? FE_NFT
							       : FE_LEGACY,
	    .family = options->family,
	    .resolve = true,
	    .strict_compat = true,
	    .restore = &restore,
	};
	uint32_t old, new;

	if (size > FE_SOURCE_MAX) {
		ferrule_error(ferrule, "%s is too big: the limit is %zu bytes",
			      name, FE_SOURCE_MAX);
		return 1;
	}
	old = fe_sources_add(ferrule->sources, "the tables", tables,
			     strlen(tables));
	new = fe_sources_add(ferrule->sources, name, text, size);
	return fe_restore(ferrule->sources, old, new, &read, &rules->rules,
			  ferrule->diags);
}

bool ferrule_rules_has(const struct ferrule_rules *rules, unsigned family)
{
	return family == 6 ? rules->rules.v6 != NULL
			   : rules->rules.v4 != NULL;
}

static bool has_header(const struct fe_ruleset *ruleset)
{
	for (size_t i = 0; i < ruleset->comments.n; i++) {
		struct fe_span span = ruleset->comments.data[i].span;
		const struct fe_source *s =
		    fe_source(ruleset->sources, span.source);
		struct fe_str text = {s->text.s + span.off, span.len};
		if (fe_str_starts(text, "# Generated by ip"))
			return true;
	}
	return false;
}

int ferrule_rules_print(struct ferrule_rules *rules, unsigned flags,
			const struct ferrule_out *to)
{
	const struct fe_ruleset *both[] = {rules->rules.v4, rules->rules.v6};
	unsigned print = 0;
	struct fe_out out;

	if (flags & FERRULE_PRINT_COUNTERS)
		print |= FE_PRINT_COUNTERS;
	if (flags & FERRULE_PRINT_COMMENTS)
		print |= FE_PRINT_COMMENTS;
	fe_out_from_public(&out, to);
	if (flags & FERRULE_PRINT_JSON) {
		fe_rules_json(&rules->rules, flags & FERRULE_PRINT_COUNTERS,
			      &out);
		return fe_out_finish(rules->ferrule, &out);
	}
	if (flags & FERRULE_PRINT_COMMANDS) {
		print |= FE_PRINT_COMMANDS;
		fe_out_puts(&out, "#!/bin/sh\n");
	}
	for (unsigned i = 0; i < 2; i++) {
		if (!both[i])
			continue;
		if (!(flags & FERRULE_PRINT_COMMANDS) && both[0] && both[1] &&
		    !((print & FE_PRINT_COMMENTS) && has_header(both[i])))
			fe_out_puts(&out, i ? "# Generated by ip6tables-save\n"
					    : "# Generated by iptables-save\n");
		fe_ruleset_print(both[i], print, &out);
	}
	return fe_out_finish(rules->ferrule, &out);
}
