/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <rte_memcpy.h>

#include "chain.h"

int
mextp_chain_begin(struct mext_pool *pool, struct rte_mbuf *m, unsigned int n, struct rte_mbuf **own)
{
	const struct rte_mbuf *seg;
	struct range all;

	for (seg = m; n > 0 && seg != NULL && mbuf_is_own(seg); seg = seg->next)
		n--;
	if (likely(n == 0 || seg == NULL)) {
		*own = m;
		return 0;
	}
	range_begin(&all, m, 0, m->pkt_len);
	return mextp_share(pool, m, &all, own, 1);
}

void
mextp_chain_abort(struct rte_mbuf *m, struct rte_mbuf *own)
{
	if (own != m)
		mext_free_bulk(&own, 1);
}

void
mextp_chain_commit(struct rte_mbuf **m, struct rte_mbuf *own, struct rte_mbuf *head)
{
	struct rte_mbuf *old = *m;

	*m = head;
	if (own != old)
		mext_free_bulk(&old, 1);
}

struct rte_mbuf *
mextp_chain_drop(struct rte_mbuf *seg, size_t len, unsigned int *dropped)
{
	struct rte_mbuf *next;

	*dropped = 0;
	for (; seg != NULL && len >= seg->data_len; seg = next) {
		/* Behind the bytes, one without any may be somebody else's, too. */
		if (len == 0 && !mbuf_is_own(seg))
			break;
		next = seg->next;
		len -= seg->data_len;
		seg_free(seg);
		(*dropped)++;
	}
	if (len > 0) {
		seg->data_off += len;
		seg->data_len -= len;
	}
	return seg;
}

void
mextp_chain_copy(struct rte_mbuf *to, size_t to_off, struct rte_mbuf *from, size_t from_off,
		size_t len)
{
	struct range source, target;
	uint32_t part;

	if (likely(from_off + len <= from->data_len && to_off + len <= to->data_len)) {
		rte_memcpy(rte_pktmbuf_mtod_offset(to, void *, to_off),
				rte_pktmbuf_mtod_offset(from, void *, from_off), len);
		return;
	}
	if (len == 0)
		return;
	range_begin(&source, from, from_off, len);
	range_begin(&target, to, to_off, len);
	for (;;) {
		part = RTE_MIN(source.len, target.len);
		rte_memcpy(range_data(&target), range_data(&source), part);
		source.off += part;
		source.len -= part;
		target.off += part;
		target.len -= part;
		if (source.len == 0 && !range_next(&source))
			return;
		if (target.len == 0)
			range_next(&target);
	}
}
