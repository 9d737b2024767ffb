/* Reading: finds out what a text is and lets the right driver read it. */
#include "lang/read.h"

#include <stdlib.h>
#include <string.h>

#include "ext/ipset.h"
#include "lang/driver.h"

static struct fe_span span_at(uint32_t source, size_t off, size_t len)
{
	return (struct fe_span){source, (uint32_t)off, (uint32_t)len};
}

/* What is no text, or has none of ours in it. */
static bool is_text(struct fe_str text, uint32_t index, struct fe_diags *diags)
{
	const char *nul = memchr(text.s, '\0', text.len);

	if (nul) {
		fe_diag(diags, FE_ERROR, NULL,
			span_at(index, (size_t)(nul - text.s), 1),
			"this is no text: it has a zero byte here");
		return false;
	}
	if (text.len >= 3 && !memcmp(text.s, "\xef\xbb\xbf", 3)) {
		struct fe_diag *d =
		    fe_diag(diags, FE_ERROR, NULL, span_at(index, 0, 3),
			    "the file begins with a byte order mark, which "
			    "iptables-restore refuses");
		fe_diag_hint(diags, d, "save it as plain UTF-8 or ASCII");
		d->by = FE_BY_TABLE;
		return false;
	}
	return true;
}

struct fe_str fe_read_whole_lines(const struct fe_source *source,
				  uint32_t index, struct fe_diags *diags)
{
	struct fe_str text = source->text;
	struct fe_diag *d;

	if (source->cut == FE_NOT_CUT)
		return text;
	text.len = source->cut;
	d = fe_diag(diags, FE_ERROR, NULL, span_at(index, source->cut, 0),
		    "this line has more than %zu bytes",
		    FE_SOURCE_LINE_MAX);
	fe_diag_hint(diags, d, "nothing of the file is read from here on");
	return text;
}

/* By the name: rules.v6, ip6tables.rules. The last resort. */
static unsigned name_family(const char *name)
{
	size_t len = strlen(name);

	if (strstr(name, "ip6tables") || strstr(name, "ipv6"))
		return 6;
	return len > 2 && !strcmp(name + len - 2, "v6") ? 6 : 4;
}

static unsigned find_family(const struct fe_source *source,
			    const struct fe_read_options *options)
{
	unsigned family = options->family;

	if (!family)
		family = fe_detect_family(source->text);
	return family ? family : name_family(source->name);
}

static bool read_ipsets(struct fe_sources *sources, uint32_t index,
			struct fe_rules *rules, struct fe_diags *diags)
{
	if (!rules->ipsets)
		rules->ipsets = fe_ipsets_new();
	return fe_ipsets_read(rules->ipsets, sources, index, diags);
}

static void drive(struct fe_driver *driver, enum fe_spelling spelling)
{
	switch (spelling) {
	case FE_SPELLED_SAVE:
		fe_read_save(driver);
		break;
	case FE_SPELLED_LISTING:
		fe_read_listing(driver);
		break;
	case FE_SPELLED_COMMANDS:
		driver->shell = true;
		fe_read_commands(driver);
		break;
	case FE_SPELLED_IPSET:
	case FE_SPELLED_NOTHING:
		break;
	}
}

static uint32_t count_opaque(struct fe_ruleset *ruleset)
{
	ruleset->n_opaque = 0;
	for (unsigned t = 0; t < FE_N_TABLES; t++) {
		const struct fe_table *table = &ruleset->tables[t];
		for (size_t c = 0; c < table->chains.n; c++) {
			const struct fe_chain *chain = table->chains.data[c];
			for (size_t i = 0; i < chain->rules.n; i++)
				ruleset->n_opaque +=
				    chain->rules.data[i]->opaque;
		}
	}
	return ruleset->n_opaque;
}

static uint32_t finish(struct fe_ruleset *ruleset, struct fe_diags *diags)
{
	if (!ruleset)
		return 0;
	fe_ruleset_link(ruleset, diags);
	return count_opaque(ruleset);
}

static enum fe_spelling choose(const struct fe_source *source,
			       const struct fe_read_options *options)
{
	enum fe_spelling spelling = fe_detect(source->text);

	if (options->restore)
		return FE_SPELLED_SAVE;
	if (spelling == FE_SPELLED_NOTHING)
		return spelling;
	switch (options->input) {
	case FE_INPUT_AUTO:
		break;
	case FE_INPUT_SAVE:
		return spelling == FE_SPELLED_LISTING ? spelling
						      : FE_SPELLED_SAVE;
	case FE_INPUT_COMMANDS:
		return FE_SPELLED_COMMANDS;
	}
	return spelling;
}

bool fe_read(struct fe_sources *sources, uint32_t index,
	     const struct fe_read_options *options, struct fe_rules *rules,
	     struct fe_diags *diags)
{
	const struct fe_source *source = fe_source(sources, index);
	size_t errors = diags->n_errors;
	enum fe_spelling spelling = choose(source, options);
	uint32_t n_opaque = 0;

	if (!is_text(source->text, index, diags))
		return false;
	struct fe_str text = fe_read_whole_lines(source, index, diags);
	if (!text.len && diags->n_errors > errors)
		return false;
	if (spelling == FE_SPELLED_NOTHING) {
		fe_diag(diags, FE_ERROR, NULL, span_at(index, 0, 0),
			"the file holds no rules");
		return false;
	}
	if (spelling == FE_SPELLED_IPSET)
		return read_ipsets(sources, index, rules, diags);
	struct fe_driver driver = {
	    .line = {.sources = sources, .source = index, .options = options,
		     .diags = diags, .rules = rules},
	    .scanner = fe_scanner_new(spelling == FE_SPELLED_COMMANDS),
	    .text = text,
	    .errors_before = errors,
	};
	fe_line_init(&driver.line);
	fe_line_family(&driver.line, find_family(source, options));
	driver.first_comment = driver.line.ruleset->comments.n;
	drive(&driver, spelling);
	fe_scanner_free(driver.scanner);
	fe_line_free(&driver.line);
	n_opaque = finish(rules->v4, diags) + finish(rules->v6, diags);
	return diags->n_errors == errors && n_opaque == 0;
}

void fe_rules_free(struct fe_rules *rules)
{
	fe_ruleset_free(rules->v4);
	fe_ruleset_free(rules->v6);
	fe_ipsets_free(rules->ipsets);
	*rules = (struct fe_rules){0};
}
