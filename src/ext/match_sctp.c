/*
 * sctp: ports and chunk types.
 *
 * --chunk-types any|all|only LIST: TYPE, or TYPE:FLAGS with a letter for each
 * flag that is looked at, upper case where it must be set. Chunks follow the
 * common header one after the other; eval walks along them.
 */
#include "ext/ext.h"

#include <ctype.h>
#include <string.h>

#include "option/types.h"
#include "option/value.h"
#include "packet/wire.h"

enum { SPORT, DPORT, CHUNKS };
enum how { ANY, ALL, ONLY };
enum { FLAGGED = 3, FIRST_CHUNK = 12 };

/* --chunk-types, read. */
struct chunks {
	uint64_t types[4];    /* bit per type */
	enum how how;
	uint8_t n_flagged;
	struct {
		uint8_t type, mask, value;
	} flagged[FLAGGED + 1];
};

static const struct chunk {
	const char *name;
	uint8_t type;
	const char *flags; /* letters of bits 7 to 0; '-': none */
} chunk_names[] = {
	{"DATA", 0, "----IUBE"},
	{"INIT", 1, "--------"},
	{"INIT_ACK", 2, "--------"},
	{"SACK", 3, "--------"},
	{"HEARTBEAT", 4, "--------"},
	{"HEARTBEAT_ACK", 5, "--------"},
	{"ABORT", 6, "-------T"},
	{"SHUTDOWN", 7, "--------"},
	{"SHUTDOWN_ACK", 8, "--------"},
	{"ERROR", 9, "--------"},
	{"COOKIE_ECHO", 10, "--------"},
	{"COOKIE_ACK", 11, "--------"},
	{"ECN_ECNE", 12, "--------"},
	{"ECN_CWR", 13, "--------"},
	{"SHUTDOWN_COMPLETE", 14, "-------T"},
	{"I_DATA", 64, "----IUBE"},
	{"RE_CONFIG", 130, "--------"},
	{"PAD", 132, "--------"},
	{"ASCONF", 193, "--------"},
	{"ASCONF_ACK", 128, "--------"},
	{"FORWARD_TSN", 192, "--------"},
	{"I_FORWARD_TSN", 194, "--------"},
};
enum { N_CHUNKS = sizeof(chunk_names) / sizeof(chunk_names[0]) };

static void take_type(struct chunks *c, uint8_t type)
{
	c->types[type >> 6] |= UINT64_C(1) << (type & 63);
}

static bool has_type(const struct chunks *c, uint8_t type)
{
	return c->types[type >> 6] >> (type & 63) & 1;
}

static bool read_flags(const struct chunk *chunk, struct fe_str letters,
		       struct chunks *c)
{
	uint8_t mask = 0, value = 0;

	for (size_t i = 0; i < letters.len; i++) {
		char letter = letters.s[i];
		const char *at = letter == '-' ? NULL :
			strchr(chunk->flags, toupper((unsigned char)letter));
		uint8_t bit;

		if (at == NULL)
			return false;
		bit = (uint8_t)(0x80 >> (at - chunk->flags));
		mask |= bit;
		if (isupper((unsigned char)letter))
			value |= bit;
	}
	if (c->n_flagged > FLAGGED)
		return false;
	c->flagged[c->n_flagged].type = chunk->type;
	c->flagged[c->n_flagged].mask = mask;
	c->flagged[c->n_flagged++].value = value;
	return true;
}

static bool read_chunk(struct fe_str item, struct chunks *c)
{
	struct fe_str name, flags;
	bool flagged = fe_str_cut(item, ':', &name, &flags);

	for (size_t i = 0; i < N_CHUNKS; i++) {
		if (!fe_str_case_is(name, chunk_names[i].name))
			continue;
		take_type(c, chunk_names[i].type);
		return !flagged || read_flags(&chunk_names[i], flags, c);
	}
	return false;
}

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	struct fe_items items = fe_items(words[1]);
	struct chunks *c = fe_new(context->arena, struct chunks);
	struct fe_str item;

	value->ptr = c;
	if (fe_str_case_is(words[0], "any"))
		c->how = ANY;
	else if (fe_str_case_is(words[0], "all"))
		c->how = ALL;
	else if (fe_str_case_is(words[0], "only"))
		c->how = ONLY;
	else
		return fe_opt_bad(opt, context,
				  "\"%.*s\" is not any, all or only",
				  (int)words[0].len, words[0].s);
	if (fe_str_case_is(words[1], "ALL")) {
		memset(c->types, -1, sizeof(c->types));
		return true;
	}
	if (fe_str_case_is(words[1], "NONE"))
		return true;
	while (fe_items_next(&items, ',', &item)) {
		if (!read_chunk(item, c))
			return fe_opt_bad(opt, context,
					  "\"%.*s\" is no chunk type with its "
					  "flags", (int)item.len, item.s);
	}
	return true;
}

static void print_flags(const struct chunk *chunk, const struct chunks *c,
			struct fe_buf *buf)
{
	for (unsigned i = 0; i < c->n_flagged; i++) {
		if (c->flagged[i].type != chunk->type)
			continue;
		fe_buf_putc(buf, ':');
		for (unsigned bit = 0; bit < 8; bit++) {
			uint8_t m = (uint8_t)(0x80 >> bit);

			if (c->flagged[i].mask & m)
				fe_buf_putc(buf, c->flagged[i].value & m ?
				    chunk->flags[bit] :
				    (char)tolower((unsigned char)
						      chunk->flags[bit]));
		}
	}
}

static bool is_all(const struct chunks *c)
{
	return (c->types[0] & c->types[1] & c->types[2] & c->types[3]) ==
	       UINT64_MAX;
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	static const char *const hows[] = {" any", " all", " only"};
	const struct chunks *c = setting->value.ptr;
	char separator = ' ';

	(void)opt;
	(void)family;
	fe_buf_puts(buf, hows[c->how]);
	if (is_all(c)) {
		fe_buf_puts(buf, " ALL");
		return;
	}
	for (unsigned type = 0; type < 256; type++) {
		const struct chunk *chunk = NULL;

		if (!has_type(c, (uint8_t)type))
			continue;
		for (size_t i = 0; i < N_CHUNKS; i++)
			if (chunk_names[i].type == type)
				chunk = &chunk_names[i];
		fe_buf_putc(buf, separator);
		separator = ',';
		fe_buf_puts(buf, chunk->name);
		print_flags(chunk, c, buf);
	}
	if (separator == ' ')
		fe_buf_puts(buf, " NONE");
}

static const struct fe_type type_chunks = {
	.name = "chunk types",
	.usage = "any|all|only TYPE[:FLAGS][,...]",
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
		.variant = FE_PORTS_SHOWN,
		.flags = FE_NEG,
		.help = "the source port, or a range of them",
	},
	[DPORT] = {
		.name = "dport",
		.n_args = 1,
		.aliases = {"destination-port"},
		.type = &fe_type_tcp_ports,
		.field = FE_F_DPORT,
		.variant = FE_PORTS_SHOWN,
		.flags = FE_NEG,
		.help = "the destination port, or a range of them",
	},
	[CHUNKS] = {
		.name = "chunk-types",
		.n_args = 2,
		.type = &type_chunks,
		.flags = FE_NEG,
		.help = "the packet's chunks are any, all or only of these",
	},
	{.name = NULL},
};

static bool flags_fit(const struct chunks *c, uint8_t type, uint8_t flags)
{
	for (unsigned i = 0; i < c->n_flagged; i++)
		if (c->flagged[i].type == type)
			return (flags & c->flagged[i].mask) ==
			       c->flagged[i].value;
	return true;
}

/* What is still wanted, after one more chunk; done: the answer is known. */
static bool see_chunk(const struct chunks *c, struct chunks *wanted,
		      const uint8_t *chunk, bool *done)
{
	bool fits = has_type(c, chunk[0]) && flags_fit(c, chunk[0], chunk[1]);

	if (fits)
		wanted->types[chunk[0] >> 6] &=
		    ~(UINT64_C(1) << (chunk[0] & 63));
	*done = c->how == ANY ? fits : c->how == ONLY && !fits;
	return fits;
}

static enum fe_answer chunks_match(const struct chunks *c,
				   const struct fe_packet *packet)
{
	uint32_t at = packet->l4 + FIRST_CHUNK;
	uint32_t end = packet->l4 + packet->l4_size;
	struct chunks wanted = *c;
	bool done = false, fits;

	while (at + 4 <= end) {
		uint32_t size;

		if (at + 4 > packet->caught)
			return FE_DUNNO;
		size = fe_get16(packet->data + at + 2);
		if (size == 0)
			return FE_HOTDROP;
		fits = see_chunk(c, &wanted, packet->data + at, &done);
		if (done)
			return fits ? FE_YES : FE_NO;
		at += (size + 3) & ~3u;
	}
	if (c->how == ALL)
		return (wanted.types[0] | wanted.types[1] | wanted.types[2] |
			wanted.types[3]) == 0 ? FE_YES : FE_NO;
	return c->how == ONLY ? FE_YES : FE_NO;
}

static enum fe_answer eval(const struct fe_part *part,
			   const struct fe_packet *packet, void *state)
{
	const struct fe_setting *s = fe_part_find(part, CHUNKS);
	enum fe_answer answer;

	(void)state;
	if (s == NULL)
		return FE_YES;
	answer = chunks_match(s->value.ptr, packet);
	if (answer == FE_HOTDROP || answer == FE_DUNNO)
		return answer;
	return (answer == FE_YES) != s->neg ? FE_YES : FE_NO;
}

const struct fe_ext fe_match_sctp = {
	.name = "sctp",
	.kind = FE_MATCH,
	.proto = "sctp",
	.families = FE_BOTH,
	.effects_known = true,
	.l4_size = 12,
	.summary = "SCTP ports and chunk types",
	.doc = "Only in rules with -p sctp. A chunk of length zero drops the "
	       "packet.",
	.opts = opts,
	.eval = eval,
};
