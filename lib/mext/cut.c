/* SPDX-License-Identifier: BSD-3-Clause */
/* Cutting and joining packets: split, concat, trim. */
#include <errno.h>

#include <mext_share.h>

#include "chain.h"
#include "pool.h"
#include "writable.h"

/**
 * Bytes were cut off a segment: where others may see them, leave no room for a stock prepend or append to
 * write there. A buffer that is bound to its header keeps its room, nobody would put it back; nor may the
 * address change that an owner's callback or DPDK (in clones) goes by.
 */
static void
close_room(struct rte_mbuf *seg)
{
	if ((seg->ol_flags & KIND_FLAGS) == 0 || RTE_MBUF_HAS_PINNED_EXTBUF(seg) ||
			seg_is_writable(seg))
		return;
	if (RTE_MBUF_HAS_EXTBUF(seg) && origin_of(seg->shinfo) == ORIGIN_FOREIGN) {
		if (ref_load(seg->shinfo) == 1)
			return;
	} else if (RTE_MBUF_HAS_EXTBUF(seg)) {
		seg->buf_addr = RTE_PTR_ADD(seg->buf_addr, seg->data_off);
		rte_mbuf_iova_set(seg, rte_mbuf_iova_get(seg) + seg->data_off);
		seg->data_off = 0;
	}
	seg->buf_len = seg->data_off + seg->data_len;
}

/** Where the first part of a packet ends: in a segment, or at the end of one that has bytes. */
static void
find_end(struct range *cut, struct rte_mbuf *m, size_t len)
{
	range_begin(cut, m, len > 0 ? len - 1 : 0, len > 0);
	cut->off += cut->len;
}

/** Make what is behind a cut a packet of its own; the cut is the end of the other one then. */
static int
cut_at(struct mext_pool *pool, struct rte_mbuf *m, const struct range *cut, struct rte_mbuf **tail)
{
	uint32_t rest = cut->seg->data_len - cut->off;
	unsigned int nb_segs = chain_segs_to(m, cut->seg);
	struct range behind = { .seg = cut->seg, .off = cut->off, .len = rest };
	struct rte_mbuf *t;
	int ret;

	if (rest > 0 || cut->seg->next == NULL) {
		ret = mextp_share(pool, m, &behind, &t, 1);
		if (ret < 0)
			return ret;
		t->next = cut->seg->next;
		t->nb_segs = m->nb_segs - nb_segs + 1;
	} else {
		t = cut->seg->next;
		meta_copy(t, m);
		close_room(t);
		t->nb_segs = m->nb_segs - nb_segs;
	}
	cut->seg->next = NULL;
	cut->seg->data_len = cut->off;
	close_room(cut->seg);
	m->nb_segs = nb_segs;
	*tail = t;
	return 0;
}

int
mext_split(struct mext_pool *pool, struct rte_mbuf **m, size_t off, struct rte_mbuf **tail)
{
	struct rte_mbuf *own, *t;
	struct range cut;
	uint32_t pkt_len;
	int ret;

	ret = range_check(*m, off, 0);
	if (ret < 0)
		return ret;
	pkt_len = (*m)->pkt_len;
	find_end(&cut, *m, off);
	/* At the end of a segment the next one becomes a head. */
	ret = mextp_chain_begin(pool, *m,
			chain_segs_to(*m, cut.seg) + (cut.off == cut.seg->data_len), &own);
	if (ret < 0)
		return ret;
	find_end(&cut, own, off);
	ret = cut_at(pool, own, &cut, &t);
	if (ret < 0) {
		mextp_chain_abort(*m, own);
		return ret;
	}
	own->pkt_len = off;
	t->pkt_len = pkt_len - off;
	mextp_chain_commit(m, own, own);
	*tail = t;
	return 0;
}

int
mext_concat(struct mext_pool *pool, struct rte_mbuf **m, struct rte_mbuf *tail)
{
	struct rte_mbuf *own;
	int ret;

	if (*m == NULL || tail == NULL || *m == tail)
		return -EINVAL;
	if ((*m)->nb_segs + tail->nb_segs > RTE_MBUF_MAX_NB_SEGS ||
			tail->pkt_len > UINT32_MAX - (*m)->pkt_len)
		return -EMSGSIZE;
	ret = mextp_chain_begin(pool, *m, (*m)->nb_segs, &own);
	if (ret < 0)
		return ret;
	chain_last(own)->next = tail;
	own->nb_segs += tail->nb_segs;
	own->pkt_len += tail->pkt_len;
	mextp_chain_commit(m, own, own);
	return 0;
}

int
mext_trim_front(struct mext_pool *pool, struct rte_mbuf **m, size_t len)
{
	struct rte_mbuf *own, *head;
	unsigned int dropped;
	struct range first;
	int ret;

	ret = range_check(*m, 0, len);
	if (ret < 0 || len == 0)
		return ret;
	if (len == (*m)->pkt_len)
		return mext_trim_back(pool, m, len);
	range_begin(&first, *m, len, 1);
	ret = mextp_chain_begin(pool, *m, chain_segs_to(*m, first.seg), &own);
	if (ret < 0)
		return ret;
	range_begin(&first, own, len, 1);
	head = first.seg;
	if (head != own) {
		meta_copy(head, own);
		head->nb_segs = own->nb_segs - chain_segs_to(own, head) + 1;
		head->pkt_len = own->pkt_len;
	}
	mextp_chain_drop(own, len, &dropped);
	head->pkt_len -= len;
	close_room(head);
	mextp_chain_commit(m, own, head);
	return 0;
}

int
mext_trim_back(struct mext_pool *pool, struct rte_mbuf **m, size_t len)
{
	struct rte_mbuf *own, *behind;
	struct range cut;
	int ret;

	ret = range_check(*m, 0, len);
	if (ret < 0 || len == 0)
		return ret;
	find_end(&cut, *m, (*m)->pkt_len - len);
	ret = mextp_chain_begin(pool, *m, chain_segs_to(*m, cut.seg), &own);
	if (ret < 0)
		return ret;
	find_end(&cut, own, own->pkt_len - len);
	behind = cut.seg->next;
	cut.seg->next = NULL;
	cut.seg->data_len = cut.off;
	close_room(cut.seg);
	own->nb_segs = chain_segs_to(own, cut.seg);
	own->pkt_len -= len;
	mext_free_bulk(&behind, 1);
	mextp_chain_commit(m, own, own);
	return 0;
}
