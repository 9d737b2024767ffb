/* Hosts from public options. */
#include "api/host.h"

#include <stdlib.h>
#include <string.h>

#include "option/types.h"

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
	return *kernel >= FE_KERNEL(2, 6);
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

/* "192.0.2.1", "192.0.2.1/24%eth1" */
static bool add_address(struct ferrule *ferrule, struct fe_host *host,
			const char *text)
{
	struct fe_str word = fe_str(text), iface = FE_STR("eth0"), len = {0};
	const char *percent = strchr(text, '%'), *slash = strchr(text, '/');
	struct fe_u128 addr;
	unsigned family = strchr(text, ':') ? 6 : 4;
	uint64_t bits = family == 4 ? 32 : 128;

	if (percent) {
		iface = fe_str(percent + 1);
		word.len = (size_t)(percent - text);
	}
	if (slash && slash < text + word.len) {
		len = (struct fe_str){slash + 1,
				      (size_t)(text + word.len - slash - 1)};
		word.len = (size_t)(slash - text);
	}
	if (!fe_addr_read(word, family, &addr) || !iface.len ||
	    (slash && !fe_str_u64(len, 10, bits, &bits))) {
		ferrule_error(ferrule, "--address is ADDR[/LEN][%%IFACE], not "
				       "'%s'", text);
		return false;
	}
	if (!fe_host_is_local(host, family, addr))
		fe_host_add_addr(host, fe_host_iface(host, iface), family,
				 addr, (unsigned)bits);
	host->addrs_told = true;
	return true;
}

bool fe_host_options(struct ferrule *ferrule, struct fe_host *host,
		     const struct ferrule_host_options *options)
{
	uint32_t kernel;
	bool ok = true;

	if (options->kernel && read_kernel(options->kernel, &kernel)) {
		fe_host_use_kernel(host, kernel);
	} else if (options->kernel && *options->kernel == '2') {
		ferrule_error(ferrule, "kernels before 2.6 are not known here");
		ok = false;
	} else if (options->kernel) {
		ferrule_error(ferrule, "'%s' is not a kernel version such as "
				       "3.10 or 6.1", options->kernel);
		ok = false;
	}
	for (size_t i = 0; i < options->n_sysctls; i++)
		ok &= set_sysctl(ferrule, host, options->sysctls[i]);
	for (size_t i = 0; i < options->n_addresses; i++)
		ok &= add_address(ferrule, host, options->addresses[i]);
	return ok;
}
