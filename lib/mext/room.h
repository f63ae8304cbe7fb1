/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ROOM_H
#define ROOM_H

/** @file The room of its own that an mbuf gets back when what was attached to it is taken off. */

#include <rte_mbuf.h>

/** What the mbufs of one pool have in common. */
struct room {
	struct rte_mempool *mp;
	bool pinned; /* mbufs are bound to an external buffer for good */
	bool iova_is_va; /* the IO address need not be looked up in the mempool each time */
	uint16_t priv_size;
	uint16_t len;
	uint16_t data_off;
};

/** Of the pool that m is from; what its memory is mapped like is read from m. */
static inline void
room_of_pool(struct room *room, const struct rte_mbuf *m)
{
	struct rte_mempool *mp = m->pool;

	room->mp = mp;
	room->pinned = (rte_pktmbuf_priv_flags(mp) & RTE_PKTMBUF_POOL_F_PINNED_EXT_BUF) != 0;
	room->iova_is_va = rte_mempool_virt2iova(m) == (rte_iova_t)(uintptr_t)m;
	room->priv_size = rte_pktmbuf_priv_size(mp);
	room->len = rte_pktmbuf_data_room_size(mp);
	room->data_off = RTE_MIN((uint16_t)RTE_PKTMBUF_HEADROOM, room->len);
}

/**
 * Restore what a free mbuf must have (see rte_mbuf_raw_alloc()); lengths and data_off are for who
 * allocates it.
 */
static inline void
room_restore(struct rte_mbuf *m, const struct room *room)
{
	char *addr = (char *)(m + 1) + room->priv_size;

	m->buf_addr = addr;
	/* The mempool's record of it is on a cache line of its own. */
	rte_mbuf_iova_set(m, likely(room->iova_is_va)
					     ? (rte_iova_t)(uintptr_t)addr
					     : rte_mempool_virt2iova(m) + (addr - (char *)m));
	m->buf_len = room->len;
	m->priv_size = room->priv_size;
	m->ol_flags = 0;
}

#endif
