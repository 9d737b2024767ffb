/*
 * What all extensions have in common: finding them by name, checking and
 * printing their settings by the table, and saying what they mean.
 */
#include "ext/ext.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ext/table.h"
#include "option/types.h"
#include "ruleset/rule.h"

static int compare(struct fe_str a, const char *b)
{
	size_t len = strlen(b);
	int c = memcmp(a.s, b, a.len < len ? a.len : len);

	return c != 0 ? c : a.len < len ? -1 : a.len > len;
}

static bool serves(const struct fe_ext *ext, enum fe_ext_kind kind,
		   unsigned family)
{
	return ext->kind == kind &&
	       (ext->families & (family == 4 ? FE_V4 : FE_V6)) != 0;
}

static const struct fe_ext *by_alias(enum fe_ext_kind kind,
				     struct fe_str name, unsigned family)
{
	for (unsigned i = 0; i < fe_n_exts; i++) {
		const struct fe_ext *ext = fe_exts[i];

		if (ext->aliases == NULL || !serves(ext, kind, family))
			continue;
		for (const char *const *a = ext->aliases; *a != NULL; a++) {
			if (fe_str_is(name, *a))
				return ext;
		}
	}
	return NULL;
}

const struct fe_ext *fe_ext_find(enum fe_ext_kind kind, struct fe_str name,
				 unsigned family)
{
	unsigned lo = 0, hi = fe_n_exts;

	while (lo < hi) { /* the first row whose name is not below */
		unsigned mid = lo + (hi - lo) / 2;

		if (compare(name, fe_ext_index[mid].name) > 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < fe_n_exts && fe_str_is(name, fe_ext_index[lo].name); lo++) {
		if (serves(fe_ext_index[lo].ext, kind, family))
			return fe_ext_index[lo].ext;
	}
	return by_alias(kind, name, family);
}

const struct fe_setting *fe_part_find(const struct fe_part *part, unsigned row)
{
	for (uint32_t i = 0; i < part->n; i++) {
		if (fe_settings(part)[i].opt == row)
			return &fe_settings(part)[i];
	}
	return NULL;
}

unsigned fe_rule_proto(const struct fe_rule *rule, bool *neg)
{
	const struct fe_setting *setting;

	*neg = false;
	if (rule->n_parts == 0)
		return 0;
	setting = fe_part_find(&rule->parts[0], FE_BASE_PROTOCOL);
	if (setting == NULL)
		return 0;
	*neg = setting->neg;
	return (unsigned)setting->value.u;
}

static void print_setting(const struct fe_ext *ext,
			  const struct fe_setting *setting, unsigned family,
			  struct fe_buf *buf)
{
	const struct fe_opt *opt = &ext->opts[setting->opt];
	size_t before = buf->size, after;

	if (setting->print == FE_PRINT_NEVER)
		return;
	fe_buf_puts(buf, setting->neg ? " ! -" : " -");
	if (ext->kind == FE_BASE)
		fe_buf_putc(buf, opt->short_name);
	else {
		fe_buf_putc(buf, '-');
		fe_buf_puts(buf, opt->saved != NULL ? opt->saved : opt->name);
	}
	if (opt->type == NULL)
		return;
	after = buf->size;
	opt->type->print(opt, setting, family, buf);
	if (buf->size == after && (opt->n_args > 0 || opt->saved != NULL)) {
		buf->size = before;
		buf->data[before] = '\0';
	}
}

void fe_settings_print(const struct fe_part *part, unsigned family,
		       struct fe_buf *buf)
{
	const struct fe_opt *opts = part->ext->opts;

	if (part->n == 1) { /* most parts: no order to find */
		if ((opts[fe_settings(part)[0].opt].flags & FE_HIDDEN) == 0)
			print_setting(part->ext, fe_settings(part), family, buf);
		return;
	}
	for (unsigned row = 0; part->n > 0 && opts[row].name != NULL; row++) {
		if ((opts[row].flags & FE_HIDDEN) != 0)
			continue;
		for (uint32_t i = 0; i < part->n; i++) {
			if (fe_settings(part)[i].opt == row)
				print_setting(part->ext, &fe_settings(part)[i],
					      family, buf);
		}
	}
}

void fe_part_print(const struct fe_part *part, unsigned family,
		   struct fe_buf *buf)
{
	const struct fe_ext *ext = part->ext;

	if (ext->kind != FE_BASE) {
		fe_buf_puts(buf, ext->kind == FE_MATCH ? " -m " : " -j ");
		fe_buf_puts(buf, ext->name);
	}
	if (ext->print != NULL)
		ext->print(part, family, buf);
	else if (ext->opts != NULL)
		fe_settings_print(part, family, buf);
}

bool fe_check_bad(struct fe_check_context *context,
		  const struct fe_setting *setting, const char *hint,
		  const char *format, ...)
{
	struct fe_span span = context->span;
	struct fe_diag *diag;
	char text[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (setting != NULL) {
		span.off = context->rule->span.off + setting->off;
		span.len = setting->len;
	}
	diag = fe_diag(context->diags, FE_ERROR, NULL, span, "%s", text);
	if (context->by_kernel) {
		diag->by = FE_BY_KERNEL;
		diag->kernel = fe_invalid_argument;
	}
	if (hint != NULL)
		fe_diag_hint(context->diags, diag, "%s", hint);
	return false;
}

bool fe_check_file(struct fe_check_context *context,
		   const struct fe_setting *setting)
{
	const char *name = setting->value.text;

	return (strchr(name, '/') == NULL && strcmp(name, ".") != 0 &&
		strcmp(name, "..") != 0) ||
	       fe_check_refused(context, setting, NULL, "the kernel makes a "
				"file of this name: \"%s\" can't be one", name);
}

static unsigned first_row(uint32_t rows)
{
	unsigned row = 0;

	while ((rows >> row & 1) == 0)
		row++;
	return row;
}

/* The first row of a mask, for messages. */
static const char *row_name(const struct fe_opt *opts, uint32_t rows)
{
	return opts[first_row(rows)].name;
}

/* Two options that exclude each other are reported once, at the later row. */
static bool reports_clash(const struct fe_opt *opts, unsigned row,
			  uint32_t clash)
{
	unsigned other = first_row(clash);

	return other < row || (opts[other].excludes >> row & 1) == 0;
}

static bool check_setting(struct fe_check_context *context,
			  const struct fe_setting *setting, uint32_t given)
{
	const struct fe_opt *opts = context->part->ext->opts;
	const struct fe_opt *opt = &opts[setting->opt];
	uint32_t clash = given & opt->excludes;

	if (setting->neg && (opt->flags & FE_NEG) == 0)
		return fe_check_bad(context, setting, NULL,
				    "--%s cannot be inverted with \"!\"",
				    opt->name);
	if (clash != 0 && reports_clash(opts, setting->opt, clash))
		return fe_check_bad(context, setting, NULL,
				    "--%s and --%s exclude each other",
				    opt->name, row_name(opts, clash));
	if (opt->needs != 0 && (given & opt->needs) == 0)
		return fe_check_bad(context, setting, NULL,
				    "--%s needs --%s", opt->name,
				    row_name(opts, opt->needs));
	return true;
}

static bool check_once(struct fe_check_context *context, uint32_t *given)
{
	const struct fe_part *part = context->part;
	bool fine = true;

	*given = 0;
	for (uint32_t i = 0; i < part->n; i++) {
		const struct fe_setting *setting = &fe_settings(part)[i];
		const struct fe_opt *opt = &part->ext->opts[setting->opt];
		uint32_t bit = (uint32_t)1 << setting->opt;

		if ((*given & bit) != 0 && (opt->flags & FE_MULTI) == 0)
			fine = fe_check_bad(context, setting, NULL,
					    "--%s is given twice", opt->name);
		*given |= bit;
	}
	return fine;
}

static bool check_required(struct fe_check_context *context, uint32_t given)
{
	const struct fe_ext *ext = context->part->ext;
	uint32_t group = 0;
	bool fine = true;

	for (unsigned row = 0; ext->opts[row].name != NULL; row++) {
		const struct fe_opt *opt = &ext->opts[row];

		if ((opt->flags & FE_EXCLUSIVE) != 0)
			group |= (uint32_t)1 << row;
		if ((opt->flags & FE_REQUIRED) != 0 && (given >> row & 1) == 0)
			fine = fe_check_bad(context, NULL, NULL,
					    "%s needs --%s", ext->name,
					    opt->name);
	}
	if (group != 0 && (given & group) == 0)
		fine = fe_check_bad(context, NULL, NULL,
				    "%s needs one of its options, such as --%s",
				    ext->name, row_name(ext->opts, group));
	if ((given & group & ((given & group) - 1)) != 0)
		fine = fe_check_bad(context, NULL, NULL,
				    "%s takes one of these options only: --%s, --%s",
				    ext->name, row_name(ext->opts, given & group),
				    row_name(ext->opts, given & group &
					     ((given & group) - 1)));
	return fine;
}

static bool is_all_ports(const struct fe_opt *opt, const struct fe_setting *s)
{
	return (opt->field == FE_F_SPORT || opt->field == FE_F_DPORT) &&
	       !s->neg && s->value.range.lo == 0 && s->value.range.hi == 65535;
}

/*
 * iptables-nft turns ports and flags into tests of its own, and asks only
 * whether -p names the protocol, inverted or not. Port ranges that hold all
 * ports leave nothing to turn, and options go to the kernel's match.
 */
static bool is_native(const struct fe_check_context *context, unsigned proto)
{
	const struct fe_part *part = context->part;
	bool any = false;

	if (context->backend != FE_NFT || (proto != 6 && proto != 17))
		return false;
	for (uint32_t i = 0; i < part->n; i++) {
		const struct fe_setting *s = &fe_settings(part)[i];
		const struct fe_opt *opt = &part->ext->opts[s->opt];

		if (opt->type == &fe_type_number)
			return false;
		any |= !is_all_ports(opt, s);
	}
	return any;
}

/* The kernel refuses -m tcp in a rule that is not for TCP alone. */
static bool check_proto(struct fe_check_context *context)
{
	const struct fe_ext *ext = context->part->ext;
	unsigned want, proto;
	bool neg;

	if (ext->kind != FE_MATCH || ext->proto == NULL ||
	    !fe_proto_read(fe_str(ext->proto), &want))
		return true;
	proto = fe_rule_proto(context->rule, &neg);
	if (proto == want && (!neg || is_native(context, proto)))
		return true;
	context->by_kernel = !is_native(context, want);
	return fe_check_bad(context, NULL, NULL, "-m %s needs -p %s", ext->name,
			    ext->proto);
}

bool fe_part_check(struct fe_check_context *context)
{
	const struct fe_part *part = context->part;
	const struct fe_ext *ext = part->ext;
	uint32_t given = 0;
	bool fine = true;

	if (ext->opts != NULL) {
		fine = check_once(context, &given);
		for (uint32_t i = 0; i < part->n; i++)
			fine &= check_setting(context, &fe_settings(part)[i],
					      given);
		fine &= check_required(context, given);
	}
	fine &= check_proto(context);
	if (fine && ext->check != NULL)
		fine = ext->check(context);
	return fine;
}

void fe_part_cover(const struct fe_part *part, unsigned family,
		   struct fe_sink *sink)
{
	const struct fe_ext *ext = part->ext;

	if (ext->lower != NULL) {
		ext->lower(part, family, sink);
		return;
	}
	if (ext->opts == NULL && ext->kind == FE_MATCH) {
		sink->clause(sink);
		fe_cover_unknown(sink, ext->name);
	}
	if (ext->kind == FE_TARGET)
		return;
	for (uint32_t i = 0; i < part->n; i++) {
		const struct fe_setting *setting = &fe_settings(part)[i];
		const struct fe_opt *opt = &ext->opts[setting->opt];

		if (opt->type != NULL && opt->type->cover != NULL) {
			opt->type->cover(opt, setting, family, sink);
		} else {
			sink->clause(sink);
			fe_cover_unknown(sink, opt->name);
		}
	}
}

void fe_lower_always_unknown(const struct fe_part *part, unsigned family,
			     struct fe_sink *sink)
{
	(void)family;
	sink->clause(sink);
	fe_cover_unknown(sink, part->ext->name);
}

void fe_lower_unknown(const struct fe_part *part, unsigned family,
		      struct fe_sink *sink)
{
	if (part->n > 0)
		fe_lower_always_unknown(part, family, sink);
}

/*
 * A TCP fragment that begins at byte 8 could overwrite flags that a rule has
 * seen already: -m tcp drops it.
 */
static bool is_tcp_attack(const struct fe_ext *ext,
			  const struct fe_packet *packet)
{
	return ext->l4_size == 20 && packet->family == 4 &&
	       packet->proto == 6 && packet->caught >= 8 &&
	       (packet->data[6] & 0x1f) == 0 && packet->data[7] == 1;
}

enum fe_answer fe_ext_header(const struct fe_ext *ext,
			     const struct fe_packet *packet)
{
	if (ext->l4_size == 0)
		return FE_YES;
	if (packet->later_fragment)
		return is_tcp_attack(ext, packet) ? FE_HOTDROP : FE_NO;
	return packet->l4_size < ext->l4_size ? FE_HOTDROP : FE_YES;
}

enum fe_action fe_part_action(const struct fe_part *part)
{
	return part->ext->action_of != NULL ? part->ext->action_of(part) :
					      part->ext->action;
}

unsigned fe_part_effects(const struct fe_part *part)
{
	if (part->ext->effects_of != NULL)
		return part->ext->effects_of(part);
	return part->ext->effects_known ? part->ext->effects : FE_ALL_EFFECTS;
}
