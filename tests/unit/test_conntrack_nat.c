/* NAT: bindings, and packets translated there and back. */
#include <netinet/in.h>

#include "conntrack_unit.h"
#include "unit.h"

enum { LAN = 0x0a000001, WAN = 0xc0000209, SERVER = 0xc6336401 };

static const struct test_ends client = {LAN, SERVER, 1000, 80};

static struct fe_nat_range to(uint32_t min, uint32_t max)
{
	return (struct fe_nat_range){
		.flags = FE_NAT_MAP_ADDRS, .min = fe_u128(min),
		.max = fe_u128(max),
	};
}

static enum fe_ct_verdict hook(struct world *w, struct test_packet *t,
			       enum fe_hook where,
			       const struct fe_nat_range *range)
{
	enum fe_nat_kind kind =
	    where == FE_PREROUTING ? FE_NAT_DST : FE_NAT_SRC;

	if (fe_nat_wants_rules(w->ct, &t->packet, where) &&
	    fe_nat_bind(w->ct, &t->packet, kind, range) == FE_CT_DROP)
		return FE_CT_DROP;
	return fe_nat_packet(w->ct, &t->packet, where, t->bytes);
}

/* Plays a forwarded packet; false: dropped. */
static bool forward(struct world *w, struct test_packet *t,
		    const struct fe_nat_range *dst,
		    const struct fe_nat_range *src)
{
	bool ok = enter(w, t) == FE_CT_ACCEPT &&
		  hook(w, t, FE_PREROUTING, dst) == FE_CT_ACCEPT &&
		  hook(w, t, FE_POSTROUTING, src) == FE_CT_ACCEPT &&
		  fe_conntrack_confirm(w->ct, &t->packet) == FE_CT_ACCEPT;

	if (!ok)
		fe_conntrack_forget(w->ct, &t->packet);
	return ok;
}

/* Every checksum of the packet is what a computation from scratch gives. */
static void check_sums(const struct test_packet *t)
{
	struct test_packet copy = *t;

	fe_wire_fix(copy.bytes, copy.size);
	ck_assert_mem_eq(copy.bytes, t->bytes, t->size);
}

START_TEST(source_nat_goes_there_and_back)
{
	struct fe_nat_range src = to(WAN, WAN);
	struct world w;
	struct test_packet t;

	world_begin(&w);
	test_tcp(&t, SECOND, client, (struct test_segment){
		.flags = FE_TCP_SYN, .seq = 1});
	ck_assert(forward(&w, &t, NULL, &src));
	ck_assert_uint_eq(t.packet.src.lo, WAN);
	ck_assert_uint_eq(t.packet.sport, 1000);
	check_sums(&t);
	ck_assert_uint_eq(only(&w)->status,
			  FE_IPS_CONFIRMED | FE_IPS_SRC_NAT |
			  FE_IPS_SRC_NAT_DONE | FE_IPS_DST_NAT_DONE);
	test_tcp(&t, SECOND, (struct test_ends){SERVER, WAN, 80, 1000},
		 (struct test_segment){.flags = FE_TCP_SYN | FE_TCP_ACK,
				       .seq = 9, .ack = 2});
	ck_assert(forward(&w, &t, NULL, NULL));
	ck_assert_int_eq(t.packet.ctstate, FE_CT_ESTABLISHED);
	ck_assert_uint_eq(t.packet.dst.lo, LAN);
	check_sums(&t);
	world_end(&w);
}
END_TEST

START_TEST(a_clash_takes_another_port_of_the_class)
{
	static const struct { uint16_t port, lo, hi; } classes[] = {
		{100, 1, 511}, {700, 600, 1023}, {5000, 1024, 65535},
	};
	struct fe_nat_range src = to(WAN, WAN);
	struct world w;
	struct test_packet t;

	for (size_t i = 0; i < 3; i++) {
		struct test_ends a = client, b = client;
		a.sport = b.sport = classes[i].port;
		b.src++;
		world_begin(&w);
		test_udp(&t, SECOND, a, 4);
		ck_assert(forward(&w, &t, NULL, &src));
		ck_assert_uint_eq(t.packet.sport, classes[i].port);
		test_udp(&t, SECOND, b, 4);
		ck_assert(forward(&w, &t, NULL, &src));
		ck_assert_uint_ne(t.packet.sport, classes[i].port);
		ck_assert_uint_ge(t.packet.sport, classes[i].lo);
		ck_assert_uint_le(t.packet.sport, classes[i].hi);
		check_sums(&t);
		world_end(&w);
	}
}
END_TEST

START_TEST(a_clients_mapping_is_used_again)
{
	struct fe_nat_range src = to(WAN, WAN);
	struct test_ends a = client, b = client;
	struct world w;
	struct test_packet t;
	uint16_t port;

	world_begin(&w);
	test_udp(&t, SECOND, a, 4);
	forward(&w, &t, NULL, &src);
	b.src++;
	test_udp(&t, SECOND, b, 4);
	forward(&w, &t, NULL, &src);
	port = t.packet.sport;
	b.dst += 5;
	test_udp(&t, SECOND, b, 4);
	forward(&w, &t, NULL, &src);
	ck_assert_uint_eq(t.packet.sport, port);
	world_end(&w);
}
END_TEST

START_TEST(an_exhausted_range_drops)
{
	struct fe_nat_range src = to(WAN, WAN);
	struct test_ends e = client;
	struct world w;
	struct test_packet t;
	int passed = 0;

	world_begin(&w);
	src.flags |= FE_NAT_MAP_PORTS;
	src.port_min = 2000;
	src.port_max = 2003;
	for (int i = 0; i < 6; i++) {
		test_udp(&t, SECOND, e, 4);
		passed += forward(&w, &t, NULL, &src);
		e.src++;
	}
	ck_assert_int_eq(passed, 4);
	ck_assert_uint_eq(fe_conntrack_stats(w.ct)->insert_failed, 2);
	ck_assert_uint_eq(fe_conntrack_stats(w.ct)->entries, 4);
	world_end(&w);
}
END_TEST

START_TEST(destination_ports_come_in_order)
{
	struct fe_nat_range dst = to(LAN, LAN);
	struct world w;
	struct test_packet t;

	world_begin(&w);
	dst.flags |= FE_NAT_MAP_PORTS;
	dst.port_min = 8000;
	dst.port_max = 8002;
	for (uint16_t i = 0; i < 3; i++) {
		/* One client asks several addresses that all become one:
		 * only the port tells its flows apart. */
		struct test_ends e = {SERVER, (uint32_t)(WAN + i), 1000, 80};
		test_udp(&t, SECOND, e, 4);
		ck_assert(forward(&w, &t, &dst, NULL));
		ck_assert_uint_eq(t.packet.dport, 8000 + i);
		check_sums(&t);
	}
	world_end(&w);
}
END_TEST

/* Measured on Linux 6.18: SNAT --to-source 10.2.0.9-10.2.0.12. */
START_TEST(addresses_of_a_range_are_a_function)
{
	struct fe_nat_range src = to(WAN, WAN + 3);
	struct world w;
	struct test_packet t;
	uint32_t seen = 0;

	world_begin(&w);
	for (uint32_t i = 0; i < 64; i++) {
		struct test_ends e = client;
		e.src += i;
		test_udp(&t, SECOND, e, 4);
		ck_assert(forward(&w, &t, NULL, &src));
		ck_assert_uint_ge(t.packet.src.lo, WAN);
		ck_assert_uint_le(t.packet.src.lo, WAN + 3);
		seen |= 1u << (t.packet.src.lo - WAN);
		/* Another flow of the pair gets the same address. */
		uint64_t chosen = t.packet.src.lo;
		e.dport++;
		test_udp(&t, SECOND, e, 4);
		ck_assert(forward(&w, &t, NULL, &src));
		ck_assert_uint_eq(t.packet.src.lo, chosen);
	}
	ck_assert_uint_eq(seen, 15);
	world_end(&w);
}
END_TEST

START_TEST(netmap_keeps_the_host_part)
{
	struct fe_nat_range src = to(0xc0000200, 0xc00002ff);
	struct world w;
	struct test_packet t;

	world_begin(&w);
	src.flags |= FE_NAT_NETMAP;
	test_udp(&t, SECOND, client, 4);
	ck_assert(forward(&w, &t, NULL, &src));
	ck_assert_uint_eq(t.packet.src.lo, 0xc0000201);
	world_end(&w);
}
END_TEST

START_TEST(errors_are_translated_inside_and_outside)
{
	struct fe_nat_range src = to(WAN, WAN);
	struct test_ends router = {0xc6330001, WAN, 0, 0};
	struct world w;
	struct test_packet t, sent;

	world_begin(&w);
	test_udp(&sent, SECOND, client, 4);
	forward(&w, &sent, NULL, &src);
	test_error(&t, SECOND, router, 3, &sent, 28);
	ck_assert(forward(&w, &t, NULL, NULL));
	ck_assert_int_eq(t.packet.ctstate, FE_CT_RELATED);
	ck_assert_uint_eq(t.packet.dst.lo, LAN);
	ck_assert_uint_eq(fe_get32(t.bytes + 28 + 12), LAN);
	ck_assert_uint_eq(fe_get16(t.bytes + 28 + 20), 1000);
	check_sums(&t);
	/* Cut below eight bytes of the quoted header: dropped. */
	test_error(&t, SECOND, router, 3, &sent, 26);
	ck_assert(!forward(&w, &t, NULL, NULL));
	/* So is a redirect. */
	test_error(&t, SECOND, router, 5, &sent, 28);
	ck_assert(!forward(&w, &t, NULL, NULL));
	world_end(&w);
}
END_TEST

START_TEST(a_closed_connection_gives_its_port_up)
{
	struct fe_nat_range src = to(WAN, WAN);
	struct test_ends a = client, b = client;
	struct test_ends back = {SERVER, WAN, 80, 2000};
	struct world w;
	struct test_packet t;

	world_begin(&w);
	src.flags |= FE_NAT_MAP_PORTS;
	src.port_min = 2000;
	src.port_max = 2001;
	test_tcp(&t, SECOND, a, (struct test_segment){
		.flags = FE_TCP_SYN, .seq = 1});
	a.sport = 2000;
	b.sport = 2001;
	test_tcp(&t, SECOND, a, (struct test_segment){
		.flags = FE_TCP_SYN, .seq = 1});
	forward(&w, &t, NULL, &src);
	ck_assert_uint_eq(t.packet.sport, 2000);
	test_tcp(&t, SECOND, back, (struct test_segment){
		.flags = FE_TCP_SYN | FE_TCP_ACK, .seq = 1, .ack = 2});
	forward(&w, &t, NULL, NULL);
	test_tcp(&t, SECOND, back, (struct test_segment){
		.flags = FE_TCP_RST, .seq = 2});
	forward(&w, &t, NULL, NULL);
	test_tcp(&t, SECOND, b, (struct test_segment){
		.flags = FE_TCP_SYN, .seq = 1});
	forward(&w, &t, NULL, &src);
	ck_assert_uint_eq(t.packet.sport, 2001);
	/* Both ports are taken; the closed one makes way for later numbers. */
	b.src++;
	b.sport = 9;
	test_tcp(&t, SECOND, b, (struct test_segment){
		.flags = FE_TCP_SYN, .seq = 100});
	ck_assert(forward(&w, &t, NULL, &src));
	ck_assert_uint_eq(t.packet.sport, 2000);
	ck_assert_uint_eq(fe_conntrack_stats(w.ct)->entries, 2);
	world_end(&w);
}
END_TEST

static bool say_4242(void *arg, const struct fe_tuple *original,
		     enum fe_nat_kind kind, uint16_t *port)
{
	(void)arg;
	ck_assert_uint_eq(original->src.lo, LAN + 1);
	ck_assert_int_eq(kind, FE_NAT_SRC);
	*port = 4242;
	return true;
}

START_TEST(the_chooser_is_asked_for_random_ports)
{
	struct fe_nat_range src = to(WAN, WAN);
	struct test_ends e = client;
	struct world w;
	struct test_packet t;

	world_begin(&w);
	fe_nat_set_port_chooser(w.ct, say_4242, NULL);
	e.sport = 5000;
	test_udp(&t, SECOND, e, 4);
	forward(&w, &t, NULL, &src);
	e.src++;
	test_udp(&t, SECOND, e, 4);
	forward(&w, &t, NULL, &src);
	ck_assert_uint_eq(t.packet.sport, 4242);
	world_end(&w);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("conntrack nat");
	TCase *c = tcase_create("nat");

	tcase_add_test(c, source_nat_goes_there_and_back);
	tcase_add_test(c, a_clash_takes_another_port_of_the_class);
	tcase_add_test(c, a_clients_mapping_is_used_again);
	tcase_add_test(c, an_exhausted_range_drops);
	tcase_add_test(c, destination_ports_come_in_order);
	tcase_add_test(c, addresses_of_a_range_are_a_function);
	tcase_add_test(c, netmap_keeps_the_host_part);
	tcase_add_test(c, errors_are_translated_inside_and_outside);
	tcase_add_test(c, a_closed_connection_gives_its_port_up);
	tcase_add_test(c, the_chooser_is_asked_for_random_ports);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
