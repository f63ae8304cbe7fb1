/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#define N 70 /* more than a burst, more than a batch of 64 */

static void
assert_attached(const struct rte_mbuf *m, const struct mext_storage *storage, size_t off,
		uint16_t len)
{
	assert_ptr_equal(m->buf_addr, (char *)mext_storage_data(storage) + off);
	assert_int_equal(rte_mbuf_iova_get(m), mext_storage_iova(storage) + off);
	assert_int_equal(m->buf_len, len);
	assert_int_equal(m->data_len, len);
	assert_int_equal(m->pkt_len, len);
	assert_int_equal(m->data_off, 0);
	assert_int_equal(m->ol_flags, RTE_MBUF_F_EXTERNAL);
	assert_ptr_equal(m->shinfo, storage);
	assert_int_equal(rte_mbuf_refcnt_read(m), 1);
	assert_int_equal(m->nb_segs, 1);
	assert_null(m->next);
	assert_int_equal(m->port, RTE_MBUF_PORT_INVALID);
	assert_int_equal(m->packet_type, 0);
	assert_int_equal(m->vlan_tci | m->vlan_tci_outer, 0);
	assert_int_equal(m->tx_offload, 0);
}

/** All headers soiled and back, so that whichever comes next shows what is reset. */
static void
soil_headers(struct world *w)
{
	struct rte_mbuf *mbufs[WORLD_HEADERS];
	unsigned int i;

	assert_int_equal(mext_header_alloc_bulk(w->pool, mbufs, WORLD_HEADERS), 0);
	for (i = 0; i < WORLD_HEADERS; i++) {
		mbufs[i]->vlan_tci = mbufs[i]->vlan_tci_outer = 1;
		mbufs[i]->tx_offload = 1;
		mbufs[i]->packet_type = 1;
		mbufs[i]->port = 1;
		mbufs[i]->ol_flags = RTE_MBUF_F_TX_IP_CKSUM;
	}
	rte_pktmbuf_free_bulk(mbufs, WORLD_HEADERS);
}

static void
test_attach_new_bulk_makes_clean_packets(void **state)
{
	struct world *w = *state;
	struct mext_storage *storages[WORLD_MEDIUMS];
	struct rte_mbuf *mbufs[WORLD_MEDIUMS];
	struct mext_stats before;
	unsigned int i;

	soil_headers(w);
	before = stats_of(w->pool);
	assert_int_equal(
			mext_storage_alloc_bulk(w->pool, WORLD_MEDIUM, storages, WORLD_MEDIUMS), 0);
	assert_int_equal(mext_attach_new_bulk(w->pool, mbufs, storages, WORLD_MEDIUMS, 100, 1000),
			0);
	for (i = 0; i < WORLD_MEDIUMS; i++) {
		assert_attached(mbufs[i], storages[i], 100, 1000);
		assert_int_equal(mext_storage_refcnt(storages[i]), 1);
	}
	assert_counted(w->pool, &before, .allocs = WORLD_MEDIUMS, .header_allocs = WORLD_MEDIUMS,
			.attaches = WORLD_MEDIUMS);
	mext_free_bulk(mbufs, WORLD_MEDIUMS);
}

static void
test_attach_new_bulk_one_storage_takes_one_reference_each(void **state)
{
	struct world *w = *state;
	struct mext_storage *storages[N], *storage = world_wrap(w, 100);
	struct rte_mbuf *mbufs[N];
	unsigned int i;

	assert_int_equal(mext_storage_hold(storage, N - 1), 0);
	for (i = 0; i < N; i++)
		storages[i] = storage;
	assert_int_equal(mext_attach_new_bulk(w->pool, mbufs, storages, N, 0, 100), 0);
	assert_int_equal(mext_storage_refcnt(storage), N);
	mext_free_bulk(mbufs, N);
	assert_int_equal(w->wraps_freed, 1);
}

static void
test_attach_new_bulk_of_none_does_nothing(void **state)
{
	struct world *w = *state;
	struct mext_stats before = stats_of(w->pool);

	assert_int_equal(mext_attach_new_bulk(w->pool, NULL, NULL, 0, 0, 1), 0);
	assert_int_equal(mext_attach_new_bulk(w->pool, NULL, NULL, 0, SIZE_MAX, SIZE_MAX), 0);
	assert_counted(w->pool, &before, .attaches = 0);
}

static void
test_attach_new_bulk_mixed_mempools_counts_all(void **state)
{
	struct world *w = *state;
	struct mext_storage *storages[3] = { world_storage(w, WORLD_SMALL), world_wrap(w, 20),
		world_storage(w, WORLD_LARGE) };
	struct mext_stats before = stats_of(w->pool);
	struct rte_mbuf *mbufs[3];
	unsigned int i;

	assert_int_equal(mext_attach_new_bulk(w->pool, mbufs, storages, 3, 5, 15), 0);
	for (i = 0; i < 3; i++)
		assert_attached(mbufs[i], storages[i], 5, 15);
	assert_counted(w->pool, &before, .header_allocs = 3, .attaches = 3);
	mext_free_bulk(mbufs, 3);
}

static void
test_attach_new_bulk_edges_of_range_succeed(void **state)
{
	static const struct {
		size_t off, len;
	} rows[] = { { 0, 0 }, { WORLD_LARGE, 0 }, { 0, UINT16_MAX },
		{ WORLD_LARGE - UINT16_MAX, UINT16_MAX } };
	struct world *w = *state;
	struct mext_storage *storage;
	struct rte_mbuf *m;
	unsigned int i;

	for (i = 0; i < RTE_DIM(rows); i++) {
		storage = world_storage(w, WORLD_LARGE);
		assert_int_equal(mext_attach_new_bulk(w->pool, &m, &storage, 1, rows[i].off,
						 rows[i].len),
				0);
		assert_attached(m, storage, rows[i].off, rows[i].len);
		rte_pktmbuf_free(m);
	}
}

static void
assert_refused(struct world *w, struct mext_storage *bad, unsigned int at, size_t off, size_t len,
		int ret)
{
	struct mext_storage *storages[N], *storage = world_storage(w, WORLD_SMALL);
	struct rte_mbuf *mbufs[N + 1], *const mark = (void *)1;
	uint64_t out = mext_stats_outstanding(w->pool);
	uint64_t attaches = stats_of(w->pool).attaches;
	uint16_t count = bad != NULL ? mext_storage_refcnt(bad) : 0;
	unsigned int i;

	assert_int_equal(mext_storage_hold(storage, N - 1), 0);
	for (i = 0; i < N; i++)
		storages[i] = i == at ? bad : storage;
	mbufs[N] = mark;
	assert_int_equal(mext_attach_new_bulk(w->pool, mbufs, storages, N, off, len), ret);
	assert_ptr_equal(mbufs[N], mark);
	assert_int_equal(mext_storage_refcnt(storage), N);
	if (bad != NULL)
		assert_int_equal(mext_storage_refcnt(bad), count);
	assert_int_equal(mext_stats_outstanding(w->pool), out);
	assert_int_equal(in_use(w->pool, "headers"), 0);
	assert_int_equal(stats_of(w->pool).attaches, attaches);
	assert_int_equal(mext_storage_release(storage, N), 0);
}

static void
test_attach_new_bulk_one_bad_storage_takes_nothing(void **state)
{
	static const unsigned int at[] = { 0, 1, N / 2, N - 1 };
	struct world *w = *state;
	struct mext_storage *wrapped = world_wrap(w, 10);
	unsigned int i;

	for (i = 0; i < RTE_DIM(at); i++) {
		assert_refused(w, NULL, at[i], 0, 11, -EINVAL);
		assert_refused(w, wrapped, at[i], 0, 11, -ERANGE);
		assert_refused(w, wrapped, at[i], 10, 1, -ERANGE);
		assert_refused(w, wrapped, at[i], SIZE_MAX, 1, -ERANGE);
		assert_refused(w, wrapped, at[i], SIZE_MAX, 0, -ERANGE);
		assert_refused(w, wrapped, at[i], 0, UINT16_MAX + 1, -EMSGSIZE);
		assert_refused(w, wrapped, at[i], SIZE_MAX, SIZE_MAX, -EMSGSIZE);
	}
	assert_int_equal(mext_storage_release(wrapped, 1), 0);
	world_idle(w);
	/* The headers that were given back are as new ones. */
	test_attach_new_bulk_makes_clean_packets(state);
}

static void
test_attach_new_bulk_two_bad_storages_reports_first(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage = world_storage(w, 1), *wrapped = world_wrap(w, 5);
	struct mext_storage *storages[3] = { storage, wrapped, NULL };
	struct rte_mbuf *mbufs[3];

	assert_int_equal(mext_attach_new_bulk(w->pool, mbufs, storages, 3, 0, 6), -ERANGE);
	storages[1] = NULL;
	storages[2] = wrapped;
	assert_int_equal(mext_attach_new_bulk(w->pool, mbufs, storages, 3, 0, 6), -EINVAL);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	assert_int_equal(mext_storage_release(wrapped, 1), 0);
}

static void
test_attach_new_bulk_without_headers_moves_no_reference(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage = world_storage(w, 1), *storages[2] = { storage, storage };
	struct rte_mbuf *all[WORLD_HEADERS], *mbufs[2];
	struct mext_stats before;

	assert_int_equal(mext_header_alloc_bulk(w->pool, all, WORLD_HEADERS - 1), 0);
	assert_int_equal(mext_storage_hold(storage, 1), 0);
	before = stats_of(w->pool);
	assert_int_equal(mext_attach_new_bulk(w->pool, mbufs, storages, 2, 0, 1), -ENOBUFS);
	assert_counted(w->pool, &before, .header_failures = 1);
	assert_int_equal(mext_storage_refcnt(storage), 2);
	assert_int_equal(in_use(w->pool, "headers"), WORLD_HEADERS - 1);
	mext_free_bulk(all, WORLD_HEADERS - 1);
	assert_int_equal(mext_storage_release(storage, 2), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_attach_new_bulk_makes_clean_packets),
		world_test(test_attach_new_bulk_one_storage_takes_one_reference_each),
		world_test(test_attach_new_bulk_of_none_does_nothing),
		world_test(test_attach_new_bulk_mixed_mempools_counts_all),
		world_test(test_attach_new_bulk_edges_of_range_succeed),
		world_test(test_attach_new_bulk_one_bad_storage_takes_nothing),
		world_test(test_attach_new_bulk_two_bad_storages_reports_first),
		world_test(test_attach_new_bulk_without_headers_moves_no_reference),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
