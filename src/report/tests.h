/* Results of tests: tty, TAP 13, JUnit XML, JSON. */
#ifndef FE_REPORT_TESTS_H
#define FE_REPORT_TESTS_H

#include "base/out.h"
#include "scenario/runner.h"

typedef void fe_tests_put_fn(const struct fe_test_results *results,
			     const struct fe_sources *sources, bool colour,
			     struct fe_out *out);

fe_tests_put_fn fe_tests_put_tty;
fe_tests_put_fn fe_tests_put_tap;
fe_tests_put_fn fe_tests_put_junit;
fe_tests_put_fn fe_tests_put_json;

#endif
