/*
 * Shrinking: removes steps, rules, policies and sysctls while the case still
 * fails, in halves, quarters ... single ones, until nothing more goes.
 */
#include <string.h>

#include "kt.h"

/* Something removable: a list of elements of one size. */
struct list {
	char **data;
	size_t *n;
	size_t size;
};

static bool drop_some(struct kt_case *c, struct list l, size_t at, size_t n,
		      kt_fails_fn *fails, void *arg)
{
	size_t old = *l.n, bytes = old * l.size;
	char *copy = fe_malloc(bytes + 1);
	bool gone;

	memcpy(copy, *l.data, bytes);
	memmove(*l.data + at * l.size, *l.data + (at + n) * l.size,
		(old - at - n) * l.size);
	*l.n = old - n;
	gone = fails(arg, c);
	if (!gone) {
		memcpy(*l.data, copy, bytes);
		*l.n = old;
	}
	free(copy);
	return gone;
}

static bool shrink_list(struct kt_case *c, struct list l, kt_fails_fn *fails,
			void *arg)
{
	bool any = false;

	for (size_t chunk = *l.n; chunk > 0; chunk /= 2)
		for (size_t at = 0; at < *l.n;) {
			size_t n = at + chunk > *l.n ? *l.n - at : chunk;

			if (drop_some(c, l, at, n, fails, arg))
				any = true;
			else
				at += n;
		}
	return any;
}

#define LIST(v) \
	((struct list){(char **)&(v)->data, &(v)->n, sizeof(*(v)->data)})

static bool shrink_chain(struct kt_case *c, struct kt_chain *chain,
			 kt_fails_fn *fails, void *arg)
{
	bool any = false;

	if (chain->drop) {
		chain->drop = false;
		any = fails(arg, c);
		chain->drop = !any;
	}
	return shrink_list(c, LIST(&chain->rules), fails, arg) || any;
}

static bool shrink_table(struct kt_case *c, unsigned f, unsigned t,
			 kt_fails_fn *fails, void *arg)
{
	struct kt_rules *r = &c->rules[f];
	bool any = false;

	if (!r->present[t])
		return false;
	r->present[t] = false;
	if (fails(arg, c))
		return true;
	r->present[t] = true;
	for (size_t i = 0; i < r->chains[t].n; i++)
		any |= shrink_chain(c, &r->chains[t].data[i], fails, arg);
	for (size_t i = r->chains[t].n; i-- > 0;)
		if (!r->chains[t].data[i].builtin &&
		    r->chains[t].data[i].rules.n == 0)
			any |=
			    drop_some(c, LIST(&r->chains[t]), i, 1, fails, arg);
	return any;
}

static bool shrink_steps(struct kt_case *c, kt_fails_fn *fails, void *arg)
{
	bool any = shrink_list(c, LIST(&c->steps), fails, arg);

	for (size_t i = 0; i < c->steps.n; i++) {
		struct kt_step old = c->steps.data[i];

		if (!old.gap_ms && !old.tos && !old.mark)
			continue;
		c->steps.data[i].gap_ms = 0;
		c->steps.data[i].tos = 0;
		c->steps.data[i].mark = 0;
		if (fails(arg, c))
			any = true;
		else
			c->steps.data[i] = old;
	}
	return any;
}

void kt_shrink(struct kt_case *c, kt_fails_fn *fails, void *arg)
{
	bool any = true;

	for (unsigned round = 0; any && round < 4; round++) {
		any = shrink_steps(c, fails, arg);
		any |= shrink_list(c, LIST(&c->sysctls), fails, arg);
		for (unsigned f = 0; f < 2; f++)
			for (unsigned t = 0; t < KT_N_TABLES; t++)
				any |= shrink_table(c, f, t, fails, arg);
	}
}
