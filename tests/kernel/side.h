/* The library's side of a case. See side.c. */
#ifndef KT_SIDE_H
#define KT_SIDE_H

#include "host/host.h"
#include "kt.h"
#include "lang/read.h"

struct kt_side {
	struct kt_case *c;
	struct fe_sources *sources;
	struct fe_diags *diags;
	struct fe_host *host;
	struct fe_rules rules;
	uint16_t index[KT_N_IFACES]; /* in the host, by our number */
	const char *error;	     /* the rules could not be read */
};

/* text: of both families, instead of the case's rules; or NULL. */
void kt_side_open(struct kt_side *s, struct kt_case *c,
		  const char *const text[2]);
void kt_side_close(struct kt_side *s);
/* Our number of a host's interface. */
uint8_t kt_side_number(const struct kt_side *s, uint16_t index);

#endif
