/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <mext_packet.h>

#include "pool.h"
#include "ref.h"
#include "storage.h"

/**
 * What rte_pktmbuf_reset() does to a free mbuf, with everything known beforehand. refcnt and
 * nb_segs are 1 already: written again, they make four fields one store.
 */
static inline void
mbuf_reset(struct rte_mbuf *m, uint64_t ol_flags, uint16_t data_off)
{
	m->data_off = data_off;
	rte_mbuf_refcnt_set(m, 1);
	m->nb_segs = 1;
	m->port = RTE_MBUF_PORT_INVALID;
	m->ol_flags = ol_flags;
	m->packet_type = 0;
	m->pkt_len = 0;
	m->data_len = 0;
	m->vlan_tci = 0;
	m->vlan_tci_outer = 0;
	m->tx_offload = 0;
}

int
mext_header_alloc_bulk(struct mext_pool *pool, struct rte_mbuf **mbufs, unsigned int n)
{
	unsigned int i;
	int ret;

	if (unlikely(n == 0))
		return 0;
	ret = pool_get_bulk(pool, KIND_HEADER, KIND_HEADER, (void **)mbufs, n);
	if (unlikely(ret < 0)) {
		count_add(pool, COUNTER(header_failures), 1);
		return ret;
	}
	for (i = 0; i < n; i++) {
		RTE_ASSERT(mbufs[i]->next == NULL && mbufs[i]->buf_len == 0);
		mbuf_reset(mbufs[i], 0, 0);
	}
	count_add(pool, COUNTER(header_allocs), n);
	return 0;
}

int
mext_packet_alloc_bulk(struct mext_pool *pool, struct rte_mbuf **mbufs, unsigned int n)
{
	unsigned int i;
	int ret;

	if (unlikely(n == 0))
		return 0;
	ret = pool_get_bulk(pool, KIND_PAIR, KIND_PAIR, (void **)mbufs, n);
	if (unlikely(ret < 0)) {
		count_add(pool, COUNTER(alloc_failures), 1);
		return ret;
	}
	for (i = 0; i < n; i++) {
		struct mext_storage *storage = pair_storage(mbufs[i]);
		uint16_t count;

		/*
		 * DPDK frees a pair at count 1 after a relaxed load, without calling back. Acquire:
		 * pairs with the release of the holder that brought the count to 1.
		 */
		count = ref_load(&storage->shinfo);
		RTE_ASSERT(count == 1);
		RTE_SET_USED(count);
		mbuf_reset(mbufs[i], RTE_MBUF_F_EXTERNAL, pool->conf.headroom);
	}
	count_add(pool, COUNTER(allocs), n);
	return 0;
}

struct rte_mbuf *
mext_packet_alloc(struct mext_pool *pool)
{
	struct rte_mbuf *m;

	return mext_packet_alloc_bulk(pool, &m, 1) == 0 ? m : NULL;
}
