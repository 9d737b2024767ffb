/*
 * Results of tests in the formats that people and CI systems read. All tell
 * the same: where the expectation stands, what was wanted, what was instead,
 * and the packet's way through the chains with the places of rules.
 */
#include "report/tests.h"

#include <stdio.h>
#include <string.h>

#include "report/trace.h"

static void put_place(const struct fe_sources *sources, struct fe_span span,
		      struct fe_out *out)
{
	struct fe_place place = fe_source_place(sources, span);

	fe_out_printf(out, "%s:%u", place.name, place.line);
}

/* Each line of the text behind a prefix. */
static void put_lines(const char *text, const char *prefix, struct fe_out *out)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		fe_out_puts(out, prefix);
		fe_out_add(out, text, len);
		fe_out_putc(out, '\n');
		text += len + (text[len] == '\n');
	}
}

static void put_failure(const struct fe_failure *f,
			const struct fe_sources *sources, const char *prefix,
			struct fe_out *out)
{
	struct fe_buf text = {0};

	fe_out_puts(out, prefix);
	put_place(sources, f->span, out);
	fe_buf_printf(&text, ": expected %s, got %s\n", f->wanted, f->text);
	fe_out_add(out, text.data, strcspn(text.data, "\n"));
	fe_out_putc(out, '\n');
	put_lines(text.data + strcspn(text.data, "\n") + 1, prefix, out);
	if (f->trace)
		put_lines(f->trace, prefix, out);
	fe_buf_free(&text);
}

/* --- tty --- */

static void put_mark(bool good, bool colour, struct fe_out *out)
{
	if (colour)
		fe_out_puts(out, good ? "\033[32mok\033[0m  "
				      : "\033[31mFAIL\033[0m");
	else
		fe_out_puts(out, good ? "ok  " : "FAIL");
}

void fe_tests_put_tty(const struct fe_test_results *results,
		      const struct fe_sources *sources, bool colour,
		      struct fe_out *out)
{
	uint64_t packets = 0, conditions = 0;

	for (size_t i = 0; i < results->list.n; i++) {
		const struct fe_test_result *t = results->list.data[i];
		put_mark(!t->failures.n, colour, out);
		fe_out_putc(out, ' ');
		put_place(sources, t->span, out);
		fe_out_printf(out, ": %s\n", t->name);
		for (size_t j = 0; j < t->failures.n; j++)
			put_failure(&t->failures.data[j], sources, "     ",
				    out);
		packets += t->n_packets;
		conditions += t->n_conditions;
	}
	fe_out_printf(out, "%zu passed, %zu failed; %llu expectations, %llu "
			   "packets\n",
		      results->list.n - results->n_failed, results->n_failed,
		      (unsigned long long)conditions,
		      (unsigned long long)packets);
}

/* --- TAP --- */

/* In a description '#' begins a directive. */
static void put_tap_name(const char *name, struct fe_out *out)
{
	for (; *name; name++) {
		if (*name == '#' || *name == '\\')
			fe_out_putc(out, '\\');
		fe_out_putc(out, *name == '\n' ? ' ' : *name);
	}
}

void fe_tests_put_tap(const struct fe_test_results *results,
		      const struct fe_sources *sources, bool colour,
		      struct fe_out *out)
{
	(void)colour;
	fe_out_printf(out, "TAP version 13\n1..%zu\n", results->list.n);
	for (size_t i = 0; i < results->list.n; i++) {
		const struct fe_test_result *t = results->list.data[i];
		fe_out_printf(out, "%sok %zu - ", t->failures.n ? "not " : "",
			      i + 1);
		put_tap_name(t->file, out);
		fe_out_puts(out, ": ");
		put_tap_name(t->name, out);
		fe_out_putc(out, '\n');
		for (size_t j = 0; j < t->failures.n; j++)
			put_failure(&t->failures.data[j], sources, "# ", out);
	}
}

/* --- JUnit --- */

/* Text that XML can hold: control characters cannot even be escaped. */
static void put_xml(const char *s, size_t len, struct fe_out *out)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		switch (c) {
		case '<':
			fe_out_puts(out, "&lt;");
			break;
		case '>':
			fe_out_puts(out, "&gt;");
			break;
		case '&':
			fe_out_puts(out, "&amp;");
			break;
		case '"':
			fe_out_puts(out, "&quot;");
			break;
		default:
			if (c >= 0x20 || c == '\n' || c == '\t')
				fe_out_putc(out, (char)c);
			else
				fe_out_putc(out, '?');
		}
	}
}

static void put_attribute(const char *name, const char *value,
			  struct fe_out *out)
{
	fe_out_printf(out, " %s=\"", name);
	put_xml(value, strlen(value), out);
	fe_out_putc(out, '"');
}

static void put_junit_failure(const struct fe_failure *f,
			      const struct fe_sources *sources,
			      struct fe_out *out)
{
	struct fe_buf text = {0};
	struct fe_out inner;

	fe_out_puts(out, "    <failure type=\"expectation\" message=\"");
	fe_buf_printf(&text, "expected %s, got %s", f->wanted, f->text);
	put_xml(text.data, strcspn(text.data, "\n"), out);
	fe_out_puts(out, "\">");
	fe_buf_clear(&text);
	fe_out_init(&inner, fe_write_buf, &text);
	put_failure(f, sources, "", &inner);
	fe_out_close(&inner);
	put_xml(text.data, text.size, out);
	fe_out_puts(out, "</failure>\n");
	fe_buf_free(&text);
}

/* Tests of a file stand together; returns the first of the next file. */
static size_t put_suite(const struct fe_test_results *results, size_t i,
			const struct fe_sources *sources, struct fe_out *out)
{
	const char *file = results->list.data[i]->file;
	size_t end, failed = 0;

	for (end = i; end < results->list.n &&
	     !strcmp(results->list.data[end]->file, file); end++)
		failed += results->list.data[end]->failures.n > 0;
	fe_out_puts(out, "  <testsuite");
	put_attribute("name", file, out);
	fe_out_printf(out, " tests=\"%zu\" failures=\"%zu\">\n", end - i,
		      failed);
	for (; i < end; i++) {
		const struct fe_test_result *t = results->list.data[i];
		fe_out_puts(out, "   <testcase");
		put_attribute("classname", file, out);
		put_attribute("name", t->name, out);
		fe_out_printf(out, " line=\"%u\"%s>\n",
			      fe_source_place(sources, t->span).line,
			      t->failures.n ? "" : "/");
		for (size_t j = 0; j < t->failures.n; j++)
			put_junit_failure(&t->failures.data[j], sources, out);
		if (t->failures.n)
			fe_out_puts(out, "   </testcase>\n");
	}
	fe_out_puts(out, "  </testsuite>\n");
	return end;
}

void fe_tests_put_junit(const struct fe_test_results *results,
			const struct fe_sources *sources, bool colour,
			struct fe_out *out)
{
	(void)colour;
	fe_out_printf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			   "<testsuites tests=\"%zu\" failures=\"%zu\">\n",
		      results->list.n, results->n_failed);
	for (size_t i = 0; i < results->list.n;)
		i = put_suite(results, i, sources, out);
	fe_out_puts(out, "</testsuites>\n");
}

/* --- JSON --- */

static void put_json_failure(const struct fe_failure *f,
			     const struct fe_sources *sources,
			     struct fe_out *out)
{
	struct fe_place place = fe_source_place(sources, f->span);

	fe_out_printf(out, "{\"line\":%u,\"column\":%u,\"expected\":",
		      place.line, place.column);
	fe_trace_put_string(out, f->wanted);
	fe_out_puts(out, ",\"got\":");
	fe_trace_put_string(out, f->text);
	fe_out_puts(out, ",\"trace\":");
	if (f->trace)
		fe_trace_put_string(out, f->trace);
	else
		fe_out_puts(out, "null");
	fe_out_putc(out, '}');
}

void fe_tests_put_json(const struct fe_test_results *results,
		       const struct fe_sources *sources, bool colour,
		       struct fe_out *out)
{
	(void)colour;
	fe_out_printf(out, "{\"passed\":%zu,\"failed\":%zu,\"tests\":[",
		      results->list.n - results->n_failed, results->n_failed);
	for (size_t i = 0; i < results->list.n; i++) {
		const struct fe_test_result *t = results->list.data[i];
		fe_out_puts(out, i ? ",\n{\"file\":" : "\n{\"file\":");
		fe_trace_put_string(out, t->file);
		fe_out_printf(out, ",\"line\":%u,\"name\":",
			      fe_source_place(sources, t->span).line);
		fe_trace_put_string(out, t->name);
		fe_out_printf(out, ",\"passed\":%s,\"packets\":%llu,"
				   "\"failures\":[",
			      t->failures.n ? "false" : "true",
			      (unsigned long long)t->n_packets);
		for (size_t j = 0; j < t->failures.n; j++) {
			if (j)
				fe_out_putc(out, ',');
			put_json_failure(&t->failures.data[j], sources, out);
		}
		fe_out_puts(out, "]}");
	}
	fe_out_puts(out, "\n]}\n");
}
