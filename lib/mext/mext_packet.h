/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEXT_PACKET_H
#define MEXT_PACKET_H

/**
 * @file
 * Mbufs from a pool: bare headers, and packets.
 *
 * A packet is an mbuf header whose storage is attached already and stays attached while both are
 * free (a pair), so allocating one costs about what a plain mbuf costs. Its bytes can still be
 * held, cloned and shared: the pair goes back when the last holder lets go, be it the header or
 * not. rte_pktmbuf_free() and drivers keep pairs whole, as their mempools carry DPDK's flag for
 * pinned external buffers.
 *
 * Every function here may be called by any threads at once; each call gives its caller mbufs that
 * nobody else has.
 */

#include <rte_mbuf.h>

#include <mext_pool.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Allocate a packet: data_off is the pool's headroom, lengths are 0, metadata is reset.
 *
 * @param pool  the pool (mext_pool_conf.pairs)
 * @return the packet, or NULL when none is left (counted in mext_stats.alloc_failures).
 *
 * Thread safety: any thread.
 * Ownership: the caller's; free it with rte_pktmbuf_free() or mext_free_bulk().
 */
struct rte_mbuf *mext_packet_alloc(struct mext_pool *pool);

/**
 * Allocate n packets: all or nothing.
 *
 * @param pool  the pool (mext_pool_conf.pairs)
 * @param mbufs  filled with n packets, unchanged on failure beyond its first n entries
 * @param n  how many, 0 allowed
 * @return 0; -ENOBUFS: fewer than n are left (nothing taken); -ENOMEM: the pool was made without,
 *   or it is strict and has none on the caller's socket.
 *
 * Thread safety: any thread.
 * Ownership: the caller's.
 */
int mext_packet_alloc_bulk(struct mext_pool *pool, struct rte_mbuf **mbufs, unsigned int n);

/**
 * Allocate n bare headers, reset as rte_pktmbuf_alloc() does: all or nothing.
 *
 * @param pool  the pool (mext_pool_conf.headers)
 * @param mbufs  filled with n headers without room, unchanged on failure beyond its first n
 *   entries
 * @param n  how many, 0 allowed
 * @return as mext_packet_alloc_bulk(); failures are counted in mext_stats.header_failures.
 *
 * Thread safety: any thread.
 * Ownership: the caller's.
 */
int mext_header_alloc_bulk(struct mext_pool *pool, struct rte_mbuf **mbufs, unsigned int n);

#ifdef __cplusplus
}
#endif

#endif
