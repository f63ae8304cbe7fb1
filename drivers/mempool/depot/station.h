/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef STATION_H
#define STATION_H

/** @file Where the claimant of a hand has magazines from and where it puts them. */

#include "depot.h"

/** Magazines that are stolen together, if there are twice as many. */
#define STEAL 16

static inline uint32_t *
ring(struct depot *d, uint32_t station, enum depot_kind kind)
{
	return RTE_PTR_ADD(d,
			d->rings + (2 * (size_t)station + kind) * d->ring_size * sizeof(uint32_t));
}

static inline struct stack_link *
links(struct depot *d)
{
	return RTE_PTR_ADD(d, d->links);
}

static inline uint32_t
steal(struct depot *d, uint32_t station, enum depot_kind kind)
{
	return deque_steal(&d->stations[station].deques[kind], ring(d, station, kind),
			d->ring_size - 1);
}

static inline void
stash(struct depot *d, uint32_t station, const struct depot_hand *h, enum depot_kind kind,
		uint32_t index)
{
	if (likely(!h->guest))
		deque_push(&d->stations[station].deques[kind], ring(d, station, kind),
				d->ring_size - 1, index);
	else
		stack_push(&d->stacks[kind], links(d), index);
}

/** Steal from another station, for later too. */
static inline uint32_t
steal_some(struct depot *d, uint32_t from, uint32_t station, const struct depot_hand *h,
		enum depot_kind kind)
{
	uint32_t n = RTE_MIN(deque_count(&d->stations[from].deques[kind]) / 2, (uint32_t)STEAL);
	uint32_t index = steal(d, from, kind), more;

	for (; index != 0 && !h->guest && n > 1; n--) {
		more = steal(d, from, kind);
		if (more == 0)
			break;
		stash(d, station, h, kind, more);
	}
	return index;
}

/** Find a full or an empty magazine. @return its index, 0 if there is none. */
static inline uint32_t
fetch(struct depot *d, uint32_t station, struct depot_hand *h, enum depot_kind kind)
{
	uint32_t index = 0, i, s;

	if (likely(!h->guest))
		index = deque_take(&d->stations[station].deques[kind], ring(d, station, kind),
				d->ring_size - 1);
	if (likely(index != 0))
		return index;
	for (i = 0; i < d->nb_stations; i++) {
		s = (h->hint[kind] + i) & (d->nb_stations - 1);
		if (s == station && !h->guest)
			continue;
		index = steal_some(d, s, station, h, kind);
		if (index != 0) {
			h->hint[kind] = s;
			return index;
		}
	}
	return stack_pop(&d->stacks[kind], links(d));
}

/** Load a magazine in place of one that is now of a kind. */
static inline void
load(struct depot *d, uint32_t station, struct depot_hand *h, enum depot_kind was, uint32_t index,
		uint32_t count)
{
	stash(d, station, h, was, h->loaded);
	h->loaded = index;
	h->count = count;
	h->at_end = count == d->magazine_size;
}

#endif
