/* SPDX-License-Identifier: BSD-3-Clause */
/* mext_attach_chain(). Where IO addresses are scattered: test_wrap_iova.c. */
#include <sys/mman.h>

#include "chains.h"
#include "pool.h"
#include "scarce.h"

#define MARK ((struct rte_mbuf *)(uintptr_t)0x1000)
#define MOST ((size_t)UINT16_MAX) /* bytes in a segment */

static void
test_attach_chain_cuts_range_at_65535_bytes(void **state)
{
	static const struct {
		size_t off, len;
		unsigned int nb_segs, lens[2];
	} rows[] = {
		{ 0, 0, 1, { 0 } },
		{ 50, 0, 1, { 0 } },
		{ WORLD_LARGE, 0, 1, { 0 } },
		{ 0, 1, 1, { 1 } },
		{ WORLD_LARGE - 1, 1, 1, { 1 } },
		{ 0, UINT16_MAX - 1, 1, { UINT16_MAX - 1 } },
		{ 0, UINT16_MAX, 1, { UINT16_MAX } },
		{ 7, UINT16_MAX + 1, 2, { UINT16_MAX, 1 } },
		{ 0, WORLD_LARGE, 2, { UINT16_MAX, WORLD_LARGE - UINT16_MAX } },
	};
	struct world *w = *state;
	struct mext_storage *storage = world_storage(w, WORLD_LARGE);
	struct mext_stats before;
	struct rte_mbuf *m, *seg;
	unsigned int i;
	size_t at;

	for (i = 0; i < RTE_DIM(rows); i++) {
		assert_int_equal(mext_storage_hold(storage, 1), 0);
		before = stats_of(w->pool);
		assert_int_equal(mext_attach_chain(w->pool, storage, rows[i].off, rows[i].len, &m),
				0);
		assert_counted(w->pool, &before, .header_allocs = rows[i].nb_segs,
				.attaches = rows[i].nb_segs);
		assert_int_equal(mext_storage_refcnt(storage), 1 + rows[i].nb_segs);
		assert_int_equal(m->nb_segs, rows[i].nb_segs);
		assert_int_equal(m->pkt_len, rows[i].len);
		check_lens(m, rows[i].lens, rows[i].nb_segs, __FILE__, __LINE__);
		for (seg = m, at = rows[i].off; seg != NULL; at += seg->data_len, seg = seg->next) {
			assert_ptr_equal(seg->buf_addr, (char *)mext_storage_data(storage) + at);
			assert_int_equal(rte_mbuf_iova_get(seg), mext_storage_iova(storage) + at);
			assert_int_equal(seg->buf_len, seg->data_len);
			assert_int_equal(seg->data_off, 0);
			assert_int_equal(seg->ol_flags, RTE_MBUF_F_EXTERNAL);
		}
		mext_free_bulk(&m, 1);
		assert_int_equal(mext_storage_refcnt(storage), 1);
	}
	assert_int_equal(mext_storage_release(storage, 1), 0);
}

/** The caller's reference is in the packet: with its last segment the storage goes back. */
static void
test_attach_chain_takes_callers_reference(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m;

	assert_int_equal(mext_attach_chain(w->pool, world_wrap(w, 3 * MOST), 0, 3 * MOST, &m), 0);
	assert_int_equal(m->nb_segs, 3);
	assert_int_equal(w->wraps_freed, 0);
	rte_pktmbuf_free(m);
	assert_int_equal(w->wraps_freed, 1);
}

static struct mext_storage *
storage_of_pair(struct world *w, struct rte_mbuf **packet)
{
	*packet = mext_packet_alloc(w->pool);
	assert_non_null(*packet);
	return mext_storage_from_mbuf(*packet);
}

/** Any storage will do: a packet's too, and a leaf of a spread. */
static void
test_attach_chain_of_pair_or_leaf_succeeds(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *packet, *m;
	struct mext_storage *storage = storage_of_pair(w, &packet);
	struct mext_spread *spread;

	assert_int_equal(mext_storage_hold(storage, 1), 0);
	assert_int_equal(mext_attach_chain(w->pool, storage, 0, 1500, &m), 0);
	rte_pktmbuf_free(packet);
	assert_int_equal(in_use(w->pool, "pairs"), 1);
	rte_pktmbuf_free(m);
	assert_int_equal(mext_spread_create(w->pool, world_storage(w, WORLD_LARGE), &spread), 0);
	assert_int_equal(mext_spread_take(spread, 1, &storage), 0);
	assert_int_equal(mext_attach_chain(w->pool, storage, 0, WORLD_LARGE, &m), 0);
	assert_int_equal(mext_storage_refcnt(storage), 3);
	assert_int_equal(mext_spread_release(spread, 1), 0);
	rte_pktmbuf_free(m);
}

/** Refused: counts, levels, and what the caller has, stay. */
static void
refuse(struct world *w, struct mext_pool *pool, struct mext_storage *storage, size_t off,
		size_t len, int ret)
{
	uint64_t out = mext_stats_outstanding(w->pool), attaches = stats_of(w->pool).attaches;
	uint16_t count = storage != NULL ? mext_storage_refcnt(storage) : 0;
	struct rte_mbuf *m = MARK;
	int is = mext_attach_chain(pool, storage, off, len, &m);

	if (is != ret)
		fail_msg("bytes [%zu, + %zu): %d, expected is %d", off, len, is, ret);
	assert_ptr_equal(m, MARK);
	assert_int_equal(mext_stats_outstanding(w->pool), out);
	assert_int_equal(stats_of(w->pool).attaches, attaches);
	if (storage != NULL)
		assert_int_equal(mext_storage_refcnt(storage), count);
}

static void
test_attach_chain_bad_range_is_erange(void **state)
{
	static const struct {
		size_t off, len;
	} rows[] = { { 0, WORLD_LARGE + 1 }, { 1, WORLD_LARGE }, { WORLD_LARGE, 1 },
		{ WORLD_LARGE + 1, 0 }, { SIZE_MAX, 0 }, { SIZE_MAX, 1 }, { 1, SIZE_MAX },
		{ 0, SIZE_MAX }, { SIZE_MAX, SIZE_MAX } };
	struct world *w = *state;
	struct mext_storage *storage = world_storage(w, WORLD_LARGE);
	unsigned int i;

	for (i = 0; i < RTE_DIM(rows); i++)
		refuse(w, w->pool, storage, rows[i].off, rows[i].len, -ERANGE);
	assert_int_equal(mext_storage_release(storage, 1), 0);
}

static void
test_attach_chain_null_is_einval(void **state)
{
	struct world *w = *state;

	refuse(w, w->pool, NULL, 0, 0, -EINVAL);
}

/** As many bytes as 65,535 segments have would do if there were so many headers; memory is not touched. */
static void
test_attach_chain_beyond_a_packet_is_emsgsize(void **state)
{
	struct world *w = *state;
	struct mext_wrap wrap = { .len = (UINT64_C(1) << 32) + 1, .iova = 0x100000000 };
	struct mext_storage *storage;

	wrap.addr = mmap(NULL, wrap.len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			0);
	assert_true(wrap.addr != MAP_FAILED);
	assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storage), 0);
	refuse(w, w->pool, storage, 0, wrap.len, -EMSGSIZE);
	refuse(w, w->pool, storage, 1, UINT64_C(1) << 32, -EMSGSIZE);
	refuse(w, w->pool, storage, 0, UINT32_MAX, -EMSGSIZE);
	refuse(w, w->pool, storage, 5, MOST * RTE_MBUF_MAX_NB_SEGS + 1, -EMSGSIZE);
	refuse(w, w->pool, storage, 5, MOST * RTE_MBUF_MAX_NB_SEGS, -ENOBUFS);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	assert_int_equal(munmap(wrap.addr, wrap.len), 0);
}

/** One reference is the caller's, so the first segment needs none. */
static void
test_attach_chain_beyond_count_is_eoverflow(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage = world_wrap(w, 3 * MOST);
	struct rte_mbuf *m;

	assert_int_equal(mext_storage_hold(storage, UINT16_MAX - 1), 0);
	refuse(w, w->pool, storage, 0, 3 * MOST, -EOVERFLOW);
	refuse(w, w->pool, storage, 0, MOST + 1, -EOVERFLOW);
	assert_int_equal(mext_attach_chain(w->pool, storage, 0, MOST, &m), 0);
	assert_int_equal(mext_storage_refcnt(storage), UINT16_MAX);
	rte_pktmbuf_free(m);
	assert_int_equal(mext_attach_chain(w->pool, storage, 0, MOST + 1, &m), 0);
	assert_int_equal(mext_storage_refcnt(storage), UINT16_MAX);
	rte_pktmbuf_free(m);
	assert_int_equal(mext_storage_release(storage, UINT16_MAX - 2), 0);
}

/** Also of a chain that takes more than one burst of headers. */
static void
test_attach_chain_without_headers_is_enobufs_and_counted(void **state)
{
	static const unsigned int needs[] = { 1, 2, 64, 65, 130 };
	struct world *w = *state;
	const size_t len = 130 * MOST;
	struct mext_wrap wrap = { .len = len, .iova = 0x100000000 };
	struct mext_storage *storage;
	struct mext_stats before;
	struct scarce headers;
	struct rte_mbuf *m;
	unsigned int i;

	wrap.addr = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(wrap.addr != MAP_FAILED);
	assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storage), 0);
	scarce_take(&headers, w->pool, KIND_HEADER);
	for (i = 0; i < RTE_DIM(needs); i++) {
		scarce_give(&headers, needs[i] - 1);
		before = stats_of(w->pool);
		refuse(w, w->pool, storage, 0, needs[i] * MOST, -ENOBUFS);
		assert_int_equal(stats_of(w->pool).header_failures, before.header_failures + 1);
		scarce_give(&headers, 1);
		assert_int_equal(mext_storage_hold(storage, 1), 0);
		assert_int_equal(mext_attach_chain(w->pool, storage, 0, needs[i] * MOST, &m), 0);
		assert_int_equal(m->nb_segs, needs[i]);
		mext_free_bulk(&m, 1);
		scarce_give(&headers, headers.n);
		scarce_take(&headers, w->pool, KIND_HEADER);
	}
	scarce_give(&headers, headers.n);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	assert_int_equal(munmap(wrap.addr, len), 0);
}

static void
test_attach_chain_from_pool_made_without_headers_is_enomem(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage = world_storage(w, 10);

	refuse(w, w->rx_pairs, storage, 0, 10, -ENOMEM);
	assert_int_equal(mext_storage_release(storage, 1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_attach_chain_cuts_range_at_65535_bytes),
		world_test(test_attach_chain_takes_callers_reference),
		world_test(test_attach_chain_of_pair_or_leaf_succeeds),
		world_test(test_attach_chain_bad_range_is_erange),
		world_test(test_attach_chain_null_is_einval),
		world_test(test_attach_chain_beyond_a_packet_is_emsgsize),
		world_test(test_attach_chain_beyond_count_is_eoverflow),
		world_test(test_attach_chain_without_headers_is_enobufs_and_counted),
		world_test(test_attach_chain_from_pool_made_without_headers_is_enomem),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
