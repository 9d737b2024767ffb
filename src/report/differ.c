/* Packets that two runs decide otherwise (differ.h). */
#include "report/differ.h"

#include "report/trace.h"

enum { MOST_GROUPS = 32 }; /* the last one takes the rest */

struct group {
	uint32_t before, after; /* indices of drops, or FE_ACCEPTED */
	uint64_t packets;
	uint32_t first;         /* its first record */
	bool rest;              /* of several decisions */
};

struct groups {
	struct group list[MOST_GROUPS];
	size_t n;
};

static enum fe_fate fate_of(const struct fe_summary *s, uint32_t drop)
{
	return drop == FE_ACCEPTED ? FE_FATE_ACCEPT : s->drops.data[drop].fate;
}

static void count(struct groups *g, uint32_t before, uint32_t after,
		  uint32_t number)
{
	size_t i = 0;

	while (i < g->n && !g->list[i].rest &&
	       (g->list[i].before != before || g->list[i].after != after))
		i++;
	if (i == g->n)
		g->list[g->n++] = (struct group){
		    .before = before, .after = after, .first = number,
		    .rest = i == MOST_GROUPS - 1};
	g->list[i].packets++;
}

/* Records that only one of the runs played are not compared. */
static void compare(const struct fe_summary *a, const struct fe_summary *b,
		    struct groups *g)
{
	size_t i = 0, k = 0;

	g->n = 0;
	while (i < a->outcomes.n && k < b->outcomes.n) {
		struct fe_outcome_of x = a->outcomes.data[i];
		struct fe_outcome_of y = b->outcomes.data[k];

		if (x.number == y.number &&
		    fate_of(a, x.drop) != fate_of(b, y.drop))
			count(g, x.drop, y.drop, x.number);
		i += x.number <= y.number;
		k += y.number <= x.number;
	}
}

static void put_side(const struct fe_summary *s, uint32_t drop,
		     const struct fe_sources *sources, struct fe_out *out)
{
	fe_out_puts(out, fe_fate_names[fate_of(s, drop)]);
	if (drop == FE_ACCEPTED)
		return;
	fe_out_puts(out, " by ");
	fe_summary_put_decision(&s->drops.data[drop].by, sources, out);
}

void fe_differ_text(const struct fe_summary *a, const struct fe_summary *b,
		    const struct fe_sources *sources, struct fe_out *out)
{
	struct groups g;

	compare(a, b, &g);
	if (!g.n)
		fe_out_puts(out, "each packet has the same verdict\n");
	for (size_t i = 0; i < g.n; i++) {
		const struct group *group = &g.list[i];

		fe_out_printf(out, "differ %llu: ",
			      (unsigned long long)group->packets);
		if (group->rest) {
			fe_out_puts(out, "by others");
		} else {
			put_side(a, group->before, sources, out);
			fe_out_puts(out, " -> ");
			put_side(b, group->after, sources, out);
		}
		fe_out_printf(out, "; the first is record %u\n", group->first);
	}
}

static void put_side_json(const struct fe_summary *s, uint32_t drop,
			  const struct fe_sources *sources, struct fe_out *out)
{
	struct fe_buf text = {0};
	struct fe_out inner;

	fe_out_init(&inner, fe_write_buf, &text);
	put_side(s, drop, sources, &inner);
	fe_out_close(&inner);
	fe_trace_put_string(out, fe_buf_text(&text));
	fe_buf_free(&text);
}

void fe_differ_json(const struct fe_summary *a, const struct fe_summary *b,
		    const struct fe_sources *sources, struct fe_out *out)
{
	struct groups g;

	compare(a, b, &g);
	fe_out_putc(out, '[');
	for (size_t i = 0; i < g.n; i++) {
		const struct group *group = &g.list[i];

		fe_out_printf(out, "%s{\"packets\":%llu,\"first\":%u",
			      i ? "," : "", (unsigned long long)group->packets,
			      group->first);
		if (!group->rest) {
			fe_out_puts(out, ",\"before\":");
			put_side_json(a, group->before, sources, out);
			fe_out_puts(out, ",\"after\":");
			put_side_json(b, group->after, sources, out);
		}
		fe_out_putc(out, '}');
	}
	fe_out_putc(out, ']');
}
