/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef QUOTA_H
#define QUOTA_H

/** @file Quotas: how many pointers a place may hold, and how that goes from one place to another. */

#include "look.h"

/** Take up to n of a quota above what is there already. @return how much. */
static inline uint32_t
quota_take(depot_quota_t *quota, uint64_t objs, uint32_t n)
{
	depot_quota_t q = __atomic_load_n(quota, __ATOMIC_RELAXED);
	uint32_t k;

	do {
		DEPOT_STEP();
		if (q <= objs)
			return 0;
		k = RTE_MIN(n, q - (uint32_t)objs);
	} while (!__atomic_compare_exchange_n(
			quota, &q, q - k, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return k;
}

static inline void
quota_give(depot_quota_t *quota, uint32_t n)
{
	__atomic_fetch_add(quota, n, __ATOMIC_RELAXED);
}

static inline uint64_t
filled_count(const struct depot *d, uint32_t station)
{
	return stack_count(d, top_position(d, __atomic_load_n(&d->stations[station].filled,
							      __ATOMIC_ACQUIRE)));
}

/** Move up to n from all other quotas to one, those of the own station first. @return how much. */
static inline uint32_t
quota_move(struct depot *d, uint32_t station, depot_quota_t *to, uint32_t n)
{
	uint32_t moved = 0, i, k, s;

	for (i = 0; i < d->nb_stations && moved < n; i++) {
		struct depot_station *st;

		s = next_station(d, station, i);
		st = &d->stations[s];
		k = 0;
		if (to != &st->filled_quota)
			k = quota_take(&st->filled_quota, filled_count(d, s), n - moved);
		if (to != &st->shelf_quota && moved + k < n)
			k += quota_take(&st->shelf_quota,
					__atomic_load_n(&st->shelf, __ATOMIC_RELAXED) & SHELF_COUNT,
					n - moved - k);
		/* At once: what a call has that is killed is gone for good. */
		if (k > 0)
			quota_give(to, k);
		moved += k;
	}
	return moved;
}

/**
 * See that a quota is at least wanted, as n are to be put. @return false: with these there are more than the depot was
 * made for; it is so at one moment, not only in sums over stations that change meanwhile. If not, but a quota is
 * with a call that stands still, a place may hold more than its own.
 */
static inline bool
quota_raise(struct depot *d, uint32_t station, depot_quota_t *quota, uint64_t wanted, uint32_t n)
{
	uint32_t looks, now;
	uint64_t objs;

	for (looks = 0; looks < LOOKS_MAX; looks++) {
		now = quota_of(quota); /* once: others raise it too */
		if (now >= wanted)
			break;
		if (quota_move(d, station, quota, wanted - now) == 0 && look(d, &objs))
			return objs + n <= d->nb_objs;
	}
	/* If it never held still: better one too many than one refused. */
	return true;
}

#endif
