/*
 * Vectors: a growing array of any type.
 *
 *	FE_VEC(int) v = {0};
 *	fe_vec_push(&v, 7);
 *	for (size_t i = 0; i < v.n; i++) use(v.data[i]);
 *	fe_vec_free(&v);
 *
 * A zeroed vector is an empty one. Pushing may move data.
 */
#ifndef FE_VEC_H
#define FE_VEC_H

#include <stddef.h>
#include <stdlib.h>

#define FE_VEC(type)                                                           \
	struct {                                                               \
		type *data; /* n elements, owned */                            \
		size_t n;                                                      \
		size_t cap;                                                    \
	}

/* Grows *data so that it holds at least want elements of the given size. */
void fe_vec_grow(void **data, size_t *cap, size_t want, size_t size);

#define fe_vec_reserve(v, want)                                                \
	((size_t)(want) > (v)->cap                                             \
	     ? fe_vec_grow((void **)&(v)->data, &(v)->cap, (size_t)(want),     \
			   sizeof(*(v)->data))                                 \
	     : (void)0)
#define fe_vec_push(v, ...)                                                    \
	(fe_vec_reserve((v), (v)->n + 1), (v)->data[(v)->n++] = (__VA_ARGS__))
#define fe_vec_free(v)                                                         \
	(free((v)->data), (v)->data = NULL, (v)->n = (v)->cap = 0)

#endif
