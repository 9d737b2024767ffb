/* Cases and lives as text, for people who look for a mistake. */
#include <string.h>

#include "kt.h"

static const char *hook_name(int hook)
{
	return hook < 0 ? "between hooks" : kt_hook_names[hook];
}

void kt_life_text(const struct kt_life *life, struct fe_buf *buf)
{
	fe_buf_printf(buf, "%s", life->generated ? "made: " : "");
	switch (life->end) {
	case KT_VANISHED:
		fe_buf_printf(buf, "vanished %s%s (mark 0x%x)",
			      life->hook < 0 ? "" : "in ",
			      hook_name(life->hook), life->mark);
		break;
	case KT_SENT:
		fe_buf_printf(buf, "sent by %s mark 0x%x: ",
			      kt_iface_names[life->oif], life->mark);
		kt_packet_text(&life->bytes, buf);
		break;
	case KT_DELIVERED:
		fe_buf_printf(buf, "delivered mark 0x%x: ", life->mark);
		kt_packet_text(&life->bytes, buf);
		break;
	}
}

static void mods_text(unsigned mods, struct fe_buf *buf)
{
	static const char *const names[] = {"badsum", "trunc",	"lowttl",
					    "spoof",  "nosum",	"badip",
					    "padded", "otherif"};

	for (unsigned i = 0; i < 8; i++)
		if (mods >> i & 1)
			fe_buf_printf(buf, " [%s]", names[i]);
}

static void host_text(const struct kt_case *c, struct fe_buf *buf)
{
	fe_buf_printf(buf, "host %u:", c->host_number);
	for (unsigned i = 0; i < c->host.n_addrs; i++) {
		const struct kt_addr *a = &c->host.addrs[i];

		if (a->iface == KT_LO)
			continue;
		fe_buf_printf(buf, " %s ", kt_iface_names[a->iface]);
		kt_addr_text(a->family, a->addr, buf);
		fe_buf_printf(buf, "/%u", a->prefix_len);
	}
	fe_buf_printf(buf, "; forwarding %u %u, rp_filter %u", c->host.forward4,
		      c->host.forward6, c->host.rp_filter);
	for (size_t i = 0; i < c->sysctls.n; i++)
		fe_buf_printf(buf, ", %s=%u", c->sysctls.data[i].key,
			      c->sysctls.data[i].value);
	fe_buf_putc(buf, '\n');
}

void kt_trace_text(const struct kt_sent *s, struct fe_buf *buf)
{
	for (size_t k = 0; k < s->trace.n; k++)
		fe_buf_printf(buf, "        %s\n", s->trace.data[k]);
}

void kt_case_print(const struct kt_case *c, const struct kt_play *kernel,
		   struct fe_buf *buf)
{
	host_text(c, buf);
	fe_buf_puts(buf, c->ipsets ? c->ipsets : "");
	for (unsigned f = 0; f < 2; f++) {
		fe_buf_printf(buf, "---- IPv%u rules\n", f ? 6 : 4);
		kt_rules_print(&c->rules[f], false, false, buf);
	}
	fe_buf_puts(buf, "---- packets\n");
	for (size_t i = 0; i < kernel->sent.n; i++) {
		const struct kt_sent *s = &kernel->sent.data[i];
		const struct kt_step *step = &c->steps.data[s->step];

		if (step->gap_ms)
			fe_buf_printf(buf, "   (%u ms)\n", step->gap_ms);
		fe_buf_printf(buf, "%2zu %s ", i,
			      s->iif ? kt_iface_names[s->iif] : "local");
		kt_packet_text(&s->bytes, buf);
		if (s->mark)
			fe_buf_printf(buf, " mark 0x%x", s->mark);
		mods_text(step->mods, buf);
		fe_buf_putc(buf, '\n');
		for (size_t k = 0; k < s->lives.n; k++) {
			fe_buf_puts(buf, "      ");
			kt_life_text(&s->lives.data[k], buf);
			fe_buf_putc(buf, '\n');
		}
		kt_trace_text(s, buf);
	}
}
