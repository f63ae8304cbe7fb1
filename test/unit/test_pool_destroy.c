/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Destroying a pool whose last object another thread frees: what the level says, and what it does not.
 * The handler of the mempool holds a thread where the object is back and the call not done.
 */
#include <pthread.h>
#include <sched.h>

#include <rte_rcu_qsbr.h>

#include "fault.h"
#include "pool.h"
#include "unit.h"

#define THREAD 0 /* number of the freeing thread for qsbr */

/* Steps in the order in which they are made; each thread waits for the other's. */
enum step {
	BEGUN,
	HOME, /* the object is back, the free goes on */
	SEEN, /* somebody has seen that nothing is outstanding */
	RETURNED, /* the free is done */
};

static enum step step;
static struct mext_pool *pool;
static struct rte_rcu_qsbr *qsbr;

static void
advance(enum step to)
{
	__atomic_store_n(&step, to, __ATOMIC_RELEASE);
}

static void
wait_for(enum step until)
{
	while (__atomic_load_n(&step, __ATOMIC_ACQUIRE) < until)
		sched_yield();
}

static void
stay(struct rte_mempool *mp, void *obj)
{
	(void)mp;
	(void)obj;
	advance(HOME);
	wait_for(SEEN);
}

/** Free it, then be quiescent, as a thread of the application's is between two bursts. */
static void *
free_last(void *storage)
{
	rte_rcu_qsbr_thread_online(qsbr, THREAD);
	mext_storage_release(storage, 1);
	advance(RETURNED);
	rte_rcu_qsbr_quiescent(qsbr, THREAD);
	rte_rcu_qsbr_thread_offline(qsbr, THREAD);
	return NULL;
}

static struct mext_storage *
make_pool(void)
{
	struct mext_pool_conf conf;

	mext_pool_conf_init(&conf);
	conf.ops_name = FAULT_OPS;
	conf.nb_classes = 1;
	conf.classes[0] = (struct mext_pool_class){ 64, 1, 0 };
	assert_int_equal(mext_pool_create("last", &conf, &pool), 0);
	return mext_storage_alloc(pool, 64);
}

/** On return nothing is outstanding, and the thread is in the call that has freed the last object. */
static void
begin_last_free(pthread_t *thread)
{
	struct mext_storage *storage = make_pool();

	step = BEGUN;
	assert_int_equal(mext_pool_destroy(pool), -EBUSY);
	fault_on_put(stay);
	assert_int_equal(pthread_create(thread, NULL, free_last, storage), 0);
	wait_for(HOME);
	assert_int_equal(mext_stats_outstanding(pool), 0);
	assert_int_equal(__atomic_load_n(&step, __ATOMIC_ACQUIRE), HOME);
}

static void
test_destroy_after_threads_are_quiescent_comes_after_the_last_free(void **state)
{
	pthread_t thread;

	(void)state;
	assert_int_equal(rte_rcu_qsbr_thread_register(qsbr, THREAD), 0);
	begin_last_free(&thread);
	advance(SEEN);
	rte_rcu_qsbr_synchronize(qsbr, RTE_QSBR_THRID_INVALID);
	assert_int_equal(__atomic_load_n(&step, __ATOMIC_ACQUIRE), RETURNED);
	assert_int_equal(mext_pool_destroy(pool), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(rte_rcu_qsbr_thread_unregister(qsbr, THREAD), 0);
	fault_on_put(NULL);
}

static void
test_destroy_after_threads_are_joined_comes_after_the_last_free(void **state)
{
	pthread_t thread;

	(void)state;
	assert_int_equal(rte_rcu_qsbr_thread_register(qsbr, THREAD), 0);
	begin_last_free(&thread);
	advance(SEEN);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(step, RETURNED);
	assert_int_equal(mext_pool_destroy(pool), 0);
	assert_int_equal(rte_rcu_qsbr_thread_unregister(qsbr, THREAD), 0);
	fault_on_put(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
				test_destroy_after_threads_are_quiescent_comes_after_the_last_free),
		cmocka_unit_test(test_destroy_after_threads_are_joined_comes_after_the_last_free),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	qsbr = aligned_alloc(RTE_CACHE_LINE_SIZE, rte_rcu_qsbr_get_memsize(1));
	if (qsbr == NULL || rte_rcu_qsbr_init(qsbr, 1) != 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
