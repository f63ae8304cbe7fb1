/* SPDX-License-Identifier: BSD-3-Clause */
#include <mext.h>

#include "bed.h"

/*
 * One packet to 32, as flooding and multicast make them, and what it costs to free these: packet by
 * packet as drivers do, in bulk, and in bulk where neighbours are copies of different packets.
 */

/** Copies of each of BED_BURST packets, all there at once. */
#define COPIES (BED_BURST * BED_BURST)

static void
clone_burst(struct rte_mbuf *m, struct rte_mempool *headers, struct rte_mbuf **copies)
{
	unsigned int i;

	for (i = 0; i < BED_BURST; i++) {
		copies[i] = rte_pktmbuf_clone(m, headers);
		bed_must(copies[i] != NULL);
	}
}

static void
free_one_by_one(struct rte_mbuf **copies)
{
	unsigned int i;

	for (i = 0; i < BED_BURST; i++)
		rte_pktmbuf_free(copies[i]);
}

static unsigned int
clone_work(struct bed *bed)
{
	struct rte_mbuf *m = bed_next(bed), **copies = bed_oldest(bed);

	rte_pktmbuf_free_bulk(copies, BED_BURST);
	clone_burst(m, bed->headers, copies);
	return BED_BURST * m->nb_segs;
}

static unsigned int
clone_one_by_one_work(struct bed *bed)
{
	struct rte_mbuf *m = bed_next(bed), **copies = bed_oldest(bed);

	free_one_by_one(copies);
	clone_burst(m, bed->headers, copies);
	return BED_BURST * m->nb_segs;
}

static unsigned int
fanout_work(struct bed *bed)
{
	struct rte_mbuf *m = bed_next(bed), **copies = bed_oldest(bed);

	mext_free_bulk(copies, BED_BURST);
	bed_must(mext_fanout(bed->pool, m, copies, BED_BURST) == 0);
	return BED_BURST * m->nb_segs;
}

static unsigned int
fanout_one_by_one_work(struct bed *bed)
{
	struct rte_mbuf *m = bed_next(bed), **copies = bed_oldest(bed);

	free_one_by_one(copies);
	bed_must(mext_fanout(bed->pool, m, copies, BED_BURST) == 0);
	return BED_BURST * m->nb_segs;
}

/** Put the copies of the n-th packet where they are freed. */
static void
place(struct bed *bed, struct rte_mbuf **copies, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < BED_BURST; i++)
		bed->made[bed->load->apart ? i * BED_BURST + n : n * BED_BURST + i] = copies[i];
}

static void
clone_prepare(struct bed *bed)
{
	struct rte_mbuf *copies[BED_BURST];
	unsigned int n;

	for (n = 0; n < BED_BURST; n++) {
		clone_burst(bed_next(bed), bed->headers, copies);
		place(bed, copies, n);
	}
}

static void
fanout_prepare(struct bed *bed)
{
	struct rte_mbuf *copies[BED_BURST];
	unsigned int n;

	for (n = 0; n < BED_BURST; n++) {
		bed_must(mext_fanout(bed->pool, bed_next(bed), copies, BED_BURST) == 0);
		place(bed, copies, n);
	}
}

static unsigned int
stock_free_work(struct bed *bed)
{
	unsigned int i;

	for (i = 0; i < COPIES; i += BED_BURST)
		rte_pktmbuf_free_bulk(&bed->made[i], BED_BURST);
	return COPIES;
}

static unsigned int
mext_free_work(struct bed *bed)
{
	unsigned int i;

	for (i = 0; i < COPIES; i += BED_BURST)
		mext_free_bulk(&bed->made[i], BED_BURST);
	return COPIES;
}

static const struct bed_way way_clone = { .stock = true, .work = clone_work };
static const struct bed_way way_fanout = { .work = fanout_work };
static const struct bed_way way_clone_seg = { .stock = true, .work = clone_one_by_one_work };
static const struct bed_way way_fanout_seg = { .work = fanout_one_by_one_work };

static const struct bench_row fanout_rows[] = {
	{ BED_ROW("clone", &way_clone), .calls = "rte_pktmbuf_clone, rte_pktmbuf_free_bulk" },
	{ BED_ROW("mext", &way_fanout), .calls = "mext_fanout, mext_free_bulk",
			.against = "clone" },
	{ BED_ROW("clone, one by one", &way_clone_seg),
			.calls = "rte_pktmbuf_clone, rte_pktmbuf_free" },
	{ BED_ROW("mext, one by one", &way_fanout_seg), .calls = "mext_fanout, rte_pktmbuf_free",
			.against = "clone, one by one" },
};

static const struct bed_way way_stock_free = {
	.stock = true, .prepare = clone_prepare, .work = stock_free_work
};
static const struct bed_way way_mext_free = { .prepare = fanout_prepare, .work = mext_free_work };

static const struct bench_row free_rows[] = {
	{ BED_ROW("stock", &way_stock_free), .calls = "rte_pktmbuf_free_bulk, of clones" },
	{ BED_ROW("mext", &way_mext_free), .calls = "mext_free_bulk, of a fan-out",
			.against = "stock" },
};

#define HOT .packets = 1, .made = BED_BURST
#define LARGE .packets = 4096, .made = 8192

static const struct bed_load direct = { BED_DIRECT, 1500, .segs = 1, HOT };
static const struct bed_load storage = { BED_STORAGE, 1500, .segs = 1, HOT };
static const struct bed_load pair = { BED_PAIR, 1500, .segs = 1, HOT };
static const struct bed_load direct3 = { BED_DIRECT, 500, .segs = 3, HOT };
static const struct bed_load storage3 = { BED_STORAGE, 500, .segs = 3, HOT };
static const struct bed_load direct_large = { BED_DIRECT, 1500, .segs = 1, LARGE };
static const struct bed_load storage_large = { BED_STORAGE, 1500, .segs = 1, LARGE };

#define FREE(kind, is_apart)                                                                       \
	{                                                                                          \
		(kind), 1500, .segs = 1, .packets = BED_BURST, .made = COPIES, .apart = (is_apart) \
	}

static const struct bed_load direct_together = FREE(BED_DIRECT, false);
static const struct bed_load storage_together = FREE(BED_STORAGE, false);
static const struct bed_load direct_apart = FREE(BED_DIRECT, true);
static const struct bed_load storage_apart = FREE(BED_STORAGE, true);

#define FANOUT_TITLE "one packet to 32, free; "
#define FREE_TITLE "free alone, "

static const struct bench_table tables[] = {
	BED_TABLE("fanout/direct", FANOUT_TITLE "direct", &direct, fanout_rows),
	BED_TABLE("fanout/storage", FANOUT_TITLE "on a storage", &storage, fanout_rows),
	BED_TABLE("fanout/pair", FANOUT_TITLE "a pair", &pair, fanout_rows),
	BED_TABLE("fanout/direct3", FANOUT_TITLE "3 segments, direct", &direct3, fanout_rows),
	BED_TABLE("fanout/storage3", FANOUT_TITLE "3 segments on storages", &storage3, fanout_rows),
	BED_TABLE("fanout/direct-large",
			FANOUT_TITLE "4,096 direct packets, 8,192 copies in flight", &direct_large,
			fanout_rows),
	BED_TABLE("fanout/storage-large", FANOUT_TITLE "4,096 storages, 8,192 copies in flight",
			&storage_large, fanout_rows),
	BED_TABLE("free/direct", FREE_TITLE "32 copies of a direct packet", &direct_together,
			free_rows),
	BED_TABLE("free/storage", FREE_TITLE "32 copies of a storage", &storage_together,
			free_rows),
	BED_TABLE("free/direct-apart", FREE_TITLE "one copy each of 32 direct packets",
			&direct_apart, free_rows),
	BED_TABLE("free/storage-apart", FREE_TITLE "one copy each of 32 storages", &storage_apart,
			free_rows),
};

const struct bench_table *
bench_fanout(unsigned int *nb_tables)
{
	*nb_tables = RTE_DIM(tables);
	return tables;
}
