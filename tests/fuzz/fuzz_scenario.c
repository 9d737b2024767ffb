/*
 * Fuzz target: .fer files. Whatever is understood is played, so that flows,
 * bursts and expectations are made of any words; nothing may crash, and a
 * file with mistakes has a diagnostic for it.
 */
#include <stdlib.h>

#include "scenario/runner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_FLOWS = 2000 };

static const char rules_text[] =
    "*filter\n:INPUT DROP\n-A INPUT -m conntrack --ctstate NEW -j ACCEPT\n"
    "COMMIT\n*nat\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n";

/* Long bursts are only slow. */
static bool is_short(const struct fe_fer *fer)
{
	uint64_t flows = 0;

	for (size_t i = 0; i < fer->tests.n; i++) {
		const struct fe_test *test = fer->tests.data[i];
		for (size_t j = 0; j < test->steps.n; j++) {
			const struct fe_step *step = test->steps.data[j];
			if (step->burst)
				flows += step->burst->n;
			if (step->kind == FE_STEP_PCAP)
				return false; /* names files */
		}
	}
	return flows <= MOST_FLOWS;
}

static void play(struct fe_fer *fer, struct fe_sources *sources,
		 struct fe_diags *diags)
{
	const struct fe_read_options read = {0};
	struct fe_test_results results = {0};
	struct fe_rules rules = {0};
	const struct fe_run_options options = {.rules = &rules, .seed = 1};
	uint32_t index = fe_sources_add(sources, "rules", rules_text,
					sizeof(rules_text) - 1);

	fe_read(sources, index, &read, &rules, diags);
	fe_run_tests(fer, &options, &results);
	fe_test_results_free(&results);
	fe_rules_free(&rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fe_sources *sources = fe_sources_new();
	struct fe_diags *diags = fe_diags_new();
	struct fe_host *host = fe_host_new();
	uint32_t index = fe_sources_add(sources, "fuzz.fer",
					(const char *)data, size);
	struct fe_fer *fer = fe_fer_parse(sources, index, host, diags);

	if (fer->failed && !diags->list.n)
		abort();
	if (!fer->failed && is_short(fer))
		play(fer, sources, diags);
	fe_fer_free(fer);
	fe_host_free(host);
	fe_diags_free(diags);
	fe_sources_free(sources);
	return 0;
}
