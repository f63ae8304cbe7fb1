/* SPDX-License-Identifier: BSD-3-Clause */
/* mext_fanout_private(): copies with a header each of their own. */
#include "calls.h"
#include "pool.h"
#include "scarce.h"
#include "shot.h"

#define N 3
#define PAIR_MAX 1500 /* bytes in a packet of the world's, behind its headroom */
#define SEG_MAX (UINT16_MAX - WORLD_HEADROOM) /* and in a storage on a header */
#define MARK ((struct rte_mbuf *)(uintptr_t)0x1000)

static void
test_private_writes_to_one_copy_are_unseen_in_others(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_direct, 100 }, { seg_pair, 200 }, { seg_storage, 300 });
	struct rte_mbuf *copies[N];
	struct mext_stats before = stats_of(w->pool);
	unsigned int i;

	w->pool->conf.copy_threshold = 0;
	assert_int_equal(mext_fanout_private(w->pool, m, 50, copies, N), 0);
	assert_counted(w->pool, &before, .allocs = N, .header_allocs = 3 * N);
	for (i = 0; i < N; i++) {
		assert_lens(copies[i], 50, 50, 200, 300);
		assert_true(mext_is_writable(copies[i], 0, 50));
		assert_false(mext_is_writable(copies[i], 50, 1));
		assert_int_equal(rte_pktmbuf_headroom(copies[i]), WORLD_HEADROOM);
		assert_ptr_equal(rte_pktmbuf_mtod(copies[i]->next, char *),
				rte_pktmbuf_mtod(m, char *) + 50);
		memset(rte_pktmbuf_prepend(copies[i], WORLD_HEADROOM), i, WORLD_HEADROOM + 50);
	}
	assert_packet(m, 0, 600);
	for (i = 0; i < N; i++) {
		assert_int_equal(*rte_pktmbuf_mtod_offset(copies[i], char *, 0), i);
		assert_int_equal(*rte_pktmbuf_mtod_offset(copies[i], char *, WORLD_HEADROOM + 49),
				i);
		assert_bytes(copies[i], WORLD_HEADROOM + 50, 50, 550);
	}
	mext_free_bulk(copies, N);
	rte_pktmbuf_free(m);
}

/** Up to the threshold what is behind is copied along, and then nothing is shared. */
static void
test_private_threshold_decides_whether_to_share(void **state)
{
	static const struct {
		uint32_t threshold;
		size_t hdr_len;
		bool copied;
	} rows[] = { { 0, 299, false }, { 0, 300, true }, { 99, 200, false }, { 100, 200, true },
		{ 101, 200, true }, { 299, 0, false }, { 300, 0, true }, { UINT16_MAX, 0, true } };
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_readonly, 100 }, { seg_pair, 200 }), *copies[N];
	struct mext_stats before;
	struct shot shot;
	unsigned int i;

	shot_take(&shot, w, m);
	for (i = 0; i < RTE_DIM(rows); i++) {
		w->pool->conf.copy_threshold = rows[i].threshold;
		before = stats_of(w->pool);
		assert_int_equal(mext_fanout_private(w->pool, m, rows[i].hdr_len, copies, N), 0);
		assert_packet(copies[N - 1], 0, 300);
		if (rows[i].copied) {
			assert_counted(w->pool, &before, .allocs = N);
			assert_lens(copies[0], 300);
			assert_true(mext_is_writable(copies[0], 0, 300));
			assert_int_equal(seg_count(m), 1);
		} else {
			assert_true(stats_of(w->pool).header_allocs > before.header_allocs);
			assert_int_equal(copies[0]->data_len, rows[i].hdr_len);
			assert_int_equal(seg_count(m->next), 1 + N);
		}
		mext_free_bulk(copies, N);
		assert_unchanged(&shot);
	}
	shot_free(&shot);
	rte_pktmbuf_free(m);
}

static void
test_private_of_no_bytes_has_empty_segment_with_headroom(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_storage, 100 }, { seg_direct, 200 }), *copies[N];

	w->pool->conf.copy_threshold = 0;
	assert_int_equal(mext_fanout_private(w->pool, m, 0, copies, N), 0);
	assert_lens(copies[0], 0, 100, 200);
	assert_packet(copies[0], 0, 300);
	assert_int_equal(rte_pktmbuf_headroom(copies[0]), WORLD_HEADROOM);
	mext_free_bulk(copies, N);
	rte_pktmbuf_free(m);
}

static void
test_private_over_segments_shares_what_is_behind(void **state)
{
	static const struct {
		size_t hdr_len;
		unsigned int nb_segs, lens[4];
	} rows[] = { { 1, 4, { 1, 99, 200, 300 } }, { 99, 4, { 99, 1, 200, 300 } },
		{ 100, 3, { 100, 200, 300 } }, { 101, 3, { 101, 199, 300 } },
		{ 300, 2, { 300, 300 } }, { 599, 2, { 599, 1 } }, { 600, 1, { 600 } } };
	struct world *w = *state;
	struct rte_mbuf *m =
			chain(w, { seg_pair, 100 }, { seg_foreign, 200 }, { seg_storage, 300 });
	struct rte_mbuf *copies[N];
	unsigned int i;

	w->pool->conf.copy_threshold = 0;
	for (i = 0; i < RTE_DIM(rows); i++) {
		assert_int_equal(mext_fanout_private(w->pool, m, rows[i].hdr_len, copies, N), 0);
		assert_packet(copies[1], 0, 600);
		check_lens(copies[1], rows[i].lens, rows[i].nb_segs, __FILE__, __LINE__);
		mext_free_bulk(copies, N);
	}
	rte_pktmbuf_free(m);
}

/** Copies are in packets where these are large enough and left, else in storages on headers. */
static void
test_private_takes_packets_else_storages(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_readonly, PAIR_MAX + 1 }), *copies[N];
	struct mext_stats before = stats_of(w->pool);
	struct scarce pairs;

	assert_int_equal(mext_fanout_private(w->pool, m, PAIR_MAX + 1, copies, N), 0);
	assert_counted(w->pool, &before, .allocs = N, .attaches = N, .header_allocs = N);
	assert_int_equal(in_use(w->pool, "class1"), N);
	mext_free_bulk(copies, N);
	assert_int_equal(mext_trim_back(w->pool, &m, 1), 0);
	before = stats_of(w->pool);
	assert_int_equal(mext_fanout_private(w->pool, m, PAIR_MAX, copies, N), 0);
	assert_counted(w->pool, &before, .allocs = N);
	assert_int_equal(in_use(w->pool, "pairs"), N);
	mext_free_bulk(copies, N);
	scarce_take(&pairs, w->pool, KIND_PAIR);
	scarce_give(&pairs, N - 1);
	before = stats_of(w->pool);
	assert_int_equal(mext_fanout_private(w->pool, m, PAIR_MAX, copies, N), 0);
	assert_counted(w->pool, &before, .allocs = N, .attaches = N, .header_allocs = N);
	mext_free_bulk(copies, N);
	scarce_give(&pairs, pairs.n);
	rte_pktmbuf_free(m);
}

static void
test_private_of_more_than_a_segment_is_emsgsize(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_readonly, SEG_MAX }, { seg_readonly, 1000 });
	struct rte_mbuf *copies[N];

	w->pool->conf.copy_threshold = 0;
	assert_int_equal(mext_fanout_private(w->pool, m, SEG_MAX, copies, N), 0);
	assert_lens(copies[0], SEG_MAX, 1000);
	assert_packet(copies[0], 0, SEG_MAX + 1000);
	mext_free_bulk(copies, N);
	assert_refused(w, m, &verb_fanout_private, SEG_MAX + 1, 0, -EMSGSIZE);
	assert_refused(w, m, &verb_fanout_private, SEG_MAX + 1000, 0, -EMSGSIZE);
	rte_pktmbuf_free(m);
}

/** Few bytes are behind, but a segment has no room for them beside the header. */
static void
test_private_threshold_beyond_a_segment_shares(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_readonly, SEG_MAX + 1 }), *copies[N];

	w->pool->conf.copy_threshold = 100;
	assert_int_equal(mext_fanout_private(w->pool, m, SEG_MAX - 5, copies, N), 0);
	assert_lens(copies[0], SEG_MAX - 5, 6);
	assert_packet(copies[0], 0, SEG_MAX + 1);
	mext_free_bulk(copies, N);
	rte_pktmbuf_free(m);
}

static void
test_private_of_65535_segments_is_emsgsize(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_pair, 100 }, { seg_storage, 300 });

	w->pool->conf.copy_threshold = 0;
	m->nb_segs = RTE_MBUF_MAX_NB_SEGS;
	assert_refused(w, m, &verb_fanout_private, 50, 0, -EMSGSIZE);
	m->nb_segs = 2;
	rte_pktmbuf_free(m);
}

/** What the first 64 copies have got already goes back. */
static void
refuse_many(struct world *w, struct rte_mbuf *m, size_t hdr_len)
{
	struct rte_mbuf *copies[71];
	struct shot shot;

	copies[70] = MARK;
	shot_take(&shot, w, m);
	assert_int_equal(mext_fanout_private(w->pool, m, hdr_len, copies, 70), -ENOBUFS);
	assert_ptr_equal(copies[70], MARK);
	assert_unchanged(&shot);
	shot_free(&shot);
}

static void
test_private_without_packets_for_all_is_enobufs(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_readonly, PAIR_MAX }), *copies[70];
	struct scarce pairs, classes[3];
	unsigned int i;

	w->pool->conf.copy_threshold = 100;
	scarce_take(&pairs, w->pool, KIND_PAIR);
	for (i = 0; i < 3; i++)
		scarce_take(&classes[i], w->pool, i);
	scarce_give(&pairs, 69);
	refuse_many(w, m, 50);
	refuse_many(w, m, PAIR_MAX - 50);
	scarce_give(&pairs, 1);
	assert_int_equal(mext_fanout_private(w->pool, m, 50, copies, 70), 0);
	mext_free_bulk(copies, 70);
	scarce_give(&pairs, pairs.n);
	for (i = 0; i < 3; i++)
		scarce_give(&classes[i], classes[i].n);
	rte_pktmbuf_free(m);
}

static void
test_private_bad_arguments_are_refused(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_pair, 100 }, { seg_storage, 300 }), *copies[N];

	assert_refused(w, m, &verb_fanout_private, 401, 0, -ERANGE);
	assert_refused(w, m, &verb_fanout_private, SIZE_MAX, 0, -ERANGE);
	assert_int_equal(mext_fanout_private(w->pool, NULL, 0, copies, N), -EINVAL);
	copies[0] = MARK;
	assert_int_equal(mext_fanout_private(w->pool, m, 10, copies, 0), 0);
	assert_ptr_equal(copies[0], MARK);
	rte_pktmbuf_free(m);
}

static void
test_private_beyond_count_is_eoverflow(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_readonly, 100 }, { seg_storage, 600 });

	w->pool->conf.copy_threshold = 0;
	seg_set_count(m->next, UINT16_MAX - CALL_MADE + 1);
	assert_refused(w, m, &verb_fanout_private, 50, 0, -EOVERFLOW);
	seg_set_count(m->next, 1);
	rte_pktmbuf_free(m);
}

/** A pool of bare headers has no room for copies, one of packets no headers for what is shared. */
static void
test_private_from_pool_without_room_is_enomem(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_readonly, 600 }), *copies[N];
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	struct shot shot;

	mext_pool_conf_init(&conf);
	conf.copy_threshold = w->rx_pairs->conf.copy_threshold = 0;
	conf.headers = (struct mext_pool_class){ 0, 64, 0 };
	assert_int_equal(mext_pool_create("headers only", &conf, &pool), 0);
	shot_take(&shot, w, m);
	assert_int_equal(mext_fanout_private(pool, m, 50, copies, N), -ENOMEM);
	assert_int_equal(mext_fanout_private(pool, m, 600, copies, N), -ENOMEM);
	assert_int_equal(mext_fanout_private(w->rx_pairs, m, 50, copies, N), -ENOMEM);
	assert_unchanged(&shot);
	shot_free(&shot);
	assert_int_equal(mext_pool_destroy(pool), 0);
	rte_pktmbuf_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_private_writes_to_one_copy_are_unseen_in_others),
		world_test(test_private_threshold_decides_whether_to_share),
		world_test(test_private_of_no_bytes_has_empty_segment_with_headroom),
		world_test(test_private_over_segments_shares_what_is_behind),
		world_test(test_private_takes_packets_else_storages),
		world_test(test_private_of_more_than_a_segment_is_emsgsize),
		world_test(test_private_threshold_beyond_a_segment_shares),
		world_test(test_private_of_65535_segments_is_emsgsize),
		world_test(test_private_without_packets_for_all_is_enobufs),
		world_test(test_private_bad_arguments_are_refused),
		world_test(test_private_beyond_count_is_eoverflow),
		world_test(test_private_from_pool_without_room_is_enomem),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
