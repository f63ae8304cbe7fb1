/* SPDX-License-Identifier: BSD-3-Clause */
/* Handles of regions that are gone: they name nothing, and no region that came after. */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_memory.h>

#include "capture.h"
#include "world.h"

static size_t page;

static char *
map_pages(size_t pages)
{
	char *addr = mmap(NULL, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);

	assert_true(addr != MAP_FAILED);
	return addr;
}

static int
call_remove(struct mext_region *region)
{
	return mext_region_remove(region);
}

static int
call_close(struct mext_region *region)
{
	return mext_region_close(region);
}

static int
call_data(struct mext_region *region)
{
	return mext_region_data(region) == NULL ? -EINVAL : 0;
}

static int
call_len(struct mext_region *region)
{
	return mext_region_len(region) == 0 ? -EINVAL : 0;
}

static int
call_page_size(struct mext_region *region)
{
	return mext_region_page_size(region) == 0 ? -EINVAL : 0;
}

static int
call_storages(struct mext_region *region)
{
	return mext_region_storages(region) == 0 ? -EINVAL : 0;
}

/** Every call that takes a handle; -EINVAL stands for the answer of one that gives no error. */
static const struct {
	int (*call)(struct mext_region *region);
	const char *words;
} calls[] = {
	{ call_remove, "mext_region_remove: there is no region" },
	{ call_close, "mext_region_close: there is no region" },
	{ call_data, "mext_region_data: there is no region" },
	{ call_len, "mext_region_len: there is no region" },
	{ call_page_size, "mext_region_page_size: there is no region" },
	{ call_storages, "mext_region_storages: there is no region" },
};

static void
assert_names_nothing(struct mext_region *region)
{
	const char *said;
	unsigned int i;
	int ret;

	for (i = 0; i < RTE_DIM(calls); i++) {
		if (region == NULL && (calls[i].call == call_remove || calls[i].call == call_close))
			continue; /* as free() */
		capture_start();
		ret = calls[i].call(region);
		said = capture_stop();
		assert_int_equal(ret, -EINVAL);
		if (strstr(said, calls[i].words) == NULL)
			fail_msg("'%s' is not in: %s", calls[i].words, said);
	}
}

static void
test_stale_handle_leaves_the_next_region_alone(void **state)
{
	struct world *w = *state;
	char *first = map_pages(2), *second = map_pages(1);
	const struct mext_wrap wrap = { .addr = second, .len = 10 };
	struct mext_region *stale, *region;
	struct mext_storage *storage;

	assert_int_equal(mext_region_add(first, 2 * page, 0, &stale), 0);
	assert_int_equal(mext_region_remove(stale), 0);
	assert_names_nothing(stale);
	assert_int_equal(mext_region_add(second, page, 0, &region), 0);
	assert_ptr_not_equal(stale, region);
	assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storage), 0);
	assert_names_nothing(stale);
	assert_ptr_equal(mext_region_data(region), second);
	assert_int_equal(mext_region_len(region), page);
	assert_int_equal(mext_region_page_size(region), page);
	assert_int_equal(mext_region_storages(region), 1);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	/* Nothing lives over it: only the handle is in the way now. */
	assert_names_nothing(stale);
	assert_non_null(rte_mem_virt2memseg_list(second));
	assert_int_equal(mext_region_remove(region), 0);
	munmap(first, 2 * page);
	munmap(second, page);
}

static void
test_same_memory_again_has_another_handle(void **state __rte_unused)
{
	struct mext_region *handles[300];
	char *addr = map_pages(1);
	unsigned int i, j;

	for (i = 0; i < RTE_DIM(handles); i++) {
		assert_int_equal(mext_region_add(addr, page, 0, &handles[i]), 0);
		for (j = 0; j < i; j++)
			assert_ptr_not_equal(handles[j], handles[i]);
		capture_start();
		if (i > 0)
			assert_int_equal(mext_region_remove(handles[i - 1]), -EINVAL);
		capture_stop();
		assert_int_equal(mext_region_remove(handles[i]), 0);
	}
	munmap(addr, page);
}

static void
test_what_is_no_handle_names_nothing(void **state __rte_unused)
{
	char *addr = map_pages(1);
	struct mext_region *region;
	uintptr_t places = (uintptr_t)1 << 16;

	assert_int_equal(mext_region_add(addr, page, 0, &region), 0);
	assert_names_nothing(NULL);
	assert_names_nothing((struct mext_region *)addr);
	assert_names_nothing((struct mext_region *)UINTPTR_MAX);
	/* One that will be: of the next region there. */
	assert_names_nothing((struct mext_region *)((uintptr_t)region + places));
	assert_int_equal(mext_region_remove(region), 0);
	assert_names_nothing((struct mext_region *)((uintptr_t)region + places));
	assert_int_equal(mext_region_remove(NULL), 0);
	munmap(addr, page);
}

/** The child has a copy of what the parent knows; EAL and devices are the parent's. */
static void
test_forked_child_may_not_add_close_or_remove(void **state)
{
	struct world *w = *state;
	char *addr = map_pages(1), *other = map_pages(1);
	struct mext_region *region, *none = NULL;
	struct mext_storage *storage;
	int status;
	pid_t pid;

	assert_int_equal(mext_region_add(addr, page, 0, &region), 0);
	pid = fork();
	if (pid == 0)
		_exit(mext_region_add(other, page, 0, &none) != -ENOTSUP ||
				mext_region_close(region) != -ENOTSUP ||
				mext_region_remove(region) != -ENOTSUP ||
				mext_region_sync() != -ENOTSUP || mext_region_len(region) != page);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(mext_storage_wrap(w->pool, &(struct mext_wrap){ .addr = addr, .len = 1 },
					 &storage),
			0);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	assert_int_equal(mext_region_remove(region), 0);
	munmap(addr, page);
	munmap(other, page);
}

static int
page_set_up(void **state)
{
	page = sysconf(_SC_PAGESIZE);
	return world_setup(state);
}

#define handle_test(f) cmocka_unit_test_setup_teardown(f, page_set_up, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		handle_test(test_stale_handle_leaves_the_next_region_alone),
		handle_test(test_same_memory_again_has_another_handle),
		handle_test(test_what_is_no_handle_names_nothing),
		handle_test(test_forked_child_may_not_add_close_or_remove),
	};

	return eal_start() < 0 ? 1 : eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
