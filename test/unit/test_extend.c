/* SPDX-License-Identifier: BSD-3-Clause */
/* mext_prepend(), mext_append(). */
#include "calls.h"
#include "pool.h"
#include "shot.h"

#define SEG_MAX (UINT16_MAX - WORLD_HEADROOM) /* bytes in a segment with headroom */
#define MARK ((void *)(uintptr_t)0x1000)

static const seg_make_t with_room[] = { seg_direct, seg_clone, seg_pinned, seg_pair };

/** The same mbuf with more bytes, and nothing is taken from the pool. */
static void
test_prepend_to_headroom_takes_nothing(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m, *head;
	struct mext_stats before;
	unsigned int i, room;
	void *data;

	for (i = 0; i < RTE_DIM(with_room); i++) {
		head = m = chain(w, { with_room[i], 100 }, { seg_readonly, 50 });
		room = rte_pktmbuf_headroom(m);
		assert_true(room >= WORLD_HEADROOM);
		before = stats_of(w->pool);
		assert_int_equal(mext_prepend(w->pool, &m, 1, &data), 0);
		assert_ptr_equal(data, rte_pktmbuf_mtod(m, void *));
		assert_int_equal(mext_prepend(w->pool, &m, room - 1, &data), 0);
		assert_ptr_equal(data, m->buf_addr);
		assert_ptr_equal(m, head);
		assert_int_equal(m->data_off, 0);
		assert_sound(m, 150 + room);
		assert_bytes(m, room, 0, 150);
		assert_counted(w->pool, &before, .allocs = 0);
		rte_pktmbuf_free(m);
	}
}

/** A new head with headroom; the old one is the second segment as it was. */
static void
test_prepend_beyond_headroom_takes_segment(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m, *old, before_old;
	struct mext_stats before;
	unsigned int i, room;
	void *data;

	for (i = 0; i < RTE_DIM(with_room); i++) {
		old = m = chain(w, { with_room[i], 100 }, { seg_readonly, 50 });
		room = rte_pktmbuf_headroom(m);
		before_old = *m;
		before = stats_of(w->pool);
		assert_int_equal(mext_prepend(w->pool, &m, room + 1, &data), 0);
		assert_counted(w->pool, &before, .allocs = 1);
		assert_ptr_equal(m->next, old);
		assert_memory_equal(old, &before_old, sizeof(before_old));
		assert_ptr_equal(data, rte_pktmbuf_mtod(m, void *));
		assert_int_equal(rte_pktmbuf_headroom(m), WORLD_HEADROOM);
		fill_other(data, room + 1);
		assert_lens(m, room + 1, 100, 50);
		assert_sound(m, 151 + room);
		assert_other(m, 0, room + 1);
		assert_bytes(m, room + 1, 0, 150);
		rte_pktmbuf_free(m);
	}
}

static void
test_append_to_tailroom_takes_nothing(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m, *head;
	struct mext_stats before;
	unsigned int i, room;
	void *data;

	for (i = 0; i < RTE_DIM(with_room); i++) {
		head = m = chain(w, { seg_readonly, 50 }, { with_room[i], 100 });
		room = rte_pktmbuf_tailroom(m->next);
		before = stats_of(w->pool);
		assert_int_equal(mext_append(w->pool, &m, 1, &data), 0);
		assert_ptr_equal(data, rte_pktmbuf_mtod(m->next, char *) + 100);
		assert_int_equal(mext_append(w->pool, &m, room - 1, &data), 0);
		assert_ptr_equal(m, head);
		assert_lens(m, 50, 100 + room);
		assert_int_equal(rte_pktmbuf_tailroom(m->next), 0);
		assert_sound(m, 150 + room);
		assert_bytes(m, 0, 0, 150);
		assert_counted(w->pool, &before, .allocs = 0);
		rte_pktmbuf_free(m);
	}
}

static void
test_append_beyond_tailroom_takes_segment(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m, *head;
	unsigned int i, room;
	void *data;

	for (i = 0; i < RTE_DIM(with_room); i++) {
		head = m = chain(w, { seg_readonly, 50 }, { with_room[i], 100 });
		room = rte_pktmbuf_tailroom(m->next);
		assert_int_equal(mext_append(w->pool, &m, room + 1, &data), 0);
		assert_ptr_equal(m, head);
		assert_lens(m, 50, 100, room + 1);
		assert_ptr_equal(data, rte_pktmbuf_mtod(seg_at(m, 2), void *));
		assert_int_equal(seg_at(m, 2)->data_off, 0);
		fill_other(data, room + 1);
		assert_sound(m, 151 + room);
		assert_bytes(m, 0, 0, 150);
		assert_other(m, 150, room + 1);
		rte_pktmbuf_free(m);
	}
}

/** Room that others may look at, or that is not to be written, is not used. */
static void
test_extend_beside_bytes_not_writable_takes_segment(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m, *made;
	struct shot shot;
	unsigned int i;

	for (i = 0; i < RTE_DIM(with_room); i++) {
		m = chain(w, { with_room[i], 100 });
		assert_int_equal(mext_share(w->pool, m, 0, 100, &made), 0);
		shot_take(&shot, w, m);
		call_succeeds(w, made, &verb_prepend, 10, 0);
		assert_still(&shot);
		shot_free(&shot);
		assert_int_equal(mext_share(w->pool, m, 0, 100, &made), 0);
		call_succeeds(w, m, &verb_append, 10, 0);
		assert_packet(made, 0, 100);
		call_succeeds(w, made, &verb_prepend, 10, 0);
	}
	m = chain(w, { seg_foreign, 100 });
	assert_int_equal(rte_pktmbuf_headroom(m), 10);
	call_succeeds(w, m, &verb_prepend, 10, 0);
	call_succeeds(w, chain(w, { seg_foreign, 100 }), &verb_append, 10, 0);
	call_succeeds(w, chain(w, { seg_readonly, 100 }), &verb_append, 10, 0);
	call_succeeds(w, chain(w, { seg_leaf, 100 }), &verb_append, 10, 0);
}

/** After a trim the only holder of a storage has room in it. */
static void
test_extend_into_trimmed_storage_takes_nothing(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_writable, 100 }), *head = m;
	struct mext_stats before;
	void *data;

	assert_int_equal(mext_trim_front(w->pool, &m, 10), 0);
	assert_int_equal(mext_trim_back(w->pool, &m, 20), 0);
	before = stats_of(w->pool);
	assert_int_equal(mext_prepend(w->pool, &m, 10, &data), 0);
	assert_int_equal(mext_append(w->pool, &m, 20, &data), 0);
	assert_ptr_equal(m, head);
	assert_packet(m, 0, 100);
	assert_counted(w->pool, &before, .allocs = 0);
	rte_pktmbuf_free(m);
}

/** The ends of the packet, in any case, and whoever owns it. */
static void
test_extend_by_0_bytes_gives_address_only(void **state)
{
	static const seg_make_t makes[] = { seg_direct, seg_pair, seg_storage, seg_readonly,
		seg_foreign };
	struct world *w = *state;
	struct rte_mbuf *m, *head;
	struct shot shot;
	unsigned int i;
	void *data;

	for (i = 0; i < RTE_DIM(makes); i++) {
		head = m = chain(w, { makes[i], 100 }, { makes[i], 50 });
		rte_pktmbuf_refcnt_update(m, 1);
		shot_take(&shot, w, m);
		assert_int_equal(mext_prepend(w->rx_pairs, &m, 0, &data), 0);
		assert_ptr_equal(data, rte_pktmbuf_mtod(m, void *));
		assert_int_equal(mext_append(w->rx_pairs, &m, 0, &data), 0);
		assert_ptr_equal(data, rte_pktmbuf_mtod(m->next, char *) + 50);
		assert_ptr_equal(m, head);
		assert_unchanged(&shot);
		shot_free(&shot);
		rte_pktmbuf_free(m);
		rte_pktmbuf_free(m);
	}
}

static void
test_extend_by_a_segment_succeeds_and_by_more_is_emsgsize(void **state)
{
	static const size_t more[] = { UINT16_MAX + 1, 100000, UINT32_MAX, SIZE_MAX - 64,
		SIZE_MAX - 1, SIZE_MAX };
	struct world *w = *state;
	struct rte_mbuf *m;
	unsigned int i;

	call_succeeds(w, chain(w, { seg_pair, 100 }), &verb_prepend, SEG_MAX, 0);
	call_succeeds(w, chain(w, { seg_pair, 100 }), &verb_append, UINT16_MAX, 0);
	m = chain(w, { seg_pair, 100 });
	assert_refused(w, m, &verb_prepend, SEG_MAX + 1, 0, -EMSGSIZE);
	for (i = 0; i < RTE_DIM(more); i++) {
		assert_refused(w, m, &verb_prepend, more[i], 0, -EMSGSIZE);
		assert_refused(w, m, &verb_append, more[i], 0, -EMSGSIZE);
	}
	rte_mbuf_refcnt_update(m, 1);
	assert_refused(w, m, &verb_append, UINT16_MAX + 1, 0, -EMSGSIZE);
	rte_pktmbuf_free(m);
	rte_pktmbuf_free(m);
}

/** Of the longest packet there is: room in a segment does not help then. */
static void
test_extend_beyond_a_packet_is_emsgsize(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_pair, 100 }), before;
	void *data = MARK;

	m->pkt_len = UINT32_MAX - 9;
	before = *m;
	assert_int_equal(mext_prepend(w->pool, &m, 10, &data), -EMSGSIZE);
	assert_int_equal(mext_append(w->pool, &m, 10, &data), -EMSGSIZE);
	assert_int_equal(mext_prepend(w->pool, &m, 1000, &data), -EMSGSIZE);
	assert_int_equal(mext_append(w->pool, &m, 2000, &data), -EMSGSIZE);
	assert_ptr_equal(data, MARK);
	assert_memory_equal(m, &before, sizeof(before));
	assert_int_equal(mext_prepend(w->pool, &m, 9, &data), 0);
	assert_int_equal(m->pkt_len, UINT32_MAX);
	m->pkt_len = UINT32_MAX - 9;
	assert_int_equal(mext_append(w->pool, &m, 9, &data), 0);
	assert_int_equal(m->pkt_len, UINT32_MAX);
	m->pkt_len = m->data_len;
	rte_pktmbuf_free(m);
}

static void
test_extend_65535_segments_is_emsgsize_without_room(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_storage, 100 }), *head = m;
	void *data;

	m->nb_segs = RTE_MBUF_MAX_NB_SEGS;
	assert_refused(w, m, &verb_prepend, 10, 0, -EMSGSIZE);
	assert_refused(w, m, &verb_append, 10, 0, -EMSGSIZE);
	m->nb_segs = RTE_MBUF_MAX_NB_SEGS - 1;
	assert_int_equal(mext_append(w->pool, &m, 10, &data), 0);
	assert_int_equal(m->nb_segs, RTE_MBUF_MAX_NB_SEGS);
	m->nb_segs--;
	assert_int_equal(mext_prepend(w->pool, &m, 10, &data), 0);
	assert_int_equal(m->nb_segs, RTE_MBUF_MAX_NB_SEGS);
	assert_ptr_equal(m->next, head);
	m->nb_segs = 3;
	rte_pktmbuf_free(m);
	head = m = chain(w, { seg_pair, 100 });
	m->nb_segs = RTE_MBUF_MAX_NB_SEGS;
	assert_int_equal(mext_prepend(w->pool, &m, 10, &data), 0);
	assert_int_equal(mext_append(w->pool, &m, 10, &data), 0);
	assert_ptr_equal(m, head);
	m->nb_segs = 1;
	rte_pktmbuf_free(m);
}

static void
test_extend_refused_changes_nothing(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_storage, 100 }), *none = NULL;
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	struct shot shot;
	void *data = MARK;

	assert_int_equal(mext_prepend(w->pool, &none, 1, &data), -EINVAL);
	assert_int_equal(mext_prepend(w->pool, &none, 0, &data), -EINVAL);
	assert_int_equal(mext_append(w->pool, &none, 1, &data), -EINVAL);
	assert_int_equal(mext_append(w->pool, &none, 0, &data), -EINVAL);
	mext_pool_conf_init(&conf);
	conf.headers = (struct mext_pool_class){ 0, 64, 0 };
	assert_int_equal(mext_pool_create("headers only", &conf, &pool), 0);
	shot_take(&shot, w, m);
	assert_int_equal(mext_prepend(pool, &m, 1, &data), -ENOMEM);
	assert_int_equal(mext_append(pool, &m, 1, &data), -ENOMEM);
	assert_ptr_equal(data, MARK);
	assert_unchanged(&shot);
	shot_free(&shot);
	assert_int_equal(mext_pool_destroy(pool), 0);
	rte_mbuf_refcnt_update(m, 1);
	seg_set_count(m, UINT16_MAX);
	assert_refused(w, m, &verb_append, 1, 0, -EOVERFLOW);
	seg_set_count(m, 1);
	rte_mbuf_refcnt_update(m, -1);
	rte_pktmbuf_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_prepend_to_headroom_takes_nothing),
		world_test(test_prepend_beyond_headroom_takes_segment),
		world_test(test_append_to_tailroom_takes_nothing),
		world_test(test_append_beyond_tailroom_takes_segment),
		world_test(test_extend_beside_bytes_not_writable_takes_segment),
		world_test(test_extend_into_trimmed_storage_takes_nothing),
		world_test(test_extend_by_0_bytes_gives_address_only),
		world_test(test_extend_by_a_segment_succeeds_and_by_more_is_emsgsize),
		world_test(test_extend_beyond_a_packet_is_emsgsize),
		world_test(test_extend_65535_segments_is_emsgsize_without_room),
		world_test(test_extend_refused_changes_nothing),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
