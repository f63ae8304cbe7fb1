/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <mext_attach.h>

#include "pool.h"
#include "ref.h"
#include "room.h"
#include "storage.h"

/** Why a storage may not be attached to an mbuf, most telling reason first. */
static __rte_noinline int
refuse(const struct rte_mbuf *m, const struct mext_storage *storage, size_t off, size_t len)
{
	if (m == NULL || storage == NULL)
		return -EINVAL;
	if (len > UINT16_MAX)
		return -EMSGSIZE;
	if (off > storage->len || len > storage->len - off)
		return -ERANGE;
	if ((storage->flags & MEXT_STORAGE_PAIR) != 0)
		return -ENOTSUP;
	if (rte_mbuf_refcnt_read(m) != 1)
		return -EBUSY;
	if (!RTE_MBUF_DIRECT(m) || RTE_MBUF_HAS_PINNED_EXTBUF(m))
		return -EEXIST;
	if (m->next != NULL || m->nb_segs != 1)
		return -EMLINK;
	return 0;
}

/** The same without a reason, and for a burst mostly without branches. */
static inline bool
may_attach(const struct rte_mbuf *m, const struct mext_storage *storage, size_t end)
{
	return ((rte_mbuf_refcnt_read(m) ^ 1) | (m->nb_segs ^ 1) |
			       (m->ol_flags & (RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_INDIRECT)) |
			       (uintptr_t)m->next | (storage->flags & MEXT_STORAGE_PAIR) |
			       (end > storage->len)) == 0;
}

static inline void
attach(struct rte_mbuf *m, struct mext_storage *storage, size_t off, uint16_t len)
{
	RTE_ASSERT(ref_load(&storage->shinfo) > 0);
	m->buf_addr = RTE_PTR_ADD(storage->base, off);
	rte_mbuf_iova_set(m, storage->iova + off);
	m->data_off = 0;
	m->ol_flags |= RTE_MBUF_F_EXTERNAL;
	m->pkt_len = len;
	m->data_len = len;
	m->buf_len = len;
	m->shinfo = &storage->shinfo;
}

static __rte_noinline int
first_refusal(struct rte_mbuf *const *mbufs, struct mext_storage *const *storages, unsigned int n,
		size_t off, size_t len)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < n && ret == 0; i++)
		ret = refuse(mbufs[i], storages[i], off, len);
	return ret;
}

/** Whether any entry has something against it. Pools of pinned buffers are looked up once a run. */
static inline bool
any_refusal(struct rte_mbuf *const *mbufs, struct mext_storage *const *storages, unsigned int n,
		size_t off, size_t len)
{
	const struct rte_mempool *mp = NULL;
	size_t end = off + len;
	unsigned int i;

	if (unlikely(len > UINT16_MAX || end < off))
		return true;
	for (i = 0; i < n; i++) {
		if (unlikely(mbufs[i] == NULL || storages[i] == NULL))
			return true;
		if (unlikely(!may_attach(mbufs[i], storages[i], end)))
			return true;
		if (unlikely(mbufs[i]->pool != mp)) {
			mp = mbufs[i]->pool;
			if (unlikely(RTE_MBUF_HAS_PINNED_EXTBUF(mbufs[i])))
				return true;
		}
	}
	return false;
}

/** Count attached storages where they belong: one pool a run. */
static inline void
count_attached(struct mext_storage *const *storages, unsigned int n)
{
	unsigned int i, start = 0;

	for (i = 1; i <= n; i++) {
		if (likely(i < n && storages[i]->mp == storages[start]->mp))
			continue;
		count_add(pool_of(storages[start]->mp), COUNTER(attaches), i - start);
		start = i;
	}
}

int
mext_attach_bulk(struct rte_mbuf *const *mbufs, struct mext_storage *const *storages,
		unsigned int n, size_t off, size_t len)
{
	unsigned int i;

	if (unlikely(n == 0))
		return 0;
	if (unlikely(any_refusal(mbufs, storages, n, off, len)))
		return first_refusal(mbufs, storages, n, off, len);
	for (i = 0; i < n; i++)
		attach(mbufs[i], storages[i], off, (uint16_t)len);
	count_attached(storages, n);
	return 0;
}

int
mext_attach(struct rte_mbuf *m, struct mext_storage *storage, size_t off, size_t len)
{
	return mext_attach_bulk(&m, &storage, 1, off, len);
}

int
mext_detach(struct rte_mbuf *m, struct mext_storage **storage)
{
	struct mext_storage *found;
	struct room room;

	if (m == NULL)
		return -EINVAL;
	if (RTE_MBUF_HAS_PINNED_EXTBUF(m))
		return -ENOTSUP;
	if (!RTE_MBUF_HAS_EXTBUF(m) || origin_of(m->shinfo) == ORIGIN_FOREIGN)
		return -EINVAL;
	if (rte_mbuf_refcnt_read(m) != 1)
		return -EBUSY;
	if (m->next != NULL || m->nb_segs != 1)
		return -EMLINK;
	found = storage_of(m->shinfo);
	room_of_pool(&room, m->pool);
	room_restore(m, &room);
	m->pkt_len = 0;
	count_add(pool_of(found->mp), COUNTER(detaches), 1);
	*storage = found;
	return 0;
}
