/* What the options of --host, --kernel and --sysctl make of a host. */
#ifndef FE_API_HOST_H
#define FE_API_HOST_H

#include <ferrule/host.h>

#include "api/context.h"
#include "host/host.h"

/* Reads the snapshot, if one is named. false after reporting. */
bool fe_host_snapshot(struct ferrule *ferrule, struct fe_host *host,
		      const struct ferrule_host_options *options);
/* What goes before snapshot and host block: kernel and sysctls. */
bool fe_host_options(struct ferrule *ferrule, struct fe_host *host,
		     const struct ferrule_host_options *options);

#endif
