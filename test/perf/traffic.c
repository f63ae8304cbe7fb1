/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include <rte_pause.h>

#include "bench.h"
#include "traffic.h"

/** Objects taken at once while a pool ages. */
#define AGE_BURST 64

/** A generator of our own, for the same numbers everywhere: 64-bit LCG, Knuth's constants. */
static unsigned int
next_random(uint64_t *state, unsigned int below)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (*state >> 33) % below;
}

void
traffic_bursts(uint16_t *bursts, unsigned int min, unsigned int max)
{
	uint64_t seed = 1;
	unsigned int i;

	for (i = 0; i < TRAFFIC_BURSTS; i++)
		bursts[i] = min + next_random(&seed, max - min + 1);
}

/** As a driver or a generator writes the header of a packet. */
static void
write_first_lines(void **objects, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		*(volatile uint64_t *)objects[i] = i;
}

void
traffic_get_put(struct team *team, unsigned int member, void *arg)
{
	struct traffic *t = arg;
	void *objects[TRAFFIC_BURST_MAX];
	uint64_t moved = 0, failures = 0;
	unsigned int n, pos = 0;

	while (!team_is_stopped(team)) {
		n = t->bursts[pos++ % TRAFFIC_BURSTS];
		if (rte_mempool_get_bulk(t->mp, objects, n) < 0) {
			failures++;
			continue;
		}
		if (t->write)
			write_first_lines(objects, n);
		rte_mempool_put_bulk(t->mp, objects, n);
		moved += n;
	}
	t->counts[member].objects = moved;
	t->counts[member].failures = failures;
}

static void
head_of_pipeline(struct team *team, struct traffic *t)
{
	void *objects[TRAFFIC_BURST_MAX];
	unsigned int n, pos = 0;

	while (!team_is_stopped(team)) {
		n = t->bursts[pos++ % TRAFFIC_BURSTS];
		/* The objects may all be on their way: not a failure, but a wait. */
		while (rte_mempool_get_bulk(t->mp, objects, n) < 0) {
			if (team_is_stopped(team))
				goto out;
			rte_pause();
		}
		/* The tail takes all there is, also when the time is over. */
		while (rte_ring_sp_enqueue_bulk(t->ring, objects, n, NULL) == 0)
			rte_pause();
	}
out:
	/* Release: who acquires it in tail_of_pipeline() sees the last burst in the ring. */
	__atomic_store_n(&t->all_sent, true, __ATOMIC_RELEASE);
}

/** @return objects that were put before the time was over. */
static uint64_t
tail_of_pipeline(struct team *team, struct traffic *t)
{
	void *objects[TRAFFIC_BURST_MAX];
	unsigned int n, pos = 0;
	uint64_t moved = 0;

	for (;;) {
		/* The head's sequence, so bursts leave as they have come. */
		n = t->bursts[pos++ % TRAFFIC_BURSTS];
		while (rte_ring_sc_dequeue_bulk(t->ring, objects, n, NULL) == 0) {
			if (__atomic_load_n(&t->all_sent, __ATOMIC_ACQUIRE) &&
					rte_ring_empty(t->ring))
				return moved;
			rte_pause();
		}
		rte_mempool_put_bulk(t->mp, objects, n);
		if (!team_is_stopped(team))
			moved += n;
	}
}

void
traffic_pipeline(struct team *team, unsigned int member, void *arg)
{
	struct traffic *t = arg;

	if (member == 0)
		head_of_pipeline(team, t);
	else
		t->counts[member].objects = tail_of_pipeline(team, t);
}

static void
shuffle(void **objects, unsigned int n, uint64_t *seed)
{
	unsigned int i, j;

	for (i = n; i > 1; i--) {
		void *object = objects[i - 1];

		j = next_random(seed, i);
		objects[i - 1] = objects[j];
		objects[j] = object;
	}
}

void
traffic_age(struct team *team __rte_unused, unsigned int member, void *arg)
{
	struct traffic *t = arg;
	/* Half of the pool: gets must not fail, see bench_mempool.c. */
	unsigned int n, burst, share = t->mp->size / 2 / t->nb_members;
	void **objects = calloc(share, sizeof(*objects));
	uint64_t seed = member + 1;

	if (objects == NULL)
		bench_die("no memory");
	for (n = 0; n + AGE_BURST <= share; n += AGE_BURST)
		if (rte_mempool_get_bulk(t->mp, &objects[n], AGE_BURST) < 0)
			break;
	shuffle(objects, n, &seed);
	for (; n > 0; n -= burst) {
		burst = RTE_MIN(n, 1 + next_random(&seed, AGE_BURST));
		rte_mempool_put_bulk(t->mp, &objects[n - burst], burst);
	}
	free(objects);
}
