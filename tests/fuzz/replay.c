/*
 * Runs a fuzz target without a fuzzer: on each kept input, then on inputs
 * made from them by small random changes. One TAP line per kept input.
 *
 *	fuzz_NAME [--seed N] [--changes N] [FILE...]
 *
 * Without files, the kept inputs of corpus/NAME are used. A target that finds
 * something wrong aborts; the line before tells input and seed.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/rng.h"
#include "base/source.h"
#include "base/vec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct replay {
	FE_VEC(char *) paths;
	uint64_t seed;
	unsigned changes;         /* changed inputs per kept one */
	struct fe_sources *sources; /* all kept inputs */
};

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_folder(struct replay *r, const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char *path = NULL;
		if (entry->d_name[0] == '.')
			continue;
		if (asprintf(&path, "%s/%s", folder, entry->d_name) < 0)
			abort();
		fe_vec_push(&r->paths, path);
	}
	if (dir)
		closedir(dir);
	if (r->paths.n)
		qsort(r->paths.data, r->paths.n, sizeof(char *), by_name);
}

static void add_kept(struct replay *r, const char *program)
{
	const char *top = getenv("top_srcdir");
	const char *name = strrchr(program, '/');
	char folder[4096];

	name = name ? name + 1 : program;
	if (!strncmp(name, "fuzz_", 5))
		name += 5;
	snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s",
		 top ? top : ".", name);
	add_folder(r, folder);
}

/* A piece of any kept input. */
static struct fe_str pick(struct replay *r, struct fe_rng *rng)
{
	uint32_t which = fe_rng_below(rng, (uint32_t)r->paths.n);
	struct fe_str text = fe_source(r->sources, which)->text;

	if (!text.len)
		return text;
	size_t off = fe_rng_below(rng, (uint32_t)text.len);
	size_t most = text.len - off < 64 ? text.len - off : 64;
	text.s += off;
	text.len = 1 + fe_rng_below(rng, (uint32_t)most);
	return text;
}

/* Replaces buf[off..off+cut) by text. */
static void splice(struct fe_buf *buf, size_t off, size_t cut,
		   struct fe_str text)
{
	struct fe_buf out = {0};

	fe_buf_add(&out, buf->data, off);
	fe_buf_add(&out, text.s, text.len);
	fe_buf_add(&out, buf->data + off + cut, buf->size - off - cut);
	fe_buf_free(buf);
	*buf = out;
}

static void change(struct replay *r, struct fe_rng *rng, struct fe_buf *buf)
{
	static const char special[] = "\"\\!-,:/= \n\t#*[]'$0";
	size_t off = fe_rng_below(rng, (uint32_t)buf->size + 1);
	size_t left = buf->size - off;
	size_t cut = left ? fe_rng_below(rng, (uint32_t)(left < 9 ? left : 9))
			  : 0;
	char byte;

	switch (fe_rng_below(rng, 5)) {
	case 0:
		splice(buf, off, cut, (struct fe_str){"", 0});
		break;
	case 1:
		byte = (char)fe_rng_below(rng, 256);
		splice(buf, off, left ? 1 : 0, (struct fe_str){&byte, 1});
		break;
	case 2:
		byte = special[fe_rng_below(rng, sizeof(special) - 1)];
		splice(buf, off, fe_rng_below(rng, 2) && left,
		       (struct fe_str){&byte, 1});
		break;
	default:
		splice(buf, off, cut, pick(r, rng));
		break;
	}
}

static void run(const struct fe_buf *buf)
{
	static const char nothing[1];

	LLVMFuzzerTestOneInput((const uint8_t *)(buf->data ? buf->data
							   : nothing),
			       buf->size);
}

static void replay(struct replay *r, uint32_t which)
{
	struct fe_str text = fe_source(r->sources, which)->text;
	const char *path = r->paths.data[which];

	printf("# %s, seed %llu\n", path, (unsigned long long)r->seed);
	fflush(stdout);
	for (unsigned i = 0; i <= r->changes; i++) {
		struct fe_rng rng = {r->seed + i};
		struct fe_buf buf = {0};
		uint32_t n = i ? 1 + fe_rng_below(&rng, 6) : 0;
		fe_buf_add(&buf, text.s, text.len);
		while (n-- > 0)
			change(r, &rng, &buf);
		run(&buf);
		fe_buf_free(&buf);
	}
	const char *name = strrchr(path, '/');
	printf("ok %u - %s\n", which + 1, name ? name + 1 : path);
}

int main(int argc, char **argv)
{
	struct replay r = {.seed = 1, .changes = 100};

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--seed") && i + 1 < argc)
			r.seed = strtoull(argv[++i], NULL, 0);
		else if (!strcmp(argv[i], "--changes") && i + 1 < argc)
			r.changes = (unsigned)strtoul(argv[++i], NULL, 0);
		else
			fe_vec_push(&r.paths, fe_strdup(argv[i]));
	}
	if (!r.paths.n)
		add_kept(&r, argv[0]);
	if (!r.paths.n) {
		printf("Bail out! no inputs: is top_srcdir set?\n");
		return 99;
	}
	r.sources = fe_sources_new();
	for (uint32_t i = 0; i < r.paths.n; i++) {
		uint32_t index;
		if (fe_sources_read(r.sources, r.paths.data[i], &index)) {
			printf("Bail out! cannot read %s\n", r.paths.data[i]);
			return 99;
		}
	}
	for (uint32_t i = 0; i < r.paths.n; i++)
		replay(&r, i);
	printf("1..%zu\n", r.paths.n);
	for (size_t i = 0; i < r.paths.n; i++)
		free(r.paths.data[i]);
	fe_vec_free(&r.paths);
	fe_sources_free(r.sources);
	return 0;
}
