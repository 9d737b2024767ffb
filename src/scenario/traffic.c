/*
 * Traffic: batches of hook inputs from any source of records.
 *
 * A batch's bytes are copied into one block, so that the adapter may change
 * them. Where a record can only be judged after what the engine emitted for
 * those before it, the batch ends there and the record waits.
 */
#include "scenario/traffic.h"

#include <string.h>

#include "program/engine.h"
#include "scenario/record.h"

enum {
	MOST_BYTES = 65536 + 64, /* of one packet: IP's own limit, or nearly */
	BLOCK = 4 << 20,
};

struct fe_traffic {
	struct fe_records *records;
	struct fe_diags *diags;
	const char *path;
	struct fe_capture_adapter adapter;
	struct fe_traffic_stats stats;
	struct fe_record waiting; /* read, and not judged yet */
	bool has_waiting;
	bool playing_in;  /* the batch that was handed out is incoming */
	bool guessed;     /* addresses are */
	int64_t time;     /* of the last packet */
	struct fe_packet packets[FE_TRAFFIC_BATCH];
	uint64_t numbers[FE_TRAFFIC_BATCH];
	uint8_t *block;   /* BLOCK bytes */
};

static bool is_fer(const char *path)
{
	size_t n = strlen(path);

	return n > 4 && !strcmp(path + n - 4, ".fer");
}

static bool cannot_tell(struct fe_traffic *t)
{
	struct fe_diag *diag = fe_diag(
	    t->diags, FE_ERROR, NULL, FE_NO_SPAN,
	    "%s: nothing tells which packets came in and which went out: the "
	    "link type doesn't, and no single address is an end of them all",
	    t->path);

	fe_diag_hint(t->diags, diag, "name the host's addresses with --address "
		     "or --host, or take every packet for an incoming one with "
		     "--capture inject");
	return false;
}

/* False after reporting that nothing tells which end the host is. */
static bool guess_addresses(struct fe_traffic *t)
{
	struct fe_guess guess = fe_capture_guess(t->records, t->adapter.host);
	size_t n = guess.n;
	struct fe_diag *diag;

	t->guessed = true;
	if (guess.open && t->adapter.observed)
		return cannot_tell(t);
	diag = fe_diag(t->diags, FE_INFO, NULL, FE_NO_SPAN,
		       "%s: without --host, %zu address%s the host's own: what "
		       "it was seen to send or receive", t->path, n,
		       n == 1 ? " counts as" : "es count as");
	fe_diag_hint(t->diags, diag, "give a snapshot (ferrule collect) "
				     "with --host");
	return true;
}

/* Which of the ends is the host: from a snapshot, or what was captured. */
static bool find_host(struct fe_traffic *t)
{
	const struct fe_host *host = t->adapter.host;
	bool ok;

	if (t->adapter.made || host->known || host->addrs_told)
		return true;
	if (!strcmp(t->path, "-"))
		return t->records->directed || !t->adapter.observed ||
		       cannot_tell(t);
	ok = guess_addresses(t);
	t->records->ops->rewind(t->records);
	return ok;
}

static void choose(struct fe_traffic *t,
		   const struct fe_traffic_options *options, bool fer)
{
	struct fe_capture_adapter *a = &t->adapter;

	switch (options->capture) {
	case FE_CAPTURE_AUTO:
		a->observed = !fer;
		break;
	case FE_CAPTURE_INJECT:
		a->observed = false;
		break;
	case FE_CAPTURE_OBSERVED:
		a->observed = true;
		break;
	}
	switch (options->checksums) {
	case FE_CHECKSUMS_AUTO:
		a->trust = a->observed;
		break;
	case FE_CHECKSUMS_TRUST:
		a->trust = true;
		break;
	case FE_CHECKSUMS_VERIFY:
		a->trust = false;
		break;
	}
}

struct fe_traffic *fe_traffic_open(const char *path,
				   const struct fe_traffic_options *options,
				   struct fe_host *host,
				   struct fe_sources *sources,
				   struct fe_diags *diags)
{
	struct fe_traffic *t = fe_calloc(1, sizeof(*t));
	bool fer = is_fer(path);

	t->path = path;
	t->diags = diags;
	t->adapter.host = host;
	t->adapter.stats = &t->stats;
	t->adapter.made = fer;
	t->time = INT64_MIN;
	choose(t, options, fer);
	if (fer)
		t->records = fe_fer_open(path, options->seed, host, sources,
					 diags);
	else
		t->records = fe_pcap_open(path, options->iface, host, diags);
	if (!t->records) {
		free(t);
		return NULL;
	}
	if (!find_host(t)) {
		t->records->ops->free(t->records);
		free(t);
		return NULL;
	}
	t->block = fe_malloc(BLOCK);
	return t;
}

void fe_traffic_close(struct fe_traffic *t)
{
	if (!t)
		return;
	t->records->ops->free(t->records);
	fe_capture_free(&t->adapter);
	free(t->block);
	free(t);
}

void fe_traffic_attach(struct fe_traffic *t, struct fe_engine *engine)
{
	fe_capture_attach(&t->adapter, engine);
}

void fe_traffic_emitted(struct fe_traffic *t, const struct fe_packet *packet,
			uint16_t oif)
{
	bool generated = packet < t->packets ||
			 packet >= t->packets + FE_TRAFFIC_BATCH;

	if (generated || (t->playing_in && oif))
		fe_capture_emitted(&t->adapter, packet);
}

/* Makes a packet of the record in bytes; false when it is not played. */
static bool take(struct fe_traffic *t, const struct fe_record *r,
		 uint8_t *bytes, struct fe_packet *p)
{
	if (!r->is_ip) {
		t->stats.not_ip++;
		return false;
	}
	*p = (struct fe_packet){
	    .data = bytes, .size = r->size, .time = r->time, .uid = r->uid,
	    .mark = r->mark, .pkttype = r->pkttype, .has_mac = r->has_mac,
	    .caught = r->caught < MOST_BYTES ? r->caught : MOST_BYTES,
	};
	memcpy(p->mac, r->mac, 6);
	memcpy(bytes, r->data, p->caught);
	if (fe_packet_parse(p) != FE_PARSE_OK) {
		t->stats.malformed++;
		return false;
	}
	if (p->time < t->time)
		p->time = t->time;
	return fe_capture_adapt(&t->adapter, r, p, bytes) == FE_ADAPT_PLAY;
}

static bool read_record(struct fe_traffic *t)
{
	if (t->has_waiting)
		return true;
	if (!t->records->ops->next(t->records, &t->waiting))
		return false;
	t->stats.records++;
	t->has_waiting = true;
	return true;
}

bool fe_traffic_next(struct fe_traffic *t, struct fe_batch *batch)
{
	uint8_t *bytes = t->block;
	bool alone = false;
	size_t n = 0;

	while (n < FE_TRAFFIC_BATCH && !alone &&
	       bytes + MOST_BYTES <= t->block + BLOCK && read_record(t)) {
		alone = fe_capture_waits(&t->adapter, &t->waiting);
		if (alone && n)
			break;
		t->has_waiting = false;
		if (!take(t, &t->waiting, bytes, &t->packets[n])) {
			alone = false;
			continue;
		}
		t->playing_in = t->packets[n].iif != 0;
		t->time = t->packets[n].time;
		t->numbers[n] = t->stats.records - 1;
		bytes += (t->packets[n].caught + 63) & ~63u;
		n++;
	}
	t->stats.played += n;
	t->stats.bytes = t->records->ops->position(t->records);
	*batch = (struct fe_batch){t->packets, t->numbers, n};
	return n > 0;
}

bool fe_traffic_is_damaged(const struct fe_traffic *t)
{
	return t->records->ops->damaged(t->records);
}

const struct fe_traffic_stats *fe_traffic_stats(const struct fe_traffic *t)
{
	return &t->stats;
}

static void tell(struct fe_traffic *t, uint64_t n, const char *what)
{
	if (n)
		fe_diag(t->diags, FE_INFO, NULL, FE_NO_SPAN,
			"%s: %llu record%s %s", t->path, (unsigned long long)n,
			n == 1 ? "" : "s", what);
}

void fe_traffic_report(struct fe_traffic *t)
{
	const struct fe_traffic_stats *s = &t->stats;

	tell(t, s->not_ip, "left out: not IPv4 or IPv6");
	tell(t, s->malformed, "left out: the kernel drops such IP headers "
			      "ahead of all rules");
	tell(t, s->not_ours, "left out: addressed to other hosts on the link");
	tell(t, s->loop_copies, "left out: copies on the loopback interface");
	tell(t, s->forwarded, "left out: copies of what the host forwarded or "
			      "answered");
	tell(t, s->translated, "translated back: captured behind NAT");
	tell(t, s->guessed_direction, "told to be in or out by addresses: the "
				      "link type does not say");
}
