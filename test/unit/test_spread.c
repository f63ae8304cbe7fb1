/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
/* Spreads, one thread at a time. Several at once: test_race_share.c. */
#include <pthread.h>

#include <rte_launch.h>

#include "chains.h"
#include "kinds.h"
#include "pool.h"
#include "storage.h"

#define LEN 300
#define MOST (UINT16_MAX - 1) /* references on a leaf */
#define MARK ((void *)(uintptr_t)0x1000)

/** A spread over a storage, with one hold; the storage is seen by world_idle() when it is back. */
static struct mext_spread *
spread_over(struct world *w, struct mext_storage *root)
{
	struct mext_spread *spread;

	assert_int_equal(mext_spread_create(w->pool, root, &spread), 0);
	return spread;
}

static struct mext_storage *
take(struct mext_spread *spread, unsigned int n)
{
	struct mext_storage *leaf;

	assert_int_equal(mext_spread_take(spread, n, &leaf), 0);
	return leaf;
}

static void
test_create_plants_a_leaf_for_each_lcore(void **state)
{
	struct world *w = *state;
	struct mext_storage *root = world_storage(w, LEN);
	struct mext_stats before = stats_of(w->pool);
	struct mext_spread *spread = spread_over(w, root);
	unsigned int i;

	assert_int_equal(spread->nb_leaves, 3); /* lcores 0 and 1, and all others */
	assert_int_equal(spread->live, 3);
	assert_int_equal(spread->holders, 1);
	for (i = 0; i < 3; i++) {
		const struct mext_storage *leaf = &spread->leaves[i].storage;

		assert_int_equal(mext_storage_refcnt(leaf), 1); /* its bias */
		assert_ptr_equal(mext_storage_data(leaf), mext_storage_data(root));
		assert_int_equal(mext_storage_len(leaf), mext_storage_len(root));
		assert_int_equal(mext_storage_iova(leaf), mext_storage_iova(root));
		assert_int_equal(mext_storage_flags(leaf),
				MEXT_STORAGE_LEAF | MEXT_STORAGE_READONLY);
		assert_int_equal((uintptr_t)leaf % RTE_CACHE_LINE_SIZE, 0);
	}
	assert_int_equal(mext_storage_refcnt(root), 1);
	assert_true(mext_storage_is_readonly(root));
	assert_counted(w->pool, &before, .allocs = 0);
	assert_int_equal(in_use(w->pool, "spreads"), 1);
	assert_int_equal(mext_spread_release(spread, 1), 0);
	assert_counted(w->pool, &before, .releases = 1, .returns_bulk = 1);
	assert_int_equal(in_use(w->pool, "spreads"), 0);
	assert_int_equal(in_use(w->pool, "class1"), 0);
}

static void
test_create_over_wrapped_memory_calls_back_at_the_end(void **state)
{
	struct world *w = *state;
	struct mext_spread *spread = spread_over(w, world_wrap(w, LEN));
	struct mext_storage *leaf = take(spread, 2);

	assert_int_equal(mext_storage_flags(leaf),
			MEXT_STORAGE_LEAF | MEXT_STORAGE_READONLY | MEXT_STORAGE_WRAPPED);
	assert_int_equal(mext_spread_release(spread, 1), 0);
	assert_int_equal(mext_storage_release(leaf, 1), 0);
	assert_int_equal(w->wraps_freed, 0);
	assert_int_equal(mext_storage_release(leaf, 1), 0);
	assert_int_equal(w->wraps_freed, 1);
}

/** Others that hold the root go on doing so, and may not write it any more. */
static void
test_create_over_held_storage_keeps_other_holders(void **state)
{
	struct world *w = *state;
	struct mext_storage *root = world_storage(w, LEN);
	struct rte_mbuf *m = world_header(w);
	struct mext_spread *spread;

	assert_int_equal(mext_storage_hold(root, 1), 0);
	assert_int_equal(mext_attach(m, root, 0, LEN), 0);
	spread = spread_over(w, root);
	assert_int_equal(mext_storage_refcnt(root), 2);
	assert_int_equal(mext_spread_release(spread, 1), 0);
	assert_int_equal(mext_storage_refcnt(root), 1);
	assert_false(mext_is_writable(m, 0, 1));
	rte_pktmbuf_free(m);
}

static void
refuse(struct world *w, struct mext_pool *pool, struct mext_storage *storage, int ret)
{
	struct mext_stats before = stats_of(w->pool);
	struct mext_storage copy = { .flags = 0 };
	struct mext_spread *spread = MARK;
	bool none_left = ret == -ENOBUFS;

	if (storage != NULL)
		copy = *storage;
	assert_int_equal(mext_spread_create(pool, storage, &spread), ret);
	assert_ptr_equal(spread, MARK);
	if (storage != NULL)
		assert_memory_equal(storage, &copy, sizeof(copy));
	assert_counted(w->pool, &before, .alloc_failures = none_left);
}

static void
test_create_over_pair_or_leaf_is_enotsup(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = mext_packet_alloc(w->pool);
	struct mext_spread *spread = spread_over(w, world_storage(w, LEN));
	struct mext_storage *leaf = take(spread, 1);

	refuse(w, w->pool, mext_storage_from_mbuf(m), -ENOTSUP);
	refuse(w, w->pool, leaf, -ENOTSUP);
	rte_pktmbuf_free(m);
	assert_int_equal(mext_storage_release(leaf, 1), 0);
	assert_int_equal(mext_spread_release(spread, 1), 0);
}

static void
test_create_refused_leaves_storage(void **state)
{
	struct world *w = *state;
	struct mext_spread *spreads[WORLD_SPREADS];
	struct mext_storage *root = world_storage(w, LEN);
	unsigned int i;

	refuse(w, w->pool, NULL, -EINVAL);
	refuse(w, w->rx_pairs, root, -ENOMEM);
	for (i = 0; i < WORLD_SPREADS; i++)
		spreads[i] = spread_over(w, world_wrap(w, LEN));
	refuse(w, w->pool, root, -ENOBUFS);
	assert_false(mext_storage_is_readonly(root));
	for (i = 0; i < WORLD_SPREADS; i++)
		assert_int_equal(mext_spread_release(spreads[i], 1), 0);
	assert_int_equal(mext_storage_release(root, 1), 0);
}

/** On the calling lcore's leaf, and nowhere else. */
static void
test_take_adds_references_to_own_leaf(void **state)
{
	struct world *w = *state;
	struct mext_storage *root = world_storage(w, LEN), *leaf;
	struct mext_spread *spread = spread_over(w, root);

	leaf = take(spread, 5);
	assert_ptr_equal(leaf, &spread->leaves[rte_lcore_id()].storage);
	assert_int_equal(mext_storage_refcnt(leaf), 6);
	assert_ptr_equal(take(spread, 0), leaf);
	assert_int_equal(mext_storage_refcnt(leaf), 6);
	assert_int_equal(mext_storage_refcnt(&spread->leaves[1].storage), 1);
	assert_int_equal(mext_storage_refcnt(&spread->leaves[2].storage), 1);
	assert_int_equal(mext_storage_refcnt(root), 1);
	assert_int_equal(mext_storage_release(leaf, 5), 0);
	assert_int_equal(mext_storage_refcnt(leaf), 1);
	assert_int_equal(mext_spread_release(spread, 1), 0);
}

/** 65,534 references on a leaf are as many as there can be. */
static void
test_take_beyond_count_is_eoverflow(void **state)
{
	struct world *w = *state;
	struct mext_spread *spread = spread_over(w, world_storage(w, LEN));
	struct mext_storage *leaf = take(spread, MOST - 1), *none = MARK;

	assert_int_equal(mext_spread_take(spread, 2, &none), -EOVERFLOW);
	assert_int_equal(mext_spread_take(spread, UINT_MAX, &none), -EOVERFLOW);
	assert_ptr_equal(none, MARK);
	assert_int_equal(mext_storage_refcnt(leaf), MOST);
	assert_ptr_equal(take(spread, 1), leaf);
	assert_int_equal(mext_storage_refcnt(leaf), UINT16_MAX);
	assert_int_equal(mext_spread_take(spread, 1, &none), -EOVERFLOW);
	assert_int_equal(mext_spread_take(spread, 0, &none), 0);
	assert_int_equal(mext_storage_refcnt(leaf), UINT16_MAX);
	assert_int_equal(mext_storage_release(leaf, MOST), 0);
	assert_ptr_equal(take(spread, MOST), leaf);
	assert_int_equal(mext_storage_release(leaf, MOST), 0);
	assert_int_equal(mext_spread_release(spread, 1), 0);
}

/** What a thread has taken. */
struct taken {
	struct mext_spread *spread;
	struct mext_storage *leaf;
	unsigned int lcore;
	int ret;
};

static int
take_on_lcore(void *arg)
{
	struct taken *taken = arg;

	taken->lcore = rte_lcore_id();
	taken->ret = mext_spread_take(taken->spread, 7, &taken->leaf);
	return 0;
}

static void *
take_in_thread(void *arg)
{
	take_on_lcore(arg);
	return NULL;
}

static void
test_take_on_threads_gives_leaf_of_each(void **state)
{
	struct world *w = *state;
	struct mext_spread *spread = spread_over(w, world_storage(w, LEN));
	struct taken lcore1 = { .spread = spread }, other = { .spread = spread };
	struct mext_storage *leaf = take(spread, 7);
	pthread_t thread;

	assert_int_equal(rte_eal_remote_launch(take_on_lcore, &lcore1, 1), 0);
	rte_eal_wait_lcore(1);
	assert_int_equal(pthread_create(&thread, NULL, take_in_thread, &other), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(lcore1.ret, 0);
	assert_int_equal(other.ret, 0);
	assert_int_equal(other.lcore, LCORE_ID_ANY);
	assert_ptr_equal(leaf, &spread->leaves[0].storage);
	assert_ptr_equal(lcore1.leaf, &spread->leaves[1].storage);
	assert_ptr_equal(other.leaf, &spread->leaves[2].storage);
	assert_int_equal(mext_storage_refcnt(other.leaf), 8);
	/* Whoever drops them. */
	assert_int_equal(mext_spread_release(spread, 1), 0);
	assert_int_equal(mext_storage_release(lcore1.leaf, 7), 0);
	assert_int_equal(mext_storage_release(leaf, 7), 0);
	assert_int_equal(in_use(w->pool, "spreads"), 1);
	assert_int_equal(mext_storage_release(other.leaf, 7), 0);
	assert_int_equal(in_use(w->pool, "spreads"), 0);
}

/** Registered after the pool was made, a thread has an id that no leaf is for. */
static void *
take_registered(void *arg)
{
	struct taken *taken = arg;

	taken->ret = rte_thread_register();
	if (taken->ret == 0) {
		take_on_lcore(arg);
		rte_thread_unregister();
	}
	return NULL;
}

static void
test_take_with_lcore_id_without_leaf_gives_common_leaf(void **state)
{
	struct world *w = *state;
	struct mext_spread *spread = spread_over(w, world_storage(w, LEN));
	struct taken taken = { .spread = spread };
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, take_registered, &taken), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(taken.ret, 0);
	assert_true(taken.lcore >= 2 && taken.lcore < RTE_MAX_LCORE);
	assert_ptr_equal(taken.leaf, &spread->leaves[2].storage);
	assert_int_equal(mext_storage_release(taken.leaf, 7), 0);
	assert_int_equal(mext_spread_release(spread, 1), 0);
}

/** Whichever goes last, the last hold or the last packet, and in whatever way it is freed. */
static void
test_root_is_released_with_the_last_of_all(void **state)
{
	struct world *w = *state;
	struct mext_spread *spread;
	struct mext_storage *leaf;
	struct rte_mbuf *mbufs[4];
	struct mext_stats before;
	unsigned int i, way;

	for (i = 0; i < 2 * nb_free_ways; i++) {
		way = i / 2;
		spread = spread_over(w, world_wrap(w, LEN));
		leaf = take(spread, 3);
		assert_int_equal(mext_attach_new_bulk(w->pool, mbufs,
						 (struct mext_storage *[]){ leaf, leaf, leaf }, 3,
						 0, LEN),
				0);
		mbufs[3] = kind_clone(w, mbufs[0]);
		before = stats_of(w->pool);
		if (i % 2 == 0)
			assert_int_equal(mext_spread_release(spread, 1), 0);
		free_ways[way].free(mbufs, 2);
		assert_int_equal(w->wraps_freed, i);
		free_ways[way].free(&mbufs[2], 2);
		if (i % 2 != 0) {
			assert_int_equal(mext_storage_refcnt(leaf), 1);
			assert_int_equal(w->wraps_freed, i);
			assert_int_equal(mext_spread_release(spread, 1), 0);
		}
		assert_int_equal(w->wraps_freed, i + 1);
		/* The root, by mext's own calls; DPDK's callback is the leaf's. */
		assert_int_equal(stats_of(w->pool).returns_bulk, before.returns_bulk + 1);
		assert_int_equal(stats_of(w->pool).returns_callback, before.returns_callback);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_create_plants_a_leaf_for_each_lcore),
		world_test(test_create_over_wrapped_memory_calls_back_at_the_end),
		world_test(test_create_over_held_storage_keeps_other_holders),
		world_test(test_create_over_pair_or_leaf_is_enotsup),
		world_test(test_create_refused_leaves_storage),
		world_test(test_take_adds_references_to_own_leaf),
		world_test(test_take_beyond_count_is_eoverflow),
		world_test(test_take_on_threads_gives_leaf_of_each),
		world_test(test_take_with_lcore_id_without_leaf_gives_common_leaf),
		world_test(test_root_is_released_with_the_last_of_all),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
