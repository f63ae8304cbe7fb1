/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef STACK_H
#define STACK_H

/**
 * @file
 * A stack of magazine indexes that anybody pushes to and pops from: Treiber's (IBM RJ 5118, 1986).
 * The top is one word, an index and a tag that every push changes. Nobody waits.
 *
 * What may run together: everything.
 *
 * Invariants:
 * 1. The link of a magazine on the stack never changes. Before it is pushed and once it is popped,
 *    whoever has it writes the link, by atomic stores: late readers in stack_pop() fail to swap.
 * 2. No two pushes leave the same tag. So a swap that expects the top that was read succeeds only
 *    if no push came between, and then the link that was read is that of the magazine as it is on
 *    the stack: there is no ABA in 2^40 pushes.
 */

#include <stdint.h>

#include <rte_common.h>

/** What a magazine has beside its pointers, on a line of its own. */
struct stack_link {
	uint32_t next; /* index of the one below */
	uint32_t count; /* the user's */
} __rte_cache_aligned;

/** Index of a magazine in the low bits, 0: none; above it the tag. */
typedef uint64_t stack_top_t;

#define STACK_INDEX_BITS 24
#define STACK_INDEX_MASK ((UINT64_C(1) << STACK_INDEX_BITS) - 1)
#define STACK_TAG_ONE (UINT64_C(1) << STACK_INDEX_BITS)

/** Push an index; links has one entry for each. */
static inline void
stack_push(stack_top_t *top, struct stack_link *links, uint32_t index)
{
	stack_top_t old = __atomic_load_n(top, __ATOMIC_RELAXED), new;

	do {
		/* Relaxed: the release below publishes it, and who reads it before fails to swap. */
		__atomic_store_n(&links[index].next, old & STACK_INDEX_MASK, __ATOMIC_RELAXED);
		new = ((old & ~STACK_INDEX_MASK) + STACK_TAG_ONE) | index;
		/* Release: pairs with the acquires in stack_pop(), for the link and the magazine. */
	} while (!__atomic_compare_exchange_n(
			top, &old, new, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

/** Pop the index pushed last. @return it, 0 if there is none. */
static inline uint32_t
stack_pop(stack_top_t *top, const struct stack_link *links)
{
	/* Acquire, here and when the swap fails: pairs with the release in stack_push(). */
	stack_top_t old = __atomic_load_n(top, __ATOMIC_ACQUIRE), new;

	do {
		if ((old & STACK_INDEX_MASK) == 0)
			return 0;
		new = (old & ~STACK_INDEX_MASK) |
		      __atomic_load_n(&links[old & STACK_INDEX_MASK].next, __ATOMIC_RELAXED);
	} while (!__atomic_compare_exchange_n(
			top, &old, new, true, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE));
	return old & STACK_INDEX_MASK;
}

#endif
