/*
 * What expectations refer to: chains, rules, lines and reasons. One that the
 * rules don't have fails its expectation, a negated one too: "not by
 * filter/INPUT:9" says nothing about rules that end at 8, and a test must not
 * pass for having lost the rule that it was written for.
 */
#include <string.h>

#include "scenario/runner.h"

/* Whether a chain of either family will do: of the condition's table, if it
 * says one, and name. */
static bool has_chain(const struct fe_runner *r, const struct fe_condition *c,
		      struct fe_str name)
{
	const struct fe_ruleset *both[] = {r->rules->v4, r->rules->v6};

	for (int i = 0; i < 2; i++)
		for (unsigned t = 0; both[i] && t < FE_N_TABLES; t++) {
			const struct fe_chain *chain;

			if (c->chain.len && t != c->table)
				continue;
			chain = fe_table_chain(&both[i]->tables[t], name);
			if (chain && c->rule <= chain->rules.n &&
			    (!c->policy || chain->builtin))
				return true;
		}
	return false;
}

static bool chain_has_line(const struct fe_runner *r,
			   const struct fe_chain *chain, uint32_t line)
{
	for (size_t i = 0; i < chain->rules.n; i++)
		if (fe_source_place(r->fer->sources,
				    chain->rules.data[i]->span).line == line)
			return true;
	return false;
}

static bool has_line(const struct fe_runner *r, uint32_t line)
{
	const struct fe_ruleset *both[] = {r->rules->v4, r->rules->v6};

	for (int i = 0; i < 2; i++)
		for (unsigned t = 0; both[i] && t < FE_N_TABLES; t++) {
			const struct fe_table *table = &both[i]->tables[t];

			for (size_t k = 0; k < table->chains.n; k++)
				if (chain_has_line(r, table->chains.data[k],
						   line))
					return true;
		}
	return false;
}

/* As judge_by() takes them: the beginning of one will do. */
static bool is_reason(struct fe_str name)
{
	for (size_t i = 0; fe_engine_reasons[i]; i++)
		if (strlen(fe_engine_reasons[i]) >= name.len &&
		    !memcmp(fe_engine_reasons[i], name.s, name.len))
			return true;
	return false;
}

static bool has_iface(const struct fe_runner *r, struct fe_str name)
{
	const struct fe_host *host = r->fer->host;

	for (size_t i = 1; i < host->ifaces.n; i++)
		if (fe_str_is(name, host->ifaces.data[i].name))
			return true;
	return false;
}

static void put_chain(const struct fe_condition *c, struct fe_buf *got)
{
	fe_buf_printf(got, "%s/%.*s", fe_table_names[c->table],
		      (int)c->chain.len, c->chain.s);
	if (c->rule)
		fe_buf_printf(got, ":%u", c->rule);
	else if (c->policy)
		fe_buf_puts(got, ":policy");
	fe_buf_puts(got, " does not exist");
}

bool fe_reference_exists(const struct fe_runner *r,
			 const struct fe_condition *c, struct fe_buf *got)
{
	bool by = c->kind == FE_WANT_BY;

	if (c->chain.len && !has_chain(r, c, c->chain))
		put_chain(c, got);
	else if (by && c->line && !has_line(r, c->line))
		fe_buf_printf(got, "no rule stands in line %u", c->line);
	else if (by && c->name.len && !is_reason(c->name) &&
		 !has_chain(r, c, c->name))
		fe_buf_printf(got, "there is no chain %.*s",
			      (int)c->name.len, c->name.s);
	else if (c->kind == FE_WANT_LEAVES && !has_iface(r, c->name))
		fe_buf_printf(got, "the host has no interface %.*s",
			      (int)c->name.len, c->name.s);
	else
		return true;
	return false;
}
