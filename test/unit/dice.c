/* SPDX-License-Identifier: BSD-3-Clause */
#include "dice.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_cycles.h>

static uint64_t state;

void
dice_start(void)
{
	const char *env = getenv("MEXT_SEED");

	state = env != NULL ? strtoull(env, NULL, 0) : rte_rdtsc();
	/* Not to stdout: there the first line is cmocka's. */
	fprintf(stderr, "MEXT_SEED=%" PRIu64 "\n", state);
}

/** SplitMix64 (Steele, Lea, Flood 2014): any seed will do. */
static uint64_t
next(void)
{
	uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

unsigned int
dice(unsigned int n)
{
	return next() % n;
}

void
dice_fill(void *bytes, unsigned int n)
{
	unsigned int i, size;
	uint64_t word;

	for (i = 0; i < n; i += size) {
		word = next();
		size = RTE_MIN(n - i, (unsigned int)sizeof(word));
		memcpy((char *)bytes + i, &word, size);
	}
}

unsigned long
dice_steps(unsigned long otherwise)
{
	const char *env = getenv("MEXT_STEPS");

	return env != NULL ? strtoul(env, NULL, 0) : otherwise;
}
