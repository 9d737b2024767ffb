/*
 * bpf: a classic BPF program on the packet, from the IP header on; it matches
 * where the program returns something else than 0. A load outside of the
 * packet ends the program with 0.
 *
 * --bytecode takes what `nfbpf_compile` or `tcpdump -ddd` print, with commas
 * for newlines: COUNT,CODE JT JF K,... A program that is pinned in the
 * file system (--object-pinned) is unknown.
 */
#include "ext/ext.h"

#include <string.h>

#include "option/types.h"
#include "option/value.h"
#include "packet/wire.h"

enum { BYTECODE, PINNED };
enum { MOST = 64, N_MEM = 16 };
/* Offsets that count as negative: of the network header, and others. */
#define NETWORK 0xfff00000u
#define ANCILLARY 0xfffff000u
#define LINK 0xffe00000u

struct insn {
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};

struct bytecode {
	unsigned n;
	struct insn insn[MOST];
};

/* Parts of an instruction's code. */
#define CLASS(code) ((code) & 7)
#define SIZE(code) ((code) & 0x18)
#define MODE(code) ((code) & 0xe0)
#define OP(code) ((code) & 0xf0)
enum { LD, LDX, ST, STX, ALU, JMP, RET, MISC };
enum { W = 0, H = 8, B = 16 };
enum { IMM = 0, ABS = 0x20, IND = 0x40, MEM = 0x60, LEN = 0x80, MSH = 0xa0 };
enum { USE_X = 8, RET_A = 0x10, TXA = 0x80 };
enum {
	ADD = 0, SUB = 0x10, MUL = 0x20, DIV = 0x30, OR = 0x40, AND = 0x50,
	LSH = 0x60, RSH = 0x70, NEGATE = 0x80, MOD = 0x90, XOR = 0xa0
};
enum { JA = 0, JEQ = 0x10, JGT = 0x20, JGE = 0x30, JSET = 0x40 };

/*
 * A decimal number as scanf reads it: blanks before, a sign, and as much as
 * are digits; what is too large loses its upper bits.
 */
static bool scan(struct fe_str *text, uint64_t *out)
{
	struct fe_str s = fe_str_skip_blanks(*text);
	bool minus = s.len > 0 && *s.s == '-';
	size_t i = minus || (s.len > 0 && *s.s == '+'), start = i;
	uint64_t n = 0;

	for (; i < s.len && s.s[i] >= '0' && s.s[i] <= '9'; i++)
		n = n > (UINT64_MAX - 9) / 10 ?
		    UINT64_MAX : n * 10 + (unsigned)(s.s[i] - '0');
	*out = minus ? -n : n;
	*text = (struct fe_str){s.s + i, s.len - i};
	return i > start;
}

/* Four numbers; what stands behind them is not looked at. */
static bool read_insn(struct fe_str text, struct insn *out)
{
	uint64_t n[4];

	for (unsigned i = 0; i < 4; i++)
		if (!scan(&text, &n[i]))
			return false;
	*out = (struct insn){(uint16_t)n[0], (uint8_t)n[1], (uint8_t)n[2],
			     (uint32_t)n[3]};
	return true;
}

/* Absolute loads from up here ask for what is not in the packet: only those
 * of the kernel's list are taken. */
static bool ancillary_is_right(uint32_t k)
{
	return k < ANCILLARY || (k <= ANCILLARY + 60 && k % 4 == 0);
}

static bool load_is_right(const struct insn *in)
{
	switch (in->code) {
	case LD | W | ABS: case LD | H | ABS: case LD | B | ABS:
		return ancillary_is_right(in->k);
	case LD | W | IND: case LD | H | IND: case LD | B | IND:
	case LD | W | LEN: case LDX | W | LEN:
	case LD | IMM: case LDX | IMM: case LDX | B | MSH:
		return true;
	case LD | MEM: case LDX | MEM: case ST: case STX:
		return in->k < N_MEM;
	}
	return false;
}

static bool alu_is_right(const struct insn *in)
{
	bool x = (in->code & USE_X) != 0;

	if (in->code == (ALU | NEGATE))
		return true;
	if (OP(in->code) > XOR || OP(in->code) == NEGATE)
		return false;
	if (!x && (OP(in->code) == DIV || OP(in->code) == MOD))
		return in->k != 0;
	if (!x && (OP(in->code) == LSH || OP(in->code) == RSH))
		return in->k < 32;
	return true;
}

/* What the kernel checks before it takes a program. */
static bool insn_is_right(const struct bytecode *b, unsigned at)
{
	const struct insn *in = &b->insn[at];
	unsigned left = b->n - at - 1;

	if (in->code > 0xff)
		return false;
	switch (CLASS(in->code)) {
	case LD: case LDX: case ST: case STX:
		return load_is_right(in);
	case ALU:
		return alu_is_right(in);
	case JMP:
		if (OP(in->code) == JA)
			return in->code == (JMP | JA) && in->k < left;
		return OP(in->code) <= JSET && in->jt < left && in->jf < left;
	case RET:
		return in->code == RET || in->code == (RET | RET_A);
	default:
		return in->code == MISC || in->code == (MISC | TXA);
	}
}

/* The words of memory written on every way to each instruction. */
static bool memory_is_right(const struct bytecode *b)
{
	uint16_t known[MOST + 1], now = 0;

	memset(known, 0xff, sizeof(known));
	for (unsigned i = 0; i < b->n; i++) {
		const struct insn *in = &b->insn[i];
		unsigned bit = 1u << (in->k & 15);

		now &= known[i];
		if (in->code == ST || in->code == STX)
			now |= (uint16_t)bit;
		else if ((in->code == (LD | MEM) || in->code == (LDX | MEM)) &&
			 (now & bit) == 0)
			return false;
		if (in->code == (JMP | JA)) {
			known[i + 1 + in->k] &= now;
			now = UINT16_MAX;
		} else if (CLASS(in->code) == JMP) {
			known[i + 1 + in->jt] &= now;
			known[i + 1 + in->jf] &= now;
			now = UINT16_MAX;
		}
	}
	return true;
}

static bool check_program(const struct fe_opt *opt,
			  struct fe_opt_context *context,
			  const struct bytecode *b)
{
	for (unsigned i = 0; i < b->n; i++)
		if (!insn_is_right(b, i))
			return fe_opt_bad(opt, context,
					  "the kernel refuses instruction %u",
					  i + 1);
	if (CLASS(b->insn[b->n - 1].code) != RET)
		return fe_opt_bad(opt, context,
				  "the last instruction does not return");
	return memory_is_right(b) ||
	       fe_opt_bad(opt, context,
			  "memory is read that was not written before");
}

static bool parse(const struct fe_opt *opt, struct fe_opt_context *context,
		  const struct fe_str *words, union fe_value *value)
{
	struct bytecode *b = fe_new(context->arena, struct bytecode);
	struct fe_str rest = words[0], item;
	struct fe_items items;
	uint64_t n;

	value->ptr = b;
	if (!scan(&rest, &n) || rest.len == 0 || *rest.s != ',' ||
	    (uint16_t)n == 0 || (uint16_t)n > MOST)
		return fe_opt_bad(opt, context,
				  "it begins with the number of instructions, "
				  "1 to %d", MOST);
	items = fe_items((struct fe_str){rest.s + 1, rest.len - 1});
	while (fe_items_next(&items, ',', &item) &&
	       (item.len > 0 || items.more)) {
		if (b->n == (uint16_t)n)
			return fe_opt_bad(opt, context,
					  "more than %u instructions", b->n);
		if (!read_insn(item, &b->insn[b->n++]))
			return fe_opt_bad(opt, context,
					  "\"%.*s\" is no instruction",
					  (int)item.len, item.s);
	}
	if (b->n != (uint16_t)n)
		return fe_opt_bad(opt, context, "%u instructions are there, "
				  "not %u", b->n, (unsigned)(uint16_t)n);
	return check_program(opt, context, b);
}

static void print(const struct fe_opt *opt, const struct fe_setting *setting,
		  unsigned family, struct fe_buf *buf)
{
	const struct bytecode *b = setting->value.ptr;

	(void)opt;
	(void)family;
	fe_buf_printf(buf, " \"%u", b->n);
	for (unsigned i = 0; i < b->n; i++)
		fe_buf_printf(buf, ",%u %u %u %u", b->insn[i].code,
			      b->insn[i].jt, b->insn[i].jf, b->insn[i].k);
	fe_buf_putc(buf, '"');
}

static const struct fe_type type_bytecode = {
	.name = "bytecode",
	.usage = "COUNT,CODE JT JF K[,...]",
	.parse = parse,
	.print = print,
};

static const struct fe_opt opts[] = {
	[BYTECODE] = {
		.name = "bytecode",
		.n_args = 1,
		.type = &type_bytecode,
		.flags = FE_EXCLUSIVE,
		.help = "the program",
	},
	[PINNED] = {
		.name = "object-pinned",
		.n_args = 1,
		.type = &fe_type_text,
		.flags = FE_EXCLUSIVE,
		.limits = {.min = 1, .max = 511},
		.variant = FE_TEXT_STRICT,
		.help = "a file of the BPF file system that holds a program",
	},
	{.name = NULL},
};

struct machine {
	const struct fe_packet *p;
	uint32_t a, x, mem[N_MEM];
	bool unknown; /* it asked for what was not caught, or not known */
	bool done;    /* the program ended */
	uint32_t result;
};

static uint32_t end(struct machine *m, uint32_t result)
{
	m->done = true;
	m->result = result;
	return 0;
}

/* What the kernel knows of a packet beside its bytes. */
static uint32_t load_ancillary(struct machine *m, uint32_t what)
{
	switch (what) {
	case 0: return m->p->family == 4 ? 0x0800 : 0x86dd; /* Ethernet's */
	case 4: return m->p->pkttype;
	case 20: return m->p->mark;
	}
	m->unknown = true;
	return end(m, 0);
}

/*
 * A load from the packet. Negative offsets may count from the network header,
 * which is the packet's first byte here, or from the link header.
 */
static uint32_t load(struct machine *m, uint32_t offset, unsigned size)
{
	const uint8_t *d = m->p->data;
	uint64_t at = offset;

	if (offset >= NETWORK) {
		at = offset - NETWORK;
	} else if (offset >= LINK) {
		m->unknown = true;
		return end(m, 0);
	}
	if (at + size > m->p->length)
		return end(m, 0);
	if (at + size > m->p->caught) {
		m->unknown = true;
		return end(m, 0);
	}
	return size == 4 ? fe_get32(d + at) :
	       size == 2 ? fe_get16(d + at) : d[at];
}

static unsigned bytes(uint16_t code)
{
	return SIZE(code) == W ? 4 : SIZE(code) == H ? 2 : 1;
}

static void do_load(struct machine *m, const struct insn *in)
{
	uint32_t *to = CLASS(in->code) == LD ? &m->a : &m->x;

	switch (MODE(in->code)) {
	case IMM: *to = in->k; break;
	case ABS:
		*to = in->k >= ANCILLARY ?
		    load_ancillary(m, in->k - ANCILLARY) :
		    load(m, in->k, bytes(in->code));
		break;
	case IND:
		*to = load(m, (uint32_t)(m->x + in->k), bytes(in->code));
		break;
	case MEM: *to = m->mem[in->k]; break;
	case LEN: *to = m->p->length; break;
	case MSH: *to = (load(m, in->k, 1) & 15) << 2; break;
	}
}

static void do_alu(struct machine *m, const struct insn *in)
{
	uint32_t n = in->code & USE_X ? m->x : in->k;

	switch (OP(in->code)) {
	case ADD: m->a += n; break;
	case SUB: m->a -= n; break;
	case MUL: m->a *= n; break;
	case DIV: m->a = n != 0 ? m->a / n : end(m, 0); break;
	case MOD: m->a = n != 0 ? m->a % n : end(m, 0); break;
	case OR: m->a |= n; break;
	case AND: m->a &= n; break;
	case XOR: m->a ^= n; break;
	case LSH: m->a <<= n & 31; break;
	case RSH: m->a >>= n & 31; break;
	case NEGATE: m->a = -m->a; break;
	}
}

/* How many instructions are skipped. */
static uint32_t jump(const struct machine *m, const struct insn *in)
{
	uint32_t n = in->code & USE_X ? m->x : in->k;
	bool holds = false;

	switch (OP(in->code)) {
	case JA: return in->k;
	case JEQ: holds = m->a == n; break;
	case JGT: holds = m->a > n; break;
	case JGE: holds = m->a >= n; break;
	case JSET: holds = (m->a & n) != 0; break;
	}
	return holds ? in->jt : in->jf;
}

static void step(struct machine *m, const struct insn *in, uint32_t *pc)
{
	switch (CLASS(in->code)) {
	case LD: case LDX: do_load(m, in); break;
	case ST: m->mem[in->k] = m->a; break;
	case STX: m->mem[in->k] = m->x; break;
	case ALU: do_alu(m, in); break;
	case JMP: *pc += jump(m, in); break;
	case RET: end(m, in->code & RET_A ? m->a : in->k); break;
	case MISC:
		if (in->code & TXA)
			m->a = m->x;
		else
			m->x = m->a;
	}
}

static enum fe_answer eval(const struct fe_part *part,
			   const struct fe_packet *packet, void *state)
{
	const struct fe_setting *s = fe_part_find(part, BYTECODE);
	struct machine m = {.p = packet};
	const struct bytecode *b;

	(void)state;
	if (s == NULL)
		return FE_DUNNO;
	b = s->value.ptr;
	/* Jumps only go forward, and the last instruction returns. */
	for (uint32_t pc = 0; !m.done && pc < b->n; pc++)
		step(&m, &b->insn[pc], &pc);
	if (m.unknown)
		return FE_DUNNO;
	return m.result != 0 ? FE_YES : FE_NO;
}

const struct fe_ext fe_match_bpf = {
	.name = "bpf",
	.kind = FE_MATCH,
	.families = FE_BOTH,
	.effects_known = true,
	.summary = "a classic BPF program on the packet",
	.opts = opts,
	.lower = fe_lower_always_unknown,
	.eval = eval,
};
