/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The IO address of wrapped memory where IO addresses are physical ones. DPDK's lookup is replaced
 * (ld --wrap) by a table of pages, as a test without root sees no physical address.
 */
#include <unistd.h>

#include "capture.h"
#include "world.h"

#define PAGES 4

static struct {
	char *base; /* of the pages, NULL: DPDK's own answers */
	rte_iova_t iova[PAGES];
} map;

rte_iova_t __real_rte_mem_virt2iova(const void *virt);
rte_iova_t __wrap_rte_mem_virt2iova(const void *virt);
enum rte_iova_mode __real_rte_eal_iova_mode(void);
enum rte_iova_mode __wrap_rte_eal_iova_mode(void);

rte_iova_t
__wrap_rte_mem_virt2iova(const void *virt)
{
	size_t page = sysconf(_SC_PAGESIZE), off;

	if (map.base == NULL)
		return __real_rte_mem_virt2iova(virt);
	off = (const char *)virt - map.base;
	if (map.iova[off / page] == RTE_BAD_IOVA)
		return RTE_BAD_IOVA;
	return map.iova[off / page] + off % page;
}

enum rte_iova_mode
__wrap_rte_eal_iova_mode(void)
{
	return map.base != NULL ? RTE_IOVA_PA : __real_rte_eal_iova_mode();
}

static size_t
page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

/** Pages in a row from 1 GiB, but for one. */
static void
map_set(unsigned int page, rte_iova_t iova)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		map.iova[i] = 0x40000000 + i * page_size();
	if (page < PAGES)
		map.iova[page] = iova;
	map.base = aligned_alloc(page_size(), PAGES * page_size());
	assert_non_null(map.base);
}

static void
map_clear(void)
{
	free(map.base);
	map.base = NULL;
}

static int
wrap_range(struct world *w, size_t off, size_t len, rte_iova_t iova, struct mext_storage **storage)
{
	const struct mext_wrap wrap = { .addr = map.base + off, .len = len, .iova = iova };

	return mext_storage_wrap(w->pool, &wrap, storage);
}

static void
test_wrap_contiguous_pages_looks_up_iova(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage;

	map_set(PAGES, 0);
	assert_int_equal(wrap_range(w, 100, PAGES * page_size() - 100, 0, &storage), 0);
	assert_int_equal(mext_storage_iova(storage), 0x40000000 + 100);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	map_clear();
}

static void
test_wrap_scattered_pages_is_refused_and_logged(void **state)
{
	struct world *w = *state;
	struct mext_stats before = stats_of(w->pool);
	struct mext_storage *const mark = (void *)1, *storage = mark;
	unsigned int i;

	for (i = 1; i < PAGES; i++) {
		map_set(i, 0x80000000);
		capture_start();
		assert_int_equal(wrap_range(w, 0, i * page_size() + 1, 0, &storage), -EFAULT);
		assert_non_null(strstr(capture_stop(), "no contiguous IO address"));
		assert_ptr_equal(storage, mark);
		map_clear();
	}
	assert_counted(w->pool, &before, .allocs = 0);
}

static void
test_wrap_up_to_scattered_page_succeeds(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage;

	map_set(2, 0x80000000);
	assert_int_equal(wrap_range(w, 1, 2 * page_size() - 1, 0, &storage), 0);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	assert_int_equal(wrap_range(w, 2 * page_size(), page_size(), 0, &storage), 0);
	assert_int_equal(mext_storage_iova(storage), 0x80000000);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	map_clear();
}

static void
test_wrap_unknown_page_is_refused(void **state)
{
	struct world *w = *state;
	struct mext_storage *const mark = (void *)1, *storage = mark;

	map_set(1, RTE_BAD_IOVA);
	assert_int_equal(wrap_range(w, page_size(), 10, 0, &storage), -EFAULT);
	assert_int_equal(wrap_range(w, 0, page_size() + 1, 0, &storage), -EFAULT);
	assert_ptr_equal(storage, mark);
	map_clear();
}

static void
test_wrap_given_iova_asks_nobody(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage;

	map_set(0, RTE_BAD_IOVA);
	assert_int_equal(wrap_range(w, 0, 2 * page_size(), 0x1000, &storage), 0);
	assert_int_equal(mext_storage_iova(storage), 0x1000);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	map_clear();
}

/** Headers get their own IO address back from the mempool's record of it. */
static void
test_free_and_detach_where_iova_is_physical_restore_header(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *mbufs[3];
	struct mext_storage *storage = world_storage(w, 10);
	unsigned int i;

	assert_int_equal(mext_storage_hold(storage, 1), 0);
	for (i = 0; i < 3; i++) {
		mbufs[i] = rte_pktmbuf_alloc(w->plain);
		assert_int_equal(mext_attach(mbufs[i], i == 0 ? world_storage(w, 10) : storage, 0,
						 1),
				0);
	}
	map_set(PAGES, 0);
	assert_int_equal(mext_detach(mbufs[2], &storage), 0);
	assert_int_equal(rte_mbuf_iova_get(mbufs[2]),
			rte_mempool_virt2iova(mbufs[2]) + sizeof(struct rte_mbuf) + 32);
	mext_free_bulk(mbufs, 3);
	map_clear();
	assert_int_equal(mext_storage_release(storage, 1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_wrap_contiguous_pages_looks_up_iova),
		world_test(test_wrap_scattered_pages_is_refused_and_logged),
		world_test(test_wrap_up_to_scattered_page_succeeds),
		world_test(test_wrap_unknown_page_is_refused),
		world_test(test_wrap_given_iova_asks_nobody),
		world_test(test_free_and_detach_where_iova_is_physical_restore_header),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
