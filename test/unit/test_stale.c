/* SPDX-License-Identifier: BSD-3-Clause */
/* Storages that are free already: each verb refuses one, and the next owner's is untouched. */
#include "kinds.h"

#define LEN 100
#define N 5

/** A storage of each kind that tells by its count whether it is free. Those of pairs don't. */
enum kept {
	IN_CLASS,
	WRAPPED,
	LEAF,
	NB_KEPT
};

/** A storage that its last holder has released. */
static struct mext_storage *
free_storage(struct world *w, enum kept kept)
{
	struct mext_storage *storage;
	struct mext_spread *spread;

	storage = kept == WRAPPED ? world_wrap(w, LEN) : world_storage(w, LEN);
	if (kept == LEAF) {
		assert_int_equal(mext_spread_create(w->pool, storage, &spread), 0);
		assert_int_equal(mext_spread_take(spread, 1, &storage), 0);
		assert_int_equal(mext_spread_release(spread, 1), 0);
	}
	assert_int_equal(mext_storage_release(storage, 1), 0);
	return storage;
}

static void
test_stale_storage_is_not_attached(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = world_header(w), before = *m, *chain = NULL;
	struct mext_storage *storage, old;
	struct mext_stats stats;
	unsigned int kept;

	for (kept = 0; kept < NB_KEPT; kept++) {
		storage = free_storage(w, kept);
		old = *storage;
		stats = stats_of(w->pool);
		assert_int_equal(mext_attach(m, storage, 0, LEN), -EINVAL);
		assert_int_equal(mext_attach_chain(w->pool, storage, 0, LEN, &chain), -EINVAL);
		assert_memory_equal(m, &before, sizeof(before));
		assert_null(chain);
		assert_memory_equal(storage, &old, sizeof(old));
		assert_counted(w->pool, &stats, .attaches = 0);
	}
	rte_pktmbuf_free(m);
}

/** The one that is free at each place among good ones, of one mempool and of two, and one in all entries. */
static void
test_stale_storage_in_a_bulk_attaches_none(void **state)
{
	struct world *w = *state;
	struct mext_storage *storages[N], *others[N];
	struct rte_mbuf *mbufs[N], before[N], *made[N];
	struct mext_stats stats;
	unsigned int i, at, kept;

	assert_int_equal(mext_header_alloc_bulk(w->pool, mbufs, N), 0);
	assert_int_equal(mext_storage_alloc_bulk(w->pool, LEN, others, N), 0);
	for (i = 0; i < N; i++)
		before[i] = *mbufs[i];
	for (kept = 0; kept < NB_KEPT; kept++) {
		for (at = 0; at <= N; at++) {
			memcpy(storages, others, sizeof(storages));
			for (i = at % N; i < N; i += at < N ? N : 1)
				storages[i] = free_storage(w, kept);
			stats = stats_of(w->pool);
			assert_int_equal(mext_attach_bulk(mbufs, storages, N, 0, LEN), -EINVAL);
			assert_int_equal(mext_attach_new_bulk(w->pool, made, storages, N, 0, LEN),
					-EINVAL);
			assert_counted(w->pool, &stats, .attaches = 0);
			assert_int_equal(in_use(w->pool, "headers"), N);
		}
	}
	for (i = 0; i < N; i++) {
		assert_memory_equal(mbufs[i], &before[i], sizeof(before[i]));
		assert_int_equal(mext_storage_refcnt(others[i]), 1);
	}
	mext_free_bulk(mbufs, N);
	mext_storage_release_bulk(others, N);
}

static void
test_stale_storage_refuses_every_verb_on_it(void **state)
{
	struct world *w = *state;
	struct mext_spread *spread = NULL;
	struct mext_storage *storage, old;
	struct mext_stats stats;
	unsigned int kept;

	for (kept = 0; kept < NB_KEPT; kept++) {
		storage = free_storage(w, kept);
		old = *storage;
		stats = stats_of(w->pool);
		assert_int_equal(mext_storage_hold(storage, 0), -EINVAL);
		assert_int_equal(mext_storage_hold(storage, 1), -EINVAL);
		assert_int_equal(mext_storage_set_readonly(storage), -EINVAL);
		assert_int_equal(mext_spread_create(w->pool, storage, &spread),
				kept == LEAF ? -ENOTSUP : -EINVAL);
		assert_counted(w->pool, &stats, .allocs = 0);
		assert_int_equal(mext_storage_release(storage, 1), -EINVAL);
		mext_storage_release_bulk(&storage, 1);
		assert_counted(w->pool, &stats, .bad_releases = 2);
		assert_null(spread);
		assert_memory_equal(storage, &old, sizeof(old));
		assert_int_equal(in_use(w->pool, "spreads"), 0);
	}
}

static void
test_stale_storage_refused_leaves_the_next_owner_alone(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage = free_storage(w, IN_CLASS), *next;
	struct rte_mbuf *m = world_header(w);

	assert_int_equal(mext_attach(m, storage, 0, LEN), -EINVAL);
	assert_int_equal(mext_storage_set_readonly(storage), -EINVAL);
	next = world_storage(w, LEN);
	assert_ptr_equal(next, storage);
	rte_pktmbuf_free(m);
	assert_int_equal(mext_storage_refcnt(next), 1);
	assert_false(mext_storage_is_readonly(next));
	assert_int_equal(mext_storage_release(next, 1), 0);
}

/** Its reference is the mbuf's, and was released all the same. */
static void
test_stale_mbuf_over_free_storage_is_refused(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage = world_storage(w, LEN), *off = NULL;
	struct rte_mbuf *m = world_header(w), before, *made = NULL, *old, *copies[4];

	assert_int_equal(mext_attach(m, storage, 0, LEN), 0);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	before = *(old = m);
	assert_int_equal(mext_detach(m, &off), -EINVAL);
	assert_int_equal(mext_share(w->pool, m, 0, LEN, &made), -EINVAL);
	assert_int_equal(mext_fanout(w->pool, m, copies, 4), -EINVAL);
	assert_int_equal(mext_fanout_bulk(w->pool, &m, 1, copies, 4), -EINVAL);
	assert_int_equal(mext_split(w->pool, &m, LEN / 2, &made), -EINVAL);
	assert_false(mext_is_writable(m, 0, 1));
	assert_null(off);
	assert_null(made);
	assert_ptr_equal(m, old);
	assert_memory_equal(m, &before, sizeof(before));
	assert_int_equal(mext_storage_refcnt(storage), 0);
	mext_free_bulk(&m, 1);
	assert_int_equal(stats_of(w->pool).bad_releases, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_stale_storage_is_not_attached),
		world_test(test_stale_storage_in_a_bulk_attaches_none),
		world_test(test_stale_storage_refuses_every_verb_on_it),
		world_test(test_stale_storage_refused_leaves_the_next_owner_alone),
		world_test(test_stale_mbuf_over_free_storage_is_refused),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
