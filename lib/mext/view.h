/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIEW_H
#define VIEW_H

/**
 * @file
 * Headers over bytes that a segment holds already: what they look like, and the references they take.
 */

#include <assert.h>
#include <string.h>

#include <rte_mbuf.h>

#include "ref.h"
#include "storage.h"

/** Flags that say how a header holds its bytes; all others are metadata. */
#define KIND_FLAGS (RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_INDIRECT)

/** Give a header the metadata of another one: what rte_pktmbuf_clone() carries. */
static inline void
meta_copy(struct rte_mbuf *to, const struct rte_mbuf *from)
{
	to->ol_flags = (to->ol_flags & KIND_FLAGS) | (from->ol_flags & ~KIND_FLAGS);
	to->port = from->port;
	to->packet_type = from->packet_type;
	to->vlan_tci = from->vlan_tci;
	to->vlan_tci_outer = from->vlan_tci_outer;
	to->hash = from->hash;
	to->tx_offload = from->tx_offload;
	rte_mbuf_dynfield_copy(to, from);
}

/** The header that a segment's bytes hang on, if they are not external. */
static inline struct rte_mbuf *
parent_of(struct rte_mbuf *seg)
{
	return RTE_MBUF_CLONED(seg) ? rte_mbuf_from_indirect(seg) : seg;
}

/**
 * Take n references on what holds the bytes of a segment. @return 0; -EOVERFLOW; -ENOTSUP: the bytes are
 * apart from a header that has lost its mark, so they can't hang on it.
 */
static inline int
bytes_hold(struct rte_mbuf *seg, unsigned int n)
{
	if (RTE_MBUF_HAS_EXTBUF(seg))
		return ref_take(seg->shinfo, n);
	if (unlikely(!RTE_MBUF_CLONED(seg) && seg->buf_addr != (char *)(seg + 1) + seg->priv_size))
		return -ENOTSUP;
	return mbuf_ref_take(parent_of(seg), n);
}

/**
 * The same for a packet's owner. Where header and bytes are nobody else's there is nobody who could change the
 * count, so a store will do; a count of 1 behind a header that is somebody else's too says nothing.
 */
static inline int
bytes_hold_own(struct rte_mbuf *seg, unsigned int n)
{
	if (unlikely(!mbuf_is_own(seg) || n >= UINT16_MAX - 1))
		return bytes_hold(seg, n);
	if (RTE_MBUF_HAS_EXTBUF(seg)) {
		if (ref_load(seg->shinfo) != 1)
			return ref_take(seg->shinfo, n);
		ref_store(seg->shinfo, 1 + n);
		return 0;
	}
	if (unlikely(seg->buf_addr != (char *)(seg + 1) + seg->priv_size))
		return bytes_hold(seg, n);
	__atomic_store_n(mbuf_ref_word(seg), (uint16_t)(1 + n), __ATOMIC_RELAXED);
	return 0;
}

/** Undo bytes_hold(): the segment still holds its own. */
static inline void
bytes_unhold(struct rte_mbuf *seg, unsigned int n)
{
	if (RTE_MBUF_HAS_EXTBUF(seg))
		ref_drop(seg->shinfo, n);
	else
		mbuf_ref_drop(parent_of(seg), n);
}

/**
 * Make a bare header one over bytes [off, off + len) of a segment, with the metadata of meta. The private
 * area behind it is of priv_size bytes. What is held for it is the caller's business.
 *
 * Over a storage of ours it is exactly these bytes. An external buffer of somebody else's keeps the
 * address, since its owner's callback may look at it. A clone keeps it, since DPDK finds the parent by it.
 */
static inline void
view_init(struct rte_mbuf *view, const struct rte_mbuf *seg, const struct rte_mbuf *meta,
		uint32_t off, uint16_t len, uint16_t priv_size)
{
	bool external = RTE_MBUF_HAS_EXTBUF(seg);
	uint16_t data_off = seg->data_off + off, skipped = 0;

	if (likely(external && origin_of(seg->shinfo) != ORIGIN_FOREIGN)) {
		skipped = data_off;
		data_off = 0;
	}
	view->buf_addr = RTE_PTR_ADD(seg->buf_addr, skipped);
	rte_mbuf_iova_set(view, rte_mbuf_iova_get(seg) + skipped);
	view->data_off = data_off;
	rte_mbuf_refcnt_set(view, 1);
	view->nb_segs = 1;
	view->buf_len = data_off + len;
	view->data_len = len;
	view->pkt_len = len;
	view->ol_flags = external ? RTE_MBUF_F_EXTERNAL : RTE_MBUF_F_INDIRECT;
	view->shinfo = external ? seg->shinfo : NULL;
	view->priv_size = external ? priv_size : seg->priv_size;
	meta_copy(view, meta);
}

/**
 * Make each of n bare headers, which stand stride apart, one over all bytes of a packet of one segment, as
 * view_init() does. Copied are two pieces, between which is what others may write at the same time: the refcnt.
 */
static inline void
view_whole(struct rte_mbuf **views, unsigned int n, unsigned int stride, const struct rte_mbuf *m,
		uint16_t priv_size)
{
	const size_t flags = offsetof(struct rte_mbuf, ol_flags);
	const size_t pool = offsetof(struct rte_mbuf, pool), behind = pool + sizeof(m->pool);
	const bool external = RTE_MBUF_HAS_EXTBUF(m);
	const uint16_t skipped =
			external && origin_of(m->shinfo) != ORIGIN_FOREIGN ? m->data_off : 0;
	const uint16_t data_off = m->data_off - skipped, data_len = m->data_len, port = m->port;
	const uint64_t ol_flags = (m->ol_flags & ~KIND_FLAGS) |
				  (external ? RTE_MBUF_F_EXTERNAL : RTE_MBUF_F_INDIRECT);
	struct rte_mbuf_ext_shared_info *shinfo = external ? m->shinfo : NULL;
	const rte_iova_t iova = rte_mbuf_iova_get(m) + skipped;
	void *addr = RTE_PTR_ADD(m->buf_addr, skipped);
	unsigned int k;

	static_assert(offsetof(struct rte_mbuf, refcnt) < offsetof(struct rte_mbuf, ol_flags) &&
					offsetof(struct rte_mbuf, ol_flags) <
							offsetof(struct rte_mbuf, pool),
			"no count is copied");
	if (!external)
		priv_size = m->priv_size;
	for (k = 0; k < n; k++, views += stride) {
		struct rte_mbuf *view = *views;

		memcpy((char *)view + flags, (const char *)m + flags, pool - flags);
		memcpy((char *)view + behind, (const char *)m + behind, sizeof(*m) - behind);
		view->buf_addr = addr;
		rte_mbuf_iova_set(view, iova);
		view->data_off = data_off;
		rte_mbuf_refcnt_set(view, 1);
		view->nb_segs = 1;
		view->port = port;
		view->ol_flags = ol_flags;
		view->buf_len = data_off + data_len;
		view->shinfo = shinfo;
		view->priv_size = priv_size;
	}
}

/** Make a bare header the same as another one. */
static inline void
view_put(const struct rte_mbuf *view, struct rte_mbuf *m)
{
	const size_t pool = offsetof(struct rte_mbuf, pool), behind = pool + sizeof(m->pool);

	memcpy(m, view, pool);
	memcpy((char *)m + behind, (const char *)view + behind, sizeof(*m) - behind);
}

#endif
