/* SPDX-License-Identifier: BSD-3-Clause */
/* What mext_free_bulk() does beside the table of kinds (test_free_kinds.c). */
#include <pthread.h>

#include "capture.h"
#include "kinds.h"

static struct rte_mbuf *
attached(struct world *w, struct mext_storage *storage)
{
	struct rte_mbuf *m = world_header(w);

	assert_int_equal(mext_attach(m, storage, 0, 10), 0);
	return m;
}

static void
test_free_none_does_nothing(void **state)
{
	struct world *w = *state;
	struct mext_stats before = stats_of(w->pool);

	mext_free_bulk(NULL, 0);
	assert_counted(w->pool, &before, .releases = 0);
}

static void
test_free_null_entries_are_skipped(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *mbufs[9] = { NULL };
	struct rte_mbuf *copy[9];

	mext_free_bulk(mbufs, 9);
	mbufs[1] = attached(w, world_storage(w, 10));
	mbufs[2] = kind_clone(w, mbufs[1]);
	mbufs[4] = kind_clone(w, mbufs[1]);
	mbufs[7] = mext_packet_alloc(w->pool);
	memcpy(copy, mbufs, sizeof(copy));
	mext_free_bulk(mbufs, 9);
	assert_memory_equal(mbufs, copy, sizeof(copy));
}

static void
test_free_all_null_in_every_position_is_skipped(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *mbufs[3];
	unsigned int i, j;

	for (i = 0; i < 8; i++) {
		for (j = 0; j < 3; j++)
			mbufs[j] = (i >> j & 1) ? attached(w, world_storage(w, 1)) : NULL;
		mext_free_bulk(mbufs, 3);
		world_idle(w);
	}
}

static void
test_free_storage_by_mext_returns_in_bulk(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *mbufs[2] = { attached(w, world_storage(w, 10)),
		attached(w, world_wrap(w, 10)) };
	struct mext_stats before = stats_of(w->pool);

	mext_free_bulk(mbufs, 2);
	assert_counted(w->pool, &before, .releases = 2, .returns_bulk = 2);
	assert_int_equal(w->wraps_freed, 1);
}

static void
test_free_storage_by_dpdk_returns_by_callback(void **state)
{
	struct world *w = *state;
	struct mext_stats before;
	struct rte_mbuf *mbufs[2];
	unsigned int i;

	for (i = 0; i < nb_free_ways; i++) {
		if (strcmp(free_ways[i].name, "mext_free_bulk") == 0)
			continue;
		mbufs[0] = attached(w, world_storage(w, 10));
		mbufs[1] = attached(w, world_wrap(w, 10));
		before = stats_of(w->pool);
		free_ways[i].free(mbufs, 2);
		assert_counted(w->pool, &before, .returns_callback = 2);
	}
	assert_int_equal(w->wraps_freed, nb_free_ways - 1);
}

static void
test_free_last_clone_of_pair_by_dpdk_returns_by_callback(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = mext_packet_alloc(w->pool), *clone = kind_clone(w, m);
	struct mext_stats before = stats_of(w->pool);

	rte_pktmbuf_free(m);
	assert_counted(w->pool, &before, .returns_callback = 0);
	assert_int_equal(in_use(w->pool, "pairs"), 1);
	rte_pktmbuf_free(clone);
	assert_counted(w->pool, &before, .returns_callback = 1);
	assert_int_equal(in_use(w->pool, "pairs"), 0);
}

static void
test_free_last_clone_of_pair_by_mext_returns_in_bulk(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = mext_packet_alloc(w->pool), *clone = kind_clone(w, m);
	struct mext_stats before;

	rte_pktmbuf_free(m);
	before = stats_of(w->pool);
	mext_free_bulk(&clone, 1);
	assert_counted(w->pool, &before, .releases = 1, .returns_bulk = 1);
	assert_int_equal(in_use(w->pool, "pairs"), 0);
}

static void
test_free_pair_by_dpdk_calls_nobody(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = mext_packet_alloc(w->pool);
	struct mext_stats before = stats_of(w->pool);

	rte_pktmbuf_free(m);
	assert_counted(w->pool, &before, .releases = 0);
}

static void
test_free_foreign_calls_owner_once_at_zero(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *mbufs[3];
	struct mext_stats before;

	mbufs[0] = world_header(w);
	world_attach_foreign(w, mbufs[0]);
	mbufs[1] = kind_clone(w, mbufs[0]);
	mbufs[2] = kind_clone(w, mbufs[0]);
	before = stats_of(w->pool);
	mext_free_bulk(mbufs, 2);
	assert_int_equal(w->foreign_freed, 0);
	mext_free_bulk(&mbufs[2], 1);
	assert_int_equal(w->foreign_freed, 1);
	assert_counted(w->pool, &before, .releases = 0);
}

static void
test_free_pinned_without_mark_goes_back(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->pinned);

	m->ol_flags = RTE_MBUF_F_RX_RSS_HASH;
	mext_free_bulk(&m, 1);
}

static void
test_free_alternating_mempools_goes_back_to_each(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *mbufs[200];
	unsigned int i;

	for (i = 0; i < RTE_DIM(mbufs); i++) {
		mbufs[i] = i % 2 == 0 ? rte_pktmbuf_alloc(w->plain) : world_header(w);
		if (i % 5 == 0)
			world_attach_foreign(w, mbufs[i]);
		else if (i % 5 == 1)
			assert_int_equal(mext_attach(mbufs[i], world_storage(w, i < 100 ? 1 : 1000),
							 0, 1),
					0);
	}
	mext_free_bulk(mbufs, RTE_DIM(mbufs));
}

static void
test_free_storages_of_alternating_classes_goes_back_to_each(void **state)
{
	struct world *w = *state;
	struct mext_stats before;
	struct rte_mbuf *mbufs[60];
	unsigned int i;

	for (i = 0; i < RTE_DIM(mbufs); i++)
		mbufs[i] = i % 2 == 0   ? attached(w, world_storage(w, 1))
			   : i % 3 == 0 ? attached(w, world_wrap(w, 50))
					: attached(w, world_storage(w, WORLD_SMALL + 1));
	before = stats_of(w->pool);
	mext_free_bulk(mbufs, RTE_DIM(mbufs));
	assert_counted(w->pool, &before, .releases = 60, .returns_bulk = 60);
	assert_int_equal(w->wraps_freed, 10);
}

/** In a chain each pair is looked at by itself. */
static void
test_free_chain_of_packets_counts_each(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *mbufs[3];
	struct mext_stats before;

	assert_int_equal(mext_packet_alloc_bulk(w->pool, mbufs, 3), 0);
	assert_int_equal(rte_pktmbuf_chain(mbufs[1], mbufs[2]), 0);
	assert_int_equal(rte_pktmbuf_chain(mbufs[0], mbufs[1]), 0);
	before = stats_of(w->pool);
	mext_free_bulk(mbufs, 1);
	assert_counted(w->pool, &before, .releases = 3, .returns_bulk = 3);
}

static void
test_free_storage_released_too_often_is_counted(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage = world_storage(w, 10);
	struct rte_mbuf *m = attached(w, storage);
	struct mext_stats before = stats_of(w->pool);

	/* The mbuf's reference, given away by mistake. */
	assert_int_equal(mext_storage_release(storage, 1), 0);
	capture_start();
	mext_free_bulk(&m, 1);
	assert_non_null(strstr(capture_stop(), "released or freed twice"));
	assert_counted(w->pool, &before, .releases = 1, .returns_bulk = 1, .bad_releases = 1);
}

static void
test_free_twice_refused_is_logged_once(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage = world_storage(w, 10);
	struct rte_mbuf *m = attached(w, storage);

	assert_int_equal(mext_storage_release(storage, 1), 0);
	capture_start();
	mext_free_bulk(&m, 1);
	assert_string_equal(capture_stop(), "");
}

static struct rte_mbuf *thread_mbufs[4];

static void *
thread_free(void *arg)
{
	(void)arg;
	mext_free_bulk(thread_mbufs, RTE_DIM(thread_mbufs));
	return NULL;
}

static void
test_free_by_thread_without_lcore_counts(void **state)
{
	struct world *w = *state;
	struct mext_stats before;
	pthread_t thread;

	thread_mbufs[0] = attached(w, world_storage(w, 10));
	thread_mbufs[1] = attached(w, world_wrap(w, 10));
	thread_mbufs[2] = mext_packet_alloc(w->pool);
	thread_mbufs[3] = kind_clone(w, thread_mbufs[0]);
	before = stats_of(w->pool);
	assert_int_equal(pthread_create(&thread, NULL, thread_free, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(stats_of(w->pool).returns_bulk, before.returns_bulk + 3);
}

/** Pairs count like other storages where mext frees them; foreign pinned buffers do not. */
static void
test_free_packets_counts_releases_and_returns(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *mbufs[3];
	struct mext_storage *held;
	struct mext_stats before;

	assert_int_equal(mext_packet_alloc_bulk(w->pool, mbufs, 2), 0);
	mbufs[2] = rte_pktmbuf_alloc(w->pinned);
	held = mext_storage_from_mbuf(mbufs[1]);
	assert_int_equal(mext_storage_hold(held, 1), 0);
	before = stats_of(w->pool);
	mext_free_bulk(mbufs, 3);
	assert_counted(w->pool, &before, .releases = 2, .returns_bulk = 1);
	assert_int_equal(mext_storage_release(held, 1), 0);
	assert_counted(w->pool, &before, .releases = 3, .returns_bulk = 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_free_none_does_nothing),
		world_test(test_free_null_entries_are_skipped),
		world_test(test_free_all_null_in_every_position_is_skipped),
		world_test(test_free_storage_by_mext_returns_in_bulk),
		world_test(test_free_storage_by_dpdk_returns_by_callback),
		world_test(test_free_last_clone_of_pair_by_dpdk_returns_by_callback),
		world_test(test_free_last_clone_of_pair_by_mext_returns_in_bulk),
		world_test(test_free_pair_by_dpdk_calls_nobody),
		world_test(test_free_foreign_calls_owner_once_at_zero),
		world_test(test_free_pinned_without_mark_goes_back),
		world_test(test_free_alternating_mempools_goes_back_to_each),
		world_test(test_free_storages_of_alternating_classes_goes_back_to_each),
		world_test(test_free_chain_of_packets_counts_each),
		world_test(test_free_storage_released_too_often_is_counted),
		world_test(test_free_twice_refused_is_logged_once),
		world_test(test_free_by_thread_without_lcore_counts),
		world_test(test_free_packets_counts_releases_and_returns),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
