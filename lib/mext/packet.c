/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <mext_packet.h>

#include "pool.h"
#include "ref.h"
#include "reset.h"
#include "storage.h"

int
mext_header_alloc_bulk(struct mext_pool *pool, struct rte_mbuf **mbufs, unsigned int n)
{
	unsigned int i;
	int ret;

	if (unlikely(n == 0))
		return 0;
	ret = headers_get(pool, mbufs, n);
	if (unlikely(ret < 0))
		return ret;
	for (i = 0; i < n; i++) {
		RTE_ASSERT(mbufs[i]->next == NULL && mbufs[i]->buf_len == 0);
		mbuf_reset(mbufs[i], 0, 0, 0);
	}
	count_add(pool, COUNTER(header_allocs), n);
	return 0;
}

int
mextp_packets_get(struct mext_pool *pool, struct rte_mbuf **mbufs, unsigned int n)
{
	const uint16_t headroom = pool->conf.headroom;
	unsigned int i;
	int ret;

	ret = pool_get_bulk(pool, KIND_PAIR, KIND_PAIR, (void **)mbufs, n);
	if (unlikely(ret < 0))
		return ret;
	for (i = 0; i < n; i++) {
		struct rte_mbuf *m = mbufs[i];
		uint16_t count;

		/*
		 * DPDK frees a pair at count 1 after a relaxed load, without calling back. Acquire:
		 * pairs with the release of the holder that brought the count to 1.
		 */
		count = ref_load(m->shinfo);
		RTE_ASSERT(count == 1);
		RTE_SET_USED(count);
		mbuf_reset(m, RTE_MBUF_F_EXTERNAL, headroom, 0);
	}
	count_add(pool, COUNTER(allocs), n);
	return 0;
}

int
mext_packet_alloc_bulk(struct mext_pool *pool, struct rte_mbuf **mbufs, unsigned int n)
{
	int ret;

	if (unlikely(n == 0))
		return 0;
	ret = mextp_packets_get(pool, mbufs, n);
	if (unlikely(ret < 0))
		count_add(pool, COUNTER(alloc_failures), 1);
	return ret;
}

struct rte_mbuf *
mext_packet_alloc(struct mext_pool *pool)
{
	struct rte_mbuf *m;

	return mext_packet_alloc_bulk(pool, &m, 1) == 0 ? m : NULL;
}
