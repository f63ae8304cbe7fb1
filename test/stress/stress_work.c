/* SPDX-License-Identifier: BSD-3-Clause */
/* What a worker does: it gets and puts, more of one or the other as it wants many or few. */
#include <errno.h>

#include "stress_depot.h"

/** Calls of a worker from one rest to the next. */
#define REST_AFTER 512

#define PATTERN ((void *)(uintptr_t)0xfeedfacecafef00d)

uint32_t
draw(uint64_t *rng, uint32_t n)
{
	/* xorshift64*, Vigna 2016 */
	*rng ^= *rng >> 12;
	*rng ^= *rng << 25;
	*rng ^= *rng >> 27;
	return (uint32_t)((*rng * UINT64_C(2685821657736338717)) >> 32) % n;
}

void
take_objects(void *const *table, uint32_t n, uint32_t owner)
{
	uint32_t i, index;

	for (i = 0; i < n; i++) {
		index = (uintptr_t)table[i] - 1;
		if (index >= options.nb_objects)
			fail("a pointer was got that was never put", (uintptr_t)table[i]);
		/* Relaxed: what the depot orders must not be ordered by this too. */
		if (__atomic_exchange_n(&objects[index].owner, owner, __ATOMIC_RELAXED) != 0)
			fail("a pointer was got that somebody has", index);
		objects[index].gets++;
	}
}

void
drop_objects(void *const *table, uint32_t n, uint32_t owner)
{
	uint32_t i, index;

	for (i = 0; i < n; i++) {
		index = (uintptr_t)table[i] - 1;
		objects[index].puts++;
		if (__atomic_exchange_n(&objects[index].owner, 0, __ATOMIC_RELAXED) != owner)
			fail("a pointer is put by one who did not have it", index);
	}
}

/** The lcore id that a worker calls itself by; now and then another one. */
static uint32_t
number(struct worker *w)
{
	return draw(&w->rng, 64) == 0 ? draw(&w->rng, 2 * options.nb_stations) : w->index;
}

/** Few, as a rule, and at times more than a magazine holds. */
static uint32_t
how_many(struct worker *w)
{
	static const uint16_t most[] = { 8, 8, 32, 32, 32, 64, 256 };
	const uint32_t i = draw(&w->rng, 32);
	const uint32_t limit = i == 0 ? options.burst : most[i % RTE_DIM(most)];

	return 1 + draw(&w->rng, RTE_MIN(limit, options.burst));
}

static void
get(struct worker *w, uint32_t n)
{
	void **objs = &w->table[w->held];
	const bool watch = draw(&w->rng, 16) == 0;
	const uint32_t thread = number(w);
	uint32_t i;
	int ret;

	for (i = 0; watch && i < n; i++)
		objs[i] = PATTERN;
	__atomic_store_n(&w->inside, 1, __ATOMIC_RELAXED);
	ret = depot_get(depot, thread, objs, n);
	__atomic_store_n(&w->inside, 0, __ATOMIC_RELAXED);
	if (ret == 0) {
		take_objects(objs, n, w->index + 1);
		w->held += n;
		return;
	}
	w->short_gets++;
	for (i = 0; watch && i < n; i++)
		if (objs[i] != PATTERN)
			fail("a get failed and wrote the table at", i);
}

static void
put(struct worker *w, uint32_t n)
{
	const uint32_t thread = number(w);
	int ret;

	w->held -= n;
	drop_objects(&w->table[w->held], n, w->index + 1);
	__atomic_store_n(&w->inside, 1, __ATOMIC_RELAXED);
	ret = depot_put(depot, thread, &w->table[w->held], n);
	__atomic_store_n(&w->inside, 0, __ATOMIC_RELAXED);
	if (ret != 0)
		fail("a put failed", -ret);
}

/** One call. Together, workers want up to twice what there is. */
static void
work_once(struct worker *w)
{
	const uint32_t most = RTE_MIN(
			2 * options.nb_objects / options.nb_workers + 1, options.nb_objects);
	const uint32_t n = how_many(w);

	if (draw(&w->rng, 2048) == 0)
		w->target = draw(&w->rng, most);
	/* In two of three cases towards the target. */
	if ((w->held < w->target) == (draw(&w->rng, 3) != 0) || w->held == 0)
		get(w, n);
	else
		put(w, RTE_MIN(n, w->held));
}

static void
put_all(struct worker *w)
{
	while (w->held > 0)
		put(w, RTE_MIN(how_many(w), w->held));
}

/** Wait until all workers are here. */
static bool
meet(void)
{
	int ret;

	__atomic_fetch_add(&nb_resting, 1, __ATOMIC_RELAXED);
	ret = pthread_barrier_wait(&barrier);
	__atomic_fetch_sub(&nb_resting, 1, __ATOMIC_RELAXED);
	return ret == PTHREAD_BARRIER_SERIAL_THREAD;
}

/** All pointers are in the depot then, so that none more may be put, at any station. */
static void
rest(struct worker *w)
{
	void *const obj = (void *)(uintptr_t)(1 + draw(&w->rng, options.nb_objects));
	uint32_t s;

	put_all(w);
	if (meet())
		for (s = 0; s < depot->nb_stations; s++)
			if (depot_put(depot, s, &obj, 1) != -EDQUOT)
				fail("a pointer was put twice, to station", s);
	meet();
}

void *
work(void *worker)
{
	struct worker *w = worker;
	uint64_t i;

	stop_allow(w);
	for (i = 0; i < options.nb_ops; i++) {
		work_once(w);
		__atomic_store_n(&w->done, i + 1, __ATOMIC_RELAXED);
		if (i % 1024 == 0 && mextp_depot_count(depot) > options.nb_objects)
			fail("the count is too high", mextp_depot_count(depot));
		if (i % REST_AFTER == REST_AFTER - 1)
			rest(w);
	}
	put_all(w);
	__atomic_store_n(&w->done, WORK_ENDED, __ATOMIC_RELAXED);
	return NULL;
}
