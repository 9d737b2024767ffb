/*
 * Capture files: pcap and pcapng through libpcap, down to the IP header.
 *
 * Link types that are understood stand in one table. Only the cooked ones
 * say which way a packet went; SLL2 also says by which interface, as the
 * kernel's number, which is looked up among the host's interfaces.
 */
#include <errno.h>
#include <pcap/pcap.h>
#include <pcap/sll.h>
#include <stdio.h>
#include <string.h>

#include "packet/wire.h"
#include "scenario/record.h"

#ifndef DLT_LINUX_SLL2
#define DLT_LINUX_SLL2 276
#endif

enum { /* EtherTypes */
	ETYPE_IP = 0x0800, ETYPE_IPV6 = 0x86dd, ETYPE_VLAN = 0x8100,
	ETYPE_QINQ = 0x88a8, ETYPE_NONE = 0,
};

struct fe_pcap {
	struct fe_records records;
	pcap_t *pcap;
	const struct link_type *link;
	const char *path;
	struct fe_host *host;
	struct fe_diags *diags;
	uint16_t iface;     /* of records that do not say, or 0 */
	uint64_t n;         /* records read */
	uint64_t position;  /* bytes read */
	bool damaged;
	FE_VEC(uint16_t) ifaces; /* of the kernel's numbers; 0: not met */
};

/*
 * Reads a link header of size bytes into the record; returns the protocol,
 * an EtherType. The record's data stands behind the header already.
 */
typedef unsigned link_fn(struct fe_pcap *p, const uint8_t *header,
			 struct fe_record *record);

static const enum fe_seen seen_by_type[] = { /* by SLL packet type */
	FE_SEEN_IN, FE_SEEN_IN, FE_SEEN_IN, FE_SEEN_OTHER, FE_SEEN_OUT,
};

static void cooked(struct fe_record *record, unsigned type, unsigned addr_len,
		   const uint8_t *addr)
{
	if (type < sizeof(seen_by_type) / sizeof(*seen_by_type))
		record->seen = seen_by_type[type];
	record->pkttype = (uint8_t)(type < 4 ? type : 0);
	record->has_mac = addr_len == 6;
	if (record->has_mac)
		memcpy(record->mac, addr, 6);
}

/* The host's interface of the kernel's number. */
static uint16_t iface_of(struct fe_pcap *p, uint32_t number)
{
	char name[24];
	uint16_t found = 0;

	if (!number || number > 65535)
		return p->iface;
	while (p->ifaces.n <= number)
		fe_vec_push(&p->ifaces, 0);
	if (p->ifaces.data[number])
		return p->ifaces.data[number];
	for (size_t i = 1; i < p->host->ifaces.n && !found; i++)
		if (p->host->ifaces.data[i].number == number)
			found = (uint16_t)i;
	if (!found && p->iface)
		found = p->iface;
	if (!found) {
		snprintf(name, sizeof(name), "if%u", number);
		found = fe_host_iface(p->host, fe_str(name));
	}
	p->ifaces.data[number] = found;
	return found;
}

static unsigned read_sll2(struct fe_pcap *p, const uint8_t *h,
			  struct fe_record *record)
{
	record->iface = iface_of(p, fe_get32(h + 4));
	cooked(record, h[10], h[11], h + 12);
	return fe_get16(h);
}

static unsigned read_sll(struct fe_pcap *p, const uint8_t *h,
			 struct fe_record *record)
{
	record->iface = p->iface;
	cooked(record, fe_get16(h), fe_get16(h + 4), h + 6);
	return fe_get16(h + 14);
}

static unsigned read_ethernet(struct fe_pcap *p, const uint8_t *h,
			      struct fe_record *record)
{
	static const uint8_t all[6] = {255, 255, 255, 255, 255, 255};

	record->iface = p->iface;
	record->has_mac = true;
	memcpy(record->mac, h + 6, 6);
	if (h[0] & 1)
		record->pkttype = memcmp(h, all, 6) ? 2 : 1;
	return fe_get16(h + 12);
}

static unsigned read_raw(struct fe_pcap *p, const uint8_t *h,
			 struct fe_record *record)
{
	(void)h;
	record->iface = p->iface;
	if (!record->caught)
		return ETYPE_NONE;
	switch (record->data[0] >> 4) {
	case 4:
		return ETYPE_IP;
	case 6:
		return ETYPE_IPV6;
	}
	return ETYPE_NONE;
}

static const struct link_type {
	int dlt;
	unsigned size; /* of the header */
	link_fn *read;
	bool tells;    /* the direction */
} link_types[] = {
	{DLT_LINUX_SLL2, 20, read_sll2, true},
	{DLT_LINUX_SLL, 16, read_sll, true},
	{DLT_EN10MB, 14, read_ethernet, false},
	{DLT_RAW, 0, read_raw, false},
	{DLT_IPV4, 0, read_raw, false},
	{DLT_IPV6, 0, read_raw, false},
	{DLT_NULL, 4, read_raw, false},
	{DLT_LOOP, 4, read_raw, false},
};

static void skip_bytes(struct fe_record *record, uint32_t n)
{
	record->data += n;
	record->caught -= n;
	record->size = record->size > n ? record->size - n : 0;
}

static void read_link(struct fe_pcap *p, struct fe_record *record)
{
	const uint8_t *header = record->data;
	unsigned type;

	if (record->caught < p->link->size)
		return;
	skip_bytes(record, p->link->size);
	type = p->link->read(p, header, record);
	for (int i = 0; i < 2; i++) {
		if (type != ETYPE_VLAN && type != ETYPE_QINQ)
			break;
		if (record->caught < 4)
			return;
		type = fe_get16(record->data + 2);
		skip_bytes(record, 4);
	}
	record->is_ip = type == ETYPE_IP || type == ETYPE_IPV6;
}

/* "truncated dump file; ..." and the like, with the place. */
static void report_damage(struct fe_pcap *p)
{
	struct fe_diag *diag;

	p->damaged = true;
	if (p->records.silent)
		return;
	diag = fe_diag(p->diags, FE_WARNING, NULL, FE_NO_SPAN,
		       "%s: ends within record %llu, at byte %llu: %s", p->path,
		       (unsigned long long)p->n,
		       (unsigned long long)p->position, pcap_geterr(p->pcap));
	fe_diag_hint(p->diags, diag,
		     "the %llu whole records before it are played",
		     (unsigned long long)p->n);
}

/* Nanoseconds; pcapng can say times that do not fit. */
static int64_t time_of(const struct timeval *ts)
{
	const int64_t most = (int64_t)1 << 33; /* seconds: 272 years */
	int64_t seconds = ts->tv_sec;

	if (seconds > most)
		seconds = most;
	if (seconds < -most)
		seconds = -most;
	return seconds * 1000000000 + ts->tv_usec % 1000000000;
}

static bool pcap_record(struct fe_records *records, struct fe_record *record)
{
	struct fe_pcap *p = (struct fe_pcap *)records;
	struct pcap_pkthdr *header;
	const uint8_t *data;
	int status;

	if (p->damaged)
		return false;
	status = pcap_next_ex(p->pcap, &header, &data);
	if (status != 1) {
		if (status == PCAP_ERROR)
			report_damage(p);
		return false;
	}
	p->n++;
	p->position += 16 + header->caplen;
	*record = (struct fe_record){
	    .data = data,
	    .size = header->len < header->caplen ? header->caplen
						 : header->len,
	    .caught = header->caplen,
	    .time = time_of(&header->ts),
	    .uid = UINT32_MAX,
	};
	read_link(p, record);
	return true;
}

static bool open_file(struct fe_pcap *p)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	FILE *file = fe_unpack_open(p->path);
	int dlt;

	if (!file) {
		fe_diag(p->diags, FE_ERROR, NULL, FE_NO_SPAN,
			"cannot read %s: %s", p->path, strerror(errno));
		return false;
	}
	p->pcap = pcap_fopen_offline_with_tstamp_precision(
	    file, PCAP_TSTAMP_PRECISION_NANO, error);
	if (!p->pcap) {
		fe_diag(p->diags, FE_ERROR, NULL, FE_NO_SPAN,
			"%s is not a capture that can be read: %s", p->path,
			error);
		fclose(file);
		return false;
	}
	p->position = 24;
	dlt = pcap_datalink(p->pcap);
	for (size_t i = 0; i < sizeof(link_types) / sizeof(*link_types); i++)
		if (link_types[i].dlt == dlt)
			p->link = &link_types[i];
	if (p->link)
		return true;
	const char *name = pcap_datalink_val_to_name(dlt);
	fe_diag_hint(p->diags,
		     fe_diag(p->diags, FE_ERROR, NULL, FE_NO_SPAN,
			     "%s: link type %d (%s) is not understood", p->path,
			     dlt, name ? name : "no name"),
		     "Linux cooked (tcpdump -i any), Ethernet and raw IP are");
	return false;
}

static void pcap_free(struct fe_records *records)
{
	struct fe_pcap *p = (struct fe_pcap *)records;

	if (p->pcap)
		pcap_close(p->pcap);
	fe_vec_free(&p->ifaces);
	free(p);
}

static bool pcap_rewind(struct fe_records *records)
{
	struct fe_pcap *p = (struct fe_pcap *)records;

	if (!strcmp(p->path, "-"))
		return false;
	pcap_close(p->pcap);
	p->pcap = NULL;
	p->n = 0;
	p->damaged = false;
	p->records.silent = false;
	if (open_file(p))
		return true;
	p->damaged = true;
	return false;
}

static bool pcap_damaged(const struct fe_records *records)
{
	return ((const struct fe_pcap *)records)->damaged;
}

static uint64_t pcap_position(const struct fe_records *records)
{
	return ((const struct fe_pcap *)records)->position;
}

static const struct fe_records_ops pcap_ops = {
	.next = pcap_record, .rewind = pcap_rewind, .free = pcap_free,
	.damaged = pcap_damaged, .position = pcap_position,
};

struct fe_records *fe_pcap_open(const char *path, const char *iface,
				struct fe_host *host, struct fe_diags *diags)
{
	struct fe_pcap *p = fe_calloc(1, sizeof(*p));

	p->records.ops = &pcap_ops;
	p->path = path;
	p->host = host;
	p->diags = diags;
	if (!open_file(p)) {
		pcap_free(&p->records);
		return NULL;
	}
	p->records.directed = p->link->tells;
	if (iface)
		p->iface = fe_host_iface(host, fe_str(iface));
	else if (!p->link->tells)
		p->iface = fe_host_iface(host, FE_STR("eth0"));
	return &p->records;
}
