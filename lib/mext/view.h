/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIEW_H
#define VIEW_H

/**
 * @file
 * Headers over bytes that a segment holds already: what they look like, and the references they take.
 */

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

/** Make a bare header the same as another one. */
static inline void
view_put(const struct rte_mbuf *view, struct rte_mbuf *m)
{
	const size_t pool = offsetof(struct rte_mbuf, pool), behind = pool + sizeof(m->pool);

	memcpy(m, view, pool);
	memcpy((char *)m + behind, (const char *)view + behind, sizeof(*m) - behind);
}

#endif
