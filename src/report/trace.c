/* Traces: one JSON object a packet. */
#include "report/trace.h"

#include <stdio.h>

const char *const fe_fate_names[FE_FATE_QUEUE + 1] = {
	[FE_FATE_ACCEPT] = "accept", [FE_FATE_DROP] = "drop",
	[FE_FATE_REJECT] = "reject", [FE_FATE_STOLEN] = "stolen",
	[FE_FATE_QUEUE] = "queue",
};

const char *const fe_ctstate_names[FE_CT_UNTRACKED + 1] = {
	[FE_CT_INVALID] = "INVALID", [FE_CT_NEW] = "NEW",
	[FE_CT_RELATED] = "RELATED", [FE_CT_ESTABLISHED] = "ESTABLISHED",
	[FE_CT_UNTRACKED] = "UNTRACKED",
};

void fe_trace_put_string(struct fe_out *out, const char *s)
{
	fe_out_putc(out, '"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c == '"' || c == '\\')
			fe_out_putc(out, '\\');
		if (c < 0x20)
			fe_out_printf(out, "\\u%04x", c);
		else
			fe_out_putc(out, *s);
	}
	fe_out_putc(out, '"');
}

static void put_name(struct fe_out *out, const char *key, const char *name)
{
	fe_out_printf(out, ",\"%s\":", key);
	if (name)
		fe_trace_put_string(out, name);
	else
		fe_out_puts(out, "null");
}

static void put_by(const struct fe_decision *by,
		   const struct fe_sources *sources, struct fe_out *out)
{
	struct fe_span span = FE_NO_SPAN;
	struct fe_place place;

	fe_out_puts(out, ",\"by\":");
	if (by->why) {
		fe_out_puts(out, "{\"reason\":");
		fe_trace_put_string(out, by->why);
		fe_out_putc(out, '}');
		return;
	}
	if (!by->chain) {
		fe_out_puts(out, "null");
		return;
	}
	span = by->rule ? by->rule->span : by->chain->span;
	fe_out_printf(out, "{\"table\":\"%s\",\"chain\":",
		      fe_table_names[by->chain->table->id]);
	fe_trace_put_string(out, by->chain->name);
	if (by->rule)
		fe_out_printf(out, ",\"rule\":%u", by->rule->index);
	else
		fe_out_puts(out, ",\"rule\":null");
	place = fe_source_place(sources, span);
	if (place.name && !place.made)
		fe_out_printf(out, ",\"line\":%u", place.line);
	else
		fe_out_puts(out, ",\"line\":null");
	fe_out_printf(out, ",\"policy\":%s}", by->rule ? "false" : "true");
}

void fe_trace_put(const struct fe_trace_line *line, const struct fe_host *host,
		  const struct fe_sources *sources, struct fe_out *out)
{
	const struct fe_iface *ifaces = host->ifaces.data;
	const struct fe_result *r = line->result;
	const char *left = r->oif && !r->local ? ifaces[r->oif].name : NULL;

	if (r->fate != FE_FATE_ACCEPT)
		left = NULL;
	fe_out_printf(out, "{\"%s\":%llu,\"time\":\"%lld.%06lld\","
			   "\"dir\":\"%s\"",
		      line->generated ? "cause" : "n",
		      (unsigned long long)line->n,
		      (long long)(line->time / 1000000000),
		      (long long)(line->time / 1000 % 1000000),
		      line->iif ? "in" : "out");
	put_name(out, "in", line->iif ? ifaces[line->iif].name : NULL);
	put_name(out, "out", left);
	put_name(out, "verdict", fe_fate_names[r->fate]);
	put_by(&r->by, sources, out);
	put_name(out, "ctstate",
		 r->tracking ? fe_ctstate_names[r->ctstate] : NULL);
	put_name(out, "delivered", r->fate == FE_FATE_ACCEPT && r->local
				       ? "local"
				       : left);
	fe_out_puts(out, "}\n");
}
