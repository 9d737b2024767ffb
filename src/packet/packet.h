/*
 * A packet at a hook: bytes, metadata, and its headers read once.
 *
 * The bytes begin at the IP header and are never changed in place by rules;
 * NAT and TTL write a copy (wire.h). fe_packet_parse() fills the second half
 * of the struct from the first.
 */
#ifndef FE_PACKET_H
#define FE_PACKET_H

#include "packet/field.h"
#include "packet/flow.h"

enum fe_hook { /* the kernel's NF_INET_* numbers */
	FE_PREROUTING,
	FE_INPUT,
	FE_FORWARD,
	FE_OUTPUT,
	FE_POSTROUTING,
	FE_N_HOOKS
};

enum fe_tcp_flag {
	FE_TCP_FIN = 1, FE_TCP_SYN = 2, FE_TCP_RST = 4, FE_TCP_PSH = 8,
	FE_TCP_ACK = 16, FE_TCP_URG = 32, FE_TCP_ECE = 64, FE_TCP_CWR = 128,
};

/* Why fe_packet_parse() refuses: such a packet never reaches a hook. */
enum fe_parse_error {
	FE_PARSE_OK,
	FE_PARSE_SHORT,    /* shorter than an IP header, or than it says */
	FE_PARSE_VERSION,  /* neither 4 nor 6 */
	FE_PARSE_HEADER,   /* header length or IPv6 extension chain wrong */
	FE_PARSE_CHECKSUM, /* IPv4 header checksum wrong */
};

struct fe_packet {
	/* Set by whoever makes the packet. */
	const uint8_t *data; /* IP header onwards; borrowed */
	uint32_t size;       /* bytes at data that count: trailing link padding
				is cut off by fe_packet_parse() */
	uint32_t caught;     /* bytes really present (snaplen); <= size; bytes
				behind are unknown and read as 0 */
	int64_t time;        /* ns, packet time */
	uint16_t iif, oif;   /* index in the host's interface table; 0: none */
	uint32_t mark;
	uint32_t uid;        /* of the sending socket; UINT32_MAX: unknown */
	uint8_t pkttype;     /* FE_F_PKTTYPE */
	bool has_mac;        /* mac holds the Ethernet source */
	uint8_t mac[6];
	bool trust_checksum; /* checksums count as right (offload) */

	/* Read from the bytes. */
	uint8_t family;      /* 4 or 6 */
	uint8_t proto;       /* transport protocol, behind IPv6 extensions */
	uint8_t ttl, tos;
	uint8_t hdr;         /* enum fe_hdr, for proto's own header size */
	bool later_fragment; /* fragment offset > 0 */
	bool fragment;       /* any fragment, first included */
	uint16_t l4;         /* offset of the transport header in data */
	uint32_t l4_size;    /* bytes from there to the end, by the IP header */
	uint32_t length;     /* IP packet length by its header */
	struct fe_u128 src, dst;
	uint16_t sport, dport; /* tcp udp udplite sctp dccp; else 0 */
	uint8_t tcp_flags;
	uint8_t icmp_type, icmp_code;
	uint16_t icmp_id;
	uint32_t ct_tag;     /* conntrack's hash of the addresses and ports,
				by fe_conntrack_prefetch(); 0: not made */

	/* Set by routing and conntrack on the way. */
	uint8_t src_type, dst_type; /* RTN_*, 0: not asked yet */
	uint8_t ctstate;            /* enum fe_ctstate */
	uint8_t ctdir;              /* 0 original, 1 reply */
	struct fe_flow *flow;       /* NULL: untracked, invalid, off */
};

/*
 * Reads the headers; checks what the kernel's ip_rcv and ip6_rcv check.
 * Transport headers that are short are not an error here: see hdr.
 */
enum fe_parse_error fe_packet_parse(struct fe_packet *packet);

/*
 * Where the transport header stands: skips IPv4 options or IPv6 extension
 * headers, AH among them. IPv6 fragments other than the first end the walk.
 */
struct fe_l4_place {
	uint32_t offset;     /* from data */
	uint8_t proto;
	bool fragment, later_fragment;
};
/* data[0..size-1] begins with an IP header of the family, of which at least
 * the fixed part is there; false: the headers don't fit, or are malformed. */
bool fe_l4_find(const uint8_t *data, uint32_t size, unsigned family,
		struct fe_l4_place *place);

/* A field's value as cover sees it (not IIF/OIF names, not ipsets). */
struct fe_u128 fe_packet_field(const struct fe_packet *packet,
			       enum fe_field field);

#endif
