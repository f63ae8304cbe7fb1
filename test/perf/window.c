/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include <rte_cycles.h>

#include <mext.h>

#include "peer.h"
#include "window.h"

/** Bursts timed together: long against the clock's resolution, short against a time slice. */
#define BURSTS_A_ROUND 128

const unsigned int window_hot = WINDOW_BURST, window_large = 8192;

struct window {
	unsigned int size, pos;
	struct rte_mbuf *pkts[];
};

unsigned int
window_pool_destroy(struct mext_pool *pool)
{
	unsigned int out = mext_stats_outstanding(pool);

	return mext_pool_destroy(pool) == 0 ? 0 : RTE_MAX(out, 1u);
}

/** Put the mbufs in random order, as they are in a pool that has been in use. */
static void
shuffle(struct window *w)
{
	unsigned int i, j;

	srand(1);
	for (i = w->size - 1; i > 0; i--) {
		struct rte_mbuf *m = w->pkts[i];

		j = rand() % (i + 1);
		w->pkts[i] = w->pkts[j];
		w->pkts[j] = m;
	}
}

int
window_setup(struct bench_subject *s)
{
	const struct window_way *way = s->row->how;
	unsigned int i, size = *(const unsigned int *)s->table->how;
	struct window *w = calloc(1, sizeof(*w) + size * sizeof(w->pkts[0]));

	if (w == NULL || way->setup(size + 4 * PEER_CACHE) < 0)
		bench_die("no memory for the pools, raise EAL's -m");
	w->size = size;
	for (i = 0; i < size; i += WINDOW_BURST)
		way->alloc(&w->pkts[i]);
	shuffle(w);
	s->state = w;
	return 0;
}

void
window_run(struct bench_subject *s, struct bench_work *work)
{
	const struct window_way *way = s->row->how;
	struct window *w = s->state;
	uint64_t begin = rte_rdtsc_precise();
	unsigned int i;

	for (i = 0; i < BURSTS_A_ROUND; i++) {
		struct rte_mbuf **pkts = &w->pkts[w->pos];

		way->free(pkts);
		way->alloc(pkts);
		w->pos = (w->pos + WINDOW_BURST) % w->size;
	}
	work->cycles = rte_rdtsc_precise() - begin;
	work->objects = BURSTS_A_ROUND * WINDOW_BURST;
}

unsigned int
window_teardown(struct bench_subject *s)
{
	const struct window_way *way = s->row->how;
	struct window *w = s->state;
	unsigned int i;

	for (i = 0; i < w->size; i += WINDOW_BURST)
		way->free(&w->pkts[i]);
	free(w);
	return way->teardown();
}
