/* SPDX-License-Identifier: BSD-3-Clause */
/* The mempool handler mext_depot: registration, memory, and what mempools on it say of themselves. */
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_mempool.h>

#include "capture.h"
#include "world.h"

#define NB 1000

unsigned int __real_rte_lcore_count(void);
unsigned int __wrap_rte_lcore_count(void);
void *__real_rte_zmalloc_socket(const char *type, size_t size, unsigned int align, int socket);
void *__wrap_rte_zmalloc_socket(const char *type, size_t size, unsigned int align, int socket);

/** As before rte_eal_init(). */
static bool no_eal;
/** Of depots: whether memory for one is to be had, how often it was asked for, and where. */
static bool no_memory;
static unsigned int nb_asked;
static int asked_socket;

void *
__wrap_rte_zmalloc_socket(const char *type, size_t size, unsigned int align, int socket)
{
	if (type == NULL || strcmp(type, "mext_depot") != 0)
		return __real_rte_zmalloc_socket(type, size, align, socket);
	nb_asked++;
	asked_socket = socket;
	return no_memory ? NULL : __real_rte_zmalloc_socket(type, size, align, SOCKET_ID_ANY);
}

unsigned int
__wrap_rte_lcore_count(void)
{
	return no_eal ? 0 : __real_rte_lcore_count();
}

static unsigned int
count_handlers(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < rte_mempool_ops_table.num_ops; i++)
		n += strcmp(rte_mempool_ops_table.ops[i].name, MEXT_DEPOT_OPS) == 0;
	return n;
}

static const char *
ops_of(const struct rte_mempool *mp)
{
	return rte_mempool_get_ops(mp->ops_index)->name;
}

/** The handler of all mempools whose names begin with "chosen.". */
static void
see_ops(struct rte_mempool *mp, void *arg)
{
	const char **seen = arg;

	if (strncmp(mp->name, "chosen.", strlen("chosen.")) != 0)
		return;
	if (*seen != NULL)
		assert_string_equal(ops_of(mp), *seen);
	*seen = ops_of(mp);
}

/** A mempool on mext_depot, not filled. */
static struct rte_mempool *
make_empty(unsigned int cache)
{
	struct rte_mempool *mp = rte_mempool_create_empty("depot", NB, 64, cache, 0, 0, 0);

	assert_non_null(mp);
	assert_int_equal(rte_mempool_set_ops_byname(mp, MEXT_DEPOT_OPS, NULL), 0);
	return mp;
}

static struct rte_mempool *
make_filled(unsigned int cache)
{
	struct rte_mempool *mp = make_empty(cache);

	assert_int_equal(rte_mempool_populate_default(mp), NB);
	return mp;
}

/** As in a process that has not come to mext. */
static void
unregister(void)
{
	struct rte_mempool_ops_table *table = &rte_mempool_ops_table;

	assert_string_equal(table->ops[--table->num_ops].name, MEXT_DEPOT_OPS);
	memset(&table->ops[table->num_ops], 0, sizeof(table->ops[0]));
}

/** The first test: nothing else has called mext yet. */
static void
test_link_registers_nothing(void **state)
{
	(void)state;
	assert_int_equal(count_handlers(), 0);
}

static void
test_register_comes_behind_dpdks_once(void **state)
{
	const unsigned int before = rte_mempool_ops_table.num_ops;

	(void)state;
	assert_int_equal(mext_depot_register(), 0);
	assert_int_equal(mext_depot_register(), 0);
	assert_int_equal(rte_mempool_ops_table.num_ops, before + 1);
	assert_string_equal(rte_mempool_ops_table.ops[before].name, MEXT_DEPOT_OPS);
}

static void
test_lookup_registers_though_there_is_no_pool(void **state)
{
	struct mext_pool *pool;

	(void)state;
	unregister();
	assert_int_equal(mext_pool_lookup("nobody's", &pool), -ENOENT);
	assert_int_equal(count_handlers(), 1);
}

/** Of the configuration or of EAL's options, by name: it is there when the name is looked up. */
static void
test_create_registers_whatever_the_pool_takes(void **state)
{
	static const char *const names[] = { NULL, MEXT_DEPOT_OPS, "ring_mp_mc" };
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(names); i++) {
		unregister();
		world_conf(&conf);
		conf.ops_name = names[i];
		assert_int_equal(mext_pool_create("first", &conf, &pool), 0);
		assert_int_equal(count_handlers(), 1);
		assert_int_equal(mext_pool_destroy(pool), 0);
	}
}

/** As before rte_eal_init(), when EAL knows of no lcore: DPDK's drivers come, and have its numbers. */
static void
test_calls_before_eal_are_refused_and_logged(void **state)
{
	struct mext_pool *const mark = (void *)1, *pool = mark;
	struct mext_region *region;
	struct mext_pool_conf conf;

	(void)state;
	unregister();
	world_conf(&conf);
	no_eal = true;
	capture_start();
	assert_int_equal(mext_depot_register(), -EPERM);
	assert_non_null(strstr(capture_stop(), "rte_eal_init() was not called"));
	capture_start();
	assert_int_equal(mext_pool_create("early", &conf, &pool), -EPERM);
	assert_int_equal(mext_pool_lookup("early", &pool), -EPERM);
	assert_int_equal(mext_pool_conf_default(64 << 20, &conf), -EPERM);
	assert_int_equal(mext_region_alloc(1, 0, SOCKET_ID_ANY, &region), -EPERM);
	assert_int_equal(mext_region_sync(), -EPERM);
	assert_non_null(strstr(capture_stop(), "rte_eal_init() was not called"));
	no_eal = false;
	assert_ptr_equal(pool, mark);
	assert_int_equal(count_handlers(), 0);
	assert_int_equal(mext_depot_register(), 0);
}

/** The table of handlers as it was before mext_depot was registered, and full. */
static void
test_register_with_full_table_is_refused_and_logged(void **state)
{
	const struct rte_mempool_ops_table before = rte_mempool_ops_table;
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	const char *log, *seen = NULL;
	unsigned int i;
	int ret, created;

	(void)state;
	for (i = 0; i < RTE_MEMPOOL_MAX_OPS_IDX; i++) {
		struct rte_mempool_ops *ops = &rte_mempool_ops_table.ops[i];

		if (i >= before.num_ops)
			*ops = before.ops[0];
		if (i >= before.num_ops || strcmp(ops->name, MEXT_DEPOT_OPS) == 0)
			snprintf(ops->name, sizeof(ops->name), "other%u", i);
	}
	rte_mempool_ops_table.num_ops = RTE_MEMPOOL_MAX_OPS_IDX;
	capture_start();
	ret = mext_depot_register();
	/* Pools take DPDK's handler then. */
	world_conf(&conf);
	created = mext_pool_create("chosen", &conf, &pool);
	log = capture_stop();
	rte_mempool_walk(see_ops, &seen);
	rte_mempool_ops_table = before;
	assert_int_equal(ret, -ENOSPC);
	/* Told once. */
	log = strstr(log, "room for 16 mempool handlers, and all are taken");
	assert_non_null(log);
	assert_null(strstr(log + 1, "room for 16"));
	assert_int_equal(created, 0);
	assert_string_equal(seen, "ring_mp_mc");
	assert_int_equal(mext_pool_destroy(pool), 0);
}

static void
test_create_without_memory_for_a_depot_fails_and_is_logged(void **state)
{
	struct rte_malloc_socket_stats before, now;
	struct rte_mempool *mp;
	const char *log;
	int ret;

	(void)state;
	rte_malloc_get_socket_stats(0, &before);
	mp = make_empty(32);
	no_memory = true;
	capture_start();
	ret = rte_mempool_populate_default(mp);
	log = capture_stop();
	no_memory = false;
	assert_int_equal(ret, -ENOMEM);
	if (strstr(log, "mempool depot: no memory for a depot of 1000 objects (") == NULL)
		fail_msg("'%s'", log);
	rte_mempool_free(mp);
	rte_malloc_get_socket_stats(0, &now);
	assert_int_equal(now.alloc_count, before.alloc_count);
	assert_int_equal(now.heap_allocsz_bytes, before.heap_allocsz_bytes);
	rte_mempool_free(make_filled(32));
}

static void
test_create_asks_for_memory_on_the_socket_of_the_mempool(void **state)
{
	static const int sockets[] = { 0, 1, SOCKET_ID_ANY };
	struct rte_mempool *mp;
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(sockets); i++) {
		mp = make_empty(0);
		mp->socket_id = sockets[i];
		nb_asked = 0;
		no_memory = true; /* this is all that is to be seen */
		capture_start();
		assert_int_equal(rte_mempool_populate_default(mp), -ENOMEM);
		capture_stop();
		no_memory = false;
		assert_int_equal(nb_asked, 1);
		assert_int_equal(asked_socket, sockets[i]);
		rte_mempool_free(mp);
	}
}

static void
assert_pool_uses(const char *ops_name, const char *expected)
{
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	const char *seen = NULL;

	world_conf(&conf);
	conf.ops_name = ops_name;
	assert_int_equal(mext_pool_create("chosen", &conf, &pool), 0);
	rte_mempool_walk(see_ops, &seen);
	assert_non_null(seen);
	assert_string_equal(seen, expected);
	assert_int_equal(mext_pool_destroy(pool), 0);
}

static void
test_create_pool_uses_mext_depot_unless_told_otherwise(void **state)
{
	(void)state;
	assert_pool_uses(NULL, MEXT_DEPOT_OPS);
	assert_pool_uses("stack", "stack");
	assert_pool_uses(MEXT_DEPOT_OPS, MEXT_DEPOT_OPS);
}

/** Last: DPDK has no call to take it back. */
static void
test_create_pool_uses_what_the_user_told_dpdk(void **state)
{
	(void)state;
	assert_int_equal(rte_mbuf_set_user_mempool_ops("ring_mp_mc"), 0);
	assert_pool_uses(NULL, "ring_mp_mc");
	assert_pool_uses(MEXT_DEPOT_OPS, MEXT_DEPOT_OPS);
}

static void
test_get_and_put_with_any_cache_count_all(void **state)
{
	static const unsigned int caches[] = { 0, 32, 512 };
	struct rte_mempool *mp;
	void *objs[NB + 1];
	unsigned int i, n;

	(void)state;
	for (i = 0; i < RTE_DIM(caches); i++) {
		mp = make_filled(caches[i]);
		assert_int_equal(rte_mempool_avail_count(mp), NB);
		for (n = 1; n <= NB; n += 37) {
			assert_int_equal(rte_mempool_get_bulk(mp, objs, n), 0);
			assert_int_equal(rte_mempool_avail_count(mp), NB - n);
			assert_int_equal(rte_mempool_in_use_count(mp), n);
			rte_mempool_put_bulk(mp, objs, n);
			assert_int_equal(rte_mempool_avail_count(mp), NB);
		}
		assert_int_equal(rte_mempool_get_bulk(mp, objs, NB + 1), -ENOBUFS);
		for (n = 0; n < NB; n++)
			assert_int_equal(rte_mempool_get(mp, &objs[n]), 0);
		assert_true(rte_mempool_empty(mp));
		assert_int_equal(rte_mempool_get(mp, &objs[NB]), -ENOBUFS);
		for (n = 0; n < NB; n++)
			rte_mempool_put(mp, objs[n]);
		assert_true(rte_mempool_full(mp));
		rte_mempool_audit(mp);
		rte_mempool_free(mp);
	}
}

static void
see_lowest(struct rte_mempool *mp __rte_unused, void *lowest, void *obj,
		unsigned int i __rte_unused)
{
	void **low = lowest;

	if (*low == NULL || obj < *low)
		*low = obj;
}

static void
test_get_from_a_new_mempool_begins_at_the_lowest_address(void **state)
{
	struct rte_mempool *mp = make_filled(0);
	void *lowest = NULL, *obj;

	(void)state;
	rte_mempool_obj_iter(mp, see_lowest, &lowest);
	assert_int_equal(rte_mempool_get(mp, &obj), 0);
	assert_ptr_equal(obj, lowest);
	rte_mempool_put(mp, obj);
	rte_mempool_free(mp);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_link_registers_nothing),
		cmocka_unit_test(test_register_comes_behind_dpdks_once),
		cmocka_unit_test(test_lookup_registers_though_there_is_no_pool),
		cmocka_unit_test(test_create_registers_whatever_the_pool_takes),
		cmocka_unit_test(test_calls_before_eal_are_refused_and_logged),
		cmocka_unit_test(test_register_with_full_table_is_refused_and_logged),
		cmocka_unit_test(test_create_without_memory_for_a_depot_fails_and_is_logged),
		cmocka_unit_test(test_create_asks_for_memory_on_the_socket_of_the_mempool),
		cmocka_unit_test(test_get_and_put_with_any_cache_count_all),
		cmocka_unit_test(test_get_from_a_new_mempool_begins_at_the_lowest_address),
		cmocka_unit_test(test_create_pool_uses_mext_depot_unless_told_otherwise),
		cmocka_unit_test(test_create_pool_uses_what_the_user_told_dpdk),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
