/* Vectors: growth by doubling. */
#include "base/vec.h"

#include <stdint.h>

#include "base/arena.h"

void fe_vec_grow(void **data, size_t *cap, size_t want, size_t size)
{
	size_t n = *cap ? *cap : 8;

	while (n < want)
		n = n > SIZE_MAX / 2 ? want : n * 2;
	if (n > SIZE_MAX / size)
		abort();
	*data = fe_realloc(*data, n * size);
	*cap = n;
}
