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

/** The first of this program: others are not warned of. */
static void
test_wrap_outside_of_regions_is_warned_of_once(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage = world_storage(w, 100), *wrapped;
	unsigned int i;

	map_set(PAGES, 0);
	capture_start();
	assert_int_equal(wrap_range(w, 0, 10, 0x1000, &wrapped), 0); /* the caller knows */
	assert_int_equal(mext_storage_release(wrapped, 1), 0);
	assert_int_equal(mext_storage_wrap(w->pool,
					 &(struct mext_wrap){ .addr = mext_storage_data(storage),
							 .len = 100 },
					 &wrapped),
			0); /* EAL's */
	assert_int_equal(mext_storage_release(wrapped, 1), 0);
	assert_string_equal(capture_stop(), "");
	for (i = 0; i < 3; i++) {
		capture_start();
		assert_int_equal(wrap_range(w, 0, 10, 0, &wrapped), 0);
		assert_true((strstr(capture_stop(), "is in no region") != NULL) == (i == 0));
		assert_int_equal(mext_storage_release(wrapped, 1), 0);
	}
	map_clear();
	assert_int_equal(mext_storage_release(storage, 1), 0);
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
test_wrap_scattered_pages_says_so(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage;
	unsigned int i;

	for (i = 1; i < PAGES; i++) {
		map_set(i, 0x80000000);
		assert_int_equal(wrap_range(w, 0, i * page_size() + 1, 0, &storage), 0);
		assert_int_equal(mext_storage_flags(storage) & MEXT_STORAGE_SCATTERED,
				MEXT_STORAGE_SCATTERED);
		assert_int_equal(mext_storage_release(storage, 1), 0);
		map_clear();
	}
}

/** Ranges within contiguous pages can be attached, and no others. */
static void
test_attach_scattered_range_is_refused_across_the_gap(void **state)
{
	const size_t page = page_size();
	const struct {
		size_t off, len;
		int ret;
		rte_iova_t iova;
	} rows[] = {
		{ 0, 2 * page, 0, 0x40000000 },
		{ 2 * page - 1, 1, 0, 0x40000000 + 2 * page - 1 },
		{ 2 * page - 1, 2, -EFAULT, 0 },
		{ 0, 3 * page, -EFAULT, 0 },
		{ 2 * page + 5, page - 5, 0, 0x80000005 },
		{ 2 * page + 5, page - 4, -EFAULT, 0 },
		{ 3 * page, page, 0, 0x40000000 + 3 * page },
		{ 2 * page, 0, 0, 0x80000000 },
	};
	struct world *w = *state;
	struct mext_storage *storage;
	struct rte_mbuf *m, *new_m;
	unsigned int i;

	map_set(2, 0x80000000);
	assert_int_equal(wrap_range(w, 0, PAGES * page, 0, &storage), 0);
	for (i = 0; i < RTE_DIM(rows); i++) {
		m = world_header(w);
		assert_int_equal(mext_storage_hold(storage, 2), 0);
		assert_int_equal(mext_attach(m, storage, rows[i].off, rows[i].len), rows[i].ret);
		assert_int_equal(mext_attach_new_bulk(w->pool, &new_m, &storage, 1, rows[i].off,
						 rows[i].len),
				rows[i].ret);
		if (rows[i].ret == 0) {
			assert_int_equal(rte_mbuf_iova_get(m), rows[i].iova);
			assert_int_equal(rte_mbuf_iova_get(new_m), rows[i].iova);
			rte_pktmbuf_free(new_m);
		} else {
			assert_int_equal(mext_storage_release(storage, 2), 0);
		}
		rte_pktmbuf_free(m);
		assert_int_equal(mext_storage_refcnt(storage), 1);
	}
	assert_int_equal(mext_storage_release(storage, 1), 0);
	map_clear();
}

static void
test_attach_chain_is_cut_where_pages_are_scattered(void **state)
{
	const size_t page = page_size(), off = 100, len = PAGES * page - 101;
	struct world *w = *state;
	struct mext_storage *storage;
	struct rte_mbuf *m, *seg;
	size_t at = off;

	map_set(2, 0x80000000);
	assert_int_equal(wrap_range(w, 0, PAGES * page, 0, &storage), 0);
	assert_int_equal(mext_attach_chain(w->pool, storage, off, len, &m), 0);
	assert_int_equal(m->nb_segs, 3);
	assert_int_equal(m->pkt_len, len);
	assert_int_equal(mext_storage_refcnt(storage), 3);
	assert_int_equal(m->data_len, 2 * page - off);
	assert_int_equal(m->next->data_len, page);
	for (seg = m; seg != NULL; seg = seg->next) {
		assert_ptr_equal(rte_pktmbuf_mtod(seg, char *), map.base + at);
		assert_int_equal(rte_pktmbuf_iova(seg), rte_mem_virt2iova(map.base + at));
		at += seg->data_len;
	}
	assert_int_equal(at, off + len);
	rte_pktmbuf_free(m);
	map_clear();
}

/** A leaf of a spread is cut as its root is, and so is what is shared of it. */
static void
test_attach_chain_of_leaf_is_cut_where_pages_are_scattered(void **state)
{
	const size_t page = page_size(), len = PAGES * page;
	struct world *w = *state;
	struct mext_storage *storage;
	struct mext_spread *spread;
	struct rte_mbuf *m, *made, *seg;

	map_set(2, 0x80000000);
	assert_int_equal(wrap_range(w, 0, len, 0, &storage), 0);
	assert_int_equal(mext_spread_create(w->pool, storage, &spread), 0);
	assert_int_equal(mext_spread_take(spread, 1, &storage), 0);
	assert_int_equal(mext_attach_chain(w->pool, storage, 0, len, &m), 0);
	assert_int_equal(mext_share(w->pool, m, page - 1, 2 * page, &made), 0);
	assert_int_equal(m->nb_segs, 3);
	assert_int_equal(made->nb_segs, 2);
	assert_int_equal(made->data_len, page + 1);
	for (seg = m; seg != NULL; seg = seg->next)
		assert_int_equal(rte_pktmbuf_iova(seg),
				rte_mem_virt2iova(rte_pktmbuf_mtod(seg, void *)));
	for (seg = made; seg != NULL; seg = seg->next)
		assert_int_equal(rte_pktmbuf_iova(seg),
				rte_mem_virt2iova(rte_pktmbuf_mtod(seg, void *)));
	assert_int_equal(mext_spread_release(spread, 1), 0);
	rte_pktmbuf_free(m);
	rte_pktmbuf_free(made);
	map_clear();
}

/** Pages may be unmapped from the IOMMU while the memory is wrapped. */
static void
test_attach_chain_of_page_without_iova_is_efault(void **state)
{
	const size_t page = page_size();
	struct world *w = *state;
	struct mext_storage *storage;
	struct rte_mbuf *m = NULL;

	map_set(2, 0x80000000);
	assert_int_equal(wrap_range(w, 0, PAGES * page, 0, &storage), 0);
	map.iova[3] = RTE_BAD_IOVA;
	assert_int_equal(mext_attach_chain(w->pool, storage, 0, PAGES * page, &m), -EFAULT);
	assert_int_equal(mext_attach_chain(w->pool, storage, 3 * page, 1, &m), -EFAULT);
	assert_null(m);
	assert_int_equal(mext_storage_refcnt(storage), 1);
	assert_int_equal(in_use(w->pool, "headers"), 0);
	assert_int_equal(mext_attach_chain(w->pool, storage, 0, 3 * page, &m), 0);
	rte_pktmbuf_free(m);
	map_clear();
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
		world_test(test_wrap_outside_of_regions_is_warned_of_once),
		world_test(test_wrap_contiguous_pages_looks_up_iova),
		world_test(test_wrap_scattered_pages_says_so),
		world_test(test_attach_scattered_range_is_refused_across_the_gap),
		world_test(test_attach_chain_is_cut_where_pages_are_scattered),
		world_test(test_attach_chain_of_leaf_is_cut_where_pages_are_scattered),
		world_test(test_attach_chain_of_page_without_iova_is_efault),
		world_test(test_wrap_up_to_scattered_page_succeeds),
		world_test(test_wrap_unknown_page_is_refused),
		world_test(test_wrap_given_iova_asks_nobody),
		world_test(test_free_and_detach_where_iova_is_physical_restore_header),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
