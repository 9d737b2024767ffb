/* Hosts from public options. */
#include "api/host.h"

#include <stdlib.h>
#include <string.h>

bool fe_host_snapshot(struct ferrule *ferrule, struct fe_host *host,
		      const struct ferrule_host_options *options)
{
	return !options->snapshot ||
	       fe_host_read(host, ferrule->sources, options->snapshot,
			    ferrule->diags);
}

/* "3.10", "6.x", "4.19.0-13-amd64" */
static bool read_kernel(const char *text, uint32_t *kernel)
{
	char *end;
	unsigned long major = strtoul(text, &end, 10), minor = 0;

	if (end == text || major > 99)
		return false;
	if (*end == '.') {
		text = end + 1;
		minor = strtoul(text, &end, 10);
		if (end == text && *end != 'x')
			return false;
	}
	if (*end != '\0' && *end != '.' && *end != '-' && *end != 'x')
		return false;
	*kernel = FE_KERNEL(major, minor > 255 ? 255 : minor);
	return true;
}

/* "KEY=VALUE" */
static bool set_sysctl(struct ferrule *ferrule, struct fe_host *host,
		       const char *text)
{
	const char *cut = strchr(text, '=');

	if (!cut) {
		ferrule_error(ferrule, "--sysctl is KEY=VALUE, not '%s'", text);
		return false;
	}
	return fe_host_sysctl(host,
			      (struct fe_str){text, (size_t)(cut - text)},
			      fe_str(cut + 1), ferrule->diags);
}

bool fe_host_options(struct ferrule *ferrule, struct fe_host *host,
		     const struct ferrule_host_options *options)
{
	uint32_t kernel;
	bool ok = true;

	if (options->kernel && read_kernel(options->kernel, &kernel)) {
		fe_host_use_kernel(host, kernel);
	} else if (options->kernel) {
		ferrule_error(ferrule, "'%s' is not a kernel version such as "
				       "3.10 or 6.1", options->kernel);
		ok = false;
	}
	for (size_t i = 0; i < options->n_sysctls; i++)
		ok &= set_sysctl(ferrule, host, options->sysctls[i]);
	return ok;
}
