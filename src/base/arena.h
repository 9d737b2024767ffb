/*
 * Arena: memory that is freed all at once.
 *
 * One arena belongs to each source, ruleset and run; nothing in it is freed
 * alone. Out of memory aborts the process: a library that returned half a
 * ruleset would be worse than one that stops.
 */
#ifndef FE_ARENA_H
#define FE_ARENA_H

#include <stddef.h>

struct fe_arena;

struct fe_arena *fe_arena_new(void);
/* Frees the arena and all that was allocated from it; NULL is fine. */
void fe_arena_free(struct fe_arena *arena);

/* Returns zeroed memory, aligned to 8 bytes; lives as long as the arena. */
void *fe_arena_alloc(struct fe_arena *arena, size_t size);
/* Copies; the copy of a string gets a terminating NUL. */
void *fe_arena_memdup(struct fe_arena *arena, const void *from, size_t size);
char *fe_arena_strndup(struct fe_arena *arena, const char *s, size_t len);
char *fe_arena_strdup(struct fe_arena *arena, const char *s);
char *fe_arena_printf(struct fe_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Bytes handed out so far. */
size_t fe_arena_size(const struct fe_arena *arena);

#define fe_new(arena, type) ((type *)fe_arena_alloc((arena), sizeof(type)))
#define fe_new_n(arena, type, n)                                               \
	((type *)fe_arena_alloc((arena), sizeof(type) * (size_t)(n)))

/* malloc family that never returns NULL. */
void *fe_malloc(size_t size);
/* The same, in huge pages where they help; free() and fe_realloc() take it. */
void *fe_malloc_large(size_t size);
void *fe_calloc(size_t n, size_t size);
void *fe_realloc(void *p, size_t size);
char *fe_strdup(const char *s);

#endif
