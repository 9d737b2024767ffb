/*
 * Arena: a list of blocks, each twice the size of the one before up to a
 * limit; a request larger than a block gets a block of its own.
 */
#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	FIRST_BLOCK = 4096,
	HUGE_PAGE = 2 << 20,
	LARGEST_BLOCK = 2 * HUGE_PAGE,
};

struct block {
	struct block *next; /* older blocks */
	size_t size;        /* usable bytes in data */
	size_t used;        /* always a multiple of 8 */
	max_align_t data[];
};

struct fe_arena {
	struct block *blocks; /* newest first */
	size_t next_size;     /* of the next block */
	size_t total;         /* bytes handed out */
};

void *fe_malloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		abort();
	return p;
}

/* A tenth of the time to read a large file went into page faults. */
void *fe_malloc_large(size_t size)
{
	void *p = NULL;

	if (size < HUGE_PAGE)
		return fe_malloc(size);
	if (posix_memalign(&p, HUGE_PAGE, size))
		abort();
	/* Advice: where there are no huge pages, small ones do. */
	madvise(p, size / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
	return p;
}

void *fe_calloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		abort();
	return p;
}

void *fe_realloc(void *old, size_t size)
{
	void *p = realloc(old, size ? size : 1);

	if (!p)
		abort();
	return p;
}

char *fe_strdup(const char *s)
{
	size_t size = strlen(s) + 1;

	return memcpy(fe_malloc(size), s, size);
}

struct fe_arena *fe_arena_new(void)
{
	struct fe_arena *arena = fe_calloc(1, sizeof(*arena));

	arena->next_size = FIRST_BLOCK;
	return arena;
}

void fe_arena_free(struct fe_arena *arena)
{
	if (!arena)
		return;
	for (struct block *b = arena->blocks, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	free(arena);
}

static struct block *block_new(struct fe_arena *arena, size_t size)
{
	size_t room = size > arena->next_size ? size : arena->next_size;
	struct block *b = fe_malloc_large(sizeof(*b) + room);

	b->size = room;
	b->used = 0;
	b->next = arena->blocks;
	arena->blocks = b;
	if (arena->next_size < LARGEST_BLOCK)
		arena->next_size *= 2;
	return b;
}

void *fe_arena_alloc(struct fe_arena *arena, size_t size)
{
	struct block *b = arena->blocks;

	if (size > SIZE_MAX - 64)
		abort();
	size = (size + 7) & ~(size_t)7;
	if (!b || b->size - b->used < size)
		b = block_new(arena, size);
	void *p = (char *)b->data + b->used;
	b->used += size;
	arena->total += size;
	return memset(p, 0, size);
}

void *fe_arena_memdup(struct fe_arena *arena, const void *from, size_t size)
{
	void *p = fe_arena_alloc(arena, size);

	if (size)
		memcpy(p, from, size);
	return p;
}

char *fe_arena_strndup(struct fe_arena *arena, const char *s, size_t len)
{
	char *p = fe_arena_alloc(arena, len + 1);

	memcpy(p, s, len);
	return p;
}

char *fe_arena_strdup(struct fe_arena *arena, const char *s)
{
	return fe_arena_strndup(arena, s, strlen(s));
}

char *fe_arena_printf(struct fe_arena *arena, const char *format, ...)
{
	va_list ap, again;

	assert(format != NULL);
	va_start(ap, format);
	va_copy(again, ap);
	int len = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (len < 0)
		abort();
	char *p = fe_arena_alloc(arena, (size_t)len + 1);
	vsnprintf(p, (size_t)len + 1, format, again);
	va_end(again);
	return p;
}

size_t fe_arena_size(const struct fe_arena *arena)
{
	return arena->total;
}
