/*
 * A small deterministic random generator (SplitMix64) for traffic and tests:
 * the same seed gives the same sequence on every machine. Not for secrets.
 */
#ifndef FE_RNG_H
#define FE_RNG_H

#include <stdint.h>

struct fe_rng {
	uint64_t state; /* the seed at first */
};

static inline uint64_t fe_rng_next(struct fe_rng *rng)
{
	uint64_t z = (rng->state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* A number in 0 .. n - 1; n must not be 0. */
static inline uint32_t fe_rng_below(struct fe_rng *rng, uint32_t n)
{
	return (uint32_t)(((fe_rng_next(rng) >> 32) * n) >> 32);
}

#endif
