/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef IDLE_H
#define IDLE_H

/** @file Looking at every object of a mempool that ought to be full, each one as new. */

#include "pool.h"
#include "unit.h"

/**
 * The storage in a pair: behind the application's private area, at a multiple of 64 bytes; where drivers receive
 * into pairs it is apart, and the mbuf alone knows where.
 */
static inline struct mext_storage *
storage_in_pair(const struct rte_mbuf *m)
{
	if ((pool_of(m->pool)->conf.flags & MEXT_POOL_RX_PAIRS) != 0)
		return (struct mext_storage *)m->shinfo;
	return RTE_PTR_ADD(m, sizeof(*m) + RTE_ALIGN_CEIL(pool_of(m->pool)->conf.priv_size, 64));
}

/** Assert that a free object is in the state of a new one. */
typedef void (*idle_check_t)(struct rte_mempool *mp, void *obj);

/** An mbuf with room of its own, or a bare header. */
void idle_direct(struct rte_mempool *mp, void *obj);
/** A stock mbuf bound to an external buffer. */
void idle_pinned(struct rte_mempool *mp, void *obj);

/** Assert that all objects of a mempool are in it, once each, and are as new. */
void idle_mempool(struct rte_mempool *mp, idle_check_t check);

/** The same for every mempool of a mext pool. */
void idle_pool(struct mext_pool *pool);

#endif
