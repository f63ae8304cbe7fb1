/* SPDX-License-Identifier: BSD-3-Clause */
/* Where DPDK's own calls know nothing of sharing: what they do to mbufs of mext's, and what is right instead. */
#include "chains.h"
#include "kinds.h"

#define LEN 200
#define CUT 14 /* bytes of an Ethernet header */

/** A packet over bytes that nobody may write, and a share of it. */
static struct rte_mbuf *
shared(struct world *w, struct rte_mbuf **share)
{
	struct rte_mbuf *m = chain(w, { seg_storage, LEN });

	assert_int_equal(mext_storage_set_readonly(mext_storage_from_mbuf(m)), 0);
	assert_int_equal(mext_share(w->pool, m, 0, LEN, share), 0);
	assert_null(rte_pktmbuf_prepend(*share, 1));
	assert_null(rte_pktmbuf_append(*share, 1));
	return m;
}

/** What adj and trim take off, prepend and append give back: the bytes that the other holder sees. */
static void
test_stock_prepend_after_adj_gives_shared_bytes(void **state)
{
	struct rte_mbuf *share, *m = shared(*state, &share);
	char *bytes = rte_pktmbuf_mtod(m, char *);

	assert_non_null(rte_pktmbuf_adj(share, CUT));
	assert_ptr_equal(rte_pktmbuf_prepend(share, CUT), bytes);
	assert_int_equal(rte_pktmbuf_trim(share, CUT), 0);
	assert_ptr_equal(rte_pktmbuf_append(share, CUT), bytes + LEN - CUT);
	assert_false(mext_is_writable(share, 0, CUT));
	assert_false(mext_is_writable(share, LEN - CUT, CUT));
	rte_pktmbuf_free(share);
	rte_pktmbuf_free(m);
}

static void
test_stock_adj_then_verbs_leaves_shared_bytes_alone(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *share, *m = shared(w, &share);
	void *data;

	assert_non_null(rte_pktmbuf_adj(share, CUT));
	assert_int_equal(rte_pktmbuf_trim(share, CUT), 0);
	assert_int_equal(mext_prepend(w->pool, &share, CUT, &data), 0);
	fill_other(data, CUT);
	assert_int_equal(mext_append(w->pool, &share, CUT, &data), 0);
	fill_other(data, CUT);
	assert_int_equal(share->nb_segs, 3);
	assert_packet(m, 0, LEN);
	rte_pktmbuf_free(share);
	rte_pktmbuf_free(m);
}

static void
test_verbs_trim_then_stock_prepend_has_no_room(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *share, *m = shared(w, &share);

	assert_int_equal(mext_trim_front(w->pool, &share, CUT), 0);
	assert_null(rte_pktmbuf_prepend(share, 1));
	assert_int_equal(mext_trim_back(w->pool, &share, CUT), 0);
	assert_null(rte_pktmbuf_append(share, 1));
	assert_packet(share, CUT, LEN - 2 * CUT);
	rte_pktmbuf_free(share);
	rte_pktmbuf_free(m);
}

/** The mempool that a pool's packets are from. */
static struct rte_mempool *
pairs_of(struct mext_pool *pool)
{
	struct rte_mbuf *m = mext_packet_alloc(pool);
	struct rte_mempool *mp = m->pool;

	rte_pktmbuf_free(m);
	return mp;
}

/** A copy by DPDK into a mempool of pairs; before 26.03 and 24.11.5 its head has lost its mark. */
static struct rte_mbuf *
copy(struct rte_mbuf *m, struct mext_pool *pool)
{
	struct rte_mbuf *k = rte_pktmbuf_copy(m, pairs_of(pool), 0, UINT32_MAX);

	assert_non_null(k);
	k->ol_flags &= ~RTE_MBUF_F_EXTERNAL;
	assert_packet(k, 0, LEN);
	assert_true(mext_is_writable(k, 0, LEN));
	return k;
}

/** Free a copy and what shares its bytes, in both orders and each way; the last one has the bytes. */
static void
free_both(struct rte_mbuf *k, struct rte_mbuf *other, unsigned int how)
{
	struct rte_mbuf *first = how % 2 == 0 ? k : other, *last = how % 2 == 0 ? other : k;

	assert_false(mext_is_writable(k, 0, 1));
	assert_false(mext_is_writable(other, 0, 1));
	free_ways[how % nb_free_ways].free(&first, 1);
	assert_packet(last, 0, LEN);
	free_ways[how / 2 % nb_free_ways].free(&last, 1);
}

static void
test_stock_copy_into_pairs_is_cloned_after_its_mark_is_put_back(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_storage, LEN }), *k;
	struct mext_pool *pools[] = { w->pool, w->rx_pairs };
	unsigned int i, how;

	for (i = 0; i < RTE_DIM(pools); i++) {
		for (how = 0; how < 2 * nb_free_ways; how++) {
			k = copy(m, pools[i]);
			assert_ptr_equal(mext_storage_from_mbuf(k), k->shinfo);
			free_both(k, kind_clone(w, k), how);
			assert_int_equal(in_use(pools[i], "pairs"), 0);
		}
	}
	rte_pktmbuf_free(m);
}

/** The verbs put it back themselves. */
static void
test_stock_copy_into_pairs_is_shared_by_verbs(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_storage, LEN }), *k, *made;
	struct mext_pool *pools[] = { w->pool, w->rx_pairs };
	unsigned int i, how;

	for (i = 0; i < RTE_DIM(pools); i++) {
		for (how = 0; how < 6 * nb_free_ways; how++) {
			k = copy(m, pools[i]);
			if (how % 3 == 0)
				assert_int_equal(mext_share(w->pool, k, 0, LEN, &made), 0);
			else if (how % 3 == 1)
				assert_int_equal(mext_fanout(w->pool, k, &made, 1), 0);
			else
				assert_int_equal(mext_fanout_bulk(w->pool, &k, 1, &made, 1), 0);
			free_both(k, made, how);
			assert_int_equal(in_use(pools[i], "pairs"), 0);
		}
	}
	rte_pktmbuf_free(m);
}

/** With the room behind the header a copy without its mark is an ordinary mbuf, for clones as well. */
static void
test_stock_copy_into_received_pairs_is_cloned_as_it_is(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_storage, LEN }), *k;
	unsigned int how;

	for (how = 0; how < 2 * nb_free_ways; how++) {
		k = copy(m, w->rx_pairs);
		free_both(k, kind_clone(w, k), how);
		assert_int_equal(in_use(w->rx_pairs, "pairs"), 0);
	}
	rte_pktmbuf_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_stock_prepend_after_adj_gives_shared_bytes),
		world_test(test_stock_adj_then_verbs_leaves_shared_bytes_alone),
		world_test(test_verbs_trim_then_stock_prepend_has_no_room),
		world_test(test_stock_copy_into_pairs_is_cloned_after_its_mark_is_put_back),
		world_test(test_stock_copy_into_pairs_is_shared_by_verbs),
		world_test(test_stock_copy_into_received_pairs_is_cloned_as_it_is),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
