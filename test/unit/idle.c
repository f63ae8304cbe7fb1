/* SPDX-License-Identifier: BSD-3-Clause */
#include "idle.h"

#include "pool.h"
#include "storage.h"

static void
idle_mbuf(struct rte_mempool *mp, const struct rte_mbuf *m)
{
	assert_ptr_equal(m->pool, mp);
	assert_int_equal(rte_mbuf_refcnt_read(m), 1);
	assert_null(m->next);
	assert_int_equal(m->nb_segs, 1);
	assert_int_equal(m->priv_size, rte_pktmbuf_priv_size(mp));
	assert_int_equal(m->buf_len, rte_pktmbuf_data_room_size(mp));
}

void
idle_direct(struct rte_mempool *mp, void *obj)
{
	const struct rte_mbuf *m = obj;

	idle_mbuf(mp, m);
	assert_int_equal(m->ol_flags & (RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_INDIRECT), 0);
	assert_ptr_equal(m->buf_addr, (const char *)(m + 1) + m->priv_size);
	assert_int_equal(rte_mbuf_iova_get(m), (uintptr_t)m->buf_addr);
}

void
idle_pinned(struct rte_mempool *mp, void *obj)
{
	const struct rte_mbuf *m = obj;

	idle_mbuf(mp, m);
	assert_int_equal(rte_mbuf_ext_refcnt_read(m->shinfo), 1);
	assert_ptr_equal(m->shinfo->fcb_opaque, m);
}

static void
idle_storage(struct rte_mempool *mp, const struct mext_storage *storage)
{
	assert_ptr_equal(storage->mp, mp);
	assert_ptr_equal(storage->shinfo.fcb_opaque, storage);
	assert_int_equal(storage->abi, MEXT_ABI_VERSION);
}

static void
idle_class(struct rte_mempool *mp, void *obj)
{
	const struct mext_storage *storage = obj;

	idle_storage(mp, storage);
	assert_int_equal(mext_storage_refcnt(storage), 0);
	assert_int_equal(storage->iova, (uintptr_t)storage->base);
	assert_true(storage->len > 0 &&
			storage->len <= rte_mempool_from_obj(storage->base)->elt_size);
	assert_int_equal(origin_of(&storage->shinfo), ORIGIN_CLASS);
}

static void
idle_wrap(struct rte_mempool *mp, void *obj)
{
	const struct mext_storage *storage = obj;

	idle_storage(mp, storage);
	assert_int_equal(mext_storage_refcnt(storage), 0);
	assert_int_equal(origin_of(&storage->shinfo), ORIGIN_WRAP);
}

/** Whole: bound to its storage, both at 1. The EXTERNAL mark may be lost to a driver. */
static void
idle_pair(struct rte_mempool *mp, void *obj)
{
	const struct rte_mbuf *m = obj;
	const struct mext_storage *storage = storage_in_pair(m);

	idle_mbuf(mp, m);
	idle_storage(mp, storage);
	assert_ptr_equal(m->shinfo, &storage->shinfo);
	assert_int_equal(mext_storage_refcnt(storage), 1);
	assert_int_equal(storage->flags, MEXT_STORAGE_PAIR);
	assert_int_equal(origin_of(m->shinfo), ORIGIN_PAIR);
	assert_ptr_equal(storage->base, m->buf_addr);
	assert_int_equal(storage->len, m->buf_len);
	assert_int_equal(rte_mbuf_iova_get(m), storage->iova);
}

/** No leaf has a reference, each knows where it is. */
static void
idle_spread(struct rte_mempool *mp, void *obj)
{
	const struct mext_spread *spread = obj;
	unsigned int i;

	assert_ptr_equal(spread->mp, mp);
	assert_int_equal(spread->holders, 0);
	assert_int_equal(spread->live, 0);
	assert_true(spread->nb_leaves >= rte_lcore_count() + 1);
	for (i = 0; i < spread->nb_leaves; i++) {
		const struct mext_storage *leaf = &spread->leaves[i].storage;

		idle_storage(mp, leaf);
		assert_int_equal(mext_storage_refcnt(leaf), 0);
		assert_int_equal(leaf->leaf, i);
		assert_int_equal(origin_of(&leaf->shinfo), ORIGIN_LEAF);
	}
}

static int
by_address(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t) * (void *const *)a, y = (uintptr_t) * (void *const *)b;

	return (x > y) - (x < y);
}

void
idle_mempool(struct rte_mempool *mp, idle_check_t check)
{
	void **objs = calloc(mp->size + 1, sizeof(*objs));
	unsigned int i, lcore;

	assert_non_null(objs);
	RTE_LCORE_FOREACH(lcore)
		rte_mempool_cache_flush(rte_mempool_default_cache(mp, lcore), mp);
	for (i = 0; i <= mp->size && rte_mempool_get(mp, &objs[i]) == 0; i++)
		;
	if (i != mp->size)
		fail_msg("%s: %u of %u objects are back", mp->name, i, mp->size);
	qsort(objs, mp->size, sizeof(*objs), by_address);
	for (i = 0; i < mp->size; i++) {
		assert_true(i == 0 || objs[i] != objs[i - 1]);
		check(mp, objs[i]);
	}
	rte_mempool_put_bulk(mp, objs, mp->size);
	free(objs);
}

static idle_check_t
check_of(unsigned int kind)
{
	switch (kind_like(kind)) {
	case KIND_RX:
	case KIND_HEADER:
		return idle_direct;
	case KIND_PAIR:
		return idle_pair;
	case KIND_WRAP:
		return idle_wrap;
	case KIND_SPREAD:
		return idle_spread;
	default:
		return idle_class;
	}
}

void
idle_pool(struct mext_pool *pool)
{
	unsigned int i, kind;

	for (i = 0; i < pool->nb_sockets; i++)
		for (kind = 0; kind < NB_KINDS; kind++)
			if (pool->sub[i].mp[kind] != NULL)
				idle_mempool(pool->sub[i].mp[kind], check_of(kind));
}
