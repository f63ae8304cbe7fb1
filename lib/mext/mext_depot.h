/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEXT_DEPOT_H
#define MEXT_DEPOT_H

/**
 * @file
 * mext_depot, a mempool handler: what lies behind the per-lcore caches of a mempool, for any number
 * of threads of any processes. Pools of mext use it by themselves; this is for mempools that an
 * application makes with DPDK's own calls: rte_mempool_set_ops_byname(), rte_pktmbuf_pool_create_by_ops().
 *
 * A call of it repeats a step only because another call has completed one, so a thread that stands still
 * in the middle of a call, or was killed there, keeps no other call from returning. While at most
 * MEXT_DEPOT_STOPPED_MAX calls are under way or were killed, a put finds room, and a get of n objects gets
 * them if there are n beside those that these calls put or get. Beyond that objects may be refused: see
 * mext_depot_lost(). The caches in front of it are rte_mempool's own, and promise less: a process that is
 * killed while it uses one may leave objects in it that are somewhere else too.
 *
 * What may run together: everything.
 */

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rte_mempool;

/** Name of the handler. */
#define MEXT_DEPOT_OPS "mext_depot"

/** Calls that may be under way for ever, or killed, without anything being refused. */
#define MEXT_DEPOT_STOPPED_MAX 64

/**
 * Register the handler with DPDK, unless one of that name is. Nothing does so but this call,
 * mext_pool_create(), mext_pool_lookup(), and the plugin mext_depot.so: a program that only links libmext
 * has DPDK's handlers and no other, under the numbers that they have everywhere. Call it before a mempool
 * is given the handler by its name, and before mempools are looked up that have it.
 *
 * A mempool has only the number of its handler, and numbers are given in the order of registration. This one is
 * behind those of the drivers that EAL has loaded; processes that share mempools on it must have
 * registered equally many before.
 *
 * @return 0: it is registered, now or before; -EPERM: rte_eal_init() was not called (logged); -ENOSPC:
 *   DPDK's table of handlers is full (logged).
 *
 * Thread safety: any thread, but not while another one registers a mempool handler with DPDK.
 * Ownership: none is given.
 */
int mext_depot_register(void);

/**
 * Objects that the handler refused to take back. DPDK's rte_mempool_put_bulk() does not tell, so they are lost to the
 * mempool. Each reason is logged once for a mempool.
 */
struct mext_depot_refused {
	uint64_t put_twice; /**< more were put than the mempool has: some were freed twice */
	uint64_t no_magazine; /**< more than MEXT_DEPOT_STOPPED_MAX calls are under way, or were killed */
};

/**
 * Tell how many objects of a mempool were refused, since it was made, in all processes.
 *
 * @param mp  a mempool whose handler is mext_depot
 * @param lost  filled; unchanged on failure
 * @return 0; -EINVAL: a pointer is NULL, or the handler is another one.
 *
 * Thread safety: any thread.
 * Ownership: unchanged.
 */
int mext_depot_lost(const struct rte_mempool *mp, struct mext_depot_refused *lost);

#ifdef __cplusplus
}
#endif

#endif
