/* SPDX-License-Identifier: BSD-3-Clause */
/* Pools on two or three NUMA sockets of a made-up machine. */
#include "capture.h"
#include "idle.h"
#include "machine.h"
#include "pool.h"
#include "world.h"

static void
test_create_without_mask_uses_sockets_of_lcores(void **state)
{
	struct mext_pool *pool = pool_on(0, 0);

	(void)state;
	assert_int_equal(pool->nb_sockets, 2);
	assert_int_equal(pool->sub[0].socket, 0);
	assert_int_equal(pool->sub[1].socket, 1);
	assert_int_equal(stats_of(pool).kinds[0].total, 2 * PER_SOCKET);
	assert_int_equal(mext_pool_destroy(pool), 0);
}

static void
test_create_without_mask_uses_sockets_of_ports(void **state)
{
	struct mext_pool *pool;

	(void)state;
	machine.port_socket = 2;
	pool = pool_on(0, 0);
	assert_int_equal(pool->nb_sockets, 3);
	assert_int_equal(pool->sub[2].socket, 2);
	assert_int_equal(mempool_socket(mext_pool_rx_mempool(pool, 2)), 2);
	assert_int_equal(mext_pool_destroy(pool), 0);
	machine.port_socket = SOCKET_ID_ANY; /* a device that is on none */
	pool = pool_on(0, 0);
	assert_int_equal(pool->nb_sockets, 2);
	assert_int_equal(mext_pool_destroy(pool), 0);
}

static void
test_conf_default_divides_memory_by_sockets(void **state)
{
	struct mext_pool_conf two, one;

	(void)state;
	assert_int_equal(mext_pool_conf_default(32 << 20, &two), 0);
	capture_start();
	assert_int_equal(mext_pool_conf_default((2 << 20) - 1, &one), -EINVAL);
	assert_non_null(strstr(capture_stop(), "allowed is 2097152 to"));
	machine.lcore_socket[1] = 0;
	assert_int_equal(mext_pool_conf_default(16 << 20, &one), 0);
	assert_memory_equal(&one, &two, sizeof(one));
}

static void
test_create_mask_of_unknown_socket_is_invalid(void **state)
{
	struct mext_pool_conf conf;
	struct mext_pool *pool;

	(void)state;
	mext_pool_conf_init(&conf);
	conf.headers.count = 1;
	conf.socket_mask = 1 << 3;
	capture_start();
	assert_int_equal(mext_pool_create("numa", &conf, &pool), -EINVAL);
	assert_non_null(strstr(capture_stop(), "socket_mask is 0x8, allowed are the bits of 0x7"));
}

static void
test_alloc_takes_own_socket_first_then_by_distance(void **state)
{
	static const int order[] = { 0, 2, 1 };
	struct mext_pool *pool = pool_on(7, 0);
	struct mext_storage *storages[3 * PER_SOCKET];
	struct mext_stats before = stats_of(pool);
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(storages); i++) {
		storages[i] = mext_storage_alloc(pool, 128);
		assert_int_equal(socket_of(storages[i]), order[i / PER_SOCKET]);
	}
	assert_null(mext_storage_alloc(pool, 128));
	assert_counted(pool, &before, .allocs = 3 * PER_SOCKET, .alloc_failures = 1,
			.remote_allocs = 2 * PER_SOCKET);
	mext_storage_release_bulk(storages, RTE_DIM(storages));
	assert_int_equal(mext_pool_destroy(pool), 0);
}

/** A larger class nearby before a fitting one far away; a bulk may mix both. */
static void
test_alloc_bulk_mixes_classes_then_sockets(void **state)
{
	const unsigned int n = 2 * PER_SOCKET + 3;
	struct mext_pool *pool = pool_on(3, 0);
	struct mext_storage *storages[4 * PER_SOCKET + 1];
	struct mext_stats before = stats_of(pool);
	unsigned int i;

	(void)state;
	machine.here = 1;
	assert_int_equal(mext_storage_alloc_bulk(pool, 1, storages, n), 0);
	for (i = 0; i < n; i++) {
		assert_int_equal(socket_of(storages[i]), i < 2 * PER_SOCKET ? 1 : 0);
		assert_int_equal(mext_storage_len(storages[i]),
				i >= PER_SOCKET && i < 2 * PER_SOCKET ? 128 : 64);
	}
	assert_counted(pool, &before, .allocs = n, .remote_allocs = 3);
	mext_storage_release_bulk(storages, n);
	before = stats_of(pool);
	assert_int_equal(mext_storage_alloc_bulk(pool, 1, storages, 4 * PER_SOCKET + 1), -ENOBUFS);
	assert_counted(pool, &before, .alloc_failures = 1);
	idle_pool(pool);
	assert_int_equal(mext_pool_destroy(pool), 0);
}

static void
test_alloc_from_socket_without_subpool_is_remote(void **state)
{
	struct mext_pool *pool = pool_on(1, 0);
	struct mext_stats before = stats_of(pool);
	struct mext_storage *storage;
	struct rte_mbuf *m;

	(void)state;
	machine.here = 2;
	storage = mext_storage_alloc(pool, 1);
	m = mext_packet_alloc(pool);
	assert_counted(pool, &before, .allocs = 2, .remote_allocs = 2);
	mext_storage_release(storage, 1);
	rte_pktmbuf_free(m);
	assert_int_equal(mext_pool_destroy(pool), 0);
}

static void
test_alloc_from_thread_without_socket_is_not_remote(void **state)
{
	struct mext_pool *pool = pool_on(3, 0);
	struct mext_stats before = stats_of(pool);
	struct mext_storage *storage;

	(void)state;
	machine.here = SOCKET_ID_ANY;
	storage = mext_storage_alloc(pool, 1);
	assert_counted(pool, &before, .allocs = 1);
	mext_storage_release(storage, 1);
	assert_int_equal(mext_pool_destroy(pool), 0);
}

static void
test_strict_alloc_never_leaves_own_socket(void **state)
{
	struct mext_pool *pool = pool_on(3, MEXT_POOL_STRICT);
	struct mext_storage *storages[2 * PER_SOCKET + 1];
	struct mext_stats before = stats_of(pool);
	unsigned int i;

	(void)state;
	machine.here = 1;
	assert_int_equal(mext_storage_alloc_bulk(pool, 1, storages, 2 * PER_SOCKET + 1), -ENOBUFS);
	assert_int_equal(mext_storage_alloc_bulk(pool, 1, storages, 2 * PER_SOCKET), 0);
	for (i = 0; i < 2 * PER_SOCKET; i++)
		assert_int_equal(socket_of(storages[i]), 1);
	assert_null(mext_storage_alloc(pool, 1));
	assert_counted(pool, &before, .allocs = 2 * PER_SOCKET, .alloc_failures = 2);
	mext_storage_release_bulk(storages, 2 * PER_SOCKET);
	assert_int_equal(mext_pool_destroy(pool), 0);
}

static void
test_strict_alloc_without_own_subpool_is_out_of_memory(void **state)
{
	struct mext_pool *pool = pool_on(1, MEXT_POOL_STRICT);
	const struct mext_wrap wrap = { .addr = &machine, .len = 1 };
	struct mext_stats before = stats_of(pool);
	struct mext_storage *storage = NULL;
	struct rte_mbuf *m = NULL;

	(void)state;
	machine.here = 1;
	assert_int_equal(mext_storage_alloc_bulk(pool, 1, &storage, 1), -ENOMEM);
	assert_null(mext_storage_alloc(pool, 1));
	assert_int_equal(mext_packet_alloc_bulk(pool, &m, 1), -ENOMEM);
	assert_int_equal(mext_header_alloc_bulk(pool, &m, 1), -ENOMEM);
	assert_int_equal(mext_storage_wrap(pool, &wrap, &storage), -ENOBUFS);
	assert_null(storage);
	assert_null(m);
	assert_counted(pool, &before, .alloc_failures = 4, .header_failures = 1);
	machine.here = SOCKET_ID_ANY; /* strict binds only who has a socket */
	assert_int_equal(mext_storage_alloc_bulk(pool, 1, &storage, 1), 0);
	mext_storage_release(storage, 1);
	assert_int_equal(mext_pool_destroy(pool), 0);
}

static void
test_mempools_are_those_of_the_socket_or_nearest(void **state)
{
	struct mext_pool *pool = pool_on(6, 0);

	(void)state;
	assert_int_equal(mempool_socket(mext_pool_rx_mempool(pool, 1)), 1);
	assert_int_equal(mempool_socket(mext_pool_rx_mempool(pool, 2)), 2);
	assert_int_equal(mempool_socket(mext_pool_rx_mempool(pool, 0)), 2);
	assert_int_equal(mempool_socket(mext_pool_header_mempool(pool, 0)), 2);
	assert_non_null(mext_pool_rx_mempool(pool, SOCKET_ID_ANY));
	assert_int_equal(mext_pool_destroy(pool), 0);
	pool = pool_on(6, MEXT_POOL_STRICT);
	assert_null(mext_pool_rx_mempool(pool, 0));
	assert_null(mext_pool_header_mempool(pool, 0));
	assert_int_equal(mempool_socket(mext_pool_rx_mempool(pool, 2)), 2);
	assert_non_null(mext_pool_rx_mempool(pool, SOCKET_ID_ANY));
	assert_int_equal(mext_pool_destroy(pool), 0);
}

/** libnuma says 0 where it does not know: farther than any distance it knows. */
static void
test_alloc_with_distance_unknown_takes_known_first(void **state)
{
	struct mext_pool *pool;
	struct mext_storage *storages[3 * PER_SOCKET];

	(void)state;
	machine.distance[0][1] = 0;
	pool = pool_on(7, 0);
	assert_int_equal(mext_storage_alloc_bulk(pool, 128, storages, 3 * PER_SOCKET), 0);
	assert_int_equal(socket_of(storages[PER_SOCKET]), 2);
	assert_int_equal(socket_of(storages[2 * PER_SOCKET]), 1);
	mext_storage_release_bulk(storages, 3 * PER_SOCKET);
	assert_int_equal(mext_pool_destroy(pool), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
				test_create_without_mask_uses_sockets_of_lcores, machine_setup),
		cmocka_unit_test_setup(
				test_create_without_mask_uses_sockets_of_ports, machine_setup),
		cmocka_unit_test_setup(test_conf_default_divides_memory_by_sockets, machine_setup),
		cmocka_unit_test_setup(
				test_create_mask_of_unknown_socket_is_invalid, machine_setup),
		cmocka_unit_test_setup(
				test_alloc_takes_own_socket_first_then_by_distance, machine_setup),
		cmocka_unit_test_setup(test_alloc_bulk_mixes_classes_then_sockets, machine_setup),
		cmocka_unit_test_setup(
				test_alloc_from_socket_without_subpool_is_remote, machine_setup),
		cmocka_unit_test_setup(
				test_alloc_from_thread_without_socket_is_not_remote, machine_setup),
		cmocka_unit_test_setup(test_strict_alloc_never_leaves_own_socket, machine_setup),
		cmocka_unit_test_setup(test_strict_alloc_without_own_subpool_is_out_of_memory,
				machine_setup),
		cmocka_unit_test_setup(
				test_mempools_are_those_of_the_socket_or_nearest, machine_setup),
		cmocka_unit_test_setup(
				test_alloc_with_distance_unknown_takes_known_first, machine_setup),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
