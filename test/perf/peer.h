/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PEER_H
#define PEER_H

/**
 * @file
 * Pools as applications make them with stock DPDK.
 */

#include <rte_mbuf.h>

/** Data bytes of every buffer, and size of every per-lcore cache. */
#define PEER_DATA 2048
#define PEER_CACHE 256

/** An external buffer of a stock application. */
struct peer_buffer {
	struct rte_mbuf_ext_shared_info shinfo;
	rte_iova_t iova;
	struct rte_mempool *mp;
	uint8_t data[PEER_DATA] __rte_cache_aligned;
};

/** A pool of mbufs with room bytes of room, 0: bare headers. */
struct rte_mempool *peer_mbufs(const char *name, unsigned int nb_mbufs, uint16_t room);
/** A pool of mbufs bound to external buffers. */
struct rte_mempool *peer_pinned(const char *name, unsigned int nb_mbufs);
/** A pool of external buffers, each behind its shared info. */
struct rte_mempool *peer_buffers(const char *name, unsigned int nb_mbufs);
/** Free a mempool. @return objects that had not come back. */
unsigned int peer_free(struct rte_mempool *mp);

#endif
