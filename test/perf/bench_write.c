/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_memcpy.h>

#include <mext.h>

#include "bed.h"

/*
 * Who may write, and writing an Ethernet header into packets that others see, or nobody else: stock
 * DPDK copies the whole packet.
 */

/** What an application can ask DPDK: it does not know of read-only bytes, and the order is relaxed. */
static bool
looks_unshared(const struct rte_mbuf *m)
{
	if (rte_mbuf_refcnt_read(m) != 1 || RTE_MBUF_CLONED(m))
		return false;
	return !RTE_MBUF_HAS_EXTBUF(m) || rte_mbuf_ext_refcnt_read(m->shinfo) == 1;
}

static unsigned int
stock_ask_work(struct bed *bed)
{
	unsigned int i, n = 0;

	for (i = 0; i < BED_BURST; i++)
		n += looks_unshared(bed_next(bed));
	bed_must(n == BED_BURST);
	return BED_BURST;
}

static unsigned int
mext_ask_work(struct bed *bed)
{
	unsigned int i, n = 0;

	for (i = 0; i < BED_BURST; i++)
		n += mext_is_writable(bed_next(bed), 0, BED_HEADER);
	bed_must(n == BED_BURST);
	return BED_BURST;
}

static const uint8_t header[BED_HEADER] = { 0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 0x08, 0 };

static unsigned int
stock_own_work(struct bed *bed)
{
	unsigned int i;

	for (i = 0; i < BED_BURST; i++) {
		struct rte_mbuf *m = bed_next(bed);

		bed_must(looks_unshared(m) && m->data_len >= BED_HEADER);
		rte_memcpy(rte_pktmbuf_mtod(m, void *), header, BED_HEADER);
	}
	return BED_BURST;
}

static unsigned int
mext_own_work(struct bed *bed)
{
	unsigned int i;

	for (i = 0; i < BED_BURST; i++) {
		struct rte_mbuf *m = bed_next(bed);

		bed_must(mext_write(bed->pool, &m, 0, header, BED_HEADER) == 0);
	}
	return BED_BURST;
}

static void
clone_prepare(struct bed *bed)
{
	unsigned int i;

	for (i = 0; i < BED_BURST; i++) {
		bed->made[i] = rte_pktmbuf_clone(bed_next(bed), bed->headers);
		bed_must(bed->made[i] != NULL);
	}
}

static void
share_prepare(struct bed *bed)
{
	unsigned int i;

	for (i = 0; i < BED_BURST; i++)
		bed_must(mext_share(bed->pool, bed_next(bed), 0, bed->load->len, &bed->made[i]) ==
				0);
}

static unsigned int
copy_work(struct bed *bed)
{
	struct rte_mbuf *copies[BED_BURST];
	unsigned int i;

	for (i = 0; i < BED_BURST; i++) {
		copies[i] = rte_pktmbuf_copy(bed->made[i], bed->rooms, 0, UINT32_MAX);
		bed_must(copies[i] != NULL);
		rte_memcpy(rte_pktmbuf_mtod(copies[i], void *), header, BED_HEADER);
	}
	rte_pktmbuf_free_bulk(bed->made, BED_BURST);
	rte_pktmbuf_free_bulk(copies, BED_BURST);
	return BED_BURST;
}

static unsigned int
write_work(struct bed *bed)
{
	unsigned int i;

	for (i = 0; i < BED_BURST; i++)
		bed_must(mext_write(bed->pool, &bed->made[i], 0, header, BED_HEADER) == 0);
	mext_free_bulk(bed->made, BED_BURST);
	return BED_BURST;
}

static const struct bed_way way_stock_ask = { .stock = true, .work = stock_ask_work };
static const struct bed_way way_mext_ask = { .work = mext_ask_work };
static const struct bed_way way_stock_own = { .stock = true, .work = stock_own_work };
static const struct bed_way way_mext_own = { .work = mext_own_work };
static const struct bed_way way_copy = {
	.stock = true, .prepare = clone_prepare, .work = copy_work
};
static const struct bed_way way_write = { .prepare = share_prepare, .work = write_work };

static const struct bench_row ask_rows[] = {
	{ BED_ROW("stock", &way_stock_ask),
			.calls = "rte_mbuf_refcnt_read, rte_mbuf_ext_refcnt_read" },
	{ BED_ROW("mext", &way_mext_ask), .calls = "mext_is_writable", .against = "stock" },
};

static const struct bench_row own_rows[] = {
	{ BED_ROW("stock", &way_stock_own),
			.calls = "rte_mbuf_refcnt_read, rte_mbuf_ext_refcnt_read, rte_memcpy" },
	{ BED_ROW("mext", &way_mext_own), .calls = "mext_write", .against = "stock" },
};

static const struct bench_row shared_rows[] = {
	{ BED_ROW("copy", &way_copy),
			.calls = "rte_pktmbuf_copy, rte_memcpy, rte_pktmbuf_free_bulk" },
	{ BED_ROW("mext", &way_write), .calls = "mext_write, mext_free_bulk", .against = "copy" },
};

#define LOAD(kind, bytes)                                                           \
	{                                                                           \
		(kind), (bytes), .segs = 1, .packets = BED_BURST, .made = BED_BURST \
	}

static const struct bed_load direct = LOAD(BED_DIRECT, 1500);
static const struct bed_load storage = LOAD(BED_STORAGE, 1500);
static const struct bed_load pair = LOAD(BED_PAIR, 1500);
static const struct bed_load direct_64 = LOAD(BED_DIRECT, 64);
static const struct bed_load direct_256 = LOAD(BED_DIRECT, 256);
static const struct bed_load direct_9000 = LOAD(BED_DIRECT, 9000);
static const struct bed_load storage_64 = LOAD(BED_STORAGE, 64);
static const struct bed_load storage_256 = LOAD(BED_STORAGE, 256);
static const struct bed_load storage_9000 = LOAD(BED_STORAGE, 9000);

#define ASK_TITLE "may 14 bytes be written, yes; "
#define OWN_TITLE "write 14 bytes to a packet that nobody shares; "
#define SHARED_TITLE "write 14 bytes to a share, free it; "

static const struct bench_table tables[] = {
	BED_TABLE("writable/direct", ASK_TITLE "direct", &direct, ask_rows),
	BED_TABLE("writable/storage", ASK_TITLE "on a storage", &storage, ask_rows),
	BED_TABLE("writable/pair", ASK_TITLE "a pair", &pair, ask_rows),
	BED_TABLE("write/own-direct", OWN_TITLE "direct", &direct, own_rows),
	BED_TABLE("write/own-storage", OWN_TITLE "on a storage", &storage, own_rows),
	BED_TABLE("write/direct/64", SHARED_TITLE "64 bytes, direct", &direct_64, shared_rows),
	BED_TABLE("write/direct/256", SHARED_TITLE "256 bytes, direct", &direct_256, shared_rows),
	BED_TABLE("write/direct/1500", SHARED_TITLE "1,500 bytes, direct", &direct, shared_rows),
	BED_TABLE("write/direct/9000", SHARED_TITLE "9,000 bytes, direct", &direct_9000,
			shared_rows),
	BED_TABLE("write/storage/64", SHARED_TITLE "64 bytes on a storage", &storage_64,
			shared_rows),
	BED_TABLE("write/storage/256", SHARED_TITLE "256 bytes on a storage", &storage_256,
			shared_rows),
	BED_TABLE("write/storage/1500", SHARED_TITLE "1,500 bytes on a storage", &storage,
			shared_rows),
	BED_TABLE("write/storage/9000", SHARED_TITLE "9,000 bytes on a storage", &storage_9000,
			shared_rows),
};

const struct bench_table *
bench_write(unsigned int *nb_tables)
{
	*nb_tables = RTE_DIM(tables);
	return tables;
}
