/* The library's version; also what makes libferrule more than its archive. */
#include <config.h>

#include <ferrule/ferrule.h>

const char *ferrule_version(void)
{
	return PACKAGE_VERSION;
}
