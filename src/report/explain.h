/* Pages of findings and extensions, offline. */
#ifndef FE_EXPLAIN_H
#define FE_EXPLAIN_H

#include <stdbool.h>

#include "base/out.h"

/* The page of a finding (id or name), a match or a target; false: none. */
bool fe_explain(const char *topic, struct fe_out *out);
/* The name nearest to topic, for "did you mean", or NULL. */
const char *fe_explain_nearest(const char *topic);
/* The manual page ferrule-extensions(7), as roff. */
void fe_explain_manual(struct fe_out *out);

#endif
