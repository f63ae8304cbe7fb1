/* SPDX-License-Identifier: BSD-3-Clause */
#include "kinds.h"

#define LEN 100

static struct rte_mbuf *
stock(struct rte_mempool *mp)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(mp);

	assert_non_null(m);
	m->data_len = LEN;
	m->pkt_len = LEN;
	return m;
}

struct rte_mbuf *
kind_clone(struct world *w, struct rte_mbuf *m)
{
	struct rte_mbuf *clone =
			rte_pktmbuf_clone(m, mext_pool_header_mempool(w->pool, SOCKET_ID_ANY));

	assert_non_null(clone);
	return clone;
}

/** A clone that outlives what it was made from. */
static struct rte_mbuf *
only_clone(struct world *w, struct rte_mbuf *m)
{
	struct rte_mbuf *clone = kind_clone(w, m);

	rte_pktmbuf_free(m);
	return clone;
}

static struct rte_mbuf *
make_direct(struct world *w)
{
	return stock(w->plain);
}

static struct rte_mbuf *
make_direct_rx(struct world *w)
{
	return stock(mext_pool_rx_mempool(w->pool, SOCKET_ID_ANY));
}

static struct rte_mbuf *
make_bare_header(struct world *w)
{
	return world_header(w);
}

static struct rte_mbuf *
make_clone(struct world *w)
{
	return only_clone(w, make_direct(w));
}

/** DPDK's own pool lends the header and a private area of another size. */
static struct rte_mbuf *
make_clone_in_room(struct world *w)
{
	struct rte_mbuf *m = make_direct_rx(w);
	struct rte_mbuf *clone = rte_pktmbuf_clone(m, w->plain);

	assert_non_null(clone);
	rte_pktmbuf_free(m);
	return clone;
}

static struct rte_mbuf *
make_pinned(struct world *w)
{
	return stock(w->pinned);
}

static struct rte_mbuf *
make_pinned_clone(struct world *w)
{
	return only_clone(w, make_pinned(w));
}

static struct rte_mbuf *
make_foreign(struct world *w)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->plain);

	assert_non_null(m);
	world_attach_foreign(w, m);
	return m;
}

static struct rte_mbuf *
make_foreign_bare(struct world *w)
{
	struct rte_mbuf *m = world_header(w);

	world_attach_foreign(w, m);
	return m;
}

static struct rte_mbuf *
make_foreign_clone(struct world *w)
{
	return only_clone(w, make_foreign(w));
}

static struct rte_mbuf *
make_storage(struct world *w)
{
	struct rte_mbuf *m = world_header(w);

	assert_int_equal(mext_attach(m, world_storage(w, LEN), 0, LEN), 0);
	return m;
}

static struct rte_mbuf *
make_storage_in_room(struct world *w)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->plain);

	assert_non_null(m);
	assert_int_equal(mext_attach(m, world_storage(w, WORLD_MEDIUM), 7, LEN), 0);
	return m;
}

static struct rte_mbuf *
make_storage_clone(struct world *w)
{
	return only_clone(w, make_storage(w));
}

static struct rte_mbuf *
make_wrapped(struct world *w)
{
	struct rte_mbuf *m = world_header(w);

	assert_int_equal(mext_attach(m, world_wrap(w, LEN), 0, LEN), 0);
	return m;
}

static struct rte_mbuf *
make_wrapped_clone(struct world *w)
{
	return only_clone(w, make_wrapped(w));
}

/** A packet on a leaf of a spread that nobody holds any more. */
static struct rte_mbuf *
make_leaf(struct world *w)
{
	struct rte_mbuf *m = world_header(w);
	struct mext_spread *spread;
	struct mext_storage *leaf;

	assert_int_equal(mext_spread_create(w->pool, world_storage(w, LEN), &spread), 0);
	assert_int_equal(mext_spread_take(spread, 1, &leaf), 0);
	assert_int_equal(mext_spread_release(spread, 1), 0);
	assert_int_equal(mext_attach(m, leaf, 0, LEN), 0);
	return m;
}

static struct rte_mbuf *
make_leaf_clone(struct world *w)
{
	return only_clone(w, make_leaf(w));
}

static struct rte_mbuf *
make_pair(struct world *w)
{
	struct rte_mbuf *m = mext_packet_alloc(w->pool);

	assert_non_null(m);
	assert_non_null(rte_pktmbuf_append(m, LEN));
	return m;
}

static struct rte_mbuf *
make_pair_clone(struct world *w)
{
	return only_clone(w, make_pair(w));
}

/** As received by a driver that writes ol_flags without regard to the mark in it. */
static struct rte_mbuf *
make_pair_unmarked(struct world *w)
{
	struct rte_mbuf *m = mext_packet_alloc(w->rx_pairs);

	assert_non_null(m);
	assert_non_null(rte_pktmbuf_append(m, LEN));
	m->ol_flags = RTE_MBUF_F_RX_RSS_HASH;
	return m;
}

static struct rte_mbuf *
make_pair_unmarked_clone(struct world *w)
{
	return only_clone(w, make_pair_unmarked(w));
}

const struct kind_row kind_rows[] = {
	{ "direct", make_direct, HOLDS_HEADER, false, 0, -EINVAL },
	{ "direct_rx", make_direct_rx, HOLDS_HEADER, false, 0, -EINVAL },
	{ "bare_header", make_bare_header, HOLDS_HEADER, false, 0, -EINVAL },
	{ "clone", make_clone, HOLDS_PARENT, false, -EEXIST, -EINVAL },
	{ "clone_in_room", make_clone_in_room, HOLDS_PARENT, false, -EEXIST, -EINVAL },
	{ "pinned", make_pinned, HOLDS_SHINFO, false, -EEXIST, -ENOTSUP },
	{ "pinned_clone", make_pinned_clone, HOLDS_SHINFO, false, -EEXIST, -EINVAL },
	{ "foreign", make_foreign, HOLDS_SHINFO, false, -EEXIST, -EINVAL },
	{ "foreign_bare", make_foreign_bare, HOLDS_SHINFO, false, -EEXIST, -EINVAL },
	{ "foreign_clone", make_foreign_clone, HOLDS_SHINFO, false, -EEXIST, -EINVAL },
	{ "storage", make_storage, HOLDS_SHINFO, true, -EEXIST, 0 },
	{ "storage_in_room", make_storage_in_room, HOLDS_SHINFO, true, -EEXIST, 0 },
	{ "storage_clone", make_storage_clone, HOLDS_SHINFO, true, -EEXIST, 0 },
	{ "wrapped", make_wrapped, HOLDS_SHINFO, true, -EEXIST, 0 },
	{ "wrapped_clone", make_wrapped_clone, HOLDS_SHINFO, true, -EEXIST, 0 },
	{ "leaf", make_leaf, HOLDS_SHINFO, true, -EEXIST, 0 },
	{ "leaf_clone", make_leaf_clone, HOLDS_SHINFO, true, -EEXIST, 0 },
	{ "pair", make_pair, HOLDS_SHINFO, true, -EEXIST, -ENOTSUP },
	{ "pair_clone", make_pair_clone, HOLDS_SHINFO, true, -EEXIST, 0 },
	{ "pair_unmarked", make_pair_unmarked, HOLDS_HEADER, true, -EEXIST, -ENOTSUP },
	{ "pair_unmarked_clone", make_pair_unmarked_clone, HOLDS_PARENT, false, -EEXIST, -EINVAL },
};
const unsigned int nb_kind_rows = RTE_DIM(kind_rows);

uint16_t
kind_count(const struct kind_row *kind, struct rte_mbuf *m)
{
	switch (kind->holds) {
	case HOLDS_PARENT:
		return rte_mbuf_refcnt_read(rte_mbuf_from_indirect(m));
	case HOLDS_SHINFO:
		return rte_mbuf_ext_refcnt_read(m->shinfo);
	default:
		return rte_mbuf_refcnt_read(m);
	}
}

static void
way_mext(struct rte_mbuf **mbufs, unsigned int n)
{
	mext_free_bulk(mbufs, n);
}

static void
way_free(struct rte_mbuf **mbufs, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		rte_pktmbuf_free(mbufs[i]);
}

static void
way_free_seg(struct rte_mbuf **mbufs, unsigned int n)
{
	struct rte_mbuf *m, *next;
	unsigned int i;

	for (i = 0; i < n; i++) {
		for (m = mbufs[i]; m != NULL; m = next) {
			next = m->next;
			rte_pktmbuf_free_seg(m);
		}
	}
}

static void
way_free_bulk(struct rte_mbuf **mbufs, unsigned int n)
{
	rte_pktmbuf_free_bulk(mbufs, n);
}

/** What drivers do with mbufs that were sent: prefree, then back in bulk, one mempool at a time. */
static void
way_driver(struct rte_mbuf **mbufs, unsigned int n)
{
	struct rte_mempool *mp = NULL;
	struct rte_mbuf *m, *next;
	unsigned int i, nb = 0;
	void *done[32];

	for (i = 0; i < n; i++) {
		for (m = mbufs[i]; m != NULL; m = next) {
			next = m->next;
			m = rte_pktmbuf_prefree_seg(m);
			if (m == NULL)
				continue;
			if (nb == RTE_DIM(done) || (nb > 0 && m->pool != mp)) {
				rte_mempool_put_bulk(mp, done, nb);
				nb = 0;
			}
			mp = m->pool;
			done[nb++] = m;
		}
	}
	if (nb > 0)
		rte_mempool_put_bulk(mp, done, nb);
}

const struct free_way free_ways[] = {
	{ "mext_free_bulk", way_mext },
	{ "pktmbuf_free", way_free },
	{ "pktmbuf_free_seg", way_free_seg },
	{ "pktmbuf_free_bulk", way_free_bulk },
	{ "driver", way_driver },
};
const unsigned int nb_free_ways = RTE_DIM(free_ways);
