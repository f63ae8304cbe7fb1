/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef REF_H
#define REF_H

/**
 * @file
 * Reference counts: the one place that knows how DPDK declares them (uint16_t up to 23.07, later
 * RTE_ATOMIC(uint16_t), which is _Atomic in builds with C11 atomics) and how they are ordered.
 *
 * A drop releases what its thread did to the bytes; whoever finds the count to be all its own, or
 * brings it to zero, acquires. DPDK's own fast paths are relaxed there, ours are not.
 */

#include <errno.h>
#include <stdbool.h>

#include <rte_branch_prediction.h>
#include <rte_mbuf.h>

/** The count of a storage as a plain word for the compiler's atomic builtins. */
static inline uint16_t *
ref_word(const struct rte_mbuf_ext_shared_info *shinfo)
{
	return (uint16_t *)(uintptr_t)&shinfo->refcnt;
}

/**
 * The line of a count will be written soon: fetch it for that, once, and not first for reading. (gcc makes
 * __builtin_prefetch() a fetch for reading on the oldest x86-64, which this is built for.)
 */
static inline void
ref_prefetch(const void *count)
{
#ifdef RTE_ARCH_X86_64
	asm volatile("prefetchw %0" : : "m"(*(const char *)count));
#else
	__builtin_prefetch(count, 1);
#endif
}

static inline uint16_t
ref_load(const struct rte_mbuf_ext_shared_info *shinfo)
{
	/* Pairs with the release in ref_drop() and with DPDK's ACQ_REL decrements. */
	return __atomic_load_n(ref_word(shinfo), __ATOMIC_ACQUIRE);
}

/** For the sole holder only: nobody else may be looking. */
static inline void
ref_store(struct rte_mbuf_ext_shared_info *shinfo, uint16_t count)
{
	__atomic_store_n(ref_word(shinfo), count, __ATOMIC_RELAXED);
}

/**
 * Add n references with one successful compare-and-swap.
 * Relaxed: the caller holds a reference already, nothing is published by taking one more.
 */
static inline int
ref_take(struct rte_mbuf_ext_shared_info *shinfo, unsigned int n)
{
	uint16_t count;

	ref_prefetch(shinfo);
	count = __atomic_load_n(ref_word(shinfo), __ATOMIC_RELAXED);
	do {
		if (unlikely(count == 0))
			return -EINVAL;
		if (unlikely(n > (unsigned int)UINT16_MAX - count))
			return -EOVERFLOW;
	} while (!__atomic_compare_exchange_n(ref_word(shinfo), &count, (uint16_t)(count + n), true,
			__ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return 0;
}

/**
 * Drop n references with at most one atomic operation.
 * @return 1: none is left, everything other holders did is visible, the count reads 0;
 *   0: others still hold; -EINVAL: fewer than n were held, nothing changed.
 */
static inline int
ref_drop(struct rte_mbuf_ext_shared_info *shinfo, unsigned int n)
{
	/* Acquire in ref_load(): if all that is left is ours, it is ours without another atomic. */
	uint16_t count = ref_load(shinfo);

	if (likely(count == n)) {
		ref_store(shinfo, 0);
		return 1;
	}
	if (unlikely(count < n))
		return -EINVAL;
	/* Release: pairs with the acquire of whoever drops last. */
	if (__atomic_sub_fetch(ref_word(shinfo), (uint16_t)n, __ATOMIC_RELEASE) != 0)
		return 0;
	/* Acquire: pairs with the release of every earlier drop. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return 1;
}

static inline uint16_t *
mbuf_ref_word(const struct rte_mbuf *m)
{
	return (uint16_t *)(uintptr_t)&m->refcnt;
}

/**
 * Add n references on an mbuf header that the caller holds: for clones of it. Never a plain store, unlike
 * DPDK's, so two threads that each hold one may do this at once. The most is 65,534: of 65,535
 * rte_mbuf_check() thinks that it is broken.
 */
static inline int
mbuf_ref_take(struct rte_mbuf *m, unsigned int n)
{
	uint16_t count = __atomic_load_n(mbuf_ref_word(m), __ATOMIC_RELAXED);

	do {
		if (unlikely(n > 0 && n >= (unsigned int)UINT16_MAX - count))
			return -EOVERFLOW;
	} while (!__atomic_compare_exchange_n(mbuf_ref_word(m), &count, (uint16_t)(count + n), true,
			__ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return 0;
}

/** Whether the caller's reference on a header is the only one. */
static inline bool
mbuf_is_own(const struct rte_mbuf *m)
{
	/* Acquire: pairs with the release of other holders' drops, here and in DPDK. */
	return __atomic_load_n(mbuf_ref_word(m), __ATOMIC_ACQUIRE) == 1;
}

/**
 * Drop n references on an mbuf header.
 * @return true: the header is the caller's alone, its refcnt is 1 again.
 */
static inline bool
mbuf_ref_drop(struct rte_mbuf *m, unsigned int n)
{
	/* Acquire: pairs with the release of other holders' drops, here and in DPDK. */
	uint16_t count = __atomic_load_n(mbuf_ref_word(m), __ATOMIC_ACQUIRE);

	if (likely(count == n)) {
		if (unlikely(n > 1))
			__atomic_store_n(mbuf_ref_word(m), 1, __ATOMIC_RELAXED);
		return true;
	}
	/* Release: pairs with the acquire above or the fence below on the last holder. */
	if (__atomic_sub_fetch(mbuf_ref_word(m), (uint16_t)n, __ATOMIC_RELEASE) != 0)
		return false;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	__atomic_store_n(mbuf_ref_word(m), 1, __ATOMIC_RELAXED);
	return true;
}

#endif
