/*
 * Compares the two accounts of a case. Exact but for: IP id and header
 * checksum of packets that the host made, timeouts by one second.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kt.h"

struct diff {
	const struct kt_case *c;
	struct fe_buf *out;
	unsigned n;
};

static bool same_bytes(struct kt_life a, struct kt_life b, struct fe_arena *ar)
{
	if (a.bytes.size != b.bytes.size)
		return false;
	if (a.bytes.size == 0)
		return true;
	if (a.generated) {
		a.bytes.data = fe_arena_memdup(ar, a.bytes.data, a.bytes.size);
		b.bytes.data = fe_arena_memdup(ar, b.bytes.data, b.bytes.size);
		kt_normalise(&a.bytes);
		kt_normalise(&b.bytes);
	}
	return !memcmp(a.bytes.data, b.bytes.data, a.bytes.size);
}

bool kt_same_life(struct fe_arena *arena, const struct kt_life *k,
		  const struct kt_life *e)
{
	if (k->end != e->end)
		return false;
	if (k->end == KT_VANISHED)
		return k->hook == e->hook;
	return k->mark == e->mark && same_bytes(*k, *e, arena) &&
	       (k->end != KT_SENT || k->oif == e->oif);
}

static void hex(const struct kt_bytes *b, struct fe_buf *out)
{
	for (uint32_t i = 0; i < b->size && i < 128; i++)
		fe_buf_printf(out, "%s%02x", i % 4 ? "" : " ", b->data[i]);
}

static void say_life(struct diff *d, const char *who, const struct kt_sent *s,
		     size_t i)
{
	fe_buf_printf(d->out, "    %s: ", who);
	if (i >= s->lives.n) {
		fe_buf_puts(d->out, "nothing\n");
		return;
	}
	kt_life_text(&s->lives.data[i], d->out);
	if (s->lives.data[i].end != KT_VANISHED &&
	    s->lives.data[i].bytes.data) {
		fe_buf_puts(d->out, "\n      ");
		hex(&s->lives.data[i].bytes, d->out);
	}
	fe_buf_putc(d->out, '\n');
	kt_trace_text(s, d->out);
}

static void compare_packet(struct diff *d, size_t at, const struct kt_sent *k,
			   const struct kt_sent *e)
{
	size_t n = k->lives.n > e->lives.n ? k->lives.n : e->lives.n;

	for (size_t i = 0; i < n; i++) {
		if (i < k->lives.n && i < e->lives.n &&
		    kt_same_life(d->c->arena, &k->lives.data[i],
				 &e->lives.data[i]))
			continue;
		/* A packet that reaches no hook has no life on one side. */
		if (i == 0 && n == 1 && k->lives.n == 0 &&
		    e->lives.data[0].end == KT_VANISHED &&
		    e->lives.data[0].hook < 0)
			continue;
		d->n++;
		fe_buf_printf(d->out, "  packet %zu, life %zu differs\n", at,
			      i);
		say_life(d, "kernel", k, i);
		say_life(d, "engine", e, i);
	}
}

/* ---- counters ----------------------------------------------------------- */

static const char *section(const char *save, const char *table, size_t *len)
{
	char head[32] = "*";
	const char *p = save, *end;

	strncat(head, table, 20);
	strcat(head, "\n");
	while (p && strncmp(p, head, strlen(head))) {
		p = strchr(p, '\n');
		p = p && p[1] ? p + 1 : NULL;
	}
	if (!p)
		return NULL;
	end = strstr(p, "\nCOMMIT");
	*len = end ? (size_t)(end - p) + 1 : strlen(p);
	return p;
}

static struct fe_str next_line(const char **p, const char *end)
{
	struct fe_str line = {*p, 0};
	const char *nl;

	if (*p >= end)
		return (struct fe_str){NULL, 0};
	nl = memchr(*p, '\n', (size_t)(end - *p));
	line.len = (size_t)((nl ? nl : end) - *p);
	*p = nl ? nl + 1 : end;
	return line;
}

static void compare_table(struct diff *d, const char *kernel,
			  const char *engine, unsigned f, const char *table)
{
	size_t kn = 0, en = 0;
	const char *k = section(kernel, table, &kn);
	const char *e = section(engine, table, &en);
	const char *kend, *eend;

	if (!k && !e)
		return;
	if (!k || !e) {
		d->n++;
		fe_buf_printf(d->out, "  IPv%u %s: table only in the %s\n",
			      f ? 6 : 4, table, k ? "kernel" : "engine");
		return;
	}
	kend = k + kn;
	eend = e + en;
	for (;;) {
		struct fe_str a = next_line(&k, kend);
		struct fe_str b = next_line(&e, eend);

		if (!a.s && !b.s)
			return;
		if (a.s && b.s && fe_str_eq(a, b))
			continue;
		d->n++;
		fe_buf_printf(d->out,
			      "  IPv%u %s: counters or text differ\n"
			      "    kernel: %.*s\n    engine: %.*s\n",
			      f ? 6 : 4, table, (int)a.len, a.s ? a.s : "",
			      (int)b.len, b.s ? b.s : "");
	}
}

/* ---- conntrack ---------------------------------------------------------- */

static int tuple_order(const struct fe_tuple *a, const struct fe_tuple *b)
{
#define CMP(x, y)                                  \
	do {                                       \
		if ((x) != (y))                    \
			return (x) < (y) ? -1 : 1; \
	} while (0)
	CMP(a->family, b->family);
	CMP(a->proto, b->proto);
	CMP(a->src.hi, b->src.hi);
	CMP(a->src.lo, b->src.lo);
	CMP(a->dst.hi, b->dst.hi);
	CMP(a->dst.lo, b->dst.lo);
	CMP(a->sport, b->sport);
	CMP(a->dport, b->dport);
	CMP(a->zone, b->zone);
	return 0;
}

static int entry_order(const void *x, const void *y)
{
	const struct kt_entry *a = x, *b = y;
	int c = tuple_order(&a->tuple[0], &b->tuple[0]);

	return c ? c : tuple_order(&a->tuple[1], &b->tuple[1]);
}

static void tuple_text(const struct fe_tuple *t, struct fe_buf *out)
{
	kt_addr_text(t->family, t->src, out);
	fe_buf_printf(out, ".%u>", t->sport);
	kt_addr_text(t->family, t->dst, out);
	fe_buf_printf(out, ".%u", t->dport);
	if (t->zone)
		fe_buf_printf(out, " zone %u", t->zone);
}

static void entry_text(const struct kt_entry *e, struct fe_buf *out)
{
	fe_buf_printf(out, "proto %u ", e->tuple[0].proto);
	tuple_text(&e->tuple[0], out);
	fe_buf_puts(out, " | ");
	tuple_text(&e->tuple[1], out);
	fe_buf_printf(out,
		      " status 0x%x mark %u timeout %u tcp %u packets %llu %llu"
		      " bytes %llu %llu\n",
		      e->status, e->mark, e->timeout, e->tcp_state,
		      (unsigned long long)e->packets[0],
		      (unsigned long long)e->packets[1],
		      (unsigned long long)e->bytes[0],
		      (unsigned long long)e->bytes[1]);
}

static bool same_entry(const struct kt_entry *a, const struct kt_entry *b)
{
	uint32_t low = a->timeout < b->timeout ? a->timeout : b->timeout;
	uint32_t high = a->timeout < b->timeout ? b->timeout : a->timeout;

	return !entry_order(a, b) && a->status == b->status &&
	       a->mark == b->mark && a->tcp_state == b->tcp_state &&
	       !memcmp(a->packets, b->packets, sizeof(a->packets)) &&
	       !memcmp(a->bytes, b->bytes, sizeof(a->bytes)) && high - low <= 1;
}

static void say_entry(struct diff *d, const char *who, const struct kt_entry *e)
{
	fe_buf_printf(d->out, "    %s: ", who);
	if (e)
		entry_text(e, d->out);
	else
		fe_buf_puts(d->out, "none\n");
}

static void compare_entries(struct diff *d, const struct kt_play *k,
			    const struct kt_play *e)
{
	size_t i = 0, j = 0;

	if (k->entries.n)
		qsort(k->entries.data, k->entries.n, sizeof(struct kt_entry),
		      entry_order);
	if (e->entries.n)
		qsort(e->entries.data, e->entries.n, sizeof(struct kt_entry),
		      entry_order);
	while (i < k->entries.n || j < e->entries.n) {
		const struct kt_entry *a =
		    i < k->entries.n ? &k->entries.data[i] : NULL;
		const struct kt_entry *b =
		    j < e->entries.n ? &e->entries.data[j] : NULL;
		int order = !a	 ? 1
			    : !b ? -1
				 : tuple_order(&a->tuple[0], &b->tuple[0]);

		i += order <= 0;
		j += order >= 0;
		if (order == 0 && same_entry(a, b))
			continue;
		d->n++;
		fe_buf_puts(d->out, "  conntrack entries differ\n");
		say_entry(d, "kernel", order <= 0 ? a : NULL);
		say_entry(d, "engine", order >= 0 ? b : NULL);
	}
}

/* ---- lines of /proc/net/nf_conntrack ------------------------------------ */

static int text_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Without timeout and use count, which may differ; in order. */
static char **normal_lines(struct fe_arena *arena, const char *text, size_t *n)
{
	char *copy = fe_arena_strdup(arena, text), *save, *line;
	char **list = fe_new_n(arena, char *, strlen(text) / 40 + 2);

	*n = 0;
	for (line = strtok_r(copy, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *use = strstr(line, " use=");
		int from = 0, to = 0;

		if (use)
			*use = '\0';
		sscanf(line, "%*s %*s %*s %*s %n%*s%n", &from, &to);
		list[(*n)++] =
		    fe_arena_printf(arena, "%.*sT%s", from, line, line + to);
	}
	qsort(list, *n, sizeof(list[0]), text_order);
	return list;
}

static void compare_lines(struct diff *d, const char *kernel,
			  const char *engine)
{
	size_t kn, en;
	char **k = normal_lines(d->c->arena, kernel, &kn);
	char **e = normal_lines(d->c->arena, engine, &en);

	for (size_t i = 0; i < kn || i < en; i++) {
		const char *a = i < kn ? k[i] : "", *b = i < en ? e[i] : "";

		if (!strcmp(a, b))
			continue;
		d->n++;
		fe_buf_printf(d->out,
			      "  conntrack lines differ\n"
			      "    kernel: %s\n    engine: %s\n",
			      a, b);
		return;
	}
}

static void compare_stat(struct diff *d, const char *name, uint64_t k,
			 uint64_t e)
{
	if (k == e)
		return;
	d->n++;
	fe_buf_printf(d->out, "  statistics: %s kernel %llu engine %llu\n",
		      name, (unsigned long long)k, (unsigned long long)e);
}

unsigned kt_compare(const struct kt_case *c, const struct kt_play *kernel,
		    const struct kt_play *engine, struct fe_buf *report)
{
	struct diff d = {.c = c, .out = report};

	if (kernel->error || engine->error) {
		fe_buf_printf(report, "  not played: %s\n",
			      kernel->error ? kernel->error : engine->error);
		return 1;
	}
	for (size_t i = 0; i < kernel->sent.n; i++)
		compare_packet(&d, i, &kernel->sent.data[i],
			       &engine->sent.data[i]);
	for (unsigned f = 0; f < 2; f++)
		for (unsigned t = 0; t < KT_N_TABLES; t++)
			compare_table(&d, kernel->save[f], engine->save[f], f,
				      kt_table_names[t]);
	compare_entries(&d, kernel, engine);
	compare_lines(&d, kernel->lines, engine->lines);
	compare_stat(&d, "invalid", kernel->stats.invalid,
		     engine->stats.invalid);
	compare_stat(&d, "insert_failed", kernel->stats.insert_failed,
		     engine->stats.insert_failed);
	compare_stat(&d, "drop", kernel->stats.drop, engine->stats.drop);
	compare_stat(&d, "error", kernel->stats.error, engine->stats.error);
	return d.n;
}
