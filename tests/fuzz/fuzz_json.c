/* JSON of rules becomes save text that is read, whatever it holds. */
#include <stddef.h>
#include <stdint.h>

#include "lang/read.h"
#include "report/rules_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fe_sources *sources = fe_sources_new();
	struct fe_diags *diags = fe_diags_new();
	struct fe_str json = {(const char *)data, size};
	struct fe_rules rules = {0};

	for (unsigned family = 4; family <= 6; family += 2) {
		const struct fe_read_options options = {
		    .input = FE_INPUT_SAVE, .family = family};
		struct fe_buf text = {0};

		if (fe_rules_json_is(json) &&
		    fe_rules_json_text(json, "json", family, diags, &text))
			fe_read(sources,
				fe_sources_add(sources, "text",
					       fe_buf_text(&text), text.size),
				&options, &rules, diags);
		fe_buf_free(&text);
	}
	fe_rules_free(&rules);
	fe_diags_free(diags);
	fe_sources_free(sources);
	return 0;
}
