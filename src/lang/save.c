/*
 * Save files, as iptables-restore reads them: a line's kind is told by its
 * first byte, nothing is trimmed. Runs of rule lines go through the scanner
 * and the grammar; the other lines are short and read here.
 *
 * iptables-restore cuts lines at 10,239 bytes and takes the rest for a new
 * line. That is done only in strict_compat mode; else it is an error.
 */
#include <inttypes.h>
#include <string.h>

#include "lang/driver.h"
#include "lang/restore.h"

enum { LONGEST_LINE = 10239 }; /* with its newline */

static struct fe_word word_at(const struct fe_driver *d, size_t from, size_t to)
{
	return (struct fe_word){
	    .text = {d->text.s + from, to - from},
	    .off = (uint32_t)from,
	    .len = (uint32_t)(to - from),
	};
}

/* "[p:b]" at the front of text; 0, or its length. */
static size_t read_counters(struct fe_str text, uint64_t *p, uint64_t *b)
{
	const char *colon = memchr(text.s, ':', text.len);
	const char *end = memchr(text.s, ']', text.len);

	if (!text.len || text.s[0] != '[' || !colon || !end || colon > end)
		return 0;
	struct fe_str packets = {text.s + 1, (size_t)(colon - text.s) - 1};
	struct fe_str bytes = {colon + 1, (size_t)(end - colon) - 1};
	if (!fe_str_u64(packets, 10, UINT64_MAX, p) ||
	    !fe_str_u64(bytes, 10, UINT64_MAX, b))
		return 0;
	return (size_t)(end - text.s) + 1;
}

/* The first word of a rule line may be counters. */
static bool first_word(struct fe_driver *d, struct fe_word *word,
		       uint32_t line_off)
{
	struct fe_line *line = &d->line;
	const struct fe_restore *restore = line->options->restore;
	uint64_t packets = 0, bytes = 0;
	size_t len = 0;

	if (word->off == line_off && word->text.s[0] == '[') {
		len = read_counters(word->text, &packets, &bytes);
		if (!len) {
			fe_line_begin(line, word->off);
			fe_line_error(line, NULL, word,
				      "these are no counters: they look like "
				      "[PACKETS:BYTES]");
			return true;
		}
		word->text.s += len;
		word->text.len -= len;
		word->off += (uint32_t)len;
		word->len -= (uint32_t)len;
	}
	bool only = len && !word->text.len;
	fe_line_begin(line, only ? FE_LINE_LATER : word->off);
	line->end = word->off;
	if (!restore || restore->counters == FE_COUNTERS_WANTED) {
		line->packets = packets;
		line->bytes = bytes;
	}
	return only;
}

/* iptables-legacy-save prints the newest table first, iptables-nft-save has
 * an order of its own. */
static void place_table(struct fe_ruleset *ruleset, enum fe_table_id id,
			enum fe_backend backend)
{
	static const uint8_t nft_order[FE_N_TABLES] = {
		[FE_MANGLE] = 0, [FE_SECURITY] = 1, [FE_RAW] = 2,
		[FE_FILTER] = 3, [FE_NAT] = 4,
	};
	unsigned at = 0, n = ruleset->n_order - 1;

	while (backend == FE_NFT && at < n &&
	       nft_order[ruleset->order[at]] < nft_order[id])
		at++;
	memmove(ruleset->order + at + 1, ruleset->order + at,
		(n - at) * sizeof(ruleset->order[0]));
	ruleset->order[at] = id;
}

/*
 * A table that is there already. Each commit sets the policies' counters back,
 * not the rules'; a builtin chain that is not declared keeps its policy in
 * legacy, and accepts in iptables-nft.
 */
static void load_into(struct fe_line *line, struct fe_table *table)
{
	const struct fe_restore *restore = line->options->restore;
	bool nft = line->options->backend == FE_NFT;

	if (!restore->noflush)
		fe_table_clear(table);
	for (size_t i = 0; i < table->chains.n; i++) {
		struct fe_chain *c = table->chains.data[i];
		if (!c->builtin)
			continue;
		c->packets = c->bytes = 0;
		if (nft && !restore->noflush)
			c->policy = FE_POLICY_ACCEPT;
	}
}

static void open_table(struct fe_driver *d, size_t from, size_t to)
{
	const struct fe_restore *restore = d->line.options->restore;
	struct fe_line *line = &d->line;
	size_t end = from + 1;

	while (end < to && d->text.s[end] != ' ' && d->text.s[end] != '\t')
		end++;
	struct fe_word name = word_at(d, from + 1, end);
	int id = fe_table_find(name.text);
	fe_line_begin(line, (uint32_t)from);
	line->end = (uint32_t)to;
	d->skipping = true;
	if (restore && restore->only && !fe_str_is(name.text, restore->only))
		return;
	if (id < 0) {
		struct fe_diag *diag = fe_line_error(
		    line, "FE101", &name, "there is no table '%.*s'",
		    (int)name.text.len, name.text.s);
		fe_diag_hint(line->diags, diag,
			     "tables are raw, mangle, nat, filter, security");
		return;
	}
	struct fe_table *table = &line->ruleset->tables[id];
	line->table = table;
	line->last_chain = NULL;
	if (!restore && table->present &&
	    table->span.source != line->source) {
		fe_line_second_file(line);
		line->table = NULL;
		return;
	}
	if (table->present && restore) {
		load_into(line, table);
	} else if (restore) {
		fe_ruleset_table(line->ruleset, (enum fe_table_id)id);
		place_table(line->ruleset, (enum fe_table_id)id,
			    line->options->backend);
	} else if (table->present) {
		fe_diag(line->diags, FE_WARNING, NULL, fe_line_span(line, NULL),
			"table %s begins again: its rules so far are flushed",
			fe_table_names[id]);
		fe_table_clear(table);
	}
	d->skipping = false;
	fe_ruleset_table(line->ruleset, (enum fe_table_id)id);
	table->span = (struct fe_span){line->source, (uint32_t)from,
				       (uint32_t)(to - from)};
	fe_driver_item(d, (uint32_t)from);
}

/* The next word of text[*at..to); empty at the end. */
static struct fe_word next_word(const struct fe_driver *d, size_t *at,
				size_t to)
{
	while (*at < to && (d->text.s[*at] == ' ' || d->text.s[*at] == '\t'))
		++*at;
	size_t from = *at;
	while (*at < to && d->text.s[*at] != ' ' && d->text.s[*at] != '\t')
		++*at;
	return word_at(d, from, *at);
}

/* Of a policy. They may be missing, unless they are asked for with -c. */
static void set_counters(struct fe_line *line, struct fe_chain *chain,
			 const struct fe_word *counters)
{
	const struct fe_restore *restore = line->options->restore;
	bool wanted = restore && restore->counters == FE_COUNTERS_WANTED;

	if (restore && !wanted)
		return;
	if ((!wanted && !counters->text.len) ||
	    read_counters(counters->text, &chain->packets, &chain->bytes))
		return;
	fe_diag(line->diags, wanted ? FE_ERROR : FE_WARNING, NULL,
		fe_line_span(line, counters),
		"these are no counters: they look like [PACKETS:BYTES]");
}

static void set_policy(struct fe_driver *d, struct fe_chain *chain,
		       const struct fe_word *policy,
		       const struct fe_word *counters)
{
	struct fe_line *line = &d->line;

	if (fe_str_is(policy->text, "-"))
		return;
	if (fe_str_is(policy->text, "ACCEPT"))
		chain->policy = FE_POLICY_ACCEPT;
	else if (fe_str_is(policy->text, "DROP"))
		chain->policy = FE_POLICY_DROP;
	else
		fe_line_bad_policy(line, policy);
	set_counters(line, chain, counters);
}

/* iptables-nft checks what legacy takes as it comes. */
static bool check_nft_name(struct fe_line *line, const struct fe_word *name)
{
	struct fe_str text = name->text;

	if (line->options->backend != FE_NFT || !text.len)
		return true;
	if (text.s[0] == '-' || text.s[0] == '!') {
		fe_line_error(line, "FE101", name, "iptables-nft takes no chain "
			      "name that begins with '%c'", text.s[0]);
		return false;
	}
	if (fe_str_is(text, "ACCEPT") || fe_str_is(text, "DROP") ||
	    fe_str_is(text, "RETURN") || fe_str_is(text, "QUEUE")) {
		fe_line_error(line, "FE101", name,
			      "'%.*s' is a target, and can't name a chain",
			      (int)text.len, text.s);
		return false;
	}
	return true;
}

static void add_chain(struct fe_driver *d, const struct fe_word *name,
		      const struct fe_word *policy)
{
	struct fe_line *line = &d->line;
	struct fe_diag *diag;

	if (!fe_str_is(policy->text, "-") && line->options->backend == FE_NFT) {
		fe_diag(line->diags, FE_WARNING, "FE110",
			fe_line_span(line, policy),
			"iptables-nft takes no notice of a user chain's policy");
	} else if (!fe_str_is(policy->text, "-")) {
		diag = fe_line_error(line, "FE110", policy,
				     "table %s has no builtin chain '%.*s', and "
				     "only such have a policy",
				     fe_table_names[line->table->id],
				     (int)name->text.len, name->text.s);
		fe_diag_hint(line->diags, diag,
			     "user chains have '-' in its place");
		diag->by = FE_BY_TABLE;
		diag->kernel = "Bad built-in chain name.";
		return;
	}
	if (!fe_line_chain_name(line, name) || !check_nft_name(line, name))
		return;
	fe_table_add_chain(line->table, name->text, fe_line_span(line, NULL));
	fe_driver_item(d, line->off);
}

/* A file's second declaration: iptables-nft flushes the chain. */
static void declare_again(struct fe_line *line, struct fe_chain *chain,
			  const struct fe_word *name)
{
	bool noflush = line->options->restore && line->options->restore->noflush;
	bool nft = line->options->backend == FE_NFT;
	struct fe_diag *diag;

	if (noflush) {
		chain->rules.n = 0;
		return;
	}
	diag = fe_diag(line->diags, nft ? FE_WARNING : FE_ERROR, "FE101",
		       fe_line_span(line, name), "chain '%s' is declared twice%s",
		       chain->name, nft ? ": its rules so far are flushed" : "");
	fe_diag_note(line->diags, diag, chain->span, "first here");
	diag->by = FE_BY_TABLE;
	diag->kernel = "File exists.";
	line->failed = !nft;
	if (nft)
		chain->rules.n = 0;
}

static void declare_chain(struct fe_driver *d, size_t from, size_t to)
{
	struct fe_line *line = &d->line;
	size_t at = from + 1;

	fe_line_begin(line, (uint32_t)from);
	line->end = (uint32_t)to;
	struct fe_word name = next_word(d, &at, to);
	struct fe_word policy = next_word(d, &at, to);
	struct fe_word counters = next_word(d, &at, to);
	if (!policy.text.len) {
		fe_line_error(line, "FE110", NULL,
			      "a chain line has a name and a policy: "
			      ":NAME POLICY [0:0]");
		return;
	}
	struct fe_chain *chain = fe_table_chain(line->table, name.text);
	if (!chain) {
		add_chain(d, &name, &policy);
	} else if (chain->builtin) {
		chain->span = fe_line_span(line, NULL);
		set_policy(d, chain, &policy, &counters);
		fe_driver_item(d, line->off);
	} else {
		declare_again(line, chain, &name);
	}
}

/* "# Generated by ip6tables-save": a section of the other family begins. */
static void section(struct fe_driver *d, struct fe_str text)
{
	static const char lead[] = "# Generated by ip";
	const size_t len = sizeof(lead) - 1;
	unsigned family;

	if (d->line.options->family || text.len < len + 7 ||
	    memcmp(text.s, lead, len))
		return;
	if (!memcmp(text.s + len, "tables", 6))
		family = 4;
	else if (!memcmp(text.s + len, "6tables", 7))
		family = 6;
	else
		return;
	if (family != d->line.ruleset->family) {
		fe_driver_item(d, UINT32_MAX);
		fe_line_family(&d->line, family);
		d->first_comment = d->line.ruleset->comments.n;
	}
}

static bool is_commit(const struct fe_driver *d, size_t from, size_t to)
{
	return to - from == 6 && !memcmp(d->text.s + from, "COMMIT", 6);
}

static void commit(struct fe_driver *d, size_t from, size_t to)
{
	struct fe_line *line = &d->line;

	line->table->commit = (uint32_t)from;
	fe_driver_item(d, (uint32_t)from);
	line->table = NULL;
	line->last_chain = NULL;
	if (to < d->text.len || line->options->backend == FE_NFT)
		return;
	struct fe_word word = word_at(d, from, to);
	fe_diag(line->diags, line->options->strict_compat ? FE_ERROR
							  : FE_WARNING,
		NULL, fe_line_span(line, &word), "the file's last line has no newline: iptables-legacy-restore "
		"refuses it");
}

static void outside(struct fe_driver *d, size_t from, size_t to)
{
	struct fe_word word = word_at(d, from, to);

	fe_line_begin(&d->line, (uint32_t)from);
	fe_line_error(&d->line, NULL, &word,
		      "this line stands outside of any table: '*TABLE' begins "
		      "one, COMMIT ends it")->by = FE_BY_TABLE;
}

static void long_line(struct fe_driver *d, size_t from, size_t to)
{
	struct fe_word word = word_at(d, from, from + 1);
	struct fe_diag *diag;

	fe_line_begin(&d->line, (uint32_t)from);
	diag = fe_line_error(&d->line, NULL, &word,
			     "this line has %zu bytes; the limit is %d",
			     to - from, LONGEST_LINE - 1);
	fe_diag_hint(d->line.diags, diag,
		     "iptables-restore would cut it there and read the rest "
		     "as a line of its own");
}

/* A line that is not one of rules. */
static void special_line(struct fe_driver *d, size_t from, size_t to)
{
	char c = from < to ? d->text.s[from] : '\n';
	bool inside = d->line.table != NULL;

	if (c == '\n')
		return;
	if (d->skipping && c != '#') {
		d->skipping = !is_commit(d, from, to);
	} else if (c == '#') {
		struct fe_str text = {d->text.s + from, to - from};
		if (!inside)
			section(d, text);
		fe_driver_comment(d, from, to);
	} else if (c == '*' && !inside) {
		open_table(d, from, to);
	} else if (c == ':' && inside) {
		declare_chain(d, from, to);
	} else if (inside && is_commit(d, from, to)) {
		commit(d, from, to);
	} else {
		outside(d, from, to);
	}
}

/* The end of the line that begins at from: its newline, or its cut. */
static size_t line_end(const struct fe_driver *d, size_t from)
{
	const char *s = d->text.s + from;
	size_t left = d->text.len - from;
	const char *nl = memchr(s, '\n', left);
	size_t len = nl ? (size_t)(nl - s) : left;

	if (d->line.options->strict_compat && len > LONGEST_LINE)
		len = LONGEST_LINE;
	return from + len;
}

static bool is_rule_line(const struct fe_driver *d, size_t from, size_t to)
{
	char c = from < to ? d->text.s[from] : '\n';

	if (!d->line.table || c == '\n' || c == '#' || c == ':')
		return false;
	return !is_commit(d, from, to);
}

static const char *next_cr(const struct fe_driver *d, const char *cr)
{
	size_t off = (size_t)(cr - d->text.s) + 1;

	return memchr(cr + 1, '\r', d->text.len - off);
}

/* CRLF makes the table's name "filter\r"; nothing after it would be right. */
static bool refuse_crlf(struct fe_driver *d)
{
	const char *cr = memchr(d->text.s, '\r', d->text.len);

	for (; cr; cr = next_cr(d, cr)) {
		const char *start = memrchr(d->text.s, '\n',
					    (size_t)(cr - d->text.s));
		start = start ? start + 1 : d->text.s;
		if (cr[1] == '\n' && *start != '#')
			break;
	}
	if (!cr)
		return false;
	struct fe_diag *diag = fe_diag(
	    d->line.diags, FE_ERROR, NULL,
	    (struct fe_span){d->line.source, (uint32_t)(cr - d->text.s), 1},
	    "lines end in carriage return and newline: iptables-restore "
	    "refuses such a file");
	fe_diag_hint(d->line.diags, diag, "convert it: tr -d '\\r'");
	return true;
}

static void missing_commit(struct fe_driver *d)
{
	const struct fe_table *table = d->line.table;

	struct fe_diag *diag = fe_diag(
	    d->line.diags, FE_ERROR, NULL,
	    (struct fe_span){d->line.source, (uint32_t)d->text.len, 0},
	    "table %s ends without COMMIT", fe_table_names[table->id]);
	fe_diag_note(d->line.diags, diag, table->span, "it begins here");
	diag->by = FE_BY_TABLE;
}

void fe_read_save(struct fe_driver *d)
{
	size_t run = 0, at = 0, end;
	bool running = false;

	if (refuse_crlf(d))
		return;
	for (; at < d->text.len; at = end + (d->text.s[end] == '\n')) {
		end = line_end(d, at);
		bool cut = d->text.s[end] != '\n' && end < d->text.len;
		bool rule = is_rule_line(d, at, end);
		bool too_long = end - at >= LONGEST_LINE && !cut;
		if (running && (!rule || too_long)) {
			fe_driver_run(d, run, at, first_word);
			running = false;
		}
		if (fe_driver_gives_up(d, (uint32_t)at))
			return;
		if (too_long) {
			long_line(d, at, end);
		} else if (!rule) {
			special_line(d, at, end);
		} else if (!running) {
			run = at;
			running = true;
		}
		if (running && cut) {
			fe_driver_run(d, run, end, first_word);
			running = false;
		}
	}
	if (running)
		fe_driver_run(d, run, at, first_word);
	if (d->line.table)
		missing_commit(d);
}

void fe_read_listing(struct fe_driver *d)
{
	struct fe_line *line = &d->line;

	line->origin = FE_FROM_LISTING;
	line->table =
	    &line->ruleset->tables[fe_detect_table(d->text)];
	fe_line_begin(line, 0);
	if (line->table->present) {
		fe_line_second_file(line);
		return;
	}
	fe_ruleset_table(line->ruleset, line->table->id);
	line->table->span = (struct fe_span){line->source, 0, 0};
	for (size_t at = 0, end; at < d->text.len; at = end + 1) {
		end = line_end(d, at);
		if (end > at && d->text.s[at] == '#')
			fe_driver_comment(d, at, end);
		else if (end - at >= LONGEST_LINE)
			long_line(d, at, end);
		else if (end > at)
			fe_driver_run(d, at, end, first_word);
		if (fe_driver_gives_up(d, (uint32_t)at))
			return;
	}
}
