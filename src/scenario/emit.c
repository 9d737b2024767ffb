/* Writing captures of what left the host. */
#include "scenario/emit.h"

#include <string.h>

#include "packet/wire.h"

enum { LINK_SLL2 = 276, SLL2_SIZE = 20, ARPHRD_ETHER = 1,
       ARPHRD_LOOPBACK = 772, OUTGOING = 4 };

/* Captures are in the byte order of who reads them first: this one is
 * little-endian everywhere, so that output is the same on all machines. */
static void put_le(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

void fe_emit_head(struct fe_out *out)
{
	uint8_t head[24] = {0};

	put_le(head, 0xa1b23c4d); /* nanoseconds */
	head[4] = 2;              /* version 2.4 */
	head[6] = 4;
	put_le(head + 16, 262144);
	put_le(head + 20, LINK_SLL2);
	fe_out_add(out, head, sizeof(head));
}

void fe_emit_packet(struct fe_out *out, const struct fe_host *host,
		    const struct fe_packet *packet, uint16_t oif)
{
	const struct fe_iface *iface = &host->ifaces.data[oif];
	uint8_t head[16 + SLL2_SIZE] = {0};
	uint8_t *sll2 = head + 16;

	put_le(head, (uint32_t)(packet->time / 1000000000));
	put_le(head + 4, (uint32_t)(packet->time % 1000000000));
	put_le(head + 8, SLL2_SIZE + packet->caught);
	put_le(head + 12, SLL2_SIZE + packet->size);
	fe_put16(sll2, packet->family == 4 ? 0x0800 : 0x86dd);
	fe_put32(sll2 + 4, iface->number);
	fe_put16(sll2 + 8, iface->loopback ? ARPHRD_LOOPBACK : ARPHRD_ETHER);
	sll2[10] = OUTGOING;
	sll2[11] = 6;
	fe_out_add(out, head, sizeof(head));
	fe_out_add(out, packet->data, packet->caught);
}
