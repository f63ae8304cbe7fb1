/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SHELF_H
#define SHELF_H

/**
 * @file
 * A shelf: an array of pointers that is a stack, governed by one word of 64 bits: how many pointers there are,
 * whether it is claimed, and a tag.
 *
 * A pointer is got by lowering the number, and put by raising it. Slots from the number on are written only by
 * the claimant, who is putting. So whoever gets may copy first, and lower the number then if nothing was put
 * meanwhile: that needs no claim. Of many pointers the second copy costs more than a claim does: these are got
 * by lowering the number and claiming in one step, and copied then, before anybody else may put.
 *
 * Others get from a claimed shelf all the same. Only putting needs the claim: whoever finds it taken puts
 * elsewhere. If a claimant was killed nothing is put here any more, and what is here can be got.
 *
 * What may run together: everything.
 *
 * Invariants:
 * 1. While the shelf is claimed nobody but the claimant raises the number, changes the tag or ends the claim.
 * 2. Every claim and every end of one changes the tag. So a swap that expects the word that was read succeeds
 *    only if nothing was put since, and then the pointers that were copied are those below the number: there is
 *    no ABA in 2^47 claims.
 * 3. A claimant that puts has its pointers in the slots from the number that it saw last.
 *
 * depot.h includes this.
 */

#include <string.h>

#include "depot.h"

#if defined(__SANITIZE_THREAD__)
#define DEPOT_COPY_ATOMIC
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define DEPOT_COPY_ATOMIC
#endif
#endif

#define SHELF_COUNT UINT64_C(0xffff)
#define SHELF_CLAIMED (UINT64_C(1) << 16)
#define SHELF_TAG_ONE (UINT64_C(1) << 17)

/** Copying as many pointers twice costs less than a claim. */
#define SHELF_COPY_FEW 64
/** The same at another lcore's station, where a claim makes that one put elsewhere. */
#define SHELF_COPY_MANY 128

/**
 * Copy pointers, 2,048 bytes at a time: from 2,112 on glibc's memcpy() is one "rep movsb", which is
 * slow on lines that another CPU has. (One lcore gets, another puts, bursts of 32, caches of 512: 0.67
 * of ring_mp_mc with one memcpy(), 0.99 so; 2 CPUs of an EPYC that share their L3.)
 *
 * Slots may be written while they are read, then what was read is not used. ThreadSanitizer is told so.
 */
static inline void
depot_copy(void **to, void *const *from, uint32_t n)
{
#ifdef DEPOT_COPY_ATOMIC
	for (; n > 0; n--, to++, from++)
		__atomic_store_n(to, __atomic_load_n(from, __ATOMIC_RELAXED), __ATOMIC_RELAXED);
#else
	uint32_t k;

	for (; n > 0; n -= k, to += k, from += k) {
		k = RTE_MIN(n, 256u);
		memcpy(to, from, k * sizeof(*to));
	}
#endif
}

static inline void **
shelf_slots(const struct depot *d, uint32_t station)
{
	return RTE_PTR_ADD(d, d->shelves + (size_t)station * d->shelf_size * sizeof(void *));
}

static inline uint32_t
quota_of(const depot_quota_t *quota)
{
	return __atomic_load_n(quota, __ATOMIC_SEQ_CST);
}

/** End a claim, with n pointers that were written from the number that was there then, at. */
static inline void
shelf_publish(uint64_t *word, uint64_t claimed, void **slots, uint32_t at, uint32_t n)
{
	uint64_t w = claimed;
	uint32_t count, k;

	/*
	 * Release: pairs with the acquires in shelf_get(), for the slots, and in shelf_put(); sequentially
	 * consistent for quota_take(). Acquire if it fails: pairs with the release in shelf_get(), the slots of
	 * the gap have been read.
	 */
	while (unlikely(!__atomic_compare_exchange_n(word, &w,
			w - SHELF_CLAIMED + SHELF_TAG_ONE + n, false, __ATOMIC_SEQ_CST,
			__ATOMIC_ACQUIRE))) {
		DEPOT_STEP();
		/* Somebody got pointers from below: close the gap. */
		count = w & SHELF_COUNT;
		k = RTE_MIN(at - count, n);
		depot_copy(&slots[count], &slots[at + n - k], k);
		at = count;
	}
}

/** @return false: they do not fit, or another one is putting; nothing was done. */
static inline bool
shelf_put(struct depot *d, uint32_t station, void *const *objs, uint32_t n)
{
	struct depot_station *st = &d->stations[station];
	uint64_t w = __atomic_load_n(&st->shelf, __ATOMIC_RELAXED), claimed;
	uint32_t count = w & SHELF_COUNT;
	void **slots;

	DEPOT_STEP();
	if (unlikely((w & SHELF_CLAIMED) != 0 || n > d->shelf_size - count ||
			    n + (uint64_t)count > quota_of(&st->shelf_quota)))
		return false;
	claimed = w + SHELF_TAG_ONE + SHELF_CLAIMED;
	/*
	 * Acquire: pairs with the releases in shelf_publish() and shelf_get(): who read the slots that are
	 * written now has done so.
	 */
	if (unlikely(!__atomic_compare_exchange_n(
			    &st->shelf, &w, claimed, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
		return false;
	slots = shelf_slots(d, station);
	depot_copy(&slots[count], objs, n);
	shelf_publish(&st->shelf, claimed, slots, count, n);
	if (unlikely(quota_of(&st->shelf_quota) < n + (uint64_t)count))
		mextp_depot_settle_shelf(d, station);
	return true;
}

/**
 * Get n pointers.
 * @param few  up to how many are copied twice rather than by a claim: a constant
 * @return false: there are not so many, or there are but it is claimed and n is above few. objs is as it was.
 */
static inline bool
shelf_get(struct depot *d, uint32_t station, void **objs, uint32_t n, const uint32_t few)
{
	struct depot_station *st = &d->stations[station];
	void **slots = shelf_slots(d, station);
	void *copied[few];
	/* Acquire, here and when a swap fails: pairs with the release in shelf_publish(). */
	uint64_t w = __atomic_load_n(&st->shelf, __ATOMIC_ACQUIRE), new;
	uint32_t count;

	for (;;) {
		DEPOT_STEP();
		count = w & SHELF_COUNT;
		if (unlikely(n > count || (n > few && (w & SHELF_CLAIMED) != 0)))
			return false;
		new = w - n;
		if (n > few)
			new += SHELF_TAG_ONE + SHELF_CLAIMED;
		else
			depot_copy(copied, &slots[count - n], n);
		/* Release: pairs with the acquire of the claim in shelf_put(), for the slots read above. */
		if (likely(__atomic_compare_exchange_n(&st->shelf, &w, new, false, __ATOMIC_ACQ_REL,
				    __ATOMIC_ACQUIRE)))
			break;
	}
	if (n <= few) {
		depot_copy(objs, copied, n);
	} else {
		depot_copy(objs, &slots[count - n], n);
		shelf_publish(&st->shelf, new, slots, count - n, 0);
	}
	return true;
}

#endif
