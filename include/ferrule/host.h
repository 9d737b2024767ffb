/*
 * What a host is like: how it is told to the functions that need to know.
 */
#ifndef FERRULE_HOST_H
#define FERRULE_HOST_H

#include <ferrule/ferrule.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ferrule_host_options {
	const char *snapshot; /* directory or archive, or NULL */
	const char *kernel;   /* "3.10", or NULL: the snapshot's, or 6.x */
	const char *const *sysctls; /* n_sysctls of "KEY=VALUE", which go
				       before the snapshot's */
	size_t n_sysctls;
	const char *const *addresses; /* n_addresses of the host's own:
					 "ADDR[/LEN][%IFACE]", IFACE eth0
					 where it isn't said */
	size_t n_addresses;
};

#ifdef __cplusplus
}
#endif

#endif
