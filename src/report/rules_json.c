/* Rules as JSON, and back (rules_json.h). */
#include "report/rules_json.h"

#include <jansson.h>
#include <string.h>

#include "option/types.h"
#include "ruleset/ruleset.h"

/* ---- writing */

/* The next word of saved text, without its quotes; false: there is none. */
static bool next_word(const char **text, struct fe_buf *word)
{
	const char *s = *text;
	bool quoted;

	while (*s == ' ')
		s++;
	if (*s == '\0')
		return false;
	fe_buf_clear(word);
	quoted = *s == '"';
	for (s += quoted; *s != '\0' && *s != (quoted ? '"' : ' '); s++) {
		if (quoted && *s == '\\' && s[1] != '\0')
			s++;
		fe_buf_putc(word, *s);
	}
	*text = s + (*s == '"');
	return true;
}

/* Bytes that are not UTF-8 stand as the code points of the same numbers. */
static json_t *string_of(const char *s)
{
	json_t *o = json_string(s);
	struct fe_buf latin = {0};

	if (o)
		return o;
	for (; *s; s++) {
		uint8_t c = (uint8_t)*s;

		if (c < 0x80) {
			fe_buf_putc(&latin, *s);
			continue;
		}
		fe_buf_putc(&latin, (char)(0xc0 | c >> 6));
		fe_buf_putc(&latin, (char)(0x80 | (c & 0x3f)));
	}
	o = json_pack("{s:s}", "latin1", fe_buf_text(&latin));
	fe_buf_free(&latin);
	return o;
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0' && strchr("0123456789", word[1]) == NULL;
}

/* Options of a part: their name, whether "!" stands before it, values. */
static json_t *options_of(const char *text)
{
	json_t *options = json_array(), *values = NULL;
	struct fe_buf word = {0};
	bool not = false;

	while (next_word(&text, &word)) {
		const char *s = fe_buf_text(&word);
		json_t *option;

		if (!strcmp(s, "!")) {
			not = true;
			continue;
		}
		if (!is_option(s) && values) {
			/* A "!" behind its option is a value of it. */
			if (not)
				json_array_append_new(values, json_string("!"));
			json_array_append_new(values, string_of(s));
			not = false;
			continue;
		}
		values = json_array();
		option = json_pack("{s:o, s:o}", "name", string_of(s),
				   "values", values);
		if (not)
			json_object_set_new(option, "not", json_true());
		json_array_append_new(options, option);
		not = false;
	}
	if (not && values)
		json_array_append_new(values, json_string("!"));
	fe_buf_free(&word);
	return options;
}

/* " -m NAME OPTIONS" or " -j NAME OPTIONS" */
static json_t *part_of(const char *text)
{
	struct fe_buf word = {0};
	json_t *part;

	next_word(&text, &word); /* -m, -j */
	next_word(&text, &word);
	part = json_pack("{s:o, s:o}", "name", string_of(fe_buf_text(&word)),
			 "options", options_of(text));
	fe_buf_free(&word);
	return part;
}

static json_t *rule_of(const struct fe_rule *rule, unsigned family,
		       bool counters)
{
	json_t *o = json_object(), *matches = json_array();
	struct fe_buf text = {0};

	if (counters) {
		json_object_set_new(o, "packets",
				    json_integer((json_int_t)rule->packets));
		json_object_set_new(o, "bytes",
				    json_integer((json_int_t)rule->bytes));
	}
	for (unsigned i = 0; i < rule->n_parts; i++) {
		const struct fe_part *part = &rule->parts[i];

		fe_buf_clear(&text);
		fe_part_print(part, family, &text);
		if (i == 0)
			json_object_set_new(o, "packet",
					    options_of(fe_buf_text(&text)));
		else if (part == fe_rule_target(rule))
			json_object_set_new(o, "target",
					    part_of(fe_buf_text(&text)));
		else if (text.size)
			json_array_append_new(matches,
					      part_of(fe_buf_text(&text)));
	}
	json_object_set_new(o, "matches", matches);
	if (rule->jump)
		json_object_set_new(
		    o, rule->action == FE_ACT_GOTO ? "goto" : "jump",
		    string_of(rule->jump->name));
	fe_buf_free(&text);
	return o;
}

static json_t *chain_of(const struct fe_chain *chain, unsigned family,
			bool counters)
{
	static const char *const policies[] = {NULL, "ACCEPT", "DROP"};
	json_t *o = json_pack("{s:o}", "name", string_of(chain->name));
	json_t *rules = json_array();

	if (policies[chain->policy])
		json_object_set_new(o, "policy",
				    json_string(policies[chain->policy]));
	if (counters && chain->builtin) {
		json_object_set_new(o, "packets",
				    json_integer((json_int_t)chain->packets));
		json_object_set_new(o, "bytes",
				    json_integer((json_int_t)chain->bytes));
	}
	for (size_t i = 0; i < chain->rules.n; i++)
		json_array_append_new(rules, rule_of(chain->rules.data[i],
						     family, counters));
	json_object_set_new(o, "rules", rules);
	return o;
}

static json_t *ruleset_of(const struct fe_ruleset *ruleset, bool counters)
{
	json_t *tables = json_array();

	for (unsigned i = 0; i < ruleset->n_order; i++) {
		const struct fe_table *table =
		    &ruleset->tables[ruleset->order[i]];
		json_t *chains = json_array();

		for (size_t c = 0; c < table->chains.n; c++)
			json_array_append_new(
			    chains, chain_of(table->chains.data[c],
					     ruleset->family, counters));
		json_array_append_new(
		    tables, json_pack("{s:s, s:o}", "name",
				      fe_table_names[table->id], "chains",
				      chains));
	}
	return json_pack("{s:i, s:o}", "family", (int)ruleset->family,
			 "tables", tables);
}

static int write_out(const char *data, size_t size, void *arg)
{
	fe_out_add(arg, data, size);
	return 0;
}

void fe_rules_json(const struct fe_rules *rules, bool counters,
		   struct fe_out *out)
{
	const struct fe_ruleset *both[] = {rules->v4, rules->v6};
	json_t *all = json_array(), *o;

	for (int i = 0; i < 2; i++)
		if (both[i])
			json_array_append_new(all,
					      ruleset_of(both[i], counters));
	o = json_pack("{s:i, s:o}", "ferrule_rules", 1, "rulesets", all);
	json_dump_callback(o, write_out, out, JSON_INDENT(1));
	fe_out_putc(out, '\n');
	json_decref(o);
}

/* ---- reading */

bool fe_rules_json_is(struct fe_str text)
{
	size_t i = 0;

	while (i < text.len && strchr(" \t\r\n", text.s[i]) && text.s[i])
		i++;
	return i < text.len && text.s[i] == '{' &&
	       memmem(text.s, text.len, "\"ferrule_rules\"", 15);
}

/* A word, or one of Latin 1; false: it is none. */
static bool put_string(const json_t *o, struct fe_buf *text)
{
	struct fe_buf word = {0};
	const char *s = json_string_value(
	    json_is_object(o) ? json_object_get(o, "latin1") : o);

	if (!s)
		return false;
	for (; *s; s++) {
		uint8_t c = (uint8_t)*s;

		if (json_is_object(o) && (c & 0xe0) == 0xc0 && s[1])
			c = (uint8_t)(c << 6 | ((uint8_t)*++s & 0x3f));
		fe_buf_putc(&word, c == '\n' ? ' ' : (char)c);
	}
	fe_word_print(fe_buf_text(&word), text);
	fe_buf_free(&word);
	return true;
}

static bool put_options(const json_t *options, struct fe_buf *text)
{
	bool ok = json_is_array(options);
	const json_t *option, *value;
	size_t i, k;

	json_array_foreach(options, i, option) {
		if (json_is_true(json_object_get(option, "not")))
			fe_buf_puts(text, " !");
		ok &= put_string(json_object_get(option, "name"), text);
		json_array_foreach(json_object_get(option, "values"), k, value)
			ok &= put_string(value, text);
	}
	return ok;
}

static bool put_part(const json_t *part, const char *verb, struct fe_buf *text)
{
	fe_buf_puts(text, verb);
	return put_string(json_object_get(part, "name"), text) &&
	       put_options(json_object_get(part, "options"), text);
}

static void put_counters(const json_t *o, struct fe_buf *text)
{
	fe_buf_printf(text, "[%lld:%lld]",
		      (long long)json_integer_value(
			  json_object_get(o, "packets")),
		      (long long)json_integer_value(
			  json_object_get(o, "bytes")));
}

static bool put_rule(const json_t *rule, const json_t *chain,
		     struct fe_buf *text)
{
	const json_t *part;
	bool ok;
	size_t i;

	put_counters(rule, text);
	fe_buf_puts(text, " -A");
	ok = put_string(chain, text) &&
	     put_options(json_object_get(rule, "packet"), text);
	json_array_foreach(json_object_get(rule, "matches"), i, part)
		ok &= put_part(part, " -m", text);
	if ((part = json_object_get(rule, "target")))
		ok &= put_part(part, " -j", text);
	if ((part = json_object_get(rule, "jump"))) {
		fe_buf_puts(text, " -j");
		ok &= put_string(part, text);
	}
	if ((part = json_object_get(rule, "goto"))) {
		fe_buf_puts(text, " -g");
		ok &= put_string(part, text);
	}
	fe_buf_putc(text, '\n');
	return ok;
}

static bool put_table(const json_t *table, struct fe_buf *text)
{
	const json_t *chains = json_object_get(table, "chains"), *chain, *rule;
	const char *name = json_string_value(json_object_get(table, "name"));
	bool ok = name && json_is_array(chains);
	size_t i, k;

	fe_buf_printf(text, "*%s\n", name ? name : "");
	json_array_foreach(chains, i, chain) {
		const char *policy = json_string_value(
		    json_object_get(chain, "policy"));
		const char *own = json_string_value(
		    json_object_get(chain, "name"));

		ok &= own && !strpbrk(own, " \t\n");
		fe_buf_printf(text, ":%s %s ", own ? own : "",
			      policy ? policy : "-");
		put_counters(chain, text);
		fe_buf_putc(text, '\n');
	}
	json_array_foreach(chains, i, chain)
		json_array_foreach(json_object_get(chain, "rules"), k, rule)
			ok &= put_rule(rule, json_object_get(chain, "name"),
				       text);
	fe_buf_puts(text, "COMMIT\n");
	return ok;
}

static bool put_ruleset(const json_t *o, unsigned family, struct fe_buf *text)
{
	const json_t *ruleset, *table;
	bool ok = json_integer_value(json_object_get(o, "ferrule_rules")) == 1;
	size_t i, k;

	json_array_foreach(json_object_get(o, "rulesets"), i, ruleset) {
		if (json_integer_value(json_object_get(ruleset, "family")) !=
		    (json_int_t)family)
			continue;
		json_array_foreach(json_object_get(ruleset, "tables"), k, table)
			ok &= put_table(table, text);
	}
	return ok;
}

bool fe_rules_json_text(struct fe_str json, const char *name, unsigned family,
			struct fe_diags *diags, struct fe_buf *text)
{
	json_error_t error;
	json_t *o = json_loadb(json.s, json.len, 0, &error);
	bool ok = o && put_ruleset(o, family, text);

	if (!o)
		fe_diag(diags, FE_ERROR, NULL, FE_NO_SPAN, "%s:%d:%d: %s",
			name, error.line, error.column, error.text);
	else if (!ok)
		fe_diag(diags, FE_ERROR, NULL, FE_NO_SPAN,
			"%s: these are no rules as doc/rules.schema.json "
			"tells", name);
	json_decref(o);
	return ok && text->size > 0;
}
