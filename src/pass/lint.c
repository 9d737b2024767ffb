/*
 * Lint's frame: the table of checks, suppression, owners of chains, order.
 */
#include "pass/lint.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ruleset/ruleset.h"

const struct fe_lint_check fe_lint_checks[FE_N_LINTS] = {
#define CHECK(ID, name, severity, confidence, summary, page)                   \
	{#ID, name, severity, confidence, summary, page},
#include "pass/lint.def"
#undef CHECK
};

const struct fe_lint_check *fe_lint_find(const char *id)
{
	for (unsigned i = 0; i < FE_N_LINTS; i++)
		if (!strcasecmp(fe_lint_checks[i].id, id) ||
		    !strcasecmp(fe_lint_checks[i].name, id))
			return &fe_lint_checks[i];
	return NULL;
}

/* Whether "...ferrule:disable=FE301,FE302..." in text names the id. */
static bool disables(struct fe_str text, const char *id)
{
	static const char word[] = "disable=";
	const char *at = memmem(text.s, text.len, "ferrule:", 8);
	const char *end = text.s + text.len;

	if (!at)
		return false;
	at = memmem(at, (size_t)(end - at), word, sizeof(word) - 1);
	if (!at)
		return false;
	for (at += sizeof(word) - 1; at < end; at++) {
		const char *from = at;
		while (at < end && *at != ',' && *at != ' ' && *at != '"' &&
		       *at != '\n')
			at++;
		if ((size_t)(at - from) == strlen(id) &&
		    !strncasecmp(from, id, (size_t)(at - from)))
			return true;
		if (at == end || *at != ',')
			return false;
	}
	return false;
}

/* A '#' line belongs to the rule when its item begins on the rule's line. */
static bool comment_disables(const struct fe_lint *lint,
			     const struct fe_rule *rule, const char *id)
{
	const struct fe_ruleset *rs = lint->ruleset;
	const struct fe_source *source;

	for (size_t i = 0; i < rs->comments.n; i++) {
		const struct fe_comment *c = &rs->comments.data[i];
		struct fe_str text = {NULL, c->span.len};
		if (c->span.source != rule->span.source ||
		    c->before > rule->span.off)
			continue;
		source = fe_source(lint->context->sources, c->span.source);
		if (memchr(source->text.s + c->before, '\n',
			   rule->span.off - c->before))
			continue;
		text.s = source->text.s + c->span.off;
		if (disables(text, id))
			return true;
	}
	return false;
}

/* The rule's own text holds its comment match. */
static bool suppressed(const struct fe_lint *lint, const struct fe_rule *rule,
		       const char *id)
{
	const struct fe_source *source =
	    fe_source(lint->context->sources, rule->span.source);

	if (!source)
		return false;
	return disables((struct fe_str){source->text.s + rule->span.off,
					rule->span.len}, id) ||
	       comment_disables(lint, rule, id);
}

static bool is_owned(const struct fe_chain *chain)
{
	static const char *const owners[] = {
	    "DOCKER", "KUBE-", "cali-", "CILIUM_", "f2b-", "ufw-", "ufw6-",
	    "neutron-", "LIBVIRT_"};

	for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++)
		if (!strncmp(chain->name, owners[i], strlen(owners[i])))
			return true;
	return false;
}

struct fe_diag *fe_lint_report(struct fe_lint *lint, enum fe_lint_id id,
			       const struct fe_rule *rule, struct fe_span span,
			       const char *format, ...)
{
	const struct fe_lint_check *check = &fe_lint_checks[id];
	struct fe_diags *diags = lint->context->diags;
	struct fe_buf place = {0};
	struct fe_diag *d;
	char text[400];
	va_list ap;

	if (is_owned(rule->chain) && !lint->context->owned)
		return NULL;
	if (suppressed(lint, rule, check->id)) {
		lint->n_suppressed++;
		return NULL;
	}
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (span.source == UINT32_MAX)
		span = rule->span;
	d = fe_diag(diags, check->severity, check->id, span, "%s", text);
	d->confidence = check->confidence;
	fe_rule_place(rule, &place);
	d->rule = fe_arena_strdup(diags->arena, fe_buf_text(&place));
	fe_buf_free(&place);
	return d;
}

void fe_lint_witness(struct fe_lint *lint, struct fe_diag *diag, fe_set set)
{
	if (diag)
		diag->witness =
		    fe_witness(lint->behave, lint->context->diags->arena,
			       lint->ruleset->family, set);
}

void fe_lint_note(struct fe_lint *lint, struct fe_diag *diag,
		  const struct fe_rule *rule, const char *text)
{
	struct fe_buf place = {0};

	if (!diag)
		return;
	fe_rule_place(rule, &place);
	fe_diag_note(lint->context->diags, diag, rule->span, "%s %s", text,
		     fe_buf_text(&place));
	fe_buf_free(&place);
}

static void lint_family(struct fe_lint *lint)
{
	lint->reach = fe_reach_new(lint->ruleset, lint->ipsets);
	lint->behave = fe_reach_behave(lint->reach);
	lint->space = fe_behave_space(lint->behave);
	fe_lint_rules(lint);
	fe_lint_chains(lint);
	fe_lint_shadows(lint);
	fe_lint_notrack(lint);
	fe_reach_free(lint->reach);
}

static int by_place(const void *pa, const void *pb)
{
	const struct fe_diag *a = *(struct fe_diag *const *)pa;
	const struct fe_diag *b = *(struct fe_diag *const *)pb;

	if (a->span.source != b->span.source)
		return a->span.source < b->span.source ? -1 : 1;
	if (a->span.off != b->span.off)
		return a->span.off < b->span.off ? -1 : 1;
	return strcmp(a->id ? a->id : "", b->id ? b->id : "");
}

uint32_t fe_lint(const struct fe_pass_context *context)
{
	const struct fe_ruleset *both[] = {context->rules->v4,
					   context->rules->v6};
	struct fe_diags *diags = context->diags;
	uint32_t n_suppressed = 0;

	for (unsigned i = 0; i < 2; i++) {
		struct fe_lint lint = {.context = context,
				       .ruleset = both[i],
				       .ipsets = context->rules->ipsets};
		if (!both[i])
			continue;
		lint_family(&lint);
		n_suppressed += lint.n_suppressed;
	}
	if (diags->list.n)
		qsort(diags->list.data, diags->list.n,
		      sizeof(diags->list.data[0]), by_place);
	return n_suppressed;
}
