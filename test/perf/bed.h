/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BED_H
#define BED_H

/**
 * @file
 * Rows that do something to packets: each has pools and packets of its own, and does the same to a
 * burst again and again. What a way prepares before a burst is not timed.
 */

#include <rte_mbuf.h>

#include "bench.h"
#include "peer.h"

/** Mbufs, or packets, that an operation handles at once. */
#define BED_BURST 32
/** Ethernet's header, which who sends on writes anew. */
#define BED_HEADER 14

enum bed_kind {
	BED_DIRECT, /* with room of its own, as a NIC's receive queue gives it */
	BED_STORAGE, /* a storage of mext's, attached to a header */
	BED_PAIR, /* mext's packet */
};

/** What the rows of a table work on: a table's "how". */
struct bed_load {
	enum bed_kind kind;
	unsigned int len; /* bytes of each segment */
	unsigned int segs; /* of each packet */
	unsigned int packets; /* that are there all the time: a burst is of the next one, or of all */
	unsigned int made; /* room for as many packets made of them, a multiple of BED_BURST */
	unsigned int fan; /* packets made of one at once, at most BED_BURST */
	bool apart; /* packets made of one are freed each with others */
};

/** Bytes up to which a way copies what it could share (mext_pool_conf.copy_threshold). */
enum bed_threshold {
	BED_DEFAULT,
	BED_SHARE, /* it copies nothing */
	BED_COPY, /* it copies all */
};

/** What a row works with. */
struct bed {
	const struct bed_load *load;
	struct mext_pool *pool; /* NULL: the row does without */
	struct rte_mempool *rooms; /* of direct packets */
	struct rte_mempool *headers,
			*small; /* stock: without room, with room for a header; or NULL */
	struct rte_mbuf **packets; /* load->packets */
	struct rte_mbuf **made; /* load->made, NULL or not yet freed */
	unsigned int next_packet, next_made;
};

/** One way to do the work of a table: a row's "how". */
struct bed_way {
	bool stock; /* the row uses DPDK's calls alone, on pools as applications make them */
	enum bed_threshold threshold;
	/** Before each burst, not timed: fill bed->made, all of which work() frees. Or NULL. */
	void (*prepare)(struct bed *bed);
	unsigned int (*work)(struct bed *bed); /* @return how many mbufs it handled */
};

#define BED_ROW(row_name, way)                                                            \
	.name = (row_name), .setup = bed_setup, .run = bed_run, .teardown = bed_teardown, \
	.how = (way)

#define BED_TABLE(table_name, table_title, table_load, table_rows)                                 \
	{                                                                                          \
		.name = (table_name), .title = (table_title), .unit = BENCH_CYCLES, .rounds = 301, \
		.params = { .scenario = "hot",                                                     \
			.bursts = "fixed",                                                         \
			.burst_min = BED_BURST,                                                    \
			.burst_max = BED_BURST,                                                    \
			.cache = PEER_CACHE,                                                       \
			.threads = 1 },                                                            \
		.how = (table_load), .rows = (table_rows), .nb_rows = RTE_DIM(table_rows),         \
	}

int bed_setup(struct bench_subject *s);
void bed_run(struct bench_subject *s, struct bench_work *work);
unsigned int bed_teardown(struct bench_subject *s);

/** Do the work some times. A function of its own, for instructions.py to count in. */
unsigned int bed_work(const struct bed_way *way, struct bed *bed, unsigned int times);

/** A new packet of the load's kind, nobody else's. */
struct rte_mbuf *bed_packet(struct bed *bed);

/** The next of the packets. */
static inline struct rte_mbuf *
bed_next(struct bed *bed)
{
	struct rte_mbuf *m = bed->packets[bed->next_packet];

	if (++bed->next_packet == bed->load->packets)
		bed->next_packet = 0;
	return m;
}

/** The BED_BURST packets that were made first of all that are left, to be freed and made anew. */
static inline struct rte_mbuf **
bed_oldest(struct bed *bed)
{
	struct rte_mbuf **oldest = &bed->made[bed->next_made];

	bed->next_made += BED_BURST;
	if (bed->next_made == bed->load->made)
		bed->next_made = 0;
	return oldest;
}

/** No call of a row may fail. */
static inline void
bed_must(bool done)
{
	if (unlikely(!done))
		bench_die("a call failed: is there too little in a pool?");
}

#endif
