/* SPDX-License-Identifier: BSD-3-Clause */
/* More bytes, or contiguous ones: prepend, append, pullup. */
#include <errno.h>

#include <mext_write.h>

#include "chain.h"
#include "pool.h"
#include "space.h"
#include "writable.h"

/** @return 0; -EINVAL: no packet; -EMSGSIZE: no segment has so much space, or the packet would be too long. */
static int
check_longer(const struct mext_pool *pool, const struct rte_mbuf *m, size_t len, uint16_t headroom)
{
	if (m == NULL)
		return -EINVAL;
	if (len + headroom > mextp_space_max(&pool->conf))
		return mextp_space_max(&pool->conf) > 0 ? -EMSGSIZE : -ENOMEM;
	if (m->nb_segs == RTE_MBUF_MAX_NB_SEGS || len > UINT32_MAX - m->pkt_len)
		return -EMSGSIZE;
	return 0;
}

int
mext_prepend(struct mext_pool *pool, struct rte_mbuf **m, size_t len, void **data)
{
	const uint16_t headroom = pool->conf.headroom;
	struct rte_mbuf *old = *m, *room;
	int ret;

	if (old != NULL && len == 0) {
		*data = rte_pktmbuf_mtod(old, void *);
		return 0;
	}
	if (old != NULL && len <= UINT32_MAX - old->pkt_len && len <= old->data_off &&
			seg_is_writable(old)) {
		old->data_off -= len;
		old->data_len += len;
		old->pkt_len += len;
		*data = rte_pktmbuf_mtod(old, void *);
		return 0;
	}
	ret = check_longer(pool, old, len, headroom);
	if (ret == 0)
		ret = mextp_space_get(pool, &room, 1, len, headroom);
	if (ret < 0)
		return ret;
	/* The old head is not edited: it may be somebody else's too. */
	meta_copy(room, old);
	room->next = old;
	room->nb_segs = old->nb_segs + 1;
	room->pkt_len = old->pkt_len + len;
	*m = room;
	*data = rte_pktmbuf_mtod(room, void *);
	return 0;
}

/** Add len bytes at the end of a packet of own headers. */
static int
append(struct mext_pool *pool, struct rte_mbuf *own, size_t len, void **data)
{
	struct rte_mbuf *last = chain_last(own), *room;
	int ret;

	if (len <= rte_pktmbuf_tailroom(last) && seg_is_writable(last)) {
		*data = rte_pktmbuf_mtod_offset(last, void *, last->data_len);
		last->data_len += len;
	} else {
		ret = check_longer(pool, own, len, 0);
		if (ret == 0)
			ret = mextp_space_get(pool, &room, 1, len, 0);
		if (ret < 0)
			return ret;
		*data = rte_pktmbuf_mtod(room, void *);
		last->next = room;
		own->nb_segs++;
	}
	own->pkt_len += len;
	return 0;
}

int
mext_append(struct mext_pool *pool, struct rte_mbuf **m, size_t len, void **data)
{
	struct rte_mbuf *own, *last;
	int ret;

	if (*m == NULL)
		return -EINVAL;
	if (len == 0) {
		last = chain_last(*m);
		*data = rte_pktmbuf_mtod_offset(last, void *, last->data_len);
		return 0;
	}
	if (len > UINT32_MAX - (*m)->pkt_len)
		return -EMSGSIZE;
	ret = mextp_chain_begin(pool, *m, (*m)->nb_segs, &own);
	if (ret < 0)
		return ret;
	ret = append(pool, own, len, data);
	if (ret < 0) {
		mextp_chain_abort(*m, own);
		return ret;
	}
	mextp_chain_commit(m, own, own);
	return 0;
}

/** Whether a packet's first segment has room for n bytes more, and its headers may be edited up to there. */
static bool
can_pull(const struct rte_mbuf *m, size_t n)
{
	const struct rte_mbuf *seg = m;
	size_t left = n;

	if (n > rte_pktmbuf_tailroom(m) || !seg_is_writable(m))
		return false;
	do {
		seg = seg->next;
		if (!mbuf_is_own(seg))
			return false;
		left -= RTE_MIN(left, (size_t)seg->data_len);
	} while (left > 0);
	return true;
}

/** Move bytes from the segments behind the first one to its end. */
static void
pull(struct rte_mbuf *m, size_t n)
{
	const uint16_t end = m->data_len;
	unsigned int dropped;

	m->data_len += n;
	mextp_chain_copy(m, end, m->next, 0, n);
	m->next = mextp_chain_drop(m->next, n, &dropped);
	m->nb_segs -= dropped;
}

int
mext_pullup(struct mext_pool *pool, struct rte_mbuf **m, size_t len)
{
	struct rte_mbuf *own, *room;
	unsigned int dropped;
	struct range last;
	int ret;

	ret = range_check(*m, 0, len);
	if (ret < 0 || len <= (*m)->data_len)
		return ret;
	if (can_pull(*m, len - (*m)->data_len)) {
		pull(*m, len - (*m)->data_len);
		return 0;
	}
	ret = mextp_space_get(pool, &room, 1, len, pool->conf.headroom);
	if (ret < 0)
		return ret;
	range_begin(&last, *m, len - 1, 1);
	ret = mextp_chain_begin(pool, *m, chain_segs_to(*m, last.seg), &own);
	if (ret < 0) {
		mext_free_bulk(&room, 1);
		return ret;
	}
	mextp_chain_copy(room, 0, own, 0, len);
	meta_copy(room, own);
	room->pkt_len = own->pkt_len;
	room->nb_segs = own->nb_segs + 1;
	room->next = mextp_chain_drop(own, len, &dropped);
	room->nb_segs -= dropped;
	mextp_chain_commit(m, own, room);
	return 0;
}
