/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MAGAZINES_H
#define MAGAZINES_H

/** @file The empty magazines of all stations: how a call takes some and returns them. */

#include <pthread.h>
#include <unistd.h>

#include "look.h"

static uint32_t process;

static inline void
forget_process(void)
{
	process = 0;
}

/** The number of this process; a fork is another one. */
static inline uint32_t
this_process(void)
{
	static uint32_t watched;

	if (unlikely(process == 0)) {
		if (__atomic_exchange_n(&watched, 1, __ATOMIC_RELAXED) == 0)
			pthread_atfork(NULL, NULL, forget_process);
		__atomic_store_n(&process, (uint32_t)getpid(), __ATOMIC_RELAXED);
	}
	return __atomic_load_n(&process, __ATOMIC_RELAXED);
}

/** Return magazines to a station. */
static inline void
give_magazines(struct depot *d, uint32_t station, const struct chain *chain)
{
	uint32_t i, index;

	if (chain->nb == 0)
		return;
	for (i = 0, index = chain->first; i < chain->nb; i++) {
		link_set_holder(d, index, 0);
		index = position_index(d, link_next(d, index));
	}
	empty_push(d, station, chain);
}

/** Move all of a chain to another one. */
static inline void
chain_join(const struct depot *d, struct chain *to, const struct chain *from)
{
	if (from->nb == 0)
		return;
	link_set_next(d, from->last, to->first != 0 ? position(d, to->first, 0) : 0);
	if (to->first == 0)
		to->last = from->last;
	to->first = from->first;
	to->nb += from->nb;
}

/** Sum of all pushes of empty magazines: it tells whether any was pushed in between. */
static inline uint64_t
empty_pushes(const struct depot *d)
{
	uint64_t sum = 0;
	uint32_t s;

	for (s = 0; s < d->nb_stations; s++) {
		DEPOT_STEP();
		sum += __atomic_load_n(&d->stations[s].empty, __ATOMIC_ACQUIRE) >> d->position_bits;
	}
	return sum;
}

/** Take n empty magazines, of the own station first. @return false: there are not so many, none was taken. */
static inline bool
take_magazines(struct depot *d, uint32_t station, uint32_t n, struct chain *chain)
{
	uint64_t pushes, before = 0;
	uint32_t i, index, looks;
	struct chain more;

	*chain = empty_pop(d, station, n);
	for (looks = 0; unlikely(chain->nb < n) && looks < LOOKS_MAX; looks++) {
		/* None anywhere, twice, and no push between: there was a moment at which there was none. */
		pushes = empty_pushes(d);
		if (looks > 0 && pushes == before)
			break;
		before = pushes;
		for (i = 0; i < d->nb_stations && chain->nb < n; i++) {
			more = empty_pop(d, next_station(d, station, i), n - chain->nb);
			chain_join(d, chain, &more);
		}
	}
	for (i = 0, index = chain->first; i < chain->nb; i++) {
		link_set_holder(d, index, this_process());
		index = position_index(d, link_next(d, index));
	}
	if (likely(chain->nb == n))
		return true;
	give_magazines(d, station, chain);
	return false;
}

#endif
