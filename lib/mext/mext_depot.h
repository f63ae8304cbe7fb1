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
 * Register the handler with DPDK, unless one of that name is. Linked dynamically, libmext does so
 * when it is loaded; a program linked with the static archive calls this before it uses the name.
 * mext_pool_create() calls it.
 *
 * @return 0: it is registered, now or before; -ENOSPC: DPDK's table of handlers is full (logged).
 *
 * Thread safety: any thread, but not while another one registers a mempool handler with DPDK.
 * Ownership: none is given.
 */
int mext_depot_register(void);

#ifdef __cplusplus
}
#endif

#endif
