/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEXT_FREE_H
#define MEXT_FREE_H

/**
 * @file
 * Free mbufs of any kind in bulk.
 *
 * May run at once with every other call, also where the mbufs of different threads share storages
 * or headers. rte_pktmbuf_free(), rte_pktmbuf_free_bulk() and what drivers do to sent mbufs are as
 * correct on mbufs of mext's; this is cheaper.
 */

#include <rte_mbuf.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Free n packets of any kind, chains included: what rte_pktmbuf_free_bulk() does, for less.
 *
 * References of neighbouring segments to one storage are dropped with one atomic operation; mext's
 * own storages and all headers go back to their mempools in bulk, without a call for each.
 *
 * @param mbufs  n heads of packets; NULL entries are skipped; not modified
 * @param n  how many
 *
 * Thread safety: the owner of the mbufs.
 * Ownership: the mbufs are gone, and the references they held.
 */
void mext_free_bulk(struct rte_mbuf *const *mbufs, unsigned int n);

#ifdef __cplusplus
}
#endif

#endif
