/*
 * The public face of `ferrule trace`: the packet becomes a test of one flow,
 * in the words of .fer files.
 */
#include <ferrule/run.h>

#include <string.h>

#include "api/host.h"
#include "api/rules.h"
#include "scenario/runner.h"

/* Words that belong to the flow, with the word behind them. */
static bool is_flow_word(struct fe_str word)
{
	static const char *const words[] = {"in", "out", "uid", "mark", "tos",
					    "ttl", NULL};

	for (size_t i = 0; words[i]; i++)
		if (fe_str_is(word, words[i]))
			return true;
	return false;
}

static bool next_word(const char **text, struct fe_str *word)
{
	*text += strspn(*text, " \t");
	*word = (struct fe_str){*text, strcspn(*text, " \t;\n")};
	*text += word->len;
	return word->len > 0;
}

/* "PROTO SOURCE -> DESTINATION [options] [flags]" as flow and send. */
static void write_first(const char **text, struct fe_buf *buf)
{
	struct fe_buf send = {0};
	bool tcp = false;
	struct fe_str word;

	fe_buf_puts(buf, "flow f =");
	for (int n = 0; next_word(text, &word); n++) {
		tcp |= n == 0 && fe_str_is(word, "tcp");
		bool flow = n < 4 || is_flow_word(word);
		fe_buf_printf(flow ? buf : &send, " %.*s", (int)word.len,
			      word.s);
		if (n >= 4 && flow && next_word(text, &word))
			fe_buf_printf(buf, " %.*s", (int)word.len, word.s);
	}
	if (!send.size && tcp)
		fe_buf_puts(&send, " SYN");
	fe_buf_printf(buf, "\nsend f%s\n", fe_buf_text(&send));
	fe_buf_free(&send);
}

static uint32_t make_test(struct ferrule *ferrule, const char *packet)
{
	struct fe_buf buf = {0};
	uint32_t index;

	fe_buf_puts(&buf, "test \"trace\" {\n");
	write_first(&packet, &buf);
	while (*packet == ';') {
		size_t len = strcspn(++packet, ";\n");
		fe_buf_printf(&buf, "send f %.*s\n", (int)len, packet);
		packet += len;
	}
	fe_buf_puts(&buf, "}\n");
	index = fe_sources_add(ferrule->sources, "PACKET", buf.data, buf.size);
	fe_buf_free(&buf);
	return index;
}

int ferrule_trace(struct ferrule_rules *rules,
		  const struct ferrule_host_options *options,
		  const char *packet, const struct ferrule_out *to)
{
	struct ferrule *ferrule = rules->ferrule;
	const struct fe_run_options run = {.rules = &rules->rules, .seed = 1};
	struct fe_host *host = fe_host_new();
	struct fe_fer *fer = NULL;
	int status = FERRULE_UNREADABLE;
	struct fe_out out;

	/* A chain loop, for one, would never end. */
	if (ferrule->diags->n_errors)
		ferrule_error(ferrule, "no packet is traced through rules with "
				       "errors");
	else if (fe_host_snapshot(ferrule, host, options) &&
	    fe_host_options(ferrule, host, options))
		fer = fe_fer_parse(ferrule->sources,
				   make_test(ferrule, packet), host,
				   ferrule->diags);
	if (fer && (fer->failed || !fer->tests.n)) {
		status = FERRULE_USAGE;
	} else if (fer) {
		fe_out_from_public(&out, to);
		fe_run_trace(fer, &run, &out);
		status = fe_out_finish(ferrule, &out);
		if (fer->failed)
			status = FERRULE_UNREADABLE;
	}
	fe_fer_free(fer);
	fe_host_free(host);
	return status;
}
