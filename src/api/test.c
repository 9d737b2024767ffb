/* The public face of tests. */
#include <ferrule/test.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/host.h"
#include "api/rules.h"
#include "report/tests.h"

struct ferrule_tests {
	struct ferrule *ferrule; /* its context */
	struct fe_test_results results;
};

struct ferrule_tests *ferrule_tests_new(struct ferrule *ferrule)
{
	struct ferrule_tests *tests = fe_calloc(1, sizeof(*tests));

	tests->ferrule = ferrule;
	return tests;
}

void ferrule_tests_free(struct ferrule_tests *tests)
{
	if (!tests)
		return;
	fe_test_results_free(&tests->results);
	free(tests);
}

static int run(struct ferrule_tests *tests, struct fe_fer *fer,
	       const struct ferrule_test_options *options)
{
	const struct fe_run_options run_options = {
	    .rules = options->rules ? &options->rules->rules : NULL,
	    .naive = options->naive, .update = options->update,
	    .seed = options->seed};
	size_t failed = tests->results.n_failed;
	bool ok = fe_host_options(tests->ferrule, fer->host, &options->host);

	if (options->rules)
		ok &= !options->rules->incomplete;
	else
		ok &= fe_fer_rules(fer);
	ok &= !fer->failed;
	if (ok && !fer->tests.n) {
		ferrule_error(tests->ferrule, "%s holds no tests", fer->path);
		return FERRULE_UNREADABLE;
	}
	if (ok)
		fe_run_tests(fer, &run_options, &tests->results);
	if (!ok || fer->failed)
		return FERRULE_UNREADABLE;
	return tests->results.n_failed > failed ? FERRULE_FINDINGS
						: FERRULE_OK;
}

int ferrule_tests_run(struct ferrule_tests *tests, const char *path,
		      const struct ferrule_test_options *options)
{
	struct ferrule *ferrule = tests->ferrule;
	struct fe_host *host = fe_host_new();
	int status = FERRULE_UNREADABLE;
	struct fe_fer *fer = NULL;

	if (fe_host_snapshot(ferrule, host, &options->host))
		fer = fe_fer_read(path, host, ferrule->sources,
				  ferrule->diags);
	if (fer)
		status = run(tests, fer, options);
	fe_fer_free(fer);
	fe_host_free(host);
	return status;
}

int ferrule_tests_write(struct ferrule_tests *tests,
			enum ferrule_test_format format,
			const struct ferrule_out *to)
{
	static fe_tests_put_fn *const writers[] = {
	    [FERRULE_TEST_TTY] = fe_tests_put_tty,
	    [FERRULE_TEST_TAP] = fe_tests_put_tap,
	    [FERRULE_TEST_JUNIT] = fe_tests_put_junit,
	    [FERRULE_TEST_JSON] = fe_tests_put_json,
	};
	struct fe_out out;

	fe_out_from_public(&out, to);
	writers[format](&tests->results, tests->ferrule->sources, to->colour,
			&out);
	return fe_out_finish(tests->ferrule, &out);
}
