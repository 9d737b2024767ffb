/*
 * Diagnostics as text: the tty format with the source line and carets, and
 * the one-line format that editors read (gcc).
 */
#include "report/diag_text.h"

#include <string.h>

enum { LINE_SHOWN = 160 }; /* longer source lines are cut around the caret */

static const char *colour_of(enum fe_severity severity)
{
	static const char *const codes[] = {"\033[1;31m", "\033[1;33m",
					    "\033[1;36m", "\033[1;35m"};

	return codes[severity];
}

static void put_place(const struct fe_place *place, struct fe_out *out)
{
	if (place->name)
		fe_out_printf(out, "%s:%u:%u: ", place->name, place->line,
			      place->column);
	else
		fe_out_puts(out, "ferrule: ");
}

static void put_byte(char c, struct fe_out *out)
{
	if ((unsigned char)c < 0x20 || c == 0x7f)
		fe_out_putc(out, c == '\t' ? ' ' : '?');
	else
		fe_out_putc(out, c);
}

/* The source line and carets under the span. */
static void put_line(const struct fe_place *place, uint32_t span_len,
		     struct fe_out *out)
{
	size_t col = place->column - 1, len = place->text.len, from = 0;

	if (col > len)
		col = len;
	if (len > LINE_SHOWN && col > LINE_SHOWN / 2)
		from = col - LINE_SHOWN / 2;
	size_t to = len - from > LINE_SHOWN ? from + LINE_SHOWN : len;
	fe_out_printf(out, "%5u | %s", place->line, from ? "..." : "");
	for (size_t i = from; i < to; i++)
		put_byte(place->text.s[i], out);
	fe_out_puts(out, to < len ? "...\n      | " : "\n      | ");
	for (size_t i = from; i < col + (from ? 3 : 0); i++)
		fe_out_putc(out, ' ');
	size_t carets = span_len ? span_len : 1;
	if (carets > to - col)
		carets = to > col ? to - col : 1;
	for (size_t i = 0; i < carets; i++)
		fe_out_putc(out, '^');
	fe_out_putc(out, '\n');
}

static void put_head(const struct fe_place *place, const struct fe_diag *d,
		     bool colour, struct fe_out *out)
{
	put_place(place, out);
	if (colour)
		fe_out_puts(out, colour_of(d->severity));
	fe_out_puts(out, fe_severity_name(d->severity));
	if (d->id)
		fe_out_printf(out, "[%s]", d->id);
	if (colour)
		fe_out_puts(out, "\033[0m");
	fe_out_printf(out, ": %s\n", d->text);
}

void fe_diag_put_tty(const struct fe_diag *d, const struct fe_sources *sources,
		     bool colour, struct fe_out *out)
{
	struct fe_place place = fe_source_place(sources, d->span);

	put_head(&place, d, colour, out);
	if (place.name)
		put_line(&place, d->span.len, out);
	for (size_t i = 0; i < d->notes.n; i++) {
		const struct fe_note *note = &d->notes.data[i];
		struct fe_place at = fe_source_place(sources, note->span);
		fe_out_puts(out, "  note: ");
		if (at.name)
			fe_out_printf(out, "%s:%u:%u: ", at.name, at.line,
				      at.column);
		fe_out_printf(out, "%s\n", note->text);
	}
	if (d->rule)
		fe_out_printf(out, "  rule: %s (%s)\n", d->rule,
			      fe_confidence_name(d->confidence));
	if (d->witness)
		fe_out_printf(out, "  witness: %s\n", d->witness);
	if (d->hint)
		fe_out_printf(out, "  hint: %s\n", d->hint);
	if (d->fix)
		fe_out_printf(out, "  fix (%s): %s\n",
			      d->fix_is_safe ? "safe" : "changes verdicts",
			      d->fix);
	if (d->id)
		fe_out_printf(out, "  see: ferrule explain %s\n", d->id);
}

void fe_diag_put_gcc(const struct fe_diag *d, const struct fe_sources *sources,
		     struct fe_out *out)
{
	struct fe_place place = fe_source_place(sources, d->span);

	put_head(&place, d, false, out);
	for (size_t i = 0; i < d->notes.n; i++) {
		const struct fe_note *note = &d->notes.data[i];
		struct fe_place at = fe_source_place(sources, note->span);
		put_place(&at, out);
		fe_out_printf(out, "note: %s\n", note->text);
	}
}
