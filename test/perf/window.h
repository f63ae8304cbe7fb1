/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WINDOW_H
#define WINDOW_H

/**
 * @file
 * Rows that keep a window of mbufs in flight: a round frees the oldest burst and allocates a new one
 * in its place, many times.
 */

#include <rte_mbuf.h>

#include "bench.h"
#include "peer.h"

/** Mbufs an operation handles at once. */
#define WINDOW_BURST 32

/** One way to get a burst of packets and to be rid of it: a row's "how". */
struct window_way {
	int (*setup)(unsigned int nb_mbufs); /* make pools that hold as many; 0 or negative errno */
	void (*alloc)(struct rte_mbuf **pkts);
	void (*free)(struct rte_mbuf **pkts);
	unsigned int (*teardown)(void); /* @return how many buffers did not come back */
};

/** The name and the callbacks of a row. */
#define WINDOW_ROW(row_name, way)                                                                  \
	.name = (row_name), .setup = window_setup, .run = window_run, .teardown = window_teardown, \
	.how = (way)

/** Windows: one burst, so that everything is hot, or far more than L2 holds. A table's "how". */
extern const unsigned int window_hot, window_large;

/** A table over one window. */
#define WINDOW_TABLE(table_name, work, window_scenario, window, table_rows)                 \
	{                                                                                   \
		.name = (table_name), .title = (work), .unit = BENCH_CYCLES, .rounds = 301, \
		.params = { .scenario = (window_scenario),                                  \
			.bursts = "fixed",                                                  \
			.burst_min = WINDOW_BURST,                                          \
			.burst_max = WINDOW_BURST,                                          \
			.cache = PEER_CACHE,                                                \
			.threads = 1 },                                                     \
		.how = &(window), .rows = (table_rows), .nb_rows = RTE_DIM(table_rows),     \
	}

int window_setup(struct bench_subject *s);
void window_run(struct bench_subject *s, struct bench_work *work);
unsigned int window_teardown(struct bench_subject *s);

struct mext_pool;

/** Destroy a pool. @return objects that had not come back. */
unsigned int window_pool_destroy(struct mext_pool *pool);

#endif
