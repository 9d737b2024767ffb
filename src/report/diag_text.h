/* Diagnostics as text: tty and gcc formats. */
#ifndef FE_DIAG_TEXT_H
#define FE_DIAG_TEXT_H

#include "base/diag.h"
#include "base/out.h"

/* With source line, carets, notes, witness, hint. */
void fe_diag_put_tty(const struct fe_diag *d, const struct fe_sources *sources,
		     bool colour, struct fe_out *out);
/* FILE:LINE:COL: severity[ID]: message; notes likewise. */
void fe_diag_put_gcc(const struct fe_diag *d, const struct fe_sources *sources,
		     struct fe_out *out);

#endif
