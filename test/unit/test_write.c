/* SPDX-License-Identifier: BSD-3-Clause */
/* mext_is_writable() over ranges, mext_make_writable(), mext_write(). What a segment is cut into: pieces. */
#include "calls.h"
#include "pool.h"
#include "shot.h"

/** Writable, not writable, empty and not writable, writable: 100, 200, 0, 300 bytes. */
static struct rte_mbuf *
mixed(struct world *w)
{
	return chain(w, { seg_pair, 100 }, { seg_readonly, 200 }, { seg_foreign, 0 },
			{ seg_storage, 300 });
}

static void
test_is_writable_of_range_asks_its_segments_only(void **state)
{
	static const struct {
		size_t off, len;
		bool writable;
	} rows[] = {
		{ 0, 0, true },
		{ 150, 0, true },
		{ 600, 0, true },
		{ 0, 100, true },
		{ 0, 101, false },
		{ 99, 1, true },
		{ 99, 2, false },
		{ 100, 1, false },
		{ 100, 200, false },
		{ 299, 1, false },
		{ 299, 2, false },
		{ 300, 1, true },
		{ 300, 300, true },
		{ 0, 600, false },
		/* Not all there. */
		{ 0, 601, false },
		{ 300, 301, false },
		{ 600, 1, false },
		{ 601, 0, false },
		{ SIZE_MAX, 0, false },
		{ SIZE_MAX, 1, false },
		{ 300, SIZE_MAX, false },
	};
	struct world *w = *state;
	struct rte_mbuf *m = mixed(w);
	struct shot shot;
	unsigned int i;

	shot_take(&shot, w, m);
	for (i = 0; i < RTE_DIM(rows); i++)
		if (mext_is_writable(m, rows[i].off, rows[i].len) != rows[i].writable)
			fail_msg("bytes [%zu, + %zu)", rows[i].off, rows[i].len);
	assert_false(mext_is_writable(NULL, 0, 0));
	assert_unchanged(&shot);
	shot_free(&shot);
	rte_pktmbuf_free(m);
}

/** Bytes that are writable are left alone, whatever the pool has. */
static void
test_make_writable_of_writable_bytes_does_nothing(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = mixed(w), *head = m;
	struct mext_stats before = stats_of(w->pool);
	struct shot shot;

	shot_take(&shot, w, m);
	assert_int_equal(mext_make_writable(w->rx_pairs, &m, 0, 100), 0);
	assert_int_equal(mext_make_writable(w->rx_pairs, &m, 300, 300), 0);
	assert_int_equal(mext_make_writable(w->rx_pairs, &m, 150, 0), 0);
	assert_int_equal(mext_make_writable(w->rx_pairs, &m, 600, 0), 0);
	assert_ptr_equal(m, head);
	assert_unchanged(&shot);
	assert_counted(w->pool, &before, .allocs = 0);
	shot_free(&shot);
	rte_pktmbuf_free(m);
}

static void
test_write_to_writable_bytes_stores_in_place(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = mixed(w), *seg[4];
	struct mext_stats before = stats_of(w->pool);
	uint8_t src[300];
	unsigned int i;

	for (i = 0; i < 4; i++)
		seg[i] = seg_at(m, i);
	fill_other(src, sizeof(src));
	assert_int_equal(mext_write(w->rx_pairs, &m, 0, src, 100), 0);
	assert_int_equal(mext_write(w->rx_pairs, &m, 301, src, 299), 0);
	assert_int_equal(mext_write(w->rx_pairs, &m, 150, src, 0), 0);
	assert_int_equal(mext_write(w->rx_pairs, &m, 600, src, 0), 0);
	assert_other(m, 0, 100);
	assert_bytes(m, 100, 100, 201);
	assert_other(m, 301, 299);
	for (i = 0; i < 4; i++)
		assert_ptr_equal(seg_at(m, i), seg[i]);
	assert_counted(w->pool, &before, .allocs = 0);
	rte_pktmbuf_free(m);
}

static void
test_make_writable_replaces_only_what_needs_it(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = mixed(w), *seg[4];
	struct mext_stats before = stats_of(w->pool);
	unsigned int i;

	for (i = 0; i < 4; i++)
		seg[i] = seg_at(m, i);
	assert_int_equal(mext_make_writable(w->pool, &m, 0, 600), 0);
	assert_packet(m, 0, 600);
	assert_true(mext_is_writable(m, 0, 600));
	assert_lens(m, 100, 200, 0, 300);
	assert_ptr_equal(m, seg[0]);
	assert_ptr_not_equal(seg_at(m, 1), seg[1]);
	assert_ptr_equal(seg_at(m, 2), seg[2]);
	assert_ptr_equal(seg_at(m, 3), seg[3]);
	assert_int_equal(w->wraps_freed, 1);
	assert_counted(w->pool, &before, .allocs = 1, .releases = 1, .returns_bulk = 1);
	rte_pktmbuf_free(m);
}

/** The other holder goes on to see the old bytes. */
static void
test_write_to_shared_bytes_is_unseen_by_others(void **state)
{
	static const seg_make_t makes[] = { seg_direct, seg_clone, seg_pinned, seg_foreign,
		seg_pair, seg_storage, seg_writable };
	struct world *w = *state;
	struct rte_mbuf *m, *made;
	uint8_t src[150];
	unsigned int i;

	fill_other(src, sizeof(src));
	for (i = 0; i < 2 * RTE_DIM(makes); i++) {
		m = chain(w, { makes[i / 2], 100 }, { makes[i / 2], 200 });
		assert_int_equal(mext_share(w->pool, m, 0, 300, &made), 0);
		assert_int_equal(mext_write(w->pool, i % 2 == 0 ? &m : &made, 75, src, 150), 0);
		if (i % 2 == 0) {
			assert_packet(made, 0, 300);
			rte_pktmbuf_free(made);
			made = m;
		} else {
			assert_packet(m, 0, 300);
			rte_pktmbuf_free(m);
		}
		assert_sound(made, 300);
		assert_bytes(made, 0, 0, 75);
		assert_other(made, 75, 150);
		assert_bytes(made, 225, 225, 75);
		rte_pktmbuf_free(made);
		world_idle(w);
	}
}

static void
test_make_writable_after_others_let_go_does_nothing(void **state)
{
	static const seg_make_t makes[] = { seg_direct, seg_clone, seg_pinned, seg_pair,
		seg_storage, seg_writable };
	struct world *w = *state;
	struct rte_mbuf *m, *made;
	unsigned int i;

	for (i = 0; i < RTE_DIM(makes); i++) {
		m = chain(w, { makes[i], 100 }, { makes[i], 200 });
		assert_int_equal(mext_share(w->pool, m, 0, 300, &made), 0);
		assert_false(mext_is_writable(m, 0, 1));
		assert_false(mext_is_writable(made, 299, 1));
		if (makes[i] == seg_pinned) { /* a share of it is a foreign buffer to us */
			rte_pktmbuf_free(made);
			made = m;
		} else {
			rte_pktmbuf_free(m);
		}
		assert_true(mext_is_writable(made, 0, 300));
		assert_int_equal(mext_make_writable(w->rx_pairs, &made, 0, 300), 0);
		assert_packet(made, 0, 300);
		rte_pktmbuf_free(made);
	}
}

static void
test_write_replaced_head_keeps_headroom_and_metadata(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_readonly, 100 }, { seg_readonly, 200 });
	uint8_t src[300];

	w->pool->conf.copy_threshold = 50;
	fill_other(src, sizeof(src));
	assert_int_equal(mext_write(w->pool, &m, 50, src, 250), 0);
	assert_sound(m, 300);
	assert_lens(m, 100, 200);
	assert_int_equal(rte_pktmbuf_headroom(m), WORLD_HEADROOM);
	assert_int_equal(m->next->data_off, 0);
	assert_bytes(m, 0, 0, 50);
	assert_other(m, 50, 250);
	rte_pktmbuf_free(m);
}

/** More than a segment of the pool has room for is copied to several. */
static void
test_write_segment_longer_than_room_is_cut(void **state)
{
	static const struct {
		size_t off, len;
	} rows[] = { { 0, UINT16_MAX }, { 1, UINT16_MAX - 1 }, { 300, UINT16_MAX - 300 },
		{ 0, UINT16_MAX - 300 }, { 0, UINT16_MAX + 1 }, { 300, 2 * UINT16_MAX - 300 } };
	struct world *w = *state;
	unsigned int i;

	for (i = 0; i < 2 * RTE_DIM(rows); i++)
		call_succeeds(w,
				chain(w, { seg_readonly, UINT16_MAX },
						{ seg_readonly, UINT16_MAX }),
				i % 2 == 0 ? &verb_write : &verb_make_writable, rows[i / 2].off,
				rows[i / 2].len);
}

static void
test_write_refused_changes_nothing(void **state)
{
	static const struct verb *const verbs[] = { &verb_make_writable, &verb_write };
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_storage, 100 }, { seg_storage, 250 }, { seg_pair, 50 });
	struct mext_storage *storage = mext_storage_from_mbuf(m->next);
	unsigned int i;

	w->pool->conf.copy_threshold = 100;
	assert_int_equal(mext_storage_hold(storage, UINT16_MAX - 1), 0);
	for (i = 0; i < RTE_DIM(verbs); i++) {
		assert_refused(w, m, verbs[i], 0, 401, -ERANGE);
		assert_refused(w, m, verbs[i], 401, 0, -ERANGE);
		assert_refused(w, m, verbs[i], 1, SIZE_MAX, -ERANGE);
		assert_refused(w, m, verbs[i], SIZE_MAX, 1, -ERANGE);
		/* What is not copied along is shared: in front, behind. */
		assert_refused(w, m, verbs[i], 201, 149, -EOVERFLOW);
		assert_refused(w, m, verbs[i], 100, 149, -EOVERFLOW);
		assert_refused(w, m, verbs[i], 50, 199, -EOVERFLOW);
	}
	call_succeeds(w, m, &verb_write, 150, 150);
	assert_int_equal(mext_storage_release(storage, UINT16_MAX - 1), 0);
}

static void
test_write_beyond_65535_segments_is_emsgsize(void **state)
{
	static const struct verb *const verbs[] = { &verb_make_writable, &verb_write };
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_pair, 100 }, { seg_readonly, 300 });
	unsigned int i;

	w->pool->conf.copy_threshold = 100;
	for (i = 0; i < RTE_DIM(verbs); i++) {
		m->nb_segs = RTE_MBUF_MAX_NB_SEGS;
		assert_refused(w, m, verbs[i], 100, 199, -EMSGSIZE);
		m->nb_segs = RTE_MBUF_MAX_NB_SEGS - 1;
		assert_refused(w, m, verbs[i], 201, 98, -EMSGSIZE);
	}
	assert_int_equal(mext_make_writable(w->pool, &m, 100, 199), 0);
	assert_int_equal(m->nb_segs, RTE_MBUF_MAX_NB_SEGS);
	m->nb_segs = 3;
	assert_packet(m, 0, 400);
	rte_pktmbuf_free(m);
}

static void
test_write_without_packet_or_room_is_refused(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *none = NULL, *m = chain(w, { seg_readonly, 100 });
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	struct shot shot;

	assert_int_equal(mext_make_writable(w->pool, &none, 0, 0), -EINVAL);
	assert_int_equal(mext_write(w->pool, &none, 0, "", 0), -EINVAL);
	mext_pool_conf_init(&conf);
	conf.headers = (struct mext_pool_class){ 0, 64, 0 };
	assert_int_equal(mext_pool_create("headers only", &conf, &pool), 0);
	shot_take(&shot, w, m);
	assert_int_equal(mext_make_writable(pool, &m, 0, 10), -ENOMEM);
	assert_int_equal(mext_write(pool, &m, 0, "0123456789", 10), -ENOMEM);
	assert_unchanged(&shot);
	shot_free(&shot);
	assert_int_equal(mext_pool_destroy(pool), 0);
	rte_pktmbuf_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_is_writable_of_range_asks_its_segments_only),
		world_test(test_make_writable_of_writable_bytes_does_nothing),
		world_test(test_write_to_writable_bytes_stores_in_place),
		world_test(test_make_writable_replaces_only_what_needs_it),
		world_test(test_write_to_shared_bytes_is_unseen_by_others),
		world_test(test_make_writable_after_others_let_go_does_nothing),
		world_test(test_write_replaced_head_keeps_headroom_and_metadata),
		world_test(test_write_segment_longer_than_room_is_cut),
		world_test(test_write_refused_changes_nothing),
		world_test(test_write_beyond_65535_segments_is_emsgsize),
		world_test(test_write_without_packet_or_room_is_refused),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
