/* What table.sh makes: the extensions of ext.am, sorted by name. */
#ifndef FE_TABLE_H
#define FE_TABLE_H

#include "ext/ext.h"

struct fe_ext_index {
	const char *name;
	enum fe_ext_kind kind;
	const struct fe_ext *ext;
};

/* fe_n_exts rows, by strcmp of their names. */
extern const struct fe_ext_index fe_ext_index[];
extern const unsigned fe_n_exts;

#endif
