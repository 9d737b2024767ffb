/*
 * The kernel as referee: random cases and rows through kernel and engine.
 *
 *	kernel_test [--seed N] [--cases N] [--case K] [--jobs N] [--verbose]
 *	            [--shrink] [--kernel-only] [--rows] [--plans]
 *
 * TAP: a line per group of cases. Without root or netfilter all is skipped.
 * A seed and a case number reproduce a case; --shrink prints the smallest
 * one that still differs.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kt.h"
#include "plans.h"
#include "rows.h"

#define GROUP 50

struct options {
	uint64_t seed;
	unsigned cases;
	long only; /* one case, or -1 */
	unsigned jobs;
	bool verbose, shrink, kernel_only;
	unsigned plans; /* cases with plans; then no rows, no other cases */
};

struct totals {
	unsigned cases, failed;
	size_t packets, entries, rules;
};

struct plan_totals {
	struct kt_plan_totals level[2];
};

struct tester {
	const struct options *o;
	struct kt_pool *pool;
	struct fe_buf out; /* of the group */
	struct totals totals;
	struct plan_totals plans;
	struct plan_totals *shared; /* of all workers, or NULL */
};

/* Both evaluators against the kernel; the number of differences. */
static unsigned judge(struct tester *t, struct kt_case *c,
		      struct kt_play *kernel, struct fe_buf *report)
{
	unsigned n = 0;

	kt_play_kernel(t->pool, c, kernel);
	if (kernel->error) {
		fe_buf_printf(report, "  kernel: %s\n", kernel->error);
		return 1;
	}
	for (unsigned naive = 0; naive < 2 && !n && !t->o->kernel_only;
	     naive++) {
		struct kt_play engine;

		kt_play_engine(c, kernel, NULL, naive, &engine);
		if (naive)
			fe_buf_puts(report, "  (naive evaluator)\n");
		n = kt_compare(c, kernel, &engine, report);
		kt_play_free(&engine);
	}
	return n;
}

static bool still_fails(void *arg, struct kt_case *c)
{
	struct tester *t = arg;
	struct kt_play kernel;
	struct fe_buf report = {0};
	unsigned n = judge(t, c, &kernel, &report);
	bool bad = n > 0 && !kernel.error &&
		   !strstr(fe_buf_text(&report), "not played");

	kt_play_free(&kernel);
	fe_buf_free(&report);
	return bad;
}

static void show(struct tester *t, struct kt_case *c, struct kt_play *kernel,
		 const struct fe_buf *report)
{
	struct fe_buf text = {0};
	char *line, *save;

	fe_buf_printf(&text, "case %u (--seed %llu --case %u)\n", c->number,
		      (unsigned long long)c->seed, c->number);
	if (t->o->verbose || t->o->shrink)
		kt_case_print(c, kernel, &text);
	fe_buf_puts(&text, fe_buf_text(report));
	for (line = strtok_r(text.data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		fe_buf_printf(&t->out, "# %s\n", line);
	fe_buf_free(&text);
}

static bool run_case(struct tester *t, unsigned number)
{
	struct kt_case *c = kt_case_random(t->o->seed, number);
	struct kt_play kernel;
	struct fe_buf report = {0};
	unsigned n;

	c->trace = t->o->verbose && t->o->only >= 0;
	n = judge(t, c, &kernel, &report);
	if (n && t->o->shrink && !kernel.error) {
		kt_play_free(&kernel);
		kt_shrink(c, still_fails, t);
		fe_buf_clear(&report);
		c->trace = true;
		judge(t, c, &kernel, &report);
	}
	t->totals.cases++;
	t->totals.failed += n > 0;
	t->totals.packets += kernel.sent.n;
	t->totals.entries += kernel.entries.n;
	if (n || (t->o->verbose && t->o->only >= 0))
		show(t, c, &kernel, &report);
	kt_play_free(&kernel);
	fe_buf_free(&report);
	kt_case_free(c);
	return n == 0;
}

static void say(struct tester *t)
{
	if (t->out.size && write(STDOUT_FILENO, t->out.data, t->out.size) < 0)
		exit(1);
	fe_buf_clear(&t->out);
}

static void run_group(struct tester *t, unsigned first, unsigned end)
{
	unsigned bad = 0;

	for (unsigned i = first; i < end; i++) {
		bad += !run_case(t, i);
		if (bad)
			say(t);
	}
	fe_buf_printf(&t->out, "%sok - kernel and engine agree, cases %u to %u",
		      bad ? "not " : "", first, end - 1);
	fe_buf_puts(&t->out, "\n");
	say(t);
}

static bool run_row(struct tester *t, const struct kt_row *row)
{
	struct kt_case *c = kt_row_case(row);
	struct kt_play kernel;
	struct fe_buf report = {0};

	kt_play_kernel(t->pool, c, &kernel);
	kt_row_judge(row, &kernel, &report);
	for (unsigned naive = 0; naive < 2 && !t->o->kernel_only; naive++) {
		struct kt_play engine;

		kt_play_engine(c, &kernel, NULL, naive, &engine);
		kt_row_judge(row, &engine, &report);
		if (kt_compare(c, &kernel, &engine, &report))
			naive = 2;
		kt_play_free(&engine);
	}
	t->totals.failed += report.size > 0;
	if (report.size)
		show(t, c, &kernel, &report);
	fe_buf_printf(&t->out, "%sok - %s\n", report.size ? "not " : "",
		      row->name);
	say(t);
	kt_play_free(&kernel);
	fe_buf_free(&report);
	kt_case_free(c);
	return true;
}

static int run_rows(const struct options *o)
{
	struct tester t = {.o = o, .pool = kt_pool_new()};

	for (size_t i = 0; i < kt_n_rows; i++)
		run_row(&t, &kt_rows[i]);
	kt_pool_free(t.pool);
	fe_buf_free(&t.out);
	return t.totals.failed > 0;
}

/* ---- plans -------------------------------------------------------------- */

static bool run_plan_case(struct tester *t, unsigned number)
{
	static const char *const levels[] = {"none", "invalid"};
	struct kt_case *c = kt_case_plan(t->o->seed, number);
	struct kt_play before;
	bool ok = true;

	kt_play_kernel(t->pool, c, &before);
	for (unsigned level = 0; level < 2; level++) {
		struct fe_buf report = {0};

		if (before.error)
			fe_buf_printf(&report, "  kernel: %s\n", before.error);
		else
			kt_plan_judge(t->pool, c, &before, level,
				      &t->plans.level[level], &report);
		if (report.size) {
			ok = false;
			fe_buf_printf(&t->out, "# plan, level %s, ",
				      levels[level]);
			show(t, c, &before, &report);
		}
		fe_buf_free(&report);
	}
	t->totals.failed += !ok;
	kt_play_free(&before);
	kt_case_free(c);
	return ok;
}

static void run_plan_group(struct tester *t, unsigned first, unsigned end)
{
	unsigned bad = 0;

	for (unsigned i = first; i < end; i++) {
		bad += !run_plan_case(t, i);
		if (bad)
			say(t);
	}
	fe_buf_printf(&t->out,
		      "%sok - plans keep what they promise, cases %u to %u\n",
		      bad ? "not " : "", first, end - 1);
	say(t);
}

static void run_plans(struct tester *t, unsigned number)
{
	unsigned cases = t->o->plans;

	for (unsigned g = number; g * GROUP < cases; g += t->o->jobs) {
		unsigned end = (g + 1) * GROUP;

		run_plan_group(t, g * GROUP, end < cases ? end : cases);
	}
	if (t->shared)
		t->shared[number] = t->plans;
}

/* The sum over all workers. */
static void say_plan_totals(const struct options *o, struct plan_totals *shared)
{
	static const char *const levels[] = {"none", "invalid"};
	struct fe_buf text = {0};

	for (unsigned level = 0; level < 2; level++) {
		struct kt_plan_totals sum = {0};

		for (unsigned i = 0; i < o->jobs; i++)
			kt_plan_totals_add(&sum, &shared[i].level[level]);
		kt_plan_totals_text(&sum, levels[level], &text);
	}
	fputs(fe_buf_text(&text), stdout);
	fe_buf_free(&text);
}

static int worker(const struct options *o, unsigned number,
		  struct plan_totals *shared)
{
	struct tester t = {.o = o, .pool = kt_pool_new(), .shared = shared};

	for (unsigned g = number; g * GROUP < o->cases; g += o->jobs) {
		unsigned end = (g + 1) * GROUP;

		run_group(&t, g * GROUP, end < o->cases ? end : o->cases);
	}
	run_plans(&t, number);
	fe_buf_printf(&t.out,
		      "# worker %u: %u cases, %u differ, %zu packets, "
		      "%zu conntrack entries\n",
		      number, t.totals.cases, t.totals.failed, t.totals.packets,
		      t.totals.entries);
	say(&t);
	kt_pool_free(t.pool);
	fe_buf_free(&t.out);
	return t.totals.failed > 0;
}

static int run_workers(const struct options *o)
{
	size_t size = o->jobs * sizeof(struct plan_totals);
	struct plan_totals *shared = NULL;
	int bad = 0, status;

	if (o->plans)
		shared = mmap(NULL, size, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		abort();
	fflush(stdout);
	for (unsigned i = 0; i < o->jobs; i++)
		if (fork() == 0) {
			int rc = worker(o, i, shared);

			fflush(stdout);
			_exit(rc);
		}
	while (wait(&status) > 0)
		bad |= status != 0;
	if (shared)
		say_plan_totals(o, shared);
	return bad;
}

static void usage(void)
{
	fputs("kernel_test [--seed N] [--cases N] [--case K] [--jobs N]\n"
	      "            [--verbose] [--shrink] [--kernel-only]\n",
	      stderr);
	exit(2);
}

static void read_options(struct options *o, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (!strcmp(argv[i], "--verbose"))
			o->verbose = true;
		else if (!strcmp(argv[i], "--shrink"))
			o->shrink = true;
		else if (!strcmp(argv[i], "--kernel-only"))
			o->kernel_only = true;
		else if (!value)
			usage();
		else if (!strcmp(argv[i], "--seed"))
			o->seed = strtoull(value, NULL, 0), i++;
		else if (!strcmp(argv[i], "--cases"))
			o->cases = (unsigned)strtoul(value, NULL, 0), i++;
		else if (!strcmp(argv[i], "--case"))
			o->only = strtol(value, NULL, 0), i++;
		else if (!strcmp(argv[i], "--plans"))
			o->plans = (unsigned)strtoul(value, NULL, 0), i++;
		else if (!strcmp(argv[i], "--jobs"))
			o->jobs = (unsigned)strtoul(value, NULL, 0), i++;
		else
			usage();
	}
	if (o->jobs == 0)
		usage();
}

int main(int argc, char **argv)
{
	const char *env = getenv("FERRULE_KERNEL_CASES");
	struct options o = {
	    .seed = 1, .cases = 50, .only = -1, .jobs = 2};
	const char *missing = kt_kernel_missing();

	if (env)
		o.cases = (unsigned)strtoul(env, NULL, 10);
	read_options(&o, argc, argv);
	if (missing) {
		printf("1..0 # SKIP %s\n", missing);
		return 0;
	}
	if (o.plans && o.only < 0)
		o.cases = 0;
	if (o.only >= 0) {
		struct tester t = {.o = &o, .pool = kt_pool_new()};
		bool ok = o.plans ? run_plan_case(&t, (unsigned)o.only)
				  : run_case(&t, (unsigned)o.only);

		say(&t);
		printf("1..1\n%sok - case %ld\n", ok ? "" : "not ", o.only);
		kt_pool_free(t.pool);
		fe_buf_free(&t.out);
		return !ok;
	}
	printf("1..%zu\n# seed %llu\n",
	       (o.plans ? 0 : kt_n_rows) + (o.cases + GROUP - 1) / GROUP +
		   (o.plans + GROUP - 1) / GROUP,
	       (unsigned long long)o.seed);
	fflush(stdout);
	return (o.plans ? 0 : run_rows(&o)) | run_workers(&o);
}
