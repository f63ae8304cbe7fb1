/* SPDX-License-Identifier: BSD-3-Clause */
/* Lookup beside create and destroy, and without the locks that all processes share. */
#include <rte_eal_memconfig.h>
#include <rte_launch.h>
#include <rte_memzone.h>

#include "pool.h"
#include "registry.h"
#include "world.h"

const struct rte_memzone *__real_rte_memzone_lookup(const char *name);
const struct rte_memzone *__wrap_rte_memzone_lookup(const char *name);

#define NAME "shared"

static uint32_t zone_lookups; /* each takes a lock of DPDK's */

const struct rte_memzone *
__wrap_rte_memzone_lookup(const char *name)
{
	__atomic_fetch_add(&zone_lookups, 1, __ATOMIC_RELAXED);
	return __real_rte_memzone_lookup(name);
}

static uint32_t stop;

static int
look_up_until_stopped(void *arg)
{
	uint64_t *found = arg;
	struct mext_pool *pool;
	int ret;

	do {
		ret = mext_pool_lookup(NAME, &pool);
		if (ret != 0 && ret != -ENOENT)
			return ret;
		*found += ret == 0;
	} while (__atomic_load_n(&stop, __ATOMIC_RELAXED) == 0);
	return 0;
}

/** It must not see half an entry. */
static void
test_lookup_beside_create_and_destroy_finds_all_or_nothing(void **state)
{
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	uint64_t found = 0;
	unsigned int i;

	(void)state;
	world_conf(&conf);
	stop = 0;
	assert_int_equal(rte_eal_remote_launch(look_up_until_stopped, &found, 1), 0);
	for (i = 0; i < 300; i++) {
		assert_int_equal(mext_pool_create(NAME, &conf, &pool), 0);
		assert_int_equal(mext_pool_destroy(pool), 0);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	assert_int_equal(rte_eal_wait_lcore(1), 0);
	assert_true(found > 0);
}

static int
look_up_both(void *arg)
{
	struct mext_pool *pool = NULL, *there = arg;

	return mext_pool_lookup(mext_pool_name(there), &pool) == 0 && pool == there &&
					       mext_pool_lookup(NAME, &pool) == -ENOENT
			       ? 0
			       : -1;
}

/** Of these a process that was killed may leave one behind, in shared memory, and all others wait then. */
static void
test_lookup_takes_no_lock_of_dpdk(void **state)
{
	const struct world *w = *state;

	rte_mcfg_tailq_write_lock();
	rte_mcfg_mempool_write_lock();
	rte_mcfg_mem_write_lock();
	zone_lookups = 0;
	assert_int_equal(rte_eal_remote_launch(look_up_both, w->pool, 1), 0);
	assert_int_equal(rte_eal_wait_lcore(1), 0);
	assert_int_equal(zone_lookups, 0);
	rte_mcfg_mem_write_unlock();
	rte_mcfg_mempool_write_unlock();
	rte_mcfg_tailq_write_unlock();
}

/** The primary process was killed while it wrote the entry, or writes it. */
static void
test_lookup_does_not_wait_for_a_writer(void **state)
{
	const struct world *w = *state;
	struct directory *directory = rte_memzone_lookup(REGISTRY_DIRECTORY)->addr;
	struct mext_pool *pool;
	uint32_t i = 0;

	while (directory->entries[i].pool != w->pool)
		assert_true(++i < directory->n);
	directory->entries[i].sequence++;
	assert_int_equal(mext_pool_lookup(mext_pool_name(w->pool), &pool), -ENOENT);
	directory->entries[i].sequence--;
	assert_int_equal(mext_pool_lookup(mext_pool_name(w->pool), &pool), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookup_beside_create_and_destroy_finds_all_or_nothing),
		world_test(test_lookup_takes_no_lock_of_dpdk),
		world_test(test_lookup_does_not_wait_for_a_writer),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
