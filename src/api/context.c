/* The public context. */
#include "api/context.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/diag_text.h"

struct ferrule *ferrule_new(void)
{
	struct ferrule *ferrule = fe_calloc(1, sizeof(*ferrule));

	ferrule->sources = fe_sources_new();
	ferrule->diags = fe_diags_new();
	return ferrule;
}

void ferrule_free(struct ferrule *ferrule)
{
	if (!ferrule)
		return;
	fe_diags_free(ferrule->diags);
	fe_sources_free(ferrule->sources);
	free(ferrule);
}

void ferrule_set_progress(struct ferrule *ferrule, ferrule_progress_fn *fn,
			  void *arg)
{
	ferrule->progress = fn;
	ferrule->progress_arg = arg;
}

void fe_out_from_public(struct fe_out *out, const struct ferrule_out *to)
{
	fe_out_init(out, to->write, to->arg);
	out->name = to->name;
}

int fe_out_finish(struct ferrule *ferrule, struct fe_out *out)
{
	int error = fe_out_close(out);

	if (!error)
		return FERRULE_OK;
	fe_diag(ferrule->diags, FE_ERROR, NULL, FE_NO_SPAN,
		"cannot write %s: %s", out->name ? out->name : "output",
		strerror(error));
	return FERRULE_UNREADABLE;
}

int ferrule_write_diagnostics(struct ferrule *ferrule,
			      const struct ferrule_out *to)
{
	struct fe_out out;

	fe_out_from_public(&out, to);
	for (size_t i = 0; i < ferrule->diags->list.n; i++)
		fe_diag_put_tty(ferrule->diags->list.data[i], ferrule->sources,
				to->colour, &out);
	fe_diags_free(ferrule->diags);
	ferrule->diags = fe_diags_new();
	return fe_out_close(&out) ? FERRULE_UNREADABLE : FERRULE_OK;
}

const char *ferrule_iptables_text(const struct ferrule *ferrule)
{
	for (size_t i = 0; i < ferrule->diags->list.n; i++)
		if (ferrule->diags->list.data[i]->severity == FE_ERROR &&
		    ferrule->diags->list.data[i]->kernel)
			return ferrule->diags->list.data[i]->kernel;
	return NULL;
}

void ferrule_error(struct ferrule *ferrule, const char *format, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		abort();
	va_end(ap);
	fe_diag(ferrule->diags, FE_ERROR, NULL, FE_NO_SPAN, "%s", text);
	free(text);
}
