/* SPDX-License-Identifier: BSD-3-Clause */
/* mext_defrag(). */
#include "calls.h"
#include "pool.h"
#include "scarce.h"
#include "shot.h"

#define SEG_MAX (UINT16_MAX - WORLD_HEADROOM) /* bytes in a segment with headroom */
#define SEGS 6

static struct rte_mbuf *
make(struct world *w, const unsigned int *lens, unsigned int n)
{
	static const seg_make_t makes[] = { seg_readonly, seg_storage, seg_writable };
	struct seg segs[SEGS] = { { NULL } };
	unsigned int i;

	for (i = 0; i < n; i++)
		segs[i] = (struct seg){ makes[i % RTE_DIM(makes)], lens[i] };
	return chain_make(w, segs, n);
}

struct row {
	unsigned int max_segs, nb_segs, lens[SEGS];
	unsigned int first, n; /* segments that are copied together */
};

static void
defrag(struct world *w, const unsigned int *lens, unsigned int n, const struct row *row)
{
	struct rte_mbuf *seg[SEGS];
	struct mext_stats before;
	struct call call = { .verb = &verb_defrag, .a = row->max_segs, .w = w };
	unsigned int i, copies = n - row->n;

	call.m = make(w, lens, n);
	for (i = 0; i < n; i++)
		seg[i] = seg_at(call.m, i);
	call_prepare(&call);
	before = stats_of(w->pool);
	assert_int_equal(call_run(&call), 0);
	call.verb->check(&call);
	check_lens(call.m, row->lens, row->nb_segs, __FILE__, __LINE__);
	for (i = 0; i < row->first; i++)
		assert_ptr_equal(seg_at(call.m, i), seg[i]);
	for (i = row->first + row->n; i < n; i++)
		assert_ptr_equal(seg_at(call.m, row->nb_segs - n + i), seg[i]);
	assert_int_equal(stats_of(w->pool).allocs - before.allocs, row->nb_segs - copies);
	if (row->first == 0 && row->n > 0)
		assert_int_equal(rte_pktmbuf_headroom(call.m), WORLD_HEADROOM);
	call_free(&call);
}

static void
test_defrag_copies_window_with_fewest_bytes(void **state)
{
	static const unsigned int lens[] = { 300, 20, 10, 400, 5, 6 };
	static const struct row rows[] = {
		{ 7, 6, { 300, 20, 10, 400, 5, 6 }, 0, 0 },
		{ 6, 6, { 300, 20, 10, 400, 5, 6 }, 0, 0 },
		{ 5, 5, { 300, 20, 10, 400, 11 }, 4, 2 },
		{ 4, 4, { 330, 400, 5, 6 }, 0, 3 },
		{ 3, 3, { 300, 20, 421 }, 2, 4 },
		{ 2, 2, { 300, 441 }, 1, 5 },
		{ 1, 1, { 741 }, 0, 6 },
	};
	unsigned int i;

	for (i = 0; i < RTE_DIM(rows); i++)
		defrag(*state, lens, RTE_DIM(lens), &rows[i]);
}

static void
test_defrag_counts_empty_segments(void **state)
{
	static const unsigned int lens[] = { 0, 100, 0, 0, 50, 0 };
	static const struct row rows[] = {
		{ 5, 5, { 0, 100, 0, 50, 0 }, 2, 2 },
		{ 4, 4, { 0, 100, 50, 0 }, 2, 3 },
		{ 3, 3, { 0, 100, 50 }, 2, 4 },
		{ 2, 2, { 100, 50 }, 0, 0 },
		{ 1, 1, { 150 }, 0, 6 },
	};
	struct world *w = *state;
	unsigned int i;

	for (i = 0; i < RTE_DIM(rows); i++)
		if (rows[i].max_segs != 2)
			defrag(w, lens, RTE_DIM(lens), &rows[i]);
	call_succeeds(w, make(w, lens, RTE_DIM(lens)), &verb_defrag, 2, 0);
}

/** Windows longer than a segment of the pool are copied to several. */
static void
test_defrag_long_windows_are_cut(void **state)
{
	static const struct {
		unsigned int n, lens[4];
		struct row row;
	} rows[] = {
		{ 4, { 60000, 60000, 10, 20 }, { 3, 3, { 60000, 60000, 30 }, 2, 2 } },
		{ 4, { 60000, 60000, 10, 20 }, { 2, 2, { 60000, 60030 }, 1, 3 } },
		{ 3, { 40000, 40000, 40000 }, { 2, 2, { 40000, UINT16_MAX, 14465 }, 0, 0 } },
		{ 2, { SEG_MAX - 20, 20 }, { 1, 1, { SEG_MAX }, 0, 2 } },
		{ 3, { 7, UINT16_MAX - 20, 20 }, { 2, 2, { 7, UINT16_MAX }, 1, 2 } },
	};
	struct world *w = *state;
	unsigned int i;

	for (i = 0; i < RTE_DIM(rows); i++)
		if (rows[i].row.n > 0)
			defrag(w, rows[i].lens, rows[i].n, &rows[i].row);
		else
			call_succeeds(w, make(w, rows[i].lens, rows[i].n), &verb_defrag,
					rows[i].row.max_segs, 0);
}

/** The first segment has headroom, so less fits. */
static void
test_defrag_too_long_is_emsgsize(void **state)
{
	static const struct {
		unsigned int n, lens[4], max_segs;
	} rows[] = {
		{ 2, { SEG_MAX, 1 }, 1 },
		{ 3, { SEG_MAX, UINT16_MAX, 1 }, 2 },
		{ 4, { 60000, 60000, 10, 20 }, 1 },
	};
	struct world *w = *state;
	struct rte_mbuf *m;
	unsigned int i;

	for (i = 0; i < RTE_DIM(rows); i++) {
		m = make(w, rows[i].lens, rows[i].n);
		assert_refused(w, m, &verb_defrag, rows[i].max_segs, 0, -EMSGSIZE);
		rte_pktmbuf_free(m);
	}
}

/** A packet that is short enough is left alone, whoever owns it, whatever the pool has. */
static void
test_defrag_of_few_segments_does_nothing(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_pair, 100 }, { seg_foreign, 200 }), *head = m;
	struct shot shot;

	rte_pktmbuf_refcnt_update(m, 1);
	shot_take(&shot, w, m);
	assert_int_equal(mext_defrag(w->rx_pairs, &m, 2), 0);
	assert_int_equal(mext_defrag(w->rx_pairs, &m, UINT_MAX), 0);
	assert_ptr_equal(m, head);
	assert_unchanged(&shot);
	shot_free(&shot);
	rte_pktmbuf_free(m);
	rte_pktmbuf_free(m);
}

/** A share leaves empty segments out: if these were too many nothing is copied. */
static void
test_defrag_owned_twice_may_do_without_empty_segments(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(
			w, { seg_pair, 100 }, { seg_pair, 0 }, { seg_pair, 50 }, { seg_pair, 60 });
	struct rte_mbuf *other = m;
	struct mext_stats before;
	struct shot shot;

	rte_pktmbuf_refcnt_update(m, 1);
	shot_take(&shot, w, m);
	before = stats_of(w->pool);
	assert_int_equal(mext_defrag(w->pool, &m, 3), 0);
	assert_counted(w->pool, &before, .header_allocs = 3);
	assert_lens(m, 100, 50, 60);
	assert_packet(m, 0, 210);
	rte_pktmbuf_free(m);
	m = other;
	rte_pktmbuf_refcnt_update(m, 1);
	before = stats_of(w->pool);
	assert_int_equal(mext_defrag(w->pool, &m, 2), 0);
	assert_counted(w->pool, &before, .header_allocs = 3, .allocs = 1, .releases = 2);
	assert_lens(m, 100, 110);
	assert_packet(m, 0, 210);
	assert_still(&shot);
	shot_free(&shot);
	rte_pktmbuf_free(m);
	rte_pktmbuf_free(other);
}

/** Smaller room does for a copy in more segments, but not if these are too many: -ENOBUFS. */
static void
test_defrag_without_room_for_so_few_segments_is_enobufs(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(
			w, { seg_readonly, 1500 }, { seg_readonly, 1600 }, { seg_readonly, 200 });
	struct scarce large;

	scarce_take(&large, w->pool, 2);
	assert_refused(w, m, &verb_defrag, 1, 0, -ENOBUFS);
	assert_int_equal(mext_defrag(w->pool, &m, 2), 0);
	assert_lens(m, 1500, 1800);
	assert_refused(w, m, &verb_defrag, 1, 0, -ENOBUFS);
	rte_mbuf_refcnt_update(m, 1);
	assert_refused(w, m, &verb_defrag, 1, 0, -ENOBUFS);
	rte_mbuf_refcnt_update(m, -1);
	scarce_give(&large, large.n);
	assert_int_equal(mext_defrag(w->pool, &m, 1), 0);
	assert_packet(m, 0, 3300);
	rte_pktmbuf_free(m);
}

static void
test_defrag_refused_changes_nothing(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m =
			chain(w, { seg_storage, 100 }, { seg_storage, 50 }, { seg_storage, 60 });
	struct rte_mbuf *none = NULL;
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	struct shot shot;

	assert_int_equal(mext_defrag(w->pool, &none, 1), -EINVAL);
	assert_refused(w, m, &verb_defrag, 0, 0, -EINVAL);
	rte_mbuf_refcnt_update(m, 1);
	seg_set_count(m, UINT16_MAX);
	assert_refused(w, m, &verb_defrag, 1, 0, -EOVERFLOW);
	seg_set_count(m, 1);
	mext_pool_conf_init(&conf);
	conf.headers = (struct mext_pool_class){ 0, 64, 0 };
	assert_int_equal(mext_pool_create("headers only", &conf, &pool), 0);
	shot_take(&shot, w, m);
	assert_int_equal(mext_defrag(pool, &m, 1), -ENOMEM);
	assert_unchanged(&shot);
	shot_free(&shot);
	assert_int_equal(mext_pool_destroy(pool), 0);
	rte_mbuf_refcnt_update(m, -1);
	rte_pktmbuf_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_defrag_copies_window_with_fewest_bytes),
		world_test(test_defrag_counts_empty_segments),
		world_test(test_defrag_long_windows_are_cut),
		world_test(test_defrag_too_long_is_emsgsize),
		world_test(test_defrag_of_few_segments_does_nothing),
		world_test(test_defrag_owned_twice_may_do_without_empty_segments),
		world_test(test_defrag_without_room_for_so_few_segments_is_enobufs),
		world_test(test_defrag_refused_changes_nothing),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
