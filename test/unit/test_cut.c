/* SPDX-License-Identifier: BSD-3-Clause */
/* mext_split(), mext_concat(). */
#include "calls.h"
#include "pool.h"
#include "shot.h"

#define MARK ((struct rte_mbuf *)(uintptr_t)0x1000)

static void
test_split_takes_header_only_within_segment(void **state)
{
	static const struct {
		size_t off;
		unsigned int nb_segs, lens[3], nb_tail, tail_lens[3];
		unsigned int headers; /* that are taken */
	} rows[] = {
		{ 0, 1, { 0 }, 3, { 100, 200, 300 }, 1 },
		{ 1, 1, { 1 }, 3, { 99, 200, 300 }, 1 },
		{ 99, 1, { 99 }, 3, { 1, 200, 300 }, 1 },
		{ 100, 1, { 100 }, 2, { 200, 300 }, 0 },
		{ 101, 2, { 100, 1 }, 2, { 199, 300 }, 1 },
		{ 299, 2, { 100, 199 }, 2, { 1, 300 }, 1 },
		{ 300, 2, { 100, 200 }, 1, { 300 }, 0 },
		{ 599, 3, { 100, 200, 299 }, 1, { 1 }, 1 },
		{ 600, 3, { 100, 200, 300 }, 1, { 0 }, 1 },
	};
	struct world *w = *state;
	struct rte_mbuf *m, *tail, *seg[3];
	struct mext_stats before;
	unsigned int i, s;

	for (i = 0; i < RTE_DIM(rows); i++) {
		m = chain(w, { seg_pair, 100 }, { seg_storage, 200 }, { seg_direct, 300 });
		for (s = 0; s < 3; s++)
			seg[s] = seg_at(m, s);
		before = stats_of(w->pool);
		assert_int_equal(mext_split(w->pool, &m, rows[i].off, &tail), 0);
		assert_counted(w->pool, &before, .header_allocs = rows[i].headers);
		assert_packet(m, 0, rows[i].off);
		assert_packet(tail, rows[i].off, 600 - rows[i].off);
		check_lens(m, rows[i].lens, rows[i].nb_segs, __FILE__, __LINE__);
		check_lens(tail, rows[i].tail_lens, rows[i].nb_tail, __FILE__, __LINE__);
		for (s = 0; s < rows[i].nb_segs; s++)
			assert_ptr_equal(seg_at(m, s), seg[s]);
		for (s = rows[i].headers; s < rows[i].nb_tail; s++)
			assert_ptr_equal(seg_at(tail, s), seg[3 - rows[i].nb_tail + s]);
		rte_pktmbuf_free(i % 2 == 0 ? m : tail);
		rte_pktmbuf_free(i % 2 == 0 ? tail : m);
	}
}

/** Each part holds the storage; neither has room where the other one's bytes are. */
static void
test_split_within_storage_shares_it_without_room(void **state)
{
	static const seg_make_t makes[] = { seg_storage, seg_readonly, seg_writable, seg_leaf,
		seg_clone, seg_foreign };
	struct world *w = *state;
	struct rte_mbuf *m, *tail;
	unsigned int i;

	for (i = 0; i < RTE_DIM(makes); i++) {
		m = chain(w, { makes[i], 100 });
		assert_int_equal(mext_split(w->pool, &m, 60, &tail), 0);
		assert_int_equal(seg_count(m), 2);
		assert_int_equal(rte_pktmbuf_tailroom(m), 0);
		assert_int_equal(rte_pktmbuf_tailroom(tail), 0);
		assert_null(rte_pktmbuf_append(m, 1));
		if (makes[i] != seg_clone && makes[i] != seg_foreign)
			assert_null(rte_pktmbuf_prepend(tail, 1));
		assert_packet(m, 0, 60);
		assert_packet(tail, 60, 40);
		rte_pktmbuf_free(m);
		assert_packet(tail, 60, 40);
		rte_pktmbuf_free(tail);
	}
}

/** What is bound to its header keeps its room, but mext_append() does not write there. */
static void
test_split_within_pair_append_leaves_tail_alone(void **state)
{
	static const seg_make_t makes[] = { seg_pair, seg_pinned, seg_direct };
	struct world *w = *state;
	struct rte_mbuf *m, *tail;
	unsigned int i;
	void *data;

	for (i = 0; i < RTE_DIM(makes); i++) {
		m = chain(w, { makes[i], 100 });
		assert_int_equal(mext_split(w->pool, &m, 60, &tail), 0);
		assert_int_equal(mext_append(w->pool, &m, 40, &data), 0);
		fill_other(data, 40);
		assert_int_equal(mext_prepend(w->pool, &tail, 60, &data), 0);
		fill_other(data, 60);
		assert_bytes(m, 0, 0, 60);
		assert_other(m, 60, 40);
		assert_other(tail, 0, 60);
		assert_bytes(tail, 60, 60, 40);
		rte_pktmbuf_free(m);
		rte_pktmbuf_free(tail);
	}
}

static void
test_split_foreign_keeps_address(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_foreign, 100 }), *tail;
	void *addr = m->buf_addr;

	assert_int_equal(mext_split(w->pool, &m, 60, &tail), 0);
	assert_ptr_equal(m->buf_addr, addr);
	assert_ptr_equal(tail->buf_addr, addr);
	rte_pktmbuf_free(m);
	assert_int_equal(w->foreign_freed, 0);
	rte_pktmbuf_free(tail);
	assert_int_equal(w->foreign_freed, 1);
}

static void
test_split_beside_empty_segments_loses_nothing(void **state)
{
	static const size_t offs[] = { 0, 50, 100, 120, 150 };
	struct world *w = *state;
	unsigned int i;

	for (i = 0; i < RTE_DIM(offs); i++)
		call_succeeds(w,
				chain(w, { seg_pair, 0 }, { seg_pair, 100 }, { seg_storage, 0 },
						{ seg_direct, 0 }, { seg_storage, 50 },
						{ seg_pair, 0 }),
				&verb_split, offs[i], 0);
	call_succeeds(w, chain(w, { seg_pair, 0 }), &verb_split, 0, 0);
	call_succeeds(w, chain(w, { seg_pair, 0 }, { seg_storage, 0 }), &verb_split, 0, 0);
}

static void
test_split_segments_of_65535_bytes_succeeds(void **state)
{
	static const size_t offs[] = { 1, UINT16_MAX - 1, UINT16_MAX, UINT16_MAX + 1,
		2 * UINT16_MAX - 1 };
	struct world *w = *state;
	unsigned int i;

	for (i = 0; i < RTE_DIM(offs); i++)
		call_succeeds(w,
				chain(w, { seg_readonly, UINT16_MAX }, { seg_storage, UINT16_MAX }),
				&verb_split, offs[i], 0);
}

static void
test_split_refused_changes_nothing(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_readonly, 100 }, { seg_storage, 200 });
	struct rte_mbuf *none = NULL, *tail = MARK;
	struct mext_storage *storage;
	struct shot shot;

	assert_refused(w, m, &verb_split, 301, 0, -ERANGE);
	assert_refused(w, m, &verb_split, SIZE_MAX, 0, -ERANGE);
	storage = mext_storage_from_mbuf(m->next);
	assert_int_equal(mext_storage_hold(storage, UINT16_MAX - 1), 0);
	assert_refused(w, m, &verb_split, 150, 0, -EOVERFLOW);
	call_succeeds(w, m, &verb_split, 100, 0); /* shares nothing */
	assert_int_equal(mext_storage_release(storage, UINT16_MAX - 1), 0);
	assert_int_equal(mext_split(w->pool, &none, 0, &tail), -EINVAL);
	m = chain(w, { seg_pair, 100 });
	shot_take(&shot, w, m);
	assert_int_equal(mext_split(w->rx_pairs, &m, 50, &tail), -ENOMEM);
	assert_ptr_equal(tail, MARK);
	assert_unchanged(&shot);
	shot_free(&shot);
	rte_pktmbuf_free(m);
}

static void
test_concat_links_segments_as_they_are(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_pair, 100 }, { seg_readonly, 200 }), *head = m;
	struct rte_mbuf *tail = chain(w, { seg_direct, 50 }, { seg_storage, 60 });
	struct mext_stats before = stats_of(w->pool);

	assert_int_equal(mext_concat(w->pool, &m, tail), 0);
	assert_ptr_equal(m, head);
	assert_ptr_equal(seg_at(m, 2), tail);
	assert_lens(m, 100, 200, 50, 60);
	assert_sound(m, 410);
	assert_bytes(m, 0, 0, 300);
	assert_bytes(m, 300, 0, 110);
	assert_counted(w->pool, &before, .allocs = 0);
	rte_pktmbuf_free(m);
}

static void
test_concat_after_split_is_as_before(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m, *tail;
	size_t off;

	for (off = 0; off <= 300; off += 50) {
		m = chain(w, { seg_pair, 100 }, { seg_foreign, 200 });
		assert_int_equal(mext_split(w->pool, &m, off, &tail), 0);
		assert_int_equal(mext_concat(w->pool, &m, tail), 0);
		assert_packet(m, 0, 300);
		rte_pktmbuf_free(m);
	}
}

static void
test_concat_empty_packets_succeeds(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_pair, 0 });

	assert_int_equal(mext_concat(w->pool, &m, chain(w, { seg_storage, 0 })), 0);
	assert_int_equal(mext_concat(w->pool, &m, chain(w, { seg_storage, 10 })), 0);
	assert_int_equal(mext_concat(w->pool, &m, chain(w, { seg_storage, 0 })), 0);
	assert_packet(m, 0, 10);
	assert_lens(m, 0, 0, 10, 0);
	rte_pktmbuf_free(m);
}

static void
test_concat_tail_owned_twice_keeps_its_headers(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_pair, 100 });
	struct rte_mbuf *tail = chain(w, { seg_direct, 50 }, { seg_storage, 60 });
	struct mext_stats before;
	struct shot shot;

	rte_pktmbuf_refcnt_update(tail, 1);
	shot_take(&shot, w, tail);
	before = stats_of(w->pool);
	assert_int_equal(mext_concat(w->pool, &m, tail), 0);
	assert_unchanged(&shot);
	assert_counted(w->pool, &before, .allocs = 0);
	assert_int_equal(m->pkt_len, 210);
	rte_pktmbuf_free(m);
	assert_still(&shot);
	shot_free(&shot);
	rte_pktmbuf_free(tail);
}

/** Together as many segments and bytes as a packet can have, and not one more. */
static void
test_concat_beyond_a_packet_is_emsgsize(void **state)
{
	static const struct {
		uint32_t nb_segs, pkt_len;
		int ret;
	} rows[] = { { RTE_MBUF_MAX_NB_SEGS, 100, -EMSGSIZE }, { RTE_MBUF_MAX_NB_SEGS - 1, 100, 0 },
		{ 1, UINT32_MAX - CALL_TAIL, 0 }, { 1, UINT32_MAX - CALL_TAIL + 1, -EMSGSIZE },
		{ 1, UINT32_MAX, -EMSGSIZE } };
	struct world *w = *state;
	struct rte_mbuf *m, *tail, before;
	unsigned int i;

	for (i = 0; i < RTE_DIM(rows); i++) {
		m = chain(w, { seg_pair, 100 });
		tail = chain(w, { seg_storage, CALL_TAIL });
		m->nb_segs = rows[i].nb_segs;
		m->pkt_len = rows[i].pkt_len;
		before = *m;
		assert_int_equal(mext_concat(w->pool, &m, tail), rows[i].ret);
		if (rows[i].ret < 0) {
			assert_memory_equal(m, &before, sizeof(before));
			rte_pktmbuf_free(tail);
		} else {
			assert_int_equal(m->nb_segs, rows[i].nb_segs + 1);
			assert_int_equal(m->pkt_len, rows[i].pkt_len + CALL_TAIL);
		}
		m->nb_segs = rows[i].ret < 0 ? 1 : 2;
		m->pkt_len = rows[i].ret < 0 ? 100 : 100 + CALL_TAIL;
		rte_pktmbuf_free(m);
	}
}

static void
test_concat_refused_changes_nothing(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_pair, 100 }), *none = NULL, *tail;
	struct shot shot;

	tail = chain(w, { seg_pair, 10 });
	rte_mbuf_refcnt_update(m, 1);
	shot_take(&shot, w, m);
	assert_int_equal(mext_concat(w->pool, &none, tail), -EINVAL);
	assert_int_equal(mext_concat(w->pool, &m, NULL), -EINVAL);
	assert_int_equal(mext_concat(w->pool, &m, m), -EINVAL);
	assert_int_equal(mext_concat(w->rx_pairs, &m, tail), -ENOMEM);
	assert_unchanged(&shot);
	shot_free(&shot);
	seg_set_count(m, UINT16_MAX);
	assert_refused(w, m, &verb_concat, 0, 0, -EOVERFLOW);
	seg_set_count(m, 1);
	rte_mbuf_refcnt_update(m, -1);
	rte_pktmbuf_free(m);
	rte_pktmbuf_free(tail);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_split_takes_header_only_within_segment),
		world_test(test_split_within_storage_shares_it_without_room),
		world_test(test_split_within_pair_append_leaves_tail_alone),
		world_test(test_split_foreign_keeps_address),
		world_test(test_split_beside_empty_segments_loses_nothing),
		world_test(test_split_segments_of_65535_bytes_succeeds),
		world_test(test_split_refused_changes_nothing),
		world_test(test_concat_links_segments_as_they_are),
		world_test(test_concat_after_split_is_as_before),
		world_test(test_concat_empty_packets_succeeds),
		world_test(test_concat_tail_owned_twice_keeps_its_headers),
		world_test(test_concat_beyond_a_packet_is_emsgsize),
		world_test(test_concat_refused_changes_nothing),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
