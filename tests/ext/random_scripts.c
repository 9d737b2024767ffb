/*
 * Random lists of iptables commands, run by iptables-legacy in a network
 * namespace and read by Ferrule: the same commands must fail, and the same
 * rules must stand at the end.
 *
 *	random_scripts [--seed N] [--cases N]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "et.h"
#include "lang/read.h"

enum { MOST_COMMANDS = 24 };

static uint64_t state;

static unsigned below(unsigned n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (unsigned)(state * 0x2545f4914f6cdd1du >> 33) % n;
}

#define PICK(list) ((list)[below(sizeof(list) / sizeof((list)[0]))])

static const char *const chains[] = {
	"INPUT", "INPUT", "OUTPUT", "FORWARD", "a", "a", "b", "b", "c", "PREROUTING",
};
static const char *const users[] = {"a", "b", "c", "d", "INPUT", "ACCEPT"};
static const char *const rules[] = {
	"-j ACCEPT", "-j DROP", "-p tcp -j a", "-p udp -j b", "-j RETURN",
	"-s 10.0.0.1 -j c", "-p tcp --dport 80 -j ACCEPT", "-p tcp", "-g a",
	"-s 10.0.0.1,10.0.0.2 -j DROP", "-m limit --limit 3/hour -j LOG",
	"-p tcp --dport 0x50 -j ACCEPT", "-p 6 --dport http -j ACCEPT", "",
	"! -i lo -j b", "-j b -m comment --comment x", "-j nosuch",
	"-m mark --mark 1 -j MARK --set-mark 2", "-c 3 4 -j DROP",
};
static const char *const numbers[] = {"1", "1", "2", "3", "0", "9", "x"};
static const char *const policies[] = {"DROP", "ACCEPT", "a", "DROP"};
static const char *const tables[] = {
	"", "", "", "", "-t filter ", "-t mangle ", "-t raw ", "-t bogus ",
};

static void command(struct fe_buf *buf)
{
	const char *chain = PICK(chains), *rule = PICK(rules);

	fe_buf_printf(buf, "iptables %s", PICK(tables));
	switch (below(14)) {
	case 0: case 1: case 2: case 3:
		fe_buf_printf(buf, "-A %s %s", chain, rule);
		break;
	case 4:
		fe_buf_printf(buf, "-I %s %s", chain, rule);
		break;
	case 5:
		fe_buf_printf(buf, "-I %s %s %s", chain, PICK(numbers), rule);
		break;
	case 6:
		fe_buf_printf(buf, "-D %s %s", chain, rule);
		break;
	case 7:
		fe_buf_printf(buf, "-D %s %s", chain, PICK(numbers));
		break;
	case 8:
		fe_buf_printf(buf, "-R %s %s %s", chain, PICK(numbers), rule);
		break;
	case 9: case 10:
		fe_buf_printf(buf, "-N %s", PICK(users));
		break;
	case 11:
		fe_buf_printf(buf, "-P %s %s", chain, PICK(policies));
		break;
	case 12:
		if (below(2))
			fe_buf_printf(buf, "-E %s %s", PICK(users), PICK(users));
		else
			fe_buf_printf(buf, "-C %s %s", chain, rule);
		break;
	case 13:
		fe_buf_printf(buf, below(3) ? "-F %s" : "-X %s",
			      below(4) ? PICK(users) : "");
		break;
	}
	fe_buf_putc(buf, '\n');
}

/* Tables that hold something, in one order, without comments. */
static void normal(const char *text, struct fe_buf *out)
{
	static const char *const order[] = {"raw", "mangle", "nat", "filter"};

	for (size_t t = 0; t < 4; t++) {
		const char *at = text;
		bool inside = false;

		while (*at != '\0') {
			size_t len = strcspn(at, "\n");

			if (*at == '*')
				inside = strncmp(at + 1, order[t], len - 1) ==
						 0 && order[t][len - 1] == '\0';
			else if (inside && (*at == '-' || *at == ':') &&
				 !(len > 13 && memcmp(at + len - 13,
						      " ACCEPT [0:0]", 13) ==
						       0))
				fe_buf_printf(out, "%s %.*s\n", order[t],
					      (int)len, at);
			at += len + (at[len] == '\n');
		}
	}
}

/* Lines that fail, and the rules at the end; in a namespace of this process. */
static void by_kernel(const char *script, struct fe_buf *failed,
		      struct fe_buf *saved)
{
	struct fe_buf shell = {0}, text = {0};
	char line[1024];
	unsigned n = 0;
	FILE *p;

	fe_buf_puts(&shell, "iptables() { iptables-legacy \"$@\"; }\n"
		    "for t in filter mangle raw; do iptables -t $t -F;"
		    " iptables -t $t -X; for c in INPUT OUTPUT FORWARD"
		    " PREROUTING POSTROUTING; do iptables -t $t -P $c ACCEPT;"
		    " done; done 2>/dev/null\n{\n");
	for (const char *at = script; *at != '\0';) {
		size_t len = strcspn(at, "\n");

		fe_buf_printf(&shell, "%.*s || echo %u\n", (int)len, at, ++n);
		at += len + 1;
	}
	fe_buf_puts(&shell, "} 2>/dev/null\niptables-legacy-save\n");
	setenv("RANDOM_SCRIPT", fe_buf_text(&shell), 1);
	p = popen("eval \"$RANDOM_SCRIPT\"", "r");
	while (p != NULL && fgets(line, sizeof(line), p) != NULL)
		fe_buf_puts(line[0] >= '0' && line[0] <= '9' ? failed : &text,
			    line);
	if (p != NULL)
		pclose(p);
	normal(fe_buf_text(&text), saved);
	fe_buf_free(&text);
	fe_buf_free(&shell);
}

/* false: a loop, which the kernel refuses only once a packet could meet it. */
static bool by_ferrule(const char *script, struct fe_buf *failed,
		       struct fe_buf *saved)
{
	struct fe_sources *sources = fe_sources_new();
	struct fe_diags *diags = fe_diags_new();
	struct fe_rules all = {0};
	struct fe_read_options options = {.input = FE_INPUT_COMMANDS,
					  .family = 4};
	struct fe_buf text = {0};
	uint32_t index, last = 0;
	bool loops = false;
	struct fe_out out;

	index = fe_sources_add(sources, "script", script, strlen(script));
	fe_read(sources, index, &options, &all, diags);
	for (size_t i = 0; i < diags->list.n; i++) {
		const struct fe_diag *d = diags->list.data[i];
		struct fe_place place = fe_source_place(sources, d->span);

		if (d->severity != FE_ERROR || place.line == last)
			continue;
		loops |= d->id != NULL && strcmp(d->id, "FE109") == 0;
		fe_buf_printf(failed, "%u\n", place.line);
		last = place.line;
	}
	fe_out_init(&out, fe_write_buf, &text);
	if (all.v4 != NULL)
		fe_ruleset_print(all.v4, 0, &out);
	fe_out_close(&out);
	normal(fe_buf_text(&text), saved);
	fe_buf_free(&text);
	fe_rules_free(&all);
	fe_diags_free(diags);
	fe_sources_free(sources);
	return !loops;
}

static bool agree(const char *script)
{
	struct fe_buf failed[2] = {{0}, {0}}, saved[2] = {{0}, {0}};
	bool loops = !by_ferrule(script, &failed[0], &saved[0]), same;

	by_kernel(script, &failed[1], &saved[1]);
	same = loops || (strcmp(fe_buf_text(&failed[0]),
				fe_buf_text(&failed[1])) == 0 &&
			 strcmp(fe_buf_text(&saved[0]),
				fe_buf_text(&saved[1])) == 0);
	if (!same)
		printf("# DIFFER\n%s# ferrule refuses lines\n%s# iptables\n%s"
		       "# ferrule has\n%s# iptables\n%s", script,
		       fe_buf_text(&failed[0]), fe_buf_text(&failed[1]),
		       fe_buf_text(&saved[0]), fe_buf_text(&saved[1]));
	for (unsigned i = 0; i < 2; i++) {
		fe_buf_free(&failed[i]);
		fe_buf_free(&saved[i]);
	}
	return same;
}

int main(int argc, char **argv)
{
	unsigned long cases = 15, differ = 0;
	uint64_t seed = 1;
	const char *why;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--seed") == 0)
			seed = strtoull(argv[i + 1], NULL, 0);
		else if (strcmp(argv[i], "--cases") == 0)
			cases = strtoul(argv[i + 1], NULL, 0);
	}
	if (!et_kernel_open(&why)) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	printf("# seed %llu\n", (unsigned long long)seed);
	for (unsigned long i = 0; i < cases; i++) {
		struct fe_buf script = {0};
		unsigned n;

		state = (seed + i) * 0x9e3779b97f4a7c15u + 1;
		for (n = 4 + below(MOST_COMMANDS - 4); n > 0; n--)
			command(&script);
		differ += !agree(fe_buf_text(&script));
		fe_buf_free(&script);
	}
	et_kernel_close();
	printf("# %lu scripts, %lu differ\n%sok 1 - random lists of commands do "
	       "the same\n1..1\n", cases, differ, differ > 0 ? "not " : "");
	return differ > 0;
}
