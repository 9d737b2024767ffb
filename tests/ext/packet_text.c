/*
 * Packets from words, for test cases:
 *
 *	PROTO SRC[:PORT] > DST[:PORT] [WORD...]
 *
 * PROTO is tcp, udp, icmp, sctp, dccp or a number; IPv6 addresses with ports
 * stand in brackets. Words: flags=SA, opt=HEX (TCP options), type=8 code=0
 * id=1, ttl=N, tos=N, data=N (bytes of payload), hex=HEX (payload; of DCCP all
 * behind the ports), frag=N (offset in units of 8), mf, cut=N (only N bytes of
 * the transport header), ext=PROTO:HEX (an IPv6 extension header; its first
 * byte is filled in), snap=N (a capture caught N bytes only).
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "et.h"

struct draft {
	unsigned family, proto;
	uint8_t src[16], dst[16];
	unsigned sport, dport, flags, type, code, id, ttl, tos, data, frag;
	bool mf, cut_short;
	unsigned cut, snap;
	uint8_t options[40];
	unsigned n_options;
	uint8_t payload[400];
	unsigned n_payload;
	struct {
		uint8_t proto, bytes[200];
		unsigned n;
	} ext[4];
	unsigned n_ext;
};

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t sum(const uint8_t *p, size_t n, uint32_t s)
{
	for (size_t i = 0; i < n; i++)
		s += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	return s;
}

static unsigned fold(uint32_t s)
{
	while (s >> 16 != 0)
		s = (s & 0xffff) + (s >> 16);
	return ~s & 0xffff;
}

static bool read_end(char *text, unsigned family, uint8_t *addr,
		     unsigned *port)
{
	char *colon, *end;

	if (text[0] == '[') {
		end = strchr(text, ']');
		if (end == NULL)
			return false;
		*end = '\0';
		text++;
		colon = end[1] == ':' ? end + 1 : NULL;
	} else {
		colon = family == 4 ? strchr(text, ':') : NULL;
	}
	if (colon != NULL) {
		*colon = '\0';
		*port = (unsigned)strtoul(colon + 1, NULL, 0);
	}
	return inet_pton(family == 4 ? AF_INET : AF_INET6, text, addr) == 1;
}

static bool read_flags(struct draft *d, const char *letters)
{
	static const char all[] = "FSRPAUEC";

	for (d->flags = 0; *letters != '\0'; letters++) {
		const char *at = strchr(all, *letters);

		if (at == NULL)
			return false;
		d->flags |= 1u << (at - all);
	}
	return true;
}

static bool read_hex(const char *hex, uint8_t *out, size_t max, unsigned *n)
{
	unsigned byte;

	for (*n = 0; sscanf(hex, "%2x", &byte) == 1; hex += 2) {
		if (*n == max || hex[1] == '\0')
			return false;
		out[(*n)++] = (uint8_t)byte;
	}
	return *hex == '\0';
}

static bool read_options(struct draft *d, const char *hex)
{
	return read_hex(hex, d->options, sizeof(d->options), &d->n_options) &&
	       d->n_options % 4 == 0;
}

static bool read_payload(struct draft *d, const char *hex)
{
	bool fine = read_hex(hex, d->payload, sizeof(d->payload),
			     &d->n_payload);

	d->data = d->n_payload;
	return fine;
}

static bool read_ext(struct draft *d, const char *text)
{
	char *colon;

	if (d->n_ext == sizeof(d->ext) / sizeof(d->ext[0]))
		return false;
	d->ext[d->n_ext].proto = (uint8_t)strtoul(text, &colon, 0);
	return *colon == ':' &&
	       read_hex(colon + 1, d->ext[d->n_ext].bytes,
			sizeof(d->ext[0].bytes), &d->ext[d->n_ext].n) &&
	       d->ext[d->n_ext++].n > 0;
}

static bool read_word(struct draft *d, const char *word)
{
	const struct {
		const char *name;
		unsigned *to;
	} numbers[] = {
		{"type=", &d->type}, {"code=", &d->code}, {"id=", &d->id},
		{"ttl=", &d->ttl},   {"tos=", &d->tos},   {"data=", &d->data},
		{"frag=", &d->frag}, {"cut=", &d->cut},
		{"snap=", &d->snap},
	};

	if (strcmp(word, "mf") == 0)
		return d->mf = true;
	if (strncmp(word, "flags=", 6) == 0)
		return read_flags(d, word + 6);
	if (strncmp(word, "opt=", 4) == 0)
		return read_options(d, word + 4);
	if (strncmp(word, "hex=", 4) == 0)
		return read_payload(d, word + 4);
	if (strncmp(word, "ext=", 4) == 0)
		return read_ext(d, word + 4);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		size_t len = strlen(numbers[i].name);

		if (strncmp(word, numbers[i].name, len) != 0)
			continue;
		*numbers[i].to = (unsigned)strtoul(word + len, NULL, 0);
		if (numbers[i].to == &d->cut)
			d->cut_short = true;
		return true;
	}
	return false;
}

static bool read_proto(struct draft *d, const char *word)
{
	if (strcmp(word, "tcp") == 0)
		d->proto = 6;
	else if (strcmp(word, "udp") == 0)
		d->proto = 17;
	else if (strcmp(word, "sctp") == 0)
		d->proto = 132;
	else if (strcmp(word, "dccp") == 0)
		d->proto = 33;
	else if (strcmp(word, "icmp") == 0)
		d->proto = d->family == 4 ? 1 : 58;
	else
		d->proto = (unsigned)strtoul(word, NULL, 0);
	d->type = d->family == 4 ? 8 : 128;
	return d->proto > 0 && d->proto < 256;
}

/* The transport header and payload, checksum still 0; returns the size. */
static uint32_t write_l4(const struct draft *d, uint8_t *p, uint32_t *check)
{
	uint32_t size = 0;

	*check = 0;
	if (d->proto == 6) {
		size = 20 + d->n_options;
		put16(p, d->sport);
		put16(p + 2, d->dport);
		p[7] = 1;
		p[12] = (uint8_t)(size / 4 << 4);
		p[13] = (uint8_t)d->flags;
		put16(p + 14, 8192);
		memcpy(p + 20, d->options, d->n_options);
		*check = 16;
	} else if (d->proto == 17) {
		size = 8;
		put16(p, d->sport);
		put16(p + 2, d->dport);
		put16(p + 4, size + d->data);
		*check = 6;
	} else if (d->proto == 1 || d->proto == 58) {
		size = 8;
		p[0] = (uint8_t)d->type;
		p[1] = (uint8_t)d->code;
		put16(p + 4, d->id);
		*check = 2;
	} else if (d->proto == 132 || d->proto == 33) {
		size = d->proto == 132 ? 12 : 4;
		put16(p, d->sport);
		put16(p + 2, d->dport);
	}
	memcpy(p + size, d->payload, d->n_payload);
	return size + d->data;
}

static void put_checksum(const struct draft *d, uint8_t *l4, uint32_t size,
			 uint32_t check)
{
	unsigned alen = d->family == 4 ? 4 : 16;
	uint32_t s = 0;

	if (check == 0 || d->frag != 0)
		return;
	if (d->proto != 1) {
		s = sum(d->src, alen, s);
		s = sum(d->dst, alen, s);
		s += d->proto + size;
	}
	put16(l4 + check, fold(sum(l4, size, s)));
}

static void write_v4(const struct draft *d, struct et_packet *packet)
{
	uint8_t *p = packet->data;

	p[0] = 0x45;
	p[1] = (uint8_t)d->tos;
	put16(p + 2, packet->size);
	put16(p + 4, 1);
	put16(p + 6, (d->mf ? 0x2000u : 0) | d->frag);
	p[8] = (uint8_t)d->ttl;
	p[9] = (uint8_t)d->proto;
	memcpy(p + 12, d->src, 4);
	memcpy(p + 16, d->dst, 4);
	put16(p + 10, fold(sum(p, 20, 0)));
}

/* Each header's number stands in the one before it. */
static void write_ext(const struct draft *d, uint8_t *number, uint8_t *p)
{
	for (unsigned i = 0; i < d->n_ext; i++) {
		memcpy(p, d->ext[i].bytes, d->ext[i].n);
		*number = d->ext[i].proto;
		number = p;
		p += d->ext[i].n;
	}
	*number = (uint8_t)d->proto;
}

static void write_v6(const struct draft *d, struct et_packet *packet)
{
	uint8_t *p = packet->data;

	p[0] = (uint8_t)(0x60 | d->tos >> 4);
	p[1] = (uint8_t)(d->tos << 4);
	put16(p + 4, packet->size - 40);
	p[6] = (uint8_t)d->proto;
	p[7] = (uint8_t)d->ttl;
	memcpy(p + 8, d->src, 16);
	memcpy(p + 24, d->dst, 16);
	write_ext(d, p + 6, p + 40);
}

static void write_packet(const struct draft *d, struct et_packet *packet)
{
	uint32_t head = d->family == 4 ? 20 : 40, size, check;

	memset(packet, 0, sizeof(*packet));
	for (unsigned i = 0; d->family == 6 && i < d->n_ext; i++)
		head += d->ext[i].n;
	size = write_l4(d, packet->data + head, &check);
	put_checksum(d, packet->data + head, size, check);
	if (d->cut_short && d->cut < size)
		size = d->cut;
	packet->size = head + size;
	if (d->family == 4)
		write_v4(d, packet);
	else
		write_v6(d, packet);
	packet->caught = packet->size;
	if (d->snap != 0 && d->snap < packet->size) {
		packet->caught = d->snap;
		memset(packet->data + d->snap, 0, packet->size - d->snap);
	}
}

static bool read_one(char *text, unsigned family, struct et_packet *packet,
		     const char **bad)
{
	struct draft d = {.family = family, .ttl = 64, .flags = 2, .id = 1};
	char *save, *word;
	unsigned n = 0;
	bool ok = true;

	for (word = strtok_r(text, " ", &save); word != NULL && ok;
	     word = strtok_r(NULL, " ", &save), n++) {
		*bad = word;
		if (n == 0)
			ok = read_proto(&d, word);
		else if (n == 1)
			ok = read_end(word, family, d.src, &d.sport);
		else if (n == 3)
			ok = read_end(word, family, d.dst, &d.dport);
		else if (n > 3)
			ok = read_word(&d, word);
	}
	if (!ok || n < 4 || d.data > 1400)
		return false;
	write_packet(&d, packet);
	return true;
}

bool et_packets_read(const char *text, unsigned family,
		     struct et_packet *packets, size_t max, size_t *n,
		     const char **bad)
{
	static char copy[1024];
	char *save, *one;

	snprintf(copy, sizeof(copy), "%s", text);
	*bad = "too many packets";
	for (*n = 0, one = strtok_r(copy, "|", &save); one != NULL;
	     one = strtok_r(NULL, "|", &save)) {
		if (*n == max || !read_one(one, family, &packets[(*n)++], bad))
			return false;
	}
	return *n > 0;
}
