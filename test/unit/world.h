/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WORLD_H
#define WORLD_H

/**
 * @file
 * Everything a test of mbufs needs: a mext pool, stock mempools beside it, foreign and wrapped
 * buffers in plain malloc memory (AddressSanitizer watches their edges), and the check that all of
 * it is back and as new.
 */

#include "unit.h"

#define WORLD_SMALL 256 /* bytes in class 0 */
#define WORLD_MEDIUM 2048 /* bytes in class 1 */
#define WORLD_LARGE 100000 /* bytes in class 2: more than an mbuf can name */
#define WORLD_SMALLS 32
#define WORLD_MEDIUMS 64
#define WORLD_LARGES 4
#define WORLD_PAIRS 128
#define WORLD_WRAPS 96
#define WORLD_SPREADS 32
#define WORLD_HEADERS 1024
#define WORLD_PRIV 24 /* not a multiple of 64: the library rounds up in pairs */
#define WORLD_HEADROOM 64 /* not DPDK's */

/** A test that has a world of its own. */
#define world_test(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

struct world {
	struct mext_pool *pool;
	struct mext_pool *rx_pairs; /**< another one, whose pairs drivers receive into */
	struct rte_mempool *plain; /**< stock mbufs with room, private area of 32 bytes */
	struct rte_mempool *pinned; /**< stock mbufs bound to external buffers */
	void *pinned_memory; /**< these buffers */
	unsigned int foreign_live; /**< foreign buffers whose callback has not come yet */
	unsigned int foreign_freed;
	unsigned int wraps_live; /**< wrapped buffers whose callback has not come yet */
	unsigned int wraps_freed;
};

/** Fixture of a test: *state is the world. The end asserts world_idle(). */
int world_setup(void **state);
int world_teardown(void **state);

/** The configuration that the world's pool has. */
void world_conf(struct mext_pool_conf *conf);

/** Everything is back: all objects in their mempools, once each, in the state of a new one. */
void world_idle(struct world *w);

/** A bare header of the pool; it must be there. */
struct rte_mbuf *world_header(struct world *w);

/** A storage of at least size bytes; it must be there. */
struct mext_storage *world_storage(struct world *w, size_t size);

/** Wrapped malloc memory of len bytes, freed by its callback, which checks its arguments. */
struct mext_storage *world_wrap(struct world *w, size_t len);

/** Attach a foreign external buffer; its shared info is exactly 24 bytes of malloc memory. */
void world_attach_foreign(struct world *w, struct rte_mbuf *m);

/** Objects of a kind ("class0", "pairs", ...) that are out. */
uint64_t in_use(const struct mext_pool *pool, const char *kind);

/** The counters by value. */
struct mext_stats stats_of(const struct mext_pool *pool);

/** Of all counters only those given differ from before by the given amounts. */
#define assert_counted(pool, before, ...) \
	assert_counters(pool, before, &(const struct mext_stats){ __VA_ARGS__ }, __FILE__, __LINE__)
void assert_counters(const struct mext_pool *pool, const struct mext_stats *before,
		const struct mext_stats *delta, const char *file, int line);

#endif
