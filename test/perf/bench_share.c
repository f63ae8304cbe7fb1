/* SPDX-License-Identifier: BSD-3-Clause */
#include <mext.h>

#include "bed.h"

/* Packet by packet: a second mbuf over the bytes of a packet, or over some, and a packet cut in two. */

/** The range shared of 1,500 bytes, and where packets are cut. */
#define OFF 100
#define LEN 1000

static unsigned int
clone_work(struct bed *bed)
{
	struct rte_mbuf *copy;
	unsigned int i;

	for (i = 0; i < BED_BURST; i++) {
		copy = rte_pktmbuf_clone(bed_next(bed), bed->headers);
		bed_must(copy != NULL);
		rte_pktmbuf_free(copy);
	}
	return BED_BURST * bed->load->segs;
}

static unsigned int
share_work(struct bed *bed)
{
	struct rte_mbuf *m, *copy;
	unsigned int i;

	for (i = 0; i < BED_BURST; i++) {
		m = bed_next(bed);
		bed_must(mext_share(bed->pool, m, 0, m->pkt_len, &copy) == 0);
		rte_pktmbuf_free(copy);
	}
	return BED_BURST * bed->load->segs;
}

static unsigned int
share_bulk_work(struct bed *bed)
{
	struct rte_mbuf *m, *copy;
	unsigned int i;

	for (i = 0; i < BED_BURST; i++) {
		m = bed_next(bed);
		bed_must(mext_share(bed->pool, m, 0, m->pkt_len, &copy) == 0);
		mext_free_bulk(&copy, 1);
	}
	return BED_BURST * bed->load->segs;
}

static unsigned int
clone_range_work(struct bed *bed)
{
	struct rte_mbuf *copy;
	unsigned int i;

	for (i = 0; i < BED_BURST; i++) {
		copy = rte_pktmbuf_clone(bed_next(bed), bed->headers);
		bed_must(copy != NULL && rte_pktmbuf_adj(copy, OFF) != NULL &&
				rte_pktmbuf_trim(copy, copy->pkt_len - LEN) == 0);
		rte_pktmbuf_free(copy);
	}
	return BED_BURST;
}

static unsigned int
share_range_work(struct bed *bed)
{
	struct rte_mbuf *copy;
	unsigned int i;

	for (i = 0; i < BED_BURST; i++) {
		bed_must(mext_share(bed->pool, bed_next(bed), OFF, LEN, &copy) == 0);
		rte_pktmbuf_free(copy);
	}
	return BED_BURST;
}

static void
split_prepare(struct bed *bed)
{
	unsigned int i;

	for (i = 0; i < BED_BURST; i++)
		bed->made[i] = bed_packet(bed);
}

static unsigned int
clone_split_work(struct bed *bed)
{
	struct rte_mbuf *tails[BED_BURST];
	unsigned int i;

	for (i = 0; i < BED_BURST; i++) {
		struct rte_mbuf *m = bed->made[i];

		tails[i] = rte_pktmbuf_clone(m, bed->headers);
		bed_must(tails[i] != NULL && rte_pktmbuf_adj(tails[i], OFF) != NULL &&
				rte_pktmbuf_trim(m, m->pkt_len - OFF) == 0);
	}
	rte_pktmbuf_free_bulk(bed->made, BED_BURST);
	rte_pktmbuf_free_bulk(tails, BED_BURST);
	return BED_BURST;
}

static unsigned int
split_work(struct bed *bed)
{
	struct rte_mbuf *tails[BED_BURST];
	unsigned int i;

	for (i = 0; i < BED_BURST; i++)
		bed_must(mext_split(bed->pool, &bed->made[i], OFF, &tails[i]) == 0);
	mext_free_bulk(bed->made, BED_BURST);
	mext_free_bulk(tails, BED_BURST);
	return BED_BURST;
}

static const struct bed_way way_clone = { .stock = true, .work = clone_work };
static const struct bed_way way_share = { .work = share_work };
static const struct bed_way way_share_bulk = { .work = share_bulk_work };
static const struct bed_way way_clone_range = { .stock = true, .work = clone_range_work };
static const struct bed_way way_share_range = { .work = share_range_work };
static const struct bed_way way_clone_split = {
	.stock = true, .prepare = split_prepare, .work = clone_split_work
};
static const struct bed_way way_split = { .prepare = split_prepare, .work = split_work };

static const struct bench_row share_rows[] = {
	{ BED_ROW("clone", &way_clone), .calls = "rte_pktmbuf_clone, rte_pktmbuf_free" },
	{ BED_ROW("mext", &way_share), .calls = "mext_share, rte_pktmbuf_free",
			.against = "clone" },
	{ BED_ROW("mext, bulk of one", &way_share_bulk),
			.calls = "mext_share, mext_free_bulk of one", .against = "clone" },
};

static const struct bench_row range_rows[] = {
	{ BED_ROW("clone", &way_clone_range),
			.calls = "rte_pktmbuf_clone, rte_pktmbuf_adj, rte_pktmbuf_trim, rte_pktmbuf_free" },
	{ BED_ROW("mext", &way_share_range), .calls = "mext_share, rte_pktmbuf_free",
			.against = "clone" },
};

static const struct bench_row split_rows[] = {
	{ BED_ROW("clone", &way_clone_split),
			.calls = "rte_pktmbuf_clone, rte_pktmbuf_adj, rte_pktmbuf_trim, "
				 "rte_pktmbuf_free_bulk" },
	{ BED_ROW("mext", &way_split), .calls = "mext_split, mext_free_bulk", .against = "clone" },
};

#define LOAD(kind, bytes, nb_segs)                                                          \
	{                                                                                   \
		(kind), (bytes), .segs = (nb_segs), .packets = BED_BURST, .made = BED_BURST \
	}

static const struct bed_load direct = LOAD(BED_DIRECT, 1500, 1);
static const struct bed_load storage = LOAD(BED_STORAGE, 1500, 1);
static const struct bed_load pair = LOAD(BED_PAIR, 1500, 1);
static const struct bed_load direct3 = LOAD(BED_DIRECT, 500, 3);
static const struct bed_load storage3 = LOAD(BED_STORAGE, 500, 3);

#define SHARE_TITLE "share a packet, free the share; "
#define RANGE_TITLE "share 1,000 of 1,500 bytes, free the share; "
#define SPLIT_TITLE "cut a packet in two, free both; "

static const struct bench_table tables[] = {
	BED_TABLE("share/direct", SHARE_TITLE "direct", &direct, share_rows),
	BED_TABLE("share/storage", SHARE_TITLE "on a storage", &storage, share_rows),
	BED_TABLE("share/pair", SHARE_TITLE "a pair", &pair, share_rows),
	BED_TABLE("share/direct3", SHARE_TITLE "3 segments, direct", &direct3, share_rows),
	BED_TABLE("share/storage3", SHARE_TITLE "3 segments on storages", &storage3, share_rows),
	BED_TABLE("share/direct-range", RANGE_TITLE "direct", &direct, range_rows),
	BED_TABLE("share/storage-range", RANGE_TITLE "on a storage", &storage, range_rows),
	BED_TABLE("split/direct", SPLIT_TITLE "direct", &direct, split_rows),
	BED_TABLE("split/storage", SPLIT_TITLE "on a storage", &storage, split_rows),
};

const struct bench_table *
bench_share(unsigned int *nb_tables)
{
	*nb_tables = RTE_DIM(tables);
	return tables;
}
