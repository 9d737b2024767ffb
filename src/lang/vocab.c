/* Vocabularies: hash tables over the extensions' own tables. */
#include "lang/vocab.h"

#include <string.h>

#include "option/types.h"

const struct fe_verb fe_verbs[] = {
    {"append", 'A', 1, 1, FE_VERB_APPEND},
    {"insert", 'I', 1, 2, FE_VERB_INSERT},
    {"delete", 'D', 1, 2, FE_VERB_DELETE},
    {"replace", 'R', 2, 2, FE_VERB_REPLACE},
    {"check", 'C', 1, 1, FE_VERB_CHECK},
    {"new-chain", 'N', 1, 1, FE_VERB_NEW},
    {"delete-chain", 'X', 0, 1, FE_VERB_DELETE_CHAIN},
    {"flush", 'F', 0, 1, FE_VERB_FLUSH},
    {"zero", 'Z', 0, 2, FE_VERB_ZERO},
    {"policy", 'P', 2, 2, FE_VERB_POLICY},
    {"rename-chain", 'E', 2, 2, FE_VERB_RENAME},
    {"list", 'L', 0, 2, FE_VERB_LIST},
    {"list-rules", 'S', 0, 2, FE_VERB_LIST_RULES},
    {"match", 'm', 1, 1, FE_VERB_MATCH},
    {"jump", 'j', 1, 1, FE_VERB_JUMP},
    {"goto", 'g', 1, 1, FE_VERB_GOTO},
    {"table", 't', 1, 1, FE_VERB_TABLE},
    {"set-counters", 'c', 1, 2, FE_VERB_COUNTERS},
    {"wait", 'w', 0, 1, FE_VERB_WAIT},
    {"wait-interval", 'W', 0, 1, FE_VERB_WAIT},
    {"ipv4", '4', 0, 0, FE_VERB_IPV4},
    {"ipv6", '6', 0, 0, FE_VERB_IPV6},
    {"verbose", 'v', 0, 0, FE_VERB_IGNORED},
    {"numeric", 'n', 0, 0, FE_VERB_LISTING},
    {"exact", 'x', 0, 0, FE_VERB_LISTING},
    {"line-numbers", 0, 0, 0, FE_VERB_LISTING},
    {"modprobe", 0, 1, 1, FE_VERB_IGNORED},
    {"version", 'V', 0, 0, FE_VERB_OTHER},
    {"help", 'h', 0, 1, FE_VERB_OTHER},
    {0},
};

/* Protocols whose name is also a match's. */
static const struct {
	const char *name;
	uint8_t proto;
	uint8_t families;
} protos[] = {
    {"icmp", 1, FE_V4},      {"tcp", 6, FE_BOTH},      {"udp", 17, FE_BOTH},
    {"dccp", 33, FE_BOTH},   {"esp", 50, FE_BOTH},     {"ah", 51, FE_BOTH},
    {"icmp6", 58, FE_V6},    {"icmpv6", 58, FE_V6},    {"ipcomp", 108, FE_BOTH},
    {"ipv6-icmp", 58, FE_V6}, {"sctp", 132, FE_BOTH},  {"mh", 135, FE_V6},
    {"mobility-header", 135, FE_V6},
};

const char *fe_proto_match(unsigned proto, unsigned family)
{
	unsigned bit = family == 4 ? FE_V4 : FE_V6;

	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++)
		if (protos[i].proto == proto && (protos[i].families & bit))
			return protos[i].name;
	return NULL;
}

/*
 * Extensions that iptables 1.8.9 has not: xtables-addons, patches of routers,
 * and what was dropped long ago.
 */
static const char *const other_matches[] = {
    "account", "asn", "condition", "dnetmap", "fuzzy", "geoip", "gradm",
    "iface", "ipp2p", "ipt_geoip", "ipv4options", "layer7", "length2",
    "lscan", "ndpi", "nth", "pknock", "psd", "quota2", "random", "time2",
    "tls", "unclean", NULL,
};

static const char *const other_targets[] = {
    "ACCOUNT", "ASN", "CHAOS", "DELUDE", "DHCPMAC", "DNETMAP", "ECHO",
    "FLOWOFFLOAD", "FULLCONENAT", "IMQ", "IPMARK", "LOGMARK", "MIRROR",
    "NDPI", "NETFLOW", "PROTO", "RAWDNAT", "RAWSNAT", "ROUTE", "SAME",
    "SYSRQ", "TARPIT", "WEBSTR", "standard", NULL,
};

bool fe_known_elsewhere(enum fe_ext_kind kind, struct fe_str name)
{
	const char *const *list =
	    kind == FE_MATCH ? other_matches : other_targets;

	for (; *list; list++)
		if (fe_str_is(name, *list))
			return true;
	return false;
}

static uint32_t hash(const char *s, size_t len)
{
	uint32_t h = (uint32_t)len * 0x9e37u;

	if (len) {
		h += (uint32_t)(unsigned char)s[0] * 31;
		h ^= (uint32_t)(unsigned char)s[len - 1] << 3;
		h += (uint32_t)(unsigned char)s[len / 2] * 7;
	}
	return h;
}

int fe_names_find(const struct fe_names *names, struct fe_str name)
{
	if (!names->cap)
		return -1;
	for (uint32_t i = hash(name.s, name.len);; i++) {
		const struct fe_name_slot *slot =
		    &names->slots[i & (names->cap - 1)];
		if (!slot->s)
			return -1;
		if (slot->len == name.len &&
		    !memcmp(slot->s, name.s, name.len))
			return slot->row;
	}
}

static void names_init(struct fe_names *names, uint32_t n,
		       struct fe_arena *arena)
{
	names->cap = 8;
	while (names->cap < n * 2)
		names->cap *= 2;
	names->slots = fe_new_n(arena, struct fe_name_slot, names->cap);
}

static void names_add(struct fe_names *names, const char *s, unsigned row,
		      bool alias)
{
	size_t len = strlen(s);
	uint32_t i = hash(s, len);

	while (names->slots[i & (names->cap - 1)].s)
		i++;
	names->slots[i & (names->cap - 1)] = (struct fe_name_slot){
	    s, (uint32_t)len, (uint16_t)row, alias};
}

static unsigned count_names(const struct fe_ext *ext)
{
	unsigned n = 0;

	for (const struct fe_opt *o = ext->opts; o && o->name; o++)
		n += 4;
	return n;
}

static void add_options(struct fe_names *names, const struct fe_ext *ext)
{
	for (unsigned row = 0; ext->opts && ext->opts[row].name; row++) {
		const struct fe_opt *o = &ext->opts[row];
		names_add(names, o->name, row, false);
		for (unsigned i = 0; i < 3 && o->aliases[i]; i++)
			names_add(names, o->aliases[i], row, true);
	}
}

struct fe_vocab_ext *fe_vocab_add(struct fe_vocab *vocab,
				  const struct fe_ext *ext)
{
	struct fe_vocab_ext *v = fe_new(vocab->arena, struct fe_vocab_ext);

	v->ext = ext;
	names_init(&v->names, count_names(ext), vocab->arena);
	add_options(&v->names, ext);
	for (unsigned row = 0; ext->opts && ext->opts[row].name; row++) {
		unsigned flags = ext->opts[row].flags;
		if (flags & FE_REQUIRED)
			v->required |= UINT64_C(1) << row;
		if (flags & FE_EXCLUSIVE)
			v->exclusive |= UINT64_C(1) << row;
		if (ext->opts[row].needs || ext->opts[row].excludes)
			v->related |= UINT64_C(1) << row;
	}
	if (ext->kind == FE_MATCH && ext->proto)
		fe_proto_read(fe_str(ext->proto), &v->proto);
	if (ext->kind == FE_BASE)
		return v;
	struct fe_map *map = ext->kind == FE_MATCH ? &vocab->matches
						   : &vocab->targets;
	fe_map_set(map, fe_str(ext->name), v);
	for (const char *const *a = ext->aliases; a && *a; a++)
		fe_map_set(map, fe_str(*a), v);
	return v;
}

static void make_frame(struct fe_vocab *vocab)
{
	const struct fe_ext *base = vocab->base->ext;
	unsigned n_verbs = 0;

	while (fe_verbs[n_verbs].name)
		n_verbs++;
	names_init(&vocab->frame, count_names(base) + n_verbs, vocab->arena);
	add_options(&vocab->frame, base);
	memset(vocab->shorts, -1, sizeof(vocab->shorts));
	for (unsigned row = 0; base->opts[row].name; row++)
		if (base->opts[row].short_name)
			vocab->shorts[(unsigned char)base->opts[row].short_name &
				      127] = (int16_t)row;
	for (unsigned i = 0; i < n_verbs; i++) {
		names_add(&vocab->frame, fe_verbs[i].name, FE_FRAME_VERB + i,
			  false);
		if (fe_verbs[i].short_name)
			vocab->shorts[(unsigned char)fe_verbs[i].short_name &
				      127] = (int16_t)(FE_FRAME_VERB + i);
	}
}

static void index_protocols(struct fe_vocab *vocab)
{
	unsigned bit = vocab->family == 4 ? FE_V4 : FE_V6;

	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++) {
		struct fe_vocab_ext **slot = &vocab->by_proto[protos[i].proto];
		if (*slot || !(protos[i].families & bit))
			continue;
		*slot = fe_map_get(&vocab->matches, fe_str(protos[i].name));
	}
}

struct fe_vocab *fe_vocab_new(unsigned family)
{
	struct fe_arena *arena = fe_arena_new();
	struct fe_vocab *vocab = fe_new(arena, struct fe_vocab);
	unsigned bit = family == 4 ? FE_V4 : FE_V6;

	vocab->arena = arena;
	vocab->family = family;
	vocab->base = fe_vocab_add(vocab, family == 4 ? &fe_base4 : &fe_base6);
	make_frame(vocab);
	for (const struct fe_ext *const *e = fe_exts; *e; e++)
		if ((*e)->families & bit)
			fe_vocab_add(vocab, *e);
	index_protocols(vocab);
	return vocab;
}

void fe_vocab_free(struct fe_vocab *vocab)
{
	if (!vocab)
		return;
	fe_map_free(&vocab->matches);
	fe_map_free(&vocab->targets);
	fe_arena_free(vocab->arena);
}
