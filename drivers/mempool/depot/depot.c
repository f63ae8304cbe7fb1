/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <signal.h>

#include "depot.h"
#include "filled.h"
#include "gather.h"
#include "look.h"
#include "magazines.h"
#include "quota.h"

struct depot_missing
mextp_depot_missing(const struct depot *d)
{
	struct depot_missing missing = { .nb = d->nb_magazines };
	uint32_t index, holder, s;

	for (s = 0; s < d->nb_stations; s++)
		missing.nb -= (filled_count(d, s) + d->magazine_size - 1) >> d->magazine_bits;
	for (index = 1; index <= d->nb_magazines; index++) {
		holder = __atomic_load_n(&link_of(d, index)->holder, __ATOMIC_RELAXED);
		if (holder == 0)
			continue;
		if (kill((pid_t)holder, 0) < 0 && errno == ESRCH)
			missing.nb_gone++;
		else
			missing.nb_here++;
	}
	return missing;
}

uint32_t
mextp_depot_count(const struct depot *d)
{
	uint64_t words[DEPOT_STATIONS_MAX][4];

	/* In the middle of calls a pointer that goes from one station to another may be seen at both. */
	return RTE_MIN(look_once(d, words), (uint64_t)d->nb_objs);
}

/* ---- put ---- */

__rte_noinline void
mextp_depot_settle_shelf(struct depot *d, uint32_t station)
{
	quota_settle(d, station, &d->stations[station].shelf_quota);
}

/**
 * Put the last on_shelf pointers to the shelf of a station, which has room, and the others to its filled magazines.
 * @return 0, -ENOBUFS: there are too few magazines, -EAGAIN: the shelf does not take them; nothing was put.
 */
static int
put_filled(struct depot *d, uint32_t station, void *const *objs, uint32_t n, uint32_t on_shelf)
{
	const uint32_t size = d->magazine_size, nb_full = (n - on_shelf) >> d->magazine_bits;
	struct load load = { .rest = &objs[nb_full * size] };
	struct chain chain;
	uint32_t extra, i, index;

	/* One more than the full ones: for the rest, or for what is partly filled there. */
	if (unlikely(!take_magazines(d, station, nb_full + 1, &chain)))
		return -ENOBUFS;
	if (on_shelf > 0 && unlikely(!shelf_put(d, station, &objs[n - on_shelf], on_shelf))) {
		give_magazines(d, station, &chain);
		return -EAGAIN;
	}
	load.nb_rest = n - on_shelf - nb_full * size;
	extra = chain_take(d, &chain);
	for (i = 0; i < nb_full; i++) {
		index = chain_take(d, &chain);
		depot_copy(magazine_of(d, index), &objs[i * size], size);
		chain_add(d, &load.full, index, size);
	}
	chain = filled_push(d, station, load, extra);
	quota_settle(d, station, &d->stations[station].filled_quota);
	give_magazines(d, station, &chain);
	return 0;
}

/** Whether a station may take n pointers, so many of them on its shelf; quotas are moved. */
static bool
raise_quotas(struct depot *d, uint32_t station, uint32_t n, uint32_t on_shelf)
{
	depot_quota_t *filled = &d->stations[station].filled_quota;
	depot_quota_t *shelf = &d->stations[station].shelf_quota;

	if (on_shelf == n)
		return quota_raise(d, station, shelf, n);
	if (on_shelf == 0 || (quota_is_enough(d, station, shelf, on_shelf) &&
					     quota_is_enough(d, station, filled, n - on_shelf)))
		return quota_raise(d, station, filled, n - on_shelf);
	/* All to one place, so that one look decides on all, and the shelf's part from there. */
	return quota_raise(d, station, filled, n) && quota_raise(d, station, shelf, on_shelf);
}

/** As much onto the shelf as fits: few calls need magazines then. @return as depot_put() */
static int
put_here(struct depot *d, uint32_t station, void *const *objs, uint32_t n)
{
	const uint64_t w = __atomic_load_n(&d->stations[station].shelf, __ATOMIC_RELAXED);
	uint32_t room = 0;
	int ret = -EAGAIN;

	if (likely((w & SHELF_CLAIMED) == 0))
		room = RTE_MIN(n, d->shelf_size - (uint32_t)(w & SHELF_COUNT));
	if (!raise_quotas(d, station, n, room))
		return -EDQUOT;
	if (room == n && shelf_put(d, station, objs, n))
		return 0;
	if (room < n)
		ret = put_filled(d, station, objs, n, room);
	if (likely(ret != -EAGAIN))
		return ret;
	/* Another one uses the shelf, or its quota is with a call that stands still. */
	if (!raise_quotas(d, station, n, 0))
		return -EDQUOT;
	return put_filled(d, station, objs, n, 0);
}

__rte_noinline int
mextp_depot_put_more(struct depot *d, uint32_t station, void *const *objs, uint32_t n)
{
	int ret;

	if (n == 0)
		return 0;
	ret = likely(n <= d->nb_objs) ? put_here(d, station, objs, n) : -EDQUOT;
	if (unlikely(ret < 0))
		__atomic_fetch_add(ret == -EDQUOT ? &d->refused.twice : &d->refused.no_magazine, n,
				__ATOMIC_RELAXED);
	return ret;
}

/* ---- get ---- */

static bool
get_filled(struct depot *d, uint32_t station, void **objs, uint32_t n)
{
	struct chain empty;

	if (!filled_get(d, station, objs, n, this_process(), &empty))
		return false;
	give_magazines(d, station, &empty);
	return true;
}

/**
 * Get what is on the shelf of a station, and the rest from its filled magazines. The shelf is claimed until it is
 * certain that there is the rest, so that the pointers stay where they are, to be published again if not.
 */
static bool
get_both(struct depot *d, uint32_t station, void **objs, uint32_t n)
{
	struct depot_station *st = &d->stations[station];
	void **slots = shelf_slots(d, station);
	/* Acquire, as in shelf_get(). */
	uint64_t w = __atomic_load_n(&st->shelf, __ATOMIC_ACQUIRE), new;
	const uint32_t count = w & SHELF_COUNT, k = RTE_MIN(count, n);
	bool got;

	if ((w & SHELF_CLAIMED) != 0 || k == 0 || filled_count(d, station) < n - k)
		return false;
	new = w - k + SHELF_TAG_ONE + SHELF_CLAIMED;
	/* Acquire, as in shelf_put(): the slots are read behind it. */
	if (unlikely(!__atomic_compare_exchange_n(
			    &st->shelf, &w, new, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
		return false;
	got = k == n || get_filled(d, station, objs, n - k);
	if (likely(got))
		depot_copy(objs + n - k, &slots[count - k], k);
	shelf_publish(&st->shelf, new, slots, count - k, got ? 0 : k);
	if (!got)
		quota_settle(d, station, &st->shelf_quota);
	return got;
}

/** Get all from the own station's filled magazines, or from another one. */
static bool
get_at_one(struct depot *d, uint32_t station, void **objs, uint32_t n)
{
	uint32_t *hint = &d->stations[station].hint;
	uint32_t first = __atomic_load_n(hint, __ATOMIC_RELAXED), i, s;

	if (get_both(d, station, objs, n) || get_filled(d, station, objs, n))
		return true;
	for (i = 0; i < d->nb_stations; i++) {
		s = next_station(d, first, i);
		if (!shelf_get(d, s, objs, n, SHELF_COPY_MANY) && !get_filled(d, s, objs, n))
			continue;
		if (i > 0)
			__atomic_store_n(hint, s, __ATOMIC_RELAXED);
		return true;
	}
	return false;
}

__rte_noinline int
mextp_depot_get_more(struct depot *d, uint32_t station, void **objs, uint32_t n)
{
	uint32_t looks;
	bool one_moment;
	uint64_t there;

	if (unlikely(n > d->nb_objs))
		return -ENOBUFS;
	for (looks = 0; looks < LOOKS_MAX; looks++) {
		if (likely(get_at_one(d, station, objs, n)))
			return 0;
		one_moment = look(d, &there);
		if (there >= n)
			return get_by_gathering(d, station, objs, n);
		if (one_moment)
			break;
	}
	return -ENOBUFS;
}
