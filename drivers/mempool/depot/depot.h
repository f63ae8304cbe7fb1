/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DEPOT_H
#define DEPOT_H

/**
 * @file
 * The depot: a store of pointers that any number of threads of any processes put to and get from,
 * and in which no thread ever waits for another.
 *
 * Pointers lie in magazines of one size (Bonwick and Adams, "Magazines and Vmem", USENIX 2001), and
 * magazines in stations, one for every few lcores. A station has
 *
 * - a hand with the loaded magazine, of which pointers are taken and to which they are put. A thread
 *   claims the hand of its station for the length of one call, by one exchange; if it is claimed
 *   already, it takes the next hand that is not.
 * - a deque of full magazines and one of empty ones (deque.h). The claimant of the hand is their
 *   owner. It changes magazines there, and only if its own deque has none it steals from another
 *   station: what lies there longest, and a few more for later.
 *
 * So lcores that put what they got share no cache line. Of those that pass pointers one way, each
 * reaches into the other's station once in several magazines, and pushing needs no atomic operation.
 *
 * A thread that finds every hand claimed is a guest: it makes a hand of its own for one call, and
 * puts the magazines onto stacks that all share (stack.h): full, empty, partly filled ones.
 *
 * Small depots have no hands: every thread is a guest there, and every pointer has a magazine to
 * itself. That is slower, but of few pointers none should be withheld that nobody is working on.
 *
 * What may run together: put, get and count; everything. What a preempted thread withholds from the
 * others is what it is getting or putting, and at most two magazines.
 *
 * Invariants, whenever no call is under way:
 * 1. Every magazine is in one place: loaded, on a deque or on a stack. Every pointer is in one
 *    magazine.
 * 2. On deques and stacks of full ones all are full, on those of empty ones all are empty, and on
 *    the stack of partly filled ones none is full or empty.
 *
 * The memory of a depot holds indexes, and no addresses but the pointers that were put.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>

#include "deque.h"
#include "stack.h"

/** Pointers a magazine holds: powers of 2, fewer in small depots. */
#define DEPOT_MAGAZINE_MIN 16
#define DEPOT_MAGAZINE_MAX 1024
/** Depots for fewer pointers are small. */
#define DEPOT_SMALL 512
/** Most stations of a depot. */
#define DEPOT_STATIONS_MAX 64

enum depot_kind {
	DEPOT_FULL,
	DEPOT_EMPTY,
	DEPOT_PARTIAL, /* not on deques */
};

/** What a thread works with. The first word is claimed by an exchange, the rest is the claimant's. */
struct depot_hand {
	uint32_t claimed;
	uint32_t loaded; /* index of a magazine */
	uint32_t count; /* of pointers in it */
	uint32_t at_end; /* whether they are at its end, not at its beginning */
	uint64_t net; /* pointers put with this hand, less those got: modulo 2^64 */
	uint32_t hint[2]; /* the station from which one was stolen last */
	bool guest;
} __rte_cache_aligned;

struct depot_station {
	struct depot_hand hand;
	struct deque deques[2]; /* DEPOT_FULL, DEPOT_EMPTY */
};

struct depot {
	uint32_t nb_objs; /* that it was made for */
	uint32_t nb_stations; /* a power of 2 ... */
	uint32_t station_bits; /* ... with this exponent */
	uint32_t magazine_size; /* pointers, a power of 2 */
	uint32_t nb_magazines; /* indexes are 1 .. nb_magazines */
	uint32_t ring_size; /* of deques, a power of 2 */
	/* Offsets from here. */
	size_t rings; /* two for each station: indexes */
	size_t links; /* one for each magazine, from index 0 */
	size_t magazines; /* from index 0, which is not used */
	uint64_t net __rte_cache_aligned; /* as of hands, for guests */
	stack_top_t stacks[3];
	struct depot_station stations[] __rte_cache_aligned;
};

/**
 * Bytes of a depot, to be allocated on a cache line and zeroed.
 *
 * @param nb_objs  pointers that it must hold, 1 to 2^32 - 1
 * @param nb_threads  threads that work at the same time, as a rule; more may
 */
size_t mextp_depot_size(uint32_t nb_objs, uint32_t nb_threads);

/** Make an empty depot of mextp_depot_size() zero bytes. */
void mextp_depot_init(struct depot *d, uint32_t nb_objs, uint32_t nb_threads);

/** Pointers in a depot: exact when no call is under way. */
uint32_t mextp_depot_count(const struct depot *d);

/** depot_put() and depot_get() when the loaded magazine is not enough, or no hand is claimed. */
int mextp_depot_put_more(struct depot *d, uint32_t station, struct depot_hand *h, void *const *objs,
		uint32_t n);
int mextp_depot_get_more(
		struct depot *d, uint32_t station, struct depot_hand *h, void **objs, uint32_t n);

static inline bool
depot_is_small(const struct depot *d)
{
	return d->nb_objs < DEPOT_SMALL;
}

static inline void **
depot_magazine(const struct depot *d, uint32_t index)
{
	return RTE_PTR_ADD(d, d->magazines + (size_t)index * d->magazine_size * sizeof(void *));
}

static inline bool
depot_claim(struct depot_hand *h)
{
	/* Acquire: pairs with the release in depot_let_go(), the hand is as the last one left it. */
	return __atomic_exchange_n(&h->claimed, 1, __ATOMIC_ACQUIRE) == 0;
}

static inline void
depot_let_go(struct depot_hand *h)
{
	/* Release: pairs with the acquire in depot_claim(). */
	__atomic_store_n(&h->claimed, 0, __ATOMIC_RELEASE);
}

/**
 * Copy pointers, 2,048 bytes at a time: from 2,112 on glibc's memcpy() is one "rep movsb", which is
 * slow on lines that another CPU has. (One lcore gets, another puts, bursts of 32, caches of 512: 0.67
 * of ring_mp_mc with one memcpy(), 0.99 so; 2 CPUs of an EPYC that share their L3.)
 */
static inline void
depot_copy(void **to, void *const *from, uint32_t n)
{
	uint32_t k;

	for (; n > 0; n -= k, to += k, from += k) {
		k = RTE_MIN(n, 256u);
		memcpy(to, from, k * sizeof(*to));
	}
}

/*
 * The loaded magazine is a stack that grows up from its beginning if it was loaded empty, and down
 * from its end if it was loaded full: a thread that only gets reads it upwards, as caches prefetch.
 */

/** Copy pointers to the loaded magazine, which has room for them. */
static inline void
depot_hand_put(const struct depot *d, struct depot_hand *h, void *const *objs, uint32_t n)
{
	uint32_t at = h->at_end ? d->magazine_size - h->count - n : h->count;

	depot_copy(&depot_magazine(d, h->loaded)[at], objs, n);
	h->count += n;
}

/** Where the n pointers are that are the next to be taken from the loaded magazine. */
static inline void **
depot_hand_top(const struct depot *d, const struct depot_hand *h, uint32_t n)
{
	return &depot_magazine(
			d, h->loaded)[h->at_end ? d->magazine_size - h->count : h->count - n];
}

/** Copy pointers out of the loaded magazine, which has them. */
static inline void
depot_hand_get(const struct depot *d, struct depot_hand *h, void **objs, uint32_t n)
{
	depot_copy(objs, depot_hand_top(d, h, n), n);
	h->count -= n;
}

/** Count what was put, less what was got. Relaxed: mextp_depot_count() reads it at any time. */
static inline void
depot_account(struct depot_hand *h, uint64_t n)
{
	__atomic_store_n(&h->net, h->net + n, __ATOMIC_RELAXED);
}

/** Spreads neighbouring numbers over the stations, and numbers with a stride of a power of 2. */
static inline uint32_t
depot_station_of(const struct depot *d, uint32_t thread)
{
	return (thread + (thread >> d->station_bits)) & (d->nb_stations - 1);
}

/**
 * Put pointers: there is room for as many as the depot was made for.
 *
 * @param thread  a number of the calling thread: different ones for different threads are faster
 * @return 0; -ENOBUFS: the depot was not made for so many, some were put twice; part of these was
 *   put now.
 */
static inline int
depot_put(struct depot *d, uint32_t thread, void *const *objs, uint32_t n)
{
	uint32_t station = depot_station_of(d, thread);
	struct depot_hand *h = &d->stations[station].hand;

	if (unlikely(!depot_claim(h)))
		return mextp_depot_put_more(d, station, NULL, objs, n);
	if (unlikely(d->magazine_size - h->count < n))
		return mextp_depot_put_more(d, station, h, objs, n);
	depot_hand_put(d, h, objs, n);
	depot_account(h, n);
	depot_let_go(h);
	return 0;
}

/**
 * Get pointers, all or nothing: as a rule those that this thread put last.
 *
 * @param thread  as of depot_put()
 * @return 0; -ENOBUFS: there are fewer, or other threads are in the middle of getting or putting
 *   them; objs is as it was, rte_mempool counts on that.
 */
static inline int
depot_get(struct depot *d, uint32_t thread, void **objs, uint32_t n)
{
	uint32_t station = depot_station_of(d, thread);
	struct depot_hand *h = &d->stations[station].hand;

	if (unlikely(!depot_claim(h)))
		return mextp_depot_get_more(d, station, NULL, objs, n);
	if (unlikely(h->count < n))
		return mextp_depot_get_more(d, station, h, objs, n);
	depot_hand_get(d, h, objs, n);
	depot_account(h, -(uint64_t)n);
	depot_let_go(h);
	return 0;
}

#endif
