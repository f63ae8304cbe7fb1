/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <mext_attach.h>
#include <mext_free.h>
#include <mext_packet.h>

#include "iova.h"
#include "pool.h"
#include "ref.h"
#include "reset.h"
#include "room.h"
#include "storage.h"

/** IO address of a byte of a storage. */
static inline rte_iova_t
iova_at(const struct mext_storage *storage, size_t off)
{
	size_t left;

	if (likely((mext_storage_flags(storage) & MEXT_STORAGE_SCATTERED) == 0))
		return storage->iova + off;
	return mextp_iova_of(RTE_PTR_ADD(storage->base, off), &left);
}

/** How many of len bytes from off on are contiguous in IO addresses. */
static size_t
contiguous(const struct mext_storage *storage, size_t off, size_t len)
{
	rte_iova_t iova;

	if (likely((mext_storage_flags(storage) & MEXT_STORAGE_SCATTERED) == 0))
		return len;
	return mextp_iova_run(RTE_PTR_ADD(storage->base, off), len, &iova);
}

/** Why bytes of a storage may not be attached, whatever the mbuf. */
static int
refuse_storage(const struct mext_storage *storage, size_t off, size_t len)
{
	if (storage == NULL || is_free(storage))
		return -EINVAL;
	if (len > UINT16_MAX)
		return -EMSGSIZE;
	if (off > storage->len || len > storage->len - off)
		return -ERANGE;
	return contiguous(storage, off, len) == len ? 0 : -EFAULT;
}

/** Why nothing may be attached to an mbuf. */
static int
refuse_mbuf(const struct rte_mbuf *m)
{
	if (m == NULL)
		return -EINVAL;
	if (rte_mbuf_refcnt_read(m) != 1)
		return -EBUSY;
	if (!RTE_MBUF_DIRECT(m) || RTE_MBUF_HAS_PINNED_EXTBUF(m))
		return -EEXIST;
	if (m->next != NULL || m->nb_segs != 1)
		return -EMLINK;
	return 0;
}

/**
 * What an mbuf over bytes of a storage says of them. Read once for neighbours over one storage: others may be
 * writing its count, and each read would fetch the line anew.
 */
struct bytes {
	struct mext_storage *storage;
	void *addr;
	rte_iova_t iova;
};

static inline struct bytes
bytes_at(struct mext_storage *storage, size_t off, bool odd)
{
	return (struct bytes){ storage, RTE_PTR_ADD(storage->base, off),
		unlikely(odd) ? iova_at(storage, off) : storage->iova + off };
}

/** Point an mbuf at the bytes. */
static inline void
point_at(struct rte_mbuf *m, const struct bytes *bytes, uint16_t len)
{
	m->buf_addr = bytes->addr;
	rte_mbuf_iova_set(m, bytes->iova);
	m->buf_len = len;
	m->shinfo = &bytes->storage->shinfo;
}

/** The reason of the first entry that has one. */
static __rte_noinline int
first_refusal(struct rte_mbuf *const *mbufs, struct mext_storage *const *storages, unsigned int n,
		size_t off, size_t len)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < n && ret == 0; i++) {
		ret = refuse_storage(storages[i], off, len);
		if (ret == 0)
			ret = refuse_mbuf(mbufs[i]);
	}
	return ret;
}

/** Whether a storage may be refused, or goes back to another mempool than this one. */
static inline bool
is_odd(const struct mext_storage *storage, const struct rte_mempool *mp, size_t end)
{
	return storage == NULL || is_free(storage) || storage->len < end || storage->mp != mp ||
	       (mext_storage_flags(storage) & MEXT_STORAGE_SCATTERED) != 0;
}

/**
 * Whether any entry may have something against it, or differs from the first one in its mempools:
 * first_refusal() tells. One test a burst instead of eight an mbuf.
 */
static inline bool
any_doubt(struct rte_mbuf *const *mbufs, struct mext_storage *const *storages, unsigned int n,
		size_t off, size_t len)
{
	struct rte_mempool *mp;
	uintptr_t doubt = 0;
	unsigned int i;

	if (unlikely(storages[0] == NULL || len > UINT16_MAX || off + len < off))
		return true;
	mp = storages[0]->mp;
	for (i = 0; i < n; i++) {
		const struct rte_mbuf *m = mbufs[i];

		if (unlikely(m == NULL || is_odd(storages[i], mp, off + len)))
			return true;
		doubt |= (uintptr_t)(rte_mbuf_refcnt_read(m) ^ 1) | (uintptr_t)(m->nb_segs ^ 1) |
			 (m->ol_flags & (RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_INDIRECT)) |
			 (uintptr_t)m->next | ((uintptr_t)m->pool ^ (uintptr_t)mbufs[0]->pool);
	}
	return doubt != 0 || RTE_MBUF_HAS_PINNED_EXTBUF(mbufs[0]);
}

/** Count attached storages where they belong, one by one. */
static __rte_noinline void
count_mixed(struct mext_storage *const *storages, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		count_add(pool_of(storages[i]->mp), COUNTER(attaches), 1);
}

int
mext_attach_bulk(struct rte_mbuf *const *mbufs, struct mext_storage *const *storages,
		unsigned int n, size_t off, size_t len)
{
	bool doubt;
	unsigned int i;
	int ret;

	if (unlikely(n == 0))
		return 0;
	doubt = any_doubt(mbufs, storages, n, off, len);
	if (unlikely(doubt)) {
		ret = first_refusal(mbufs, storages, n, off, len);
		if (ret < 0)
			return ret;
	}
	for (i = 0; i < n; i++) {
		struct bytes bytes = bytes_at(storages[i], off, doubt);

		point_at(mbufs[i], &bytes, (uint16_t)len);
		mbufs[i]->ol_flags |= RTE_MBUF_F_EXTERNAL;
		mbufs[i]->data_off = 0;
		mbufs[i]->data_len = (uint16_t)len;
		mbufs[i]->pkt_len = (uint16_t)len;
	}
	if (likely(!doubt))
		count_add(pool_of(storages[0]->mp), COUNTER(attaches), n);
	else
		count_mixed(storages, n);
	return 0;
}

/** Give headers back that point at storages already, whose references stay where they are. */
static __rte_noinline void
give_headers_back(struct rte_mbuf **mbufs, unsigned int n)
{
	struct room room;
	unsigned int i;

	for (i = 0; i < n; i++) {
		room_of_pool(&room, mbufs[i]);
		room_restore(mbufs[i], &room);
	}
	mext_free_bulk(mbufs, n);
}

int
mext_attach_new_bulk(struct mext_pool *pool, struct rte_mbuf **mbufs,
		struct mext_storage *const *storages, unsigned int n, size_t off, size_t len)
{
	struct bytes bytes = { .storage = NULL };
	struct rte_mempool *mp;
	bool mixed = false;
	unsigned int i;
	int ret;

	if (unlikely(n == 0))
		return 0;
	if (unlikely(storages[0] == NULL || len > UINT16_MAX || off + len < off))
		return refuse_storage(storages[0], off, len);
	ret = headers_get(pool, mbufs, n);
	if (unlikely(ret < 0))
		return ret;
	mp = storages[0]->mp;
	for (i = 0; i < n; i++) {
		struct mext_storage *storage = storages[i];

		RTE_ASSERT(mbufs[i]->next == NULL && mbufs[i]->buf_len == 0);
		mbuf_reset(mbufs[i], RTE_MBUF_F_EXTERNAL, 0, (uint16_t)len);
		if (storage != bytes.storage) {
			const bool odd = is_odd(storage, mp, off + len);

			if (unlikely(odd)) {
				ret = refuse_storage(storage, off, len);
				if (ret < 0) {
					give_headers_back(mbufs, n);
					return ret;
				}
				mixed = true;
			}
			bytes = bytes_at(storage, off, odd);
		}
		point_at(mbufs[i], &bytes, (uint16_t)len);
	}
	count_add(pool, COUNTER(header_allocs), n);
	if (likely(!mixed))
		count_add(pool_of(mp), COUNTER(attaches), n);
	else
		count_mixed(storages, n);
	return 0;
}

int
mext_attach(struct rte_mbuf *m, struct mext_storage *storage, size_t off, size_t len)
{
	return mext_attach_bulk(&m, &storage, 1, off, len);
}

/** Bytes of the next segment of a chain over a storage. */
static size_t
next_piece(const struct mext_storage *storage, size_t off, size_t len)
{
	return contiguous(storage, off, RTE_MIN(len, (size_t)UINT16_MAX));
}

/** Take bare headers, as new: a chain of nb_segs. */
static int
header_chain(struct mext_pool *pool, unsigned int nb_segs, struct rte_mbuf **head)
{
	struct rte_mbuf *mbufs[64];
	unsigned int n, i;
	int ret;

	for (*head = NULL; nb_segs > 0; nb_segs -= n) {
		n = RTE_MIN(nb_segs, (unsigned int)RTE_DIM(mbufs));
		ret = mext_header_alloc_bulk(pool, mbufs, n);
		if (ret < 0) {
			mext_free_bulk(head, 1);
			return ret;
		}
		for (i = 0; i < n; i++) {
			mbufs[i]->next = *head;
			*head = mbufs[i];
		}
	}
	return 0;
}

/** What mext_attach_chain() has against a range, or how many segments it takes. */
static int
count_pieces(const struct mext_storage *storage, size_t off, size_t len, unsigned int *n)
{
	size_t piece;

	if (storage == NULL || is_free(storage))
		return -EINVAL;
	if (off > storage->len || len > storage->len - off)
		return -ERANGE;
	if (len > UINT32_MAX)
		return -EMSGSIZE;
	*n = 0;
	do {
		piece = next_piece(storage, off, len);
		if (piece == 0 && len > 0)
			return -EFAULT;
		off += piece;
		len -= piece;
	} while (++*n < RTE_MBUF_MAX_NB_SEGS && len > 0);
	return len > 0 ? -EMSGSIZE : 0;
}

int
mext_attach_chain(struct mext_pool *pool, struct mext_storage *storage, size_t off, size_t len,
		struct rte_mbuf **m)
{
	struct rte_mbuf *head, *seg;
	unsigned int nb_segs;
	size_t piece, left;
	int ret;

	ret = count_pieces(storage, off, len, &nb_segs);
	if (ret == 0)
		ret = header_chain(pool, nb_segs, &head);
	if (ret < 0)
		return ret;
	ret = ref_take(&storage->shinfo, nb_segs - 1);
	if (ret < 0) {
		mext_free_bulk(&head, 1);
		return ret;
	}
	for (seg = head, left = len; seg != NULL; seg = seg->next) {
		struct bytes bytes = bytes_at(storage, off, true);

		piece = next_piece(storage, off, left);
		point_at(seg, &bytes, (uint16_t)piece);
		seg->ol_flags = RTE_MBUF_F_EXTERNAL;
		seg->data_len = (uint16_t)piece;
		off += piece;
		left -= piece;
	}
	head->nb_segs = nb_segs;
	head->pkt_len = len;
	count_add(pool_of(storage->mp), COUNTER(attaches), nb_segs);
	*m = head;
	return 0;
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
	if (!RTE_MBUF_HAS_EXTBUF(m) || origin_of(m->shinfo) == ORIGIN_FOREIGN ||
			is_free(storage_of(m->shinfo)))
		return -EINVAL;
	if (rte_mbuf_refcnt_read(m) != 1)
		return -EBUSY;
	if (m->next != NULL || m->nb_segs != 1)
		return -EMLINK;
	found = storage_of(m->shinfo);
	room_of_pool(&room, m);
	room_restore(m, &room);
	m->data_off = room.data_off;
	m->data_len = 0;
	m->pkt_len = 0;
	count_add(pool_of(found->mp), COUNTER(detaches), 1);
	*storage = found;
	return 0;
}
