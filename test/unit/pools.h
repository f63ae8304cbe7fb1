/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef POOLS_H
#define POOLS_H

/**
 * @file
 * Where the random verbs get their bytes from: small pools of random shape, all on the mempool handler
 * of fault.h, foreign and wrapped buffers beside them, and segments of every kind of mbuf.
 */

#include "unit.h"

#define POOLS_LEN 200 /* most bytes of a segment */

struct pools {
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	struct mext_pool *rx_pairs; /* another one, whose pairs drivers receive into */
	struct rte_mempool *plain; /* stock mbufs with room */
	struct rte_mempool *pinned; /* stock mbufs bound to external buffers */
	void *pinned_memory; /* these buffers */
	rte_mbuf_extbuf_free_callback_t pinned_cb; /* DPDK's, of these buffers */
	unsigned int foreign_live; /* foreign buffers whose callback has not come yet */
	unsigned int wraps_live; /* wrapped buffers whose callback has not come yet */
	size_t room_first; /* bytes that a segment of the pool has room for behind the headroom */
	size_t room_next; /* and without headroom */
	bool lacks; /* the pool was made without headers, or without any room */
};

/** Pools of random shape. */
void pools_create(struct pools *p);

/** Everything is back and as new; then the pools are gone. */
void pools_destroy(struct pools *p);

/** A segment of any kind with up to POOLS_LEN random bytes; NULL where nothing is left. */
struct rte_mbuf *pools_segment(struct pools *p);

/** A storage with random bytes from any class, or wrapped; NULL where nothing is left. */
struct mext_storage *pools_storage(struct pools *p);

/** A storage of so many random bytes in wrapped memory; NULL where no header is left. */
struct mext_storage *pools_wrap(struct pools *p, size_t len, bool writable);

#endif
