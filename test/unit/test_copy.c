/* SPDX-License-Identifier: BSD-3-Clause */
/* mext_dup(), mext_unshare(). */
#include "calls.h"
#include "pool.h"
#include "shot.h"

#define PAIR_MAX 1500 /* bytes in a packet of the world's, behind its headroom */
#define SEG_MAX (UINT16_MAX - WORLD_HEADROOM) /* and in a storage on a header */
#define MARK ((struct rte_mbuf *)(uintptr_t)0x1000)

static void
test_dup_range_is_one_own_segment(void **state)
{
	static const struct {
		size_t off, len;
	} rows[] = { { 0, 0 }, { 300, 0 }, { 600, 0 }, { 0, 1 }, { 99, 2 }, { 100, 200 },
		{ 50, 500 }, { 599, 1 }, { 0, 600 } };
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_foreign, 100 }, { seg_leaf, 200 }, { seg_clone, 300 });
	struct mext_stats before;
	struct rte_mbuf *dup;
	struct shot shot;
	unsigned int i;

	shot_take(&shot, w, m);
	for (i = 0; i < RTE_DIM(rows); i++) {
		before = stats_of(w->pool);
		assert_int_equal(mext_dup(w->pool, m, rows[i].off, rows[i].len, &dup), 0);
		assert_counted(w->pool, &before, .allocs = 1);
		assert_packet(dup, rows[i].off, rows[i].len);
		assert_lens(dup, rows[i].len);
		assert_int_equal(rte_pktmbuf_headroom(dup), WORLD_HEADROOM);
		assert_true(mext_is_writable(dup, 0, rows[i].len));
		memset(rte_pktmbuf_mtod(dup, void *), 0xff, rows[i].len);
		rte_pktmbuf_free(dup);
		assert_unchanged(&shot);
	}
	shot_free(&shot);
	rte_pktmbuf_free(m);
}

/** In packets where these are large enough, else in the smallest class that is, in the fewest segments. */
static void
test_dup_takes_room_by_length(void **state)
{
	static const struct {
		size_t len;
		const char *kind;
		unsigned int nb_segs;
	} rows[] = {
		{ PAIR_MAX, "pairs", 1 },
		{ PAIR_MAX + 1, "class1", 1 },
		{ WORLD_MEDIUM - WORLD_HEADROOM, "class1", 1 },
		{ WORLD_MEDIUM - WORLD_HEADROOM + 1, "class2", 1 },
		{ SEG_MAX, "class2", 1 },
		{ SEG_MAX + 1, "pairs", 2 }, /* for the last byte */
		{ SEG_MAX + UINT16_MAX, "class2", 2 },
		{ SEG_MAX + UINT16_MAX + 1, "pairs", 3 },
	};
	struct world *w = *state;
	struct rte_mbuf *dup, *m;
	unsigned int i;
	uint64_t out;

	m = chain(w, { seg_readonly, UINT16_MAX }, { seg_readonly, UINT16_MAX });
	for (i = 0; i < RTE_DIM(rows); i++) {
		out = in_use(w->pool, rows[i].kind);
		assert_int_equal(mext_dup(w->pool, m, 0, rows[i].len, &dup), 0);
		assert_packet(dup, 0, rows[i].len);
		assert_int_equal(dup->nb_segs, rows[i].nb_segs);
		assert_true(in_use(w->pool, rows[i].kind) > out);
		rte_pktmbuf_free(dup);
	}
	rte_pktmbuf_free(m);
}

static void
test_dup_of_headers_owned_twice_leaves_them(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_pair, 100 }, { seg_storage, 0 }, { seg_direct, 50 }),
			*dup;
	struct shot shot;

	rte_pktmbuf_refcnt_update(m, 1);
	shot_take(&shot, w, m);
	assert_int_equal(mext_dup(w->pool, m, 50, 100, &dup), 0);
	assert_packet(dup, 50, 100);
	mext_free_bulk(&dup, 1);
	assert_unchanged(&shot);
	shot_free(&shot);
	rte_pktmbuf_free(m);
	rte_pktmbuf_free(m);
}

static void
test_dup_refused_changes_nothing(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_storage, 100 }, { seg_direct, 50 }), *dup = MARK;
	struct mext_pool_conf conf;
	struct mext_pool *pool;

	assert_int_equal(mext_dup(w->pool, NULL, 0, 0, &dup), -EINVAL);
	assert_refused(w, m, &verb_dup, 0, 151, -ERANGE);
	assert_refused(w, m, &verb_dup, 151, 0, -ERANGE);
	assert_refused(w, m, &verb_dup, 1, SIZE_MAX, -ERANGE);
	assert_refused(w, m, &verb_dup, SIZE_MAX, 1, -ERANGE);
	mext_pool_conf_init(&conf);
	conf.headers = (struct mext_pool_class){ 0, 64, 0 };
	assert_int_equal(mext_pool_create("headers only", &conf, &pool), 0);
	assert_int_equal(mext_dup(pool, m, 0, 1, &dup), -ENOMEM);
	assert_int_equal(mext_dup(pool, m, 0, 0, &dup), -ENOMEM);
	assert_int_equal(mext_pool_destroy(pool), 0);
	assert_ptr_equal(dup, MARK);
	rte_pktmbuf_free(m);
}

/** The least that a pool may have: behind the headroom there is one byte. */
static void
test_dup_into_room_of_headroom_and_a_byte_succeeds(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_storage, 100 }), *dup;
	struct mext_pool_conf conf;
	struct mext_pool *pool;

	mext_pool_conf_init(&conf);
	conf.headers = (struct mext_pool_class){ 0, 64, 0 };
	conf.nb_classes = 1;
	conf.classes[0] = (struct mext_pool_class){ conf.headroom + 1, 64, 0 };
	assert_int_equal(mext_pool_create("tiny", &conf, &pool), 0);
	assert_int_equal(mext_dup(pool, m, 0, 100, &dup), 0);
	assert_lens(dup, 1, 99);
	assert_packet(dup, 0, 100);
	rte_pktmbuf_free(dup);
	assert_int_equal(mext_pool_destroy(pool), 0);
	rte_pktmbuf_free(m);
}

/** A copy of more than 65,535 segments: later it may be shorter if larger storages are out, else never. */
static void
test_dup_of_too_many_segments_tells_whether_larger_ones_are_out(void **state)
{
	static const int expected[] = { -EMSGSIZE, -ENOBUFS };
	struct world *w = *state;
	struct mext_storage *storage = world_storage(w, WORLD_LARGE);
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	struct rte_mbuf *m, *dup = MARK;
	unsigned int i;

	assert_int_equal(mext_attach_chain(w->pool, storage, 0, WORLD_LARGE, &m), 0);
	mext_pool_conf_init(&conf);
	conf.headroom = 0;
	conf.headers = (struct mext_pool_class){ 0, WORLD_LARGE, 0 };
	conf.classes[0] = (struct mext_pool_class){ 1, WORLD_LARGE, 0 };
	conf.classes[1] = (struct mext_pool_class){ 30000, 1, 0 };
	for (i = 0; i < RTE_DIM(expected); i++) {
		conf.nb_classes = 1 + i;
		assert_int_equal(mext_pool_create("bytes", &conf, &pool), 0);
		assert_int_equal(mext_dup(pool, m, 0, WORLD_LARGE, &dup), expected[i]);
		assert_ptr_equal(dup, MARK);
		assert_int_equal(mext_pool_destroy(pool), 0);
	}
	mext_free_bulk(&m, 1);
}

/** A pool of nothing but packets makes chains of them. */
static void
test_dup_from_pool_of_packets_makes_chain_of_them(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_readonly, 5000 }), *dup;
	unsigned int i;

	assert_int_equal(mext_dup(w->rx_pairs, m, 0, 5000, &dup), 0);
	assert_packet(dup, 0, 5000);
	assert_lens(dup, 1500, 1500 + RTE_PKTMBUF_HEADROOM, 1500 + RTE_PKTMBUF_HEADROOM,
			500 - 2 * RTE_PKTMBUF_HEADROOM);
	assert_int_equal(in_use(w->rx_pairs, "pairs"), 4);
	for (i = 1; i < 4; i++)
		assert_int_equal(seg_at(dup, i)->data_off, 0);
	rte_pktmbuf_free(dup);
	rte_pktmbuf_free(m);
}

static void
test_unshare_own_packet_does_nothing(void **state)
{
	static const seg_make_t makes[] = { seg_direct, seg_clone, seg_pinned, seg_pair,
		seg_storage, seg_writable };
	struct world *w = *state;
	struct mext_stats before;
	struct rte_mbuf *m, *head;
	struct shot shot;
	unsigned int i;

	for (i = 0; i < 2 * RTE_DIM(makes); i++) {
		head = m = chain(w, { makes[i / 2], i % 2 == 0 ? 100 : 0 });
		before = stats_of(w->pool);
		shot_take(&shot, w, m);
		assert_int_equal(mext_unshare(w->pool, &m), 0);
		assert_ptr_equal(m, head);
		assert_unchanged(&shot);
		assert_counted(w->pool, &before, .allocs = 0);
		shot_free(&shot);
		rte_pktmbuf_free(m);
	}
}

/** As few segments as the pool can give: longer packets may have more. */
static void
test_unshare_own_chain_does_nothing_if_it_is_short(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_writable, SEG_MAX }, { seg_pair, 1 }), *head = m;
	struct mext_stats before = stats_of(w->pool);

	assert_int_equal(mext_unshare(w->pool, &m), 0);
	assert_ptr_equal(m, head);
	assert_counted(w->pool, &before, .allocs = 0);
	assert_int_equal(mext_trim_back(w->pool, &m, 1), 0);
	assert_int_equal(mext_concat(w->pool, &m, chain(w, { seg_pair, 0 })), 0);
	before = stats_of(w->pool);
	assert_int_equal(mext_unshare(w->pool, &m), 0);
	assert_lens(m, SEG_MAX);
	assert_packet(m, 0, SEG_MAX);
	assert_counted(w->pool, &before, .allocs = 1, .header_allocs = 1, .attaches = 1,
			.releases = 2, .returns_bulk = 2);
	rte_pktmbuf_free(m);
}

static void
test_unshare_chain_makes_one_segment(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_pair, 100 }, { seg_storage, 200 }, { seg_direct, 300 });

	assert_int_equal(mext_unshare(w->pool, &m), 0);
	assert_lens(m, 600);
	assert_packet(m, 0, 600);
	assert_int_equal(rte_pktmbuf_headroom(m), WORLD_HEADROOM);
	assert_int_equal(in_use(w->pool, "pairs"), 1);
	assert_int_equal(in_use(w->pool, "class0"), 0);
	rte_pktmbuf_free(m);
}

/** What others see stays, and what held the bytes is let go. */
static void
test_unshare_shared_bytes_lets_go(void **state)
{
	static const seg_make_t makes[] = { seg_direct, seg_clone, seg_pinned, seg_foreign,
		seg_pair, seg_storage, seg_readonly };
	struct world *w = *state;
	struct rte_mbuf *m, *made;
	unsigned int i;

	for (i = 0; i < RTE_DIM(makes); i++) {
		m = chain(w, { makes[i], 100 });
		assert_int_equal(mext_share(w->pool, m, 0, 100, &made), 0);
		assert_int_equal(mext_unshare(w->pool, &made), 0);
		assert_int_equal(seg_count(m), 1);
		assert_true(mext_is_writable(made, 0, 100));
		memset(rte_pktmbuf_mtod(made, void *), 0xff, 100);
		assert_packet(m, 0, 100);
		rte_pktmbuf_free(made);
		rte_pktmbuf_free(m);
	}
}

/** Segments without bytes are not looked at, whatever they hold. */
static void
test_unshare_empty_segments_does_nothing(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_storage, 100 }), *made, *empty;
	struct mext_stats before;

	assert_int_equal(mext_share(w->pool, m, 50, 0, &made), 0);
	assert_int_equal(mext_share(w->pool, m, 50, 0, &empty), 0);
	before = stats_of(w->pool);
	assert_int_equal(mext_unshare(w->pool, &made), 0);
	assert_int_equal(seg_count(m), 3);
	rte_pktmbuf_free(made);
	made = chain(w, { seg_writable, SEG_MAX + 1 });
	assert_int_equal(mext_concat(w->pool, &made, empty), 0);
	assert_int_equal(mext_unshare(w->pool, &made), 0);
	assert_lens(made, SEG_MAX + 1, 0);
	assert_int_equal(stats_of(w->pool).returns_bulk, before.returns_bulk);
	rte_pktmbuf_free(made);
	rte_pktmbuf_free(m);
}

static void
test_unshare_refused_changes_nothing(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_readonly, 100 }), *none = NULL;
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	struct shot shot;

	assert_int_equal(mext_unshare(w->pool, &none), -EINVAL);
	mext_pool_conf_init(&conf);
	conf.headers = (struct mext_pool_class){ 0, 64, 0 };
	assert_int_equal(mext_pool_create("headers only", &conf, &pool), 0);
	shot_take(&shot, w, m);
	assert_int_equal(mext_unshare(pool, &m), -ENOMEM);
	assert_unchanged(&shot);
	shot_free(&shot);
	assert_int_equal(mext_pool_destroy(pool), 0);
	rte_pktmbuf_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_dup_range_is_one_own_segment),
		world_test(test_dup_takes_room_by_length),
		world_test(test_dup_of_headers_owned_twice_leaves_them),
		world_test(test_dup_refused_changes_nothing),
		world_test(test_dup_into_room_of_headroom_and_a_byte_succeeds),
		world_test(test_dup_of_too_many_segments_tells_whether_larger_ones_are_out),
		world_test(test_dup_from_pool_of_packets_makes_chain_of_them),
		world_test(test_unshare_own_packet_does_nothing),
		world_test(test_unshare_own_chain_does_nothing_if_it_is_short),
		world_test(test_unshare_chain_makes_one_segment),
		world_test(test_unshare_shared_bytes_lets_go),
		world_test(test_unshare_empty_segments_does_nothing),
		world_test(test_unshare_refused_changes_nothing),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
