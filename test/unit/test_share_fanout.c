/* SPDX-License-Identifier: BSD-3-Clause */
#include "calls.h"
#include "kinds.h"
#include "pool.h"
#include "shot.h"

#define MANY 130 /* more than two bursts of 64 */
#define MARK ((struct rte_mbuf *)(uintptr_t)0x1000)

static void
test_fanout_adds_n_references_to_each_segment(void **state)
{
	static const unsigned int numbers[] = { 1, 2, 63, 64, 65, 128, MANY };
	struct world *w = *state;
	struct rte_mbuf *m, *copies[MANY + 1];
	struct mext_stats before;
	struct shot shot;
	unsigned int i, j, n;

	m = chain(w, { seg_direct, 100 }, { seg_storage, 200 }, { seg_pair, 300 });
	shot_take(&shot, w, m);
	for (i = 0; i < RTE_DIM(numbers); i++) {
		n = numbers[i];
		before = stats_of(w->pool);
		copies[n] = MARK;
		assert_int_equal(mext_fanout(w->pool, m, copies, n), 0);
		assert_ptr_equal(copies[n], MARK);
		assert_counted(w->pool, &before, .header_allocs = 3 * n);
		for (j = 0; j < 3; j++)
			assert_int_equal(seg_count(seg_at(m, j)), 1 + n);
		for (j = 0; j < n; j++) {
			assert_packet(copies[j], 0, 600);
			assert_lens(copies[j], 100, 200, 300);
		}
		assert_still(&shot);
		mext_free_bulk(copies, n);
		assert_unchanged(&shot);
	}
	shot_free(&shot);
	rte_pktmbuf_free(m);
}

/** But for the room that is beside shared bytes. */
static void
assert_as_clone(const struct rte_mbuf *copy, const struct rte_mbuf *clone)
{
	struct rte_mbuf want;

	for (; clone != NULL; clone = clone->next, copy = copy->next) {
		want = *clone;
		assert_non_null(copy);
		assert_ptr_equal(rte_pktmbuf_mtod(copy, void *), rte_pktmbuf_mtod(clone, void *));
		assert_int_equal(rte_pktmbuf_iova(copy), rte_pktmbuf_iova(clone));
		want.buf_addr = copy->buf_addr;
		rte_mbuf_iova_set(&want, rte_mbuf_iova_get(copy));
		want.data_off = copy->data_off;
		want.buf_len = copy->buf_len;
		want.next = copy->next;
		want.pool = copy->pool;
		want.shinfo = copy->shinfo;
		assert_memory_equal(copy, &want, sizeof(want));
	}
	assert_null(copy);
}

static void
test_fanout_of_kind_is_as_clone(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m, *copies[2], *clone;
	unsigned int i;

	for (i = 0; i < nb_kind_rows; i++) {
		m = kind_rows[i].make(w);
		assert_int_equal(mext_fanout(w->pool, m, copies, 2), 0);
		clone = kind_clone(w, m);
		assert_as_clone(copies[0], clone);
		assert_as_clone(copies[1], clone);
		rte_pktmbuf_free(m);
		rte_pktmbuf_free(copies[1]);
		rte_pktmbuf_free(copies[0]);
		rte_pktmbuf_free(clone);
		world_idle(w);
	}
}

static void
test_fanout_freed_in_any_way_returns_all(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *mbufs[MANY + 1];
	unsigned int way;

	for (way = 0; way < nb_free_ways; way++) {
		mbufs[MANY] = chain(w, { seg_direct, 100 }, { seg_storage, 200 },
				{ seg_foreign, 50 }, { seg_pair, 300 });
		assert_int_equal(mext_fanout(w->pool, mbufs[MANY], mbufs, MANY), 0);
		free_ways[way].free(mbufs, MANY + 1);
		world_idle(w);
		mbufs[0] = chain(w, { seg_clone, 100 }, { seg_readonly, 200 }, { seg_pinned, 50 },
				{ seg_leaf, 10 });
		assert_int_equal(mext_fanout(w->pool, mbufs[0], &mbufs[1], MANY), 0);
		free_ways[way].free(mbufs, MANY + 1);
		world_idle(w);
	}
}

static void
test_fanout_freed_in_bulk_releases_all_references(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_storage, 100 }), *copies[MANY];
	struct mext_stats before;

	assert_int_equal(mext_fanout(w->pool, m, copies, MANY), 0);
	before = stats_of(w->pool);
	mext_free_bulk(copies, MANY);
	assert_counted(w->pool, &before, .releases = MANY);
	mext_free_bulk(&m, 1);
	assert_counted(w->pool, &before, .releases = MANY + 1, .returns_bulk = 1);
}

static void
test_fanout_to_none_does_nothing(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_storage, 100 }), *copies = MARK;
	struct mext_stats before = stats_of(w->pool);
	struct shot shot;

	shot_take(&shot, w, m);
	assert_int_equal(mext_fanout(w->pool, m, &copies, 0), 0);
	assert_ptr_equal(copies, MARK);
	assert_unchanged(&shot);
	assert_counted(w->pool, &before, .allocs = 0);
	shot_free(&shot);
	rte_pktmbuf_free(m);
}

static void
test_fanout_of_empty_packet_gives_empty_packets(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_pair, 0 }, { seg_storage, 0 }), *copies[2];

	assert_int_equal(mext_fanout(w->pool, m, copies, 2), 0);
	assert_lens(copies[0], 0);
	assert_packet(copies[1], 0, 0);
	mext_free_bulk(copies, 2);
	rte_pktmbuf_free(m);
}

/** Refused: nothing has changed, nor what is behind the n entries of the array. */
static void
refuse(struct world *w, struct rte_mbuf *m, unsigned int n, int ret)
{
	struct rte_mbuf *copies[WORLD_HEADERS + 2];
	struct shot shot;

	copies[n] = MARK;
	shot_take(&shot, w, m);
	assert_int_equal(mext_fanout(w->pool, m, copies, n), ret);
	assert_ptr_equal(copies[n], MARK);
	assert_unchanged(&shot);
	shot_free(&shot);
}

static void
test_fanout_beyond_count_of_any_segment_is_eoverflow(void **state)
{
	static const seg_make_t makes[] = { seg_direct, seg_clone, seg_pinned, seg_foreign,
		seg_pair, seg_storage, seg_readonly };
	struct world *w = *state;
	struct rte_mbuf *m, *seg, *copies[MANY];
	unsigned int i;

	for (i = 0; i < RTE_DIM(makes) * 3; i++) {
		m = chain(w, { makes[i / 3], 100 }, { makes[i / 3], 90 }, { makes[i / 3], 80 });
		seg = seg_at(m, i % 3);
		seg_set_count(seg, seg_most(seg) - MANY);
		refuse(w, m, MANY + 1, -EOVERFLOW);
		assert_int_equal(mext_fanout(w->pool, m, copies, MANY), 0);
		assert_int_equal(seg_count(seg), seg_most(seg));
		refuse(w, m, 1, -EOVERFLOW);
		mext_free_bulk(copies, MANY);
		seg_set_count(seg, 1);
		rte_pktmbuf_free(m);
	}
}

static void
test_fanout_beyond_headers_is_enobufs(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_pair, 100 }, { seg_direct, 200 });
	struct rte_mbuf *copies[WORLD_HEADERS / 2];
	struct mext_stats before = stats_of(w->pool);

	refuse(w, m, WORLD_HEADERS / 2 + 1, -ENOBUFS);
	refuse(w, m, WORLD_HEADERS, -ENOBUFS);
	refuse(w, m, WORLD_HEADERS + 1, -ENOBUFS);
	assert_counted(w->pool, &before, .header_failures = 3);
	assert_int_equal(mext_fanout(w->pool, m, copies, WORLD_HEADERS / 2), 0);
	mext_free_bulk(copies, WORLD_HEADERS / 2);
	rte_pktmbuf_free(m);
}

static void
test_fanout_null_is_einval(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *copies[2] = { MARK, MARK };

	assert_int_equal(mext_fanout(w->pool, NULL, copies, 2), -EINVAL);
	assert_int_equal(mext_fanout(w->pool, NULL, copies, 0), -EINVAL);
	assert_ptr_equal(copies[0], MARK);
}

static void
test_fanout_from_pool_made_without_headers_is_enomem(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_pair, 50 }), *copies[2];
	struct shot shot;

	shot_take(&shot, w, m);
	assert_int_equal(mext_fanout(w->rx_pairs, m, copies, 2), -ENOMEM);
	assert_unchanged(&shot);
	shot_free(&shot);
	rte_pktmbuf_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_fanout_adds_n_references_to_each_segment),
		world_test(test_fanout_of_kind_is_as_clone),
		world_test(test_fanout_freed_in_any_way_returns_all),
		world_test(test_fanout_freed_in_bulk_releases_all_references),
		world_test(test_fanout_to_none_does_nothing),
		world_test(test_fanout_of_empty_packet_gives_empty_packets),
		world_test(test_fanout_beyond_count_of_any_segment_is_eoverflow),
		world_test(test_fanout_beyond_headers_is_enobufs),
		world_test(test_fanout_null_is_einval),
		world_test(test_fanout_from_pool_made_without_headers_is_enomem),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
