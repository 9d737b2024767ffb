/* Packets: headers read, checksums, builders. */
#include <netinet/in.h>

#include "packets.h"
#include "unit.h"

static const struct test_ends ends = {0x0a000001, 0x0a000002, 1000, 53};

START_TEST(reads_udp)
{
	struct test_packet t;

	test_udp(&t, 0, ends, 10);
	ck_assert_uint_eq(t.packet.family, 4);
	ck_assert_uint_eq(t.packet.proto, IPPROTO_UDP);
	ck_assert_uint_eq(t.packet.length, 38);
	ck_assert_uint_eq(t.packet.sport, 1000);
	ck_assert_uint_eq(t.packet.dport, 53);
	ck_assert_uint_eq(t.packet.hdr, FE_HDR_WHOLE);
	ck_assert_uint_eq(fe_packet_field(&t.packet, FE_F_SADDR).lo,
			  ends.src);
}
END_TEST

START_TEST(trims_link_padding)
{
	struct test_packet t;

	test_udp(&t, 0, ends, 1);
	t.size = 60;
	test_read(&t, 0);
	ck_assert_uint_eq(t.packet.size, 29);
	ck_assert_uint_eq(t.packet.l4_size, 9);
}
END_TEST

START_TEST(refuses_what_ip_rcv_refuses)
{
	struct test_packet t;
	struct fe_packet *p = &t.packet;

	test_udp(&t, 0, ends, 8);
	t.bytes[10] ^= 1;
	ck_assert_int_eq(fe_packet_parse(p), FE_PARSE_CHECKSUM);
	p->trust_checksum = true;
	ck_assert_int_eq(fe_packet_parse(p), FE_PARSE_OK);
	test_udp(&t, 0, ends, 8);
	p->size = p->caught = 30;
	ck_assert_int_eq(fe_packet_parse(p), FE_PARSE_SHORT);
	test_udp(&t, 0, ends, 8);
	t.bytes[0] = 0x44;
	ck_assert_int_eq(fe_packet_parse(p), FE_PARSE_HEADER);
	t.bytes[0] = 0x55;
	ck_assert_int_eq(fe_packet_parse(p), FE_PARSE_VERSION);
}
END_TEST

START_TEST(knows_truncated_and_later_fragments)
{
	struct test_packet t;
	struct fe_ip_header ip = test_ip(ends, IPPROTO_TCP);

	t.size = fe_build_ip(t.bytes, &ip, NULL, 19);
	test_read(&t, 0);
	ck_assert_uint_eq(t.packet.hdr, FE_HDR_TRUNCATED);
	fe_put16(t.bytes + 6, 5);
	fe_wire_fix(t.bytes, t.size);
	test_read(&t, 0);
	ck_assert(t.packet.later_fragment);
	ck_assert_uint_eq(t.packet.hdr, FE_HDR_NONE);
	ck_assert_uint_eq(fe_packet_field(&t.packet, FE_F_FRAG).lo, 1);
}
END_TEST

START_TEST(skips_ipv6_extensions)
{
	/* hop-by-hop (8 bytes), then destination options, then UDP */
	struct test_packet t = {.size = 40 + 8 + 8 + 8};
	uint8_t *b = t.bytes;

	fe_put32(b, 6u << 28);
	fe_put16(b + 4, 24);
	b[6] = IPPROTO_HOPOPTS;
	b[40] = IPPROTO_DSTOPTS;
	b[48] = IPPROTO_UDP;
	fe_put16(b + 56, 7);
	fe_put16(b + 58, 9);
	test_read(&t, 0);
	ck_assert_uint_eq(t.packet.proto, IPPROTO_UDP);
	ck_assert_uint_eq(t.packet.l4, 56);
	ck_assert_uint_eq(t.packet.dport, 9);
	b[41] = 200; /* longer than the packet */
	ck_assert_int_eq(fe_packet_parse(&t.packet), FE_PARSE_HEADER);
}
END_TEST

START_TEST(corrects_checksums_as_it_goes)
{
	struct test_packet t;
	uint8_t before[64];

	test_tcp(&t, 0, ends, (struct test_segment){.flags = FE_TCP_SYN});
	memcpy(before, t.bytes, t.size);
	fe_wire_dec_ttl(t.bytes);
	fe_wire_set_tos(t.bytes, 0xb8);
	ck_assert_uint_eq(t.bytes[8], 63);
	ck_assert_int_eq(fe_packet_parse(&t.packet), FE_PARSE_OK);
	fe_wire_set_tos(t.bytes, 0);
	fe_wire_set_ttl(t.bytes, 64);
	ck_assert_mem_eq(before, t.bytes, t.size);
	fe_wire_fix(t.bytes, t.size);
	ck_assert_mem_eq(before, t.bytes, t.size);
}
END_TEST

START_TEST(sums_an_odd_number_of_bytes)
{
	static const uint8_t bytes[] = {0x01, 0x02, 0x03};

	/* 0x0102 + 0x0300 */
	ck_assert_uint_eq(fe_sum_fold(fe_sum(bytes, 3, 0)), 0xfbfd);
}
END_TEST

START_TEST(crc32c_of_the_standard_text)
{
	ck_assert_uint_eq(fe_crc32c((const uint8_t *)"123456789", 9, 0),
			  0xe3069283);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("packet");
	TCase *c = tcase_create("packet");

	tcase_add_test(c, reads_udp);
	tcase_add_test(c, trims_link_padding);
	tcase_add_test(c, refuses_what_ip_rcv_refuses);
	tcase_add_test(c, knows_truncated_and_later_fragments);
	tcase_add_test(c, skips_ipv6_extensions);
	tcase_add_test(c, corrects_checksums_as_it_goes);
	tcase_add_test(c, sums_an_odd_number_of_bytes);
	tcase_add_test(c, crc32c_of_the_standard_text);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(suite)
