/* SPDX-License-Identifier: BSD-3-Clause */
/* Where things lie in memory: what the design promises and drivers rely on. */
#include "idle.h"
#include "storage.h"
#include "world.h"

static void
test_layout_of_hot_part_is_one_cache_line(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct mext_storage), 64);
	assert_int_equal(offsetof(struct mext_storage, shinfo), 0);
	assert_int_equal(sizeof(struct rte_mbuf_ext_shared_info), 24);
	assert_int_equal(offsetof(struct mext_storage, flags), 24);
	assert_int_equal(offsetof(struct mext_storage, abi), 28);
	assert_int_equal(offsetof(struct mext_storage, len), 32);
	assert_int_equal(offsetof(struct mext_storage, base), 40);
	assert_int_equal(offsetof(struct mext_storage, iova), 48);
	assert_int_equal(offsetof(struct mext_storage, mp), 56);
}

static void
test_layout_of_wrapped_keeps_cold_part_off_the_hot_line(void **state)
{
	(void)state;
	assert_int_equal(offsetof(struct wrapped, storage), 0);
	assert_int_equal(offsetof(struct wrapped, arg1) % RTE_CACHE_LINE_SIZE, 0);
	assert_true(offsetof(struct wrapped, arg1) >= sizeof(struct mext_storage));
	assert_int_equal(sizeof(struct wrapped) % RTE_CACHE_LINE_SIZE, 0);
}

static void
test_layout_of_class_storage_has_headers_close_and_bytes_apart(void **state)
{
	static const size_t sizes[] = { WORLD_SMALL, WORLD_MEDIUM, WORLD_LARGE };
	struct world *w = *state;
	struct mext_storage *storage;
	unsigned int i;

	for (i = 0; i < RTE_DIM(sizes); i++) {
		storage = world_storage(w, sizes[i]);
		assert_int_equal((uintptr_t)storage % 64, 0);
		assert_int_equal(storage->mp->elt_size, sizeof(*storage));
		assert_int_equal((uintptr_t)mext_storage_data(storage) % RTE_CACHE_LINE_SIZE, 0);
		assert_int_equal(mext_storage_len(storage), sizes[i]);
		assert_int_equal(mext_storage_iova(storage),
				rte_mempool_virt2iova(mext_storage_data(storage)));
		assert_int_equal(rte_mempool_from_obj(mext_storage_data(storage))->elt_size,
				sizes[i]);
		memset(mext_storage_data(storage), 0xff, sizes[i]);
		assert_int_equal(mext_storage_release(storage, 1), 0);
	}
}

/** What pairs have in common, wherever the room is. */
static struct mext_storage *
assert_pair_layout(struct rte_mbuf *m, size_t room)
{
	struct mext_storage *storage = mext_storage_from_mbuf(m);

	assert_int_equal((uintptr_t)storage % 64, 0);
	assert_int_equal(rte_pktmbuf_priv_size(m->pool), m->priv_size);
	assert_ptr_equal(mext_storage_data(storage), m->buf_addr);
	assert_int_equal(mext_storage_iova(storage), rte_mbuf_iova_get(m));
	assert_int_equal(mext_storage_len(storage), room);
	assert_int_equal(m->buf_len, room);
	return storage;
}

static void
test_layout_of_pair_has_headers_close_and_room_apart(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = mext_packet_alloc(w->pool);
	struct mext_storage *storage = assert_pair_layout(m, WORLD_HEADROOM + 1500);

	assert_ptr_equal((char *)rte_mbuf_to_priv(m) + m->priv_size, storage);
	assert_int_equal(m->pool->elt_size, (char *)(storage + 1) - (char *)m);
	assert_int_equal(
			rte_mempool_from_obj(m->buf_addr)->elt_size, RTE_ALIGN_CEIL(m->buf_len, 8));
	rte_pktmbuf_free(m);
}

static void
test_layout_of_received_pair_has_room_behind_header(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = mext_packet_alloc(w->rx_pairs);
	struct mext_storage *storage = assert_pair_layout(m, RTE_PKTMBUF_HEADROOM + 1500);

	assert_int_equal(m->priv_size, WORLD_PRIV);
	/* Where DPDK expects the room, and looks for the parent of a clone whose mark got lost. */
	assert_ptr_equal(m->buf_addr, rte_mbuf_buf_addr(m, m->pool));
	assert_ptr_equal(rte_mbuf_from_indirect(m), m);
	assert_int_equal(m->pool->elt_size,
			RTE_ALIGN_CEIL((char *)m->buf_addr + m->buf_len - (char *)m, 8));
	assert_int_equal(rte_mempool_from_obj(storage)->elt_size, sizeof(*storage));
	rte_pktmbuf_free(m);
}

/**
 * What DPDK says is private, and the room up to the end of the object, which AF_XDP gives to the kernel: of
 * each mbuf of a mempool all of it is written, twice, which changes nothing that mext goes by.
 */
static void
write_all(struct mext_pool *pool, struct rte_mbuf *(*get)(struct mext_pool *pool), unsigned int n)
{
	struct rte_mbuf *mbufs[n];
	unsigned int i, fill;

	for (fill = 0; fill < 2; fill++) {
		for (i = 0; i < n; i++) {
			mbufs[i] = get(pool);
			assert_non_null(mbufs[i]);
			memset(rte_mbuf_to_priv(mbufs[i]), fill - 1,
					rte_pktmbuf_priv_size(mbufs[i]->pool));
			if ((char *)mbufs[i]->buf_addr - (char *)mbufs[i] <
					mbufs[i]->pool->elt_size)
				memset(mbufs[i]->buf_addr, fill - 1,
						(char *)mbufs[i] + mbufs[i]->pool->elt_size -
								(char *)mbufs[i]->buf_addr);
			else
				memset(mbufs[i]->buf_addr, fill - 1, mbufs[i]->buf_len);
		}
		for (i = 0; i < n; i++)
			rte_pktmbuf_free(mbufs[i]);
		idle_pool(pool);
	}
}

static struct rte_mbuf *
header(struct mext_pool *pool)
{
	struct rte_mbuf *m;

	return mext_header_alloc_bulk(pool, &m, 1) == 0 ? m : NULL;
}

static struct rte_mbuf *
received(struct mext_pool *pool)
{
	return rte_pktmbuf_alloc(mext_pool_rx_mempool(pool, SOCKET_ID_ANY));
}

static void
test_layout_private_area_and_room_are_written_whole_and_nothing_is_lost(void **state)
{
	struct world *w = *state;

	write_all(w->pool, mext_packet_alloc, WORLD_PAIRS);
	write_all(w->pool, header, WORLD_HEADERS);
	write_all(w->pool, received, 32);
	write_all(w->rx_pairs, mext_packet_alloc, WORLD_PAIRS);
	write_all(w->rx_pairs, received, WORLD_PAIRS);
}

/** The last holder is not the header: the pair is found from its storage. */
static void
test_layout_pair_is_found_from_storage(void **state)
{
	struct world *w = *state;
	struct mext_pool *pools[] = { w->pool, w->rx_pairs };
	struct mext_storage *storage;
	struct rte_mbuf *m;
	unsigned int i;

	for (i = 0; i < RTE_DIM(pools); i++) {
		m = mext_packet_alloc(pools[i]);
		memset(rte_mbuf_to_priv(m), 0xff, m->priv_size);
		storage = mext_storage_from_mbuf(m);
		assert_int_equal(mext_storage_hold(storage, 1), 0);
		rte_pktmbuf_free(m);
		assert_int_equal(in_use(pools[i], "pairs"), 1);
		assert_int_equal(mext_storage_release(storage, 1), 0);
		assert_int_equal(in_use(pools[i], "pairs"), 0);
		assert_ptr_equal(mext_packet_alloc(pools[i]), m);
		rte_pktmbuf_free(m);
	}
}

static void
test_layout_of_bare_header_has_private_area_and_no_room(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = world_header(w);

	assert_int_equal(m->priv_size, WORLD_PRIV);
	assert_int_equal(m->buf_len, 0);
	assert_int_equal(m->pool->elt_size, sizeof(*m) + WORLD_PRIV);
	memset(rte_mbuf_to_priv(m), 0xff, WORLD_PRIV);
	rte_pktmbuf_free(m);
}

static void
test_layout_of_rx_mbuf_has_dpdk_headroom(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = rte_pktmbuf_alloc(mext_pool_rx_mempool(w->pool, SOCKET_ID_ANY));

	assert_int_equal(rte_pktmbuf_headroom(m), RTE_PKTMBUF_HEADROOM);
	assert_int_equal(rte_pktmbuf_tailroom(m), 2048);
	assert_int_equal(m->priv_size, WORLD_PRIV);
	memset(m->buf_addr, 0xff, m->buf_len);
	rte_pktmbuf_free(m);
}

/** The origin of a storage is read from its callback: foreign ones have 24 bytes, no more. */
static void
test_layout_origin_is_told_from_callback_alone(void **state)
{
	struct rte_mbuf_ext_shared_info *shinfo = malloc(sizeof(*shinfo));

	(void)state;
	assert_non_null(shinfo);
	memset(shinfo, 0, sizeof(*shinfo));
	assert_int_equal(origin_of(shinfo), ORIGIN_FOREIGN);
	shinfo->free_cb = mextp_storage_free_cb;
	assert_int_equal(origin_of(shinfo), ORIGIN_CLASS);
	shinfo->free_cb = mextp_wrap_free_cb;
	assert_int_equal(origin_of(shinfo), ORIGIN_WRAP);
	shinfo->free_cb = mextp_pair_free_cb;
	assert_int_equal(origin_of(shinfo), ORIGIN_PAIR);
	free(shinfo);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout_of_hot_part_is_one_cache_line),
		cmocka_unit_test(test_layout_of_wrapped_keeps_cold_part_off_the_hot_line),
		world_test(test_layout_of_class_storage_has_headers_close_and_bytes_apart),
		world_test(test_layout_of_pair_has_headers_close_and_room_apart),
		world_test(test_layout_of_received_pair_has_room_behind_header),
		world_test(test_layout_private_area_and_room_are_written_whole_and_nothing_is_lost),
		world_test(test_layout_pair_is_found_from_storage),
		world_test(test_layout_of_bare_header_has_private_area_and_no_room),
		world_test(test_layout_of_rx_mbuf_has_dpdk_headroom),
		cmocka_unit_test(test_layout_origin_is_told_from_callback_alone),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
