/* SPDX-License-Identifier: BSD-3-Clause */
/* mext_pullup(). */
#include "calls.h"
#include "pool.h"
#include "shot.h"

#define SEG_MAX (UINT16_MAX - WORLD_HEADROOM) /* bytes in a segment with headroom */

/** What is contiguous already stays as it is, whoever owns it, whatever the pool has. */
static void
test_pullup_of_contiguous_bytes_does_nothing(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_foreign, 100 }, { seg_pair, 50 }), *head = m;
	struct shot shot;

	rte_pktmbuf_refcnt_update(m, 1);
	shot_take(&shot, w, m);
	assert_int_equal(mext_pullup(w->rx_pairs, &m, 0), 0);
	assert_int_equal(mext_pullup(w->rx_pairs, &m, 1), 0);
	assert_int_equal(mext_pullup(w->rx_pairs, &m, 100), 0);
	assert_ptr_equal(m, head);
	assert_unchanged(&shot);
	shot_free(&shot);
	rte_pktmbuf_free(m);
	rte_pktmbuf_free(m);
}

struct row {
	size_t len;
	unsigned int nb_segs, lens[3];
};

/** Into the room of the first segment: the same head, and nothing is taken from the pool. */
static void
test_pullup_into_tailroom_takes_nothing(void **state)
{
	static const struct row rows[] = {
		{ 101, 3, { 101, 199, 300 } },
		{ 299, 3, { 299, 1, 300 } },
		{ 300, 2, { 300, 300 } },
		{ 301, 2, { 301, 299 } },
		{ 600, 1, { 600 } },
	};
	static const seg_make_t makes[] = { seg_direct, seg_clone, seg_pinned, seg_pair };
	struct world *w = *state;
	struct mext_stats before;
	struct rte_mbuf *m, *head;
	unsigned int i;

	for (i = 0; i < RTE_DIM(makes) * RTE_DIM(rows); i++) {
		const struct row *row = &rows[i % RTE_DIM(rows)];

		head = m = chain(w, { makes[i / RTE_DIM(rows)], 100 }, { seg_foreign, 200 },
				{ seg_storage, 300 });
		before = stats_of(w->pool);
		assert_int_equal(mext_pullup(w->pool, &m, row->len), 0);
		assert_ptr_equal(m, head);
		assert_packet(m, 0, 600);
		check_lens(m, row->lens, row->nb_segs, __FILE__, __LINE__);
		assert_int_equal(stats_of(w->pool).allocs, before.allocs);
		assert_int_equal(stats_of(w->pool).header_allocs, before.header_allocs);
		rte_pktmbuf_free(m);
	}
}

/** To the last byte of the room, and one further. */
static void
test_pullup_room_decides_whether_to_copy_all(void **state)
{
	struct world *w = *state;
	struct mext_stats before;
	struct rte_mbuf *m, *head;
	unsigned int i, room;

	for (i = 0; i < 2; i++) {
		head = m = chain(w, { seg_pair, 1000 }, { seg_readonly, 1000 });
		room = rte_pktmbuf_tailroom(m);
		before = stats_of(w->pool);
		assert_int_equal(mext_pullup(w->pool, &m, 1000 + room + i), 0);
		assert_lens(m, 1000 + room + i, 1000 - room - i);
		assert_packet(m, 0, 2000);
		assert_int_equal(m == head, i == 0);
		assert_int_equal(stats_of(w->pool).allocs - before.allocs, i);
		rte_pktmbuf_free(m);
	}
}

/** Where the first segment has no room, or may not be written. */
static void
test_pullup_without_room_copies_to_new_head(void **state)
{
	static const struct row rows[] = {
		{ 101, 3, { 101, 199, 300 } },
		{ 300, 2, { 300, 300 } },
		{ 301, 2, { 301, 299 } },
		{ 600, 1, { 600 } },
	};
	static const seg_make_t makes[] = { seg_storage, seg_readonly, seg_foreign, seg_leaf };
	struct world *w = *state;
	struct mext_stats before;
	struct rte_mbuf *m;
	unsigned int i;

	for (i = 0; i < RTE_DIM(makes) * RTE_DIM(rows); i++) {
		const struct row *row = &rows[i % RTE_DIM(rows)];

		m = chain(w, { makes[i / RTE_DIM(rows)], 100 }, { seg_pair, 200 },
				{ seg_direct, 300 });
		before = stats_of(w->pool);
		assert_int_equal(mext_pullup(w->pool, &m, row->len), 0);
		assert_packet(m, 0, 600);
		check_lens(m, row->lens, row->nb_segs, __FILE__, __LINE__);
		assert_int_equal(rte_pktmbuf_headroom(m), WORLD_HEADROOM);
		assert_true(mext_is_writable(m, 0, row->len));
		assert_int_equal(stats_of(w->pool).allocs, before.allocs + 1);
		assert_int_equal(stats_of(w->pool).header_allocs, before.header_allocs);
		rte_pktmbuf_free(m);
	}
}

/** Others that hold the first segment's bytes do not find more behind them. */
static void
test_pullup_shared_first_segment_is_unseen_by_others(void **state)
{
	static const seg_make_t makes[] = { seg_direct, seg_clone, seg_pinned, seg_pair };
	struct world *w = *state;
	struct rte_mbuf *m, *made;
	struct shot shot;
	unsigned int i;

	for (i = 0; i < RTE_DIM(makes); i++) {
		m = chain(w, { makes[i], 100 }, { seg_pair, 200 });
		assert_int_equal(mext_share(w->pool, m, 50, 50, &made), 0);
		shot_take(&shot, w, made);
		call_succeeds(w, m, &verb_pullup, 200, 0);
		assert_still(&shot);
		shot_free(&shot);
		rte_pktmbuf_free(made);
	}
}

static void
test_pullup_beside_empty_segments_drops_what_is_empty(void **state)
{
	static const struct row rows[] = {
		{ 1, 2, { 10, 50 } },
		{ 10, 2, { 10, 50 } },
		{ 11, 2, { 11, 49 } },
		{ 60, 1, { 60 } },
	};
	static const seg_make_t makes[] = { seg_pair, seg_storage };
	struct world *w = *state;
	struct rte_mbuf *m;
	unsigned int i;

	for (i = 0; i < 2 * RTE_DIM(rows); i++) {
		const struct row *row = &rows[i / 2];

		m = chain(w, { makes[i % 2], 0 }, { seg_storage, 0 }, { seg_pair, 10 },
				{ seg_storage, 0 }, { seg_foreign, 0 }, { seg_pair, 50 },
				{ seg_pair, 0 });
		assert_int_equal(mext_pullup(w->pool, &m, row->len), 0);
		assert_packet(m, 0, 60);
		assert_true(m->data_len >= row->len);
		rte_pktmbuf_free(m);
	}
}

/** Behind what is pulled up come empty segments that are somebody else's too: they are not edited. */
static void
test_pullup_before_empty_segments_owned_twice_leaves_them(void **state)
{
	static const seg_make_t makes[] = { seg_pair, seg_storage };
	struct world *w = *state;
	struct rte_mbuf *m, *other, *seg;
	struct shot shot;
	unsigned int i;

	for (i = 0; i < RTE_DIM(makes); i++) {
		m = chain(w, { makes[i], 10 }, { seg_pair, 20 }, { seg_storage, 0 },
				{ seg_pair, 0 }, { seg_storage, 50 });
		other = chain(w, { seg_direct, 5 });
		other->next = seg_at(m, 2);
		other->nb_segs = 4;
		other->pkt_len = 55;
		for (seg = other->next; seg != NULL; seg = seg->next)
			rte_mbuf_refcnt_update(seg, 1);
		shot_take(&shot, w, other);
		assert_int_equal(mext_pullup(w->pool, &m, 30), 0);
		assert_packet(m, 0, 80);
		assert_still(&shot);
		shot_free(&shot);
		rte_pktmbuf_free(m);
		rte_pktmbuf_free(other);
	}
}

static void
test_pullup_of_a_segment_succeeds_and_of_more_is_emsgsize(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_readonly, 65000 }, { seg_readonly, 65000 });

	assert_refused(w, m, &verb_pullup, SEG_MAX + 1, 0, -EMSGSIZE);
	assert_refused(w, m, &verb_pullup, UINT16_MAX, 0, -EMSGSIZE);
	assert_refused(w, m, &verb_pullup, 130000, 0, -EMSGSIZE);
	call_succeeds(w, m, &verb_pullup, SEG_MAX, 0);
}

static void
test_pullup_refused_changes_nothing(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_storage, 100 }, { seg_storage, 50 }), *none = NULL;
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	struct shot shot;

	assert_int_equal(mext_pullup(w->pool, &none, 0), -EINVAL);
	assert_refused(w, m, &verb_pullup, 151, 0, -ERANGE);
	assert_refused(w, m, &verb_pullup, SIZE_MAX, 0, -ERANGE);
	rte_mbuf_refcnt_update(m->next, 1);
	seg_set_count(m->next, UINT16_MAX);
	assert_refused(w, m, &verb_pullup, 101, 0, -EOVERFLOW);
	seg_set_count(m->next, 1);
	mext_pool_conf_init(&conf);
	conf.headers = (struct mext_pool_class){ 0, 64, 0 };
	assert_int_equal(mext_pool_create("headers only", &conf, &pool), 0);
	shot_take(&shot, w, m);
	assert_int_equal(mext_pullup(pool, &m, 101), -ENOMEM);
	assert_int_equal(mext_pullup(w->rx_pairs, &m, 101), -ENOMEM); /* shares need headers */
	assert_unchanged(&shot);
	shot_free(&shot);
	assert_int_equal(mext_pool_destroy(pool), 0);
	rte_mbuf_refcnt_update(m->next, -1);
	rte_pktmbuf_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_pullup_of_contiguous_bytes_does_nothing),
		world_test(test_pullup_into_tailroom_takes_nothing),
		world_test(test_pullup_room_decides_whether_to_copy_all),
		world_test(test_pullup_without_room_copies_to_new_head),
		world_test(test_pullup_shared_first_segment_is_unseen_by_others),
		world_test(test_pullup_beside_empty_segments_drops_what_is_empty),
		world_test(test_pullup_before_empty_segments_owned_twice_leaves_them),
		world_test(test_pullup_of_a_segment_succeeds_and_of_more_is_emsgsize),
		world_test(test_pullup_refused_changes_nothing),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
