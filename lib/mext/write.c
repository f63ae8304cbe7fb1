/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <rte_memcpy.h>

#include <mext_write.h>

#include "chain.h"
#include "pool.h"
#include "space.h"
#include "writable.h"

bool
mext_is_writable(const struct rte_mbuf *m, size_t off, size_t len)
{
	struct range r;

	if (unlikely(range_check(m, off, len) < 0))
		return false;
	if (likely(off + len <= m->data_len))
		return len == 0 || seg_is_writable(m);
	if (len == 0)
		return true;
	range_begin(&r, (struct rte_mbuf *)(uintptr_t)m, off, len);
	do {
		if (!seg_is_writable(r.seg))
			return false;
	} while (range_next(&r));
	return true;
}

/** Where the bytes in front of, in, and behind what is copied of a segment are. */
struct pieces {
	uint32_t copy; /* first byte that is copied */
	uint32_t behind; /* first one that is not any more */
};

/** Up to the threshold, what is around the range is copied along. */
static struct pieces
pieces_of(const struct mext_pool *pool, const struct range *r)
{
	const uint32_t threshold = pool->conf.copy_threshold;
	struct pieces p = { .copy = r->off, .behind = r->off + r->len };

	if (p.copy <= threshold)
		p.copy = 0;
	if (r->seg->data_len - p.behind <= threshold)
		p.behind = r->seg->data_len;
	return p;
}

/** Share bytes [from, to) of a segment and link them to *at, if there are any. @return what to link to next. */
static int
share_piece(struct mext_pool *pool, struct rte_mbuf *seg, uint32_t from, uint32_t to,
		struct rte_mbuf ***at)
{
	const struct range r = { .seg = seg, .off = from, .len = to - from };
	int ret = 0;

	if (from == to)
		return 0;
	ret = mextp_share(pool, seg, &r, *at, 1);
	if (ret == 0)
		*at = &(**at)->next;
	else
		**at = NULL;
	return ret;
}

/**
 * What a segment is replaced by: the bytes of the range, unless they are to be stored anyway (stored), and
 * around them, copied; the others shared. *at is linked to it, and moved on.
 */
static int
replacement(struct mext_pool *pool, const struct range *r, bool first, bool stored,
		struct rte_mbuf ***at)
{
	const struct pieces p = pieces_of(pool, r);
	const uint32_t end = r->off + r->len;
	struct rte_mbuf *copy;
	int ret;

	ret = share_piece(pool, r->seg, 0, p.copy, at);
	if (ret < 0)
		return ret;
	ret = mextp_space_chain(pool, p.behind - p.copy,
			first && p.copy == 0 ? pool->conf.headroom : 0, &copy);
	if (ret < 0)
		return ret;
	if (stored) {
		mextp_chain_copy(copy, 0, r->seg, p.copy, r->off - p.copy);
		mextp_chain_copy(copy, end - p.copy, r->seg, end, p.behind - end);
	} else {
		mextp_chain_copy(copy, 0, r->seg, p.copy, p.behind - p.copy);
	}
	**at = copy;
	*at = &chain_last(copy)->next;
	return share_piece(pool, r->seg, p.behind, r->seg->data_len, at);
}

/** A segment that is replaced, remembered in the first of its new ones until that is linked. */
static void
remember(struct rte_mbuf *first, const struct rte_mbuf *seg)
{
	first->tx_offload = (uintptr_t)seg;
}

static bool
is_for(const struct rte_mbuf *first, const struct rte_mbuf *seg)
{
	return first != NULL && first->tx_offload == (uintptr_t)seg;
}

/**
 * Append what one segment is replaced by to the list: in the range (r) if it is not writable, before the
 * end of it (r is NULL) if its header is somebody else's too and so can't be linked to anything else.
 */
static int
replace_one(struct mext_pool *pool, struct rte_mbuf *seg, const struct range *r, bool first,
		bool stored, struct rte_mbuf ***at)
{
	const struct range all = { .seg = seg, .len = seg->data_len };
	struct rte_mbuf **const begin = *at;
	int ret;

	if (r != NULL ? seg_is_writable(seg) : mbuf_is_own(seg))
		return 0;
	if (r != NULL) {
		ret = replacement(pool, r, first, stored, at);
	} else {
		ret = mextp_share(pool, seg, &all, *at, 1);
		if (ret == 0)
			*at = &(**at)->next;
		else
			**at = NULL;
	}
	if (ret == 0)
		remember(*begin, seg);
	return ret;
}

/** Make what segments up to the end of the range are replaced by: one list for all. */
static int
replacements(struct mext_pool *pool, struct rte_mbuf *m, size_t off, size_t len, bool stored,
		struct rte_mbuf **list)
{
	struct rte_mbuf **at = list, *seg;
	bool more = true, in_range;
	struct range r;
	int ret;

	*list = NULL;
	range_begin(&r, m, off, len);
	for (seg = m; more; seg = seg->next) {
		in_range = seg == r.seg;
		ret = replace_one(pool, seg, in_range ? &r : NULL, seg == m, stored, &at);
		if (ret < 0) {
			mext_free_bulk(list, 1);
			return ret;
		}
		if (in_range)
			more = range_next(&r);
	}
	return 0;
}

/** Put the list where the segments are that it is for. @return the head then. */
static struct rte_mbuf *
replace(struct rte_mbuf *m, struct rte_mbuf *list)
{
	struct rte_mbuf head = { .next = m }, *before = &head, *seg, *next, *last;
	uint32_t left;

	for (seg = m; list != NULL; seg = next) {
		next = seg->next;
		if (!is_for(list, seg)) {
			before = seg;
			continue;
		}
		meta_copy(list, seg);
		before->next = list;
		left = seg->data_len;
		do {
			last = list;
			left -= last->data_len;
			list = last->next;
		} while (left > 0);
		last->next = next;
		before = last;
		/* Of a header that is somebody else's too only a reference goes. */
		if (mbuf_ref_drop(seg, 1))
			seg_free(seg);
	}
	return head.next;
}

/** How many segments replacing by the list adds. */
static unsigned int
count_added(const struct rte_mbuf *m, const struct rte_mbuf *list)
{
	const struct rte_mbuf *seg = m, *r;
	unsigned int n = 0;

	for (r = list; r != NULL; r = r->next)
		n++;
	for (r = list; r != NULL; seg = seg->next) {
		uint32_t left = seg->data_len;

		if (!is_for(r, seg))
			continue;
		n--;
		do {
			left -= r->data_len;
			r = r->next;
		} while (left > 0);
	}
	return n;
}

/** mext_make_writable(), checked, of bytes that are not all writable. */
static int
make_writable(struct mext_pool *pool, struct rte_mbuf **m, size_t off, size_t len, bool stored)
{
	const uint32_t pkt_len = (*m)->pkt_len;
	unsigned int nb_segs = (*m)->nb_segs;
	struct rte_mbuf *list;
	int ret;

	ret = replacements(pool, *m, off, len, stored, &list);
	if (ret < 0)
		return ret;
	nb_segs += count_added(*m, list);
	if (nb_segs > RTE_MBUF_MAX_NB_SEGS) {
		mext_free_bulk(&list, 1);
		return -EMSGSIZE;
	}
	*m = replace(*m, list);
	(*m)->pkt_len = pkt_len;
	(*m)->nb_segs = nb_segs;
	return 0;
}

int
mext_make_writable(struct mext_pool *pool, struct rte_mbuf **m, size_t off, size_t len)
{
	int ret = range_check(*m, off, len);

	if (unlikely(ret < 0) || mext_is_writable(*m, off, len))
		return ret;
	return make_writable(pool, m, off, len, false);
}

int
mext_write(struct mext_pool *pool, struct rte_mbuf **m, size_t off, const void *src, size_t len)
{
	struct range r;
	int ret = range_check(*m, off, len);

	if (unlikely(ret < 0) || len == 0)
		return ret;
	if (!mext_is_writable(*m, off, len)) {
		ret = make_writable(pool, m, off, len, true);
		if (ret < 0)
			return ret;
	}
	range_begin(&r, *m, off, len);
	do {
		rte_memcpy(range_data(&r), src, r.len);
		src = RTE_PTR_ADD(src, r.len);
	} while (range_next(&r));
	return 0;
}
