/* SPDX-License-Identifier: BSD-3-Clause */
/* Pools that take from their sockets in turn, on the made-up machine. */
#include "capture.h"
#include "idle.h"
#include "machine.h"
#include "pool.h"
#include "world.h"

static void
test_storages_and_packets_come_in_turn(void **state)
{
	struct mext_pool *pool = pool_on(7, MEXT_POOL_INTERLEAVE);
	struct mext_stats before = stats_of(pool);
	struct mext_storage *storages[12];
	struct rte_mbuf *packets[12];
	unsigned int i, of_socket[3] = { 0 };
	int first;

	(void)state;
	for (i = 0; i < RTE_DIM(storages); i++)
		storages[i] = mext_storage_alloc(pool, 128);
	first = socket_of(storages[0]);
	for (i = 0; i < RTE_DIM(storages); i++)
		assert_int_equal(socket_of(storages[i]), (first + i) % 3);
	for (i = 0; i < RTE_DIM(packets); i++) {
		packets[i] = mext_packet_alloc(pool);
		of_socket[mempool_socket(packets[i]->pool)]++;
	}
	for (i = 0; i < 3; i++)
		assert_int_equal(of_socket[i], 4);
	assert_counted(pool, &before, .allocs = 24, .remote_allocs = 16);
	mext_storage_release_bulk(storages, RTE_DIM(storages));
	mext_free_bulk(packets, RTE_DIM(packets));
	assert_int_equal(mext_pool_destroy(pool), 0);
}

/** Taken alternately, each kind has turns of its own. */
static void
test_kinds_do_not_take_each_others_turns(void **state)
{
	struct mext_pool *pool = pool_on(3, MEXT_POOL_INTERLEAVE);
	unsigned int i, storages[2] = { 0 }, packets[2] = { 0 };
	struct mext_storage *storage;
	struct rte_mbuf *m;

	(void)state;
	for (i = 0; i < 8; i++) {
		storage = mext_storage_alloc(pool, 128);
		storages[socket_of(storage)]++;
		m = mext_packet_alloc(pool);
		packets[mempool_socket(m->pool)]++;
		mext_storage_release(storage, 1);
		mext_free_bulk(&m, 1);
	}
	assert_int_equal(storages[0], 4);
	assert_int_equal(packets[0], 4);
	assert_int_equal(mext_pool_destroy(pool), 0);
}

static void
test_headers_and_wraps_stay_local(void **state)
{
	struct mext_pool *pool = pool_on(7, MEXT_POOL_INTERLEAVE);
	const struct mext_wrap wrap = { .addr = &machine, .len = 1 };
	struct mext_storage *storage;
	struct rte_mbuf *m;
	unsigned int i;

	(void)state;
	machine.here = 2;
	for (i = 0; i < 6; i++) {
		assert_int_equal(mext_header_alloc_bulk(pool, &m, 1), 0);
		assert_int_equal(mempool_socket(m->pool), 2);
		mext_free_bulk(&m, 1);
		assert_int_equal(mext_storage_wrap(pool, &wrap, &storage), 0);
		assert_int_equal(socket_of(storage), 2);
		mext_storage_release(storage, 1);
	}
	assert_int_equal(mempool_socket(mext_pool_rx_mempool(pool, 1)), 1);
	assert_int_equal(stats_of(pool).remote_allocs, 0);
	assert_int_equal(mext_pool_destroy(pool), 0);
}

/** A bulk is one turn, and what its socket lacks comes from the one that is nearest to that. */
static void
test_bulk_is_one_turn_and_spills_by_distance(void **state)
{
	static const int nearest[] = { 2, 0, 0 };
	struct mext_pool *pool = pool_on(7, MEXT_POOL_INTERLEAVE);
	struct mext_storage *storages[PER_SOCKET + 1];
	unsigned int i, turn;
	int first;

	(void)state;
	for (turn = 0; turn < 6; turn++) {
		assert_int_equal(mext_storage_alloc_bulk(pool, 128, storages, PER_SOCKET + 1), 0);
		first = socket_of(storages[0]);
		for (i = 0; i < PER_SOCKET; i++)
			assert_int_equal(socket_of(storages[i]), first);
		assert_int_equal(socket_of(storages[PER_SOCKET]), nearest[first]);
		mext_storage_release_bulk(storages, PER_SOCKET + 1);
	}
	assert_int_equal(mext_pool_destroy(pool), 0);
}

static void
test_all_there_is_is_given_before_it_fails(void **state)
{
	struct mext_pool *pool = pool_on(7, MEXT_POOL_INTERLEAVE);
	struct mext_storage *storages[3 * PER_SOCKET];
	struct mext_stats before = stats_of(pool);
	unsigned int i;

	(void)state;
	machine.here = 1;
	for (i = 0; i < RTE_DIM(storages); i++) {
		storages[i] = mext_storage_alloc(pool, 128);
		assert_non_null(storages[i]);
	}
	assert_null(mext_storage_alloc(pool, 128));
	assert_counted(pool, &before, .allocs = 3 * PER_SOCKET, .alloc_failures = 1,
			.remote_allocs = 2 * PER_SOCKET);
	mext_storage_release_bulk(storages, RTE_DIM(storages));
	before = stats_of(pool);
	assert_int_equal(mext_storage_alloc_bulk(pool, 128, storages, 3 * PER_SOCKET), 0);
	assert_counted(pool, &before, .allocs = 3 * PER_SOCKET, .remote_allocs = 2 * PER_SOCKET);
	mext_storage_release_bulk(storages, RTE_DIM(storages));
	idle_pool(pool);
	assert_int_equal(mext_pool_destroy(pool), 0);
}

static void
test_thread_without_socket_has_turns_too(void **state)
{
	struct mext_pool *pool = pool_on(3, MEXT_POOL_INTERLEAVE);
	struct mext_stats before = stats_of(pool);
	struct mext_storage *storages[2];

	(void)state;
	machine.here = SOCKET_ID_ANY;
	storages[0] = mext_storage_alloc(pool, 1);
	storages[1] = mext_storage_alloc(pool, 1);
	assert_int_not_equal(socket_of(storages[0]), socket_of(storages[1]));
	assert_counted(pool, &before, .allocs = 2);
	mext_storage_release_bulk(storages, 2);
	assert_int_equal(mext_pool_destroy(pool), 0);
}

static void
test_together_with_strict_is_refused(void **state)
{
	struct mext_pool_conf conf;
	struct mext_pool *pool = NULL;

	(void)state;
	mext_pool_conf_init(&conf);
	conf.headers.count = 1;
	conf.flags = MEXT_POOL_STRICT | MEXT_POOL_INTERLEAVE;
	capture_start();
	assert_int_equal(mext_pool_create("numa", &conf, &pool), -EINVAL);
	assert_non_null(strstr(capture_stop(), "give one of them"));
	assert_null(pool);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_storages_and_packets_come_in_turn, machine_setup),
		cmocka_unit_test_setup(test_kinds_do_not_take_each_others_turns, machine_setup),
		cmocka_unit_test_setup(test_headers_and_wraps_stay_local, machine_setup),
		cmocka_unit_test_setup(test_bulk_is_one_turn_and_spills_by_distance, machine_setup),
		cmocka_unit_test_setup(test_all_there_is_is_given_before_it_fails, machine_setup),
		cmocka_unit_test_setup(test_thread_without_socket_has_turns_too, machine_setup),
		cmocka_unit_test_setup(test_together_with_strict_is_refused, machine_setup),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
