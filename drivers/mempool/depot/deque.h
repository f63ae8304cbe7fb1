/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DEQUE_H
#define DEQUE_H

/**
 * @file
 * A deque of magazine indexes: its owner pushes and takes at the bottom, anybody else steals at the
 * top, what was pushed longest ago. Nobody waits: an owner that is preempted withholds at most the
 * one it is taking, a thief none.
 *
 * The algorithm is that of Chase and Lev, "Dynamic circular work-stealing deque", SPAA 2005, with a
 * ring that holds all there is and therefore never grows; the orders are those of Le, Pop, Cohen
 * and Zappa Nardelli, "Correct and efficient work-stealing for weak memory models", PPoPP 2013,
 * with sequentially consistent accesses in place of fences.
 *
 * What may run together: steals with everything; push and take only one at a time, each after the
 * one before it (in the depot: by the claimant of the hand).
 *
 * Invariants:
 * 1. The indexes are in the slots top .. bottom - 1, both modulo the size of the ring.
 * 2. top only grows, and by one each time, so a thief's compare-and-swap succeeds only if nobody
 *    took what it has read: there is no ABA in 2^64 steals.
 * 3. A slot from top on is not written again before top has passed it: the ring holds more than
 *    there are magazines.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>

/** The two ends, each on a line of its own: of the owner, and of the thieves. */
struct deque {
	uint64_t bottom __rte_cache_aligned;
	uint64_t top __rte_cache_aligned;
};

/** Owner: push an index. slots has mask + 1 entries, more than there can be indexes. */
static inline void
deque_push(struct deque *q, uint32_t *slots, uint32_t mask, uint32_t index)
{
	/* Relaxed: owners come one after the other, ordered by what makes them so. */
	uint64_t b = __atomic_load_n(&q->bottom, __ATOMIC_RELAXED);

	__atomic_store_n(&slots[b & mask], index, __ATOMIC_RELAXED);
	/* Release: pairs with the load of bottom in deque_steal(), for the slot and the magazine. */
	__atomic_store_n(&q->bottom, b + 1, __ATOMIC_RELEASE);
}

/** Owner: take the index pushed last. @return it, 0 if there is none. */
static inline uint32_t
deque_take(struct deque *q, uint32_t *slots, uint32_t mask)
{
	uint64_t b = __atomic_load_n(&q->bottom, __ATOMIC_RELAXED), t;
	uint32_t index;

	/* Relaxed: top only grows, so this can at most say that there is one when there is none. */
	if (b == __atomic_load_n(&q->top, __ATOMIC_RELAXED))
		return 0;
	b--;
	/*
	 * Sequentially consistent, both, and so are the two loads in deque_steal(): either this load
	 * sees that a thief has moved top, or the thief's next load sees the new bottom.
	 */
	__atomic_store_n(&q->bottom, b, __ATOMIC_SEQ_CST);
	t = __atomic_load_n(&q->top, __ATOMIC_SEQ_CST);
	index = __atomic_load_n(&slots[b & mask], __ATOMIC_RELAXED);
	if (t < b)
		return index;
	/* The last one, or gone: whoever moves top has it. */
	if (t > b || !__atomic_compare_exchange_n(
				     &q->top, &t, t + 1, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		index = 0;
	/* Release: as in deque_push(), a thief may read any slot below. */
	__atomic_store_n(&q->bottom, b + 1, __ATOMIC_RELEASE);
	return index;
}

/** Anybody: steal the index pushed first. @return it, 0 if there is none. */
static inline uint32_t
deque_steal(struct deque *q, const uint32_t *slots, uint32_t mask)
{
	uint64_t t, b;
	uint32_t index;

	do {
		t = __atomic_load_n(&q->top, __ATOMIC_SEQ_CST);
		/* Also acquires: pairs with the releases of bottom. */
		b = __atomic_load_n(&q->bottom, __ATOMIC_SEQ_CST);
		if (t >= b)
			return 0;
		index = __atomic_load_n(&slots[t & mask], __ATOMIC_RELAXED);
		/* Fails only if another thief, or the owner, has taken this one: somebody advances. */
	} while (!__atomic_compare_exchange_n(
			&q->top, &t, t + 1, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
	return index;
}

/** How many there are, at some moment: for decisions that need not be right. */
static inline uint32_t
deque_count(const struct deque *q)
{
	uint64_t b = __atomic_load_n(&q->bottom, __ATOMIC_RELAXED);
	uint64_t t = __atomic_load_n(&q->top, __ATOMIC_RELAXED);

	return t < b ? b - t : 0;
}

#endif
