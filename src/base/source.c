/* Sources: whole files in memory, line tables made at the first question. */
#include "base/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/vec.h"

enum {
	STEP = 1 << 20,           /* bytes of one read() */
	MOST_AT_FIRST = 64 << 20, /* bytes that a file's size may reserve */
};

struct fe_sources {
	FE_VEC(struct fe_source *) list;
};

struct fe_sources *fe_sources_new(void)
{
	return fe_calloc(1, sizeof(struct fe_sources));
}

void fe_sources_free(struct fe_sources *sources)
{
	if (!sources)
		return;
	for (size_t i = 0; i < sources->list.n; i++) {
		struct fe_source *s = sources->list.data[i];
		free((char *)(uintptr_t)s->name);
		free((char *)(uintptr_t)s->text.s);
		free(s->lines);
		free(s);
	}
	fe_vec_free(&sources->list);
	free(sources);
}

/* Takes over text, which has room for a NUL behind its size bytes. */
static uint32_t adopt(struct fe_sources *sources, const char *name, char *text,
		      size_t size)
{
	struct fe_source *s = fe_calloc(1, sizeof(*s));

	if (size > UINT32_MAX - 1)
		size = UINT32_MAX - 1;
	text[size] = '\0';
	s->name = fe_strdup(name);
	s->text = (struct fe_str){text, size};
	s->cut = FE_NOT_CUT;
	fe_vec_push(&sources->list, s);
	return (uint32_t)(sources->list.n - 1);
}

uint32_t fe_sources_add(struct fe_sources *sources, const char *name,
			const char *text, size_t size)
{
	char *copy = fe_malloc(size + 1);

	if (size)
		memcpy(copy, text, size);
	return adopt(sources, name, copy, size);
}

/* What read_all has so far. */
struct reading {
	char *text;
	size_t size;
	size_t cap;      /* of text; one byte more than size at least */
	size_t line;     /* where the last line begins */
	bool cut;        /* that line is too long to be one */
};

static size_t first_cap(int fd)
{
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0)
		return STEP;
	if ((uint64_t)st.st_size > MOST_AT_FIRST)
		return MOST_AT_FIRST;
	return (size_t)st.st_size + 2;
}

static void take(struct reading *r, size_t got)
{
	const char *begin = r->text + r->size;
	const char *nl = memrchr(begin, '\n', got);

	r->size += got;
	if (nl)
		r->line = (size_t)(nl + 1 - r->text);
	r->cut = r->size - r->line > FE_SOURCE_LINE_MAX;
}

/* A file of one endless line is not read to its end. */
static int read_all(int fd, struct reading *r, bool lines)
{
	r->cap = first_cap(fd);
	r->text = fe_malloc_large(r->cap);
	while (!lines || !r->cut) {
		if (r->size + 1 >= r->cap)
			r->text = fe_realloc(r->text, r->cap *= 2);
		size_t room = r->cap - r->size - 1;
		ssize_t got = read(fd, r->text + r->size,
				   room < STEP ? room : STEP);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno;
		if (got == 0)
			return 0;
		take(r, (size_t)got);
		if (r->size > FE_SOURCE_MAX)
			return EFBIG;
	}
	return 0;
}

static int read_file(struct fe_sources *sources, const char *path, bool lines,
		     uint32_t *index)
{
	bool is_stdin = !strcmp(path, "-");
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct reading r = {0};

	if (fd < 0)
		return errno;
	int error = read_all(fd, &r, lines);
	if (!is_stdin)
		close(fd);
	if (error) {
		free(r.text);
		return error;
	}
	*index = adopt(sources, is_stdin ? "<stdin>" : path, r.text, r.size);
	if (lines && r.cut)
		sources->list.data[*index]->cut = (uint32_t)r.line;
	return 0;
}

int fe_sources_read(struct fe_sources *sources, const char *path,
		    uint32_t *index)
{
	return read_file(sources, path, false, index);
}

int fe_sources_read_lines(struct fe_sources *sources, const char *path,
			  uint32_t *index)
{
	return read_file(sources, path, true, index);
}

const struct fe_source *fe_source(const struct fe_sources *sources,
				  uint32_t index)
{
	return index < sources->list.n ? sources->list.data[index] : NULL;
}

static void make_lines(struct fe_source *s)
{
	FE_VEC(uint32_t) lines = {0};

	fe_vec_push(&lines, 0);
	for (size_t i = 0; i < s->text.len; i++) {
		const char *nl = memchr(s->text.s + i, '\n', s->text.len - i);
		if (!nl)
			break;
		i = (size_t)(nl - s->text.s);
		fe_vec_push(&lines, (uint32_t)i + 1);
	}
	s->lines = lines.data;
	s->n_lines = (uint32_t)lines.n;
}

void fe_source_set_made(struct fe_sources *sources, uint32_t index)
{
	((struct fe_source *)sources->list.data[index])->made = true;
}

struct fe_place fe_source_place(const struct fe_sources *sources,
				struct fe_span span)
{
	struct fe_place place = {0};

	if (span.source >= sources->list.n)
		return place;
	struct fe_source *s = sources->list.data[span.source];
	if (!s->lines)
		make_lines(s);
	uint32_t lo = 0, hi = s->n_lines;
	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (s->lines[mid] <= span.off)
			lo = mid;
		else
			hi = mid;
	}
	const char *begin = s->text.s + s->lines[lo];
	const char *end = s->text.s + s->text.len;
	const char *nl = memchr(begin, '\n', (size_t)(end - begin));
	place.name = s->name;
	place.line = lo + 1;
	place.made = s->made;
	place.column = span.off - s->lines[lo] + 1;
	place.text = (struct fe_str){begin, (size_t)((nl ? nl : end) - begin)};
	return place;
}
