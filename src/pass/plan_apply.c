/*
 * A plan on top of its rules, as text: what `iptables-restore --noflush` of
 * the plan makes of the tables. Sections are joined table by table, the
 * plan's lines behind the original's, since restore runs them in order.
 */
#include <stdio.h>
#include <string.h>

#include "pass/notrack.h"
#include "ruleset/ruleset.h"

void fe_plan_join(const struct fe_ruleset *rules, const char *extra,
		  struct fe_buf *to)
{
	struct fe_buf original = {0};
	struct fe_out out;

	fe_out_init(&out, fe_write_buf, &original);
	fe_ruleset_print(rules, 0, &out);
	fe_out_close(&out);
	for (unsigned t = 0; t < FE_N_TABLES; t++) {
		char head[32];
		const char *at, *rest, *end;

		snprintf(head, sizeof(head), "*%s\n", fe_table_names[t]);
		at = strstr(fe_buf_text(&original), head);
		rest = strstr(extra, head);
		if (!at && !rest)
			continue;
		fe_buf_puts(to, head);
		if (at) {
			at += strlen(head);
			end = strstr(at, "COMMIT\n");
			fe_buf_add(to, at, end ? (size_t)(end - at)
					       : strlen(at));
		}
		if (rest) {
			rest += strlen(head);
			end = strstr(rest, "COMMIT\n");
			fe_buf_add(to, rest, end ? (size_t)(end - rest)
						 : strlen(rest));
		}
		fe_buf_puts(to, "COMMIT\n");
	}
	fe_buf_free(&original);
}

void fe_plan_apply(const struct fe_plan *plan, const struct fe_ruleset *rules,
		   struct fe_buf *to)
{
	struct fe_buf extra = {0};
	struct fe_out out;

	fe_out_init(&out, fe_write_buf, &extra);
	fe_plan_print(plan, rules->family, true, &out);
	fe_out_close(&out);
	fe_plan_join(rules, fe_buf_text(&extra), to);
	fe_buf_free(&extra);
}
