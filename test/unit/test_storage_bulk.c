/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#define ALL (WORLD_SMALLS + WORLD_MEDIUMS + WORLD_LARGES)

static void
assert_storages(struct mext_storage *const *storages, unsigned int n, size_t size)
{
	unsigned int i, j;

	for (i = 0; i < n; i++) {
		assert_true(mext_storage_len(storages[i]) >= size);
		assert_int_equal(mext_storage_refcnt(storages[i]), 1);
		for (j = 0; j < i; j++)
			assert_ptr_not_equal(storages[i], storages[j]);
	}
}

static void
test_alloc_bulk_from_one_class_gives_all(void **state)
{
	struct world *w = *state;
	struct mext_storage *storages[WORLD_SMALLS];
	struct mext_stats before = stats_of(w->pool);

	assert_int_equal(mext_storage_alloc_bulk(w->pool, 1, storages, WORLD_SMALLS), 0);
	assert_storages(storages, WORLD_SMALLS, 1);
	assert_int_equal(in_use(w->pool, "class0"), WORLD_SMALLS);
	assert_int_equal(in_use(w->pool, "class1"), 0);
	assert_counted(w->pool, &before, .allocs = WORLD_SMALLS);
	mext_storage_release_bulk(storages, WORLD_SMALLS);
	assert_counted(w->pool, &before, .allocs = WORLD_SMALLS, .releases = WORLD_SMALLS,
			.returns_bulk = WORLD_SMALLS);
}

static void
test_alloc_bulk_of_none_succeeds(void **state)
{
	struct world *w = *state;
	struct mext_stats before = stats_of(w->pool);

	assert_int_equal(mext_storage_alloc_bulk(w->pool, 1, NULL, 0), 0);
	assert_int_equal(mext_storage_alloc_bulk(w->pool, SIZE_MAX, NULL, 0), 0);
	mext_storage_release_bulk(NULL, 0);
	assert_counted(w->pool, &before, .allocs = 0);
}

static void
test_alloc_bulk_too_large_is_refused(void **state)
{
	struct world *w = *state;
	struct mext_stats before = stats_of(w->pool);
	struct mext_storage *storages[2] = { NULL, NULL };

	assert_int_equal(mext_storage_alloc_bulk(w->pool, WORLD_LARGE + 1, storages, 2), -EMSGSIZE);
	assert_null(storages[0]);
	assert_counted(w->pool, &before, .alloc_failures = 1);
}

/** Neither class alone has enough, both together do. */
static void
test_alloc_bulk_short_class_is_topped_up_from_larger(void **state)
{
	const unsigned int n = WORLD_MEDIUMS + 10;
	struct world *w = *state;
	struct mext_storage *storages[WORLD_MEDIUMS + 10];
	struct mext_stats before = stats_of(w->pool);

	assert_int_equal(mext_storage_alloc_bulk(w->pool, 1, storages, n), 0);
	assert_storages(storages, n, 1);
	assert_int_equal(in_use(w->pool, "class0"), WORLD_SMALLS);
	assert_int_equal(in_use(w->pool, "class1"), n - WORLD_SMALLS);
	assert_int_equal(in_use(w->pool, "class2"), 0);
	assert_counted(w->pool, &before, .allocs = n);
	mext_storage_release_bulk(storages, n);
}

static void
test_alloc_bulk_exactly_all_classes_gives_all(void **state)
{
	struct world *w = *state;
	struct mext_storage *storages[ALL];

	assert_int_equal(mext_storage_alloc_bulk(w->pool, 1, storages, ALL), 0);
	assert_storages(storages, ALL, 1);
	assert_int_equal(mext_stats_outstanding(w->pool), ALL);
	assert_null(mext_storage_alloc(w->pool, 1));
	mext_storage_release_bulk(storages, ALL);
}

static void
test_alloc_bulk_one_more_than_there_is_takes_none(void **state)
{
	struct world *w = *state;
	struct mext_storage *storages[ALL + 2], *const mark = (void *)1;
	struct mext_stats before = stats_of(w->pool);

	storages[ALL + 1] = mark;
	assert_int_equal(mext_storage_alloc_bulk(w->pool, 1, storages, ALL + 1), -ENOBUFS);
	assert_ptr_equal(storages[ALL + 1], mark);
	assert_counted(w->pool, &before, .alloc_failures = 1);
	world_idle(w);
}

/** From a class in the middle: the smaller one stays out of it, also when putting back. */
static void
test_alloc_bulk_middle_class_never_takes_smaller(void **state)
{
	const unsigned int n = WORLD_MEDIUMS + WORLD_LARGES;
	struct world *w = *state;
	struct mext_storage *storages[WORLD_MEDIUMS + WORLD_LARGES + 1];

	assert_int_equal(mext_storage_alloc_bulk(w->pool, WORLD_MEDIUM, storages, n + 1), -ENOBUFS);
	world_idle(w);
	assert_int_equal(mext_storage_alloc_bulk(w->pool, WORLD_MEDIUM, storages, n), 0);
	assert_storages(storages, n, WORLD_MEDIUM);
	assert_int_equal(in_use(w->pool, "class0"), 0);
	mext_storage_release_bulk(storages, n);
}

/** The pool exhausted at each point: with k out, n - k are given and one more is not. */
static void
test_alloc_bulk_at_every_level_is_all_or_nothing(void **state)
{
	struct world *w = *state;
	struct mext_storage *out[ALL], *storages[ALL + 1];
	unsigned int k;

	for (k = 0; k <= ALL; k++) {
		assert_int_equal(mext_storage_alloc_bulk(w->pool, 1, out, k), 0);
		assert_int_equal(mext_storage_alloc_bulk(w->pool, 1, storages, ALL - k + 1),
				-ENOBUFS);
		assert_int_equal(mext_stats_outstanding(w->pool), k);
		assert_int_equal(mext_storage_alloc_bulk(w->pool, 1, storages, ALL - k), 0);
		assert_storages(storages, ALL - k, 1);
		mext_storage_release_bulk(storages, ALL - k);
		mext_storage_release_bulk(out, k);
	}
}

static void
test_release_bulk_repeated_and_null_entries_drop_one_each(void **state)
{
	struct world *w = *state;
	struct mext_storage *a = world_storage(w, 1), *b = world_storage(w, 1000);
	struct mext_storage *wrapped = world_wrap(w, 10);
	struct mext_storage *storages[] = { NULL, a, a, NULL, b, a, wrapped, b, wrapped, NULL,
		NULL };
	struct mext_stats before = stats_of(w->pool);

	assert_int_equal(mext_storage_hold(a, 3), 0);
	assert_int_equal(mext_storage_hold(b, 1), 0);
	assert_int_equal(mext_storage_hold(wrapped, 1), 0);
	mext_storage_release_bulk(storages, RTE_DIM(storages));
	assert_int_equal(mext_storage_refcnt(a), 1);
	assert_int_equal(w->wraps_freed, 1);
	assert_counted(w->pool, &before, .releases = 7, .returns_bulk = 2);
	mext_storage_release_bulk(&a, 1);
}

static void
test_release_bulk_of_pairs_storage_keeps_pair_out(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = mext_packet_alloc(w->pool);
	struct mext_storage *storage = mext_storage_from_mbuf(m);
	struct mext_storage *storages[3] = { storage, storage, storage };

	assert_int_equal(mext_storage_hold(storage, 3), 0);
	mext_storage_release_bulk(storages, 2);
	rte_pktmbuf_free(m);
	assert_int_equal(in_use(w->pool, "pairs"), 1);
	mext_storage_release_bulk(&storages[2], 1);
	assert_int_equal(in_use(w->pool, "pairs"), 0);
}

static void
test_release_bulk_bad_entry_leaves_others_right(void **state)
{
	struct world *w = *state;
	struct mext_storage *a = world_storage(w, 1), *b = world_storage(w, 1);
	struct mext_storage *storages[] = { a, b, b, b, a };
	struct mext_stats before = stats_of(w->pool);

	assert_int_equal(mext_storage_hold(a, 1), 0);
	mext_storage_release_bulk(storages, RTE_DIM(storages));
	assert_int_equal(mext_storage_refcnt(b), 1);
	assert_counted(w->pool, &before, .releases = 2, .returns_bulk = 1, .bad_releases = 1);
	assert_int_equal(mext_storage_release(b, 1), 0);
}

static void
test_release_bulk_more_than_a_batch_returns_all(void **state)
{
	struct world *w = *state;
	struct mext_storage *storages[WORLD_MEDIUMS + WORLD_SMALLS];
	unsigned int n = RTE_DIM(storages), i;
	struct mext_storage *swap;

	assert_int_equal(mext_storage_alloc_bulk(w->pool, 1, storages, n), 0);
	/* Classes by turns: every entry goes to another mempool than the one before. */
	for (i = 0; i < WORLD_SMALLS; i += 2) {
		swap = storages[i];
		storages[i] = storages[n - 1 - i];
		storages[n - 1 - i] = swap;
	}
	mext_storage_release_bulk(storages, n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_alloc_bulk_from_one_class_gives_all),
		world_test(test_alloc_bulk_of_none_succeeds),
		world_test(test_alloc_bulk_too_large_is_refused),
		world_test(test_alloc_bulk_short_class_is_topped_up_from_larger),
		world_test(test_alloc_bulk_exactly_all_classes_gives_all),
		world_test(test_alloc_bulk_one_more_than_there_is_takes_none),
		world_test(test_alloc_bulk_middle_class_never_takes_smaller),
		world_test(test_alloc_bulk_at_every_level_is_all_or_nothing),
		world_test(test_release_bulk_repeated_and_null_entries_drop_one_each),
		world_test(test_release_bulk_of_pairs_storage_keeps_pair_out),
		world_test(test_release_bulk_bad_entry_leaves_others_right),
		world_test(test_release_bulk_more_than_a_batch_returns_all),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
