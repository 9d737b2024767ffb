/*
 * Rules as JSON (doc/rules.schema.json), and back to the text of a save file.
 * Words stand in the order in which iptables-save prints them, so that nothing
 * is lost on the way there and back.
 */
#ifndef FE_RULES_JSON_H
#define FE_RULES_JSON_H

#include "base/diag.h"
#include "base/out.h"
#include "lang/read.h"

/* Writes both families; with their counters if wanted. */
void fe_rules_json(const struct fe_rules *rules, bool counters,
		   struct fe_out *out);

/* Whether a text looks like what fe_rules_json() writes. */
bool fe_rules_json_is(struct fe_str text);
/* Makes save text of a family's rules; false: it has none, or after an error
 * that was reported. */
bool fe_rules_json_text(struct fe_str json, const char *name, unsigned family,
			struct fe_diags *diags, struct fe_buf *text);

#endif
