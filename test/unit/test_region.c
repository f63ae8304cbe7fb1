/* SPDX-License-Identifier: BSD-3-Clause */
/* Regions where no device reads memory: what may be one, who counts, what files become. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <rte_malloc.h>
#include <rte_memory.h>

#include "capture.h"
#include "world.h"

#define PAGES 4

static size_t page;

static void *
map_memory(int protection, int flags, int fd)
{
	void *addr = mmap(NULL, PAGES * page, protection, flags, fd, 0);

	assert_true(addr != MAP_FAILED);
	return addr;
}

static char *
map_ordinary(void)
{
	return map_memory(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static void
unmap(void *addr)
{
	assert_int_equal(munmap(addr, PAGES * page), 0);
}

static bool
eal_knows(const void *addr)
{
	return rte_mem_virt2memseg_list(addr) != NULL;
}

static struct mext_region *
add(void *addr)
{
	struct mext_region *region = NULL;

	assert_int_equal(mext_region_add(addr, PAGES * page, 0, &region), 0);
	assert_non_null(region);
	return region;
}

/** A call that fails as it should, leaves the region alone, and says so in these words. */
#define assert_refused(call, error, words)                            \
	do {                                                          \
		const char *said_;                                    \
		int ret_;                                             \
                                                                      \
		capture_start();                                      \
		ret_ = (call);                                        \
		said_ = capture_stop();                               \
		assert_int_equal(ret_, error);                        \
		if (strstr(said_, words) == NULL)                     \
			fail_msg("'%s' is not in: %s", words, said_); \
		assert_null(region);                                  \
	} while (0)

static void
test_add_memory_makes_it_known_until_removed(void **state __rte_unused)
{
	char *addr = map_ordinary();
	struct mext_region *region = add(addr);
	const struct rte_memseg *ms = rte_mem_virt2memseg(addr + 3 * page + 1, NULL);

	assert_ptr_equal(mext_region_data(region), addr);
	assert_int_equal(mext_region_len(region), PAGES * page);
	assert_int_equal(mext_region_page_size(region), page);
	assert_int_equal(mext_region_storages(region), 0);
	assert_non_null(ms);
	assert_ptr_equal(ms->addr, addr + 3 * page);
	assert_int_equal(ms->iova, (uintptr_t)addr + 3 * page);
	assert_int_equal(mext_region_remove(region), 0);
	assert_false(eal_knows(addr));
	assert_int_equal(mext_region_remove(NULL), 0);
	unmap(addr);
}

static void
test_add_bad_range_is_refused_and_named(void **state __rte_unused)
{
	struct mext_region *region = NULL;
	char *addr = map_ordinary();

	assert_refused(mext_region_add(NULL, page, 0, &region), -EINVAL, "addr is (nil)");
	assert_refused(mext_region_add(addr, 0, 0, &region), -EINVAL, "len is 0");
	assert_refused(mext_region_add(addr, SIZE_MAX - 1, 0, &region), -EINVAL, "allowed");
	assert_refused(mext_region_add(addr, page, 0, NULL), -EINVAL, "region is (nil)");
	assert_refused(mext_region_add(addr + 1, page, 0, &region), -EINVAL, "whole pages");
	assert_refused(mext_region_add(addr, page + 1, 0, &region), -EINVAL, "whole pages");
	assert_refused(mext_region_add(addr, page, page / 2, &region), -EINVAL,
			"page_size is 2048");
	assert_refused(mext_region_add(addr, page, page * 2, &region), -EINVAL,
			"page_size is 8192");
	assert_refused(mext_region_add(addr, page, page - 1, &region), -EINVAL,
			"page_size is 4095");
	assert_false(eal_knows(addr));
	unmap(addr);
}

static void
test_add_range_with_hole_is_refused(void **state __rte_unused)
{
	struct mext_region *region = NULL;
	char *addr = map_ordinary();

	assert_int_equal(munmap(addr + 2 * page, page), 0);
	assert_refused(mext_region_add(addr, PAGES * page, 0, &region), -EINVAL,
			"nothing is mapped at");
	unmap(addr);
}

static void
test_add_readonly_memory_is_refused(void **state __rte_unused)
{
	struct mext_region *region = NULL;
	char *addr = map_ordinary();

	assert_int_equal(mprotect(addr + 3 * page, page, PROT_READ), 0);
	assert_refused(mext_region_add(addr, PAGES * page, 0, &region), -EACCES, "allowed is rw");
	unmap(addr);
}

static void
test_add_file_mapping_is_refused_if_shared(void **state __rte_unused)
{
	struct mext_region *region = NULL;
	int fd = open("region-file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct statfs fs;
	char *addr;

	assert_true(fd >= 0);
	assert_int_equal(fstatfs(fd, &fs), 0);
	assert_int_equal(ftruncate(fd, PAGES * page), 0);
	addr = map_memory(PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	if (fs.f_type != TMPFS_MAGIC)
		assert_refused(mext_region_add(addr, PAGES * page, 0, &region), -ENOTSUP,
				"mext_region_load()");
	unmap(addr);
	addr = map_memory(PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
	assert_int_equal(mext_region_remove(add(addr)), 0);
	unmap(addr);
	close(fd);
	unlink("region-file");
}

static void
test_add_memory_that_eal_has_is_refused(void **state __rte_unused)
{
	struct mext_region *region = NULL, *other;
	char *of_eal = rte_malloc(NULL, 2 * page, page);
	char *addr = map_ordinary();

	assert_non_null(of_eal);
	assert_refused(mext_region_add(of_eal, page, page, &region), -EEXIST, "known to EAL");
	other = add(addr);
	assert_refused(mext_region_add(addr + page, page, 0, &region), -EEXIST, "known to EAL");
	assert_int_equal(mext_region_remove(other), 0);
	assert_int_equal(mext_region_remove(add(addr)), 0);
	rte_free(of_eal);
	unmap(addr);
}

/** A storage over bytes of a region, without a callback. */
static struct mext_storage *
wrap(struct world *w, void *addr, size_t len)
{
	const struct mext_wrap wrap = { .addr = addr, .len = len };
	struct mext_storage *storage = NULL;

	assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storage), 0);
	return storage;
}

static void
test_remove_region_with_storages_is_refused_with_their_number(void **state)
{
	struct world *w = *state;
	char *addr = map_ordinary();
	struct mext_region *region = add(addr);
	struct mext_storage *first = wrap(w, addr, 1), *second = wrap(w, addr, PAGES * page);
	struct rte_mbuf *m = world_header(w);

	assert_int_equal(mext_region_storages(region), 2);
	capture_start();
	assert_int_equal(mext_region_remove(region), -EBUSY);
	assert_non_null(strstr(capture_stop(), ": 2 storages over it live"));
	assert_true(eal_knows(addr));
	/* The last reference is an mbuf's, and DPDK drops it. */
	assert_int_equal(mext_attach(m, second, page, 100), 0);
	assert_int_equal(mext_storage_release(first, 1), 0);
	assert_int_equal(mext_region_storages(region), 1);
	assert_int_equal(mext_region_remove(region), -EBUSY);
	rte_pktmbuf_free(m);
	assert_int_equal(mext_region_storages(region), 0);
	assert_int_equal(mext_region_remove(region), 0);
	unmap(addr);
}

static struct {
	struct mext_region *region;
	int removed;
} in_callback;

static void
remove_region(void *addr __rte_unused, size_t len __rte_unused, void *arg1 __rte_unused,
		void *arg2 __rte_unused)
{
	in_callback.removed = mext_region_remove(in_callback.region);
}

static void
test_region_lives_until_callback_returns(void **state)
{
	struct world *w = *state;
	char *addr = map_ordinary();
	struct mext_region *region = add(addr);
	const struct mext_wrap wrap = { .addr = addr, .len = 1, .free_cb = remove_region };
	struct mext_storage *storage;

	in_callback.region = region;
	in_callback.removed = 0;
	assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storage), 0);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	assert_int_equal(in_callback.removed, -EBUSY);
	assert_int_equal(mext_region_remove(region), 0);
	unmap(addr);
}

static void
test_wrap_beyond_region_is_refused(void **state)
{
	struct world *w = *state;
	char *addr = map_ordinary();
	struct mext_region *region = add(addr);
	struct mext_wrap wrap = { .addr = addr + page, .len = 3 * page + 1 };
	struct mext_storage *storage = NULL;

	assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storage), -EFAULT);
	assert_null(storage);
	assert_int_equal(mext_region_storages(region), 0);
	wrap.len--;
	assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storage), 0);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	assert_int_equal(mext_region_remove(region), 0);
	unmap(addr);
}

/** They would not be counted, and the region be removed under them. */
static void
test_wrap_with_some_bytes_in_a_region_is_refused(void **state)
{
	struct world *w = *state;
	char *addr = map_ordinary();
	struct mext_region *region, *short_one;
	struct mext_wrap wrap = { .addr = addr + page - 1, .len = 2 };
	struct mext_storage *storage = NULL;

	assert_int_equal(mext_region_add(addr + page, page, 0, &region), 0);
	assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storage), -EFAULT);
	wrap.len = 3 * page;
	assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storage), -EFAULT);
	assert_int_equal(mext_region_close(region), 0);
	assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storage), -ESHUTDOWN);
	wrap.len = 1;
	assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storage), 0);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	assert_int_equal(mext_region_remove(region), 0);
	/* What is behind its length in its last page goes with it, too. */
	assert_int_equal(mext_region_alloc(100, page, SOCKET_ID_ANY, &short_one), 0);
	assert_int_equal(mext_region_len(short_one), 100);
	wrap.addr = (char *)mext_region_data(short_one) + 100;
	assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storage), -EFAULT);
	assert_int_equal(mext_region_remove(short_one), 0);
	unmap(addr);
}

static void
test_wrap_without_header_left_leaves_region_idle(void **state)
{
	struct world *w = *state;
	char *addr = map_ordinary();
	struct mext_region *region = add(addr);
	struct mext_storage *storages[WORLD_WRAPS], *none = NULL;
	unsigned int i;

	for (i = 0; i < WORLD_WRAPS; i++)
		storages[i] = wrap(w, addr, i + 1);
	assert_int_equal(mext_storage_wrap(w->pool, &(struct mext_wrap){ .addr = addr, .len = 1 },
					 &none),
			-ENOBUFS);
	assert_int_equal(mext_region_storages(region), WORLD_WRAPS);
	mext_storage_release_bulk(storages, WORLD_WRAPS);
	assert_int_equal(mext_region_remove(region), 0);
	unmap(addr);
}

static void
test_add_until_eal_is_full_then_again(void **state __rte_unused)
{
	struct mext_region *regions[RTE_MAX_MEMSEG_LISTS], *region = NULL;
	char *addr = map_ordinary();
	unsigned int i, n, round;

	assert_true(RTE_MAX_MEMSEG_LISTS * page <= 1 << 20);
	unmap(addr);
	addr = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (round = 0; round < 3; round++) {
		for (n = 0; n < RTE_MAX_MEMSEG_LISTS; n++) {
			capture_start();
			if (mext_region_add(addr + n * page, page, 0, &regions[n]) < 0)
				break;
			capture_stop();
		}
		capture_stop();
		assert_true(n > RTE_MAX_MEMSEG_LISTS / 2);
		assert_true(n < RTE_MAX_MEMSEG_LISTS);
		assert_refused(mext_region_add(addr + n * page, page, 0, &region), -ENOSPC,
				"lists of memory");
		for (i = 0; i < n; i++)
			assert_int_equal(mext_region_remove(regions[i]), 0);
	}
	assert_int_equal(munmap(addr, 1 << 20), 0);
}

static int
page_set_up(void **state)
{
	page = sysconf(_SC_PAGESIZE);
	return world_setup(state);
}

#define region_test(f) cmocka_unit_test_setup_teardown(f, page_set_up, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		region_test(test_add_memory_makes_it_known_until_removed),
		region_test(test_add_bad_range_is_refused_and_named),
		region_test(test_add_range_with_hole_is_refused),
		region_test(test_add_readonly_memory_is_refused),
		region_test(test_add_file_mapping_is_refused_if_shared),
		region_test(test_add_memory_that_eal_has_is_refused),
		region_test(test_remove_region_with_storages_is_refused_with_their_number),
		region_test(test_region_lives_until_callback_returns),
		region_test(test_wrap_beyond_region_is_refused),
		region_test(test_wrap_with_some_bytes_in_a_region_is_refused),
		region_test(test_wrap_without_header_left_leaves_region_idle),
		region_test(test_add_until_eal_is_full_then_again),
	};

	return eal_start() < 0 ? 1 : eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
