/* SPDX-License-Identifier: BSD-3-Clause */
/* Regions where DPDK's memory is not zero, and a secondary process that looks for them meanwhile. */
#include <sys/mman.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_memory.h>
#include <rte_memzone.h>

#include "world.h"

const struct rte_memzone *__real_rte_memzone_reserve(
		const char *name, size_t len, int socket, unsigned int flags);
const struct rte_memzone *__wrap_rte_memzone_reserve(
		const char *name, size_t len, int socket, unsigned int flags);
enum rte_proc_type_t __real_rte_eal_process_type(void);
enum rte_proc_type_t __wrap_rte_eal_process_type(void);

static bool secondary;
static unsigned int looks;
static struct mext_pool *pool;
static char *attached; /* memory that is not EAL's, and that EAL knows */

enum rte_proc_type_t
__wrap_rte_eal_process_type(void)
{
	return secondary ? RTE_PROC_SECONDARY : __real_rte_eal_process_type();
}

/** What a secondary process does in that moment. */
static void
wrap_in_secondary(void)
{
	const struct mext_wrap wrap = { .addr = attached, .len = 1 };
	struct mext_storage *storage;

	secondary = true;
	assert_int_equal(mext_storage_wrap(pool, &wrap, &storage), 0);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	secondary = false;
	looks++;
}

const struct rte_memzone *
__wrap_rte_memzone_reserve(const char *name, size_t len, int socket, unsigned int flags)
{
	const struct rte_memzone *mz = __real_rte_memzone_reserve(name, len, socket, flags);

	if (mz == NULL || strncmp(name, "mext_regions", strlen("mext_regions")) != 0)
		return mz;
	memset(mz->addr, 0xa5, mz->len);
	wrap_in_secondary();
	return mz;
}

static void
test_table_is_seen_only_when_it_is_complete(void **state)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct mext_region *region;
	char *addr;

	pool = ((struct world *)*state)->pool;
	addr = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(addr != MAP_FAILED);
	attached = addr + page;
	assert_int_equal(rte_extmem_register(attached, page, NULL, 0, page), 0);
	assert_int_equal(mext_region_add(addr, page, 0, &region), 0);
	assert_true(looks > 0);
	assert_int_equal(mext_region_storages(region), 0);
	assert_int_equal(mext_region_remove(region), 0);
	assert_int_equal(rte_extmem_unregister(attached, page), 0);
	munmap(addr, 2 * page);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_table_is_seen_only_when_it_is_complete),
	};

	return eal_start() < 0 ? 1 : eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
