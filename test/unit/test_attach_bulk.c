/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#define N 70 /* more than a burst, more than a batch of 64 */

static void
test_attach_bulk_of_none_does_nothing(void **state)
{
	struct world *w = *state;
	struct mext_stats stats = stats_of(w->pool);

	assert_int_equal(mext_attach_bulk(NULL, NULL, 0, 0, 1), 0);
	assert_int_equal(mext_attach_bulk(NULL, NULL, 0, SIZE_MAX, SIZE_MAX), 0);
	assert_counted(w->pool, &stats, .attaches = 0);
}

static void
test_attach_bulk_one_storage_in_all_takes_one_reference_each(void **state)
{
	struct world *w = *state;
	struct mext_stats stats = stats_of(w->pool);
	struct mext_storage *storages[N], *storage = world_storage(w, 100);
	struct rte_mbuf *mbufs[N];
	unsigned int i;

	assert_int_equal(mext_header_alloc_bulk(w->pool, mbufs, N), 0);
	assert_int_equal(mext_storage_hold(storage, N - 1), 0);
	for (i = 0; i < N; i++)
		storages[i] = storage;
	assert_int_equal(mext_attach_bulk(mbufs, storages, N, 4, 50), 0);
	assert_int_equal(mext_storage_refcnt(storage), N);
	for (i = 0; i < N; i++) {
		assert_ptr_equal(mbufs[i]->shinfo, storage);
		assert_ptr_equal(mbufs[i]->buf_addr, (char *)mext_storage_data(storage) + 4);
		assert_int_equal(mbufs[i]->pkt_len, 50);
	}
	assert_counted(w->pool, &stats, .allocs = 1, .header_allocs = N, .attaches = N);
	mext_free_bulk(mbufs, N);
}

/** What makes one entry of a bulk bad, and the error it gives. */
static const struct {
	const char *what;
	int ret;
} bad_entries[] = { { "mbuf NULL", -EINVAL }, { "storage NULL", -EINVAL }, { "shared", -EBUSY },
	{ "external", -EEXIST }, { "pinned", -EEXIST }, { "pinned, mark lost", -EEXIST },
	{ "chain", -EMLINK }, { "short", -ERANGE } };

/** Make entry i bad. @return what to free afterwards. */
static struct rte_mbuf *
spoil(struct world *w, unsigned int how, struct rte_mbuf **m, struct mext_storage **storage)
{
	struct rte_mbuf *extra = NULL;

	switch (how) {
	case 0:
		*m = NULL;
		break;
	case 1:
		*storage = NULL;
		break;
	case 2:
		rte_mbuf_refcnt_update(*m, 1);
		break;
	case 3:
		*m = extra = world_header(w);
		world_attach_foreign(w, *m);
		break;
	case 4:
	case 5:
		*m = extra = how == 4 ? rte_pktmbuf_alloc(w->pinned) : mext_packet_alloc(w->pool);
		if (how == 5)
			extra->ol_flags = 0;
		break;
	case 6:
		extra = world_header(w);
		(*m)->next = extra;
		(*m)->nb_segs = 2;
		break;
	default:
		extra = world_header(w);
		assert_int_equal(mext_attach(extra, world_wrap(w, 20), 0, 20), 0);
		*storage = mext_storage_from_mbuf(extra);
	}
	return extra;
}

static void
assert_bulk_refused(struct world *w, unsigned int how, unsigned int at)
{
	struct rte_mbuf *mbufs[N], *given[N], *extra, before[N];
	struct mext_storage *storages[N], *storage = world_storage(w, WORLD_SMALL);
	struct mext_stats stats;
	unsigned int i;

	assert_int_equal(mext_header_alloc_bulk(w->pool, mbufs, N), 0);
	assert_int_equal(mext_storage_hold(storage, N - 1), 0);
	for (i = 0; i < N; i++)
		storages[i] = storage;
	memcpy(given, mbufs, sizeof(given));
	extra = spoil(w, how, &given[at], &storages[at]);
	for (i = 0; i < N; i++)
		if (given[i] != NULL)
			before[i] = *given[i];
	stats = stats_of(w->pool);
	assert_int_equal(mext_attach_bulk(given, storages, N, 1, 20), bad_entries[how].ret);
	for (i = 0; i < N; i++)
		if (given[i] != NULL)
			assert_memory_equal(given[i], &before[i], sizeof(before[i]));
	assert_int_equal(mext_storage_refcnt(storage), N);
	assert_counted(w->pool, &stats, .attaches = 0);
	if (bad_entries[how].ret == -EBUSY)
		rte_mbuf_refcnt_update(given[at], -1);
	if (bad_entries[how].ret == -EMLINK) {
		given[at]->next = NULL;
		given[at]->nb_segs = 1;
	}
	rte_pktmbuf_free(extra);
	mext_free_bulk(mbufs, N);
	assert_int_equal(mext_storage_release(storage, N), 0);
}

static void
test_attach_bulk_one_bad_entry_attaches_none(void **state)
{
	static const unsigned int at[] = { 0, 1, N / 2, N - 1 };
	struct world *w = *state;
	unsigned int i, how;

	for (how = 0; how < RTE_DIM(bad_entries); how++) {
		for (i = 0; i < RTE_DIM(at); i++)
			assert_bulk_refused(w, how, at[i]);
		world_idle(w);
	}
}

static void
test_attach_bulk_two_bad_entries_reports_first(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *mbufs[3];
	struct mext_storage *storage = world_storage(w, 1);
	struct mext_storage *storages[3] = { storage, NULL, storage };

	assert_int_equal(mext_header_alloc_bulk(w->pool, mbufs, 3), 0);
	rte_mbuf_refcnt_update(mbufs[2], 1);
	assert_int_equal(mext_attach_bulk(mbufs, storages, 3, 0, 1), -EINVAL);
	storages[1] = storage;
	assert_int_equal(mext_attach_bulk(mbufs, storages, 3, 0, 1), -EBUSY);
	rte_mbuf_refcnt_update(mbufs[2], -1);
	mext_free_bulk(mbufs, 3);
	mext_storage_release(storage, 1);
}

static void
test_attach_bulk_storages_of_two_pools_count_in_each(void **state)
{
	struct world *w = *state;
	struct mext_stats before = stats_of(w->pool), other_before;
	struct mext_storage *storages[6];
	struct mext_pool *other;
	struct mext_pool_conf conf;
	struct rte_mbuf *mbufs[6];
	unsigned int i;

	world_conf(&conf);
	assert_int_equal(mext_pool_create("other", &conf, &other), 0);
	other_before = stats_of(other);
	for (i = 0; i < 6; i++)
		storages[i] = i == 2 || i == 3 ? mext_storage_alloc(other, 10)
					       : mext_storage_alloc(w->pool, 10);
	assert_int_equal(mext_header_alloc_bulk(w->pool, mbufs, 6), 0);
	assert_int_equal(mext_attach_bulk(mbufs, storages, 6, 0, 10), 0);
	assert_counted(w->pool, &before, .allocs = 4, .header_allocs = 6, .attaches = 4);
	assert_counted(other, &other_before, .allocs = 2, .attaches = 2);
	mext_free_bulk(mbufs, 6);
	assert_counted(w->pool, &before, .allocs = 4, .header_allocs = 6, .attaches = 4,
			.releases = 4, .returns_bulk = 4);
	assert_counted(other, &other_before, .allocs = 2, .attaches = 2, .releases = 2,
			.returns_bulk = 2);
	assert_int_equal(mext_pool_destroy(other), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_attach_bulk_of_none_does_nothing),
		world_test(test_attach_bulk_one_storage_in_all_takes_one_reference_each),
		world_test(test_attach_bulk_one_bad_entry_attaches_none),
		world_test(test_attach_bulk_two_bad_entries_reports_first),
		world_test(test_attach_bulk_storages_of_two_pools_count_in_each),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
