/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <mext_storage.h>

#include "log.h"
#include "pool.h"
#include "put.h"
#include "ref.h"
#include "storage.h"

void
mextp_storage_init(struct mext_storage *storage, struct rte_mempool *mp,
		rte_mbuf_extbuf_free_callback_t free_cb, uint32_t flags)
{
	*storage = (struct mext_storage){
		.shinfo = { .free_cb = free_cb, .fcb_opaque = storage },
		.flags = flags,
		.abi = MEXT_ABI_VERSION,
		.mp = mp,
	};
}

/** Mark storages from the size classes as held once. They are nobody else's yet: no atomics. */
static void
take_over(struct mext_storage **storages, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		RTE_ASSERT(ref_load(&storages[i]->shinfo) == 0);
		ref_store(&storages[i]->shinfo, 1);
		/* A load less often costs than a store: few were made read-only. */
		if (unlikely(storages[i]->flags != 0))
			storages[i]->flags = 0;
	}
}

int
mext_storage_alloc_bulk(
		struct mext_pool *pool, size_t size, struct mext_storage **storages, unsigned int n)
{
	const struct mext_pool_conf *conf = &pool->conf;
	unsigned int class = 0;
	int ret = -EMSGSIZE;

	if (unlikely(n == 0))
		return 0;
	while (class < conf->nb_classes && conf->classes[class].size < size)
		class ++;
	if (likely(class < conf->nb_classes))
		ret = pool_get_bulk(pool, class, conf->nb_classes - 1, (void **)storages, n);
	if (unlikely(ret < 0)) {
		count_add(pool, COUNTER(alloc_failures), 1);
		return ret;
	}
	take_over(storages, n);
	count_add(pool, COUNTER(allocs), n);
	return 0;
}

struct mext_storage *
mext_storage_alloc(struct mext_pool *pool, size_t size)
{
	struct mext_storage *storage;

	return mext_storage_alloc_bulk(pool, size, &storage, 1) == 0 ? storage : NULL;
}

int
mext_storage_hold(struct mext_storage *storage, unsigned int n)
{
	return ref_take(&storage->shinfo, n);
}

/** The header that a pair's storage is bound to. */
static struct rte_mbuf *
mbuf_of_pair(const struct mext_storage *storage)
{
	const struct mext_pool_conf *conf = &pool_of(storage->mp)->conf;

	if (pairs_have_room(conf))
		return RTE_PTR_SUB(storage->base, sizeof(struct rte_mbuf) + conf->priv_size);
	return RTE_PTR_SUB(storage, pair_offset(conf->priv_size));
}

/** Put a pair back whole: whoever freed the header left it to us as it was. */
static void
pair_return(struct mext_storage *storage)
{
	struct rte_mbuf *m = mbuf_of_pair(storage);

	m->next = NULL;
	m->nb_segs = 1;
	m->ol_flags = RTE_MBUF_F_EXTERNAL;
	rte_mbuf_refcnt_set(m, 1);
	ref_store(&storage->shinfo, 1);
	rte_mempool_put(storage->mp, m);
}

void
mextp_storage_return(struct mext_storage *storage, enum origin origin)
{
	switch (origin) {
	case ORIGIN_PAIR:
		pair_return(storage);
		break;
	case ORIGIN_WRAP:
		mextp_wrap_give_back(storage);
		/* fall through */
	default:
		rte_mempool_put(storage->mp, storage);
	}
}

/**
 * The callbacks, entered with count 0. DPDK found the count to be 1 with a relaxed load, so
 * the fence here is what pairs with the releases of all earlier drops.
 */
static void
return_by_callback(struct mext_storage *storage, enum origin origin)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	count_add(pool_of(storage->mp), COUNTER(returns_callback), 1);
	mextp_storage_return(storage, origin);
}

void
mextp_storage_free_cb(void *addr __rte_unused, void *opaque)
{
	return_by_callback(opaque, ORIGIN_CLASS);
}

void
mextp_wrap_free_cb(void *addr __rte_unused, void *opaque)
{
	return_by_callback(opaque, ORIGIN_WRAP);
}

void
mextp_pair_free_cb(void *addr __rte_unused, void *opaque)
{
	return_by_callback(opaque, ORIGIN_PAIR);
}

void
mextp_leaf_free_cb(void *addr __rte_unused, void *opaque)
{
	/* Pairs as in return_by_callback(); no storage comes back, so none is counted. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	mextp_spread_leaf_gone(opaque);
}

__rte_noinline void
mextp_put_refused(struct mext_storage *storage, unsigned int n)
{
	static uint8_t logged;

	count_add(pool_of(storage->mp), COUNTER(bad_releases), 1);
	if (__atomic_exchange_n(&logged, 1, __ATOMIC_RELAXED) == 0)
		MEXT_LOG(ERR,
				"storage %p of %s: %u references to drop, but it has %u: released or "
				"freed twice (further ones are counted only)",
				(void *)storage, storage->mp->name, n,
				mext_storage_refcnt(storage));
}

int
mext_storage_release(struct mext_storage *storage, unsigned int n)
{
	struct put put;
	int ret;

	if (n == 0)
		return 0;
	put_init(&put);
	ret = put_storage(&put, &storage->shinfo, n);
	put_flush(&put);
	return ret;
}

void
mext_storage_release_bulk(struct mext_storage *const *storages, unsigned int n)
{
	struct put put;
	unsigned int i, run;

	put_init(&put);
	for (i = 0; i < n; i += run) {
		for (run = 1; i + run < n && storages[i + run] == storages[i]; run++)
			;
		if (storages[i] != NULL)
			put_storage(&put, &storages[i]->shinfo, run);
	}
	put_flush(&put);
}

int
mext_storage_set_readonly(struct mext_storage *storage)
{
	if ((storage->flags & MEXT_STORAGE_PAIR) != 0)
		return -ENOTSUP;
	if (is_free(storage))
		return -EINVAL;
	__atomic_fetch_or(&storage->flags, MEXT_STORAGE_READONLY, __ATOMIC_RELAXED);
	return 0;
}

struct mext_storage *
mext_storage_from_mbuf(struct rte_mbuf *m)
{
	restore_mark(m);
	if (!RTE_MBUF_HAS_EXTBUF(m) || origin_of(m->shinfo) == ORIGIN_FOREIGN)
		return NULL;
	return storage_of(m->shinfo);
}
