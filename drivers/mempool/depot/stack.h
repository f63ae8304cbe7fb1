/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef STACK_H
#define STACK_H

/**
 * @file
 * A stack of magazines that anybody pushes to and pops from, Treiber's (IBM RJ 5118, 1986), of several at once.
 * The top is one word, a position and a tag that every push changes. A position names a magazine and how many
 * pointers are in it, 0: none. So pointers are got from the top magazine by lowering the number, where they lie.
 *
 * What may run together: everything.
 *
 * Invariants:
 * 1. The link and the pointers of a magazine on a stack do not change. Before it is pushed and once it is
 *    popped, whoever has it writes them: late readers fail to swap.
 * 2. No two pushes leave the same tag. So a swap that expects the top that was read succeeds only if no push
 *    came between, and then all that was read below it is as it is on the stack: there is no ABA in 2^30
 *    pushes, and in 2^40 where there are fewer than 4 million pointers.
 */

#include "depot.h"

static inline struct depot_link *
link_of(const struct depot *d, uint32_t index)
{
	return (struct depot_link *)RTE_PTR_ADD(d, d->links) + index;
}

static inline void **
magazine_of(const struct depot *d, uint32_t index)
{
	return RTE_PTR_ADD(d, d->magazines + ((size_t)index << d->magazine_bits) * sizeof(void *));
}

static inline uint64_t
position(const struct depot *d, uint32_t index, uint32_t count)
{
	return (uint64_t)index << (d->magazine_bits + 1) | count;
}

static inline uint32_t
position_index(const struct depot *d, uint64_t position)
{
	return position >> (d->magazine_bits + 1);
}

static inline uint32_t
position_count(const struct depot *d, uint64_t position)
{
	return position & ((2u << d->magazine_bits) - 1);
}

static inline uint64_t
top_position(const struct depot *d, uint64_t top)
{
	return top & ((UINT64_C(1) << d->position_bits) - 1);
}

/** The word of a top at another position, with the same tag. */
static inline uint64_t
top_lowered(const struct depot *d, uint64_t top, uint64_t position)
{
	return top - top_position(d, top) + position;
}

/** The word of a top after a push. */
static inline uint64_t
top_pushed(const struct depot *d, uint64_t top, uint64_t position)
{
	return top_lowered(d, top, position) + (UINT64_C(1) << d->position_bits);
}

/* Links are atomic: a thread that read this magazine as the top, before it was popped, may read them. */

static inline uint64_t
link_next(const struct depot *d, uint32_t index)
{
	return __atomic_load_n(&link_of(d, index)->next, __ATOMIC_RELAXED);
}

static inline void
link_set_next(const struct depot *d, uint32_t index, uint64_t position)
{
	__atomic_store_n(&link_of(d, index)->next, position, __ATOMIC_RELAXED);
}

static inline uint32_t
link_below(const struct depot *d, uint32_t index)
{
	return __atomic_load_n(&link_of(d, index)->below, __ATOMIC_RELAXED);
}

/** Of a magazine that is to be pushed: what is below it. It is with nobody then. */
static inline void
link_set_below(const struct depot *d, uint32_t index, uint32_t below)
{
	/* Release: who reads it by an old top sees a new one then; pairs with the fences in look(), filled_get(). */
	__atomic_store_n(&link_of(d, index)->below, below, __ATOMIC_RELEASE);
	__atomic_store_n(&link_of(d, index)->holder, 0, __ATOMIC_RELAXED);
}

static inline void
link_set_holder(const struct depot *d, uint32_t index, uint32_t process)
{
	__atomic_store_n(&link_of(d, index)->holder, process, __ATOMIC_RELAXED);
}

/** Pointers in a stack whose top is at a position. */
static inline uint64_t
stack_count(const struct depot *d, uint64_t position)
{
	if (position == 0)
		return 0;
	return position_count(d, position) + (uint64_t)link_below(d, position_index(d, position));
}

/** Magazines that a call has to itself, linked by their positions. */
struct chain {
	uint32_t first; /* 0: there are none */
	uint32_t last;
	uint32_t nb;
};

/** Add a magazine at the beginning of a chain of such with so many pointers. */
static inline void
chain_add(const struct depot *d, struct chain *chain, uint32_t index, uint32_t count)
{
	link_set_next(d, index, chain->first != 0 ? position(d, chain->first, count) : 0);
	if (chain->first == 0)
		chain->last = index;
	chain->first = index;
	chain->nb++;
}

/** Take the first magazine of a chain. */
static inline uint32_t
chain_take(const struct depot *d, struct chain *chain)
{
	uint32_t index = chain->first;

	chain->first = --chain->nb > 0 ? position_index(d, link_next(d, index)) : 0;
	return index;
}

/** Push a chain of empty magazines. */
static inline void
empty_push(struct depot *d, uint32_t station, const struct chain *chain)
{
	uint64_t *word = &d->stations[station].empty;
	uint64_t top = __atomic_load_n(word, __ATOMIC_RELAXED);

	do {
		DEPOT_STEP();
		link_set_next(d, chain->last, top_position(d, top));
		/* Release: pairs with the acquires in empty_pop(), for the links; what was read is read. */
	} while (!__atomic_compare_exchange_n(word, &top,
			top_pushed(d, top, position(d, chain->first, 0)), false, __ATOMIC_RELEASE,
			__ATOMIC_RELAXED));
}

/** Pop up to n empty magazines. */
static inline struct chain
empty_pop(struct depot *d, uint32_t station, uint32_t n)
{
	uint64_t *word = &d->stations[station].empty;
	/* Acquire, here and when the swap fails: pairs with the release in empty_push(). */
	uint64_t top = __atomic_load_n(word, __ATOMIC_ACQUIRE), at;
	struct chain chain;

	do {
		DEPOT_STEP();
		at = top_position(d, top);
		chain = (struct chain){ .first = position_index(d, at) };
		for (; chain.nb < n && at != 0; chain.nb++) {
			chain.last = position_index(d, at);
			at = link_next(d, chain.last);
		}
		if (chain.nb == 0)
			return (struct chain){ 0 };
	} while (!__atomic_compare_exchange_n(word, &top,
			top_lowered(d, top, position(d, position_index(d, at), 0)), false,
			__ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE));
	return chain;
}

#endif
