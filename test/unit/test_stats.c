/* SPDX-License-Identifier: BSD-3-Clause */
/* Levels and names; the counters of each verb are asserted where the verb is tested. */
#include <pthread.h>

#include <rte_launch.h>

#include "fault.h"
#include "world.h"

static void
test_stats_of_new_pool_are_zero_and_list_its_kinds(void **state)
{
	static const struct mext_kind_stats kinds[] = {
		{ "class0", WORLD_SMALL, WORLD_SMALLS, 0, 0 },
		{ "class1", WORLD_MEDIUM, WORLD_MEDIUMS, 0, 0 },
		{ "class2", WORLD_LARGE, WORLD_LARGES, 0, 0 },
		{ "rx", 2048, 64, 0, 0 },
		{ "headers", 0, WORLD_HEADERS, 0, 0 },
		{ "pairs", 1500, WORLD_PAIRS, 0, 0 },
		{ "wraps", 0, WORLD_WRAPS, 0, 0 },
		{ "spreads", 0, WORLD_SPREADS, 0, 0 },
	};
	const struct mext_stats zero = { 0 };
	struct world *w = *state;
	struct mext_stats stats;
	unsigned int i;

	memset(&stats, 0xff, sizeof(stats));
	mext_stats_get(w->pool, &stats);
	assert_int_equal(stats.nb_kinds, RTE_DIM(kinds));
	for (i = 0; i < RTE_DIM(kinds); i++) {
		assert_string_equal(stats.kinds[i].name, kinds[i].name);
		assert_int_equal(stats.kinds[i].size, kinds[i].size);
		assert_int_equal(stats.kinds[i].total, kinds[i].total);
		assert_int_equal(stats.kinds[i].in_use, 0);
		assert_int_equal(stats.kinds[i].cached, 0);
	}
	for (; i < MEXT_STATS_MAX_KINDS; i++)
		assert_null(stats.kinds[i].name);
	assert_memory_equal(&stats, &zero, offsetof(struct mext_stats, nb_kinds));
	assert_int_equal(mext_stats_outstanding(w->pool), 0);
}

static void
test_stats_cached_are_free_objects_in_lcore_caches(void **state)
{
	struct world *w = *state;
	struct mext_storage *storages[5];
	struct mext_stats stats;
	struct rte_mempool *mp;
	unsigned int cached;

	assert_int_equal(mext_storage_alloc_bulk(w->pool, WORLD_MEDIUM, storages, 5), 0);
	mp = storages[0]->mp;
	cached = rte_mempool_default_cache(mp, rte_lcore_id())->len;
	stats = stats_of(w->pool);
	assert_int_equal(stats.kinds[1].in_use, 5);
	assert_true(cached > 0);
	assert_int_equal(stats.kinds[1].cached, cached);
	mext_storage_release_bulk(storages, 5);
	stats = stats_of(w->pool);
	assert_int_equal(stats.kinds[1].in_use, 0);
	assert_int_equal(stats.kinds[1].cached, cached + 5);
	rte_mempool_cache_flush(rte_mempool_default_cache(mp, rte_lcore_id()), mp);
	assert_int_equal(stats_of(w->pool).kinds[1].cached, 0);
}

static void
test_stats_outstanding_sums_all_kinds(void **state)
{
	struct world *w = *state;
	struct mext_storage *small = world_storage(w, 1), *large = world_storage(w, WORLD_LARGE);
	struct mext_storage *wrapped = world_wrap(w, 10);
	struct rte_mbuf *header = world_header(w), *packet = mext_packet_alloc(w->pool);
	struct rte_mbuf *rx = rte_pktmbuf_alloc(mext_pool_rx_mempool(w->pool, SOCKET_ID_ANY));

	assert_int_equal(mext_stats_outstanding(w->pool), 6);
	assert_int_equal(in_use(w->pool, "class0"), 1);
	assert_int_equal(in_use(w->pool, "class1"), 0);
	assert_int_equal(in_use(w->pool, "class2"), 1);
	assert_int_equal(in_use(w->pool, "wraps"), 1);
	assert_int_equal(in_use(w->pool, "headers"), 1);
	assert_int_equal(in_use(w->pool, "pairs"), 1);
	assert_int_equal(in_use(w->pool, "rx"), 1);
	assert_int_equal(mext_storage_release(small, 1), 0);
	assert_int_equal(mext_storage_release(large, 1), 0);
	assert_int_equal(mext_storage_release(wrapped, 1), 0);
	assert_int_equal(mext_stats_outstanding(w->pool), 3);
	rte_pktmbuf_free(header);
	rte_pktmbuf_free(packet);
	rte_pktmbuf_free(rx);
}

/** One storage held once more, released, attached, detached, attached, freed: every counter. */
static int
one_life(void *arg)
{
	struct world *w = arg;
	struct mext_storage *storage = mext_storage_alloc(w->pool, 1);
	struct rte_mbuf *m;

	if (storage == NULL || mext_header_alloc_bulk(w->pool, &m, 1) < 0)
		return -1;
	if (mext_storage_hold(storage, 1) < 0 || mext_storage_release(storage, 1) < 0 ||
			mext_attach(m, storage, 0, 1) < 0 || mext_detach(m, &storage) < 0 ||
			mext_attach(m, storage, 0, 1) < 0)
		return -1;
	mext_free_bulk(&m, 1);
	return 0;
}

static void *
thread_life(void *arg)
{
	return one_life(arg) == 0 ? arg : NULL;
}

static void
test_stats_add_up_over_lcores_and_threads(void **state)
{
	struct world *w = *state;
	struct mext_stats before = stats_of(w->pool);
	pthread_t thread;
	void *ret;

	assert_int_equal(one_life(w), 0);
	assert_counted(w->pool, &before, .allocs = 1, .header_allocs = 1, .attaches = 2,
			.detaches = 1, .releases = 2, .returns_bulk = 1);
	assert_int_equal(rte_eal_remote_launch(one_life, w, 1), 0);
	assert_int_equal(rte_eal_wait_lcore(1), 0);
	assert_int_equal(pthread_create(&thread, NULL, thread_life, w), 0);
	assert_int_equal(pthread_join(thread, &ret), 0);
	assert_ptr_equal(ret, w);
	assert_counted(w->pool, &before, .allocs = 3, .header_allocs = 3, .attaches = 6,
			.detaches = 3, .releases = 6, .returns_bulk = 3);
}

/** As of a handler's count while objects come and go. A cache is there to be counted, or none. */
static void
test_stats_of_handler_that_counts_too_many_show_none_out_or_cached(void **state)
{
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	struct mext_stats stats;
	unsigned int i;

	(void)state;
	mext_pool_conf_init(&conf);
	conf.ops_name = FAULT_OPS;
	conf.headers = (struct mext_pool_class){ 0, 32, 0 };
	conf.wraps = (struct mext_pool_class){ 0, 32, 8 };
	assert_int_equal(mext_pool_create("many", &conf, &pool), 0);
	fault_say_more(3);
	stats = stats_of(pool);
	assert_int_equal(mext_stats_outstanding(pool), 0);
	fault_say_more(0);
	assert_int_equal(stats.nb_kinds, 2);
	for (i = 0; i < stats.nb_kinds; i++) {
		assert_int_equal(stats.kinds[i].total, 32);
		assert_int_equal(stats.kinds[i].in_use, 0);
		assert_int_equal(stats.kinds[i].cached, 0);
	}
	assert_int_equal(mext_pool_destroy(pool), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_stats_of_new_pool_are_zero_and_list_its_kinds),
		world_test(test_stats_cached_are_free_objects_in_lcore_caches),
		world_test(test_stats_outstanding_sums_all_kinds),
		world_test(test_stats_add_up_over_lcores_and_threads),
		cmocka_unit_test(
				test_stats_of_handler_that_counts_too_many_show_none_out_or_cached),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
