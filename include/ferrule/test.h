/*
 * Tests: .fer files, which say what a firewall must do, played on rules.
 */
#ifndef FERRULE_TEST_H
#define FERRULE_TEST_H

#include <ferrule/host.h>
#include <ferrule/ruleset.h>

#ifdef __cplusplus
extern "C" {
#endif

enum ferrule_test_format {
	FERRULE_TEST_TTY,
	FERRULE_TEST_TAP,   /* version 13 */
	FERRULE_TEST_JUNIT, /* XML */
	FERRULE_TEST_JSON,
};

struct ferrule_test_options {
	struct ferrule_rules *rules; /* instead of what files `use`, or NULL */
	struct ferrule_host_options host; /* kernel and sysctls, which go
					     before `host` blocks; tests tell
					     the rest themselves */
	uint64_t seed;               /* of bursts */
	bool naive;                  /* the interpreted evaluator */
	bool update;                 /* write golden traces */
};

struct ferrule_tests; /* results */

struct ferrule_tests *ferrule_tests_new(struct ferrule *ferrule);
void ferrule_tests_free(struct ferrule_tests *tests); /* NULL is fine */

/*
 * Runs the tests of a file; results are added. FERRULE_OK, FERRULE_FINDINGS
 * when a test failed, FERRULE_UNREADABLE when the file or its rules were not
 * understood: no test of it is run then, lest a misread one pass.
 */
int ferrule_tests_run(struct ferrule_tests *tests, const char *path,
		      const struct ferrule_test_options *options);
/* Writes all results. */
int ferrule_tests_write(struct ferrule_tests *tests,
			enum ferrule_test_format format,
			const struct ferrule_out *out);

#ifdef __cplusplus
}
#endif

#endif
