/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture.h"
#include "fault.h"
#include "kinds.h"

static void
test_create_then_lookup_finds_it_until_destroyed(void **state)
{
	struct mext_pool *pool = NULL, *found = NULL, *const mark = (void *)1;
	struct mext_pool_conf conf;

	(void)state;
	world_conf(&conf);
	assert_int_equal(mext_pool_create("a", &conf, &pool), 0);
	assert_string_equal(mext_pool_name(pool), "a");
	assert_int_equal(mext_pool_lookup("a", &found), 0);
	assert_ptr_equal(found, pool);
	assert_int_equal(mext_stats_outstanding(pool), 0);
	assert_int_equal(mext_pool_destroy(pool), 0);
	assert_int_equal(mext_pool_destroy(NULL), 0);
	found = mark;
	assert_int_equal(mext_pool_lookup("a", &found), -ENOENT);
	assert_ptr_equal(found, mark);
}

static void
test_create_name_taken_exists_until_destroyed(void **state)
{
	struct mext_pool *pool, *other, *found, *const mark = (void *)1;
	struct mext_pool_conf conf;

	(void)state;
	world_conf(&conf);
	assert_int_equal(mext_pool_create("a", &conf, &pool), 0);
	assert_int_equal(mext_pool_create("b", &conf, &other), 0);
	found = mark;
	capture_start();
	assert_int_equal(mext_pool_create("a", &conf, &found), -EEXIST);
	assert_non_null(strstr(capture_stop(), "pool a exists already"));
	assert_ptr_equal(found, mark);
	assert_int_equal(mext_pool_lookup("a", &found), 0);
	assert_ptr_equal(found, pool);
	assert_int_equal(mext_pool_lookup("b", &found), 0);
	assert_ptr_equal(found, other);
	assert_int_equal(mext_pool_destroy(pool), 0);
	assert_int_equal(mext_pool_create("a", &conf, &pool), 0);
	assert_int_equal(mext_pool_destroy(pool), 0);
	assert_int_equal(mext_pool_destroy(other), 0);
}

static void
test_create_mempool_name_taken_exists_and_leaves_nothing(void **state)
{
	struct mext_pool *const mark = (void *)1, *pool = mark;
	struct rte_mempool *mp;
	struct mext_pool_conf conf;
	char name[RTE_MEMPOOL_NAMESIZE];

	(void)state;
	world_conf(&conf);
	snprintf(name, sizeof(name), "a.%uhd", rte_socket_id());
	mp = rte_mempool_create_empty(name, 1, 64, 0, 0, SOCKET_ID_ANY, 0);
	assert_non_null(mp);
	capture_start();
	assert_int_equal(mext_pool_create("a", &conf, &pool), -EEXIST);
	assert_non_null(strstr(capture_stop(), name));
	assert_ptr_equal(pool, mark);
	assert_int_equal(mext_pool_lookup("a", &pool), -ENOENT);
	assert_ptr_equal(rte_mempool_lookup(name), mp);
	rte_mempool_free(mp);
	assert_int_equal(mext_pool_create("a", &conf, &pool), 0);
	assert_int_equal(mext_pool_destroy(pool), 0);
}

static void
test_create_bad_name_is_invalid(void **state)
{
	static const char *const names[] = { NULL, "", "123456789012345678901",
		"a name much longer than any name may be, longer than a mempool's too" };
	struct mext_pool *const mark = (void *)1, *pool = mark;
	struct mext_pool_conf conf;
	unsigned int i;

	(void)state;
	world_conf(&conf);
	for (i = 0; i < RTE_DIM(names); i++) {
		capture_start();
		assert_int_equal(mext_pool_create(names[i], &conf, &pool), -EINVAL);
		assert_non_null(strstr(
				capture_stop(), "the name of a pool has 1 to 20 characters"));
		assert_ptr_equal(pool, mark);
	}
}

static void
test_create_longest_name_succeeds(void **state)
{
	static const char name[] = "12345678901234567890";
	struct mext_pool_conf conf;
	struct mext_pool *pool, *found;

	(void)state;
	assert_int_equal(strlen(name), MEXT_POOL_NAME_MAX);
	world_conf(&conf);
	conf.nb_classes = 3;
	assert_int_equal(mext_pool_create(name, &conf, &pool), 0);
	assert_int_equal(mext_pool_lookup(name, &found), 0);
	assert_string_equal(mext_pool_name(found), name);
	assert_int_equal(mext_pool_destroy(pool), 0);
}

static void
test_create_null_argument_is_invalid_and_named(void **state)
{
	struct mext_pool_conf conf;
	struct mext_pool *pool;

	(void)state;
	world_conf(&conf);
	capture_start();
	assert_int_equal(mext_pool_create("a", NULL, &pool), -EINVAL);
	assert_non_null(strstr(capture_stop(), "conf is NULL"));
	capture_start();
	assert_int_equal(mext_pool_create("a", &conf, NULL), -EINVAL);
	assert_non_null(strstr(capture_stop(), "pool is NULL"));
	assert_int_equal(mext_pool_lookup("a", &pool), -ENOENT);
}

static void
test_create_other_abi_is_refused(void **state)
{
	struct mext_pool *const mark = (void *)1, *pool = mark;
	struct mext_pool_conf conf;

	(void)state;
	world_conf(&conf);
	capture_start();
	assert_int_equal(
			mext_pool_create_abi("a", &conf, &pool, MEXT_ABI_VERSION + 1, sizeof(conf)),
			-EPROTO);
	assert_non_null(strstr(capture_stop(), "rebuild it"));
	capture_start();
	assert_int_equal(
			mext_pool_create_abi("a", &conf, &pool, MEXT_ABI_VERSION, sizeof(conf) - 8),
			-EPROTO);
	assert_non_null(strstr(capture_stop(), "rebuild it"));
	assert_ptr_equal(pool, mark);
	assert_int_equal(mext_pool_lookup("a", &pool), -ENOENT);
}

static void
test_create_handler_stack_works(void **state)
{
	struct mext_pool_conf conf;
	struct mext_storage *storages[WORLD_SMALLS + 1];
	struct rte_mbuf *packets[WORLD_PAIRS];
	struct mext_pool *pool;
	char ops[] = "stack";

	(void)state;
	world_conf(&conf);
	conf.ops_name = ops;
	assert_int_equal(mext_pool_create("a", &conf, &pool), 0);
	memset(ops, 'x', sizeof(ops) - 1); /* read, not kept */
	assert_string_equal(rte_mempool_get_ops(mext_pool_rx_mempool(pool, 0)->ops_index)->name,
			"stack");
	assert_int_equal(mext_storage_alloc_bulk(pool, 1, storages, WORLD_SMALLS + 1), 0);
	assert_int_equal(mext_packet_alloc_bulk(pool, packets, WORLD_PAIRS), 0);
	assert_int_equal(mext_pool_destroy(pool), -EBUSY);
	mext_storage_release_bulk(storages, WORLD_SMALLS + 1);
	mext_free_bulk(packets, WORLD_PAIRS);
	assert_int_equal(mext_pool_destroy(pool), 0);
}

static void
test_create_unknown_handler_is_invalid_and_named(void **state)
{
	struct mext_pool *const mark = (void *)1, *pool = mark;
	struct mext_pool_conf conf;

	(void)state;
	world_conf(&conf);
	conf.ops_name = "no such handler";
	capture_start();
	assert_int_equal(mext_pool_create("a", &conf, &pool), -EINVAL);
	assert_non_null(strstr(capture_stop(), "ops_name is 'no such handler'"));
	assert_ptr_equal(pool, mark);
	conf.ops_name = NULL;
	assert_int_equal(mext_pool_create("a", &conf, &pool), 0);
	assert_int_equal(mext_pool_destroy(pool), 0);
}

static void
test_lookup_null_is_invalid(void **state)
{
	struct mext_pool *const mark = (void *)1, *pool = mark;

	(void)state;
	capture_start();
	assert_int_equal(mext_pool_lookup(NULL, &pool), -EINVAL);
	assert_int_equal(mext_pool_lookup("a", NULL), -EINVAL);
	assert_non_null(strstr(capture_stop(), "name is NULL"));
	assert_ptr_equal(pool, mark);
}

static void
free_mbuf(void *obj)
{
	rte_pktmbuf_free(obj);
}

static void
free_storage(void *obj)
{
	assert_int_equal(mext_storage_release(obj, 1), 0);
}

/** One object of a kind out. @return it, and how to give it back. */
static void *
take(struct world *w, unsigned int row, void (**give_back)(void *))
{
	*give_back = row < 3 || row == 6 ? free_storage : free_mbuf;
	switch (row) {
	case 0:
	case 1:
	case 2:
		return world_storage(w, row == 0 ? 1 : row == 1 ? WORLD_MEDIUM : WORLD_LARGE);
	case 3:
		return rte_pktmbuf_alloc(mext_pool_rx_mempool(w->pool, SOCKET_ID_ANY));
	case 4:
		return world_header(w);
	case 5:
		return mext_packet_alloc(w->pool);
	default:
		return world_wrap(w, 10);
	}
}

static void
test_destroy_with_object_of_each_kind_out_is_busy_and_named(void **state)
{
	static const char *const says[] = { "1 of 32 class0 (256 bytes)",
		"1 of 64 class1 (2048 bytes)", "1 of 4 class2 (100000 bytes)",
		"1 of 64 rx (2048 bytes)", "1 of 1024 headers", "1 of 128 pairs (1500 bytes)",
		"1 of 96 wraps" };
	struct world *w = *state;
	struct mext_pool *found;
	void (*give_back)(void *);
	unsigned int i;
	const char *log;
	void *obj;

	for (i = 0; i < RTE_DIM(says); i++) {
		obj = take(w, i, &give_back);
		capture_start();
		assert_int_equal(mext_pool_destroy(w->pool), -EBUSY);
		log = capture_stop();
		if (strstr(log, says[i]) == NULL)
			fail_msg("expected '%s' in '%s'", says[i], log);
		/* Only that one. */
		assert_ptr_equal(strchr(log, '\n'), &log[strlen(log) - 1]);
		assert_int_equal(mext_pool_lookup(mext_pool_name(w->pool), &found), 0);
		give_back(obj);
		world_idle(w);
	}
}

static void
test_destroy_with_header_freed_but_storage_held_is_busy(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = mext_packet_alloc(w->pool);
	struct mext_storage *storage = mext_storage_from_mbuf(m);

	assert_int_equal(mext_storage_hold(storage, 1), 0);
	rte_pktmbuf_free(m);
	capture_start();
	assert_int_equal(mext_pool_destroy(w->pool), -EBUSY);
	assert_non_null(strstr(capture_stop(), "1 of 128 pairs"));
	assert_int_equal(mext_storage_release(storage, 1), 0);
}

static void
test_rx_mempool_gives_mbufs_or_pairs_as_asked(void **state)
{
	struct world *w = *state;
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	struct rte_mbuf *m;

	m = rte_pktmbuf_alloc(mext_pool_rx_mempool(w->pool, SOCKET_ID_ANY));
	assert_null(mext_storage_from_mbuf(m));
	rte_pktmbuf_free(m);
	world_conf(&conf);
	conf.rx.count = 0;
	conf.headroom = 0;
	conf.flags = MEXT_POOL_RX_PAIRS;
	assert_int_equal(mext_pool_create("rx", &conf, &pool), 0);
	m = rte_pktmbuf_alloc(mext_pool_rx_mempool(pool, 0));
	assert_int_equal(rte_pktmbuf_headroom(m), RTE_PKTMBUF_HEADROOM);
	assert_int_equal(rte_pktmbuf_tailroom(m), 1500);
	assert_int_equal(mext_storage_hold(mext_storage_from_mbuf(m), 1), 0);
	assert_int_equal(mext_storage_release(mext_storage_from_mbuf(m), 1), 0);
	rte_pktmbuf_free(m);
	m = mext_packet_alloc(pool);
	assert_int_equal(rte_pktmbuf_headroom(m), 0);
	rte_pktmbuf_free(m);
	assert_int_equal(mext_pool_destroy(pool), 0);
}

static void
test_mempools_of_missing_kinds_are_null(void **state)
{
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	struct rte_mbuf *m = NULL;

	(void)state;
	mext_pool_conf_init(&conf);
	conf.wraps.count = 1;
	assert_int_equal(mext_pool_create("a", &conf, &pool), 0);
	assert_null(mext_pool_rx_mempool(pool, SOCKET_ID_ANY));
	assert_null(mext_pool_header_mempool(pool, SOCKET_ID_ANY));
	assert_null(mext_packet_alloc(pool));
	assert_null(mext_storage_alloc(pool, 0));
	assert_true(mext_header_alloc_bulk(pool, &m, 1) < 0);
	assert_null(m);
	assert_int_equal(mext_pool_destroy(pool), 0);
}

/** The handler may have no large piece at a time, and have it at the next. */
static void
test_alloc_in_pieces_fills_the_table_and_no_more(void **state)
{
	struct mext_storage *const mark = (void *)1, *storages[16 + 1];
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	unsigned int n, failing;

	(void)state;
	mext_pool_conf_init(&conf);
	conf.ops_name = FAULT_OPS;
	conf.nb_classes = 1;
	conf.classes[0] = (struct mext_pool_class){ 64, 32, 0 };
	assert_int_equal(mext_pool_create("a", &conf, &pool), 0);
	for (n = 2; n <= 16; n++) {
		for (failing = 2; 1u << (failing - 1) <= n; failing++) {
			storages[n] = mark;
			fault_arm(1, failing);
			assert_int_equal(mext_storage_alloc_bulk(pool, 64, storages, n), 0);
			assert_int_equal(fault_disarm(), failing);
			assert_ptr_equal(storages[n], mark);
			mext_storage_release_bulk(storages, n);
		}
	}
	assert_int_equal(mext_pool_destroy(pool), 0);
}

static void
test_version_is_the_projects(void **state)
{
	unsigned int a, b, c;

	(void)state;
	assert_int_equal(sscanf(mext_version(), "%u.%u.%u", &a, &b, &c), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create_then_lookup_finds_it_until_destroyed),
		cmocka_unit_test(test_create_name_taken_exists_until_destroyed),
		cmocka_unit_test(test_create_mempool_name_taken_exists_and_leaves_nothing),
		cmocka_unit_test(test_create_bad_name_is_invalid),
		cmocka_unit_test(test_create_longest_name_succeeds),
		cmocka_unit_test(test_create_null_argument_is_invalid_and_named),
		cmocka_unit_test(test_create_other_abi_is_refused),
		cmocka_unit_test(test_create_handler_stack_works),
		cmocka_unit_test(test_create_unknown_handler_is_invalid_and_named),
		cmocka_unit_test(test_lookup_null_is_invalid),
		world_test(test_destroy_with_object_of_each_kind_out_is_busy_and_named),
		world_test(test_destroy_with_header_freed_but_storage_held_is_busy),
		world_test(test_rx_mempool_gives_mbufs_or_pairs_as_asked),
		cmocka_unit_test(test_mempools_of_missing_kinds_are_null),
		cmocka_unit_test(test_alloc_in_pieces_fills_the_table_and_no_more),
		cmocka_unit_test(test_version_is_the_projects),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
