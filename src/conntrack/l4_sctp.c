/* SCTP: see the table. */
#include "conntrack/l4.h"

const char *fe_sctp_state_name(unsigned state)
{
	(void)state;
	return "";
}

enum fe_l4_result fe_l4_sctp(struct fe_l4_packet *p)
{
	return fe_l4_generic(p);
}
