/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PUT_H
#define PUT_H

/** @file Dropping references in runs, and returning what became free to its mempool in bulk. */

#include "log.h"
#include "pool.h"
#include "ref.h"
#include "storage.h"

/** Objects of one mempool on their way home. */
struct batch {
	struct rte_mempool *mp;
	unsigned int n;
	void *objs[64];
};

static inline void
batch_flush(struct batch *batch)
{
	if (batch->n > 0)
		rte_mempool_put_bulk(batch->mp, batch->objs, batch->n);
	batch->n = 0;
}

static inline void
batch_add(struct batch *batch, void *obj)
{
	if (unlikely(batch->n == RTE_DIM(batch->objs)))
		batch_flush(batch);
	batch->objs[batch->n++] = obj;
}

/** Storages of one mempool on their way home, and what to add to their pool's counters. */
struct put {
	struct batch batch;
	uint64_t releases;
	uint64_t returns;
};

static inline void
put_init(struct put *put)
{
	put->batch.mp = NULL;
	put->batch.n = 0;
	put->releases = put->returns = 0;
}

static inline void
put_flush(struct put *put)
{
	struct mext_pool *pool;

	if (put->releases == 0)
		return;
	pool = pool_of(put->batch.mp);
	count_add(pool, COUNTER(releases), put->releases);
	if (put->returns > 0)
		count_add(pool, COUNTER(returns_bulk), put->returns);
	batch_flush(&put->batch);
	put->releases = put->returns = 0;
}

/** A drop of more references than exist: a bug of the caller's that must not pass unseen. */
void mextp_put_refused(struct mext_storage *storage, unsigned int n);

/**
 * Drop n references on a storage of ours.
 * @return 0, or -EINVAL where fewer existed: nothing dropped, logged and counted.
 */
static inline int
put_storage(struct put *put, struct rte_mbuf_ext_shared_info *shinfo, unsigned int n)
{
	struct mext_storage *storage = storage_of(shinfo);
	enum origin origin = origin_of(shinfo);
	int last;

	if (unlikely(storage->mp != put->batch.mp)) {
		put_flush(put);
		put->batch.mp = storage->mp;
	}
	last = ref_drop(shinfo, n);
	if (unlikely(last < 0)) {
		mextp_put_refused(storage, n);
		return last;
	}
	put->releases += n;
	if (last == 0)
		return 0;
	if (unlikely(origin == ORIGIN_LEAF)) {
		mextp_spread_leaf_gone(storage);
		return 0;
	}
	put->returns++;
	if (likely(origin == ORIGIN_CLASS))
		batch_add(&put->batch, storage);
	else
		mextp_storage_return(storage, origin);
	return 0;
}

#endif
