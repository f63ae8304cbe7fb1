/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
/* Two lcores on one storage and one pool: nothing is lost and nothing is counted twice. */
#include <pthread.h>

#include "kinds.h"
#include "race.h"

#define STEPS 50000

static bool
step_hold_release(struct party *party)
{
	struct mext_storage *storage = party->arg;
	unsigned int n = 1 + party_random(party, 5);

	return mext_storage_hold(storage, n) == 0 && mext_storage_refcnt(storage) > n &&
	       mext_storage_release(storage, n) == 0;
}

static void
test_race_hold_and_release_keeps_count(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage = world_storage(w, 1);
	struct mext_stats before = stats_of(w->pool);

	/* One reference a party. */
	assert_int_equal(mext_storage_hold(storage, 1), 0);
	race_free(w, step_hold_release, storage, STEPS);
	assert_int_equal(mext_storage_refcnt(storage), 2);
	assert_int_equal(stats_of(w->pool).returns_bulk, before.returns_bulk);
	assert_int_equal(stats_of(w->pool).bad_releases, 0);
	assert_int_equal(mext_storage_release(storage, 2), 0);
}

static bool
step_attach_clone_free(struct party *party)
{
	struct mext_storage *storage = party->arg;
	struct rte_mbuf *mbufs[2];
	const struct free_way *way = &free_ways[party_random(party, nb_free_ways)];

	if (mext_header_alloc_bulk(party->w->pool, mbufs, 1) < 0)
		return false;
	if (mext_storage_hold(storage, 1) < 0 || mext_attach(mbufs[0], storage, 0, 10) < 0)
		return false;
	mbufs[1] = rte_pktmbuf_clone(
			mbufs[0], mext_pool_header_mempool(party->w->pool, SOCKET_ID_ANY));
	if (mbufs[1] == NULL)
		return false;
	if (party_random(party, 2) == 0) {
		way->free(mbufs, 2);
	} else {
		way->free(&mbufs[1], 1);
		free_ways[party_random(party, nb_free_ways)].free(mbufs, 1);
	}
	return true;
}

static void
race_attach(struct world *w, struct mext_storage *storage)
{
	assert_int_equal(mext_storage_hold(storage, 1), 0);
	race_free(w, step_attach_clone_free, storage, STEPS);
	assert_int_equal(mext_storage_refcnt(storage), 2);
	assert_int_equal(stats_of(w->pool).bad_releases, 0);
	assert_int_equal(in_use(w->pool, "headers"), 0);
	assert_int_equal(mext_storage_release(storage, 2), 0);
}

static void
test_race_attach_clone_free_keeps_count(void **state)
{
	struct world *w = *state;

	race_attach(w, world_storage(w, 10));
}

static void
test_race_attach_clone_free_of_wrapped_keeps_count(void **state)
{
	struct world *w = *state;

	race_attach(w, world_wrap(w, 10));
	assert_int_equal(w->wraps_freed, 1);
}

static uint64_t held[2];

static bool
step_hold_to_the_limit(struct party *party)
{
	int ret = mext_storage_hold(party->arg, 1);

	if (ret == 0)
		held[party->id]++;
	return ret == 0 || ret == -EOVERFLOW;
}

static void
test_race_hold_to_65535_never_passes_it(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage = world_storage(w, 1);
	unsigned int i;

	for (i = 0; i < 20; i++) {
		held[0] = held[1] = 0;
		race_free(w, step_hold_to_the_limit, storage, UINT16_MAX);
		assert_int_equal(held[0] + held[1], UINT16_MAX - 1);
		assert_int_equal(mext_storage_refcnt(storage), UINT16_MAX);
		assert_int_equal(mext_storage_release(storage, UINT16_MAX - 1), 0);
	}
	assert_int_equal(mext_storage_release(storage, 1), 0);
}

/** Both want more than half of what there is: each gets all it asked for, or nothing. */
static bool
step_alloc_most(struct party *party)
{
	const unsigned int n = (WORLD_SMALLS + WORLD_MEDIUMS + WORLD_LARGES) * 2 / 3;
	struct mext_storage *storages[n];
	unsigned int i;
	int ret = mext_storage_alloc_bulk(party->w->pool, 1, storages, n);

	if (ret != 0)
		return ret == -ENOBUFS;
	for (i = 0; i < n; i++)
		if (mext_storage_refcnt(storages[i]) != 1)
			return false;
	mext_storage_release_bulk(storages, n);
	return true;
}

static void
test_race_alloc_bulk_of_most_is_all_or_nothing(void **state)
{
	struct world *w = *state;

	race_free(w, step_alloc_most, NULL, STEPS / 10);
	world_idle(w);
}

static bool
step_packets(struct party *party)
{
	const struct free_way *way = &free_ways[party_random(party, nb_free_ways)];
	struct rte_mbuf *mbufs[40];
	unsigned int i, n = 1 + party_random(party, RTE_DIM(mbufs));

	if (mext_packet_alloc_bulk(party->w->pool, mbufs, n) < 0)
		return true; /* the other has the rest, in its cache too */
	for (i = 0; i < n; i++)
		if (mext_storage_refcnt(mext_storage_from_mbuf(mbufs[i])) != 1)
			return false;
	way->free(mbufs, n);
	return true;
}

static void
test_race_packets_stay_whole(void **state)
{
	struct world *w = *state;

	race_free(w, step_packets, NULL, STEPS);
	world_idle(w);
}

static void *
thread_count(void *arg)
{
	struct world *w = arg;
	struct mext_storage *storage;
	unsigned int i;

	for (i = 0; i < STEPS; i++) {
		storage = mext_storage_alloc(w->pool, 1);
		if (storage == NULL || mext_storage_release(storage, 1) < 0)
			return NULL;
	}
	return w;
}

/** On the CPUs of both lcores: a thread begins where its parent is bound to. */
static void
test_race_threads_without_lcore_count_every_call(void **state)
{
	struct world *w = *state;
	struct mext_stats before = stats_of(w->pool);
	pthread_attr_t attr[4];
	pthread_t threads[4];
	rte_cpuset_t cpus;
	unsigned int i;
	void *ret;

	for (i = 0; i < RTE_DIM(threads); i++) {
		cpus = rte_lcore_cpuset(i % 2);
		assert_int_equal(pthread_attr_init(&attr[i]), 0);
		assert_int_equal(pthread_attr_setaffinity_np(&attr[i], sizeof(cpus), &cpus), 0);
		assert_int_equal(pthread_create(&threads[i], &attr[i], thread_count, w), 0);
	}
	for (i = 0; i < RTE_DIM(threads); i++) {
		assert_int_equal(pthread_join(threads[i], &ret), 0);
		assert_ptr_equal(ret, w);
		pthread_attr_destroy(&attr[i]);
	}
	assert_counted(w->pool, &before, .allocs = 4 * STEPS, .releases = 4 * STEPS,
			.returns_bulk = 4 * STEPS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		race_test(test_race_hold_and_release_keeps_count),
		race_test(test_race_attach_clone_free_keeps_count),
		race_test(test_race_attach_clone_free_of_wrapped_keeps_count),
		race_test(test_race_hold_to_65535_never_passes_it),
		race_test(test_race_alloc_bulk_of_most_is_all_or_nothing),
		race_test(test_race_packets_stay_whole),
		race_test(test_race_threads_without_lcore_count_every_call),
	};

	if (race_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
