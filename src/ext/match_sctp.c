/*
 * sctp: ports, and the chunks that a packet carries.
 *
 * Chunks are walked from the first; one of length 0 or cut short drops the
 * packet, but only when the walk gets so far: "any" ends at the first chunk
 * that fits. Flags of I_DATA are read, but iptables keeps them in the wrong
 * place and the kernel never looks at them.
 */
#include "ext/bytes.h"

#include <ctype.h>
#include <string.h>

#include "option/types.h"
#include "option/value.h"
#include "ruleset/rule.h"

enum { SPORT, DPORT, CHUNKS };
enum { ANY = 1, ALL, ONLY };
enum { I_DATA = 64 };

static const struct fe_name hows[] = {
	{"any", ANY}, {"all", ALL}, {"only", ONLY}, {NULL, 0},
};

/* Flags from bit 7 down; those of no meaning are '-'. */
static const struct chunk {
	const char *name;
	uint8_t type;
	const char *flags;
} chunks[] = {
	{"DATA", 0, "----IUBE"}, {"INIT", 1, NULL}, {"INIT_ACK", 2, NULL},
	{"SACK", 3, NULL}, {"HEARTBEAT", 4, NULL}, {"HEARTBEAT_ACK", 5, NULL},
	{"ABORT", 6, "-------T"}, {"SHUTDOWN", 7, NULL},
	{"SHUTDOWN_ACK", 8, NULL}, {"ERROR", 9, NULL},
	{"COOKIE_ECHO", 10, NULL}, {"COOKIE_ACK", 11, NULL},
	{"ECN_ECNE", 12, NULL}, {"ECN_CWR", 13, NULL},
	{"SHUTDOWN_COMPLETE", 14, "-------T"}, {"I_DATA", I_DATA, "----IUBE"},
	{"ASCONF_ACK", 128, NULL}, {"RE_CONFIG", 130, NULL},
	{"PAD", 132, NULL}, {"FORWARD_TSN", 192, NULL}, {"ASCONF", 193, NULL},
	{"I_FORWARD_TSN", 194, NULL},
};

enum { N_CHUNKS = sizeof(chunks) / sizeof(chunks[0]) };

struct wanted {
	uint8_t how;
	bool type[256];
	uint8_t mask[256], flags[256]; /* of a chunk's flags */
};

static const struct chunk *find(struct fe_str name)
{
	for (unsigned i = 0; i < N_CHUNKS; i++) {
		if (fe_str_case_is(name, chunks[i].name))
			return &chunks[i];
	}
	return NULL;
}

/* An upper-case letter: set; a lower-case one: clear, unless also upper. */
static bool read_flags(struct wanted *w, const struct chunk *c,
		       struct fe_str letters)
{
	for (size_t i = 0; i < letters.len; i++) {
		char letter = letters.s[i];
		const char *at = c->flags != NULL && isalpha((uint8_t)letter) ?
		    strchr(c->flags, toupper((uint8_t)letter)) : NULL;
		uint8_t bit;

		if (at == NULL)
			return false;
		bit = (uint8_t)(0x80 >> (at - c->flags));
		if (c->type == I_DATA)
			continue;
		w->mask[c->type] |= bit;
		if (isupper((uint8_t)letter))
			w->flags[c->type] |= bit;
	}
	return true;
}

static bool read_chunk(const struct fe_opt *opt,
		       struct fe_opt_context *context, struct fe_str item,
		       struct wanted *w)
{
	struct fe_str name, letters;
	const struct chunk *c;

	fe_str_cut(item, ':', &name, &letters);
	c = find(name);
	if (c == NULL)
		return fe_opt_bad(opt, context, "unknown chunk type \"%.*s\"",
				  (int)name.len, name.s);
	if (!read_flags(w, c, letters))
		return fe_opt_bad(opt, context, "%s chunks have no such flags "
				  "as \"%.*s\"", c->name, (int)letters.len,
				  letters.s);
	if (c->type == I_DATA && letters.len > 0)
		fe_opt_warn(opt, context, "flags of I_DATA have no effect");
	w->type[c->type] = true;
	return true;
}

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	struct wanted *w = fe_new(context->arena, struct wanted);
	struct fe_items items = fe_items(words[1]);
	struct fe_str item;
	uint64_t how;

	value->ptr = w;
	if (!fe_words_read(hows, FE_WORDS_WHOLE, words[0], &how, &item) ||
	    memchr(words[0].s, ',', words[0].len) != NULL)
		return fe_opt_bad(opt, context, "\"%.*s\" is none of all, any "
				  "and only", (int)words[0].len, words[0].s);
	w->how = (uint8_t)how;
	if (fe_str_case_is(words[1], "ALL")) {
		memset(w->type, true, sizeof(w->type));
		return true;
	}
	if (fe_str_case_is(words[1], "NONE"))
		return true;
	while (fe_items_next(&items, ',', &item)) {
		if (item.len > 0 && !read_chunk(opt, context, item, w))
			return false;
	}
	return true;
}

static void print_flags(const struct chunk *c, const struct wanted *w,
			struct fe_buf *buf)
{
	if (w->mask[c->type] == 0)
		return;
	fe_buf_putc(buf, ':');
	for (unsigned i = 0; i < 8; i++) {
		uint8_t bit = (uint8_t)(0x80 >> i);

		if ((w->mask[c->type] & bit) == 0)
			continue;
		fe_buf_putc(buf, (w->flags[c->type] & bit) != 0 ?
		    c->flags[i] : (char)tolower((uint8_t)c->flags[i]));
	}
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	const struct wanted *w = setting->value.ptr;
	char separator = ' ';

	(void)opt;
	(void)family;
	fe_buf_printf(buf, " %s", hows[w->how - ANY].name);
	if (w->type[255]) { /* which has no name */
		fe_buf_puts(buf, " ALL");
		return;
	}
	for (unsigned i = 0; i < N_CHUNKS; i++) {
		if (!w->type[chunks[i].type])
			continue;
		fe_buf_putc(buf, separator);
		fe_buf_puts(buf, chunks[i].name);
		print_flags(&chunks[i], w, buf);
		separator = ',';
	}
	if (separator == ' ')
		fe_buf_puts(buf, " NONE");
}

static const struct fe_type type_chunks = {
	.name = "chunk types",
	.usage = "all|any|only TYPE[:FLAGS][,TYPE...]",
	.parse = parse,
	.print = print,
};

static const struct fe_opt opts[] = {
	[SPORT] = {
		.name = "sport",
		.n_args = 1,
		.aliases = {"source-port"},
		.type = &fe_type_tcp_ports,
		.field = FE_F_SPORT,
		.flags = FE_NEG,
		.variant = FE_PORTS_SHOWN,
		.help = "the source port, or a range of them",
	},
	[DPORT] = {
		.name = "dport",
		.n_args = 1,
		.aliases = {"destination-port"},
		.type = &fe_type_tcp_ports,
		.field = FE_F_DPORT,
		.flags = FE_NEG,
		.variant = FE_PORTS_SHOWN,
		.help = "the destination port, or a range of them",
	},
	[CHUNKS] = {
		.name = "chunk-types",
		.n_args = 2,
		.type = &type_chunks,
		.flags = FE_NEG,
		.help = "the packet carries these chunks",
	},
	{.name = NULL},
};

/* What one chunk decides: FE_DUNNO, nothing yet. */
static enum fe_answer ask_chunk(const struct wanted *w, const uint8_t *chunk,
				bool *seen)
{
	uint8_t type = chunk[0];
	bool fits = w->type[type] &&
		    (chunk[1] & w->mask[type]) == w->flags[type];

	if (fits)
		seen[type] = true;
	if (w->how == ANY && fits)
		return FE_YES;
	return w->how == ONLY && !fits ? FE_NO : FE_DUNNO;
}

static enum fe_answer walk(const struct wanted *w,
			   const struct fe_packet *packet)
{
	bool seen[256] = {false};
	uint32_t off = packet->l4 + 12u, size;
	enum fe_answer answer;

	do {
		answer = fe_bytes_owed(packet, off, 4);
		if (answer != FE_YES)
			return answer;
		size = fe_get16(packet->data + off + 2);
		if (size == 0)
			return FE_HOTDROP;
		answer = ask_chunk(w, packet->data + off, seen);
		if (answer != FE_DUNNO)
			return answer;
		off += (size + 3) & ~3u;
	} while (off < packet->size);
	if (w->how != ALL)
		return fe_answer_of(w->how == ONLY);
	return fe_answer_of(memcmp(seen, w->type, sizeof(seen)) == 0);
}

static enum fe_answer eval(const struct fe_part *part,
			   const struct fe_packet *packet, void *state)
{
	const struct fe_setting *setting = fe_part_find(part, CHUNKS);
	enum fe_answer answer = walk(setting->value.ptr, packet);

	(void)state;
	if (answer != FE_YES && answer != FE_NO)
		return answer;
	return fe_answer_of((answer == FE_YES) != setting->neg);
}

const struct fe_ext fe_match_sctp = {
	.name = "sctp",
	.kind = FE_MATCH,
	.proto = "sctp",
	.families = FE_BOTH,
	.effects_known = true,
	.l4_size = 12,
	.summary = "SCTP ports and chunks",
	.doc = "Only in rules with -p sctp. A later fragment never matches; a "
	       "packet whose header or chunks are cut short is dropped.",
	.opts = opts,
	.eval = eval,
};
