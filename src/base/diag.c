/* Diagnostics: a list, its texts in one arena. */
#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct fe_diags *fe_diags_new(void)
{
	struct fe_diags *diags = fe_calloc(1, sizeof(*diags));

	diags->arena = fe_arena_new();
	return diags;
}

void fe_diags_free(struct fe_diags *diags)
{
	if (!diags)
		return;
	for (size_t i = 0; i < diags->list.n; i++)
		fe_vec_free(&diags->list.data[i]->notes);
	fe_vec_free(&diags->list);
	fe_arena_free(diags->arena);
	free(diags);
}

static char *format_text(struct fe_arena *arena, const char *format, va_list ap)
{
	char *text = NULL;

	if (vasprintf(&text, format, ap) < 0)
		abort();
	char *copy = fe_arena_strdup(arena, text);
	free(text);
	return copy;
}

const char fe_invalid_argument[] =
    "Invalid argument. Run `dmesg' for more information.";

struct fe_diag *fe_diag(struct fe_diags *diags, enum fe_severity severity,
			const char *id, struct fe_span span,
			const char *format, ...)
{
	struct fe_diag *d = fe_new(diags->arena, struct fe_diag);
	va_list ap;

	va_start(ap, format);
	d->text = format_text(diags->arena, format, ap);
	va_end(ap);
	d->severity = severity;
	d->id = id;
	d->span = span;
	if (severity == FE_ERROR)
		diags->n_errors++;
	fe_vec_push(&diags->list, d);
	return d;
}

void fe_diag_note(struct fe_diags *diags, struct fe_diag *diag,
		  struct fe_span span, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	struct fe_note note = {span, format_text(diags->arena, format, ap)};
	va_end(ap);
	fe_vec_push(&diag->notes, note);
}

void fe_diag_hint(struct fe_diags *diags, struct fe_diag *diag,
		  const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	diag->hint = format_text(diags->arena, format, ap);
	va_end(ap);
}

const char *fe_severity_name(enum fe_severity severity)
{
	static const char *const names[] = {"error", "warning", "info",
					    "style"};

	return names[severity];
}

const char *fe_confidence_name(enum fe_confidence confidence)
{
	static const char *const names[] = {"proved", "likely", "heuristic"};

	return names[confidence];
}
