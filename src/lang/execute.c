/*
 * Commands, done to a table: what iptables does to the kernel's, rule numbers
 * as they are after the commands before. Also the grammar's actions for
 * verbs, which are all words that are no option of an extension.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lang/line.h"

enum {
	LONGEST_CHAIN_NAME = 28, /* that words may have */
	LEGACY_NAME_ROOM = 29,   /* legacy -E cuts a name there */
};

/* What the words allow, and the table doesn't; what iptables says then. */
static struct fe_diag *refused(struct fe_diag *d, const char *kernel)
{
	d->by = FE_BY_TABLE;
	d->kernel = kernel;
	return d;
}

static bool is_nft(const struct fe_line *line)
{
	return line->options->backend == FE_NFT;
}

/* Whether the lines at hand bring it themselves, in one transaction: a file's
 * do, a list of commands is one each. */
static bool is_new(const struct fe_line *line, struct fe_span span)
{
	return line->origin != FE_FROM_COMMAND && span.source == line->source;
}

void fe_line_verb(struct fe_line *line)
{
	const struct fe_verb *verb = line->verb;

	line->n_words = 0;
	if (verb->id < FE_N_COMMANDS) {
		if (line->command)
			fe_line_error(line, "FE101", &line->last,
				      "a line holds one command, and this is "
				      "the second");
		line->command = verb;
	} else if (verb->id == FE_VERB_TABLE &&
		   line->origin != FE_FROM_COMMAND) {
		fe_line_error(line, "FE101", &line->last,
			      "-t cannot be used inside a table");
	} else if (verb->id == FE_VERB_WAIT &&
		   line->origin != FE_FROM_COMMAND) {
		fe_line_error(line, "FE101", &line->last,
			      "-%c cannot be used in a save file",
			      verb->short_name);
	} else if (verb->id == FE_VERB_IPV4 || verb->id == FE_VERB_IPV6) {
		unsigned family = verb->id == FE_VERB_IPV4 ? 4 : 6;
		bool differs = family != line->ruleset->family;
		if (differs && line->origin == FE_FROM_COMMAND)
			fe_line_error(line, "FE101", &line->last,
				      "-%u contradicts the command's name",
				      family);
		line->skip |= differs;
	} else if (verb->id == FE_VERB_COUNTERS) {
		line->n_counter_words = 0;
	} else if (verb->id == FE_VERB_LISTING) {
		line->listing = line->last;
		line->has_listing = true;
	} else if (verb->id == FE_VERB_OTHER) {
		fe_line_error(line, "FE101", &line->last,
			      "'%.*s' makes no rule", (int)line->last.text.len,
			      line->last.text.s);
	}
}

static void set_table(struct fe_line *line, const struct fe_word *word)
{
	int id = fe_table_find(word->text);
	struct fe_diag *d;

	if (id < 0) {
		d = fe_line_error(line, "FE101", word, "there is no table '%.*s'",
				  (int)word->text.len, word->text.s);
		fe_diag_hint(line->diags, d,
			     "tables are raw, mangle, nat, filter, security");
		return;
	}
	line->table = &line->ruleset->tables[id];
}

static bool read_counter(struct fe_line *line, const struct fe_word *word,
			 struct fe_str text, uint64_t *n)
{
	if (fe_str_u64(text, 10, UINT64_MAX, n))
		return true;
	fe_line_error(line, "FE101", word, "'%.*s' is no counter",
		      (int)text.len, text.s);
	return false;
}

/* -c P B, or -c P,B */
static void add_counter(struct fe_line *line, const struct fe_word *word)
{
	struct fe_str text = word->text;
	const char *comma = memchr(text.s, ',', text.len);

	if (line->n_words == 0 && comma) {
		struct fe_str p = {text.s, (size_t)(comma - text.s)};
		struct fe_str b = {comma + 1, text.len - p.len - 1};
		line->maybe = 0;
		line->n_counter_words = 2;
		if (read_counter(line, word, p, &line->packets))
			read_counter(line, word, b, &line->bytes);
		return;
	}
	line->n_counter_words++;
	read_counter(line, word, text,
		     line->n_words ? &line->bytes : &line->packets);
}

void fe_line_verb_word(struct fe_line *line, const struct fe_word *word)
{
	const struct fe_verb *verb = line->verb;

	if (verb->id < FE_N_COMMANDS)
		line->words[line->n_words] = *word;
	else if (verb->id == FE_VERB_TABLE)
		set_table(line, word);
	else if (verb->id == FE_VERB_COUNTERS)
		add_counter(line, word);
	line->n_words++;
	if (verb->id < FE_N_COMMANDS)
		line->n_command_words = line->n_words;
}

static bool is_hook_name(struct fe_str name)
{
	for (unsigned i = 0; i < FE_N_HOOKS; i++)
		if (fe_str_is(name, fe_hook_names[i]))
			return true;
	return false;
}

/* A builtin chain's name, but of another table. */
static void hint_builtin(struct fe_line *line, struct fe_diag *d)
{
	const struct fe_table *table = line->table;
	struct fe_buf buf = {0};

	for (size_t i = 0; i < table->chains.n; i++) {
		if (!table->chains.data[i]->builtin)
			continue;
		fe_buf_puts(&buf, buf.size ? ", " : "");
		fe_buf_puts(&buf, table->chains.data[i]->name);
	}
	fe_diag_hint(line->diags, d, "its builtin chains are %s",
		     fe_buf_text(&buf));
	fe_buf_free(&buf);
}

struct fe_chain *fe_line_chain(struct fe_line *line, const struct fe_word *name)
{
	struct fe_chain *chain = line->last_chain;
	struct fe_diag *d;

	if (chain && fe_str_is(name->text, chain->name))
		return chain;
	chain = fe_table_chain(line->table, name->text);
	if (chain) {
		line->last_chain = chain;
		return chain;
	}
	d = refused(fe_line_error(line, "FE108", name,
			  "there is no chain '%.*s' in table %s here",
			  (int)name->text.len, name->text.s,
			  fe_table_names[line->table->id]),
		"No chain/target/match by that name.");
	const char *near = fe_line_nearest_chain(line, name->text);
	if (near)
		fe_diag_hint(line->diags, d, "did you mean '%s'?", near);
	else if (is_hook_name(name->text))
		hint_builtin(line, d);
	else
		fe_diag_hint(line->diags, d, "a chain must be declared before "
			     "it is used: %s%.*s%s",
			     line->origin == FE_FROM_SAVE ? ":" : "-N ",
			     (int)name->text.len, name->text.s,
			     line->origin == FE_FROM_SAVE ? " - [0:0]" : "");
	return NULL;
}

void fe_line_bad_policy(struct fe_line *line, const struct fe_word *policy)
{
	struct fe_diag *d = refused(fe_line_error(
	    line, "FE110", policy,
	    "policy '%.*s': only ACCEPT and DROP can be one",
	    (int)policy->text.len, policy->text.s),
		"Bad policy name. Run `dmesg' for more information.");

	if (fe_str_is(policy->text, "REJECT"))
		fe_diag_hint(line->diags, d,
			     "end the chain with a rule: -j REJECT");
}

bool fe_line_chain_name(struct fe_line *line, const struct fe_word *name)
{
	struct fe_str text = name->text;

	if (!text.len) {
		fe_line_error(line, "FE101", name, "a chain needs a name");
		return false;
	}
	/* iptables renames to any name, and can't read it afterwards. */
	if (text.len > LONGEST_CHAIN_NAME &&
	    !(line->options->strict_compat && line->command &&
	      line->command->id == FE_VERB_RENAME)) {
		fe_line_error(line, "FE101", name,
			      "chain name '%.*s' has %zu bytes; the limit is %d",
			      (int)text.len, text.s, text.len,
			      LONGEST_CHAIN_NAME);
		return false;
	}
	return true;
}

/* What -N and -E refuse, but a save file's ":" does not. */
static bool check_new_name(struct fe_line *line, const struct fe_word *name)
{
	struct fe_str text = name->text;

	if (!fe_line_chain_name(line, name))
		return false;
	if (text.s[0] == '-' || text.s[0] == '!') {
		fe_line_error(line, "FE101", name,
			      "a chain name cannot begin with '%c'", text.s[0]);
		return false;
	}
	if (memchr(text.s, ' ', text.len) || memchr(text.s, '\t', text.len) ||
	    memchr(text.s, '\n', text.len)) {
		fe_line_error(line, "FE101", name,
			      "a chain name cannot hold blanks");
		return false;
	}
	if (fe_map_get(&line->vocab->targets, text) ||
	    fe_known_elsewhere(FE_TARGET, text)) {
		fe_line_error(line, "FE101", name,
			      "'%.*s' is a target, and can't name a chain",
			      (int)text.len, text.s);
		return false;
	}
	if (fe_table_chain(line->table, text)) {
		refused(fe_line_error(line, "FE101", name,
			      "there is a chain '%.*s' already", (int)text.len,
			      text.s),
		line->command && line->command->id == FE_VERB_RENAME
		    ? "File exists." : "Chain already exists.");
		return false;
	}
	return true;
}

static const char *too_big(const struct fe_line *line)
{
	if (line->command && line->command->id == FE_VERB_DELETE)
		return "Index of deletion too big.";
	if (line->command && line->command->id == FE_VERB_REPLACE)
		return "Index of replacement too big.";
	return "Index of insertion too big.";
}

static bool rule_number(struct fe_line *line, const struct fe_word *word,
			uint64_t most, size_t *at)
{
	uint64_t n;

	if (!fe_str_u64(word->text, 0, INT_MAX, &n) || n == 0) {
		fe_line_error(line, "FE101", word, "'%.*s' is no rule number",
			      (int)word->text.len, word->text.s);
		return false;
	}
	if (n > most) {
		refused(fe_line_error(line, "FE101", word,
			      "rule number %llu is too big: the chain has %llu "
			      "rules", (unsigned long long)n,
			      (unsigned long long)line->last_chain->rules.n),
		too_big(line));
		return false;
	}
	*at = (size_t)n - 1;
	return true;
}

/* Makes room for n rules at a place of the chain. */
static void insert(struct fe_chain *chain, size_t at,
		   const struct fe_line_rules *rules, bool reversed)
{
	size_t n = rules->list.n, old = chain->rules.n;

	fe_vec_reserve(&chain->rules, old + n);
	struct fe_rule **to = &chain->rules.data[at];
	memmove(to + n, to, (old - at) * sizeof(*to));
	for (size_t i = 0; i < n; i++)
		to[i] = rules->list.data[reversed ? n - 1 - i : i];
	chain->rules.n = old + n;
}

static bool may_replace(struct fe_line *line, const struct fe_rule *old)
{
	struct fe_diag *d;

	if (!is_nft(line) || !is_new(line, old->span))
		return true;
	d = fe_line_error(line, NULL, NULL, "iptables-nft-restore 1.8.9 crashes "
			  "where -R replaces a rule of the same file");
	fe_diag_note(line->diags, d, old->span, "it stands here");
	d->by = FE_BY_KERNEL;
	return false;
}

static void add_rules(struct fe_line *line, struct fe_chain *chain,
		      const struct fe_line_rules *rules)
{
	size_t at = 0;

	switch (line->command->id) {
	case FE_VERB_APPEND:
		if (chain->rules.n == chain->rules.cap)
			fe_vec_reserve(&chain->rules, chain->rules.n * 2 + 4);
		for (size_t i = 0; i < rules->list.n; i++)
			fe_vec_push(&chain->rules, rules->list.data[i]);
		break;
	case FE_VERB_INSERT:
		if (line->n_command_words > 1 &&
		    !rule_number(line, &line->words[1], chain->rules.n + 1, &at))
			return;
		insert(chain, at, rules, true);
		break;
	case FE_VERB_REPLACE:
		if (rules->list.n != 1) {
			fe_line_error(line, "FE101", NULL,
				      "-R takes one source and destination");
			return;
		}
		if (rule_number(line, &line->words[1], chain->rules.n, &at) &&
		    may_replace(line, chain->rules.data[at]))
			chain->rules.data[at] = rules->list.data[0];
		break;
	default:
		break;
	}
}

/* The first rule that prints as this one does: the kernel compares bytes. */
static size_t find_rule(const struct fe_chain *chain,
			const struct fe_rule *rule)
{
	struct fe_buf want = {0}, have = {0};
	size_t i;

	fe_rule_print(rule, &want);
	for (i = 0; i < chain->rules.n; i++) {
		fe_buf_clear(&have);
		fe_rule_print(chain->rules.data[i], &have);
		if (have.size == want.size &&
		    !memcmp(have.data, want.data, have.size))
			break;
	}
	fe_buf_free(&want);
	fe_buf_free(&have);
	return i;
}

static void remove_rule(struct fe_chain *chain, size_t at)
{
	struct fe_rule **from = &chain->rules.data[at];

	chain->rules.n--;
	memmove(from, from + 1, (chain->rules.n - at) * sizeof(*from));
}

static void match_rules(struct fe_line *line, struct fe_chain *chain,
			const struct fe_line_rules *rules)
{
	for (size_t i = 0; i < rules->list.n; i++) {
		size_t at = find_rule(chain, rules->list.data[i]);
		if (at == chain->rules.n) {
			refused(fe_line_error(line, "FE101", NULL,
				      "chain %s has no such rule", chain->name),
		"Bad rule (does a matching rule exist in that chain?).");
			return;
		}
		if (line->command->id == FE_VERB_DELETE)
			remove_rule(chain, at);
	}
}

static void delete_by_number(struct fe_line *line, struct fe_chain *chain)
{
	size_t at;

	if (line->settings.n || line->scopes.n > 1 || line->has_jump) {
		fe_line_error(line, "FE101", NULL,
			      "-D takes a rule number or a rule, not both");
		return;
	}
	if (rule_number(line, &line->words[1], chain->rules.n, &at))
		remove_rule(chain, at);
}

static void do_rule(struct fe_line *line)
{
	struct fe_chain *chain = fe_line_chain(line, &line->words[0]);
	struct fe_line_rules *rules = &line->built;

	if (!chain)
		return;
	if (line->command->id == FE_VERB_DELETE && line->n_command_words > 1) {
		delete_by_number(line, chain);
		return;
	}
	rules->list.n = 0;
	if (!fe_line_build(line, chain, rules))
		return;
	if (line->command->id == FE_VERB_DELETE ||
	    line->command->id == FE_VERB_CHECK)
		match_rules(line, chain, rules);
	else
		add_rules(line, chain, rules);
}

/* How many rules jump to each chain, by its index; the caller frees it. */
static uint32_t *count_refs(const struct fe_table *table)
{
	uint32_t *refs = fe_calloc(table->chains.n, sizeof(*refs));

	for (size_t c = 0; c < table->chains.n; c++) {
		const struct fe_chain *chain = table->chains.data[c];
		for (size_t i = 0; i < chain->rules.n; i++)
			if (chain->rules.data[i]->jump)
				refs[chain->rules.data[i]->jump->index]++;
	}
	return refs;
}

/* Only iptables-nft deletes a builtin chain: nothing is lost with one that has
 * no rules and accepts, and it comes back with the next rule. */
static const char *why_stays(const struct fe_line *line,
			     const struct fe_chain *chain, const uint32_t *refs,
			     const char **kernel)
{
	static const char busy[] = "Device or resource busy.";
	bool nft = is_nft(line);

	*kernel = nft ? busy : "Directory not empty.";
	if (chain->builtin && nft && chain->policy == FE_POLICY_DROP) {
		*kernel = "Directory not empty.";
		return "drops what comes to its end";
	}
	if (chain->builtin && !nft) {
		*kernel = fe_invalid_argument;
		return "is built in";
	}
	if (refs[chain->index] && !nft)
		*kernel = "Too many links.";
	return chain->rules.n ? "is not empty"
	       : refs[chain->index] ? "is still jumped to" : NULL;
}

static bool may_delete(struct fe_line *line, const struct fe_chain *chain,
		       const uint32_t *refs, const struct fe_word *word)
{
	const char *kernel, *why = why_stays(line, chain, refs, &kernel);
	struct fe_diag *d;

	if (!why)
		return true;
	d = refused(fe_line_error(line, "FE101", word,
				  "chain %s cannot be deleted: it %s",
				  chain->name, why), kernel);
	if (is_nft(line) && !chain->builtin)
		d->by = FE_BY_KERNEL;
	return false;
}

static int by_name(const void *a, const void *b)
{
	const struct fe_chain *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* By name, up to the first that cannot be deleted; iptables-nft deletes them
 * all, or none. */
static void delete_all_chains(struct fe_line *line, const uint32_t *refs)
{
	const struct fe_table *table = line->table;
	struct fe_chain **chains =
	    fe_malloc(table->chains.n * sizeof(*chains));
	size_t n = 0, i;

	for (i = 0; i < table->chains.n; i++)
		if (!table->chains.data[i]->builtin)
			chains[n++] = table->chains.data[i];
	qsort(chains, n, sizeof(*chains), by_name);
	for (i = 0; i < n; i++)
		if (!may_delete(line, chains[i], refs, NULL))
			break;
	if (i == n || !is_nft(line))
		fe_table_remove_chains(line->table, chains, i);
	free(chains);
}

static void do_delete_chain(struct fe_line *line)
{
	uint32_t *refs = count_refs(line->table);
	struct fe_chain *chain;

	line->last_chain = NULL;
	if (!line->n_command_words) {
		delete_all_chains(line, refs);
	} else {
		chain = fe_line_chain(line, &line->words[0]);
		if (chain && may_delete(line, chain, refs, &line->words[0]) &&
		    !chain->builtin)
			fe_table_remove_chains(line->table, &chain, 1);
	}
	line->last_chain = NULL;
	free(refs);
}

static void do_policy(struct fe_line *line)
{
	struct fe_chain *chain = fe_line_chain(line, &line->words[0]);
	const struct fe_word *word = &line->words[1];

	if (!chain)
		return;
	if (!chain->builtin)
		refused(fe_line_error(line, "FE110", &line->words[0],
			      "chain %s is not built in: only such have a "
			      "policy", chain->name),
		"Bad built-in chain name. Run `dmesg' for more information.");
	else if (fe_str_is(word->text, "ACCEPT"))
		chain->policy = FE_POLICY_ACCEPT;
	else if (fe_str_is(word->text, "DROP"))
		chain->policy = FE_POLICY_DROP;
	else
		fe_line_bad_policy(line, word);
	if (!line->failed && line->n_counter_words) {
		chain->packets = line->packets;
		chain->bytes = line->bytes;
	}
}

/* -F and -Z: one chain, or all. */
static void do_chains(struct fe_line *line)
{
	struct fe_table *table = line->table;
	struct fe_chain *one = NULL;
	size_t rule = SIZE_MAX;

	if (line->n_command_words &&
	    !(one = fe_line_chain(line, &line->words[0])))
		return;
	if (line->n_command_words > 1 &&
	    !rule_number(line, &line->words[1], one->rules.n, &rule))
		return;
	for (size_t i = 0; i < table->chains.n; i++) {
		struct fe_chain *c = table->chains.data[i];
		if (one && c != one)
			continue;
		if (line->command->id == FE_VERB_FLUSH) {
			c->rules.n = 0;
			continue;
		}
		if (rule == SIZE_MAX)
			c->packets = c->bytes = 0;
		for (size_t r = 0; r < c->rules.n; r++)
			if (rule == SIZE_MAX || r == rule)
				c->rules.data[r]->packets =
				    c->rules.data[r]->bytes = 0;
	}
}

/*
 * iptables-nft renames it, and loses sight of it: its rules and policy go on
 * deciding about packets, and are no longer listed. What is listed is what
 * strict compatibility is about.
 */
static void rename_builtin(struct fe_line *line, struct fe_chain *chain)
{
	if (!is_nft(line)) {
		refused(fe_line_error(line, "FE101", &line->words[0],
				      "builtin chain %s cannot be renamed",
				      chain->name),
			fe_invalid_argument);
		return;
	}
	struct fe_diag *d = fe_diag(
	    line->diags, line->options->strict_compat ? FE_WARNING : FE_ERROR,
	    "FE101", fe_line_span(line, &line->words[0]),
	    "iptables-nft renames builtin chain %s and loses sight of it: its "
	    "rules go on, unseen", chain->name);
	fe_diag_hint(line->diags, d, "nft list ruleset shows them");
	chain->rules.n = 0;
	chain->policy = FE_POLICY_ACCEPT;
}

static void do_rename(struct fe_line *line)
{
	struct fe_chain *chain = fe_line_chain(line, &line->words[0]);

	if (!chain || !check_new_name(line, &line->words[1]))
		return;
	if (chain->builtin) {
		rename_builtin(line, chain);
		return;
	}
	if (is_nft(line) && is_new(line, chain->span)) {
		refused(fe_line_error(line, NULL, &line->words[0],
				      "iptables-nft-restore 1.8.9 cannot rename "
				      "a chain of the same file"),
			"CHAIN_RENAME failed (No such file or directory).")
		    ->by = FE_BY_KERNEL;
		return;
	}
	line->last_chain = NULL;
	struct fe_str to = line->words[1].text;
	if (!is_nft(line) && to.len > LEGACY_NAME_ROOM)
		to.len = LEGACY_NAME_ROOM;
	fe_table_rename_chain(line->table, chain, to);
}

static bool takes_rule(enum fe_verb_id id)
{
	return id == FE_VERB_APPEND || id == FE_VERB_INSERT ||
	       id == FE_VERB_DELETE || id == FE_VERB_REPLACE ||
	       id == FE_VERB_CHECK;
}

/*
 * A command names its table by itself: it comes into being by the first one.
 * Two files may not both speak of it, since their order is not known.
 */
static bool open_table(struct fe_line *line)
{
	struct fe_table *table = line->table;

	if (line->last_chain && line->last_chain->table != table)
		line->last_chain = NULL;
	if (table->present && table->span.source != line->source)
		return fe_line_second_file(line);
	if (table->present)
		return true;
	fe_ruleset_table(line->ruleset, table->id);
	table->span = (struct fe_span){line->source, line->off, 0};
	return true;
}

bool fe_line_second_file(struct fe_line *line)
{
	const struct fe_source *other =
	    fe_source(line->sources, line->table->span.source);
	struct fe_diag *d = fe_line_error(
	    line, NULL, NULL, "table %s of IPv%u stands in another file, too",
	    fe_table_names[line->table->id], line->ruleset->family);

	fe_diag_note(line->diags, d, line->table->span, "here, in %s",
		     other->name);
	return false;
}

static void execute(struct fe_line *line)
{
	enum fe_verb_id id = line->command->id;

	if (takes_rule(id)) {
		do_rule(line);
	} else if (line->settings.n || line->scopes.n > 1 || line->has_jump) {
		fe_line_error(line, "FE101", NULL,
			      "--%s takes no rule", line->command->name);
	} else if (id == FE_VERB_NEW) {
		if (check_new_name(line, &line->words[0]))
			fe_table_add_chain(line->table, line->words[0].text,
					   fe_line_span(line, NULL));
	} else if (id == FE_VERB_DELETE_CHAIN) {
		do_delete_chain(line);
	} else if (id == FE_VERB_POLICY) {
		do_policy(line);
	} else if (id == FE_VERB_FLUSH || id == FE_VERB_ZERO) {
		do_chains(line);
	} else if (id == FE_VERB_RENAME) {
		do_rename(line);
	}
}

/* -c belongs to commands that make a rule or a policy. */
static bool takes_counters(enum fe_verb_id id)
{
	return id == FE_VERB_APPEND || id == FE_VERB_INSERT ||
	       id == FE_VERB_REPLACE || id == FE_VERB_POLICY;
}

void fe_line_execute(struct fe_line *line)
{
	if (line->skip)
		return;
	if (!line->command) {
		fe_line_error(line, "FE101", NULL,
			      "the line has no command, such as -A CHAIN");
		return;
	}
	if (line->has_listing && line->command->id != FE_VERB_LIST) {
		fe_line_error(line, "FE101", &line->listing,
			      "'%.*s' goes with -L only",
			      (int)line->listing.text.len,
			      line->listing.text.s);
		return;
	}
	if (line->n_counter_words && !takes_counters(line->command->id)) {
		fe_line_error(line, "FE101", NULL,
			      "-c cannot be used with --%s",
			      line->command->name);
		return;
	}
	if (line->n_counter_words == 1) {
		fe_line_error(line, "FE101", NULL,
			      "-c wants packets and bytes");
		return;
	}
	if (line->origin != FE_FROM_COMMAND || open_table(line))
		execute(line);
}
