/*
 * What iptables-nft makes of ports that it turns into expressions of its own,
 * and back: "! --dport 0:79" is saved as "--dport 80:65535", and "! --dport
 * 0:65535", which no packet passes in legacy, is no test at all, nor are
 * "--tcp-flags NONE SYN"; an -m tcp that says nothing else goes with them.
 * Matches with --tcp-option stay the kernel's.
 */
#include <string.h>

#include "lang/line.h"

static bool is_ports(const struct fe_opt *opt)
{
	return opt->field == FE_F_SPORT || opt->field == FE_F_DPORT;
}

static bool is_all(const struct fe_setting *s)
{
	return s->value.range.lo == 0 && s->value.range.hi == 65535;
}

static bool is_any(const struct fe_opt *opt, const struct fe_setting *s)
{
	if (is_ports(opt))
		return is_all(s);
	return !s->value.masked.mask && !s->value.masked.value;
}

/* Flags of none, too: nothing is compared. */
static bool is_lost(const struct fe_opt *opt, const struct fe_setting *s)
{
	return is_ports(opt) ? is_all(s) : !s->value.masked.mask;
}

/* Whether the scope's settings become expressions. */
static bool is_native(const struct fe_line *line, uint32_t scope)
{
	const struct fe_ext *ext = line->scopes.data[scope].vocab->ext;
	bool says = false;

	if (ext->kind != FE_MATCH || !ext->proto ||
	    (strcmp(ext->name, "tcp") && strcmp(ext->name, "udp")))
		return false;
	for (size_t i = 0; i < line->settings.n; i++) {
		const struct fe_line_setting *s = &line->settings.data[i];
		const struct fe_opt *opt = &ext->opts[s->setting.opt];

		if (s->scope != scope)
			continue;
		if (!is_ports(opt) && opt->field == FE_NOFIELD)
			return false;
		says |= s->setting.neg || !is_any(opt, &s->setting);
	}
	return says;
}

static void remove_setting(struct fe_line *line, size_t at)
{
	struct fe_line_setting *s = &line->settings.data[at];

	memmove(s, s + 1, (line->settings.n - at - 1) * sizeof(*s));
	line->settings.n--;
	for (unsigned w = 0; w < 2; w++)
		if (line->list_setting[w] > (int)at)
			line->list_setting[w]--;
}

static void remove_scope(struct fe_line *line, uint32_t at)
{
	struct fe_scope *s = &line->scopes.data[at];

	memmove(s, s + 1, (line->scopes.n - at - 1) * sizeof(*s));
	line->scopes.n--;
	for (size_t i = 0; i < line->settings.n; i++)
		if (line->settings.data[i].scope > at)
			line->settings.data[i].scope--;
	if (line->target > (int)at)
		line->target--;
}

/* Returns how many settings are left. */
static size_t rewrite(struct fe_line *line, uint32_t scope)
{
	const struct fe_opt *opts = line->scopes.data[scope].vocab->ext->opts;
	size_t left = 0;

	for (size_t i = 0; i < line->settings.n;) {
		struct fe_line_setting *l = &line->settings.data[i];
		struct fe_setting *s = &l->setting;

		if (l->scope != scope) {
			i++;
			continue;
		}
		if (is_lost(&opts[s->opt], s)) {
			remove_setting(line, i);
			continue;
		}
		if (is_ports(&opts[s->opt]) && s->neg &&
		    s->value.range.lo == 0 && s->value.range.hi > 0) {
			s->neg = false;
			s->value.range.lo = s->value.range.hi + 1;
			s->value.range.hi = 65535;
		}
		left++;
		i++;
	}
	return left;
}

/* Which fields a scope's settings speak of. */
static uint64_t fields(const struct fe_line *line, uint32_t scope)
{
	const struct fe_opt *opts = line->scopes.data[scope].vocab->ext->opts;
	uint64_t mask = 0;

	for (size_t i = 0; i < line->settings.n; i++) {
		const struct fe_line_setting *s = &line->settings.data[i];
		if (s->scope == scope)
			mask |= UINT64_C(1) << opts[s->setting.opt].field;
	}
	return mask;
}

/*
 * Two -m tcp come back as one, at the place of the first. Where both test one
 * field the kernel tests both, and iptables-nft-save tells the second alone:
 * there they stay two.
 */
static bool merge(struct fe_line *line, uint32_t scope)
{
	uint32_t to = 1;

	while (to < scope && (line->scopes.data[to].vocab !=
				  line->scopes.data[scope].vocab ||
			      !is_native(line, to)))
		to++;
	if (to == scope)
		return false;
	if (fields(line, to) & fields(line, scope)) {
		fe_diag(line->diags, FE_WARNING, NULL, fe_line_span(line, NULL),
			"iptables-nft-save will tell only the last of two "
			"tests that -m %s makes here",
			line->scopes.data[to].vocab->ext->name);
		return false;
	}
	for (size_t i = 0; i < line->settings.n; i++)
		if (line->settings.data[i].scope == scope)
			line->settings.data[i].scope = to;
	line->scopes.data[to].seen |= line->scopes.data[scope].seen;
	return true;
}

void fe_line_nft(struct fe_line *line)
{
	for (uint32_t i = 1; i < line->scopes.n;) {
		bool refused = line->scopes.data[i].vocab->proto !=
				   line->context.proto ||
			       line->context.proto_neg;
		if (!refused && is_native(line, i) && !rewrite(line, i)) {
			fe_diag(line->diags, FE_WARNING, NULL,
				fe_line_span(line, NULL),
				"iptables-nft makes no test of this match: any "
				"packet passes");
			remove_scope(line, i);
		} else if (!refused && is_native(line, i) && merge(line, i)) {
			remove_scope(line, i);
		} else {
			i++;
		}
	}
}
