/*
 * libferrule: versions, contexts, diagnostics.
 *
 * A context owns everything made from it and is used by one thread at a
 * time. Functions that return int return 0, or a FERRULE_* exit code of the
 * command line; what went wrong is then among the context's diagnostics. The
 * library never prints and never exits.
 */
#ifndef FERRULE_FERRULE_H
#define FERRULE_FERRULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Exit codes of the program; what the functions return. */
enum ferrule_status {
	FERRULE_OK = 0,         /* clean */
	FERRULE_FINDINGS = 1,   /* findings, failed tests, differences */
	FERRULE_USAGE = 2,      /* wrong usage */
	FERRULE_UNREADABLE = 3, /* input unreadable or not fully understood */
	FERRULE_INTERNAL = 4,   /* internal error */
};

/* "0.1.0" */
const char *ferrule_version(void);

struct ferrule; /* a context */

struct ferrule *ferrule_new(void);
void ferrule_free(struct ferrule *ferrule); /* NULL is fine */

/* Takes all size bytes; returns 0 or an errno value, which ends the writing
 * and makes the function that writes return FERRULE_UNREADABLE. */
typedef int ferrule_write_fn(void *arg, const void *data, size_t size);

struct ferrule_out {
	ferrule_write_fn *write;
	void *arg;   /* passed to write */
	bool colour; /* terminal colours are welcome */
	const char *name; /* for errors, a path say; NULL: "output" */
};

/* Long work reports here at most ten times a second; NULL: nowhere.
 * total 0: not known. unit: "packets", "rules". */
typedef void ferrule_progress_fn(void *arg, const char *what, uint64_t done,
				 uint64_t total, const char *unit);
void ferrule_set_progress(struct ferrule *ferrule, ferrule_progress_fn *fn,
			  void *arg);

/*
 * Writes the diagnostics collected since the last call, and forgets them.
 * Text with source lines and carets.
 */
int ferrule_write_diagnostics(struct ferrule *ferrule,
			      const struct ferrule_out *out);

/* Where iptables' two programs differ, one of them is followed. */
enum ferrule_backend {
	FERRULE_BACKEND_LEGACY,
	FERRULE_BACKEND_NFT, /* iptables-nft 1.8.9 */
};

/* What iptables says of the first that the kernel refuses; NULL: none. */
const char *ferrule_iptables_text(const struct ferrule *ferrule);

/* Adds one of one's own, in the program's voice, without a place. */
void ferrule_error(struct ferrule *ferrule, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#ifdef __cplusplus
}
#endif

#endif
