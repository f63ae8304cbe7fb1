/* SPDX-License-Identifier: BSD-3-Clause */
#include "kinds.h"

/** Some metadata of every sort that attach and detach must leave alone. */
static void
fill_metadata(struct rte_mbuf *m)
{
	m->port = 3;
	m->vlan_tci = 0x123;
	m->vlan_tci_outer = 0x456;
	m->packet_type = RTE_PTYPE_L2_ETHER;
	m->hash.rss = 0xdeadbeef;
	m->tx_offload = 0x1234;
	m->timesync = 5;
	m->ol_flags |= RTE_MBUF_F_TX_IP_CKSUM;
}

static void
test_attach_range_makes_packet_of_it(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = world_header(w), expected;
	struct mext_storage *storage = world_storage(w, WORLD_MEDIUM);

	fill_metadata(m);
	expected = *m;
	assert_int_equal(mext_attach(m, storage, 100, 200), 0);
	expected.buf_addr = (char *)mext_storage_data(storage) + 100;
	rte_mbuf_iova_set(&expected, mext_storage_iova(storage) + 100);
	expected.buf_len = expected.data_len = 200;
	expected.pkt_len = 200;
	expected.data_off = 0;
	expected.ol_flags |= RTE_MBUF_F_EXTERNAL;
	expected.shinfo = &storage->shinfo;
	assert_memory_equal(m, &expected, sizeof(expected));
	assert_int_equal(mext_storage_refcnt(storage), 1);
	assert_null(rte_pktmbuf_prepend(m, 1));
	assert_null(rte_pktmbuf_append(m, 1));
	rte_pktmbuf_free(m);
}

static void
test_attach_ranges_at_the_edges_succeed(void **state)
{
	static const struct {
		size_t off, len;
	} rows[] = { { 0, 0 }, { 0, 1 }, { 0, WORLD_LARGE / 2 }, { WORLD_LARGE, 0 },
		{ WORLD_LARGE - 1, 1 }, { 0, UINT16_MAX },
		{ WORLD_LARGE - UINT16_MAX, UINT16_MAX } };
	struct world *w = *state;
	struct rte_mbuf *m;
	unsigned int i;

	for (i = 0; i < RTE_DIM(rows); i++) {
		m = world_header(w);
		assert_int_equal(mext_attach(m, world_storage(w, WORLD_LARGE), rows[i].off,
						 rows[i].len),
				0);
		assert_int_equal(m->buf_len, rows[i].len);
		assert_int_equal(m->pkt_len, rows[i].len);
		mext_free_bulk(&m, 1);
	}
}

static void
test_attach_bad_range_is_refused_unchanged(void **state)
{
	static const struct {
		size_t off, len;
		int ret;
	} rows[] = {
		{ 0, WORLD_SMALL + 1, -ERANGE },
		{ 1, WORLD_SMALL, -ERANGE },
		{ WORLD_SMALL, 1, -ERANGE },
		{ WORLD_SMALL + 1, 0, -ERANGE },
		{ SIZE_MAX, 0, -ERANGE },
		{ SIZE_MAX, 1, -ERANGE },
		{ SIZE_MAX - 10, UINT16_MAX, -ERANGE },
		{ 0, UINT16_MAX + 1, -EMSGSIZE },
		{ 0, SIZE_MAX, -EMSGSIZE },
		{ SIZE_MAX, SIZE_MAX, -EMSGSIZE },
		{ 1, SIZE_MAX, -EMSGSIZE },
	};
	struct world *w = *state;
	struct rte_mbuf *m = world_header(w), before = *m;
	struct mext_storage *storage = world_storage(w, WORLD_SMALL), copy = *storage;
	struct mext_stats stats = stats_of(w->pool);
	unsigned int i;

	for (i = 0; i < RTE_DIM(rows); i++) {
		assert_int_equal(mext_attach(m, storage, rows[i].off, rows[i].len), rows[i].ret);
		assert_memory_equal(m, &before, sizeof(before));
		assert_memory_equal(storage, &copy, sizeof(copy));
	}
	assert_counted(w->pool, &stats, .attaches = 0);
	rte_pktmbuf_free(m);
	mext_storage_release(storage, 1);
}

static void
test_attach_over_65535_of_large_storage_is_too_long(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = world_header(w);
	struct mext_storage *storage = world_storage(w, WORLD_LARGE);

	assert_int_equal(mext_attach(m, storage, 0, UINT16_MAX + 1), -EMSGSIZE);
	assert_int_equal(mext_attach(m, storage, 0, WORLD_LARGE), -EMSGSIZE);
	rte_pktmbuf_free(m);
	mext_storage_release(storage, 1);
}

static void
test_attach_null_is_invalid(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = world_header(w);
	struct mext_storage *storage = world_storage(w, 1);

	assert_int_equal(mext_attach(NULL, storage, 0, 1), -EINVAL);
	assert_int_equal(mext_attach(m, NULL, 0, 1), -EINVAL);
	assert_int_equal(mext_attach(NULL, NULL, 0, 1), -EINVAL);
	rte_pktmbuf_free(m);
	mext_storage_release(storage, 1);
}

/** A received packet's bytes go out again under another header, and the pair goes back whole. */
static void
test_attach_storage_of_pair_outlives_its_header(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *packet, *m;
	struct mext_storage *storage;
	unsigned int way;

	for (way = 0; way < nb_free_ways; way++) {
		packet = mext_packet_alloc(w->pool);
		memcpy(rte_pktmbuf_append(packet, 5), "bytes", 5);
		storage = mext_storage_from_mbuf(packet);
		m = world_header(w);
		assert_int_equal(mext_storage_hold(storage, 1), 0);
		assert_int_equal(mext_attach(m, storage, WORLD_HEADROOM, 5), 0);
		rte_pktmbuf_free(packet);
		assert_int_equal(in_use(w->pool, "pairs"), 1);
		assert_int_equal(mext_storage_refcnt(storage), 1);
		assert_memory_equal(rte_pktmbuf_mtod(m, void *), "bytes", 5);
		free_ways[way].free(&m, 1);
		world_idle(w);
	}
}

/** As a driver makes them: only the head counts the segments, others have 1 and a next. */
static void
test_attach_and_detach_middle_of_chain_are_refused(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m[4], before[4];
	struct mext_storage *storage = world_storage(w, 1), *found = NULL;
	unsigned int i;

	assert_int_equal(mext_header_alloc_bulk(w->pool, m, 4), 0);
	assert_int_equal(mext_attach(m[2], world_storage(w, 1), 0, 1), 0);
	for (i = 0; i < 3; i++)
		m[i]->next = m[i + 1];
	m[0]->nb_segs = 4;
	m[0]->pkt_len = 1;
	for (i = 0; i < 4; i++)
		before[i] = *m[i];
	assert_int_equal(mext_attach(m[0], storage, 0, 1), -EMLINK);
	assert_int_equal(mext_attach(m[1], storage, 0, 1), -EMLINK);
	assert_int_equal(mext_detach(m[2], &found), -EMLINK);
	assert_null(found);
	for (i = 0; i < 4; i++)
		assert_memory_equal(m[i], &before[i], sizeof(before[i]));
	rte_pktmbuf_free(m[0]);
	mext_storage_release(storage, 1);
}

static void
test_detach_gives_back_storage_and_room(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->plain), expected;
	struct mext_storage *storage = world_storage(w, 100), *found = NULL;

	fill_metadata(m);
	expected = *m;
	assert_int_equal(mext_attach(m, storage, 5, 50), 0);
	assert_int_equal(mext_detach(m, &found), 0);
	assert_ptr_equal(found, storage);
	assert_int_equal(mext_storage_refcnt(storage), 1);
	expected.ol_flags = 0;
	expected.shinfo = m->shinfo; /* means nothing without the mark */
	assert_memory_equal(m, &expected, sizeof(expected));
	assert_int_equal(mext_attach(m, found, 0, 1), 0);
	rte_pktmbuf_free(m);
}

static void
test_detach_null_is_invalid(void **state)
{
	struct mext_storage *storage = (void *)1;

	(void)state;
	assert_int_equal(mext_detach(NULL, &storage), -EINVAL);
	assert_ptr_equal(storage, (void *)1);
}

static void
test_detach_clone_leaves_original(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = world_header(w), *clone;
	struct mext_storage *storage = world_storage(w, 100), *found;

	assert_int_equal(mext_attach(m, storage, 0, 100), 0);
	clone = kind_clone(w, m);
	assert_int_equal(mext_detach(clone, &found), 0);
	assert_ptr_equal(found, storage);
	assert_int_equal(mext_storage_refcnt(storage), 2);
	rte_pktmbuf_free(clone);
	rte_pktmbuf_free(m);
	assert_int_equal(mext_storage_refcnt(storage), 1);
	mext_storage_release(storage, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_attach_range_makes_packet_of_it),
		world_test(test_attach_ranges_at_the_edges_succeed),
		world_test(test_attach_bad_range_is_refused_unchanged),
		world_test(test_attach_over_65535_of_large_storage_is_too_long),
		world_test(test_attach_null_is_invalid),
		world_test(test_attach_storage_of_pair_outlives_its_header),
		world_test(test_attach_and_detach_middle_of_chain_are_refused),
		world_test(test_detach_gives_back_storage_and_room),
		world_test(test_detach_null_is_invalid),
		world_test(test_detach_clone_leaves_original),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
