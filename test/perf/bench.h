/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_H
#define BENCH_H

/**
 * @file
 * Benchmarks are tables of rows; the rows of a table do the same work in different ways, and are
 * measured in turn, round by round, in one process: their ratio tells, whatever else the machine
 * is doing.
 */

#include <rte_mbuf.h>

/** Mbufs an operation handles at once. */
#define BENCH_BURST 32

/** One way to get a burst of packets and to be rid of it. */
struct bench_row {
	const char *name;
	const char *calls; /* what is called, for the reader */
	const char *against; /* name of the row to compare with, NULL: none */
	int (*setup)(unsigned int nb_mbufs); /* make pools that hold as many; 0 or negative errno */
	void (*alloc)(struct rte_mbuf **pkts);
	void (*free)(struct rte_mbuf **pkts);
	int (*teardown)(void); /* 0, or how many buffers did not come back */
};

struct bench_table {
	const char *name;
	const char *title;
	const struct bench_row *rows;
	unsigned int nb_rows;
};

extern const struct bench_table bench_attach;
extern const struct bench_table bench_packet;

/* peer.c: pools as applications make them with stock DPDK. */

/** A pool of mbufs with room bytes of room, 0: bare headers. */
struct rte_mempool *peer_mbufs(const char *name, unsigned int nb_mbufs, uint16_t room);
/** A pool of mbufs bound to external buffers. */
struct rte_mempool *peer_pinned(const char *name, unsigned int nb_mbufs);
/** A pool of external buffers, each behind its shared info. */
struct rte_mempool *peer_buffers(const char *name, unsigned int nb_mbufs);
/** Free a mempool. @return objects that had not come back. */
int peer_free(struct rte_mempool *mp);

/** Data bytes of every buffer, and size of every per-lcore cache. */
#define BENCH_DATA 2048
#define BENCH_CACHE 256

/** An external buffer of a stock application. */
struct peer_buffer {
	struct rte_mbuf_ext_shared_info shinfo;
	rte_iova_t iova;
	struct rte_mempool *mp;
	uint8_t data[BENCH_DATA] __rte_cache_aligned;
};

struct mext_pool;

/** Destroy a pool. @return objects that had not come back. */
int bench_pool_destroy(struct mext_pool *pool);

/** Stop the run: a benchmark that lacks memory measures nothing. */
void bench_die(const char *what);

#endif
