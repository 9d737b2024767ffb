/*
 * Records: packets as a source has them, before the adapter turns them into
 * hook inputs. Private to scenario/.
 */
#ifndef FE_RECORD_H
#define FE_RECORD_H

#include <stdio.h>

#include "scenario/traffic.h"

enum fe_seen { /* which way a record went past the capture point */
	FE_SEEN_UNKNOWN, /* the link type does not tell */
	FE_SEEN_IN,
	FE_SEEN_OUT,
	FE_SEEN_OTHER,   /* in, addressed to another host */
};

struct fe_record {
	const uint8_t *data; /* IP header; valid until the next record */
	uint32_t size;       /* bytes on the wire from there */
	uint32_t caught;     /* bytes at data */
	int64_t time;        /* ns */
	enum fe_seen seen;
	uint16_t iface;      /* index in the host; 0: not said */
	uint8_t pkttype;
	bool is_ip;
	bool has_mac;
	bool reply;          /* made here, with the ends that the flow's source
				sees: NAT must be followed */
	uint8_t mac[6];
	uint32_t uid, mark;  /* as in struct fe_packet */
};

/* A source of records. */
struct fe_records {
	const struct fe_records_ops *ops;
	bool silent; /* don't report: this is the first of two passes */
	bool directed; /* records say which way they went */
};

struct fe_records_ops {
	/* False at the end; damaged when it came too early. */
	bool (*next)(struct fe_records *records, struct fe_record *record);
	/* The same records once more; false: cannot (standard input). */
	bool (*rewind)(struct fe_records *records);
	void (*free)(struct fe_records *records);
	bool (*damaged)(const struct fe_records *records);
	/* Position in bytes. */
	uint64_t (*position)(const struct fe_records *records);
};

/* A capture file (pcap.c). NULL after reporting. */
struct fe_records *fe_pcap_open(const char *path, const char *iface,
				struct fe_host *host, struct fe_diags *diags);

/* Opens a file that may be compressed, by its first bytes (unpack.c); "-" is
 * standard input. NULL with errno set. */
FILE *fe_unpack_open(const char *path);

/* The adapter (capture.c). */
struct fe_capture_adapter {
	struct fe_host *host;
	struct fe_conntrack *ct; /* of the attached engine, or NULL */
	struct fe_traffic_stats *stats;
	bool observed, trust;
	bool made;     /* the records are made here, not captured */
	bool feedback; /* what the engine emits may be captured as well */
	struct fe_echoes *echoes; /* owned */
};

enum fe_adapted {
	FE_ADAPT_PLAY, /* packet is a hook input */
	FE_ADAPT_SKIP, /* counted, and not to be played */
};

/* Whether the record can only be judged when all before it were played. */
bool fe_capture_waits(const struct fe_capture_adapter *a,
		      const struct fe_record *record);
/* packet->data is bytes, which hold the record's bytes and may be changed. */
enum fe_adapted fe_capture_adapt(struct fe_capture_adapter *a,
				 const struct fe_record *record,
				 struct fe_packet *packet, uint8_t *bytes);
void fe_capture_attach(struct fe_capture_adapter *a,
		       struct fe_engine *engine);
/* The engine emitted these bytes while an incoming packet was played. */
void fe_capture_emitted(struct fe_capture_adapter *a,
			const struct fe_packet *packet);
void fe_capture_free(struct fe_capture_adapter *a);

struct fe_guess {
	size_t n;  /* addresses that count as the host's */
	bool open; /* records don't say which way they went, and no end of them
		      shows to be the host */
};

/* Adds to the host the addresses that the records show to be its own. */
struct fe_guess fe_capture_guess(struct fe_records *records,
				 struct fe_host *host);

/* A .fer file as traffic (fer_traffic.c). NULL after reporting. */
struct fe_records *fe_fer_open(const char *path, uint64_t seed,
			       struct fe_host *host,
			       struct fe_sources *sources,
			       struct fe_diags *diags);

#endif
