/*
 * Charts of the table's occupancy.
 *
 * All charts have the same size and their top is the table's limit, so that
 * two of them, before and after a plan, can be held against each other. A
 * column stands for an equal share of the time and shows the most that the
 * table held in it. Plain letters: they pass through every log and terminal.
 */
#include "report/chart.h"

#include <string.h>

enum { WIDTH = 60, HEIGHT = 8 };

struct columns {
	uint32_t entries[WIDTH]; /* the most in this share of the time */
	bool full[WIDTH];        /* packets were dropped for want of room */
	int64_t first, span;     /* seconds */
};

void fe_chart_add(struct fe_chart *chart, int64_t second,
		  const struct fe_conntrack *ct)
{
	const struct fe_conntrack_stats *s = fe_conntrack_stats(ct);

	fe_vec_push(&chart->points,
		    (struct fe_chart_point){second, s->entries,
					    s->table_full});
}

void fe_chart_free(struct fe_chart *chart)
{
	fe_vec_free(&chart->points);
}

static size_t column_of(const struct columns *c, int64_t second)
{
	int64_t at = (int64_t)((double)(second - c->first) /
			       (double)c->span * WIDTH);

	return at < 0 ? 0 : at < WIDTH ? (size_t)at : WIDTH - 1;
}

/* Between two points nothing is known but the first: it holds until then. */
static void fill(struct columns *c, const struct fe_chart *chart)
{
	const struct fe_chart_point *p = chart->points.data;
	size_t n = chart->points.n;

	c->first = p[0].second;
	c->span = p[n - 1].second - c->first;
	if (c->span < 1)
		c->span = 1;
	for (size_t i = 0; i < n; i++) {
		size_t from = column_of(c, p[i].second);
		size_t to = i + 1 < n ? column_of(c, p[i + 1].second) : from;
		for (size_t x = from; x <= to; x++) {
			if (x == to && to != from)
				break;
			if (p[i].entries > c->entries[x])
				c->entries[x] = p[i].entries;
			if (i + 1 < n && p[i + 1].full > p[i].full)
				c->full[x] = true;
		}
	}
}

static void put_row(const struct columns *c, unsigned row, uint32_t room,
		    struct fe_out *out)
{
	/* A column reaches a row when it fills at least half of it. */
	double floor = ((double)row + 0.5) * room / HEIGHT;
	char line[WIDTH + 1] = {0};
	size_t end = 0;

	for (size_t x = 0; x < WIDTH; x++) {
		uint32_t n = c->entries[x];
		line[x] = n && (double)n >= floor ? '#' : ' ';
		if (line[x] == '#')
			end = x + 1;
	}
	line[end] = '\0';
	fe_out_printf(out, "%10llu |%s\n",
		      (unsigned long long)room * (row + 1) / HEIGHT, line);
}

static void put_full(const struct columns *c, struct fe_out *out)
{
	char line[WIDTH + 1] = {0};
	size_t end = 0;

	for (size_t x = 0; x < WIDTH; x++) {
		line[x] = c->full[x] ? 'x' : ' ';
		if (c->full[x])
			end = x + 1;
	}
	line[end] = '\0';
	if (end)
		fe_out_printf(out, "%10s  %s\n", "drops", line);
}

void fe_chart_text(const struct fe_chart *chart, const char *title,
		   const struct fe_conntrack_stats *ct, uint32_t room,
		   struct fe_out *out)
{
	struct columns c = {0};
	uint32_t top = room != 0 ? room : ct->peak > HEIGHT ? ct->peak : HEIGHT;
	char dashes[WIDTH + 1];

	if (chart->points.n)
		fill(&c, chart);
	fe_out_printf(out, "%s: at most %u entries, ", title, ct->peak);
	if (room != 0)
		fe_out_printf(out, "room for %u, %llu packets dropped for a "
				   "full table\n", room,
			      (unsigned long long)ct->table_full);
	else
		fe_out_puts(out, "no limit\n");
	for (unsigned row = HEIGHT; row-- > 0;)
		put_row(&c, row, top, out);
	memset(dashes, '-', WIDTH);
	dashes[WIDTH] = '\0';
	fe_out_printf(out, "%10d +%s\n", 0, dashes);
	put_full(&c, out);
	fe_out_printf(out, "%10s  %-*s%lld s\n", "", WIDTH - 5, "0",
		      (long long)c.span);
}
