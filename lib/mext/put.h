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

/**
 * Storages of one mempool on their way home. They are counted before, and so is each drop: as soon as
 * nothing of a pool is in the caller's hands, another thread may destroy it.
 */
struct put {
	struct batch batch;
	struct counting counting; /* in the pool of batch.mp */
};

static inline void
put_init(struct put *put)
{
	put->batch.mp = NULL;
	put->batch.n = 0;
}

static inline void
put_flush(struct put *put)
{
	batch_flush(&put->batch);
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
		put->counting = counting_in(pool_of(storage->mp));
	}
	counting_add(&put->counting, COUNTER(releases), n);
	last = ref_drop(shinfo, n);
	if (unlikely(last < 0)) {
		counting_add(&put->counting, COUNTER(releases), -(uint64_t)n);
		mextp_put_refused(storage, n);
		return last;
	}
	if (last == 0)
		return 0;
	if (unlikely(origin == ORIGIN_LEAF)) {
		mextp_spread_leaf_gone(storage);
		return 0;
	}
	counting_add(&put->counting, COUNTER(returns_bulk), 1);
	if (likely(origin == ORIGIN_CLASS))
		batch_add(&put->batch, storage);
	else
		mextp_storage_return(storage, origin);
	return 0;
}

#endif
