/* SPDX-License-Identifier: BSD-3-Clause */
/* mext_trim_front(), mext_trim_back(). */
#include "calls.h"
#include "pool.h"
#include "shot.h"

struct row {
	size_t len;
	unsigned int nb_segs, lens[3];
	unsigned int first; /* which segment of three is the first that is left */
};

static void
trim(struct world *w, const struct verb *verb, const struct row *row, seg_make_t make)
{
	struct call call = {
		.verb = verb,
		.a = row->len,
		.w = w,
		.m = chain(w, { make, 100 }, { make, 200 }, { make, 300 }),
	};
	struct mext_stats before;
	struct rte_mbuf *seg[3];
	unsigned int s;

	for (s = 0; s < 3; s++)
		seg[s] = seg_at(call.m, s);
	call_prepare(&call);
	before = stats_of(w->pool);
	assert_int_equal(call_run(&call), 0);
	verb->check(&call);
	check_lens(call.m, row->lens, row->nb_segs, __FILE__, __LINE__);
	for (s = 0; s < row->nb_segs; s++)
		assert_ptr_equal(seg_at(call.m, s), seg[row->first + s]);
	assert_int_equal(stats_of(w->pool).header_allocs, before.header_allocs);
	assert_int_equal(stats_of(w->pool).allocs, before.allocs);
	call_free(&call);
	world_idle(w);
}

static const seg_make_t makes[] = { seg_direct, seg_clone, seg_pinned, seg_foreign, seg_pair,
	seg_storage, seg_readonly, seg_leaf };

/** Segments that are left are the same mbufs, the others are freed, and no header is needed. */
static void
test_trim_front_keeps_segments_behind(void **state)
{
	static const struct row rows[] = {
		{ 0, 3, { 100, 200, 300 }, 0 },
		{ 1, 3, { 99, 200, 300 }, 0 },
		{ 99, 3, { 1, 200, 300 }, 0 },
		{ 100, 2, { 200, 300 }, 1 },
		{ 101, 2, { 199, 300 }, 1 },
		{ 299, 2, { 1, 300 }, 1 },
		{ 300, 1, { 300 }, 2 },
		{ 599, 1, { 1 }, 2 },
		{ 600, 1, { 0 }, 0 },
	};
	unsigned int i;

	for (i = 0; i < RTE_DIM(rows) * RTE_DIM(makes); i++)
		trim(*state, &verb_trim_front, &rows[i % RTE_DIM(rows)], makes[i / RTE_DIM(rows)]);
}

static void
test_trim_back_keeps_segments_before(void **state)
{
	static const struct row rows[] = {
		{ 0, 3, { 100, 200, 300 }, 0 },
		{ 1, 3, { 100, 200, 299 }, 0 },
		{ 299, 3, { 100, 200, 1 }, 0 },
		{ 300, 2, { 100, 200 }, 0 },
		{ 301, 2, { 100, 199 }, 0 },
		{ 499, 2, { 100, 1 }, 0 },
		{ 500, 1, { 100 }, 0 },
		{ 599, 1, { 1 }, 0 },
		{ 600, 1, { 0 }, 0 },
	};
	unsigned int i;

	for (i = 0; i < RTE_DIM(rows) * RTE_DIM(makes); i++)
		trim(*state, &verb_trim_back, &rows[i % RTE_DIM(rows)], makes[i / RTE_DIM(rows)]);
}

static void
test_trim_beside_empty_segments_drops_what_is_empty(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_pair, 0 }, { seg_pair, 100 }, { seg_storage, 0 },
			{ seg_direct, 0 }, { seg_storage, 50 }, { seg_pair, 0 });

	assert_int_equal(mext_trim_front(w->pool, &m, 100), 0);
	assert_lens(m, 50, 0);
	assert_packet(m, 100, 50);
	rte_pktmbuf_free(m);
	m = chain(w, { seg_pair, 0 }, { seg_pair, 100 }, { seg_storage, 0 }, { seg_direct, 0 },
			{ seg_storage, 50 }, { seg_pair, 0 });
	assert_int_equal(mext_trim_back(w->pool, &m, 50), 0);
	assert_lens(m, 0, 100);
	assert_packet(m, 0, 100);
	assert_int_equal(mext_trim_back(w->pool, &m, 100), 0);
	assert_lens(m, 0);
	assert_int_equal(mext_trim_back(w->pool, &m, 0), 0);
	assert_packet(m, 0, 0);
	rte_pktmbuf_free(m);
}

/** Who is alone may use the room again, who is not finds none. */
static void
test_trim_own_bytes_leaves_room(void **state)
{
	static const seg_make_t own[] = { seg_direct, seg_pinned, seg_pair, seg_storage,
		seg_writable, seg_clone };
	struct world *w = *state;
	struct rte_mbuf *m;
	unsigned int i, head, tail;

	for (i = 0; i < RTE_DIM(own); i++) {
		m = chain(w, { own[i], 100 });
		head = rte_pktmbuf_headroom(m);
		tail = rte_pktmbuf_tailroom(m);
		assert_int_equal(mext_trim_front(w->pool, &m, 10), 0);
		assert_int_equal(mext_trim_back(w->pool, &m, 20), 0);
		assert_int_equal(rte_pktmbuf_headroom(m), head + 10);
		assert_int_equal(rte_pktmbuf_tailroom(m), tail + 20);
		assert_packet(m, 10, 70);
		rte_pktmbuf_free(m);
	}
}

static void
test_trim_shared_storage_leaves_no_room(void **state)
{
	static const seg_make_t shared[] = { seg_storage, seg_readonly, seg_writable, seg_leaf };
	struct world *w = *state;
	struct mext_storage *storage;
	struct rte_mbuf *m;
	unsigned int i;

	for (i = 0; i < RTE_DIM(shared); i++) {
		m = chain(w, { shared[i], 100 });
		storage = mext_storage_from_mbuf(m);
		assert_int_equal(mext_storage_hold(storage, 1), 0);
		assert_int_equal(mext_trim_front(w->pool, &m, 10), 0);
		assert_int_equal(rte_pktmbuf_headroom(m), 0);
		assert_int_equal(mext_trim_back(w->pool, &m, 20), 0);
		assert_int_equal(rte_pktmbuf_tailroom(m), 0);
		assert_int_equal(m->buf_len, 70);
		assert_ptr_equal(m->buf_addr, (char *)mext_storage_data(storage) + 10);
		assert_int_equal(rte_mbuf_iova_get(m), mext_storage_iova(storage) + 10);
		assert_packet(m, 10, 70);
		assert_int_equal(mext_storage_release(storage, 1), 0);
		rte_pktmbuf_free(m);
	}
}

/** Nobody forgot that read-only memory may not be written when its only holder trims it. */
static void
test_trim_readonly_storage_leaves_no_room(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_readonly, 100 });

	assert_int_equal(mext_trim_front(w->pool, &m, 10), 0);
	assert_int_equal(mext_trim_back(w->pool, &m, 20), 0);
	assert_null(rte_pktmbuf_prepend(m, 1));
	assert_null(rte_pktmbuf_append(m, 1));
	rte_pktmbuf_free(m);
}

/** What to write beside it is the owner's to say; others would see it. */
static void
test_trim_foreign_keeps_address_and_closes_shared_room(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_foreign, 100 }), *made;
	void *addr = m->buf_addr;
	unsigned int room = rte_pktmbuf_tailroom(m);

	assert_int_equal(mext_trim_front(w->pool, &m, 10), 0);
	assert_int_equal(mext_trim_back(w->pool, &m, 20), 0);
	assert_ptr_equal(m->buf_addr, addr);
	assert_int_equal(rte_pktmbuf_tailroom(m), room + 20);
	assert_packet(m, 10, 70);
	assert_int_equal(mext_share(w->pool, m, 0, 70, &made), 0);
	assert_int_equal(mext_trim_back(w->pool, &m, 20), 0);
	assert_ptr_equal(m->buf_addr, addr);
	assert_int_equal(rte_pktmbuf_tailroom(m), 0);
	assert_packet(m, 10, 50);
	assert_packet(made, 10, 70);
	rte_pktmbuf_free(m);
	rte_pktmbuf_free(made);
}

static void
test_trim_segments_of_65535_bytes_succeeds(void **state)
{
	static const size_t lens[] = { 1, UINT16_MAX - 1, UINT16_MAX, UINT16_MAX + 1,
		2 * UINT16_MAX };
	struct world *w = *state;
	unsigned int i;

	for (i = 0; i < 2 * RTE_DIM(lens); i++)
		call_succeeds(w,
				chain(w, { seg_storage, UINT16_MAX }, { seg_readonly, UINT16_MAX }),
				i % 2 == 0 ? &verb_trim_front : &verb_trim_back, lens[i / 2], 0);
}

/** Of 0 bytes nothing is done, even where others own the headers. */
static void
test_trim_of_0_bytes_does_nothing(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_pair, 100 }, { seg_pair, 0 }), *head = m;
	struct shot shot;

	rte_pktmbuf_refcnt_update(m, 1);
	shot_take(&shot, w, m);
	assert_int_equal(mext_trim_front(w->pool, &m, 0), 0);
	assert_int_equal(mext_trim_back(w->pool, &m, 0), 0);
	assert_ptr_equal(m, head);
	assert_unchanged(&shot);
	shot_free(&shot);
	rte_pktmbuf_free(m);
	rte_pktmbuf_free(m);
}

static void
test_trim_refused_changes_nothing(void **state)
{
	static const struct verb *const verbs[] = { &verb_trim_front, &verb_trim_back };
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_storage, 100 }, { seg_storage, 200 }), *none = NULL;
	struct shot shot;
	unsigned int i;

	assert_int_equal(mext_trim_front(w->pool, &none, 0), -EINVAL);
	assert_int_equal(mext_trim_back(w->pool, &none, 0), -EINVAL);
	rte_pktmbuf_refcnt_update(m, 1);
	for (i = 0; i < RTE_DIM(verbs); i++) {
		assert_refused(w, m, verbs[i], 301, 0, -ERANGE);
		assert_refused(w, m, verbs[i], SIZE_MAX, 0, -ERANGE);
		seg_set_count(m->next, UINT16_MAX);
		assert_refused(w, m, verbs[i], 10, 0, -EOVERFLOW);
		assert_refused(w, m, verbs[i], 300, 0, -EOVERFLOW);
		seg_set_count(m->next, 1);
	}
	shot_take(&shot, w, m);
	assert_int_equal(mext_trim_front(w->rx_pairs, &m, 1), -ENOMEM);
	assert_int_equal(mext_trim_back(w->rx_pairs, &m, 1), -ENOMEM);
	assert_unchanged(&shot);
	shot_free(&shot);
	rte_pktmbuf_free(m);
	rte_pktmbuf_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_trim_front_keeps_segments_behind),
		world_test(test_trim_back_keeps_segments_before),
		world_test(test_trim_beside_empty_segments_drops_what_is_empty),
		world_test(test_trim_own_bytes_leaves_room),
		world_test(test_trim_shared_storage_leaves_no_room),
		world_test(test_trim_readonly_storage_leaves_no_room),
		world_test(test_trim_foreign_keeps_address_and_closes_shared_room),
		world_test(test_trim_segments_of_65535_bytes_succeeds),
		world_test(test_trim_of_0_bytes_does_nothing),
		world_test(test_trim_refused_changes_nothing),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
