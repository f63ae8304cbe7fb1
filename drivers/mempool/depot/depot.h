/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DEPOT_H
#define DEPOT_H

/**
 * @file
 * The depot: a store of pointers that any number of threads of any processes put to and get from. A call
 * repeats a step only because another call has completed one; a thread that stands still in the middle of a
 * call, or was killed there, keeps nobody from going on.
 *
 * There is a station for every few lcores. A station has
 *
 * - a shelf, one array that is a stack of pointers (shelf.h). As a rule a call is a copy to or from the end of
 *   its own station's shelf, and one or two compare-and-swaps on a cache line that no other lcore touches.
 * - a stack of magazines, small arrays of one size that are full but for the top one, and a stack of empty
 *   magazines (stack.h), for what does not fit onto the shelf.
 *
 * Whoever finds too few pointers, or too few empty magazines, at its own station takes them from others'. What
 * a call has taken, and what the magazines in its hands have room for beyond that, is all that it withholds
 * from others: at most the pointers that it is to put or get, and one magazine.
 *
 * What may run together: put, get and count; everything.
 *
 * Invariants:
 * 1. A pointer is in one place: on a shelf, in a magazine of a stack, or with a call. It goes from one to
 *    the next by one compare-and-swap.
 * 2. A magazine is on one stack of empty or of filled ones, or with a call.
 * 3. Of the filled magazines of a station all are full but for the top one. So as many magazines suffice as all
 *    pointers fill, one more for each station, and one for each call: DEPOT_STOPPED_MAX of these may stand still.
 * 4. A shelf and a stack of filled magazines have quotas, which together are what the depot was made for. They
 *    hold no more than these, so that what is put twice finds no room in a full depot. Calls that race may let a
 *    place hold more for a moment: whoever put there, or took the quota, sees it and mends it, unless it is killed.
 *
 * The memory of a depot holds indexes, and no addresses but the pointers that were put.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>

/** Most stations of a depot. */
#define DEPOT_STATIONS_MAX 64
/** Calls that may be under way for ever, beside one that finds all it needs. */
#define DEPOT_STOPPED_MAX 64
/** Pointers that a magazine holds: powers of 2. */
#define DEPOT_MAGAZINE_MIN 8
#define DEPOT_MAGAZINE_MAX 256
/** Pointers that a shelf holds. */
#define DEPOT_SHELF_MIN 64
#define DEPOT_SHELF_MAX 2048

/** Called for each step that a call may have to repeat: tests count them. */
#ifndef DEPOT_STEP
#define DEPOT_STEP()
#endif

/**
 * Most of these steps in a call for n pointers while no other call goes on: then no swap fails, no look sees a
 * change, and a call goes by each station once in each of its parts. Two steps at each of S stations, and few
 * more, are: to find a place with n pointers; to look at all; to take from all what there is; to take a magazine
 * from others, once in a put and as often as pointers fill one in a get; what had to be done to find that a
 * magazine is nowhere, twice; and to move quotas. That is for a shelf, for magazines, for magazines once more if
 * the shelf was no good, and after the put: with twice two steps at each station, since magazines are counted, as
 * many to look at all, the same again to tell that some is missing, and again to look for what others miss.
 */
#define DEPOT_STEPS_MAX(d, n) (((n) / (d)->magazine_size + 44) * (2 * (d)->nb_stations + 3))

/** How many pointers a place may hold. */
typedef uint32_t depot_quota_t;

struct depot_station {
	uint64_t shelf; /* see shelf.h */
	depot_quota_t shelf_quota;
	uint32_t hint; /* the station at which pointers were found last */
	/* On a line of its own: what others take is here, as a rule. See stack.h. */
	uint64_t filled __rte_cache_aligned;
	uint64_t empty;
	depot_quota_t filled_quota;
} __rte_cache_aligned;

/** What a magazine has beside its pointers. */
struct depot_link {
	uint64_t next; /* the position of the next one on the stack */
	uint32_t below; /* pointers in all that are below it */
	uint32_t holder; /* the process whose call has it, 0: it is on a stack */
};

/** Why pointers were not put: numbers of them, since the beginning. */
struct depot_refused {
	uint64_t twice; /* more were put than the depot was made for */
	uint64_t no_magazine; /* all empty magazines are with calls */
	uint32_t said; /* the driver's: which of these it has logged */
};

struct depot {
	uint32_t nb_objs; /* that it was made for */
	uint32_t nb_stations; /* a power of 2 ... */
	uint32_t station_bits; /* ... with this exponent */
	uint32_t magazine_size; /* pointers, a power of 2 ... */
	uint32_t magazine_bits; /* ... with this exponent */
	uint32_t nb_magazines; /* indexes are 1 .. nb_magazines */
	uint32_t position_bits; /* of a position in the word of a stack */
	uint32_t shelf_size; /* pointers */
	/* Offsets from here. */
	size_t links; /* one for each magazine, from index 0 */
	size_t magazines; /* from index 0, which is not used */
	size_t shelves;
	struct depot_refused refused __rte_cache_aligned;
	uint32_t lacking; /* some place has less quota than it needs: see quota.h */
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

/** Pointers in a depot: exact when no call is under way; what killed calls had is not counted. */
uint32_t mextp_depot_count(const struct depot *d);

/** Magazines that are neither empty nor filled on a stack: calls under way have them, or had when they were killed. */
struct depot_missing {
	uint32_t nb; /* if there is no empty one */
	uint32_t nb_here; /* of these at least: processes that are there have them */
	uint32_t nb_gone; /* of these at least: processes that have ended had them */
};

/** Count the magazines that are missing: for the log, as others may be at work. */
struct depot_missing mextp_depot_missing(const struct depot *d);

/** depot_put() and depot_get() when the own shelf is not enough. */
int mextp_depot_put_more(struct depot *d, uint32_t station, void *const *objs, uint32_t n);
int mextp_depot_get_more(struct depot *d, uint32_t station, void **objs, uint32_t n);

/** What follows a put to a shelf whose quota another call took meanwhile. */
void mextp_depot_settle_shelf(struct depot *d, uint32_t station);

#include "shelf.h"

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
 * @return 0; otherwise nothing was put: -EDQUOT: the depot was not made for so many, some were put twice;
 *   -ENOBUFS: no magazine is left, more than DEPOT_STOPPED_MAX calls are under way or were killed.
 */
static inline int
depot_put(struct depot *d, uint32_t thread, void *const *objs, uint32_t n)
{
	uint32_t station = depot_station_of(d, thread);

	if (likely(shelf_put(d, station, objs, n)))
		return 0;
	return mextp_depot_put_more(d, station, objs, n);
}

/**
 * Get pointers, all or nothing: as a rule those that this thread put last.
 *
 * @param thread  as of depot_put()
 * @return 0; -ENOBUFS: there were fewer at some moment of the call, without those that other calls under way
 *   are putting or have got; or it had to gather them and no magazine is left, as of depot_put(). objs is as it was,
 *   rte_mempool counts on that.
 */
static inline int
depot_get(struct depot *d, uint32_t thread, void **objs, uint32_t n)
{
	uint32_t station = depot_station_of(d, thread);

	if (likely(shelf_get(d, station, objs, n, SHELF_COPY_FEW)))
		return 0;
	return mextp_depot_get_more(d, station, objs, n);
}

#endif
