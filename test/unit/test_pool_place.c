/* SPDX-License-Identifier: BSD-3-Clause */
/* Pools whose objects are in regions: where they are, who is told, what is left of them; several sizes to receive into. */
#include <rte_memory.h>

#include "capture.h"
#include "idle.h"
#include "pool.h"
#include "sim_dma.h"

static struct mext_pool *
create_in_regions(void)
{
	struct mext_pool_conf conf;
	struct mext_pool *pool;

	world_conf(&conf);
	conf.page_size = sim_page;
	assert_int_equal(mext_pool_create("placed", &conf, &pool), 0);
	return pool;
}

/** Chunks of a mempool, all of them in external memory of the size of pages asked for. */
static void
check_chunk(struct rte_mempool *mp, void *arg, struct rte_mempool_memhdr *chunk, unsigned int i)
{
	const struct rte_memseg_list *list = rte_mem_virt2memseg_list(chunk->addr);

	(void)mp;
	(void)i;
	assert_non_null(list);
	assert_true(list->external);
	assert_int_equal(list->page_sz, sim_page);
	assert_ptr_equal(rte_mem_virt2memseg_list(RTE_PTR_ADD(chunk->addr, chunk->len - 1)), list);
	*(void **)arg = chunk->addr;
}

static void
test_objects_in_regions_are_outside_of_dpdk_s_memory(void **state)
{
	struct mext_pool *pool = create_in_regions();
	const struct socket_pools *sub = &pool->sub[0];
	struct mext_storage *storage;
	void *last = NULL;
	unsigned int kind;
	struct rte_mbuf *m;

	(void)state;
	for (kind = 0; kind < NB_KINDS; kind++) {
		if (sub->mp[kind] != NULL)
			rte_mempool_mem_iter(sub->mp[kind], check_chunk, &last);
		if (sub->apart[kind] != NULL)
			rte_mempool_mem_iter(sub->apart[kind], check_chunk, &last);
	}
	storage = mext_storage_alloc(pool, WORLD_MEDIUM);
	assert_non_null(storage);
	memset(mext_storage_data(storage), 0x5a, WORLD_MEDIUM);
	assert_int_equal(mext_header_alloc_bulk(pool, &m, 1), 0);
	assert_int_equal(mext_attach(m, storage, 0, WORLD_MEDIUM), 0);
	assert_int_equal(rte_pktmbuf_iova(m), rte_mem_virt2iova(rte_pktmbuf_mtod(m, const void *)));
	mext_free_bulk(&m, 1);
	idle_pool(pool);
	assert_int_equal(mext_pool_destroy(pool), 0);
	assert_non_null(last);
	assert_null(rte_mem_virt2memseg_list(last));
}

static void
test_objects_in_regions_are_mapped_for_nics_until_destroyed(void **state)
{
	struct mext_pool *pool;
	struct rte_mbuf *m;
	unsigned int i;
	bool found = false;

	(void)state;
	sim.vfio = true;
	sim_plug("net_null0");
	pool = create_in_regions();
	m = rte_pktmbuf_alloc(mext_pool_rx_mempool(pool, SOCKET_ID_ANY));
	assert_non_null(m);
	for (i = 0; i < sim.container.n; i++) {
		const struct map *map = &sim.container.maps[i];

		found |= (uintptr_t)m->buf_addr >= map->addr &&
			 (uintptr_t)m->buf_addr + m->buf_len <= map->addr + map->len;
	}
	assert_true(found);
	rte_pktmbuf_free(m);
	assert_int_equal(mext_pool_destroy(pool), 0);
	assert_int_equal(sim.container.n, 0);
	sim_unplug("net_null0");
}

static void
test_region_that_nics_refuse_leaves_nothing(void **state)
{
	struct mext_pool *const mark = (void *)1, *pool = mark;
	struct mext_pool_conf conf;

	(void)state;
	sim.vfio = true;
	sim.container.refuse_at = 5;
	sim.container.reason = ENOMEM;
	world_conf(&conf);
	conf.page_size = sim_page;
	capture_start();
	assert_int_equal(mext_pool_create("placed", &conf, &pool), -ENOSPC);
	assert_non_null(strstr(capture_stop(), "gets no region"));
	assert_ptr_equal(pool, mark);
	assert_int_equal(sim.container.n, 0);
	sim.container.refuse_at = 0;
	pool = create_in_regions();
	assert_int_equal(mext_pool_destroy(pool), 0);
}

static void
test_page_size_that_is_none_is_invalid(void **state)
{
	struct mext_pool *const mark = (void *)1, *pool = mark;
	struct mext_pool_conf conf;
	const char *said;

	(void)state;
	world_conf(&conf);
	conf.page_size = 12345;
	capture_start();
	assert_int_equal(mext_pool_create("placed", &conf, &pool), -EINVAL);
	said = capture_stop();
	assert_non_null(strstr(said, "page_size is none that the kernel has"));
	assert_non_null(strstr(said, "or page_size is, in the line above"));
	assert_ptr_equal(pool, mark);
}

static void
test_objects_larger_than_scattered_pages_are_refused(void **state)
{
	struct mext_pool *const mark = (void *)1, *pool = mark;
	struct mext_pool_conf conf;

	(void)state;
	sim.physical = true;
	mext_pool_conf_init(&conf);
	conf.rx = (struct mext_pool_class){ .size = 3 * sim_page, .count = 8 };
	conf.page_size = sim_page;
	capture_start();
	assert_int_equal(mext_pool_create("placed", &conf, &pool), -ENOMEM);
	assert_non_null(strstr(capture_stop(), "do not fit into pages of"));
	assert_ptr_equal(pool, mark);
}

static void
test_rx_mempools_of_all_sizes_are_found_by_index(void **state)
{
	static const uint32_t sizes[] = { 2048, 128, 9000, 512 };
	struct mext_pool_conf conf;
	struct rte_mbuf *m[4];
	struct mext_stats stats;
	struct mext_pool *pool;
	unsigned int i;

	(void)state;
	mext_pool_conf_init(&conf);
	conf.rx = (struct mext_pool_class){ sizes[0], 8, 0 };
	for (i = 1; i < RTE_DIM(sizes); i++)
		conf.rx_more[conf.nb_rx_more++] = (struct mext_pool_class){ sizes[i], 8 + i, 0 };
	assert_int_equal(mext_pool_create("sizes", &conf, &pool), 0);
	assert_ptr_equal(mext_pool_rx_mempool_at(pool, 0, 0), mext_pool_rx_mempool(pool, 0));
	for (i = 0; i < RTE_DIM(sizes); i++) {
		struct rte_mempool *mp = mext_pool_rx_mempool_at(pool, SOCKET_ID_ANY, i);

		assert_int_equal(mp->size, 8 + i);
		m[i] = rte_pktmbuf_alloc(mp);
		assert_int_equal(rte_pktmbuf_tailroom(m[i]), sizes[i]);
		assert_true(RTE_MBUF_DIRECT(m[i]));
	}
	assert_null(mext_pool_rx_mempool_at(pool, 0, 4));
	assert_null(mext_pool_rx_mempool_at(pool, 0, UINT32_MAX));
	mext_stats_get(pool, &stats);
	assert_int_equal(stats.nb_kinds, 4);
	assert_string_equal(stats.kinds[0].name, "rx");
	assert_string_equal(stats.kinds[3].name, "rx3");
	assert_int_equal(stats.kinds[3].size, 512);
	assert_int_equal(stats.kinds[3].in_use, 1);
	assert_int_equal(mext_stats_outstanding(pool), 4);
	mext_free_bulk(m, 4);
	assert_int_equal(mext_pool_destroy(pool), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		dma_test(test_objects_in_regions_are_outside_of_dpdk_s_memory),
		dma_test(test_objects_in_regions_are_mapped_for_nics_until_destroyed),
		dma_test(test_region_that_nics_refuse_leaves_nothing),
		dma_test(test_page_size_that_is_none_is_invalid),
		cmocka_unit_test(test_rx_mempools_of_all_sizes_are_found_by_index),
		dma_test(test_objects_larger_than_scattered_pages_are_refused),
	};

	return eal_start() < 0 ? 1 : eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
