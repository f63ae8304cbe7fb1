/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <mext.h>

#include "peer.h"
#include "window.h"

/* One burst of packets with room for 2,048 bytes, allocated and freed. */

static struct rte_mempool *plain, *pinned, *pinned_seg;
static struct mext_pool *pool, *pool_seg;

static int
plain_setup(unsigned int nb_mbufs)
{
	plain = peer_mbufs("plain", nb_mbufs, RTE_PKTMBUF_HEADROOM + PEER_DATA);
	return plain != NULL ? 0 : -ENOMEM;
}

static int
pinned_setup(unsigned int nb_mbufs)
{
	pinned = peer_pinned("pinned", nb_mbufs);
	return pinned != NULL ? 0 : -ENOMEM;
}

static int
pinned_seg_setup(unsigned int nb_mbufs)
{
	pinned_seg = peer_pinned("pinned_seg", nb_mbufs);
	return pinned_seg != NULL ? 0 : -ENOMEM;
}

static void
stock_alloc(struct rte_mempool *mp, struct rte_mbuf **pkts)
{
	if (rte_pktmbuf_alloc_bulk(mp, pkts, WINDOW_BURST) < 0)
		bench_die("a stock pool is empty");
}

static void
plain_alloc(struct rte_mbuf **pkts)
{
	stock_alloc(plain, pkts);
}

static void
pinned_alloc(struct rte_mbuf **pkts)
{
	stock_alloc(pinned, pkts);
}

static void
pinned_seg_alloc(struct rte_mbuf **pkts)
{
	stock_alloc(pinned_seg, pkts);
}

static void
stock_free(struct rte_mbuf **pkts)
{
	rte_pktmbuf_free_bulk(pkts, WINDOW_BURST);
}

/** As drivers free what they have sent. */
static void
free_one_by_one(struct rte_mbuf **pkts)
{
	unsigned int i;

	for (i = 0; i < WINDOW_BURST; i++)
		rte_pktmbuf_free_seg(pkts[i]);
}

static unsigned int
plain_teardown(void)
{
	return peer_free(plain);
}

static unsigned int
pinned_teardown(void)
{
	return peer_free(pinned);
}

static unsigned int
pinned_seg_teardown(void)
{
	return peer_free(pinned_seg);
}

static int
packet_setup(const char *name, unsigned int nb_mbufs, struct mext_pool **made)
{
	struct mext_pool_conf conf;

	mext_pool_conf_init(&conf);
	conf.pairs = (struct mext_pool_class){ PEER_DATA, nb_mbufs, PEER_CACHE };
	return mext_pool_create(name, &conf, made);
}

static int
bulk_setup(unsigned int nb_mbufs)
{
	return packet_setup("packet", nb_mbufs, &pool);
}

static int
seg_setup(unsigned int nb_mbufs)
{
	return packet_setup("packet_seg", nb_mbufs, &pool_seg);
}

static void
bulk_alloc(struct rte_mbuf **pkts)
{
	if (mext_packet_alloc_bulk(pool, pkts, WINDOW_BURST) < 0)
		bench_die("the mext pool is empty");
}

static void
seg_alloc(struct rte_mbuf **pkts)
{
	if (mext_packet_alloc_bulk(pool_seg, pkts, WINDOW_BURST) < 0)
		bench_die("the mext pool is empty");
}

static void
bulk_free(struct rte_mbuf **pkts)
{
	mext_free_bulk(pkts, WINDOW_BURST);
}

static unsigned int
bulk_teardown(void)
{
	return window_pool_destroy(pool);
}

/** Take every pair once and see that header and storage are still together. */
static unsigned int
parted_pairs(struct mext_pool *from)
{
	struct mext_stats stats;
	struct rte_mbuf *m, *all = NULL;
	unsigned int i, parted = 0;

	mext_stats_get(from, &stats);
	for (i = 0; i < stats.kinds[0].total; i++) {
		m = mext_packet_alloc(from);
		if (m == NULL)
			break;
		parted += !RTE_MBUF_HAS_EXTBUF(m) || mext_storage_from_mbuf(m) == NULL ||
			  rte_mbuf_ext_refcnt_read(m->shinfo) != 1 ||
			  m->buf_addr != mext_storage_data(mext_storage_from_mbuf(m));
		m->next = all;
		all = m;
	}
	for (parted += stats.kinds[0].total - i; all != NULL; all = m) {
		m = all->next;
		all->next = NULL;
		rte_pktmbuf_free_seg(all);
	}
	return parted;
}

static unsigned int
seg_teardown(void)
{
	unsigned int parted = parted_pairs(pool_seg);

	return parted + window_pool_destroy(pool_seg);
}

static const struct window_way way_plain = { plain_setup, plain_alloc, stock_free, plain_teardown };
static const struct window_way way_pinned = { pinned_setup, pinned_alloc, stock_free,
	pinned_teardown };
static const struct window_way way_bulk = { bulk_setup, bulk_alloc, bulk_free, bulk_teardown };
static const struct window_way way_pinned_seg = { pinned_seg_setup, pinned_seg_alloc,
	free_one_by_one, pinned_seg_teardown };
static const struct window_way way_seg = { seg_setup, seg_alloc, free_one_by_one, seg_teardown };

static const struct bench_row rows[] = {
	{ WINDOW_ROW("plain", &way_plain),
			.calls = "rte_pktmbuf_alloc_bulk, rte_pktmbuf_free_bulk" },
	{ WINDOW_ROW("pinned", &way_pinned),
			.calls = "stock pool of pinned buffers: rte_pktmbuf_alloc_bulk, rte_pktmbuf_free_bulk",
			.against = "plain" },
	{ WINDOW_ROW("packet", &way_bulk), .calls = "mext_packet_alloc_bulk, mext_free_bulk",
			.against = "plain" },
	{ WINDOW_ROW("pinned, one by one", &way_pinned_seg),
			.calls = "stock pool of pinned buffers: rte_pktmbuf_alloc_bulk, rte_pktmbuf_free_seg" },
	{ WINDOW_ROW("packet, one by one", &way_seg),
			.calls = "mext_packet_alloc_bulk, rte_pktmbuf_free_seg",
			.against = "pinned, one by one" },
};

static const struct bench_table tables[] = {
	WINDOW_TABLE("packet/hot", "alloc packet, free; 32 mbufs in flight", "hot", window_hot,
			rows),
	WINDOW_TABLE("packet/large", "alloc packet, free; 8,192 mbufs in flight", "large",
			window_large, rows),
};

const struct bench_table *
bench_packet(unsigned int *nb_tables)
{
	*nb_tables = RTE_DIM(tables);
	return tables;
}
