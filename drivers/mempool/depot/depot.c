/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <rte_pause.h>

#include "depot.h"
#include "station.h"

/** Tries to put before it is said that there is no room. */
#define PUT_TRIES 1000
/** Tries to get while others have what there is: some microseconds, not the time slice of one. */
#define GET_TRIES 100

/* ---- put ---- */

/** Load a partly filled magazine in place of the full one. */
static bool
load_partial(struct depot *d, uint32_t station, struct depot_hand *h)
{
	uint32_t index = stack_pop(&d->stacks[DEPOT_PARTIAL], links(d));

	if (index == 0)
		return false;
	load(d, station, h, DEPOT_FULL, index, links(d)[index].count);
	return true;
}

/** @return how many were put: fewer only if there are no empty magazines. */
static uint32_t
give(struct depot *d, uint32_t station, struct depot_hand *h, void *const *objs, uint32_t n)
{
	uint32_t given = 0, k, index;

	for (;;) {
		k = RTE_MIN(n - given, d->magazine_size - h->count);
		depot_hand_put(d, h, &objs[given], k);
		given += k;
		if (given == n)
			return n;
		index = fetch(d, station, h, DEPOT_EMPTY);
		if (likely(index != 0))
			load(d, station, h, DEPOT_FULL, index, 0);
		else if (!load_partial(d, station, h))
			return given;
	}
}

/** Put the magazine of a guest away. */
static void
guest_end(struct depot *d, struct depot_hand *guest)
{
	enum depot_kind kind = DEPOT_PARTIAL;
	void **objs = depot_magazine(d, guest->loaded);

	if (guest->count == 0) {
		kind = DEPOT_EMPTY;
	} else if (guest->count == d->magazine_size) {
		kind = DEPOT_FULL;
	} else {
		if (guest->at_end)
			memmove(objs, &objs[d->magazine_size - guest->count],
					guest->count * sizeof(*objs));
		links(d)[guest->loaded].count = guest->count;
	}
	stack_push(&d->stacks[kind], links(d), guest->loaded);
}

/* ---- get ---- */

/** Add a full magazine to a chain of them. */
static void
chain_add(struct depot *d, uint32_t *chain, uint32_t index)
{
	/* Atomic: a thread that read this magazine as the top, before it was popped, may read it. */
	__atomic_store_n(&links(d)[index].next, *chain, __ATOMIC_RELAXED);
	*chain = index;
}

/** Move up to n pointers from another hand. @return how many. */
static uint32_t
pour(struct depot *d, uint32_t station, struct depot_hand *h, struct depot_hand *from, uint64_t n,
		uint32_t *chain)
{
	uint32_t k, index, moved = 0;

	while (moved < n && from->count > 0) {
		if (h->count == d->magazine_size) {
			index = fetch(d, station, h, DEPOT_EMPTY);
			if (index == 0)
				break;
			chain_add(d, chain, h->loaded);
			h->loaded = index;
			h->count = 0;
			h->at_end = false;
		}
		k = RTE_MIN(n - moved, RTE_MIN(from->count, d->magazine_size - h->count));
		depot_hand_put(d, h, depot_hand_top(d, from, k), k);
		from->count -= k;
		moved += k;
	}
	return moved;
}

/** Move what a partly filled magazine has, or load it: that needs no empty one. @return how many. */
static uint32_t
gather_partial(struct depot *d, uint32_t station, struct depot_hand *h, uint32_t *chain)
{
	struct depot_hand partial = { .loaded = stack_pop(&d->stacks[DEPOT_PARTIAL], links(d)) };
	uint32_t count, k;

	if (partial.loaded == 0)
		return 0;
	count = partial.count = links(d)[partial.loaded].count;
	k = RTE_MIN(count, d->magazine_size - h->count);
	depot_hand_put(d, h, depot_hand_top(d, &partial, k), k);
	partial.count -= k;
	if (partial.count == 0) {
		stash(d, station, h, DEPOT_EMPTY, partial.loaded);
	} else {
		chain_add(d, chain, h->loaded);
		h->loaded = partial.loaded;
		h->count = partial.count;
		h->at_end = false;
	}
	return count;
}

/**
 * Find n pointers where no full magazines are: in partly filled ones, then in the hands of others.
 * By then no magazine is partly filled but those in hands, so there are empty ones.
 */
static bool
gather_rest(struct depot *d, uint32_t station, struct depot_hand *h, uint64_t n, uint32_t *chain)
{
	uint64_t have = 0;
	uint32_t s, k;

	do {
		k = gather_partial(d, station, h, chain);
		have += k;
	} while (k > 0 && have < n);
	for (s = 0; s < d->nb_stations && have < n; s++) {
		struct depot_hand *other = &d->stations[s].hand;

		if (__atomic_load_n(&other->claimed, __ATOMIC_RELAXED) != 0 || !depot_claim(other))
			continue;
		have += pour(d, station, h, other, n - have, chain);
		depot_let_go(other);
	}
	return have >= n;
}

/** Find n pointers: in the loaded magazine, and in a chain of full ones. */
static bool
gather(struct depot *d, uint32_t station, struct depot_hand *h, uint64_t n, uint32_t *chain)
{
	uint64_t have = h->count;
	uint32_t index;

	for (; have < n; have += d->magazine_size) {
		index = fetch(d, station, h, DEPOT_FULL);
		if (unlikely(index == 0))
			break;
		chain_add(d, chain, index);
	}
	if (likely(have >= n))
		return true;
	return mextp_depot_count(d) >= n && gather_rest(d, station, h, n - have, chain);
}

/** Copy out what was gathered. */
static void
take(struct depot *d, uint32_t station, struct depot_hand *h, uint32_t chain, void **objs,
		uint32_t n)
{
	uint32_t taken = 0, k, index;

	for (;;) {
		k = RTE_MIN(n - taken, h->count);
		depot_hand_get(d, h, &objs[taken], k);
		taken += k;
		if (taken == n)
			return;
		index = chain;
		chain = links(d)[index].next;
		load(d, station, h, DEPOT_EMPTY, index, d->magazine_size);
	}
}

/* ---- hands ---- */

/** Claim the hand of another station. @return NULL: all are claimed. */
static struct depot_hand *
claim_other(struct depot *d, uint32_t *station)
{
	uint32_t i, s;

	for (i = 1; i < d->nb_stations; i++) {
		struct depot_hand *h;

		s = (*station + i) & (d->nb_stations - 1);
		h = &d->stations[s].hand;
		if (__atomic_load_n(&h->claimed, __ATOMIC_RELAXED) == 0 && depot_claim(h)) {
			*station = s;
			return h;
		}
	}
	return NULL;
}

/** A hand for one call. @return false: no magazine is left for it, there are too many guests. */
static bool
guest_begin(struct depot *d, uint32_t station, struct depot_hand *guest)
{
	memset(guest, 0, sizeof(*guest));
	guest->guest = true;
	guest->loaded = stack_pop(&d->stacks[DEPOT_PARTIAL], links(d));
	if (guest->loaded != 0) {
		guest->count = links(d)[guest->loaded].count;
		return true;
	}
	guest->loaded = fetch(d, station, guest, DEPOT_EMPTY);
	if (unlikely(guest->loaded == 0)) {
		guest->loaded = fetch(d, station, guest, DEPOT_FULL);
		guest->count = d->magazine_size;
		guest->at_end = true;
	}
	return guest->loaded != 0;
}

/** Any hand but the station's own, which is claimed. @return NULL: there are too many guests. */
static struct depot_hand *
find_hand(struct depot *d, uint32_t *station, struct depot_hand *guest)
{
	struct depot_hand *h = claim_other(d, station);

	if (h == NULL && guest_begin(d, *station, guest))
		h = guest;
	return h;
}

/** The end of a call that put so many more than it got. */
static void
let_go(struct depot *d, struct depot_hand *h, uint64_t net)
{
	if (h->guest) {
		__atomic_fetch_add(&d->net, net, __ATOMIC_RELAXED);
		guest_end(d, h);
	} else {
		depot_account(h, net);
		depot_let_go(h);
	}
}

__rte_noinline int
mextp_depot_put_more(struct depot *d, uint32_t station, struct depot_hand *h, void *const *objs,
		uint32_t n)
{
	struct depot_hand guest;
	uint32_t given = 0, tries = 0;

	while (given < n) {
		if (h == NULL)
			h = find_hand(d, &station, &guest);
		if (h != NULL)
			given += give(d, station, h, &objs[given], n - given);
		/* Magazines run out only if there are too many pointers, or many threads inside. */
		if (unlikely(given < n)) {
			if (mextp_depot_count(d) + (uint64_t)n > d->nb_objs)
				tries++;
			else
				tries = 0; /* the count may be too high while others get and put */
			if (tries > PUT_TRIES)
				break;
			rte_pause();
		}
	}
	if (h != NULL)
		let_go(d, h, given);
	return given == n ? 0 : -ENOBUFS;
}

/** depot_get() with a hand. */
static bool
get_with(struct depot *d, uint32_t station, struct depot_hand *h, void **objs, uint32_t n)
{
	uint32_t chain = 0, index;
	bool found = n <= d->nb_objs && gather(d, station, h, n, &chain);

	if (likely(found)) {
		take(d, station, h, chain, objs, n);
	} else {
		while (chain != 0) {
			index = chain;
			chain = links(d)[index].next;
			stash(d, station, h, DEPOT_FULL, index);
		}
	}
	let_go(d, h, found ? -(uint64_t)n : 0);
	return found;
}

__rte_noinline int
mextp_depot_get_more(
		struct depot *d, uint32_t station, struct depot_hand *h, void **objs, uint32_t n)
{
	struct depot_hand guest;
	uint32_t s, tries;

	for (tries = 0; tries < GET_TRIES; tries++) {
		s = station;
		if (h == NULL)
			h = find_hand(d, &s, &guest);
		if (likely(h != NULL && get_with(d, s, h, objs, n)))
			return 0;
		/* Who has them is in the middle of a call, as a rule for less than a microsecond. */
		if (mextp_depot_count(d) < n)
			break;
		h = NULL;
		rte_pause();
	}
	return -ENOBUFS;
}

uint32_t
mextp_depot_count(const struct depot *d)
{
	uint64_t net = __atomic_load_n(&d->net, __ATOMIC_RELAXED);
	uint32_t s;

	for (s = 0; s < d->nb_stations; s++)
		net += __atomic_load_n(&d->stations[s].hand.net, __ATOMIC_RELAXED);
	/* In the middle of calls one of a get and a put of the same pointer may be seen, not the other. */
	return (int64_t)net < 0 ? 0 : RTE_MIN(net, (uint64_t)d->nb_objs);
}
