/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LOOK_H
#define LOOK_H

/** @file A look at all stations at one moment. */

#include <string.h>

#include "stack.h"

/** Looks at all stations before a call gives up, in each of which another call has done a step. */
#define LOOKS_MAX 1000

static inline uint32_t
next_station(const struct depot *d, uint32_t station, uint32_t i)
{
	return (station + i) & (d->nb_stations - 1);
}

/** The words of all stations, and the pointers on shelves and in filled magazines. */
static inline uint64_t
look_once(const struct depot *d, uint64_t words[][4])
{
	uint64_t objs = 0;
	uint32_t s;

	for (s = 0; s < d->nb_stations; s++) {
		const struct depot_station *st = &d->stations[s];

		DEPOT_STEP();
		words[s][0] = __atomic_load_n(&st->shelf, __ATOMIC_ACQUIRE);
		words[s][1] = __atomic_load_n(&st->filled, __ATOMIC_ACQUIRE);
		words[s][2] = __atomic_load_n(&st->shelf_quota, __ATOMIC_ACQUIRE);
		words[s][3] = __atomic_load_n(&st->filled_quota, __ATOMIC_ACQUIRE);
		objs += (words[s][0] & SHELF_COUNT) + stack_count(d, top_position(d, words[s][1]));
	}
	return objs;
}

/**
 * Count what is at all stations. @return whether nothing changed from one look to the second, so that it is so at one
 * moment: every change of a shelf or a stack is to a word that it never had before, but for the tags' wrapping.
 */
static inline bool
look(const struct depot *d, uint64_t *objs)
{
	uint64_t words[DEPOT_STATIONS_MAX][4], again[DEPOT_STATIONS_MAX][4];

	*objs = look_once(d, words);
	/* Acquire: pairs with the release in link_set_below(). */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	look_once(d, again);
	return memcmp(words, again, d->nb_stations * sizeof(words[0])) == 0;
}

#endif
