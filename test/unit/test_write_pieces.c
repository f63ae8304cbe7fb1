/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What mext_make_writable() and mext_write() cut a segment into: a copy of the range, and what is around
 * it shared or, up to the threshold, copied along.
 */
#include "calls.h"
#include "pool.h"

#define LEN 1000

struct row {
	uint32_t threshold;
	size_t off, len;
	unsigned int nb_segs, lens[3];
	const char *pieces; /* s: shared, c: copied */
};

/** Each threshold: none, one below what is around the range, equal, one above. */
static const struct row rows[] = {
	{ 0, 100, 50, 3, { 100, 50, 850 }, "scs" },
	{ 99, 100, 50, 3, { 100, 50, 850 }, "scs" },
	{ 100, 100, 50, 2, { 150, 850 }, "cs" },
	{ 101, 100, 50, 2, { 150, 850 }, "cs" },
	{ 849, 100, 50, 2, { 150, 850 }, "cs" },
	{ 850, 100, 50, 1, { 1000 }, "c" },
	{ 851, 100, 50, 1, { 1000 }, "c" },
	{ UINT16_MAX, 100, 50, 1, { 1000 }, "c" },
	/* The smaller part behind. */
	{ 99, 850, 50, 3, { 850, 50, 100 }, "scs" },
	{ 100, 850, 50, 2, { 850, 150 }, "sc" },
	{ 849, 850, 50, 2, { 850, 150 }, "sc" },
	{ 850, 850, 50, 1, { 1000 }, "c" },
	/* From the first byte, to the last one, one byte, all. */
	{ 0, 0, 1, 2, { 1, 999 }, "cs" },
	{ 0, 999, 1, 2, { 999, 1 }, "sc" },
	{ 0, 1, 998, 3, { 1, 998, 1 }, "scs" },
	{ 1, 1, 998, 1, { 1000 }, "c" },
	{ 0, 0, 1000, 1, { 1000 }, "c" },
};

/** Which pieces are shared is seen in what holds their bytes. */
static void
assert_pieces(const struct row *row, struct rte_mbuf *m, const struct mext_storage *storage)
{
	unsigned int i;

	check_lens(m, row->lens, row->nb_segs, __FILE__, __LINE__);
	for (i = 0; i < row->nb_segs; i++)
		assert_int_equal(mext_storage_from_mbuf(seg_at(m, i)) == storage,
				row->pieces[i] == 's');
}

/** The counters tell, too: a header for each share, a packet for the copy. */
static void
assert_path(const struct world *w, const struct mext_stats *before, const struct row *row)
{
	unsigned int shared = row->nb_segs - 1;

	assert_counted(w->pool, before, .header_allocs = shared, .allocs = 1, .releases = 1,
			.returns_bulk = shared == 0);
}

static void
test_write_cuts_segment_by_threshold(void **state)
{
	static const struct verb *const verbs[] = { &verb_make_writable, &verb_write };
	struct world *w = *state;
	unsigned int i;

	for (i = 0; i < 2 * RTE_DIM(rows); i++) {
		const struct row *row = &rows[i / 2];
		struct call call = {
			.verb = verbs[i % 2],
			.a = row->off,
			.b = row->len,
			.w = w,
			.m = chain(w, { seg_readonly, LEN }),
		};
		const struct mext_storage *storage = mext_storage_from_mbuf(call.m);
		struct mext_stats before;

		w->pool->conf.copy_threshold = row->threshold;
		call_prepare(&call);
		before = stats_of(w->pool);
		assert_int_equal(call_run(&call), 0);
		call.verb->check(&call);
		assert_pieces(row, call.m, storage);
		assert_path(w, &before, row);
		call_free(&call);
	}
}

/** In the middle of a packet: segments before and behind stay. */
static void
test_write_cuts_middle_segment_by_threshold(void **state)
{
	struct world *w = *state;
	unsigned int i;

	for (i = 0; i < RTE_DIM(rows); i++) {
		const struct row *row = &rows[i];
		struct call call = {
			.verb = &verb_write,
			.a = row->off + 50,
			.b = row->len,
			.w = w,
			.m = chain(w, { seg_pair, 50 }, { seg_readonly, LEN }, { seg_direct, 60 }),
		};
		struct rte_mbuf *first = call.m, *last = seg_at(call.m, 2);

		w->pool->conf.copy_threshold = row->threshold;
		call_prepare(&call);
		assert_int_equal(call_run(&call), 0);
		call.verb->check(&call);
		assert_int_equal(call.m->nb_segs, 2 + row->nb_segs);
		assert_ptr_equal(call.m, first);
		assert_ptr_equal(seg_at(call.m, 1 + row->nb_segs), last);
		call_free(&call);
	}
}

/** Of a range over several segments each has parts in front and behind of its own. */
static void
test_write_over_segments_cuts_first_and_last(void **state)
{
	static const struct {
		uint32_t threshold;
		size_t off, len;
		unsigned int nb_segs, lens[5];
	} over[] = {
		{ 0, 30, 240, 5, { 30, 70, 100, 70, 30 } },
		{ 29, 30, 240, 5, { 30, 70, 100, 70, 30 } },
		{ 30, 30, 240, 3, { 100, 100, 100 } },
		{ 0, 99, 102, 5, { 99, 1, 100, 1, 99 } },
		{ 0, 100, 100, 3, { 100, 100, 100 } },
		{ 0, 100, 101, 4, { 100, 100, 1, 99 } },
	};
	struct world *w = *state;
	unsigned int i;

	for (i = 0; i < RTE_DIM(over); i++) {
		struct call call = {
			.verb = &verb_write,
			.a = over[i].off,
			.b = over[i].len,
			.w = w,
			.m = chain(w, { seg_readonly, 100 }, { seg_foreign, 100 },
					{ seg_leaf, 100 }),
		};

		w->pool->conf.copy_threshold = over[i].threshold;
		call_prepare(&call);
		assert_int_equal(call_run(&call), 0);
		call.verb->check(&call);
		check_lens(call.m, over[i].lens, over[i].nb_segs, __FILE__, __LINE__);
		call_free(&call);
	}
}

/** Of every kind that can be shared what is around the range is held once more. */
static void
test_write_shares_pieces_of_every_kind(void **state)
{
	static const seg_make_t makes[] = { seg_direct, seg_clone, seg_pinned, seg_foreign,
		seg_pair, seg_storage, seg_readonly };
	struct world *w = *state;
	struct rte_mbuf *m, *made;
	unsigned int i;

	w->pool->conf.copy_threshold = 0;
	for (i = 0; i < RTE_DIM(makes); i++) {
		m = chain(w, { makes[i], 500 });
		assert_int_equal(mext_share(w->pool, m, 0, 500, &made), 0);
		assert_int_equal(mext_make_writable(w->pool, &made, 100, 50), 0);
		assert_lens(made, 100, 50, 350);
		assert_packet(made, 0, 500);
		assert_int_equal(seg_count(m), 3);
		rte_pktmbuf_free(m);
		assert_packet(made, 0, 500);
		rte_pktmbuf_free(made);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_write_cuts_segment_by_threshold),
		world_test(test_write_cuts_middle_segment_by_threshold),
		world_test(test_write_over_segments_cuts_first_and_last),
		world_test(test_write_shares_pieces_of_every_kind),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
