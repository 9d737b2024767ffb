/*
 * Fer: what a .fer file says, read from its script (script.h).
 *
 * Statements are tables of words (fer.c, fer_host.c, fer_flow.c, expect.c);
 * packets are made of flows by play (wire addresses of replies that NAT
 * changed are the adapter's work).
 */
#ifndef FE_FER_H
#define FE_FER_H

#include "host/host.h"
#include "lang/read.h"
#include "scenario/expect.h"
#include "scenario/script.h"

struct fe_fer_net { /* addresses of one family */
	uint8_t family; /* 4 or 6 */
	uint8_t prefix_len;
	struct fe_u128 addr;
};

struct fe_fer_ports { /* lo..hi; 0..0: any */
	uint16_t lo, hi;
};

enum { FE_FER_PORTS = 15 };

/* Two ends that packets go between; `flow` and `burst` share it. */
struct fe_fer_ends {
	struct fe_fer_net src, dst;
	uint8_t proto;
	struct fe_fer_ports sports;
	struct fe_fer_ports dports[FE_FER_PORTS]; /* n_dports of them */
	uint8_t n_dports;
	uint16_t in, out;     /* interfaces, or 0: routes tell */
	uint32_t uid, mark;   /* of packets that the host makes */
	uint8_t ttl, tos;     /* 0: the usual */
};

/* One connection, while it is played. */
struct fe_fer_flow {
	struct fe_str name;   /* "" in bursts */
	struct fe_fer_ends ends;  /* exact: /32, one port each */
	uint32_t seq[2];      /* next sequence number of each direction */
	uint16_t id;          /* of ICMP */
	uint16_t n;           /* ICMP sequence, IP id */
	/* The last packet of each direction as it arrived, which ICMP errors
	 * speak of; size 0: none did. */
	uint8_t wire[2][128];
	uint16_t wire_size[2];
};

enum fe_send_kind {
	FE_SEND_PLAIN,        /* of the flow's protocol */
	FE_SEND_ERROR,        /* an ICMP error about the flow */
};

struct fe_send {
	struct fe_fer_flow *flow;
	enum fe_send_kind kind;
	bool reply;           /* from dst to src */
	bool bad_checksum;
	bool has_seq, has_ack;
	bool has_type;        /* icmp_type is told, else it is an echo */
	uint8_t flags;        /* TCP */
	uint8_t icmp_type, icmp_code; /* errors, and what is told */
	uint8_t ttl;          /* 0: the flow's */
	uint32_t seq, ack;    /* relative to the flow's beginning */
	uint32_t len;         /* payload bytes */
	uint16_t iface;       /* 0: as the flow says */
	struct fe_u128 from;  /* errors: who sends it; 0: the other end */
};

struct fe_burst {
	struct fe_fer_ends ends;
	uint32_t n;           /* flows */
	int64_t begin, over;  /* ns: first flow's start; spread of starts */
	int64_t hold;         /* how long a flow idles before it ends */
	uint32_t len;         /* payload bytes of an answer */
	bool unanswered;      /* only what the source sends first */
	bool open;            /* TCP: not closed at the end */
};

enum fe_step_kind { FE_STEP_SEND, FE_STEP_AFTER, FE_STEP_BURST,
		    FE_STEP_EXPECT, FE_STEP_PCAP };

struct fe_pcap_step {
	const char *path;     /* as told, seen from the .fer file's folder */
	const char *iface;    /* or NULL */
	const char *golden;   /* expected trace, or NULL */
	bool observed;
};

struct fe_step {
	enum fe_step_kind kind;
	const struct fe_script_line *line;
	struct fe_send send;
	int64_t wait;         /* ns */
	const struct fe_burst *burst;
	const struct fe_pcap_step *pcap;
	FE_VEC(struct fe_condition) conditions;
};

struct fe_use { /* a file of rules */
	const char *path; /* seen from here */
	struct fe_span span;
};

struct fe_test { /* a `test` block, or a burst or pcap that stands alone */
	const char *name;
	struct fe_span span;
	FE_VEC(struct fe_fer_flow *) flows;
	FE_VEC(struct fe_step *) steps;
	FE_VEC(struct fe_use) uses; /* instead of the file's, where there are
				       any */
	struct fe_rules rules;      /* read from those by fe_fer_rules() */
};

struct fe_fer {
	struct fe_arena *arena;
	struct fe_sources *sources;
	struct fe_diags *diags;
	struct fe_host *host;  /* borrowed */
	struct fe_script *script;
	const char *path;
	FE_VEC(struct fe_use) uses;
	struct fe_rules rules; /* read from those by fe_fer_rules() */
	FE_VEC(struct fe_test *) tests;
	FE_VEC(struct fe_let {
		struct fe_str name;
		struct fe_script_words words;
	}) lets;
	bool has_host;         /* a host block filled host */
	bool failed;           /* something was not understood */
};

/*
 * Reads a .fer file. Its host block fills the host unless that is known.
 * NULL when the file cannot be read; what is wrong in it is reported, and
 * fer->failed is set.
 */
struct fe_fer *fe_fer_read(const char *path, struct fe_host *host,
			   struct fe_sources *sources, struct fe_diags *diags);
/* The same for a source that is there already. */
struct fe_fer *fe_fer_parse(struct fe_sources *sources, uint32_t index,
			    struct fe_host *host, struct fe_diags *diags);
/* Reads the rules that the file and its tests use; false after reporting. */
bool fe_fer_rules(struct fe_fer *fer);
void fe_fer_free(struct fe_fer *fer);

/* --- what the readers of statements share --- */

/* A line's words as they are used up. */
struct fe_cursor {
	struct fe_fer *fer;
	const struct fe_script_words *words;
	size_t at;
	struct fe_span span; /* of the whole line */
};

struct fe_diag *fe_fer_error(struct fe_fer *fer, struct fe_span span,
			     const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The next word; false at the end. */
bool fe_cursor_next(struct fe_cursor *c, struct fe_script_word *word);
bool fe_cursor_peek(const struct fe_cursor *c, struct fe_script_word *word);
/* Takes the next word if it is this one. */
bool fe_cursor_take(struct fe_cursor *c, const char *word);
/* The next word, or an error that names what is missing. */
bool fe_cursor_want(struct fe_cursor *c, const char *what,
		    struct fe_script_word *word);
bool fe_cursor_number(struct fe_cursor *c, const char *what, uint64_t max,
		      uint64_t *out);
/* "130s", "5m", "10ms", "2h", "1d" in ns. */
bool fe_cursor_time(struct fe_cursor *c, int64_t *ns);
/* Reports that the word means nothing here, with the nearest that does;
 * names ends with NULL. */
void fe_cursor_unknown(struct fe_cursor *c, const struct fe_script_word *word,
		       const char *what, const char *const *names);
/* Reports words that are left. */
void fe_cursor_end(struct fe_cursor *c);

bool fe_fer_net_read(struct fe_str text, struct fe_fer_net *net);
/* An address, with a port where has_port says that one may stand there:
 * 10.0.0.1:22, [2001:db8::1]:22, LAN:22. */
bool fe_cursor_net(struct fe_cursor *c, struct fe_fer_net *net,
		   struct fe_fer_ports *ports);
bool fe_cursor_iface(struct fe_cursor *c, uint16_t *iface);
bool fe_fer_ports_read(struct fe_str text, struct fe_fer_ports *ports);
/* The number of "tcp", "udp", "icmp", ...; 0: unknown. */
uint8_t fe_fer_proto(struct fe_str text);

/* The statements. */
void fe_fer_host(struct fe_fer *fer, const struct fe_script_line *line);
struct fe_fer_flow *fe_fer_flow(struct fe_fer *fer, struct fe_test *test,
				const struct fe_script_line *line);
bool fe_fer_send(struct fe_fer *fer, struct fe_test *test,
		 const struct fe_script_line *line, struct fe_send *send);
struct fe_burst *fe_fer_burst(struct fe_fer *fer,
			      const struct fe_script_line *line);
struct fe_fer_flow *fe_test_flow(struct fe_test *test, struct fe_str name);

#endif
