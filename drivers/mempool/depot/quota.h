/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef QUOTA_H
#define QUOTA_H

/** @file Quotas: how many pointers a place may hold, and how that goes from one place to another. */

#include "look.h"

/** Pointers in the filled magazines of a station, at one moment. */
static inline uint64_t
filled_count(const struct depot *d, uint32_t station)
{
	const uint64_t *word = &d->stations[station].filled;
	uint64_t top, objs;

	do {
		DEPOT_STEP();
		top = __atomic_load_n(word, __ATOMIC_SEQ_CST);
		objs = stack_count(d, top_position(d, top));
		/* Acquire: pairs with the release in link_set_below(). */
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (unlikely(__atomic_load_n(word, __ATOMIC_RELAXED) != top));
	return objs;
}

/** Pointers in the place of a station that has this quota. */
static inline uint64_t
quota_used(const struct depot *d, uint32_t station, const depot_quota_t *quota)
{
	const struct depot_station *st = &d->stations[station];

	if (quota == &st->filled_quota)
		return filled_count(d, station);
	return __atomic_load_n(&st->shelf, __ATOMIC_SEQ_CST) & SHELF_COUNT;
}

static inline void
quota_give(depot_quota_t *quota, uint32_t n)
{
	__atomic_fetch_add(quota, n, __ATOMIC_SEQ_CST);
}

/**
 * Take up to n of a place's quota above what it is used for.
 * @param held  set, if some was in hands, be it that it was given back
 * @return how much.
 */
static inline uint32_t
quota_take(const struct depot *d, uint32_t station, depot_quota_t *quota, uint32_t n, bool *held)
{
	depot_quota_t q = __atomic_load_n(quota, __ATOMIC_SEQ_CST);
	uint64_t used;
	uint32_t k, back;

	do {
		DEPOT_STEP();
		used = quota_used(d, station, quota);
		if (q <= used)
			return 0;
		k = RTE_MIN(n, q - (uint32_t)used);
		/*
		 * Sequentially consistent, as the look then is, and the swap of a put and its look at the
		 * quota then: one of the two sees the other.
		 */
	} while (!__atomic_compare_exchange_n(
			quota, &q, q - k, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	*held = true;
	used = quota_used(d, station, quota);
	if (unlikely(used > q - k)) {
		back = RTE_MIN(k, used - (q - k));
		quota_give(quota, back);
		k -= back;
	}
	return k;
}

/** Move up to n from all other quotas to one, those of the own station first. @return how much. */
static inline uint32_t
quota_move(struct depot *d, uint32_t station, depot_quota_t *to, uint32_t n, bool *held)
{
	uint32_t moved = 0, i, j, k, s;

	for (i = 0; i < d->nb_stations && moved < n; i++) {
		depot_quota_t *quotas[2];

		s = next_station(d, station, i);
		quotas[0] = &d->stations[s].filled_quota;
		quotas[1] = &d->stations[s].shelf_quota;
		for (j = 0; j < RTE_DIM(quotas) && moved < n; j++) {
			if (quotas[j] == to)
				continue;
			k = quota_take(d, s, quotas[j], n - moved, held);
			/* At once: what a call has that is killed is gone for good. */
			if (k > 0)
				quota_give(to, k);
			moved += k;
		}
	}
	return moved;
}

/** Whether a place has the quota for n pointers more than are there. */
static inline bool
quota_is_enough(const struct depot *d, uint32_t station, const depot_quota_t *quota, uint32_t n)
{
	uint64_t used = quota_used(d, station, quota); /* before the quota is looked at */

	return quota_of(quota) >= used + n;
}

/**
 * Move quotas to a place until it has enough for n pointers more than are there.
 * @return false: none was found at other places, and at one moment there were so many pointers in all.
 */
static inline bool
quota_reach(struct depot *d, uint32_t station, depot_quota_t *quota, uint32_t n, uint64_t *objs,
		bool *held)
{
	uint32_t looks, now;
	uint64_t wanted;

	for (looks = 0; looks < LOOKS_MAX; looks++) {
		wanted = quota_used(d, station, quota) + n;
		now = quota_of(quota);
		if (now >= wanted)
			break;
		if (quota_move(d, station, quota, wanted - now, held) == 0 && look(d, objs))
			return false;
	}
	/* If it never held still: better one too many than one refused. */
	return true;
}

/** The same for what is there already; whoever has quota in hands is told. */
static inline bool
quota_reach_or_tell(struct depot *d, uint32_t station, depot_quota_t *quota, bool *held)
{
	uint64_t objs;

	if (quota_is_enough(d, station, quota, 0) || quota_reach(d, station, quota, 0, &objs, held))
		return true;
	/* Sequentially consistent, as giving and the load in quota_mend() are: one of the two sees the other. */
	__atomic_store_n(&d->lacking, 1, __ATOMIC_SEQ_CST);
	return quota_reach(d, station, quota, 0, &objs, held);
}

/** What a call that moved quotas does last: others may have missed these meanwhile. */
static inline void
quota_mend(struct depot *d)
{
	bool held = true, all;
	uint32_t looks, s;

	for (looks = 0; looks < LOOKS_MAX && held; looks++) {
		if (likely(!__atomic_load_n(&d->lacking, __ATOMIC_SEQ_CST)))
			break;
		__atomic_store_n(&d->lacking, 0, __ATOMIC_SEQ_CST);
		held = false;
		all = true;
		/* Where one place finds none, no other one would. */
		for (s = 0; s < d->nb_stations && all; s++)
			all = quota_reach_or_tell(d, s, &d->stations[s].filled_quota, &held) &&
			      quota_reach_or_tell(d, s, &d->stations[s].shelf_quota, &held);
		held |= all;
	}
}

/**
 * See that a place has the quota for n pointers more.
 * @return false: with these there are more than the depot was made for; it is so at one moment, not only in sums
 *   over stations that change meanwhile. If not, but a quota is with a call that stands still, a place may hold
 *   more than its own.
 */
static inline bool
quota_raise(struct depot *d, uint32_t station, depot_quota_t *quota, uint32_t n)
{
	bool held = false, reached;
	uint64_t objs;

	if (quota_is_enough(d, station, quota, n))
		return true;
	reached = quota_reach(d, station, quota, n, &objs, &held);
	quota_mend(d);
	return reached || objs + n <= d->nb_objs;
}

/** See that a place to which pointers were put has the quota for them: another call may have taken it meanwhile. */
static inline void
quota_settle(struct depot *d, uint32_t station, depot_quota_t *quota)
{
	bool held = false;

	if (likely(quota_is_enough(d, station, quota, 0)))
		return;
	quota_reach_or_tell(d, station, quota, &held);
	quota_mend(d);
}

#endif
