/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole copies: dup, unshare; and copying neighbours together: defrag. */
#include <errno.h>

#include <mext_write.h>

#include "chain.h"
#include "pool.h"
#include "space.h"

int
mext_dup(struct mext_pool *pool, const struct rte_mbuf *m, size_t off, size_t len,
		struct rte_mbuf **dup)
{
	struct rte_mbuf *made;
	int ret = range_check(m, off, len);

	if (ret < 0)
		return ret;
	ret = mextp_space_chain(pool, len, pool->conf.headroom, &made);
	if (ret < 0)
		return ret;
	mextp_chain_copy(made, 0, (struct rte_mbuf *)(uintptr_t)m, off, len);
	meta_copy(made, m);
	*dup = made;
	return 0;
}

int
mext_unshare(struct mext_pool *pool, struct rte_mbuf **m)
{
	struct rte_mbuf *old = *m, *made;
	int ret;

	if (old == NULL)
		return -EINVAL;
	if ((old->nb_segs == 1 || old->nb_segs <= mextp_space_segs(pool, old->pkt_len,
								  pool->conf.headroom)) &&
			mext_is_writable(old, 0, old->pkt_len) && mbuf_is_own(old))
		return 0;
	ret = mext_dup(pool, old, 0, old->pkt_len, &made);
	if (ret < 0)
		return ret;
	mext_free_bulk(&old, 1);
	*m = made;
	return 0;
}

/** Neighbours in a chain that are copied together. */
struct window {
	struct rte_mbuf *first;
	unsigned int before; /* segments in front of it */
	unsigned int nb_segs;
	size_t len;
};

/** The shortest run of segments from first on that copied together is less segments by at least n. */
static bool
try_window(const struct mext_pool *pool, struct window *w, unsigned int n, size_t most)
{
	const uint16_t headroom = w->before == 0 ? pool->conf.headroom : 0;
	const struct rte_mbuf *seg;
	size_t segs;

	w->nb_segs = 0;
	w->len = 0;
	for (seg = w->first; seg != NULL && w->len < most; seg = seg->next) {
		w->len += seg->data_len;
		w->nb_segs++;
		segs = mextp_space_segs(pool, w->len, headroom);
		if (segs > 0 && w->len < most && w->nb_segs >= segs + n)
			return true;
	}
	return false;
}

/** The window with the fewest bytes that brings a packet to so few segments. */
static bool
find_window(const struct mext_pool *pool, struct rte_mbuf *m, unsigned int max_segs,
		struct window *best)
{
	const unsigned int n = m->nb_segs - max_segs;
	struct window w = { .first = m };
	bool found = false;

	best->len = SIZE_MAX;
	for (; w.first != NULL && w.before < max_segs; w.first = w.first->next, w.before++) {
		if (!try_window(pool, &w, n, best->len))
			continue;
		*best = w;
		found = true;
	}
	return found;
}

/** Replace a window of own headers by its copy. @return the head then. */
static struct rte_mbuf *
put_window(struct rte_mbuf *m, const struct window *w, struct rte_mbuf *copy)
{
	struct rte_mbuf *before = NULL, *seg = m, *next, *last = chain_last(copy);
	unsigned int i, nb_segs = m->nb_segs - w->nb_segs + copy->nb_segs;
	uint32_t pkt_len = m->pkt_len;

	for (i = 0; i < w->before; i++) {
		before = seg;
		seg = seg->next;
	}
	for (i = 0; i < w->nb_segs; i++) {
		next = seg->next;
		seg_free(seg);
		seg = next;
	}
	last->next = seg;
	if (before != NULL)
		before->next = copy;
	else
		m = copy;
	m->nb_segs = nb_segs;
	m->pkt_len = pkt_len;
	return m;
}

int
mext_defrag(struct mext_pool *pool, struct rte_mbuf **m, unsigned int max_segs)
{
	struct rte_mbuf *own, *copy;
	struct window w;
	int ret;

	if (*m == NULL || max_segs == 0)
		return -EINVAL;
	if ((*m)->nb_segs <= max_segs)
		return 0;
	if (mextp_space_max(&pool->conf) == 0)
		return -ENOMEM;
	if (!find_window(pool, *m, max_segs, &w))
		return -EMSGSIZE;
	/* A share has no segments without bytes, so what the window is of it must be found again. */
	ret = mextp_chain_begin(pool, *m, w.before + w.nb_segs, &own);
	if (ret < 0)
		return ret;
	if (own->nb_segs <= max_segs) {
		mextp_chain_commit(m, own, own);
		return 0;
	}
	if (own != *m)
		find_window(pool, own, max_segs, &w);
	ret = mextp_space_chain(pool, w.len, w.before == 0 ? pool->conf.headroom : 0, &copy);
	/* Where the largest room has run out, copies have more segments than the window reckons with. */
	if (ret == 0 && own->nb_segs - w.nb_segs + copy->nb_segs > max_segs) {
		mext_free_bulk(&copy, 1);
		ret = -ENOBUFS;
	}
	if (ret < 0) {
		mextp_chain_abort(*m, own);
		return ret;
	}
	mextp_chain_copy(copy, 0, w.first, 0, w.len);
	meta_copy(copy, w.first);
	mextp_chain_commit(m, own, put_window(own, &w, copy));
	return 0;
}
