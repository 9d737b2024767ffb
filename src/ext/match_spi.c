/*
 * ah, esp, ipcomp: the security parameters index of IPsec headers.
 *
 * In IPv6, AH is an extension header: its match is one of its own, which asks
 * for no -p and knows the header's length and reserved field.
 */
#include "ext/ext.h"

#include "ext/header6.h"
#include "option/types.h"
#include "packet/wire.h"

#define SPI(NAME, HELP)                                                        \
	{.name = NAME, .n_args = 1, .type = &fe_type_range, .flags = FE_NEG,   \
	 .limits = {.max = UINT32_MAX}, .variant = FE_RANGE_HIDDEN,            \
	 .help = HELP}

enum { INDEX, LENGTH, RESERVED };

static const struct fe_opt ah_opts[] = {
	SPI("ahspi", "the header's index, or a range"),
	{.name = NULL},
};

static const struct fe_opt ah6_opts[] = {
	[INDEX] = SPI("ahspi", "the header's index, or a range"),
	[LENGTH] = {
		.name = "ahlen",
		.n_args = 1,
		.type = &fe_type_number,
		.flags = FE_NEG,
		.help = "the header's length in bytes",
	},
	[RESERVED] = {
		.name = "ahres",
		.help = "the reserved field is zero",
	},
	{.name = NULL},
};

static const struct fe_opt esp_opts[] = {
	SPI("espspi", "the header's index, or a range"),
	{.name = NULL},
};

static const struct fe_opt ipcomp_opts[] = {
	[INDEX] = {
		.name = "ipcompspi",
		.n_args = 1,
		.type = &fe_type_range,
		.flags = FE_NEG,
		.limits = {.max = UINT32_MAX},
		.variant = FE_RANGE_HIDDEN,
		.help = "the compression parameter index, or a range",
	},
	[LENGTH] = {
		.name = "compres",
		.help = "read, saved, and looked at by nobody",
	},
	{.name = NULL},
};

static enum fe_answer in_range(const struct fe_setting *s, uint32_t n)
{
	bool in = s->value.range.lo <= n && n <= s->value.range.hi;

	return in != s->neg ? FE_YES : FE_NO;
}

/* A 32-bit index that stands offset bytes into the transport header. */
static enum fe_answer index_at(const struct fe_part *part,
			       const struct fe_packet *packet, uint32_t offset)
{
	const struct fe_setting *s = fe_part_find(part, INDEX);

	if (packet->l4 + offset + 4 > packet->caught)
		return FE_DUNNO;
	return s == NULL ? FE_YES :
	       in_range(s, fe_get32(packet->data + packet->l4 + offset));
}

static enum fe_answer eval_ah(const struct fe_part *part,
			      const struct fe_packet *packet, void *state)
{
	(void)state;
	return index_at(part, packet, 4);
}

static enum fe_answer eval_esp(const struct fe_part *part,
			       const struct fe_packet *packet, void *state)
{
	(void)state;
	return index_at(part, packet, 0);
}

/* The index has 16 bits, behind next header and flags. Without the option it
 * must be 0. */
static enum fe_answer eval_ipcomp(const struct fe_part *part,
				  const struct fe_packet *packet, void *state)
{
	const struct fe_setting *s = fe_part_find(part, INDEX);

	(void)state;
	if (packet->l4 + 4u > packet->caught)
		return FE_DUNNO;
	if (s == NULL)
		return fe_get16(packet->data + packet->l4 + 2) == 0 ? FE_YES :
								      FE_NO;
	return in_range(s, fe_get16(packet->data + packet->l4 + 2));
}

static void print_ipcomp(const struct fe_part *part, unsigned family,
			 struct fe_buf *buf)
{
	const struct fe_setting *s = fe_part_find(part, INDEX);

	if (s == NULL) {
		fe_buf_puts(buf, " --ipcompspi 0");
	} else if (s->value.range.lo != 0 || s->value.range.hi != UINT32_MAX) {
		fe_buf_puts(buf, s->neg ? " ! --ipcompspi" : " --ipcompspi");
		fe_type_range.print(&ipcomp_opts[INDEX], s, family, buf);
	}
	if (fe_part_find(part, LENGTH) != NULL)
		fe_buf_puts(buf, " --compres");
}

static enum fe_answer eval_ah6(const struct fe_part *part,
			       const struct fe_packet *packet, void *state)
{
	const struct fe_setting *spi = fe_part_find(part, INDEX);
	const struct fe_setting *length = fe_part_find(part, LENGTH);
	struct fe_header6 h;
	enum fe_answer found = fe_header6(packet, 51, 12, &h);
	const uint8_t *ah;

	(void)state;
	if (found != FE_YES)
		return found;
	ah = packet->data + h.offset;
	if (spi != NULL && in_range(spi, fe_get32(ah + 4)) == FE_NO)
		return FE_NO;
	if (length != NULL && length->value.u != 0 &&
	    (length->value.u == (ah[1] + 2u) * 4) == length->neg)
		return FE_NO;
	return fe_part_find(part, RESERVED) == NULL || fe_get16(ah + 2) == 0 ?
		       FE_YES : FE_NO;
}

/* The length is not saved where it is 0. */
static void print_ah6(const struct fe_part *part, unsigned family,
		      struct fe_buf *buf)
{
	const struct fe_setting *spi = fe_part_find(part, INDEX);
	const struct fe_setting *length = fe_part_find(part, LENGTH);

	if (spi != NULL &&
	    (spi->value.range.lo != 0 || spi->value.range.hi != UINT32_MAX)) {
		fe_buf_puts(buf, spi->neg ? " ! --ahspi" : " --ahspi");
		fe_type_range.print(&ah6_opts[INDEX], spi, family, buf);
	}
	if (length != NULL && (length->value.u != 0 || length->neg))
		fe_buf_printf(buf, "%s --ahlen %u", length->neg ? " !" : "",
			      (unsigned)length->value.u);
	if (fe_part_find(part, RESERVED) != NULL)
		fe_buf_puts(buf, " --ahres");
}

const struct fe_ext fe_match_ah = {
	.name = "ah",
	.kind = FE_MATCH,
	.proto = "ah",
	.families = FE_V4,
	.effects_known = true,
	.l4_size = 12,
	.summary = "the index of an IPsec authentication header",
	.opts = ah_opts,
	.lower = fe_lower_unknown,
	.eval = eval_ah,
};

const struct fe_ext fe_match_ah6 = {
	.name = "ah",
	.kind = FE_MATCH,
	.families = FE_V6,
	.effects_known = true,
	.summary = "an IPsec authentication header: index, length, reserved",
	.opts = ah6_opts,
	.print = print_ah6,
	.lower = fe_lower_always_unknown,
	.eval = eval_ah6,
};

const struct fe_ext fe_match_esp = {
	.name = "esp",
	.kind = FE_MATCH,
	.proto = "esp",
	.families = FE_BOTH,
	.effects_known = true,
	.l4_size = 8,
	.summary = "the index of an IPsec encapsulated payload",
	.opts = esp_opts,
	.lower = fe_lower_unknown,
	.eval = eval_esp,
};

const struct fe_ext fe_match_ipcomp = {
	.name = "ipcomp",
	.kind = FE_MATCH,
	.proto = "ipcomp",
	.families = FE_BOTH,
	.effects_known = true,
	.l4_size = 4,
	.summary = "the index of a compressed payload",
	.opts = ipcomp_opts,
	.print = print_ipcomp,
	.lower = fe_lower_always_unknown,
	.eval = eval_ipcomp,
};
