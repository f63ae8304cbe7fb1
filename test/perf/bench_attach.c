/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <mext.h>

#include "peer.h"
#include "window.h"

/* One burst: headers, as many buffers of 2,048 bytes, each attached to a header; then freed. */

static struct rte_mempool *headers, *buffers, *pinned;
static struct mext_pool *pool, *pool_steps;

static int
stock_setup(unsigned int nb_mbufs)
{
	headers = peer_mbufs("stock_headers", nb_mbufs, 0);
	buffers = peer_buffers("stock_buffers", nb_mbufs);
	return headers != NULL && buffers != NULL ? 0 : -ENOMEM;
}

static void
stock_alloc(struct rte_mbuf **pkts)
{
	struct peer_buffer *b[WINDOW_BURST];
	unsigned int i;

	if (rte_pktmbuf_alloc_bulk(headers, pkts, WINDOW_BURST) < 0 ||
			rte_mempool_get_bulk(buffers, (void **)b, WINDOW_BURST) < 0)
		bench_die("the stock pools are empty");
	for (i = 0; i < WINDOW_BURST; i++) {
		rte_mbuf_ext_refcnt_set(&b[i]->shinfo, 1);
		rte_pktmbuf_attach_extbuf(
				pkts[i], b[i]->data, b[i]->iova, PEER_DATA, &b[i]->shinfo);
		pkts[i]->data_len = PEER_DATA;
		pkts[i]->pkt_len = PEER_DATA;
	}
}

static void
stock_free(struct rte_mbuf **pkts)
{
	rte_pktmbuf_free_bulk(pkts, WINDOW_BURST);
}

static unsigned int
stock_teardown(void)
{
	return peer_free(headers) + peer_free(buffers);
}

static int
pool_setup(const char *name, unsigned int nb_mbufs, struct mext_pool **made)
{
	struct mext_pool_conf conf;

	mext_pool_conf_init(&conf);
	conf.nb_classes = 1;
	conf.classes[0] = (struct mext_pool_class){ PEER_DATA, nb_mbufs, PEER_CACHE };
	conf.headers = (struct mext_pool_class){ 0, nb_mbufs, PEER_CACHE };
	return mext_pool_create(name, &conf, made);
}

static int
mext_setup(unsigned int nb_mbufs)
{
	return pool_setup("attach", nb_mbufs, &pool);
}

static int
steps_setup(unsigned int nb_mbufs)
{
	return pool_setup("attach_steps", nb_mbufs, &pool_steps);
}

static void
mext_alloc(struct rte_mbuf **pkts)
{
	struct mext_storage *s[WINDOW_BURST];

	if (mext_storage_alloc_bulk(pool, PEER_DATA, s, WINDOW_BURST) < 0 ||
			mext_attach_new_bulk(pool, pkts, s, WINDOW_BURST, 0, PEER_DATA) < 0)
		bench_die("the mext pool is empty");
}

static void
steps_alloc(struct rte_mbuf **pkts)
{
	struct mext_storage *s[WINDOW_BURST];

	if (mext_header_alloc_bulk(pool_steps, pkts, WINDOW_BURST) < 0 ||
			mext_storage_alloc_bulk(pool_steps, PEER_DATA, s, WINDOW_BURST) < 0 ||
			mext_attach_bulk(pkts, s, WINDOW_BURST, 0, PEER_DATA) < 0)
		bench_die("the mext pool is empty");
}

static void
mext_free(struct rte_mbuf **pkts)
{
	mext_free_bulk(pkts, WINDOW_BURST);
}

static unsigned int
mext_teardown(void)
{
	return window_pool_destroy(pool);
}

static unsigned int
steps_teardown(void)
{
	return window_pool_destroy(pool_steps);
}

static int
pinned_setup(unsigned int nb_mbufs)
{
	pinned = peer_pinned("stock_pinned", nb_mbufs);
	return pinned != NULL ? 0 : -ENOMEM;
}

static void
pinned_alloc(struct rte_mbuf **pkts)
{
	if (rte_pktmbuf_alloc_bulk(pinned, pkts, WINDOW_BURST) < 0)
		bench_die("the pinned pool is empty");
}

static unsigned int
pinned_teardown(void)
{
	return peer_free(pinned);
}

static const struct window_way way_stock = { stock_setup, stock_alloc, stock_free, stock_teardown };
static const struct window_way way_mext = { mext_setup, mext_alloc, mext_free, mext_teardown };
static const struct window_way way_steps = { steps_setup, steps_alloc, mext_free, steps_teardown };
static const struct window_way way_pinned = { pinned_setup, pinned_alloc, stock_free,
	pinned_teardown };

static const struct bench_row rows[] = {
	{ WINDOW_ROW("stock", &way_stock),
			.calls = "rte_pktmbuf_alloc_bulk, rte_mempool_get_bulk, rte_pktmbuf_attach_extbuf, "
				 "rte_pktmbuf_free_bulk" },
	{ WINDOW_ROW("mext", &way_mext),
			.calls = "mext_storage_alloc_bulk, mext_attach_new_bulk, mext_free_bulk",
			.against = "stock" },
	{ WINDOW_ROW("mext, step by step", &way_steps),
			.calls = "mext_header_alloc_bulk, mext_storage_alloc_bulk, mext_attach_bulk, "
				 "mext_free_bulk",
			.against = "stock" },
	{ WINDOW_ROW("pinned", &way_pinned),
			.calls = "stock pool of pinned buffers: rte_pktmbuf_alloc_bulk, rte_pktmbuf_free_bulk",
			.against = "stock" },
};

static const struct bench_table tables[] = {
	WINDOW_TABLE("attach/hot", "alloc header and buffer, attach, free; 32 mbufs in flight",
			"hot", window_hot, rows),
	WINDOW_TABLE("attach/large", "alloc header and buffer, attach, free; 8,192 mbufs in flight",
			"large", window_large, rows),
};

const struct bench_table *
bench_attach(unsigned int *nb_tables)
{
	*nb_tables = RTE_DIM(tables);
	return tables;
}
