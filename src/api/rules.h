/* The public handle of rules, for the api files that work on them. */
#ifndef FE_API_RULES_H
#define FE_API_RULES_H

#include <ferrule/ruleset.h>

#include "api/context.h"
#include "lang/read.h"

struct ferrule_rules {
	struct ferrule *ferrule; /* its context */
	struct fe_rules rules;
	bool incomplete;         /* something was not read or understood */
};

#endif
