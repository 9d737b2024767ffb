/*
 * The library's side of a case: host, rules and sets, read from the same
 * text that the kernel got.
 */
#include <string.h>

#include "ext/ipset.h"
#include "side.h"

uint8_t kt_side_number(const struct kt_side *s, uint16_t index)
{
	for (uint8_t i = 1; i < KT_N_IFACES; i++)
		if (s->index[i] == index)
			return i;
	return KT_NO_IFACE;
}

static void side_sysctl(struct kt_side *s, const char *key, unsigned value)
{
	struct fe_buf k = {0}, v = {0};

	fe_buf_printf(&k, "%s", key);
	fe_buf_printf(&v, "%u", value);
	fe_host_sysctl(s->host, fe_str(fe_buf_text(&k)),
		       fe_str(fe_buf_text(&v)), s->diags);
	fe_buf_free(&k);
	fe_buf_free(&v);
}

static void side_route(struct kt_side *s, unsigned family,
		       struct fe_u128 gateway)
{
	struct fe_route r = {.family = (uint8_t)family,
			     .type = 1,
			     .oif = s->index[KT_ETH0],
			     .gateway = gateway,
			     .table = 254};

	if (gateway.lo || gateway.hi)
		fe_vec_push(&s->host->routes, r);
}

static void side_host(struct kt_side *s)
{
	const struct kt_host *h = &s->c->host;

	s->host = fe_host_new();
	s->index[KT_LO] = fe_host_iface(s->host, fe_str("lo"));
	for (unsigned i = KT_ETH0; i < KT_ETH0 + h->n_eth; i++)
		s->index[i] = fe_host_iface(s->host, fe_str(kt_iface_names[i]));
	for (unsigned i = 0; i < h->n_addrs; i++)
		if (h->addrs[i].iface != KT_LO)
			fe_host_add_addr(s->host, s->index[h->addrs[i].iface],
					 h->addrs[i].family, h->addrs[i].addr,
					 h->addrs[i].prefix_len);
	side_route(s, 4, h->gateway4);
	side_route(s, 6, h->gateway6);
	s->host->known = true;
	side_sysctl(s, "net.ipv4.ip_forward", h->forward4);
	side_sysctl(s, "net.ipv6.conf.all.forwarding", h->forward6);
	side_sysctl(s, "net.ipv4.conf.all.rp_filter", h->rp_filter);
	side_sysctl(s, "net.netfilter.nf_conntrack_acct", 1);
	for (size_t i = 0; i < s->c->sysctls.n; i++) {
		struct fe_buf key = {0};

		fe_buf_printf(&key, "net.netfilter.%s",
			      s->c->sysctls.data[i].key);
		side_sysctl(s, fe_buf_text(&key), s->c->sysctls.data[i].value);
		fe_buf_free(&key);
	}
}

static bool side_ipsets(struct kt_side *s)
{
	uint32_t index;

	if (!s->c->ipsets)
		return true;
	s->rules.ipsets = fe_ipsets_new();
	index = fe_sources_add(s->sources, "ipsets", s->c->ipsets,
			       strlen(s->c->ipsets));
	return fe_ipsets_read(s->rules.ipsets, s->sources, index, s->diags);
}

static bool side_rules(struct kt_side *s, const char *const texts[2])
{
	bool ok = side_ipsets(s);

	for (unsigned f = 0; f < 2; f++) {
		struct fe_read_options options = {.input = FE_INPUT_SAVE,
						  .family = f ? 6 : 4};
		struct fe_buf text = {0};
		uint32_t index;

		if (texts)
			fe_buf_puts(&text, texts[f]);
		else
			kt_rules_print(&s->c->rules[f], true, kt_case_nat(s->c),
				       &text);
		index = fe_sources_add(s->sources, f ? "v6" : "v4", text.data,
				       text.size);
		ok =
		    fe_read(s->sources, index, &options, &s->rules, s->diags) &&
		    ok;
		fe_buf_free(&text);
	}
	return ok && s->diags->n_errors == 0;
}

static const char *first_diag(const struct kt_side *s)
{
	const struct fe_diags *d = s->diags;

	for (size_t i = 0; i < d->list.n; i++)
		if (d->list.data[i]->severity == FE_ERROR || i + 1 == d->list.n)
			return fe_arena_printf(
			    s->c->arena, "the engine does not read: %s (%.*s)",
			    d->list.data[i]->text,
			    (int)fe_source_place(s->sources,
						 d->list.data[i]->span)
				.text.len,
			    fe_source_place(s->sources, d->list.data[i]->span)
				.text.s);
	return "the engine does not read the rules";
}

void kt_side_open(struct kt_side *s, struct kt_case *c,
		  const char *const text[2])
{
	memset(s, 0, sizeof(*s));
	s->c = c;
	s->sources = fe_sources_new();
	s->diags = fe_diags_new();
	side_host(s);
	if (!side_rules(s, text))
		s->error = first_diag(s);
}

void kt_side_close(struct kt_side *s)
{
	fe_rules_free(&s->rules);
	fe_host_free(s->host);
	fe_diags_free(s->diags);
	fe_sources_free(s->sources);
}
