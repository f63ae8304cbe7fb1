/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEXT_STATS_H
#define MEXT_STATS_H

/**
 * @file
 * Counters of a pool: one set a lcore, added up when read.
 *
 * Reading may run at any time and from any thread; while others work the numbers are a snapshot in
 * which no counter runs backwards, but which need not agree with each other to the last one.
 */

#include <stdint.h>

#include <mext_pool.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most kinds of object a pool has: size classes, rx, headers, pairs, wraps, spreads, further sizes of rx. */
#define MEXT_STATS_MAX_KINDS (MEXT_POOL_MAX_CLASSES + 5 + MEXT_POOL_MAX_RX_MORE)

/** Level of one kind of object, over all sockets. Exact when the pool is quiet. */
struct mext_kind_stats {
	const char *name; /**< "class0".."class7", "rx", "headers", "pairs", "wraps", "spreads", "rx1".."rx3" */
	uint32_t size; /**< data bytes of each */
	uint64_t total; /**< how many there are */
	uint64_t in_use; /**< handed out: to the application, in mbufs, in NIC queues */
	uint64_t cached; /**< free, parked in per-lcore caches */
};

/**
 * Counters since the pool was created. A storage here is one from a size class, a packet's, or
 * wrapped memory. What DPDK does by itself (a driver that receives into or frees a pair) is seen
 * in the levels only.
 */
struct mext_stats {
	uint64_t allocs; /**< storages handed out */
	uint64_t alloc_failures; /**< calls that asked for storages and got none */
	uint64_t remote_allocs; /**< objects that came from another NUMA socket than the caller's */
	uint64_t header_allocs; /**< bare headers handed out */
	uint64_t header_failures; /**< calls that asked for bare headers and got none */
	uint64_t attaches; /**< references moved into mbufs */
	uint64_t detaches; /**< references moved out of mbufs */
	uint64_t releases; /**< references dropped by mext_storage_release*, mext_free_bulk */
	uint64_t returns_callback; /**< storages that came back through DPDK's free callback */
	uint64_t returns_bulk; /**< storages that came back by mext's own calls, no callback */
	uint64_t bad_releases; /**< refused drops of more references than exist: bugs. Of packets freed twice
				  nothing is seen: while free they stand at 1, as DPDK wants */
	/**
	 * Wrapped memory whose last reference was dropped in another process than the one that wrapped
	 * it: its callback was not called.
	 */
	uint64_t missed_callbacks;
	uint32_t nb_kinds; /**< entries in kinds */
	struct mext_kind_stats kinds[MEXT_STATS_MAX_KINDS]; /**< only those the pool has */
};

/**
 * Read the counters and levels of a pool.
 *
 * @param pool  the pool
 * @param stats  filled
 *
 * Thread safety: any thread, at any time.
 * Ownership: the caller's; the names in it live as long as the library.
 */
void mext_stats_get(const struct mext_pool *pool, struct mext_stats *stats);

/**
 * Count what a pool has handed out and not got back, of every kind. Idle, it is 0; a pool with
 * receive queues set up counts what these hold.
 *
 * @param pool  the pool
 * @return objects outstanding.
 *
 * Thread safety: any thread; exact when the pool is quiet.
 * Ownership: unchanged.
 */
uint64_t mext_stats_outstanding(const struct mext_pool *pool);

#ifdef __cplusplus
}
#endif

#endif
