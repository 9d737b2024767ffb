/* The independent checker of plans (doc/semantics.md 5). */
#include "pass/plan_priv.h"
