/* Tests of src/scenario: captures, the adapter, bursts. What `ferrule test`
 * prints is in tests/golden/test, what it judges in tests/scenarios. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "packets.h"
#include "scenario/fer_packet.h"

enum { SLL2 = 276, SLL = 113, ETHERNET = 1, RAW = 101 };
enum { IN, BROADCAST, MULTICAST, OTHER, OUT }; /* SLL packet types */

static const struct test_ends web = {0x0a000009, 0x0a000001, 4000, 80};
static const struct test_ends web_back = {0x0a000001, 0x0a000009, 80, 4000};

struct rig {
	struct fe_sources *sources;
	struct fe_diags *diags;
	struct fe_rules rules;
	struct fe_host *host;
	struct fe_traffic *traffic;
	struct fe_engine *engine;
	struct fe_buf file;
	int link;
	struct test_packet t; /* the last one made */
	/* What was played. */
	struct fe_packet played[16];
	struct fe_result results[16];
	uint64_t numbers[16];
	size_t n_played, n_batches;
};

static void le(struct fe_buf *buf, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		fe_buf_putc(buf, (char)(value >> 8 * i));
}

static void be(struct fe_buf *buf, uint64_t value, unsigned bytes)
{
	for (unsigned i = bytes; i-- > 0;)
		fe_buf_putc(buf, (char)(value >> 8 * i));
}

static void begin(struct rig *r, int link, const char *rules)
{
	struct fe_read_options read = {.family = 4};

	memset(r, 0, sizeof(*r));
	r->sources = fe_sources_new();
	r->diags = fe_diags_new();
	r->host = fe_host_new();
	r->link = link;
	le(&r->file, 0xa1b23c4d, 4); /* nanoseconds */
	le(&r->file, 2 | 4 << 16, 4);
	le(&r->file, 0, 8);
	le(&r->file, 65535, 4);
	le(&r->file, (uint64_t)link, 4);
	ck_assert(fe_read(r->sources,
			  fe_sources_add(r->sources, "t", rules, strlen(rules)),
			  &read, &r->rules, r->diags));
}

static void known_host(struct rig *r, bool forward)
{
	uint16_t eth0 = fe_host_iface(r->host, FE_STR("eth0"));
	uint16_t eth1 = fe_host_iface(r->host, FE_STR("eth1"));

	r->host->known = true;
	r->host->sysctls.ip_forward = forward;
	fe_host_add_addr(r->host, eth0, 4, fe_u128(0x0a000001), 24);
	fe_host_add_addr(r->host, eth1, 4, fe_u128(0x0a010001), 24);
}

static void link_header(struct rig *r, struct fe_buf *buf, unsigned iface,
			unsigned type)
{
	switch (r->link) {
	case SLL2:
		be(buf, 0x0800, 2);
		be(buf, 0, 2);
		be(buf, iface, 4);
		be(buf, 1, 2);
		be(buf, type, 1);
		be(buf, 6, 1);
		be(buf, 0x020000000001, 6);
		be(buf, 0, 2);
		break;
	case SLL:
		be(buf, type, 2);
		be(buf, 1, 2);
		be(buf, 6, 2);
		be(buf, 0x020000000001, 6);
		be(buf, 0, 2);
		be(buf, 0x0800, 2);
		break;
	case ETHERNET:
		be(buf, 0x020000000002, 6);
		be(buf, 0x020000000001, 6);
		be(buf, 0x8100, 2); /* tagged */
		be(buf, 5, 2);
		be(buf, 0x0800, 2);
		break;
	}
}

/* Adds the rig's packet as a record of the next microsecond. */
static void record(struct rig *r, unsigned iface, unsigned type)
{
	struct fe_buf head = {0};
	size_t size;

	link_header(r, &head, iface, type);
	size = head.size + r->t.packet.size;
	le(&r->file, 1, 4);
	le(&r->file, r->file.size, 4); /* grows */
	le(&r->file, size, 4);
	le(&r->file, size, 4);
	fe_buf_add(&r->file, head.data, head.size);
	fe_buf_add(&r->file, r->t.bytes, r->t.packet.size);
	fe_buf_free(&head);
}

static void tcp(struct rig *r, struct test_ends ends, uint8_t flags)
{
	test_tcp(&r->t, SECOND, ends, (struct test_segment){.flags = flags});
}

static void on_emit(void *arg, const struct fe_packet *packet, uint16_t oif)
{
	fe_traffic_emitted(((struct rig *)arg)->traffic, packet, oif);
}

static void play_batch(struct rig *r, const struct fe_batch *batch)
{
	struct fe_result results[FE_TRAFFIC_BATCH];

	for (size_t i = 0; i < batch->n; i++) {
		r->played[(r->n_played + i) % 16] = batch->packets[i];
		r->numbers[(r->n_played + i) % 16] = batch->numbers[i];
	}
	fe_engine_play(r->engine, batch->packets, results, batch->n);
	for (size_t i = 0; i < batch->n; i++)
		r->results[r->n_played++ % 16] = results[i];
	r->n_batches++;
}

static const struct fe_traffic_stats *
play(struct rig *r, const struct fe_traffic_options *options)
{
	const struct fe_engine_options engine_options = {.naive = true};
	const struct fe_observer observer = {.arg = r, .emit = on_emit};
	struct fe_batch batch;
	char path[64];
	int fd = memfd_create("capture", 0);

	ck_assert_int_eq(write(fd, r->file.data, r->file.size),
			 (ssize_t)r->file.size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r->traffic = fe_traffic_open(path, options, r->host, r->sources,
				     r->diags);
	close(fd);
	ck_assert_ptr_nonnull(r->traffic);
	r->engine = fe_engine_new(&r->rules, r->host, &engine_options);
	fe_engine_observe(r->engine, &observer);
	fe_traffic_attach(r->traffic, r->engine);
	while (fe_traffic_next(r->traffic, &batch))
		play_batch(r, &batch);
	return fe_traffic_stats(r->traffic);
}

static void end(struct rig *r)
{
	fe_engine_free(r->engine);
	fe_traffic_close(r->traffic);
	fe_buf_free(&r->file);
	fe_host_free(r->host);
	fe_rules_free(&r->rules);
	fe_diags_free(r->diags);
	fe_sources_free(r->sources);
}

static const char state_rules[] =
    "*filter\n-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\nCOMMIT\n";

START_TEST(a_cooked_capture_tells_direction_and_interface)
{
	const struct fe_traffic_stats *stats;
	struct rig r;

	begin(&r, SLL2, state_rules);
	known_host(&r, false);
	tcp(&r, web, FE_TCP_SYN);
	record(&r, 2, IN);
	record(&r, 2, OTHER);
	tcp(&r, web_back, FE_TCP_SYN | FE_TCP_ACK);
	record(&r, 2, OUT);
	stats = play(&r, &(struct fe_traffic_options){0});
	ck_assert_uint_eq(stats->records, 3);
	ck_assert_uint_eq(stats->not_ours, 1);
	ck_assert_uint_eq(r.n_played, 2);
	ck_assert_uint_eq(r.played[0].iif, 2);
	ck_assert(r.played[0].has_mac && r.played[0].trust_checksum);
	ck_assert_uint_eq(r.played[1].iif, 0);
	ck_assert_uint_eq(r.numbers[1], 2);
	ck_assert_int_eq(r.results[0].ctstate, FE_CT_NEW);
	ck_assert_int_eq(r.results[1].ctstate, FE_CT_ESTABLISHED);
	end(&r);
}
END_TEST

START_TEST(nanoseconds_are_kept_and_time_never_goes_back)
{
	struct rig r;

	begin(&r, RAW, state_rules);
	known_host(&r, false);
	tcp(&r, web, FE_TCP_SYN);
	record(&r, 0, 0);
	record(&r, 0, 0);
	r.file.data[24 + 4] = 99; /* the first record's nanoseconds */
	r.file.data[24 + 5] = 99;
	play(&r, &(struct fe_traffic_options){0});
	ck_assert_int_eq(r.played[0].time, 1000000000 + 99 * 257);
	ck_assert_int_eq(r.played[1].time, r.played[0].time);
	end(&r);
}
END_TEST

START_TEST(addresses_tell_direction_where_the_link_does_not)
{
	const struct fe_traffic_stats *stats;
	struct rig r;

	begin(&r, ETHERNET, state_rules); /* with VLAN tags */
	known_host(&r, false);
	tcp(&r, web, FE_TCP_SYN);
	record(&r, 0, 0);
	tcp(&r, web_back, FE_TCP_SYN | FE_TCP_ACK);
	record(&r, 0, 0);
	stats = play(&r, &(struct fe_traffic_options){.iface = "eth0"});
	ck_assert_uint_eq(stats->guessed_direction, 2);
	ck_assert_uint_eq(r.played[0].iif, 2);
	ck_assert_uint_eq(r.played[1].iif, 0);
	ck_assert_uint_eq(r.played[1].oif, 2);
	end(&r);
}
END_TEST

START_TEST(an_unknown_hosts_addresses_are_guessed)
{
	static const struct test_ends through = {0x0a000009, 0xc0000201, 1, 2};
	struct rig r;

	begin(&r, SLL, state_rules);
	tcp(&r, web, FE_TCP_SYN);
	record(&r, 0, IN);
	tcp(&r, web_back, FE_TCP_SYN | FE_TCP_ACK);
	record(&r, 0, OUT);
	tcp(&r, through, FE_TCP_SYN); /* forwarded: in and out again */
	record(&r, 0, IN);
	record(&r, 0, OUT);
	play(&r, &(struct fe_traffic_options){.iface = "eth0"});
	ck_assert(fe_host_is_local(r.host, 4, fe_u128(0x0a000001)));
	ck_assert(!fe_host_is_local(r.host, 4, fe_u128(0x0a000009)));
	ck_assert(!fe_host_is_local(r.host, 4, fe_u128(0xc0000201)));
	ck_assert_uint_eq(r.diags->list.n, 1); /* it says so */
	end(&r);
}
END_TEST

START_TEST(copies_of_forwarded_packets_are_not_played)
{
	static const struct test_ends through = {0x0a000009, 0x0a010009, 1, 2};
	const struct fe_traffic_stats *stats;
	struct rig r;

	begin(&r, SLL2, state_rules);
	known_host(&r, true);
	tcp(&r, through, FE_TCP_SYN);
	record(&r, 2, IN);
	fe_wire_dec_ttl(r.t.bytes);
	r.t.bytes[r.t.packet.l4 + 16] ^= 0x5a; /* checksum offload */
	record(&r, 3, OUT);
	stats = play(&r, &(struct fe_traffic_options){0});
	ck_assert_uint_eq(r.n_played, 1);
	ck_assert_uint_eq(stats->forwarded, 1);
	ck_assert_int_eq(r.results[0].fate, FE_FATE_ACCEPT);
	end(&r);
}
END_TEST

START_TEST(injected_records_are_all_played)
{
	static const struct test_ends through = {0x0a000009, 0x0a010009, 1, 2};
	struct rig r;

	begin(&r, SLL2, state_rules);
	known_host(&r, true);
	tcp(&r, through, FE_TCP_SYN);
	record(&r, 2, IN);
	record(&r, 3, OUT);
	play(&r, &(struct fe_traffic_options){.capture = FE_CAPTURE_INJECT});
	ck_assert_uint_eq(r.n_played, 2);
	ck_assert_uint_eq(r.n_batches, 1);
	ck_assert(!r.played[0].trust_checksum);
	end(&r);
}
END_TEST

START_TEST(loopback_copies_are_not_played)
{
	static const struct test_ends own = {0x7f000001, 0x7f000001, 1, 2};
	const struct fe_traffic_stats *stats;
	struct rig r;

	begin(&r, SLL2, state_rules);
	known_host(&r, false);
	tcp(&r, own, FE_TCP_SYN);
	record(&r, 1, OUT);
	record(&r, 1, IN);
	stats = play(&r, &(struct fe_traffic_options){0});
	ck_assert_uint_eq(stats->loop_copies, 1);
	ck_assert_uint_eq(r.n_played, 1);
	ck_assert(r.results[0].local);
	end(&r);
}
END_TEST

START_TEST(loopback_packets_that_only_came_in_were_sent_here)
{
	static const struct test_ends own = {0x7f000001, 0x7f000001, 1, 2};
	const struct fe_traffic_stats *stats;
	struct rig r;

	/* As `tcpdump -i any` writes it; the reset is REJECT's. */
	begin(&r, SLL2, "*filter\n-A INPUT -p tcp --syn -j REJECT "
			"--reject-with tcp-reset\nCOMMIT\n");
	known_host(&r, false);
	tcp(&r, own, FE_TCP_SYN);
	record(&r, 1, IN);
	test_tcp(&r.t, SECOND, test_reply(own),
		 (struct test_segment){.flags = FE_TCP_RST | FE_TCP_ACK,
				       .ack = 1, .closed = true});
	r.t.bytes[6] = 0x40;
	fe_wire_fix(r.t.bytes, r.t.size);
	record(&r, 1, IN);
	stats = play(&r, &(struct fe_traffic_options){0});
	ck_assert_uint_eq(r.n_played, 1);
	ck_assert_uint_eq(r.played[0].oif, 1);
	ck_assert_int_eq(r.results[0].fate, FE_FATE_REJECT);
	ck_assert_uint_eq(stats->loop_copies, 1);
	end(&r);
}
END_TEST

START_TEST(times_that_do_not_fit_are_cut)
{
	struct rig r;
	size_t at;

	begin(&r, RAW, state_rules); /* found by fuzz_pcap, as pcapng */
	known_host(&r, false);
	fe_buf_clear(&r.file);
	le(&r.file, 0x0a0d0d0a, 4);
	le(&r.file, 28, 4);
	le(&r.file, 0x1a2b3c4d, 4);
	le(&r.file, 1, 4);
	le(&r.file, UINT64_MAX, 8);
	le(&r.file, 28, 4);
	le(&r.file, 1, 4);
	le(&r.file, 20, 4);
	le(&r.file, RAW, 4);
	le(&r.file, 65535, 4);
	le(&r.file, 20, 4);
	tcp(&r, web, FE_TCP_SYN);
	le(&r.file, 6, 4);
	le(&r.file, 32 + r.t.size, 4);
	le(&r.file, 0, 4);
	le(&r.file, UINT64_MAX / 2, 8); /* microseconds */
	le(&r.file, r.t.size, 4);
	le(&r.file, r.t.size, 4);
	at = r.file.size;
	fe_buf_add(&r.file, r.t.bytes, r.t.size);
	ck_assert_uint_eq((r.file.size - at) % 4, 0);
	le(&r.file, 32 + r.t.size, 4);
	play(&r, &(struct fe_traffic_options){0});
	ck_assert_uint_eq(r.n_played, 1);
	ck_assert_int_gt(r.played[0].time, 0);
	end(&r);
}
END_TEST

START_TEST(answers_of_reject_are_not_played_twice)
{
	const struct fe_traffic_stats *stats;
	struct rig r;

	begin(&r, SLL2, "*filter\n-A INPUT -p tcp -j REJECT --reject-with "
			"tcp-reset\nCOMMIT\n");
	known_host(&r, false);
	tcp(&r, web, FE_TCP_SYN);
	record(&r, 2, IN);
	test_tcp(&r.t, SECOND, web_back,
		 (struct test_segment){.flags = FE_TCP_RST | FE_TCP_ACK,
				       .ack = 1, .closed = true});
	r.t.bytes[6] = 0x40; /* don't fragment, as the kernel has it */
	fe_wire_fix(r.t.bytes, r.t.size);
	record(&r, 2, OUT);
	stats = play(&r, &(struct fe_traffic_options){0});
	ck_assert_int_eq(r.results[0].fate, FE_FATE_REJECT);
	ck_assert_uint_eq(r.n_played, 1);
	ck_assert_uint_eq(stats->forwarded, 1);
	end(&r);
}
END_TEST

START_TEST(packets_behind_nat_are_translated_back)
{
	/* The client reaches port 80, which is 8080 behind REDIRECT; the
	 * capture shows the answer with port 80 again. */
	const struct fe_traffic_stats *stats;
	struct rig r;

	begin(&r, SLL2, "*nat\n-A PREROUTING -p tcp --dport 80 -j REDIRECT "
			"--to-ports 8080\nCOMMIT\n");
	known_host(&r, false);
	tcp(&r, web, FE_TCP_SYN);
	record(&r, 2, IN);
	tcp(&r, web_back, FE_TCP_SYN | FE_TCP_ACK);
	record(&r, 2, OUT);
	stats = play(&r, &(struct fe_traffic_options){0});
	ck_assert_uint_eq(stats->translated, 1);
	ck_assert_uint_eq(r.n_played, 2);
	ck_assert_uint_eq(r.played[1].sport, 8080);
	ck_assert_int_eq(r.results[1].ctstate, FE_CT_ESTABLISHED);
	end(&r);
}
END_TEST

START_TEST(a_cut_capture_is_played_as_far_as_it_goes)
{
	struct rig r;

	begin(&r, RAW, state_rules);
	known_host(&r, false);
	tcp(&r, web, FE_TCP_SYN);
	record(&r, 0, 0);
	record(&r, 0, 0);
	r.file.size -= 3;
	play(&r, &(struct fe_traffic_options){0});
	ck_assert_uint_eq(r.n_played, 1);
	ck_assert(fe_traffic_is_damaged(r.traffic));
	ck_assert_uint_eq(r.diags->list.n, 1);
	ck_assert_ptr_nonnull(strstr(r.diags->list.data[0]->text,
				     "ends within record 1, at byte 80"));
	end(&r);
}
END_TEST

/* --- bursts --- */

static const struct fe_burst burst = {
	.ends = {.src = {4, 16, {0, 0x0a010000}},
		 .dst = {4, 32, {0, 0x0a000001}}, .proto = 6,
		 .sports = {1024, 65535}, .dports = {{80, 80}, {443, 444}},
		 .n_dports = 2},
	.n = 1000, .over = 60000000000, .len = 100,
};

/* Runs it; returns a hash of all packets, and counts them. */
static uint64_t run_burst(const struct fe_burst *b, uint64_t seed, size_t *n)
{
	struct fe_burst_run *run = fe_burst_run_new(b, SECOND, seed);
	uint8_t bytes[FE_FER_MOST];
	struct fe_record record;
	uint64_t hash = 0;
	int64_t last = 0;

	for (*n = 0; fe_burst_run_due(run) != INT64_MAX; ++*n) {
		struct fe_packet p = {0};
		fe_burst_run_next(run, bytes, &record);
		ck_assert_int_ge(record.time, last);
		last = record.time;
		p.data = record.data;
		p.size = record.size;
		p.caught = record.caught;
		ck_assert_int_eq(fe_packet_parse(&p), FE_PARSE_OK);
		ck_assert_uint_eq((record.reply ? p.dst : p.src).lo >> 16,
				  0x0a01);
		hash = hash * 31 + fe_hash(bytes, record.size) +
		       (uint64_t)record.time;
	}
	ck_assert_int_le(last, 62 * SECOND);
	fe_burst_run_free(run);
	return hash;
}

START_TEST(a_burst_is_the_same_for_the_same_seed)
{
	size_t n, again;
	uint64_t hash = run_burst(&burst, 7, &n);

	ck_assert_uint_eq(n, 9 * 1000);
	ck_assert_uint_eq(run_burst(&burst, 7, &again), hash);
	ck_assert_uint_ne(run_burst(&burst, 8, &again), hash);
	ck_assert_uint_eq(again, n);
}
END_TEST

START_TEST(an_unanswered_burst_sends_one_packet_a_flow)
{
	struct fe_burst flood = burst;
	size_t n;

	flood.unanswered = true;
	run_burst(&flood, 1, &n);
	ck_assert_uint_eq(n, 1000);
	flood.n = 0;
	run_burst(&flood, 1, &n);
	ck_assert_uint_eq(n, 0);
}
END_TEST

static Suite *scenario_suite(void)
{
	Suite *suite = suite_create("scenario");
	TCase *tc = tcase_create("scenario");

	tcase_add_test(tc, a_cooked_capture_tells_direction_and_interface);
	tcase_add_test(tc, nanoseconds_are_kept_and_time_never_goes_back);
	tcase_add_test(tc, addresses_tell_direction_where_the_link_does_not);
	tcase_add_test(tc, an_unknown_hosts_addresses_are_guessed);
	tcase_add_test(tc, copies_of_forwarded_packets_are_not_played);
	tcase_add_test(tc, injected_records_are_all_played);
	tcase_add_test(tc, loopback_copies_are_not_played);
	tcase_add_test(tc, loopback_packets_that_only_came_in_were_sent_here);
	tcase_add_test(tc, times_that_do_not_fit_are_cut);
	tcase_add_test(tc, answers_of_reject_are_not_played_twice);
	tcase_add_test(tc, packets_behind_nat_are_translated_back);
	tcase_add_test(tc, a_cut_capture_is_played_as_far_as_it_goes);
	tcase_add_test(tc, a_burst_is_the_same_for_the_same_seed);
	tcase_add_test(tc, an_unanswered_burst_sends_one_packet_a_flow);
	suite_add_tcase(suite, tc);
	return suite;
}

UNIT_MAIN(scenario_suite)
