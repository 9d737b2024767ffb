/*
 * Namespaces of one's own for a firewall script: user, mount and network. The
 * host's files are read-only there or copies, its network is not there, and
 * programs of given names are replaced wherever they are looked for.
 */
#ifndef CLI_SANDBOX_H
#define CLI_SANDBOX_H

/*
 * Moves the calling process there. folder, an absolute path, stays writable;
 * names (to NULL) are the programs that the file `program` stands in for, by
 * its $0. Returns NULL, or what cannot be had, to be freed.
 */
char *sandbox_enter(const char *folder, const char *const *names,
		    const char *program);

#endif
