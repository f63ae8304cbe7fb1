/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FILLED_H
#define FILLED_H

/** @file The stack of filled magazines of a station: how pointers are put to and got from it. */

#include "stack.h"

/** What is to be pushed: a chain of full magazines, and pointers fewer than a magazine holds, or as many. */
struct load {
	struct chain full;
	void *const *rest;
	uint32_t nb_rest;
};

/** Let the chain of full magazines lie on what is at a position; pointers below it are counted. @return the top. */
static inline uint64_t
load_link(const struct depot *d, const struct chain *full, uint64_t next, uint64_t *below)
{
	uint64_t nb = *below + (uint64_t)full->nb * d->magazine_size;
	uint32_t i, index;

	if (full->nb == 0)
		return next;
	*below = nb;
	link_set_next(d, full->last, next);
	for (i = 0, index = full->first; i < full->nb; i++) {
		nb -= d->magazine_size;
		link_set_below(d, index, nb);
		index = position_index(d, link_next(d, index));
	}
	return position(d, full->first, d->magazine_size);
}

/**
 * Push a load. The magazine at the top, if it is partly filled, stays the only one that is: a copy of it is filled up,
 * and the full ones go below it.
 *
 * @param extra  an empty magazine
 * @return those that are empty then: one or two, or none
 */
static inline struct chain
filled_push(struct depot *d, uint32_t station, struct load load, uint32_t extra)
{
	const uint32_t size = d->magazine_size;
	uint64_t *word = &d->stations[station].filled;
	/* Acquire, here and when the swap fails: pairs with the release below, in whoever pushed this. */
	uint64_t top = __atomic_load_n(word, __ATOMIC_ACQUIRE), at, next, below;
	struct chain empty = { 0 };
	uint32_t old, count, k;

	for (;;) {
		DEPOT_STEP();
		at = top_position(d, top);
		count = position_count(d, at);
		old = position_index(d, at);
		if (at == 0 || count == size) {
			next = at;
			below = stack_count(d, at);
			old = count = 0;
		} else {
			next = link_next(d, old);
			below = link_below(d, old);
		}
		k = RTE_MIN(size - count, load.nb_rest);
		next = load_link(d, &load.full, next, &below);
		if (count + k > 0) {
			depot_copy(magazine_of(d, extra), magazine_of(d, old), count);
			depot_copy(magazine_of(d, extra) + count, load.rest, k);
			link_set_next(d, extra, next);
			link_set_below(d, extra, below);
			next = position(d, extra, count + k);
		}
		/*
		 * Release: pairs with the acquires of all who load the top, for links and magazines; sequentially
		 * consistent for quota_take().
		 */
		if (unlikely(!__atomic_compare_exchange_n(word, &top, top_pushed(d, top, next),
				    false, __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE)))
			continue;
		load.full.nb = 0;
		load.rest += k;
		load.nb_rest -= k;
		if (load.nb_rest == 0)
			break;
		/* The top was filled up, so the one that it was before is empty. */
		extra = old;
		top = __atomic_load_n(word, __ATOMIC_ACQUIRE);
	}
	if (count + k == 0)
		chain_add(d, &empty, extra, 0); /* only full ones were pushed, onto a full one */
	if (old != 0)
		chain_add(d, &empty, old, 0);
	return empty;
}

/** The pointers of a chain of magazines that were popped, the last ones first: those of the first magazine. */
static inline void
filled_unload(const struct depot *d, uint64_t at, uint32_t nb, void **end, uint32_t process)
{
	uint32_t index, count;

	for (; nb > 0; nb--) {
		index = position_index(d, at);
		count = position_count(d, at);
		link_set_holder(d, index, process);
		end -= count;
		depot_copy(end, magazine_of(d, index), count);
		at = link_next(d, index);
	}
}

/** Where n pointers from the top on end. */
struct cut {
	struct chain whole; /* magazines that are taken whole; not linked anew */
	uint64_t at; /* the position then */
	uint32_t nb; /* pointers from the magazine there, which stays */
};

/** @return false: what was read does not fit together, it was changed meanwhile. */
static inline bool
filled_cut(const struct depot *d, uint64_t at, uint32_t n, struct cut *cut)
{
	uint32_t count;

	*cut = (struct cut){ .whole.first = position_index(d, at), .nb = n };
	for (; cut->nb > 0; cut->whole.nb++) {
		DEPOT_STEP();
		count = position_count(d, at);
		if (at == 0 || count == 0 || count > d->magazine_size)
			return false;
		if (cut->nb < count)
			break;
		cut->nb -= count;
		cut->whole.last = position_index(d, at);
		at = link_next(d, cut->whole.last);
	}
	cut->at = at - cut->nb;
	return true;
}

/**
 * Get n pointers from a station's filled magazines.
 * @return false: at some moment there were fewer; objs is as it was. Otherwise empty has the magazines that they
 *   filled, or none.
 */
static inline bool
filled_get(struct depot *d, uint32_t station, void **objs, uint32_t n, uint32_t process,
		struct chain *empty)
{
	uint64_t *word = &d->stations[station].filled, top, at;
	void *copied[DEPOT_MAGAZINE_MAX];
	struct cut cut;

	for (;;) {
		DEPOT_STEP();
		/* Acquire: pairs with the release in filled_push(). */
		top = __atomic_load_n(word, __ATOMIC_ACQUIRE);
		at = top_position(d, top);
		if (stack_count(d, at) < n) {
			/* Acquire: pairs with the release in link_set_below(). */
			__atomic_thread_fence(__ATOMIC_ACQUIRE);
			if (__atomic_load_n(word, __ATOMIC_RELAXED) == top)
				return false;
			continue;
		}
		if (!filled_cut(d, at, n, &cut))
			continue;
		depot_copy(copied,
				magazine_of(d, position_index(d, cut.at)) +
						position_count(d, cut.at),
				cut.nb);
		/* Release: what was read of magazines that stay was read before they are written again. */
		if (likely(__atomic_compare_exchange_n(word, &top, top_lowered(d, top, cut.at),
				    false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)))
			break;
	}
	filled_unload(d, at, cut.whole.nb, objs + n, process);
	depot_copy(objs, copied, cut.nb);
	*empty = cut.whole;
	return true;
}

#endif
