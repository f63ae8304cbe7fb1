/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include <mext_share.h>

#include "chain.h"
#include "pool.h"
#include "space.h"

/** Parts of a range. */
static unsigned int
count_parts(struct range r)
{
	unsigned int n = 1;

	while (range_next(&r))
		n++;
	return n;
}

/** Give raw headers back, linked into n lists by next. */
static void
put_lists(struct rte_mbuf **lists, unsigned int n)
{
	struct rte_mbuf *m, *next;
	unsigned int i;

	for (i = 0; i < n; i++)
		for (m = lists[i]; m != NULL; m = next) {
			next = m->next;
			m->next = NULL;
			rte_mempool_put(m->pool, m);
		}
}

/** Take raw headers: n lists of nb_segs each. All or nothing. */
static int
get_lists(struct mext_pool *pool, struct rte_mbuf **lists, unsigned int n, unsigned int nb_segs)
{
	int ret = headers_get(pool, lists, n);
	struct rte_mbuf *more[64];
	unsigned int i, j, k;

	for (; ret == 0 && nb_segs > 1; nb_segs--) {
		for (i = 0; i < n && ret == 0; i += k) {
			k = RTE_MIN(n - i, (unsigned int)RTE_DIM(more));
			ret = headers_get(pool, more, k);
			for (j = 0; j < k && ret == 0; j++) {
				more[j]->next = lists[i + j];
				lists[i + j] = more[j];
			}
		}
		if (ret < 0)
			put_lists(lists, n);
	}
	return ret;
}

/** Take n references on each part of a range: all or nothing. */
static int
hold_parts(const struct range *range, unsigned int n)
{
	struct range r = *range, undo = *range;
	int ret;

	do {
		restore_mark(r.seg);
		ret = bytes_hold(r.seg, n);
	} while (ret == 0 && range_next(&r));
	if (likely(ret == 0))
		return 0;
	for (; undo.seg != r.seg; range_next(&undo))
		bytes_unhold(undo.seg, n);
	return ret;
}

/** Make n lists of raw headers packets over a range that is held for them. */
static void
fill_lists(const struct range *range, const struct rte_mbuf *meta, unsigned int nb_segs,
		uint16_t priv_size, struct rte_mbuf *const *lists, unsigned int n)
{
	struct rte_mbuf view, *at[64];
	struct range r = *range;
	bool first = true;
	unsigned int i;

	RTE_ASSERT(n <= RTE_DIM(at));
	memset(&view, 0, sizeof(view));
	do {
		view_init(&view, r.seg, first ? meta : r.seg, r.off, r.len, priv_size);
		if (first) {
			view.pkt_len = r.len + r.left;
			view.nb_segs = nb_segs;
		}
		for (i = 0; i < n; i++) {
			struct rte_mbuf *m = first ? lists[i] : at[i], *next = m->next;

			view_put(&view, m);
			m->next = next;
			at[i] = next;
		}
		first = false;
	} while (range_next(&r));
}

/** One header over bytes of one segment, as most shares are. */
static inline int
share_one(struct mext_pool *pool, struct rte_mbuf *meta, struct rte_mbuf *seg, uint32_t off,
		uint16_t len, struct rte_mbuf **copy)
{
	struct rte_mbuf *m;
	int ret = headers_get(pool, &m, 1);

	if (unlikely(ret < 0))
		return ret;
	restore_mark(seg);
	ret = bytes_hold(seg, 1);
	if (unlikely(ret < 0)) {
		rte_mempool_put(m->pool, m);
		return ret;
	}
	view_init(m, seg, meta, off, len, pool->conf.priv_size);
	count_add(pool, COUNTER(header_allocs), 1);
	*copy = m;
	return 0;
}

int
mextp_share(struct mext_pool *pool, struct rte_mbuf *meta, const struct range *range,
		struct rte_mbuf **copies, unsigned int n)
{
	unsigned int nb_segs, i;
	int ret;

	if (n == 1 && range->left == 0)
		return share_one(pool, meta, range->seg, range->off, range->len, copies);
	nb_segs = count_parts(*range);
	if (unlikely(nb_segs > RTE_MBUF_MAX_NB_SEGS))
		return -EMSGSIZE;
	ret = get_lists(pool, copies, n, nb_segs);
	if (unlikely(ret < 0))
		return ret;
	ret = hold_parts(range, n);
	if (unlikely(ret < 0)) {
		put_lists(copies, n);
		return ret;
	}
	for (i = 0; i < n; i += 64)
		fill_lists(range, meta, nb_segs, pool->conf.priv_size, &copies[i],
				RTE_MIN(n - i, 64u));
	count_add(pool, COUNTER(header_allocs), (uint64_t)n * nb_segs);
	return 0;
}

/** Share bytes [off, off + len) to n packets, with everything checked. */
static int
share_bytes(struct mext_pool *pool, struct rte_mbuf *m, size_t off, size_t len,
		struct rte_mbuf **copies, unsigned int n)
{
	struct range range;
	int ret = range_check(m, off, len);

	if (unlikely(ret < 0 || n == 0))
		return ret;
	range_begin(&range, m, off, len);
	return mextp_share(pool, m, &range, copies, n);
}

int
mext_share(struct mext_pool *pool, struct rte_mbuf *m, size_t off, size_t len,
		struct rte_mbuf **share)
{
	struct rte_mbuf *made;
	int ret;

	/* Within the first segment, where bytes are: no walk. */
	if (likely(m != NULL && off < m->data_len && len <= (size_t)m->data_len - off))
		return share_one(pool, m, m, off, len, share);
	ret = share_bytes(pool, m, off, len, &made, 1);
	if (likely(ret == 0))
		*share = made;
	return ret;
}

int
mext_fanout(struct mext_pool *pool, struct rte_mbuf *m, struct rte_mbuf **copies, unsigned int n)
{
	return share_bytes(pool, m, 0, m != NULL ? m->pkt_len : 0, copies, n);
}

/** Packets of one segment each: headers and references are taken before anything is made. */
static int
fanout_singles(struct mext_pool *pool, struct rte_mbuf *const *mbufs, unsigned int nb,
		struct rte_mbuf **copies, unsigned int n)
{
	unsigned int i;
	int ret = headers_get(pool, copies, nb * n);

	if (unlikely(ret < 0))
		return ret;
	for (i = 0; i < nb; i++) {
		restore_mark(mbufs[i]);
		ret = bytes_hold_own(mbufs[i], n);
		if (unlikely(ret < 0))
			goto undo;
	}
	for (i = 0; i < nb; i++)
		view_whole(&copies[i], n, nb, mbufs[i], pool->conf.priv_size);
	count_add(pool, COUNTER(header_allocs), (uint64_t)nb * n);
	return 0;

undo:
	while (i-- > 0)
		bytes_unhold(mbufs[i], n);
	put_lists(copies, nb * n);
	return ret;
}

/** Packets of any shape, one by one. */
static int
fanout_each(struct mext_pool *pool, struct rte_mbuf *const *mbufs, unsigned int nb,
		struct rte_mbuf **copies, unsigned int n)
{
	unsigned int i, k;
	int ret = 0;

	for (k = 0; k < n; k++) {
		for (i = 0; i < nb; i++) {
			ret = mext_fanout(pool, mbufs[i], &copies[k * nb + i], 1);
			if (unlikely(ret < 0))
				goto undo;
		}
	}
	return 0;

undo:
	mext_free_bulk(copies, k * nb + i);
	return ret;
}

int
mext_fanout_bulk(struct mext_pool *pool, struct rte_mbuf *const *mbufs, unsigned int nb,
		struct rte_mbuf **copies, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < nb; i++) {
		if (unlikely(mbufs[i] == NULL))
			return -EINVAL;
		if (unlikely(mbufs[i]->nb_segs != 1))
			return fanout_each(pool, mbufs, nb, copies, n);
	}
	return likely(nb > 0 && n > 0) ? fanout_singles(pool, mbufs, nb, copies, n) : 0;
}

/** Put room with the first len bytes of a packet in front of each of n packets, or alone if these are NULL. */
static int
put_in_front(struct mext_pool *pool, struct rte_mbuf *m, size_t len, struct rte_mbuf **copies,
		unsigned int n, bool alone)
{
	struct rte_mbuf *room[64];
	unsigned int i;
	int ret;

	ret = mextp_space_get(pool, room, n, len, pool->conf.headroom);
	if (ret < 0)
		return ret;
	for (i = 0; i < n; i++) {
		mextp_chain_copy(room[i], 0, m, 0, len);
		meta_copy(room[i], m);
		if (!alone) {
			room[i]->next = copies[i];
			room[i]->nb_segs = copies[i]->nb_segs + 1;
			room[i]->pkt_len = m->pkt_len;
		}
		copies[i] = room[i];
	}
	return 0;
}

int
mext_fanout_private(struct mext_pool *pool, struct rte_mbuf *m, size_t hdr_len,
		struct rte_mbuf **copies, unsigned int n)
{
	int ret = range_check(m, 0, hdr_len);
	bool alone, fits;
	unsigned int i;
	size_t behind;

	if (ret < 0 || n == 0)
		return ret;
	behind = m->pkt_len - hdr_len;
	fits = m->pkt_len + (size_t)pool->conf.headroom <= mextp_space_max(&pool->conf);
	alone = behind == 0 || (behind <= pool->conf.copy_threshold && fits);
	if (alone)
		hdr_len = m->pkt_len;
	else if (m->nb_segs == RTE_MBUF_MAX_NB_SEGS)
		return -EMSGSIZE;
	else
		ret = share_bytes(pool, m, hdr_len, behind, copies, n);
	for (i = 0; i < n && ret == 0; i += 64) {
		ret = put_in_front(pool, m, hdr_len, &copies[i], RTE_MIN(n - i, 64u), alone);
		if (ret < 0)
			mext_free_bulk(copies, alone ? i : n);
	}
	return ret;
}
