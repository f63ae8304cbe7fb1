/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <mext.h>

#include "bench.h"

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
	struct peer_buffer *b[BENCH_BURST];
	unsigned int i;

	if (rte_pktmbuf_alloc_bulk(headers, pkts, BENCH_BURST) < 0 ||
			rte_mempool_get_bulk(buffers, (void **)b, BENCH_BURST) < 0)
		bench_die("the stock pools are empty");
	for (i = 0; i < BENCH_BURST; i++) {
		rte_mbuf_ext_refcnt_set(&b[i]->shinfo, 1);
		rte_pktmbuf_attach_extbuf(
				pkts[i], b[i]->data, b[i]->iova, BENCH_DATA, &b[i]->shinfo);
		pkts[i]->data_len = BENCH_DATA;
		pkts[i]->pkt_len = BENCH_DATA;
	}
}

static void
stock_free(struct rte_mbuf **pkts)
{
	rte_pktmbuf_free_bulk(pkts, BENCH_BURST);
}

static int
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
	conf.classes[0] = (struct mext_pool_class){ BENCH_DATA, nb_mbufs, BENCH_CACHE };
	conf.headers = (struct mext_pool_class){ 0, nb_mbufs, BENCH_CACHE };
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
	struct mext_storage *s[BENCH_BURST];

	if (mext_storage_alloc_bulk(pool, BENCH_DATA, s, BENCH_BURST) < 0 ||
			mext_attach_new_bulk(pool, pkts, s, BENCH_BURST, 0, BENCH_DATA) < 0)
		bench_die("the mext pool is empty");
}

static void
steps_alloc(struct rte_mbuf **pkts)
{
	struct mext_storage *s[BENCH_BURST];

	if (mext_header_alloc_bulk(pool_steps, pkts, BENCH_BURST) < 0 ||
			mext_storage_alloc_bulk(pool_steps, BENCH_DATA, s, BENCH_BURST) < 0 ||
			mext_attach_bulk(pkts, s, BENCH_BURST, 0, BENCH_DATA) < 0)
		bench_die("the mext pool is empty");
}

static void
mext_free(struct rte_mbuf **pkts)
{
	mext_free_bulk(pkts, BENCH_BURST);
}

static int
mext_teardown(void)
{
	return bench_pool_destroy(pool);
}

static int
steps_teardown(void)
{
	return bench_pool_destroy(pool_steps);
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
	if (rte_pktmbuf_alloc_bulk(pinned, pkts, BENCH_BURST) < 0)
		bench_die("the pinned pool is empty");
}

static int
pinned_teardown(void)
{
	return peer_free(pinned);
}

static const struct bench_row rows[] = {
	{ .name = "stock",
			.calls = "rte_pktmbuf_alloc_bulk, rte_mempool_get_bulk, rte_pktmbuf_attach_extbuf, "
				 "rte_pktmbuf_free_bulk",
			.setup = stock_setup,
			.alloc = stock_alloc,
			.free = stock_free,
			.teardown = stock_teardown },
	{ .name = "mext",
			.calls = "mext_storage_alloc_bulk, mext_attach_new_bulk, mext_free_bulk",
			.against = "stock",
			.setup = mext_setup,
			.alloc = mext_alloc,
			.free = mext_free,
			.teardown = mext_teardown },
	{ .name = "mext, step by step",
			.calls = "mext_header_alloc_bulk, mext_storage_alloc_bulk, mext_attach_bulk, "
				 "mext_free_bulk",
			.against = "stock",
			.setup = steps_setup,
			.alloc = steps_alloc,
			.free = mext_free,
			.teardown = steps_teardown },
	{ .name = "pinned",
			.calls = "stock pool of pinned buffers: rte_pktmbuf_alloc_bulk, rte_pktmbuf_free_bulk",
			.against = "stock",
			.setup = pinned_setup,
			.alloc = pinned_alloc,
			.free = stock_free,
			.teardown = pinned_teardown },
};

const struct bench_table bench_attach = {
	.name = "attach",
	.title = "alloc header and buffer, attach, free",
	.rows = rows,
	.nb_rows = RTE_DIM(rows),
};
