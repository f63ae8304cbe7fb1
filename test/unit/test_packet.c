/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>

#include "idle.h"
#include "kinds.h"

/** As mext_packet_alloc() promises, whatever was done to the mbuf before. */
static void
assert_packet(const struct rte_mbuf *m)
{
	const struct mext_storage *storage = storage_in_pair(m);

	assert_int_equal(m->data_off, WORLD_HEADROOM);
	assert_int_equal(rte_pktmbuf_tailroom(m), 1500);
	assert_int_equal(m->data_len, 0);
	assert_int_equal(m->pkt_len, 0);
	assert_int_equal(m->nb_segs, 1);
	assert_null(m->next);
	assert_int_equal(rte_mbuf_refcnt_read(m), 1);
	assert_int_equal(m->ol_flags, RTE_MBUF_F_EXTERNAL);
	assert_int_equal(m->port, RTE_MBUF_PORT_INVALID);
	assert_int_equal(m->packet_type, 0);
	assert_int_equal(m->vlan_tci, 0);
	assert_int_equal(m->vlan_tci_outer, 0);
	assert_int_equal(m->tx_offload, 0);
	assert_ptr_equal(m->shinfo, storage);
	assert_int_equal(mext_storage_refcnt(storage), 1);
	assert_int_equal(mext_storage_flags(storage), MEXT_STORAGE_PAIR);
	assert_ptr_equal(m->buf_addr, mext_storage_data(storage));
}

/** Everything an application or a driver may leave in an mbuf it frees. */
static void
soil(struct rte_mbuf *m)
{
	m->port = 1;
	m->data_off = 0;
	m->vlan_tci = m->vlan_tci_outer = 1;
	m->packet_type = 1;
	m->tx_offload = 1;
	m->ol_flags |= RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_RX_VLAN;
	m->data_len = 10;
	m->pkt_len = 10;
}

static void
test_packet_alloc_gives_clean_pair_with_headroom(void **state)
{
	struct world *w = *state;
	struct mext_stats before = stats_of(w->pool);
	struct rte_mbuf *m = mext_packet_alloc(w->pool);

	assert_packet(m);
	assert_non_null(rte_pktmbuf_append(m, 1500));
	assert_non_null(rte_pktmbuf_prepend(m, WORLD_HEADROOM));
	assert_null(rte_pktmbuf_append(m, 1));
	assert_counted(w->pool, &before, .allocs = 1);
	rte_pktmbuf_free(m);
}

/** All pairs, soiled and freed in each way, come back whole. */
static void
test_packet_alloc_after_each_way_of_free_gives_whole_pairs(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *mbufs[WORLD_PAIRS];
	unsigned int i, way;

	for (way = 0; way <= nb_free_ways; way++) {
		assert_int_equal(mext_packet_alloc_bulk(w->pool, mbufs, WORLD_PAIRS), 0);
		for (i = 0; i < WORLD_PAIRS; i++) {
			assert_packet(mbufs[i]);
			soil(mbufs[i]);
		}
		/* Every second one as the tail of a chain. */
		for (i = 0; i < WORLD_PAIRS; i += 2) {
			assert_int_equal(rte_pktmbuf_chain(mbufs[i], mbufs[i + 1]), 0);
			mbufs[i / 2] = mbufs[i];
		}
		free_ways[way % nb_free_ways].free(mbufs, WORLD_PAIRS / 2);
	}
}

static void
test_packet_alloc_after_lost_mark_gives_whole_pairs(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *mbufs[WORLD_PAIRS];
	unsigned int i, way;

	for (way = 0; way <= nb_free_ways; way++) {
		assert_int_equal(mext_packet_alloc_bulk(w->pool, mbufs, WORLD_PAIRS), 0);
		for (i = 0; i < WORLD_PAIRS; i++) {
			assert_packet(mbufs[i]);
			mbufs[i]->ol_flags = RTE_MBUF_F_RX_VLAN;
		}
		free_ways[way % nb_free_ways].free(mbufs, WORLD_PAIRS);
	}
}

/** The header goes first, in chains, the storage last: by release, and by a clone in each way. */
static void
test_packet_alloc_after_last_holder_was_not_header_gives_whole_pairs(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *mbufs[WORLD_PAIRS], *clones[WORLD_PAIRS], *heads[WORLD_PAIRS / 2];
	struct mext_storage *storages[WORLD_PAIRS];
	unsigned int i, way;

	for (way = 0; way <= nb_free_ways; way++) {
		assert_int_equal(mext_packet_alloc_bulk(w->pool, mbufs, WORLD_PAIRS), 0);
		for (i = 0; i < WORLD_PAIRS; i++) {
			assert_packet(mbufs[i]);
			soil(mbufs[i]);
			storages[i] = mext_storage_from_mbuf(mbufs[i]);
			clones[i] = kind_clone(w, mbufs[i]);
			assert_int_equal(mext_storage_hold(storages[i], 1), 0);
		}
		for (i = 0; i < WORLD_PAIRS; i += 2) {
			heads[i / 2] = mbufs[i];
			assert_int_equal(rte_pktmbuf_chain(mbufs[i], mbufs[i + 1]), 0);
		}
		free_ways[way % nb_free_ways].free(heads, WORLD_PAIRS / 2);
		assert_int_equal(in_use(w->pool, "pairs"), WORLD_PAIRS);
		assert_null(mext_packet_alloc(w->pool));
		mext_storage_release_bulk(storages, WORLD_PAIRS / 2);
		free_ways[way % nb_free_ways].free(clones, WORLD_PAIRS);
		assert_int_equal(in_use(w->pool, "pairs"), WORLD_PAIRS / 2);
		mext_storage_release_bulk(&storages[WORLD_PAIRS / 2], WORLD_PAIRS / 2);
		assert_int_equal(in_use(w->pool, "pairs"), 0);
	}
}

static void
test_packet_header_shared_and_storage_held_goes_back_whole(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage;
	struct rte_mbuf *m;
	unsigned int way;

	for (way = 0; way < nb_free_ways; way++) {
		m = mext_packet_alloc(w->pool);
		storage = mext_storage_from_mbuf(m);
		assert_int_equal(mext_storage_hold(storage, 1), 0);
		rte_mbuf_refcnt_update(m, 2);
		free_ways[way].free(&m, 1);
		assert_int_equal(mext_storage_refcnt(storage), 2);
		free_ways[(way + 1) % nb_free_ways].free(&m, 1);
		assert_int_equal(mext_storage_refcnt(storage), 2);
		free_ways[way].free(&m, 1);
		assert_int_equal(mext_storage_refcnt(storage), 1);
		assert_int_equal(in_use(w->pool, "pairs"), 1);
		assert_int_equal(mext_storage_release(storage, 1), 0);
		world_idle(w);
	}
}

/** A driver wrote ol_flags; the application holds the storage beyond the mbuf. */
static void
test_packet_lost_mark_is_put_back_before_hold(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage;
	struct rte_mbuf *m;
	unsigned int way;

	for (way = 0; way < nb_free_ways; way++) {
		m = mext_packet_alloc(w->rx_pairs);
		m->ol_flags = RTE_MBUF_F_RX_VLAN;
		storage = mext_storage_from_mbuf(m);
		assert_ptr_equal(storage, storage_in_pair(m));
		assert_int_equal(m->ol_flags, RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_EXTERNAL);
		assert_int_equal(mext_storage_hold(storage, 1), 0);
		free_ways[way].free(&m, 1);
		assert_int_equal(in_use(w->rx_pairs, "pairs"), 1);
		assert_int_equal(mext_storage_release(storage, 1), 0);
		world_idle(w);
	}
}

/** A clone made without the mark hangs on the header: holding the storage would not keep it. */
static void
test_packet_lost_mark_of_shared_header_is_left_alone(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = mext_packet_alloc(w->rx_pairs), *clone;

	m->ol_flags = 0;
	clone = kind_clone(w, m);
	assert_int_equal(rte_mbuf_refcnt_read(m), 2);
	assert_null(mext_storage_from_mbuf(m));
	assert_int_equal(m->ol_flags, 0);
	rte_pktmbuf_free(m);
	assert_int_equal(in_use(w->rx_pairs, "pairs"), 1);
	rte_pktmbuf_free(clone);
}

static void
test_packet_clone_has_the_same_bytes(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m, *clone;
	struct mext_pool *pool;
	int marked;

	for (marked = 0; marked < 2; marked++) {
		pool = marked ? w->pool : w->rx_pairs;
		m = mext_packet_alloc(pool);
		memcpy(rte_pktmbuf_append(m, 5), "bytes", 5);
		if (!marked)
			m->ol_flags = 0;
		clone = kind_clone(w, m);
		assert_int_equal(clone->pkt_len, 5);
		assert_ptr_equal(rte_pktmbuf_mtod(clone, void *), rte_pktmbuf_mtod(m, void *));
		rte_pktmbuf_free(m);
		assert_int_equal(in_use(pool, "pairs"), 1);
		assert_memory_equal(rte_pktmbuf_mtod(clone, void *), "bytes", 5);
		rte_pktmbuf_free(clone);
		assert_int_equal(in_use(pool, "pairs"), 0);
	}
}

static void
test_packet_alloc_bulk_one_more_than_there_is_takes_none(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *mbufs[WORLD_PAIRS + 2], *const mark = (void *)1;
	struct mext_stats before = stats_of(w->pool);

	mbufs[WORLD_PAIRS + 1] = mark;
	assert_int_equal(mext_packet_alloc_bulk(w->pool, mbufs, WORLD_PAIRS + 1), -ENOBUFS);
	assert_ptr_equal(mbufs[WORLD_PAIRS + 1], mark);
	assert_counted(w->pool, &before, .alloc_failures = 1);
	world_idle(w);
	assert_int_equal(mext_packet_alloc_bulk(w->pool, mbufs, WORLD_PAIRS), 0);
	assert_null(mext_packet_alloc(w->pool));
	assert_counted(w->pool, &before, .allocs = WORLD_PAIRS, .alloc_failures = 2);
	mext_free_bulk(mbufs, WORLD_PAIRS);
}

static void
test_header_alloc_bulk_one_more_than_there_is_takes_none(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *mbufs[WORLD_HEADERS + 2], *const mark = (void *)1;
	struct mext_stats before = stats_of(w->pool);

	mbufs[WORLD_HEADERS + 1] = mark;
	assert_int_equal(mext_header_alloc_bulk(w->pool, mbufs, WORLD_HEADERS + 1), -ENOBUFS);
	assert_ptr_equal(mbufs[WORLD_HEADERS + 1], mark);
	assert_counted(w->pool, &before, .header_failures = 1);
	world_idle(w);
	assert_int_equal(mext_header_alloc_bulk(w->pool, mbufs, WORLD_HEADERS), 0);
	assert_counted(w->pool, &before, .header_allocs = WORLD_HEADERS, .header_failures = 1);
	mext_free_bulk(mbufs, WORLD_HEADERS);
}

static void
test_alloc_bulk_of_none_succeeds(void **state)
{
	struct world *w = *state;
	struct mext_stats before = stats_of(w->pool);

	assert_int_equal(mext_packet_alloc_bulk(w->pool, NULL, 0), 0);
	assert_int_equal(mext_header_alloc_bulk(w->pool, NULL, 0), 0);
	assert_counted(w->pool, &before, .allocs = 0);
}

static void
test_header_alloc_after_each_way_of_free_gives_clean_headers(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *mbufs[WORLD_HEADERS];
	unsigned int i, way;

	for (way = 0; way <= nb_free_ways; way++) {
		assert_int_equal(mext_header_alloc_bulk(w->pool, mbufs, WORLD_HEADERS), 0);
		for (i = 0; i < WORLD_HEADERS; i++) {
			assert_int_equal(mbufs[i]->ol_flags, 0);
			assert_int_equal(mbufs[i]->data_off, 0);
			assert_int_equal(mbufs[i]->pkt_len, 0);
			assert_int_equal(mbufs[i]->data_len, 0);
			assert_int_equal(mbufs[i]->port, RTE_MBUF_PORT_INVALID);
			assert_int_equal(mbufs[i]->tx_offload, 0);
			assert_int_equal(mbufs[i]->packet_type, 0);
			assert_int_equal(mbufs[i]->vlan_tci | mbufs[i]->vlan_tci_outer, 0);
			world_attach_foreign(w, mbufs[i]);
			soil(mbufs[i]);
		}
		free_ways[way % nb_free_ways].free(mbufs, WORLD_HEADERS);
		world_idle(w);
	}
}

static void *
thread_packets(void *arg)
{
	struct world *w = arg;
	struct rte_mbuf *mbufs[WORLD_PAIRS];

	if (mext_packet_alloc_bulk(w->pool, mbufs, WORLD_PAIRS) < 0)
		return NULL;
	mext_free_bulk(mbufs, WORLD_PAIRS);
	if (mext_header_alloc_bulk(w->pool, mbufs, WORLD_PAIRS) < 0)
		return NULL;
	rte_pktmbuf_free_bulk(mbufs, WORLD_PAIRS);
	return arg;
}

static void
test_packet_alloc_by_thread_without_lcore_counts(void **state)
{
	struct world *w = *state;
	struct mext_stats before = stats_of(w->pool);
	pthread_t thread;
	void *ret;

	assert_int_equal(pthread_create(&thread, NULL, thread_packets, w), 0);
	assert_int_equal(pthread_join(thread, &ret), 0);
	assert_ptr_equal(ret, w);
	assert_int_equal(stats_of(w->pool).allocs, before.allocs + WORLD_PAIRS);
	assert_int_equal(stats_of(w->pool).header_allocs, before.header_allocs + WORLD_PAIRS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_packet_alloc_gives_clean_pair_with_headroom),
		world_test(test_packet_alloc_after_each_way_of_free_gives_whole_pairs),
		world_test(test_packet_alloc_after_lost_mark_gives_whole_pairs),
		world_test(test_packet_alloc_after_last_holder_was_not_header_gives_whole_pairs),
		world_test(test_packet_header_shared_and_storage_held_goes_back_whole),
		world_test(test_packet_lost_mark_is_put_back_before_hold),
		world_test(test_packet_lost_mark_of_shared_header_is_left_alone),
		world_test(test_packet_clone_has_the_same_bytes),
		world_test(test_packet_alloc_bulk_one_more_than_there_is_takes_none),
		world_test(test_header_alloc_bulk_one_more_than_there_is_takes_none),
		world_test(test_alloc_bulk_of_none_succeeds),
		world_test(test_header_alloc_after_each_way_of_free_gives_clean_headers),
		world_test(test_packet_alloc_by_thread_without_lcore_counts),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
