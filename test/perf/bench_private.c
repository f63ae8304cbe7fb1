/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include <mext.h>

#include "bed.h"

/*
 * One packet to many, each with an Ethernet header of its own: multicast, flooding to VLANs. And the
 * question from how many bytes behind that header on a share costs less than a copy.
 */

/** A header with a clone behind it for each, as DPDK's example for multicast makes them. */
static unsigned int
clone_work(struct bed *bed)
{
	struct rte_mbuf *m = bed_next(bed), **copies = bed_oldest(bed), *rest;
	unsigned int i;

	rte_pktmbuf_free_bulk(copies, BED_BURST);
	bed_must(rte_pktmbuf_alloc_bulk(bed->small, copies, BED_BURST) == 0);
	for (i = 0; i < BED_BURST; i++) {
		rest = rte_pktmbuf_clone(m, bed->headers);
		bed_must(rest != NULL && rte_pktmbuf_adj(rest, BED_HEADER) != NULL);
		memcpy(rte_pktmbuf_append(copies[i], BED_HEADER), rte_pktmbuf_mtod(m, const void *),
				BED_HEADER);
		copies[i]->next = rest;
		copies[i]->nb_segs = rest->nb_segs + 1;
		copies[i]->pkt_len = m->pkt_len;
	}
	return BED_BURST;
}

static unsigned int
copy_work(struct bed *bed)
{
	struct rte_mbuf *m = bed_next(bed), **copies = bed_oldest(bed);
	unsigned int i;

	rte_pktmbuf_free_bulk(copies, BED_BURST);
	for (i = 0; i < BED_BURST; i++) {
		copies[i] = rte_pktmbuf_copy(m, bed->rooms, 0, UINT32_MAX);
		bed_must(copies[i] != NULL);
	}
	return BED_BURST;
}

static void
fanout_private(struct bed *bed, struct rte_mbuf **copies)
{
	unsigned int i;

	for (i = 0; i < BED_BURST; i += bed->load->fan)
		bed_must(mext_fanout_private(bed->pool, bed_next(bed), BED_HEADER, &copies[i],
					 bed->load->fan) == 0);
}

static unsigned int
mext_work(struct bed *bed)
{
	struct rte_mbuf **copies = bed_oldest(bed);

	mext_free_bulk(copies, BED_BURST);
	fanout_private(bed, copies);
	return BED_BURST;
}

static unsigned int
mext_one_by_one_work(struct bed *bed)
{
	struct rte_mbuf **copies = bed_oldest(bed);
	unsigned int i;

	for (i = 0; i < BED_BURST; i++)
		rte_pktmbuf_free(copies[i]);
	fanout_private(bed, copies);
	return BED_BURST;
}

static const struct bed_way way_clone = { .stock = true, .work = clone_work };
static const struct bed_way way_copy = { .stock = true, .work = copy_work };
static const struct bed_way way_mext = { .work = mext_work };
static const struct bed_way way_sharing = { .threshold = BED_SHARE, .work = mext_work };
static const struct bed_way way_copying = { .threshold = BED_COPY, .work = mext_work };
static const struct bed_way way_sharing_seg = { .threshold = BED_SHARE,
	.work = mext_one_by_one_work };
static const struct bed_way way_copying_seg = { .threshold = BED_COPY,
	.work = mext_one_by_one_work };

static const struct bench_row private_rows[] = {
	{ BED_ROW("header and clone", &way_clone),
			.calls = "rte_pktmbuf_alloc_bulk, rte_pktmbuf_clone, rte_pktmbuf_adj, "
				 "rte_pktmbuf_free_bulk" },
	{ BED_ROW("copy", &way_copy), .calls = "rte_pktmbuf_copy, rte_pktmbuf_free_bulk",
			.against = "header and clone" },
	{ BED_ROW("mext", &way_mext), .calls = "mext_fanout_private, mext_free_bulk",
			.against = "header and clone" },
};

static const struct bench_row threshold_rows[] = {
	{ BED_ROW("share", &way_sharing),
			.calls = "mext_fanout_private, copy_threshold 0, mext_free_bulk" },
	{ BED_ROW("copy", &way_copying),
			.calls = "mext_fanout_private, copy_threshold above, mext_free_bulk",
			.against = "share" },
	{ BED_ROW("share, one by one", &way_sharing_seg),
			.calls = "mext_fanout_private, copy_threshold 0, rte_pktmbuf_free" },
	{ BED_ROW("copy, one by one", &way_copying_seg),
			.calls = "mext_fanout_private, copy_threshold above, rte_pktmbuf_free",
			.against = "share, one by one" },
};

#define LOAD(kind)                                                                         \
	{                                                                                  \
		(kind), 1500, .segs = 1, .packets = 1, .made = BED_BURST, .fan = BED_BURST \
	}

static const struct bed_load direct = LOAD(BED_DIRECT);
static const struct bed_load storage = LOAD(BED_STORAGE);

#define TITLE "one packet of 1,500 bytes to 32 with headers of their own, free; "

static const struct bench_table private_tables[] = {
	BED_TABLE("private/direct", TITLE "direct", &direct, private_rows),
	BED_TABLE("private/storage", TITLE "on a storage", &storage, private_rows),
};

/** Bytes behind the header. */
static const unsigned int payloads[] = { 32, 64, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048 };

/** One burst of the same packet, or more than L2 holds of different ones. */
static const struct window {
	const char *name;
	unsigned int packets, made;
} windows[] = { { "hot", 1, BED_BURST }, { "large", 4096, 8192 } };

static const unsigned int fans[] = { BED_BURST, 2 };

#define NB_THRESHOLD_TABLES (RTE_DIM(windows) * RTE_DIM(fans) * RTE_DIM(payloads))

static void
describe(struct bench_table *table, const struct window *window, unsigned int fan,
		unsigned int payload)
{
	/* As long as the process: there is one array of tables. */
	static char names[NB_THRESHOLD_TABLES][40], titles[NB_THRESHOLD_TABLES][80];
	static struct bed_load loads[NB_THRESHOLD_TABLES];
	static unsigned int used;
	const struct bench_table made =
			BED_TABLE(names[used], titles[used], &loads[used], threshold_rows);

	snprintf(names[used], sizeof(names[used]), "threshold/%s/to%u/%u", window->name, fan,
			payload);
	snprintf(titles[used], sizeof(titles[used]),
			"one packet to %u, %u bytes behind a header of their own, free", fan,
			payload);
	loads[used++] = (struct bed_load){
		.kind = BED_STORAGE,
		.len = BED_HEADER + payload,
		.segs = 1,
		.packets = window->packets,
		.made = window->made,
		.fan = fan,
	};
	*table = made;
	table->params.scenario = window->name;
	table->rounds = 101;
}

const struct bench_table *
bench_private(unsigned int *nb_tables)
{
	*nb_tables = RTE_DIM(private_tables);
	return private_tables;
}

const struct bench_table *
bench_threshold(unsigned int *nb_tables)
{
	static struct bench_table tables[NB_THRESHOLD_TABLES];
	unsigned int w, f, p, n = 0;

	for (w = 0; w < RTE_DIM(windows); w++)
		for (f = 0; f < RTE_DIM(fans); f++)
			for (p = 0; p < RTE_DIM(payloads); p++)
				describe(&tables[n++], &windows[w], fans[f], payloads[p]);
	*nb_tables = n;
	return tables;
}
