/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CHAIN_H
#define CHAIN_H

/** @file Chains of segments: walking over a range of their bytes, and editing them. */

#include <mext_free.h>

#include "view.h"

struct mext_pool;

/** A range of bytes in a chain, and where in it a walk is: at bytes [off, off + len) of a segment. */
struct range {
	struct rte_mbuf *seg;
	uint32_t off;
	uint32_t len;
	size_t left; /* behind these bytes */
};

/** Stand at the first part of a range that the chain has. The only part without bytes is that of no bytes. */
static inline void
range_begin(struct range *r, struct rte_mbuf *m, size_t off, size_t len)
{
	while (off >= m->data_len && (len > 0 || off > m->data_len)) {
		off -= m->data_len;
		m = m->next;
	}
	r->seg = m;
	r->off = off;
	r->len = RTE_MIN(len, m->data_len - off);
	r->left = len - r->len;
}

/** @return whether there is another part, where the walk then is. */
static inline bool
range_next(struct range *r)
{
	if (r->left == 0)
		return false;
	do
		r->seg = r->seg->next;
	while (r->seg->data_len == 0);
	r->off = 0;
	r->len = RTE_MIN(r->left, (size_t)r->seg->data_len);
	r->left -= r->len;
	return true;
}

/** @return 0; -EINVAL: no packet; -ERANGE: it has not all these bytes. */
static inline int
range_check(const struct rte_mbuf *m, size_t off, size_t len)
{
	if (unlikely(m == NULL))
		return -EINVAL;
	if (unlikely(off > m->pkt_len || len > m->pkt_len - off))
		return -ERANGE;
	return 0;
}

/** Where the bytes of a part are. */
static inline char *
range_data(const struct range *r)
{
	return rte_pktmbuf_mtod_offset(r->seg, char *, r->off);
}

/** Free a segment whose header is the caller's alone, and nothing that it is linked to. */
static inline void
seg_free(struct rte_mbuf *seg)
{
	seg->next = NULL;
	seg->nb_segs = 1;
	mext_free_bulk(&seg, 1);
}

/** The last segment of a chain. */
static inline struct rte_mbuf *
chain_last(struct rte_mbuf *m)
{
	while (m->next != NULL)
		m = m->next;
	return m;
}

/** Segments of a chain up to one of them, this one included. */
static inline unsigned int
chain_segs_to(const struct rte_mbuf *m, const struct rte_mbuf *seg)
{
	unsigned int n = 1;

	for (; m != seg; m = m->next)
		n++;
	return n;
}

/**
 * Take n packets over a range, as mext_share() says, checked already.
 * @param meta  whose metadata the heads get
 */
int mextp_share(struct mext_pool *pool, struct rte_mbuf *meta, const struct range *range,
		struct rte_mbuf **copies, unsigned int n);

/**
 * A packet whose first n headers may be edited: m, or, where one of these is somebody else's too, a share
 * of it. Before the change is done, mextp_chain_abort() undoes this; after it mextp_chain_commit().
 */
int mextp_chain_begin(
		struct mext_pool *pool, struct rte_mbuf *m, unsigned int n, struct rte_mbuf **own);
void mextp_chain_abort(struct rte_mbuf *m, struct rte_mbuf *own);

/** The packet *m is now the one with this head, which own has become. */
void mextp_chain_commit(struct rte_mbuf **m, struct rte_mbuf *own, struct rte_mbuf *head);

/**
 * Take len bytes, and what is empty then, off the front of a chain of own headers.
 * @param dropped  how many segments are freed
 * @return the first segment that is left, NULL: none.
 */
struct rte_mbuf *mextp_chain_drop(struct rte_mbuf *seg, size_t len, unsigned int *dropped);

/** Copy bytes [from_off, from_off + len) of one chain to to_off of another one. */
void mextp_chain_copy(struct rte_mbuf *to, size_t to_off, struct rte_mbuf *from, size_t from_off,
		size_t len);

#endif
