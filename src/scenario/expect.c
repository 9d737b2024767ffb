/*
 * Expectations: reads what stands behind `expect`.
 *
 *	accept by filter/INPUT:3 state NEW
 *	drop by line 12;  drop by conntrack;  drop by filter/INPUT:policy
 *	accept leaves eth1 from 203.0.113.7:40000 to 198.51.100.9
 *	entries f == 1;  peak entries < 8000;  packets filter/INPUT:3 == 2
 *	entry f SYN_SENT UNREPLIED;  tracking off;  log "IN=eth0";  answer icmp
 */
#include "scenario/expect.h"

#include <string.h>

#include "scenario/fer.h"

struct read { /* one condition being read */
	struct fe_cursor c;
	struct fe_test *test;
	struct fe_step *step;
	bool negated;
};

static struct fe_condition *add(struct read *r, enum fe_condition_kind kind,
				struct fe_span span)
{
	struct fe_condition condition = {
	    .kind = kind, .span = span, .negated = r->negated};

	r->negated = false;
	fe_vec_push(&r->step->conditions, condition);
	return &r->step->conditions.data[r->step->conditions.n - 1];
}

static struct fe_span here(const struct read *r)
{
	struct fe_script_word word;

	return fe_cursor_peek(&r->c, &word) ? word.span : r->c.span;
}

struct name_value {
	const char *name;
	unsigned value;
};

static const struct name_value verdicts[] = {
	{"accept", FE_FATE_ACCEPT}, {"drop", FE_FATE_DROP},
	{"reject", FE_FATE_REJECT}, {"stolen", FE_FATE_STOLEN},
	{"queue", FE_FATE_QUEUE}, {NULL, 0},
};
static const struct name_value states[] = {
	{"INVALID", FE_CT_INVALID}, {"NEW", FE_CT_NEW},
	{"RELATED", FE_CT_RELATED}, {"ESTABLISHED", FE_CT_ESTABLISHED},
	{"UNTRACKED", FE_CT_UNTRACKED}, {NULL, 0},
};
static const struct name_value switches[] = {
	{"on", 1}, {"off", 0}, {NULL, 0},
};

/* A word of a table; reports when there is none. */
static bool want_named(struct read *r, const char *what,
		       const struct name_value *table, uint64_t *value)
{
	const char *names[8] = {NULL};
	struct fe_script_word word;
	size_t i;

	if (!fe_cursor_want(&r->c, what, &word))
		return false;
	for (i = 0; table[i].name && i < 7; i++) {
		names[i] = table[i].name;
		if (fe_str_is(word.text, table[i].name)) {
			*value = table[i].value;
			return true;
		}
	}
	fe_cursor_unknown(&r->c, &word, what, names);
	return false;
}

/* --- rules --- */

static bool read_table(struct fe_str text, enum fe_table_id *table)
{
	for (unsigned i = 0; i < FE_N_TABLES; i++)
		if (fe_str_is(text, fe_table_names[i])) {
			*table = (enum fe_table_id)i;
			return true;
		}
	return false;
}

/* TABLE/CHAIN, TABLE/CHAIN:RULE, TABLE/CHAIN:policy */
static bool read_place(struct fe_str text, struct fe_condition *condition)
{
	const char *slash = memchr(text.s, '/', text.len);
	const char *colon = memrchr(text.s, ':', text.len);
	struct fe_str table = text, rule;
	uint64_t n;

	if (!slash)
		return false;
	table.len = (size_t)(slash - text.s);
	condition->chain = (struct fe_str){slash + 1,
					   text.len - table.len - 1};
	if (!read_table(table, &condition->table))
		return false;
	if (!colon || colon < slash)
		return condition->chain.len > 0;
	condition->chain.len = (size_t)(colon - slash - 1);
	rule = (struct fe_str){colon + 1,
			       (size_t)(text.s + text.len - colon - 1)};
	condition->policy = fe_str_is(rule, "policy");
	if (condition->policy)
		return true;
	if (!fe_str_u64(rule, 10, UINT32_MAX, &n) || !n)
		return false;
	condition->rule = (uint32_t)n;
	return true;
}

static void read_by(struct read *r, struct fe_span span)
{
	struct fe_condition *condition = add(r, FE_WANT_BY, span);
	struct fe_script_word word;
	uint64_t line;

	if (fe_cursor_take(&r->c, "line")) {
		if (fe_cursor_number(&r->c, "a line", UINT32_MAX, &line))
			condition->line = (uint32_t)line;
		return;
	}
	if (fe_cursor_take(&r->c, "policy")) {
		condition->policy = true;
		return;
	}
	if (!fe_cursor_want(&r->c, "a rule", &word))
		return;
	condition->span = word.span;
	if (!memchr(word.text.s, '/', word.text.len)) {
		condition->name = word.text;
		return;
	}
	if (!read_place(word.text, condition))
		fe_fer_error(r->c.fer, word.span, "write TABLE/CHAIN, "
			     "TABLE/CHAIN:NUMBER or TABLE/CHAIN:policy");
}

/* --- numbers --- */

static const struct name_value countables[] = {
	{"entries", FE_COUNT_ENTRIES}, {"peak", FE_COUNT_PEAK},
	{"dropped_full", FE_COUNT_DROPPED_FULL},
	{"early_drop", FE_COUNT_EARLY_DROP}, {"new", FE_COUNT_NEW},
	{"expired", FE_COUNT_EXPIRED}, {"invalid", FE_COUNT_INVALID},
	{"accepted", FE_COUNT_ACCEPTED}, {"dropped", FE_COUNT_DROPPED},
	{"rejected", FE_COUNT_REJECTED}, {"packets", FE_COUNT_PACKETS},
	{NULL, 0},
};

static bool read_compare(struct read *r, enum fe_compare *op)
{
	static const struct name_value ops[] = {
	    {"==", FE_EQ}, {"!=", FE_NE}, {"<", FE_LT},
	    {"<=", FE_LE}, {">", FE_GT}, {">=", FE_GE}, {NULL, 0}};
	uint64_t value;

	if (!want_named(r, "comparison", ops, &value))
		return false;
	*op = (enum fe_compare)value;
	return true;
}

static const struct fe_fer_flow *take_flow(struct read *r)
{
	struct fe_script_word word;
	const struct fe_fer_flow *flow;

	if (!fe_cursor_peek(&r->c, &word))
		return NULL;
	flow = fe_test_flow(r->test, word.text);
	if (flow)
		r->c.at++;
	return flow;
}

static void read_count(struct read *r, enum fe_countable what,
		       struct fe_span span)
{
	struct fe_condition *condition = add(r, FE_WANT_COUNT, span);
	struct fe_script_word word;

	condition->what = what;
	if (what == FE_COUNT_PEAK)
		fe_cursor_take(&r->c, "entries");
	if (what == FE_COUNT_ENTRIES)
		condition->flow = take_flow(r);
	if (what == FE_COUNT_PACKETS && fe_cursor_peek(&r->c, &word) &&
	    memchr(word.text.s, '/', word.text.len)) {
		r->c.at++;
		if (!read_place(word.text, condition) ||
		    (!condition->rule && !condition->policy)) {
			fe_fer_error(r->c.fer, word.span, "write TABLE/CHAIN:"
				     "NUMBER or TABLE/CHAIN:policy");
			return;
		}
	}
	if (read_compare(r, &condition->op))
		fe_cursor_number(&r->c, "the count", UINT64_MAX,
				 &condition->value);
}

/* --- words --- */

/* Words that lines of the table can hold: states, flags, KEY=VALUE. */
static bool is_entry_word(struct fe_str text)
{
	static const char *const words[] = {
	    "NONE", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT",
	    "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE", "SYN_SENT2",
	    "CLOSED", "COOKIE_WAIT", "COOKIE_ECHOED", "SHUTDOWN_SENT",
	    "SHUTDOWN_RECD", "SHUTDOWN_ACK_SENT", "HEARTBEAT_SENT",
	    "UNREPLIED", "[UNREPLIED]", "ASSURED", "[ASSURED]", "ipv4",
	    "ipv6", "tcp", "udp", "udplite", "icmp", "icmpv6", "sctp", "gre",
	    "unknown"};
	static const char *const keys[] = {
	    "src", "dst", "sport", "dport", "type", "code", "id", "srckey",
	    "dstkey", "packets", "bytes", "mark", "zone", "zone-orig",
	    "zone-reply", "timeout", "stream_timeout"};
	const char *eq = memchr(text.s, '=', text.len);
	struct fe_str key = {text.s, eq ? (size_t)(eq - text.s) : 0};

	for (size_t i = 0; eq && i < sizeof(keys) / sizeof(*keys); i++)
		if (fe_str_is(key, keys[i]))
			return true;
	for (size_t i = 0; !eq && i < sizeof(words) / sizeof(*words); i++)
		if (fe_str_is(text, words[i]))
			return true;
	return false;
}

static void check_entry_words(struct read *r, const struct fe_condition *c)
{
	for (size_t i = 0; i < c->words.n; i++)
		if (!is_entry_word(c->words.data[i].text))
			fe_fer_error(r->c.fer, c->words.data[i].span,
				     "no entry says '%.*s': write a state, "
				     "UNREPLIED, ASSURED or KEY=VALUE as in "
				     "/proc/net/nf_conntrack",
				     (int)c->words.data[i].text.len,
				     c->words.data[i].text.s);
}

static void read_entry(struct read *r, struct fe_span span)
{
	struct fe_condition *condition = add(r, FE_WANT_ENTRY, span);
	struct fe_script_word word;

	condition->flow = take_flow(r);
	if (!condition->flow) {
		fe_fer_error(r->c.fer, here(r), "the entry of which flow?");
		return;
	}
	condition->words.data = r->c.words->data + r->c.at;
	condition->words.n = r->c.words->n - r->c.at;
	if (!condition->words.n)
		fe_cursor_want(&r->c, "what the entry says", &word);
	check_entry_words(r, condition);
	r->c.at = r->c.words->n;
}

static void read_end(struct read *r, enum fe_condition_kind kind,
		     struct fe_span span)
{
	struct fe_condition *condition = add(r, kind, span);
	struct fe_fer_ports ports = {0};
	struct fe_fer_net net;

	if (!fe_cursor_net(&r->c, &net, &ports))
		return;
	condition->family = net.family;
	condition->addr = net.addr;
	condition->port = ports.lo;
}

static void read_name(struct read *r, enum fe_condition_kind kind,
		      const char *what, struct fe_span span)
{
	struct fe_condition *condition = add(r, kind, span);
	struct fe_script_word word;

	if (fe_cursor_want(&r->c, what, &word))
		condition->name = word.text;
}

static void read_answer(struct read *r, struct fe_span span)
{
	static const char *const names[] = {
	    "tcp", "udp", "icmp", "icmpv6", "sctp", "gre", "esp", NULL};
	struct fe_script_word word;

	if (fe_cursor_peek(&r->c, &word) && !fe_fer_proto(word.text)) {
		fe_cursor_unknown(&r->c, &word, "protocol", names);
		r->c.at = r->c.words->n;
		return;
	}
	read_name(r, FE_WANT_ANSWER, "a protocol", span);
}

static bool find(const struct name_value *table, struct fe_str text,
		 unsigned *value)
{
	for (; table->name; table++)
		if (fe_str_is(text, table->name)) {
			*value = table->value;
			return true;
		}
	return false;
}

static void unknown(struct read *r, const struct fe_script_word *word)
{
	static const char *const names[] = {
	    "accept", "drop", "reject", "stolen", "queue", "by", "rule",
	    "state", "local", "leaves", "from", "to", "mark", "answer",
	    "tracking", "entry", "log", "entries", "peak", "dropped_full",
	    "early_drop", "new", "expired", "invalid", "accepted", "dropped",
	    "rejected", "packets", "not", "golden", NULL};

	fe_cursor_unknown(&r->c, word, "expectation", names);
	r->c.at = r->c.words->n;
}

static void read_one(struct read *r, const struct fe_script_word *word)
{
	struct fe_str text = word->text;
	unsigned value;

	if (find(verdicts, text, &value))
		add(r, FE_WANT_VERDICT, word->span)->value = value;
	else if (find(countables, text, &value))
		read_count(r, (enum fe_countable)value, word->span);
	else if (fe_str_is(text, "by") || fe_str_is(text, "rule"))
		read_by(r, word->span);
	else if (fe_str_is(text, "state"))
		want_named(r, "state", states,
			   &add(r, FE_WANT_STATE, word->span)->value);
	else if (fe_str_is(text, "tracking"))
		want_named(r, "setting", switches,
			   &add(r, FE_WANT_TRACKING, word->span)->value);
	else if (fe_str_is(text, "mark"))
		fe_cursor_number(&r->c, "a mark", UINT32_MAX,
				 &add(r, FE_WANT_MARK, word->span)->value);
	else if (fe_str_is(text, "local"))
		add(r, FE_WANT_LOCAL, word->span);
	else if (fe_str_is(text, "leaves"))
		read_name(r, FE_WANT_LEAVES, "an interface", word->span);
	else if (fe_str_is(text, "answer"))
		read_answer(r, word->span);
	else if (fe_str_is(text, "log"))
		read_name(r, FE_WANT_LOG, "what is logged", word->span);
	else if (fe_str_is(text, "from"))
		read_end(r, FE_WANT_FROM, word->span);
	else if (fe_str_is(text, "to"))
		read_end(r, FE_WANT_TO, word->span);
	else if (fe_str_is(text, "entry"))
		read_entry(r, word->span);
	else
		unknown(r, word);
}

void fe_expect_read(struct fe_fer *fer, struct fe_test *test,
		    const struct fe_script_words *words, struct fe_step *step)
{
	struct read r = {
	    .c = {.fer = fer, .words = words, .span = words->data[0].span},
	    .test = test, .step = step};
	struct fe_script_word word;
	size_t errors = fer->diags->n_errors; /* one for a condition */

	while (fer->diags->n_errors == errors &&
	       fe_cursor_next(&r.c, &word)) {
		if (fe_str_is(word.text, "not") && !word.quoted)
			r.negated = true;
		else
			read_one(&r, &word);
	}
}
