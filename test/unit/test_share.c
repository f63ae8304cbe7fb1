/* SPDX-License-Identifier: BSD-3-Clause */
#include "calls.h"
#include "kinds.h"
#include "pool.h"
#include "shot.h"

/** Share a range; it succeeds. */
static struct rte_mbuf *
share(struct world *w, struct rte_mbuf *m, size_t off, size_t len)
{
	struct rte_mbuf *made;

	assert_int_equal(mext_share(w->pool, m, off, len, &made), 0);
	assert_packet(made, off, len);
	return made;
}

/** Each segment of a share holds what its segment is held by, and nothing else happens. */
static void
test_share_all_kinds_holds_each_segment_once(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_direct, 100 }, { seg_clone, 90 }, { seg_pinned, 80 },
			{ seg_foreign, 70 }, { seg_pair, 60 }, { seg_storage, 50 },
			{ seg_readonly, 40 }, { seg_leaf, 30 });
	struct mext_stats before = stats_of(w->pool);
	struct rte_mbuf *made, *seg, *of;
	struct shot shot;

	shot_take(&shot, w, m);
	made = share(w, m, 0, m->pkt_len);
	assert_lens(made, 100, 90, 80, 70, 60, 50, 40, 30);
	assert_still(&shot);
	assert_counted(w->pool, &before, .header_allocs = 8);
	for (seg = made, of = m; seg != NULL; seg = seg->next, of = of->next) {
		assert_int_equal(seg_count(of), 2);
		assert_int_equal(rte_mbuf_refcnt_read(seg), 1);
		assert_ptr_equal(rte_pktmbuf_mtod(seg, void *), rte_pktmbuf_mtod(of, void *));
		assert_int_equal(rte_pktmbuf_iova(seg), rte_pktmbuf_iova(of));
		if (RTE_MBUF_HAS_EXTBUF(of))
			assert_ptr_equal(seg->shinfo, of->shinfo);
		else
			assert_ptr_equal(rte_mbuf_from_indirect(seg),
					RTE_MBUF_CLONED(of) ? rte_mbuf_from_indirect(of) : of);
	}
	mext_free_bulk(&made, 1);
	assert_unchanged(&shot);
	shot_free(&shot);
	rte_pktmbuf_free(m);
}

/** Where byte off of a packet is; of no bytes, where the last one before is. */
static char *
address_of(struct rte_mbuf *m, size_t off, size_t len)
{
	for (; off > m->data_len || (off == m->data_len && len > 0); m = m->next)
		off -= m->data_len;
	return rte_pktmbuf_mtod_offset(m, char *, off);
}

static void
test_share_range_has_segments_of_range(void **state)
{
	static const struct {
		size_t off, len;
		unsigned int nb_segs, lens[3];
	} rows[] = {
		{ 0, 0, 1, { 0 } },
		{ 100, 0, 1, { 0 } },
		{ 600, 0, 1, { 0 } },
		{ 0, 1, 1, { 1 } },
		{ 0, 99, 1, { 99 } },
		{ 0, 100, 1, { 100 } },
		{ 0, 101, 2, { 100, 1 } },
		{ 99, 1, 1, { 1 } },
		{ 99, 2, 2, { 1, 1 } },
		{ 100, 1, 1, { 1 } },
		{ 100, 200, 1, { 200 } },
		{ 99, 202, 3, { 1, 200, 1 } },
		{ 300, 300, 1, { 300 } },
		{ 599, 1, 1, { 1 } },
		{ 0, 600, 3, { 100, 200, 300 } },
	};
	struct world *w = *state;
	struct rte_mbuf *m, *made;
	unsigned int i;

	m = chain(w, { seg_pair, 100 }, { seg_storage, 200 }, { seg_direct, 300 });
	for (i = 0; i < RTE_DIM(rows); i++) {
		made = share(w, m, rows[i].off, rows[i].len);
		assert_ptr_equal(rte_pktmbuf_mtod(made, char *),
				address_of(m, rows[i].off, rows[i].len));
		check_lens(made, rows[i].lens, rows[i].nb_segs, __FILE__, __LINE__);
		rte_pktmbuf_free(made);
	}
	rte_pktmbuf_free(m);
}

static void
test_share_segments_of_65535_bytes_succeeds(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_readonly, UINT16_MAX }, { seg_readonly, UINT16_MAX });
	struct rte_mbuf *made = share(w, m, 0, 2 * UINT16_MAX);

	assert_lens(made, UINT16_MAX, UINT16_MAX);
	rte_pktmbuf_free(made);
	made = share(w, m, UINT16_MAX - 1, UINT16_MAX);
	assert_lens(made, 1, UINT16_MAX - 1);
	rte_pktmbuf_free(made);
	rte_pktmbuf_free(m);
}

static void
test_share_leaves_out_empty_segments(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_pair, 0 }, { seg_pair, 100 }, { seg_storage, 0 },
			{ seg_direct, 0 }, { seg_storage, 50 }, { seg_pair, 0 });
	struct rte_mbuf *made = share(w, m, 0, 150);

	assert_lens(made, 100, 50);
	rte_pktmbuf_free(made);
	made = share(w, m, 100, 50);
	assert_lens(made, 50);
	rte_pktmbuf_free(made);
	rte_pktmbuf_free(m);
	m = chain(w, { seg_pair, 0 }, { seg_storage, 0 });
	made = share(w, m, 0, 0);
	assert_lens(made, 0);
	rte_pktmbuf_free(made);
	rte_pktmbuf_free(m);
}

/** Stock prepend and append find nothing to write to beside shared bytes. */
static void
test_share_of_mext_storage_has_no_room(void **state)
{
	static const seg_make_t makes[] = { seg_pair, seg_storage, seg_readonly, seg_writable,
		seg_leaf };
	struct world *w = *state;
	struct rte_mbuf *m, *made;
	unsigned int i;

	for (i = 0; i < RTE_DIM(makes); i++) {
		m = chain(w, { makes[i], 100 });
		made = share(w, m, 10, 80);
		assert_int_equal(made->buf_len, 80);
		assert_int_equal(rte_pktmbuf_headroom(made), 0);
		assert_int_equal(rte_pktmbuf_tailroom(made), 0);
		assert_null(rte_pktmbuf_prepend(made, 1));
		assert_null(rte_pktmbuf_append(made, 1));
		rte_pktmbuf_free(m);
		assert_packet(made, 10, 80);
		rte_pktmbuf_free(made);
	}
}

/** The owner's callback may look at the address. */
static void
test_share_of_foreign_keeps_address(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_foreign, 100 }), *made = share(w, m, 30, 40);

	assert_ptr_equal(made->buf_addr, m->buf_addr);
	assert_int_equal(rte_mbuf_iova_get(made), rte_mbuf_iova_get(m));
	assert_int_equal(made->data_off, m->data_off + 30);
	assert_int_equal(rte_pktmbuf_tailroom(made), 0);
	rte_pktmbuf_free(m);
	assert_int_equal(w->foreign_freed, 0);
	assert_packet(made, 30, 40);
	rte_pktmbuf_free(made);
	assert_int_equal(w->foreign_freed, 1);
}

static void
test_share_of_mbuf_with_bytes_keeps_it_out(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_direct, 100 }), *made = share(w, m, 30, 40), *again;

	assert_true(RTE_MBUF_CLONED(made));
	assert_int_equal(rte_pktmbuf_tailroom(made), 0);
	assert_int_equal(mext_share(w->pool, made, 0, 40, &again), 0);
	assert_ptr_equal(rte_mbuf_from_indirect(again), m);
	assert_int_equal(rte_mbuf_refcnt_read(m), 3);
	rte_pktmbuf_free(m);
	rte_pktmbuf_free(made);
	assert_int_equal(rte_mempool_in_use_count(w->plain), 1);
	assert_packet(again, 30, 40);
	mext_free_bulk(&again, 1);
	assert_int_equal(rte_mempool_in_use_count(w->plain), 0);
}

/** As received by a driver that has overwritten the mark of a pair. */
static struct rte_mbuf *
unmarked(struct world *w)
{
	struct rte_mbuf *m = mext_packet_alloc(w->rx_pairs);

	assert_non_null(m);
	assert_non_null(rte_pktmbuf_append(m, 100));
	m->ol_flags = 0;
	return m;
}

static void
test_share_unmarked_pair_puts_mark_back(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = unmarked(w), *made;

	assert_int_equal(mext_share(w->pool, m, 10, 50, &made), 0);
	assert_true(RTE_MBUF_HAS_EXTBUF(m));
	assert_true(RTE_MBUF_HAS_EXTBUF(made));
	assert_int_equal(mext_storage_refcnt(mext_storage_from_mbuf(made)), 2);
	rte_pktmbuf_free(m);
	assert_int_equal(in_use(w->rx_pairs, "pairs"), 1);
	rte_pktmbuf_free(made);
}

/** A header that others can see is not edited, not even to put the mark back. */
static void
test_share_unmarked_pair_owned_twice_holds_header(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = unmarked(w), *made, before;

	rte_mbuf_refcnt_update(m, 1);
	before = *m;
	assert_int_equal(mext_share(w->pool, m, 10, 50, &made), 0);
	rte_mbuf_refcnt_update(&before, 1);
	assert_memory_equal(m, &before, sizeof(before));
	assert_true(RTE_MBUF_CLONED(made));
	assert_ptr_equal(rte_mbuf_from_indirect(made), m);
	rte_pktmbuf_free(m);
	rte_pktmbuf_free(m);
	assert_int_equal(in_use(w->rx_pairs, "pairs"), 1);
	rte_pktmbuf_free(made);
}

/** Bytes that are apart from the header can't hang on it, and the mark is not put back: -ENOTSUP. */
static void
test_share_unmarked_pinned_owned_twice_is_enotsup(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_pair, 50 }, { seg_pinned, 100 }), *made;

	m->next->ol_flags = 0;
	rte_mbuf_refcnt_update(m->next, 1);
	assert_refused(w, m, &verb_share, 0, 150, -ENOTSUP);
	assert_refused(w, m, &verb_share, 50, 100, -ENOTSUP);
	assert_refused(w, m->next, &verb_fanout, 0, 0, -ENOTSUP);
	rte_mbuf_refcnt_update(m->next, -1);
	made = share(w, m, 0, 150);
	assert_true(RTE_MBUF_HAS_EXTBUF(m->next));
	rte_pktmbuf_free(made);
	rte_pktmbuf_free(m);
}

static void
test_share_range_beyond_packet_is_erange(void **state)
{
	static const struct {
		size_t off, len;
	} rows[] = { { 0, 301 }, { 1, 300 }, { 300, 1 }, { 301, 0 }, { SIZE_MAX, 0 },
		{ SIZE_MAX, 1 }, { 1, SIZE_MAX }, { 0, SIZE_MAX }, { SIZE_MAX, SIZE_MAX },
		{ 0, UINT64_C(1) << 32 }, { UINT64_C(1) << 32, 0 } };
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_pair, 100 }, { seg_storage, 200 });
	struct mext_stats before = stats_of(w->pool);
	unsigned int i;

	for (i = 0; i < RTE_DIM(rows); i++)
		assert_refused(w, m, &verb_share, rows[i].off, rows[i].len, -ERANGE);
	assert_counted(w->pool, &before, .allocs = 0);
	rte_pktmbuf_free(m);
}

static void
test_share_null_is_einval(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *made = (void *)1;

	assert_int_equal(mext_share(w->pool, NULL, 0, 0, &made), -EINVAL);
	assert_ptr_equal(made, (void *)1);
}

/** Of every kind up to the last reference, and not one further; what is held in front is let go. */
static void
test_share_count_at_limit_is_eoverflow(void **state)
{
	static const seg_make_t makes[] = { seg_direct, seg_clone, seg_pinned, seg_foreign,
		seg_pair, seg_storage, seg_readonly };
	struct world *w = *state;
	struct rte_mbuf *m, *made, *last;
	unsigned int i;

	for (i = 0; i < RTE_DIM(makes); i++) {
		m = chain(w, { seg_pair, 50 }, { seg_direct, 50 }, { makes[i], 100 });
		last = seg_at(m, 2);
		seg_set_count(last, seg_most(last) - 1);
		made = share(w, m, 0, 200);
		assert_int_equal(seg_count(last), seg_most(last));
		assert_refused(w, m, &verb_share, 0, 200, -EOVERFLOW);
		assert_refused(w, m, &verb_share, 100, 100, -EOVERFLOW);
		rte_pktmbuf_free(made);
		assert_int_equal(seg_count(last), seg_most(last) - 1);
		seg_set_count(last, 1);
		rte_pktmbuf_free(m);
	}
}

static void
test_share_without_headers_is_enobufs_and_counted(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_pair, 50 }, { seg_direct, 50 }), *made = NULL;
	struct rte_mbuf *all[WORLD_HEADERS];
	struct mext_stats before;

	assert_int_equal(mext_header_alloc_bulk(w->pool, all, WORLD_HEADERS - 1), 0);
	before = stats_of(w->pool);
	assert_refused(w, m, &verb_share, 0, 100, -ENOBUFS);
	assert_counted(w->pool, &before, .header_failures = 1);
	made = share(w, m, 0, 50);
	mext_free_bulk(&made, 1);
	mext_free_bulk(all, WORLD_HEADERS - 1);
	rte_pktmbuf_free(m);
}

static void
test_share_from_pool_made_without_headers_is_enomem(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_pair, 50 }), *made = (void *)1;
	struct shot shot;

	shot_take(&shot, w, m);
	assert_int_equal(mext_share(w->rx_pairs, m, 0, 50, &made), -ENOMEM);
	assert_ptr_equal(made, (void *)1);
	assert_unchanged(&shot);
	shot_free(&shot);
	rte_pktmbuf_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_share_all_kinds_holds_each_segment_once),
		world_test(test_share_range_has_segments_of_range),
		world_test(test_share_segments_of_65535_bytes_succeeds),
		world_test(test_share_leaves_out_empty_segments),
		world_test(test_share_of_mext_storage_has_no_room),
		world_test(test_share_of_foreign_keeps_address),
		world_test(test_share_of_mbuf_with_bytes_keeps_it_out),
		world_test(test_share_unmarked_pair_puts_mark_back),
		world_test(test_share_unmarked_pair_owned_twice_holds_header),
		world_test(test_share_unmarked_pinned_owned_twice_is_enotsup),
		world_test(test_share_range_beyond_packet_is_erange),
		world_test(test_share_null_is_einval),
		world_test(test_share_count_at_limit_is_eoverflow),
		world_test(test_share_without_headers_is_enobufs_and_counted),
		world_test(test_share_from_pool_made_without_headers_is_enomem),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
