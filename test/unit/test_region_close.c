/* SPDX-License-Identifier: BSD-3-Clause */
/* Regions that are closed: no new storages, and those there are stay as they are. */
#include <sys/mman.h>
#include <unistd.h>

#include <rte_memory.h>

#include "capture.h"
#include "world.h"

static size_t page;

static struct mext_region *
add_page(char **addr)
{
	struct mext_region *region;

	*addr = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(*addr != MAP_FAILED);
	assert_int_equal(mext_region_add(*addr, page, 0, &region), 0);
	return region;
}

static int
wrap(struct world *w, void *addr, struct mext_storage **storage)
{
	return mext_storage_wrap(w->pool, &(struct mext_wrap){ .addr = addr, .len = 100 }, storage);
}

static void
test_closed_region_refuses_wraps_logs_one_and_counts_all(void **state)
{
	struct world *w = *state;
	struct mext_stats before;
	struct mext_storage *storage = NULL;
	struct mext_region *region;
	const char *said;
	char *addr;
	unsigned int i;

	region = add_page(&addr);
	assert_int_equal(mext_region_close(region), 0);
	before = stats_of(w->pool);
	capture_start();
	assert_int_equal(wrap(w, addr, &storage), -ESHUTDOWN);
	said = capture_stop();
	assert_non_null(strstr(said, "is closed"));
	capture_start();
	for (i = 0; i < 10; i++)
		assert_int_equal(wrap(w, addr + i, &storage), -ESHUTDOWN);
	assert_string_equal(capture_stop(), "");
	assert_null(storage);
	assert_counted(w->pool, &before, .alloc_failures = 11);
	assert_int_equal(mext_region_storages(region), 0);
	assert_int_equal(mext_region_remove(region), 0);
	munmap(addr, page);
}

static void
test_storages_of_closed_region_live_on_until_they_are_back(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage, *none = NULL;
	struct rte_mbuf *m = world_header(w), *shared;
	struct mext_region *region;
	char *addr;

	region = add_page(&addr);
	assert_int_equal(wrap(w, addr, &storage), 0);
	assert_int_equal(mext_region_close(region), 0);
	assert_ptr_equal(mext_region_data(region), addr);
	assert_int_equal(mext_attach(m, storage, 0, 100), 0);
	assert_int_equal(mext_share(w->pool, m, 10, 50, &shared), 0);
	rte_pktmbuf_free(m);
	capture_start();
	assert_int_equal(mext_region_remove(region), -EBUSY);
	assert_non_null(strstr(capture_stop(), ": 1 storages over it live"));
	/* It is as it was: there, and closed. */
	assert_non_null(rte_mem_virt2memseg_list(addr));
	assert_int_equal(mext_region_storages(region), 1);
	capture_start();
	assert_int_equal(wrap(w, addr, &none), -ESHUTDOWN);
	capture_stop();
	assert_null(none);
	rte_pktmbuf_free(shared);
	assert_int_equal(mext_region_remove(region), 0);
	munmap(addr, page);
}

static void
test_remove_that_is_busy_leaves_an_open_region_open(void **state)
{
	struct world *w = *state;
	struct mext_storage *first, *second;
	struct mext_region *region;
	char *addr;

	region = add_page(&addr);
	assert_int_equal(wrap(w, addr, &first), 0);
	capture_start();
	assert_int_equal(mext_region_remove(region), -EBUSY);
	capture_stop();
	assert_int_equal(wrap(w, addr, &second), 0);
	assert_int_equal(mext_storage_release(first, 1), 0);
	assert_int_equal(mext_storage_release(second, 1), 0);
	assert_int_equal(mext_region_remove(region), 0);
	munmap(addr, page);
}

static void
test_close_twice_and_of_nothing_changes_nothing(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage = NULL;
	struct mext_region *region;
	char *addr;

	region = add_page(&addr);
	assert_int_equal(mext_region_close(NULL), 0);
	assert_int_equal(mext_region_close(region), 0);
	capture_start();
	assert_int_equal(wrap(w, addr, &storage), -ESHUTDOWN);
	assert_int_equal(mext_region_close(region), 0);
	capture_stop();
	capture_start();
	assert_int_equal(wrap(w, addr, &storage), -ESHUTDOWN);
	assert_string_equal(capture_stop(), "");
	assert_int_equal(mext_region_remove(region), 0);
	munmap(addr, page);
}

static void
test_closed_memory_is_added_anew_only_when_it_is_removed(void **state)
{
	struct world *w = *state;
	struct mext_region *region, *again = NULL;
	struct mext_storage *storage;
	unsigned int round;
	char *addr;

	region = add_page(&addr);
	for (round = 0; round < 2; round++) {
		assert_int_equal(mext_region_close(region), 0);
		capture_start();
		assert_int_equal(mext_region_add(addr, page, 0, &again), -EEXIST);
		assert_null(again);
		capture_stop();
		/* Each time, the first refusal is logged. */
		capture_start();
		assert_int_equal(wrap(w, addr, &storage), -ESHUTDOWN);
		assert_non_null(strstr(capture_stop(), "is closed"));
		assert_int_equal(mext_region_remove(region), 0);
		assert_int_equal(mext_region_add(addr, page, 0, &region), 0);
		assert_int_equal(wrap(w, addr, &storage), 0);
		assert_int_equal(mext_storage_release(storage, 1), 0);
	}
	assert_int_equal(mext_region_remove(region), 0);
	munmap(addr, page);
}

static void
test_closed_region_is_no_obstacle_to_others(void **state)
{
	struct world *w = *state;
	struct mext_region *region, *other;
	struct mext_storage *storage;
	char *addr, *beside;

	region = add_page(&addr);
	assert_int_equal(mext_region_close(region), 0);
	other = add_page(&beside);
	assert_int_equal(wrap(w, beside, &storage), 0);
	assert_int_equal(mext_region_storages(other), 1);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	assert_int_equal(mext_region_remove(other), 0);
	assert_int_equal(mext_region_remove(region), 0);
	munmap(addr, page);
	munmap(beside, page);
}

static int
page_set_up(void **state)
{
	page = sysconf(_SC_PAGESIZE);
	return world_setup(state);
}

#define close_test(f) cmocka_unit_test_setup_teardown(f, page_set_up, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		close_test(test_closed_region_refuses_wraps_logs_one_and_counts_all),
		close_test(test_storages_of_closed_region_live_on_until_they_are_back),
		close_test(test_remove_that_is_busy_leaves_an_open_region_open),
		close_test(test_close_twice_and_of_nothing_changes_nothing),
		close_test(test_closed_memory_is_added_anew_only_when_it_is_removed),
		close_test(test_closed_region_is_no_obstacle_to_others),
	};

	return eal_start() < 0 ? 1 : eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
