/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Creating a pool without enough memory leaves nothing behind: with numbers too large, and with
 * every allocation that creation makes failing once (ld --wrap).
 */
#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_memzone.h>

#include "capture.h"
#include "world.h"

#define NAME "poor"

const struct rte_memzone *__real_rte_memzone_reserve_aligned(
		const char *name, size_t len, int socket, unsigned int flags, unsigned int align);
const struct rte_memzone *__wrap_rte_memzone_reserve_aligned(
		const char *name, size_t len, int socket, unsigned int flags, unsigned int align);
struct rte_mempool *__real_rte_mempool_create_empty(const char *name, unsigned int n,
		unsigned int elt_size, unsigned int cache_size, unsigned int private_size,
		int socket, unsigned int flags);
struct rte_mempool *__wrap_rte_mempool_create_empty(const char *name, unsigned int n,
		unsigned int elt_size, unsigned int cache_size, unsigned int private_size,
		int socket, unsigned int flags);
int __real_rte_mempool_populate_default(struct rte_mempool *mp);
int __wrap_rte_mempool_populate_default(struct rte_mempool *mp);

/** Calls until one fails; below 0: none does. */
static int fail_after = -1;

static bool
fails_now(void)
{
	if (fail_after < 0)
		return false;
	return fail_after-- == 0;
}

const struct rte_memzone *
__wrap_rte_memzone_reserve_aligned(
		const char *name, size_t len, int socket, unsigned int flags, unsigned int align)
{
	if (fails_now()) {
		rte_errno = ENOMEM;
		return NULL;
	}
	return __real_rte_memzone_reserve_aligned(name, len, socket, flags, align);
}

struct rte_mempool *
__wrap_rte_mempool_create_empty(const char *name, unsigned int n, unsigned int elt_size,
		unsigned int cache_size, unsigned int private_size, int socket, unsigned int flags)
{
	if (fails_now()) {
		rte_errno = ENOMEM;
		return NULL;
	}
	return __real_rte_mempool_create_empty(
			name, n, elt_size, cache_size, private_size, socket, flags);
}

int
__wrap_rte_mempool_populate_default(struct rte_mempool *mp)
{
	return fails_now() ? -ENOMEM : __real_rte_mempool_populate_default(mp);
}

static struct rte_malloc_socket_stats
heap(void)
{
	struct rte_malloc_socket_stats stats;

	/* Without hugepages all memory counts as socket 0's. */
	assert_int_equal(rte_malloc_get_socket_stats(0, &stats), 0);
	return stats;
}

static void
assert_heap_as(const struct rte_malloc_socket_stats *before)
{
	const struct rte_malloc_socket_stats now = heap();

	assert_int_equal(now.alloc_count, before->alloc_count);
	assert_int_equal(now.heap_allocsz_bytes, before->heap_allocsz_bytes);
	assert_int_equal(now.free_count, before->free_count);
	assert_int_equal(now.heap_freesz_bytes, before->heap_freesz_bytes);
}

static void
assert_no_mempool(struct rte_mempool *mp, void *arg)
{
	(void)arg;
	if (strncmp(mp->name, NAME, strlen(NAME)) == 0)
		fail_msg("mempool %s was left behind", mp->name);
}

/** Nothing is there, and a pool of this name can be made. */
static void
assert_clean(const struct rte_malloc_socket_stats *before)
{
	struct mext_pool_conf conf;
	struct mext_pool *pool;

	rte_mempool_walk(assert_no_mempool, NULL);
	assert_int_equal(mext_pool_lookup(NAME, &pool), -ENOENT);
	assert_heap_as(before);
	world_conf(&conf);
	assert_int_equal(mext_pool_create(NAME, &conf, &pool), 0);
	assert_int_equal(mext_pool_destroy(pool), 0);
	assert_heap_as(before);
}

static void
assert_no_memory(const struct mext_pool_conf *conf, const char *says)
{
	const struct rte_malloc_socket_stats before = heap();
	struct mext_pool *const mark = (void *)1, *pool = mark;
	const char *log;

	capture_start();
	assert_int_equal(mext_pool_create(NAME, conf, &pool), -ENOMEM);
	log = capture_stop();
	assert_ptr_equal(pool, mark);
	if (strstr(log, says) == NULL)
		fail_msg("expected '%s' in '%s'", says, log);
	assert_clean(&before);
}

static void
test_create_and_destroy_leaves_heap_as_it_was(void **state)
{
	struct rte_malloc_socket_stats before;
	struct mext_pool_conf conf;
	struct mext_pool *pool;

	(void)state;
	/* The first one asks ethdev to tell of ports, which takes memory once. */
	world_conf(&conf);
	assert_int_equal(mext_pool_create("first", &conf, &pool), 0);
	assert_int_equal(mext_pool_destroy(pool), 0);
	before = heap();
	assert_clean(&before);
}

static void
test_create_too_many_of_each_kind_is_refused_and_named(void **state)
{
	struct mext_pool_conf conf;
	struct mext_pool_class *const kinds[] = { &conf.classes[0], &conf.classes[2], &conf.rx,
		&conf.headers, &conf.pairs, &conf.wraps, &conf.spreads };
	static const char *const names[] = { "class0.count", "class2.count", "rx.count",
		"headers.count", "pairs.count", "wraps.count", "spreads.count" };
	/* The first is too much for the objects, the second for the mempool's ring, too. */
	static const uint32_t counts[] = { 6 << 20, MEXT_POOL_MAX_COUNT };
	unsigned int i, j;

	(void)state;
	for (i = 0; i < RTE_DIM(kinds); i++) {
		for (j = 0; j < RTE_DIM(counts); j++) {
			world_conf(&conf);
			kinds[i]->count = counts[j];
			assert_no_memory(&conf, names[i]);
		}
	}
}

static void
test_create_too_large_objects_is_refused(void **state)
{
	struct mext_pool_conf conf;

	(void)state;
	world_conf(&conf);
	conf.classes[2].size = MEXT_POOL_MAX_SIZE;
	conf.classes[2].count = 16;
	assert_no_memory(&conf, "no memory for 16 class2 of 67108864 bytes");
}

static void
test_create_each_allocation_failing_leaves_nothing(void **state)
{
	/* The pool; 8 mempools and 4 of data, each in two steps. The directory is there. */
	const int allocations = 1 + 2 * 12;
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	int i;

	(void)state;
	world_conf(&conf);
	for (i = 0; i < allocations; i++) {
		fail_after = i;
		assert_no_memory(&conf, "no memory for");
		assert_int_equal(fail_after, -1);
	}
	fail_after = allocations;
	assert_int_equal(mext_pool_create(NAME, &conf, &pool), 0);
	assert_int_equal(fail_after, 0);
	fail_after = -1;
	assert_int_equal(mext_pool_destroy(pool), 0);
}

/** A mempool handler that takes objects and gives none. */
static int
stingy_enqueue(struct rte_mempool *mp, void *const *objs, unsigned int n)
{
	(void)objs;
	mp->pool_id += n;
	return 0;
}

static int
stingy_dequeue(struct rte_mempool *mp, void **objs, unsigned int n)
{
	(void)mp;
	(void)objs;
	(void)n;
	return -ENOBUFS;
}

static int
stingy_alloc(struct rte_mempool *mp)
{
	mp->pool_id = 0;
	return 0;
}

static unsigned int
stingy_count(const struct rte_mempool *mp)
{
	return mp->pool_id;
}

static struct rte_mempool_ops stingy = {
	.name = "stingy",
	.alloc = stingy_alloc,
	.enqueue = stingy_enqueue,
	.dequeue = stingy_dequeue,
	.get_count = stingy_count,
};
RTE_MEMPOOL_REGISTER_OPS(stingy);

static void
test_create_with_handler_short_of_objects_leaves_nothing(void **state)
{
	struct mext_pool_conf conf;

	(void)state;
	world_conf(&conf);
	conf.ops_name = "stingy";
	assert_no_memory(&conf, "gives fewer objects than the 32 it was filled with");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create_and_destroy_leaves_heap_as_it_was),
		cmocka_unit_test(test_create_too_many_of_each_kind_is_refused_and_named),
		cmocka_unit_test(test_create_too_large_objects_is_refused),
		cmocka_unit_test(test_create_each_allocation_failing_leaves_nothing),
		cmocka_unit_test(test_create_with_handler_short_of_objects_leaves_nothing),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
