/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GATHER_H
#define GATHER_H

/** @file Getting from several stations, as none has enough. */

#include <errno.h>

#include "filled.h"
#include "magazines.h"
#include "quota.h"

/** What a call has got so far. */
struct gathered {
	uint32_t station;
	uint32_t nb; /* pointers in all */
	struct chain full; /* magazines */
	uint32_t nb_loose; /* fewer than a magazine holds, but for a moment */
	void *loose[2 * DEPOT_MAGAZINE_MAX];
};

/** Fill a magazine with loose pointers, and return it to where it comes from if they are too few. */
static inline void
gather_into(struct depot *d, struct gathered *g, uint32_t index, uint32_t station)
{
	const uint32_t size = d->magazine_size;
	struct chain chain = { 0 };

	if (g->nb_loose >= size) {
		g->nb_loose -= size;
		depot_copy(magazine_of(d, index), &g->loose[g->nb_loose], size);
		chain_add(d, &g->full, index, size);
	} else {
		chain_add(d, &chain, index, 0);
		give_magazines(d, station, &chain);
	}
}

/** Fill a magazine once there are enough loose pointers for one. @return false: there is no magazine. */
static inline bool
gather_pack(struct depot *d, struct gathered *g)
{
	struct chain chain;

	if (g->nb_loose < d->magazine_size)
		return true;
	if (!take_magazines(d, g->station, 1, &chain))
		return false;
	gather_into(d, g, chain.first, g->station);
	return true;
}

static inline bool
gather_shelf(struct depot *d, uint32_t station, struct gathered *g, uint32_t n)
{
	struct depot_station *st = &d->stations[station];
	void **slots = shelf_slots(d, station);
	/* Acquire, here and when the swap fails: as in shelf_get(). */
	uint64_t w = __atomic_load_n(&st->shelf, __ATOMIC_ACQUIRE);
	uint32_t count, k;

	for (;;) {
		DEPOT_STEP();
		count = w & SHELF_COUNT;
		k = RTE_MIN(RTE_MIN(count, n - g->nb), d->magazine_size);
		if (k == 0)
			return true;
		depot_copy(&g->loose[g->nb_loose], &slots[count - k], k);
		/* Release: as in shelf_get(). */
		if (!__atomic_compare_exchange_n(&st->shelf, &w, w - k, false, __ATOMIC_ACQ_REL,
				    __ATOMIC_ACQUIRE))
			continue;
		g->nb_loose += k;
		g->nb += k;
		if (!gather_pack(d, g))
			return false;
		w = __atomic_load_n(&st->shelf, __ATOMIC_ACQUIRE);
	}
}

static inline bool
gather_filled(struct depot *d, uint32_t station, struct gathered *g, uint32_t n)
{
	const uint32_t size = d->magazine_size;
	uint64_t *word = &d->stations[station].filled;
	/* Acquire, here and when the swap fails: as in filled_get(). */
	uint64_t top = __atomic_load_n(word, __ATOMIC_ACQUIRE), at;
	uint32_t index, count, k;

	while (g->nb < n) {
		DEPOT_STEP();
		at = top_position(d, top);
		if (at == 0)
			return true;
		index = position_index(d, at);
		count = position_count(d, at);
		k = RTE_MIN(count, n - g->nb);
		if (k < size)
			depot_copy(&g->loose[g->nb_loose], magazine_of(d, index) + count - k, k);
		at = k < count ? at - k : link_next(d, index);
		if (!__atomic_compare_exchange_n(word, &top, top_lowered(d, top, at), false,
				    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			continue;
		g->nb += k;
		if (k == count)
			link_set_holder(d, index, this_process());
		if (k == size) {
			chain_add(d, &g->full, index, size);
		} else {
			g->nb_loose += k;
			if (k == count)
				gather_into(d, g, index, station);
			else if (!gather_pack(d, g))
				return false;
		}
		top = __atomic_load_n(word, __ATOMIC_ACQUIRE);
	}
	return true;
}

/** Put loose pointers back on shelves, which needs no magazine, as far as these have room. */
static inline void
gather_undo_loose(struct depot *d, struct gathered *g)
{
	struct depot_station *st;
	uint32_t i, s, k;
	uint64_t w;

	for (i = 0; i < d->nb_stations && g->nb_loose > 0; i++) {
		s = next_station(d, g->station, i);
		st = &d->stations[s];
		w = __atomic_load_n(&st->shelf, __ATOMIC_RELAXED);
		k = RTE_MIN(d->shelf_size - (uint32_t)(w & SHELF_COUNT), g->nb_loose);
		if (k > 0 && (w & SHELF_CLAIMED) == 0 && quota_raise(d, s, &st->shelf_quota, k) &&
				shelf_put(d, s, &g->loose[g->nb_loose - k], k))
			g->nb_loose -= k;
	}
}

/** Put back what was gathered, as it was not enough. */
static inline void
gather_undo(struct depot *d, struct gathered *g)
{
	struct load load = { 0 };
	struct chain chain;
	uint32_t extra;

	if (g->nb == 0)
		return;
	if (likely(gather_pack(d, g) && take_magazines(d, g->station, 1, &chain))) {
		extra = chain.first;
		load = (struct load){ .full = g->full, .rest = g->loose, .nb_rest = g->nb_loose };
	} else {
		gather_undo_loose(d, g);
		/* As when a put finds no magazine; but what fills a magazine already needs none. */
		__atomic_fetch_add(&d->refused.no_magazine, g->nb_loose, __ATOMIC_RELAXED);
		if (g->full.nb == 0)
			return;
		extra = chain_take(d, &g->full);
		load = (struct load){
			.full = g->full, .rest = g->loose, .nb_rest = d->magazine_size
		};
		depot_copy(g->loose, magazine_of(d, extra), load.nb_rest);
	}
	chain = filled_push(d, g->station, load, extra);
	quota_settle(d, g->station, &d->stations[g->station].filled_quota);
	give_magazines(d, g->station, &chain);
}

/**
 * Take what there is at all stations, until it is enough, or there was a moment at which all were empty.
 * @return 0; -ENOBUFS: it was not enough, or there is no magazine for it.
 */
static inline int
get_by_gathering(struct depot *d, uint32_t station, void **objs, uint32_t n)
{
	struct gathered g = { .station = station };
	uint32_t looks, i, s;
	bool able = true;
	uint64_t there;

	for (looks = 0; looks < LOOKS_MAX && able && g.nb < n; looks++) {
		for (i = 0; i < d->nb_stations && able && g.nb < n; i++) {
			s = next_station(d, station, i);
			able = gather_filled(d, s, &g, n) && gather_shelf(d, s, &g, n);
		}
		if (g.nb < n && look(d, &there) && there < n - g.nb)
			break;
	}
	if (g.nb < n) {
		gather_undo(d, &g);
		return -ENOBUFS;
	}
	depot_copy(objs, g.loose, g.nb_loose);
	filled_unload(d, position(d, g.full.first, d->magazine_size), g.full.nb, objs + n,
			this_process());
	give_magazines(d, station, &g.full);
	return 0;
}

#endif
