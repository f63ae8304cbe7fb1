/* SPDX-License-Identifier: BSD-3-Clause */
/* Lookup beside create and destroy, and what is done under the lock that all processes share. */
#include <rte_cycles.h>
#include <rte_eal_memconfig.h>
#include <rte_launch.h>

#include "capture.h"
#include "pool.h"
#include "world.h"

int __wrap_rte_log(uint32_t level, uint32_t logtype, const char *format, ...)
		__rte_format_printf(3, 4);
void __real_rte_mcfg_tailq_read_lock(void);
void __wrap_rte_mcfg_tailq_read_lock(void);
void __real_rte_mcfg_tailq_read_unlock(void);
void __wrap_rte_mcfg_tailq_read_unlock(void);
void __real_rte_mempool_free(struct rte_mempool *mp);
void __wrap_rte_mempool_free(struct rte_mempool *mp);

#define NAME "shared"

static __thread bool locked; /* a lookup holds the lock */
static uint32_t locks, logs, logs_locked, frees; /* so often; frees of mempools */

void
__wrap_rte_mcfg_tailq_read_lock(void)
{
	__real_rte_mcfg_tailq_read_lock();
	locked = true;
	__atomic_fetch_add(&locks, 1, __ATOMIC_RELAXED);
}

void
__wrap_rte_mcfg_tailq_read_unlock(void)
{
	locked = false;
	__real_rte_mcfg_tailq_read_unlock();
}

int
__wrap_rte_log(uint32_t level, uint32_t logtype, const char *format, ...)
{
	va_list args;
	int ret;

	__atomic_fetch_add(locked ? &logs_locked : &logs, 1, __ATOMIC_RELAXED);
	va_start(args, format);
	ret = rte_vlog(level, logtype, format, args);
	va_end(args);
	return ret;
}

void
__wrap_rte_mempool_free(struct rte_mempool *mp)
{
	__atomic_fetch_add(&frees, 1, __ATOMIC_RELAXED);
	__real_rte_mempool_free(mp);
}

/** Writing may take long, and a process may be killed in it: all others would wait for its lock. */
static void
test_lookup_logs_refusal_without_the_lock(void **state)
{
	struct mext_pool *pool = ((struct world *)*state)->pool, *found;
	struct rte_mempool *mp = mext_pool_header_mempool(pool, SOCKET_ID_ANY);
	const int32_t index = mp->ops_index;
	const struct pool_id right = pool->id;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		pool->id.abi += i == 0;
		if (i == 1)
			pool->id.code.leaf = NULL;
		if (i == 2)
			mp->ops_index = -1;
		locks = logs = logs_locked = 0;
		capture_start();
		assert_true(mext_pool_lookup(mext_pool_name(pool), &found) < 0);
		capture_stop();
		assert_int_equal(locks, 1);
		assert_int_equal(logs, 1);
		assert_int_equal(logs_locked, 0);
		pool->id = right;
		mp->ops_index = index;
	}
	assert_int_equal(mext_pool_lookup(mext_pool_name(pool), &found), 0);
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

/** It must not look into a pool whose mempools are going. */
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
look_up_once(void *arg)
{
	struct mext_pool *pool;
	int ret = mext_pool_lookup(NAME, &pool);

	__atomic_store_n((uint32_t *)arg, 1, __ATOMIC_RELAXED);
	return ret;
}

static int
destroy_once(void *pool)
{
	return mext_pool_destroy(pool);
}

/** The lock is in shared memory: another process's lookup and destroy wait in the same way. */
static void
test_lookup_and_withdrawal_wait_for_each_other(void **state)
{
	const unsigned int while_us = 20000;
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	uint32_t done = 0;

	(void)state;
	world_conf(&conf);
	assert_int_equal(mext_pool_create(NAME, &conf, &pool), 0);
	rte_mcfg_tailq_write_lock();
	assert_int_equal(rte_eal_remote_launch(look_up_once, &done, 1), 0);
	rte_delay_us_sleep(while_us);
	assert_int_equal(__atomic_load_n(&done, __ATOMIC_RELAXED), 0);
	rte_mcfg_tailq_write_unlock();
	assert_int_equal(rte_eal_wait_lcore(1), 0);

	__real_rte_mcfg_tailq_read_lock();
	frees = 0;
	assert_int_equal(rte_eal_remote_launch(destroy_once, pool, 1), 0);
	rte_delay_us_sleep(while_us);
	assert_int_equal(__atomic_load_n(&frees, __ATOMIC_RELAXED), 0);
	__real_rte_mcfg_tailq_read_unlock();
	assert_int_equal(rte_eal_wait_lcore(1), 0);
	assert_int_equal(mext_pool_lookup(NAME, &pool), -ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_lookup_logs_refusal_without_the_lock),
		cmocka_unit_test(test_lookup_beside_create_and_destroy_finds_all_or_nothing),
		cmocka_unit_test(test_lookup_and_withdrawal_wait_for_each_other),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
