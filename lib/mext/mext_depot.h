/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEXT_DEPOT_H
#define MEXT_DEPOT_H

/**
 * @file
 * mext_depot, a mempool handler: what lies behind the per-lcore caches of a mempool, for any number
 * of threads of any processes, none of which ever waits for another. Pools of mext use it by
 * themselves; this is for mempools that an application makes with DPDK's own calls:
 * rte_mempool_set_ops_byname(), rte_pktmbuf_pool_create_by_ops().
 *
 * What may run together: everything.
 */

#ifdef __cplusplus
extern "C" {
#endif

/** Name of the handler. */
#define MEXT_DEPOT_OPS "mext_depot"

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

#ifdef __cplusplus
}
#endif

#endif
