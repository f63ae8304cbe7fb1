/* SPDX-License-Identifier: BSD-3-Clause */
/* A region removed and added again by one thread while another wraps and gives back. */
#include <sys/mman.h>
#include <unistd.h>

#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_pause.h>

#include "world.h"

#define ROUNDS 100

bool __wrap_mextp_dma_needed(void);
bool __wrap_mextp_dma_needed_still(void);

/** So that memory outside a region is refused. */
bool
__wrap_mextp_dma_needed(void)
{
	return true;
}

bool
__wrap_mextp_dma_needed_still(void)
{
	return true;
}

static struct {
	struct mext_pool *pool;
	char *memory;
	size_t page;
	uint32_t live; /* storages that the wrapper has */
	uint32_t wrapped; /* that it has had */
	uint32_t refused; /* wraps since its last storage */
	bool stop;
} shared;

static void
share_a_page(const struct world *w)
{
	memset(&shared, 0, sizeof(shared));
	shared.pool = w->pool;
	shared.page = sysconf(_SC_PAGESIZE);
	shared.memory = mmap(NULL, shared.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	assert_true(shared.memory != MAP_FAILED);
}

static int
wrap_until_stopped(void *arg __rte_unused)
{
	const struct mext_wrap wrap = { .addr = shared.memory, .len = shared.page };
	struct mext_storage *storage;

	while (!__atomic_load_n(&shared.stop, __ATOMIC_ACQUIRE)) {
		if (mext_storage_wrap(shared.pool, &wrap, &storage) < 0)
			continue;
		__atomic_store_n(&shared.live, 1, __ATOMIC_SEQ_CST);
		__atomic_fetch_add(&shared.wrapped, 1, __ATOMIC_RELAXED);
		__atomic_store_n(&shared.live, 0, __ATOMIC_SEQ_CST);
		if (mext_storage_release(storage, 1) < 0)
			return -1;
	}
	return 0;
}

static void
test_remove_succeeds_only_without_storages(void **state)
{
	struct world *w = *state;
	struct mext_region *region;
	unsigned int removed = 0, busy = 0, lcore = rte_get_next_lcore(-1, 1, 0);
	uint32_t before;
	int ret;

	share_a_page(w);
	assert_int_equal(mext_region_add(shared.memory, shared.page, 0, &region), 0);
	rte_log_set_level_pattern("lib.mext", RTE_LOG_CRIT); /* refusals by the ten thousand */
	rte_eal_remote_launch(wrap_until_stopped, NULL, lcore);
	while (removed < ROUNDS) {
		/* Both ways: while it wraps, and after it has wrapped something. */
		before = __atomic_load_n(&shared.wrapped, __ATOMIC_RELAXED);
		while (removed % 2 == 0 &&
				__atomic_load_n(&shared.wrapped, __ATOMIC_RELAXED) == before)
			rte_pause();
		ret = mext_region_remove(region);
		if (ret == -EBUSY) {
			busy++;
			continue;
		}
		assert_int_equal(ret, 0);
		assert_int_equal(__atomic_load_n(&shared.live, __ATOMIC_SEQ_CST), 0);
		removed++;
		assert_int_equal(mext_region_add(shared.memory, shared.page, 0, &region), 0);
	}
	__atomic_store_n(&shared.stop, true, __ATOMIC_RELEASE);
	assert_int_equal(rte_eal_wait_lcore(lcore), 0);
	rte_log_set_level_pattern("lib.mext", RTE_LOG_INFO);
	fprintf(stderr, "%u removed, %u busy, %u wrapped\n", removed, busy, shared.wrapped);
	assert_true(busy > 0);
	assert_int_equal(mext_region_storages(region), 0);
	assert_int_equal(mext_region_remove(region), 0);
	munmap(shared.memory, shared.page);
}

static int
wrap_often(void *arg __rte_unused)
{
	const struct mext_wrap wrap = { .addr = shared.memory, .len = shared.page };
	struct mext_storage *storage;
	unsigned int i;
	int ret = 0;

	for (i = 0; ret == 0 && i < 200000; i++) {
		ret = mext_storage_wrap(shared.pool, &wrap, &storage);
		if (ret == 0)
			ret = mext_storage_release(storage, 1);
	}
	__atomic_store_n(&shared.stop, true, __ATOMIC_RELEASE);
	return ret;
}

static void
test_wraps_succeed_while_their_region_is_added_again(void **state)
{
	struct world *w = *state;
	struct mext_region *region, *again;
	unsigned int lcore = rte_get_next_lcore(-1, 1, 0);

	share_a_page(w);
	/* A free place before its own, in which the other would stand. */
	assert_int_equal(mext_region_alloc(1, 0, SOCKET_ID_ANY, &again), 0);
	assert_int_equal(mext_region_add(shared.memory, shared.page, 0, &region), 0);
	assert_int_equal(mext_region_remove(again), 0);
	rte_log_set_level_pattern("lib.mext", RTE_LOG_CRIT);
	rte_eal_remote_launch(wrap_often, NULL, lcore);
	while (!__atomic_load_n(&shared.stop, __ATOMIC_ACQUIRE))
		assert_int_equal(mext_region_add(shared.memory, shared.page, 0, &again), -EEXIST);
	rte_log_set_level_pattern("lib.mext", RTE_LOG_INFO);
	assert_int_equal(rte_eal_wait_lcore(lcore), 0);
	assert_int_equal(mext_region_remove(region), 0);
	munmap(shared.memory, shared.page);
}

/** Have a storage over the region at every moment, until wraps are refused; then give it back, and go on trying. */
static int
wrap_without_pause(void *arg __rte_unused)
{
	const struct mext_wrap wrap = { .addr = shared.memory, .len = shared.page };
	struct mext_storage *held = NULL, *next;
	int ret;

	while (!__atomic_load_n(&shared.stop, __ATOMIC_ACQUIRE)) {
		ret = mext_storage_wrap(shared.pool, &wrap, &next);
		if (held != NULL && mext_storage_release(held, 1) < 0)
			return -1;
		held = ret == 0 ? next : NULL;
		__atomic_fetch_add(
				ret == 0 ? &shared.wrapped : &shared.refused, 1, __ATOMIC_SEQ_CST);
	}
	return held == NULL ? 0 : -1;
}

static void
wait_for(const uint32_t *count, uint32_t more)
{
	uint32_t before = __atomic_load_n(count, __ATOMIC_SEQ_CST);

	while (__atomic_load_n(count, __ATOMIC_SEQ_CST) - before < more)
		rte_pause();
}

static void
test_closed_region_is_removed_at_once_under_steady_wraps(void **state)
{
	struct world *w = *state;
	unsigned int i, round, lcore = rte_get_next_lcore(-1, 1, 0);
	struct mext_region *region;

	share_a_page(w);
	rte_log_set_level_pattern("lib.mext", RTE_LOG_CRIT); /* refusals by the ten thousand */
	rte_eal_remote_launch(wrap_without_pause, NULL, lcore);
	for (round = 0; round < ROUNDS; round++) {
		assert_int_equal(mext_region_add(shared.memory, shared.page, 0, &region), 0);
		wait_for(&shared.wrapped, 2);
		for (i = 0; i < 10; i++)
			assert_int_equal(mext_region_remove(region), -EBUSY);
		assert_int_equal(mext_region_close(region), 0);
		wait_for(&shared.refused, 1);
		assert_int_equal(mext_region_remove(region), 0);
	}
	__atomic_store_n(&shared.stop, true, __ATOMIC_RELEASE);
	assert_int_equal(rte_eal_wait_lcore(lcore), 0);
	rte_log_set_level_pattern("lib.mext", RTE_LOG_INFO);
	munmap(shared.memory, shared.page);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_remove_succeeds_only_without_storages),
		world_test(test_wraps_succeed_while_their_region_is_added_again),
		world_test(test_closed_region_is_removed_at_once_under_steady_wraps),
	};

	return eal_start() < 0 ? 1 : eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
