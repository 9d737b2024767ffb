/* Pages of findings and extensions, offline. */
#ifndef FE_EXPLAIN_H
#define FE_EXPLAIN_H

#include <stdbool.h>

#include "base/out.h"

/* The page of a finding (id or name), a match or a target; false: none. */
bool fe_explain(const char *topic, struct fe_out *out);

#endif
