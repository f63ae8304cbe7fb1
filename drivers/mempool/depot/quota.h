/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef QUOTA_H
#define QUOTA_H

/** @file Quotas: how many pointers a place may hold, and how that goes from one place to another. */

#include "look.h"

static inline uint64_t
filled_count(const struct depot *d, uint32_t station)
{
	return stack_count(d, top_position(d, __atomic_load_n(&d->stations[station].filled,
							      __ATOMIC_SEQ_CST)));
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

/** Take up to n of a place's quota above what it is used for. @return how much. */
static inline uint32_t
quota_take(const struct depot *d, uint32_t station, depot_quota_t *quota, uint32_t n)
{
	depot_quota_t q = __atomic_load_n(quota, __ATOMIC_RELAXED);
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
			quota, &q, q - k, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
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
quota_move(struct depot *d, uint32_t station, depot_quota_t *to, uint32_t n)
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
			k = quota_take(d, s, quotas[j], n - moved);
			/* At once: what a call has that is killed is gone for good. */
			if (k > 0)
				quota_give(to, k);
			moved += k;
		}
	}
	return moved;
}

/**
 * Move quotas to a place until it has enough for n pointers more than are there.
 * @return false: there was a moment at which there was no more at other places, and so many pointers in all.
 */
static inline bool
quota_reach(struct depot *d, uint32_t station, depot_quota_t *quota, uint32_t n, uint64_t *objs)
{
	uint32_t looks, now;
	uint64_t wanted;

	for (looks = 0; looks < LOOKS_MAX; looks++) {
		wanted = quota_used(d, station, quota) + n;
		now = quota_of(quota);
		if (now >= wanted)
			break;
		if (quota_move(d, station, quota, wanted - now) == 0 && look(d, objs))
			return false;
	}
	/* If it never held still: better one too many than one refused. */
	return true;
}

/** The same for what is there already; whoever has quota in hands is told. */
static inline bool
quota_reach_or_tell(struct depot *d, uint32_t station, depot_quota_t *quota)
{
	uint64_t objs;

	if (likely(quota_reach(d, station, quota, 0, &objs)))
		return true;
	/* Sequentially consistent, as giving and the load in quota_mend() are: one of the two sees the other. */
	__atomic_store_n(&d->lacking, 1, __ATOMIC_SEQ_CST);
	return quota_reach(d, station, quota, 0, &objs);
}

/** What a call that moved quotas does last: others may have missed these meanwhile. */
static inline void
quota_mend(struct depot *d)
{
	bool all = true;
	uint32_t s;

	while (all && unlikely(__atomic_load_n(&d->lacking, __ATOMIC_SEQ_CST))) {
		__atomic_store_n(&d->lacking, 0, __ATOMIC_SEQ_CST);
		for (s = 0; s < d->nb_stations; s++) {
			all &= quota_reach_or_tell(d, s, &d->stations[s].filled_quota);
			all &= quota_reach_or_tell(d, s, &d->stations[s].shelf_quota);
		}
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
	uint64_t objs;
	bool reached = quota_reach(d, station, quota, n, &objs);

	quota_mend(d);
	return reached || objs + n <= d->nb_objs;
}

/** See that a place to which pointers were put has the quota for them: another call may have taken it meanwhile. */
static inline void
quota_settle(struct depot *d, uint32_t station, depot_quota_t *quota)
{
	uint64_t used = quota_used(d, station, quota); /* before the quota is looked at */

	if (likely(quota_of(quota) >= used))
		return;
	quota_reach_or_tell(d, station, quota);
	quota_mend(d);
}

#endif
