/*
 * Linking: references, numbers, reachability, loops, and what the kernel
 * checks when a table is committed.
 *
 * Reachability is the kernel's: from each builtin chain along jumps and
 * gotos, up to the first rule that is unconditional and has a verdict. Rules
 * behind it are not looked at by the kernel either, so neither loops nor
 * wrong hooks behind it are refused. nf_tables looks at every rule, and at no
 * more than 16 levels. Tables are checked everywhere. The walk keeps its own
 * stack: chains may nest a hundred thousand deep.
 */
#include <assert.h>
#include <string.h>

#include "ruleset/ruleset.h"

enum { NFT_LEVELS = 16 }; /* a builtin chain and 15 below it */

enum colour { WHITE, GREY, BLACK }; /* not seen, on the stack, done */

struct frame {
	struct fe_chain *chain;
	size_t next;        /* the rule to look at next */
};

struct linker {
	struct fe_table *table;
	struct fe_diags *diags;
	uint8_t *colour;      /* of each chain, for one hook */
	uint32_t *end;        /* of each chain: rules that the kernel visits */
	bool *looped;         /* chains whose loop is reported already */
	uint32_t *height;     /* levels from a chain that is done to its deepest */
	FE_VEC(struct frame) stack;
};

/*
 * No test at all and a verdict: not even a comment. The kernel compares the
 * whole struct ipt_ip with zeroes, so any base option that leaves a trace
 * counts as a condition.
 */
static bool is_final(const struct fe_rule *rule)
{
	switch ((enum fe_action)rule->action) {
	case FE_ACT_ACCEPT:
	case FE_ACT_DROP:
	case FE_ACT_QUEUE:
	case FE_ACT_RETURN:
		break;
	case FE_ACT_OPAQUE:
	case FE_ACT_REJECT:
	case FE_ACT_LOG:
	case FE_ACT_MARK:
	case FE_ACT_CONNMARK:
	case FE_ACT_NOTRACK:
	case FE_ACT_CT:
	case FE_ACT_SNAT:
	case FE_ACT_DNAT:
	case FE_ACT_MASQUERADE:
	case FE_ACT_REDIRECT:
	case FE_ACT_NETMAP:
	case FE_ACT_MANGLE:
	case FE_ACT_CONTINUE:
	case FE_ACT_JUMP:
	case FE_ACT_GOTO:
	case FE_ACT_NONE:
		return false;
	}
	return rule->n_parts == 2 && rule->parts[0].n == 0;
}

static void number(struct linker *l)
{
	struct fe_table *table = l->table;

	for (size_t c = 0; c < table->chains.n; c++) {
		table->chains.data[c]->n_refs = 0;
		table->chains.data[c]->hooks = 0;
	}
	for (size_t c = 0; c < table->chains.n; c++) {
		struct fe_chain *chain = table->chains.data[c];
		assert(chain->index == c);
		l->end[c] = (uint32_t)chain->rules.n;
		for (size_t i = chain->rules.n; i-- > 0;) {
			struct fe_rule *rule = chain->rules.data[i];
			rule->index = (uint32_t)i + 1;
			if (rule->jump)
				rule->jump->n_refs++;
			if (is_final(rule) && table->ruleset->backend != FE_NFT)
				l->end[c] = (uint32_t)i + 1;
		}
	}
}

static void report_loop(struct linker *l, const struct fe_rule *rule)
{
	size_t from = l->stack.n;
	struct fe_diag *d;

	if (l->looped[rule->jump->index])
		return;
	l->looped[rule->jump->index] = true;
	while (l->stack.data[from - 1].chain != rule->jump)
		from--;
	d = fe_diag(l->diags, FE_ERROR, "FE109", rule->span,
		    "chain '%s' calls itself: a loop of %zu chain%s",
		    rule->jump->name, l->stack.n - from + 1,
		    l->stack.n == from ? "" : "s");
	/* Long loops are told by their first and last members. */
	for (size_t i = from; i < l->stack.n; i++) {
		const struct frame *f = &l->stack.data[i - 1];
		if (i > from + 4 && i + 4 < l->stack.n)
			continue;
		fe_diag_note(l->diags, d, f->chain->rules.data[f->next - 1]->span,
			     "'%s' goes on to '%s' here", f->chain->name,
			     l->stack.data[i].chain->name);
	}
	fe_diag_hint(l->diags, d, "the kernel refuses the whole table");
	d->by = FE_BY_KERNEL;
	d->kernel = l->table->ruleset->backend == FE_NFT
			? "Too many links."
			: "Too many levels of symbolic links.";
}

/* iptables-nft refuses the rule that makes the nest too deep; which of them
 * comes last is not known here: the one that leads below the last level. */
static void check_depth(struct linker *l, const struct fe_chain *builtin)
{
	const struct fe_chain *chain = builtin;
	const struct fe_rule *step = NULL;
	struct fe_diag *d;

	if (l->height[builtin->index] <= NFT_LEVELS)
		return;
	for (unsigned level = 1; level <= NFT_LEVELS; level++) {
		uint32_t below = l->height[chain->index] - 1;
		for (size_t i = 0; i < chain->rules.n; i++) {
			step = chain->rules.data[i];
			if (step->jump && l->height[step->jump->index] == below)
				break;
		}
		chain = step->jump;
	}
	d = fe_diag(l->diags, FE_ERROR, "FE109", step->span,
		    "chain '%s' is %u levels below %s: iptables-nft takes %d "
		    "levels", chain->name, NFT_LEVELS, builtin->name,
		    NFT_LEVELS);
	d->by = FE_BY_KERNEL;
	d->kernel = "Too many links.";
}

/* A chain is done: its deepest jump, in levels. */
static void leave(struct linker *l, const struct fe_chain *chain)
{
	uint32_t most = 0;

	l->colour[chain->index] = BLACK;
	for (size_t i = 0; i < chain->rules.n; i++) {
		const struct fe_chain *jump = chain->rules.data[i]->jump;
		if (jump && l->height[jump->index] > most)
			most = l->height[jump->index];
	}
	l->height[chain->index] = most + 1;
	l->stack.n--;
}

static void enter(struct linker *l, struct fe_chain *chain, unsigned hook)
{
	l->colour[chain->index] = GREY;
	chain->hooks |= 1u << hook;
	fe_vec_push(&l->stack, (struct frame){chain, 0});
}

/* Depth first from one builtin chain; marks hooks, finds loops. */
static void walk(struct linker *l, struct fe_chain *builtin)
{
	unsigned hook = builtin->hook;

	memset(l->colour, WHITE, l->table->chains.n);
	enter(l, builtin, hook);
	while (l->stack.n) {
		struct frame *f = &l->stack.data[l->stack.n - 1];
		if (f->next == l->end[f->chain->index]) {
			leave(l, f->chain);
			continue;
		}
		const struct fe_rule *rule = f->chain->rules.data[f->next++];
		if (!rule->jump)
			continue;
		if (l->colour[rule->jump->index] == GREY)
			report_loop(l, rule);
		else if (l->colour[rule->jump->index] == WHITE)
			enter(l, rule->jump, hook);
	}
}

static void put_names(const char *const *names, unsigned n, unsigned mask,
		      struct fe_buf *buf)
{
	bool first = true;

	for (unsigned i = 0; i < n; i++) {
		if (!(mask & 1u << i))
			continue;
		fe_buf_puts(buf, first ? "" : ", ");
		fe_buf_puts(buf, names[i]);
		first = false;
	}
}

static void check_part(struct linker *l, const struct fe_rule *rule,
		       const struct fe_part *part, unsigned hooks)
{
	const struct fe_ext *ext = part->ext;
	const char *kind = ext->kind == FE_TARGET ? "target" : "match";
	struct fe_buf buf = {0};
	struct fe_diag *d;

	if (ext->is_native && l->table->ruleset->backend == FE_NFT)
		return;
	if (ext->tables && !(ext->tables & 1u << l->table->id)) {
		put_names(fe_table_names, FE_N_TABLES, ext->tables, &buf);
		d = fe_diag(l->diags, FE_ERROR, "FE106",
			    fe_part_span(rule, part),
			    "%s %s is not allowed in table %s", kind, ext->name,
			    fe_table_names[l->table->id]);
		/* DROP in nat is iptables' own ban, not the kernel's. */
		d->by = ext->action == FE_ACT_DROP ? FE_BY_WORDS : FE_BY_KERNEL;
		d->kernel = fe_invalid_argument;
		fe_diag_hint(l->diags, d, "it belongs in: %s", buf.data);
	} else if (ext->hooks && (hooks & ~ext->hooks)) {
		put_names(fe_hook_names, FE_N_HOOKS, hooks & ~ext->hooks, &buf);
		d = fe_diag(l->diags, FE_ERROR, "FE106",
			    fe_part_span(rule, part),
			    "%s %s cannot stand in chain %s, which is reached "
			    "from %s", kind, ext->name, rule->chain->name,
			    buf.data);
		fe_buf_clear(&buf);
		put_names(fe_hook_names, FE_N_HOOKS, ext->hooks, &buf);
		d->by = FE_BY_KERNEL;
		d->kernel = fe_invalid_argument;
		fe_diag_hint(l->diags, d, "it works only in: %s", buf.data);
	}
	fe_buf_free(&buf);
}

static void check_hooks(struct linker *l, const struct fe_rule *rule,
			const struct fe_part *part)
{
	struct fe_check_context context = {
	    .diags = l->diags,
	    .rule = rule,
	    .part = part,
	    .span = fe_part_span(rule, part),
	    .family = l->table->ruleset->family,
	    .table = l->table->id,
	    .backend = l->table->ruleset->backend,
	};

	part->ext->check_hooks(&context, rule->chain->hooks);
}

static void check_chain(struct linker *l, const struct fe_chain *chain)
{
	for (size_t i = 0; i < chain->rules.n; i++) {
		const struct fe_rule *rule = chain->rules.data[i];
		bool visited = i < l->end[chain->index];
		for (unsigned p = 1; p < rule->n_parts; p++)
			if (rule->parts[p].ext->tables |
			    rule->parts[p].ext->hooks)
				check_part(l, rule, &rule->parts[p],
					   visited ? chain->hooks : 0);
			else if (rule->parts[p].ext->check_hooks && visited)
				check_hooks(l, rule, &rule->parts[p]);
	}
}

static void link_table(struct fe_table *table, struct fe_diags *diags)
{
	size_t n = table->chains.n;
	struct linker l = {
	    .table = table,
	    .diags = diags,
	    .colour = fe_calloc(n, 1),
	    .end = fe_calloc(n, sizeof(uint32_t)),
	    .looped = fe_calloc(n, sizeof(bool)),
	    .height = fe_calloc(n, sizeof(uint32_t)),
	};

	number(&l);
	for (size_t i = 0; i < n && table->chains.data[i]->builtin; i++) {
		walk(&l, table->chains.data[i]);
		if (table->ruleset->backend == FE_NFT)
			check_depth(&l, table->chains.data[i]);
	}
	for (size_t i = 0; i < n; i++)
		check_chain(&l, table->chains.data[i]);
	fe_vec_free(&l.stack);
	free(l.colour);
	free(l.end);
	free(l.looped);
	free(l.height);
}

size_t fe_ruleset_link(struct fe_ruleset *ruleset, struct fe_diags *diags)
{
	size_t before = diags->n_errors;

	for (unsigned i = 0; i < FE_N_TABLES; i++)
		if (ruleset->tables[i].present)
			link_table(&ruleset->tables[i], diags);
	return diags->n_errors - before;
}
