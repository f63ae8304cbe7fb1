/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>

#include "world.h"

static void
test_alloc_size_takes_smallest_class_that_fits(void **state)
{
	static const struct {
		size_t size, len;
		const char *kind;
	} rows[] = {
		{ 0, WORLD_SMALL, "class0" },
		{ 1, WORLD_SMALL, "class0" },
		{ WORLD_SMALL, WORLD_SMALL, "class0" },
		{ WORLD_SMALL + 1, WORLD_MEDIUM, "class1" },
		{ WORLD_MEDIUM, WORLD_MEDIUM, "class1" },
		{ WORLD_MEDIUM + 1, WORLD_LARGE, "class2" },
		{ WORLD_LARGE, WORLD_LARGE, "class2" },
	};
	struct world *w = *state;
	struct mext_storage *storage;
	unsigned int i;

	for (i = 0; i < RTE_DIM(rows); i++) {
		storage = mext_storage_alloc(w->pool, rows[i].size);
		assert_non_null(storage);
		assert_int_equal(mext_storage_len(storage), rows[i].len);
		assert_int_equal(in_use(w->pool, rows[i].kind), 1);
		assert_int_equal(mext_stats_outstanding(w->pool), 1);
		assert_int_equal(mext_storage_refcnt(storage), 1);
		assert_int_equal(mext_storage_flags(storage), 0);
		assert_false(mext_storage_is_readonly(storage));
		assert_int_equal(mext_storage_release(storage, 1), 0);
	}
}

static void
test_alloc_too_large_gives_null_and_counts(void **state)
{
	struct world *w = *state;
	struct mext_stats before = stats_of(w->pool);

	assert_null(mext_storage_alloc(w->pool, WORLD_LARGE + 1));
	assert_null(mext_storage_alloc(w->pool, SIZE_MAX));
	assert_counted(w->pool, &before, .alloc_failures = 2);
}

static void
test_alloc_class_empty_takes_next_larger_then_null(void **state)
{
	const unsigned int all = WORLD_SMALLS + WORLD_MEDIUMS + WORLD_LARGES;
	struct world *w = *state;
	struct mext_storage *storages[WORLD_SMALLS + WORLD_MEDIUMS + WORLD_LARGES];
	struct mext_stats before = stats_of(w->pool);
	unsigned int i;

	for (i = 0; i < all; i++) {
		storages[i] = mext_storage_alloc(w->pool, 1);
		assert_non_null(storages[i]);
		assert_int_equal(mext_storage_len(storages[i]), i < WORLD_SMALLS ? WORLD_SMALL
								: i < all - WORLD_LARGES
										? WORLD_MEDIUM
										: WORLD_LARGE);
	}
	assert_null(mext_storage_alloc(w->pool, 1));
	assert_counted(w->pool, &before, .allocs = all, .alloc_failures = 1);
	assert_int_equal(mext_stats_outstanding(w->pool), all);
	mext_storage_release_bulk(storages, all);
}

static void
test_alloc_never_takes_smaller_class(void **state)
{
	struct world *w = *state;
	struct mext_storage *storages[WORLD_LARGES];

	assert_int_equal(mext_storage_alloc_bulk(w->pool, WORLD_LARGE, storages, WORLD_LARGES), 0);
	assert_null(mext_storage_alloc(w->pool, WORLD_MEDIUM + 1));
	assert_int_equal(in_use(w->pool, "class0") + in_use(w->pool, "class1"), 0);
	mext_storage_release_bulk(storages, WORLD_LARGES);
}

static void
test_hold_n_adds_n_and_zero_adds_none(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage = world_storage(w, 1);

	assert_int_equal(mext_storage_hold(storage, 0), 0);
	assert_int_equal(mext_storage_refcnt(storage), 1);
	assert_int_equal(mext_storage_hold(storage, 1), 0);
	assert_int_equal(mext_storage_refcnt(storage), 2);
	assert_int_equal(mext_storage_hold(storage, 1000), 0);
	assert_int_equal(mext_storage_refcnt(storage), 1002);
	assert_int_equal(mext_storage_release(storage, 1002), 0);
}

static void
test_hold_past_65535_overflows_unchanged(void **state)
{
	static const unsigned int too_many[] = { 1, 2, UINT16_MAX, UINT16_MAX + 1, INT32_MAX,
		UINT32_MAX };
	struct world *w = *state;
	struct mext_storage *storage = world_storage(w, 1);
	unsigned int i;

	assert_int_equal(mext_storage_hold(storage, UINT16_MAX), -EOVERFLOW);
	assert_int_equal(mext_storage_hold(storage, UINT32_MAX), -EOVERFLOW);
	assert_int_equal(mext_storage_refcnt(storage), 1);
	assert_int_equal(mext_storage_hold(storage, UINT16_MAX - 1), 0);
	assert_int_equal(mext_storage_refcnt(storage), MEXT_REFCNT_MAX);
	for (i = 0; i < RTE_DIM(too_many); i++) {
		assert_int_equal(mext_storage_hold(storage, too_many[i]), -EOVERFLOW);
		assert_int_equal(mext_storage_refcnt(storage), MEXT_REFCNT_MAX);
	}
	assert_int_equal(mext_storage_hold(storage, 0), 0);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	assert_int_equal(mext_storage_hold(storage, 1), 0);
	assert_int_equal(mext_storage_release(storage, UINT16_MAX), 0);
}

static void
test_hold_free_storage_is_invalid(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage = world_storage(w, 1);

	assert_int_equal(mext_storage_release(storage, 1), 0);
	assert_int_equal(mext_storage_hold(storage, 1), -EINVAL);
	assert_int_equal(mext_storage_refcnt(storage), 0);
}

static void
test_release_part_then_rest_returns_at_last(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage = world_storage(w, 1);
	struct mext_stats before = stats_of(w->pool);

	assert_int_equal(mext_storage_hold(storage, 9), 0);
	assert_int_equal(mext_storage_release(storage, 0), 0);
	assert_int_equal(mext_storage_refcnt(storage), 10);
	assert_int_equal(mext_storage_release(storage, 4), 0);
	assert_int_equal(mext_storage_refcnt(storage), 6);
	assert_counted(w->pool, &before, .releases = 4);
	assert_int_equal(in_use(w->pool, "class0"), 1);
	assert_int_equal(mext_storage_release(storage, 6), 0);
	assert_counted(w->pool, &before, .releases = 10, .returns_bulk = 1);
	assert_int_equal(in_use(w->pool, "class0"), 0);
}

static void
test_release_more_than_held_is_refused_unchanged(void **state)
{
	static const unsigned int too_many[] = { 4, UINT16_MAX, UINT16_MAX + 1, UINT16_MAX + 4,
		UINT32_MAX };
	struct world *w = *state;
	struct mext_storage *storage = world_storage(w, 1);
	struct mext_stats before = stats_of(w->pool);
	unsigned int i;

	assert_int_equal(mext_storage_hold(storage, 2), 0);
	for (i = 0; i < RTE_DIM(too_many); i++) {
		assert_int_equal(mext_storage_release(storage, too_many[i]), -EINVAL);
		assert_int_equal(mext_storage_refcnt(storage), 3);
		assert_counted(w->pool, &before, .bad_releases = i + 1);
	}
	assert_int_equal(in_use(w->pool, "class0"), 1);
	assert_int_equal(mext_storage_release(storage, 3), 0);
}

static void
test_release_twice_is_refused_and_counted(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage = world_storage(w, 1);
	struct mext_stats before = stats_of(w->pool);

	assert_int_equal(mext_storage_release(storage, 1), 0);
	assert_int_equal(mext_storage_release(storage, 1), -EINVAL);
	assert_int_equal(mext_storage_release(storage, 0), 0);
	assert_counted(w->pool, &before, .releases = 1, .returns_bulk = 1, .bad_releases = 1);
	world_idle(w);
}

static void
test_set_readonly_is_shared_and_lasts_until_free(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = world_header(w);
	struct mext_storage *all[WORLD_SMALLS], *storage = world_storage(w, 1);
	unsigned int i;

	assert_int_equal(mext_attach(m, storage, 0, 1), 0);
	assert_int_equal(mext_storage_set_readonly(storage), 0);
	assert_int_equal(mext_storage_set_readonly(storage), 0);
	assert_int_equal(mext_storage_flags(storage), MEXT_STORAGE_READONLY);
	assert_true(mext_storage_is_readonly(mext_storage_from_mbuf(m)));
	rte_pktmbuf_free(m);
	/* Whichever storage comes next is writable again. */
	assert_int_equal(mext_storage_alloc_bulk(w->pool, 1, all, WORLD_SMALLS), 0);
	for (i = 0; i < WORLD_SMALLS; i++)
		assert_int_equal(mext_storage_flags(all[i]), 0);
	mext_storage_release_bulk(all, WORLD_SMALLS);
}

static void
test_set_readonly_on_pair_is_not_supported(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = mext_packet_alloc(w->pool);
	struct mext_storage *storage = mext_storage_from_mbuf(m);

	assert_int_equal(mext_storage_set_readonly(storage), -ENOTSUP);
	assert_int_equal(mext_storage_flags(storage), MEXT_STORAGE_PAIR);
	rte_pktmbuf_free(m);
}

static void *
thread_alloc_release(void *arg)
{
	struct world *w = arg;
	struct mext_storage *storages[WORLD_SMALLS + 1];
	unsigned int i;

	if (mext_storage_alloc_bulk(w->pool, 1, storages, WORLD_SMALLS + 1) < 0)
		return NULL;
	for (i = 0; i <= WORLD_SMALLS; i++)
		if (mext_storage_hold(storages[i], 1) < 0 ||
				mext_storage_release(storages[i], 2) < 0)
			return NULL;
	return arg;
}

static void
test_alloc_by_thread_without_lcore_counts(void **state)
{
	const uint64_t n = WORLD_SMALLS + 1;
	struct world *w = *state;
	struct mext_stats before = stats_of(w->pool);
	pthread_t thread;
	void *ret;

	assert_int_equal(pthread_create(&thread, NULL, thread_alloc_release, w), 0);
	assert_int_equal(pthread_join(thread, &ret), 0);
	assert_ptr_equal(ret, w);
	assert_counted(w->pool, &before, .allocs = n, .releases = 2 * n, .returns_bulk = n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_alloc_size_takes_smallest_class_that_fits),
		world_test(test_alloc_too_large_gives_null_and_counts),
		world_test(test_alloc_class_empty_takes_next_larger_then_null),
		world_test(test_alloc_never_takes_smaller_class),
		world_test(test_hold_n_adds_n_and_zero_adds_none),
		world_test(test_hold_past_65535_overflows_unchanged),
		world_test(test_hold_free_storage_is_invalid),
		world_test(test_release_part_then_rest_returns_at_last),
		world_test(test_release_more_than_held_is_refused_unchanged),
		world_test(test_release_twice_is_refused_and_counted),
		world_test(test_set_readonly_is_shared_and_lasts_until_free),
		world_test(test_set_readonly_on_pair_is_not_supported),
		world_test(test_alloc_by_thread_without_lcore_counts),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
