/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every way in which two threads' calls on a region can come between each other's steps: one goes some steps, the
 * other some, then the one to its end, then the other. The table of regions is compiled into this test with a
 * hook before each of its atomic operations, where the threads take turns.
 */
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_malloc.h>
#include <rte_memzone.h>

#include "log.h"
#include "region.h"
#include "vfio_container.h"
#include "world.h"

static void step(const void *at);

#define __atomic_load_n(p, order) (step(p), __atomic_load_n(p, order))
#define __atomic_store_n(p, v, order) (step(p), __atomic_store_n(p, v, order))
#define __atomic_fetch_add(p, v, order) (step(p), __atomic_fetch_add(p, v, order))
#define __atomic_fetch_sub(p, v, order) (step(p), __atomic_fetch_sub(p, v, order))
#define __atomic_exchange_n(p, v, order) (step(p), __atomic_exchange_n(p, v, order))
#include "region_table.c"

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

/** One of two threads. */
struct party {
	void (*call)(void);
	pthread_t thread;
	sem_t go, back;
	unsigned int left; /* steps until it stops, 0: none any more */
	bool done;
};

static __thread struct party *self;
static size_t page;
static struct mext_pool *pool;
static char *memory, *elsewhere; /* two pages each */
static struct mext_region *region, *second;
static struct mext_storage *storage;
static int removed, wrapped, added;

#define NOT_CALLED 1

/** Of the counts of a region's users, those of lcores: both threads are none. */
static bool
is_of_lcore(const void *at)
{
	unsigned int i;

	for (i = 0; i < table->n; i++)
		if (at >= (const void *)&table->regions[i]->users[0] &&
				at < (const void *)&table->regions[i]->users[RTE_MAX_LCORE])
			return true;
	return false;
}

static void
step(const void *at)
{
	if (self == NULL || self->left == 0 || is_of_lcore(at) || --self->left > 0)
		return;
	sem_post(&self->back);
	sem_wait(&self->go);
}

static void *
run_party(void *arg)
{
	self = arg;
	sem_wait(&self->go);
	self->call();
	self->done = true;
	sem_post(&self->back);
	return NULL;
}

static void
start(struct party *p, void (*call)(void))
{
	*p = (struct party){ .call = call };
	sem_init(&p->go, 0, 0);
	sem_init(&p->back, 0, 0);
	assert_int_equal(pthread_create(&p->thread, NULL, run_party, p), 0);
}

/** Go until the n-th step is next, or to the end (0). */
static void
go(struct party *p, unsigned int n)
{
	if (p->done)
		return;
	p->left = n;
	sem_post(&p->go);
	sem_wait(&p->back);
}

static void
finish(struct party *p)
{
	go(p, 0);
	pthread_join(p->thread, NULL);
	sem_destroy(&p->go);
	sem_destroy(&p->back);
}

static void
do_remove(void)
{
	removed = mext_region_remove(region);
}

/** Two bytes, one in each page. */
static void
do_wrap(void)
{
	const struct mext_wrap wrap = { .addr = memory + page - 1, .len = 2 };

	wrapped = mext_storage_wrap(pool, &wrap, &storage);
}

/** Another region takes the place of the one that was there. */
static void
do_remove_and_add_elsewhere(void)
{
	do_remove();
	if (removed == 0)
		added = mext_region_add(elsewhere, 2 * page, 0, &second);
}

/** It begins where that one began, and has the first byte of what is wrapped. */
static void
do_remove_and_add_half(void)
{
	do_remove();
	if (removed == 0)
		added = mext_region_add(memory, page, 0, &second);
}

/** Either the storage counts, or the region is gone. */
static void
assert_one_of_both(void)
{
	if (wrapped == 0) {
		assert_int_equal(removed, -EBUSY);
		assert_int_equal(mext_region_storages(region), 1);
	} else {
		assert_null(storage);
		assert_true(removed == 0 || removed == -EBUSY);
	}
	if (second != NULL)
		assert_int_equal(mext_region_storages(second), 0);
}

/** Wraps that are refused stand in nobody's way. */
static void
assert_removed(void)
{
	assert_int_equal(removed, 0);
	assert_true(wrapped < 0);
}

/** What two threads do, and what must be so afterwards. */
struct meeting {
	void (*one)(void);
	void (*other)(void);
	bool closed; /* the region is, from the beginning */
	void (*check)(void);
};

static void
clean_up(void)
{
	if (wrapped == 0)
		assert_int_equal(mext_storage_release(storage, 1), 0);
	if (removed != 0)
		assert_int_equal(mext_region_remove(region), 0);
	if (second != NULL)
		assert_int_equal(mext_region_remove(second), 0);
}

/** @return whether both had further steps to go when they stopped */
static bool
meet(const struct meeting *m, unsigned int first, unsigned int then, bool *one_done)
{
	struct party one, other;
	bool other_done;

	assert_int_equal(mext_region_add(memory, 2 * page, 0, &region), 0);
	if (m->closed)
		assert_int_equal(mext_region_close(region), 0);
	second = NULL;
	storage = NULL;
	added = 0;
	removed = wrapped = NOT_CALLED;
	start(&one, m->one);
	start(&other, m->other);
	go(&one, first);
	*one_done = one.done;
	go(&other, then);
	other_done = other.done;
	finish(&one);
	finish(&other);
	assert_int_equal(added, 0);
	assert_int_not_equal(removed, NOT_CALLED);
	assert_int_not_equal(wrapped, NOT_CALLED);
	m->check();
	clean_up();
	return !*one_done && !other_done;
}

static void
meet_in_all_ways(const struct meeting *m)
{
	unsigned int first, then, ways = 0;
	bool one_done = false;

	for (first = 1; !one_done; first++)
		for (then = 1; meet(m, first, then, &one_done); then++)
			ways++;
	/* A wrap of an open region has four steps or more; refused at once it has two. */
	assert_true(ways >= (m->closed ? 2 : 8));
}

static void
test_remove_between_steps_of_wrap(void **state __rte_unused)
{
	meet_in_all_ways(&(struct meeting){
			.one = do_wrap, .other = do_remove, .check = assert_one_of_both });
}

static void
test_wrap_between_steps_of_remove(void **state __rte_unused)
{
	meet_in_all_ways(&(struct meeting){
			.one = do_remove, .other = do_wrap, .check = assert_one_of_both });
}

static void
test_another_region_in_its_place_between_steps_of_wrap(void **state __rte_unused)
{
	meet_in_all_ways(&(struct meeting){ .one = do_wrap,
			.other = do_remove_and_add_elsewhere,
			.check = assert_one_of_both });
}

static void
test_smaller_region_in_its_place_between_steps_of_wrap(void **state __rte_unused)
{
	meet_in_all_ways(&(struct meeting){ .one = do_wrap,
			.other = do_remove_and_add_half,
			.check = assert_one_of_both });
}

static void
test_closed_region_is_removed_between_steps_of_wrap(void **state __rte_unused)
{
	meet_in_all_ways(&(struct meeting){ .one = do_wrap,
			.other = do_remove,
			.closed = true,
			.check = assert_removed });
}

static void
test_wrap_between_steps_of_remove_of_closed_region(void **state __rte_unused)
{
	meet_in_all_ways(&(struct meeting){ .one = do_remove,
			.other = do_wrap,
			.closed = true,
			.check = assert_removed });
}

static int
steps_set_up(void **state)
{
	page = sysconf(_SC_PAGESIZE);
	memory = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(memory != MAP_FAILED);
	elsewhere = memory + 2 * page;
	if (world_setup(state) < 0)
		return -1;
	pool = ((struct world *)*state)->pool;
	rte_log_set_level_pattern("lib.mext", RTE_LOG_CRIT); /* refusals are what is tried here */
	return 0;
}

static int
steps_tear_down(void **state)
{
	rte_log_set_level_pattern("lib.mext", RTE_LOG_INFO);
	munmap(memory, 4 * page);
	return world_teardown(state);
}

#define steps_test(f) cmocka_unit_test_setup_teardown(f, steps_set_up, steps_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		steps_test(test_wrap_between_steps_of_remove),
		steps_test(test_remove_between_steps_of_wrap),
		steps_test(test_another_region_in_its_place_between_steps_of_wrap),
		steps_test(test_smaller_region_in_its_place_between_steps_of_wrap),
		steps_test(test_closed_region_is_removed_between_steps_of_wrap),
		steps_test(test_wrap_between_steps_of_remove_of_closed_region),
	};

	return eal_start() < 0 ? 1 : eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
