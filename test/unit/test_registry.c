/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a secondary process may do with pools, and which pools it must not get. Here it is simulated:
 * by wrapping calls, and by changing what a pool says of the process that made it, or DPDK's table
 * of this one. Real processes are in test/install.
 */
#include <unistd.h>

#include <rte_memzone.h>

#include "capture.h"
#include "pool.h"
#include "registry.h"
#include "world.h"

enum rte_proc_type_t __real_rte_eal_process_type(void);
enum rte_proc_type_t __wrap_rte_eal_process_type(void);
int __real_rte_mempool_populate_default(struct rte_mempool *mp);
int __wrap_rte_mempool_populate_default(struct rte_mempool *mp);

#define NAME "shared"

static bool secondary;
static int (*during_creation)(void);

enum rte_proc_type_t
__wrap_rte_eal_process_type(void)
{
	return secondary ? RTE_PROC_SECONDARY : __real_rte_eal_process_type();
}

int
__wrap_rte_mempool_populate_default(struct rte_mempool *mp)
{
	int ret = during_creation != NULL ? during_creation() : 0;

	return ret < 0 ? ret : __real_rte_mempool_populate_default(mp);
}

/** What a process finds that looks the pool up. */
static struct facts *
facts_of(const struct mext_pool *pool)
{
	struct directory *directory = rte_memzone_lookup(REGISTRY_DIRECTORY)->addr;
	uint32_t i = 0;

	while (directory->entries[i].pool != pool)
		assert_true(++i < directory->n);
	return &directory->entries[i].facts;
}

static void
assert_refused(const char *name, int error, const char *const *says, unsigned int n)
{
	struct mext_pool *const mark = (void *)1, *pool = mark;
	const char *log;
	unsigned int i;

	capture_start();
	assert_int_equal(mext_pool_lookup(name, &pool), error);
	log = capture_stop();
	assert_ptr_equal(pool, mark);
	for (i = 0; i < n; i++)
		if (strstr(log, says[i]) == NULL)
			fail_msg("expected '%s' in '%s'", says[i], log);
}

#define assert_lookup_refused(name, error, ...)                           \
	assert_refused(name, error, (const char *const[]){ __VA_ARGS__ }, \
			RTE_DIM(((const char *const[]){ __VA_ARGS__ })))

static void
assert_found(struct world *w)
{
	struct mext_pool *found = NULL;

	assert_int_equal(mext_pool_lookup(mext_pool_name(w->pool), &found), 0);
	assert_ptr_equal(found, w->pool);
}

static void
test_create_and_destroy_in_secondary_are_not_supported(void **state)
{
	struct mext_pool *const mark = (void *)1, *pool = mark;
	struct world *w = *state;
	struct mext_pool_conf conf;

	world_conf(&conf);
	secondary = true;
	capture_start();
	assert_int_equal(mext_pool_create(NAME, &conf, &pool), -ENOTSUP);
	assert_non_null(strstr(capture_stop(), "pool shared: this is a secondary process"));
	assert_ptr_equal(pool, mark);
	assert_int_equal(mext_pool_lookup(NAME, &pool), -ENOENT);
	capture_start();
	assert_int_equal(mext_pool_destroy(w->pool), -ENOTSUP);
	assert_non_null(strstr(capture_stop(), "this is a secondary process"));
	assert_int_equal(mext_pool_destroy(NULL), 0);
	assert_found(w);
	secondary = false;
	assert_int_equal(mext_storage_release(world_storage(w, 1), 1), 0);
}

static void
test_lookup_in_secondary_finds_pool(void **state)
{
	struct world *w = *state;

	secondary = true;
	assert_found(w);
	secondary = false;
}

/** While a pool is made: it is neither found, nor made twice. */
static int
look_and_create(void)
{
	struct mext_pool *const mark = (void *)1, *pool = mark;
	struct mext_pool_conf conf;

	world_conf(&conf);
	assert_int_equal(mext_pool_lookup(NAME, &pool), -ENOENT);
	capture_start();
	assert_int_equal(mext_pool_create(NAME, &conf, &pool), -EEXIST);
	assert_non_null(strstr(capture_stop(), "pool shared exists already"));
	assert_ptr_equal(pool, mark);
	return 0;
}

static void
test_lookup_during_creation_does_not_find(void **state)
{
	struct mext_pool *pool, *found;
	struct mext_pool_conf conf;

	(void)state;
	world_conf(&conf);
	during_creation = look_and_create;
	assert_int_equal(mext_pool_create(NAME, &conf, &pool), 0);
	during_creation = NULL;
	assert_int_equal(mext_pool_lookup(NAME, &found), 0);
	assert_int_equal(mext_pool_destroy(pool), 0);
}

static void
test_lookup_of_memzone_that_is_no_pool_does_not_find(void **state)
{
	static const size_t sizes[] = { 8, sizeof(struct mext_pool) };
	struct mext_pool *const mark = (void *)1, *pool = mark;
	const struct rte_memzone *mz;
	struct mext_pool_conf conf;
	unsigned int i;

	(void)state;
	world_conf(&conf);
	for (i = 0; i < RTE_DIM(sizes); i++) {
		mz = rte_memzone_reserve("mext." NAME, sizes[i], SOCKET_ID_ANY, 0);
		assert_non_null(mz);
		memset(mz->addr, 0xff, sizes[i]);
		assert_int_equal(mext_pool_lookup(NAME, &pool), -ENOENT);
		capture_start();
		assert_int_equal(mext_pool_create(NAME, &conf, &pool), -EEXIST);
		assert_non_null(strstr(capture_stop(), "exists already"));
		assert_ptr_equal(pool, mark);
		assert_int_equal(rte_memzone_free(mz), 0);
	}
}

/**
 * The memory reserved for the directory may be that of an earlier run, with all that stood there. Before the first
 * pool: a lookup that comes before it is cleared, as it may in another process, must not believe it.
 */
static void
test_lookup_in_directory_of_an_earlier_run_does_not_find(void **state)
{
	struct mext_pool *const mark = (void *)1, *pool = mark;
	const struct rte_memzone *mz = rte_memzone_reserve(
			REGISTRY_DIRECTORY, sizeof(struct directory), SOCKET_ID_ANY, 0);
	struct directory *earlier;

	(void)state;
	assert_non_null(mz);
	earlier = memset(mz->addr, 0, sizeof(*earlier));
	earlier->n = 1;
	earlier->entries[0].pool = mz->addr;
	strcpy(earlier->entries[0].name, NAME);
	secondary = true;
	assert_int_equal(mext_pool_lookup(NAME, &pool), -ENOENT);
	secondary = false;
	assert_ptr_equal(pool, mark);
	assert_int_equal(rte_memzone_free(mz), 0);
}

static void
test_lookup_of_longer_name_does_not_find(void **state)
{
	static const char name[] =
			"12345678901234567890123456"; /* a memzone's name ends after 26 */
	struct mext_pool *const mark = (void *)1, *pool = mark;

	(void)state;
	assert_int_equal(mext_pool_lookup(name, &pool), -ENOENT);
	assert_int_equal(mext_pool_lookup("", &pool), -ENOENT);
	assert_ptr_equal(pool, mark);
}

static void
test_lookup_by_program_of_other_abi_is_refused(void **state)
{
	struct mext_pool *const mark = (void *)1, *pool = mark;
	struct world *w = *state;

	capture_start();
	assert_int_equal(mext_pool_lookup_abi(mext_pool_name(w->pool), &pool, MEXT_ABI_VERSION + 1),
			-EPROTO);
	assert_non_null(strstr(capture_stop(), "rebuild it"));
	assert_ptr_equal(pool, mark);
}

static void
test_lookup_pool_of_other_build_is_refused(void **state)
{
	struct world *w = *state;
	struct facts *id = facts_of(w->pool);
	const char *name = mext_pool_name(w->pool);

	id->abi++;
	assert_lookup_refused(name, -EPROTO, name, "ABI 3", "use the same libmext");
	id->abi--;
	id->size -= 64;
	assert_lookup_refused(name, -EPROTO, name, "use the same libmext");
	id->size += 64;
	assert_found(w);
}

static void
test_lookup_with_library_elsewhere_is_not_supported(void **state)
{
	struct world *w = *state;
	struct code *code = &facts_of(w->pool)->code, right = *code;
	rte_mbuf_extbuf_free_callback_t *const each[] = { &code->storage, &code->pair, &code->wrap,
		&code->leaf };
	const char *name = mext_pool_name(w->pool);
	unsigned int i;

	for (i = 0; i < RTE_DIM(each); i++) {
		*each[i] = (rte_mbuf_extbuf_free_callback_t)0x1000;
		assert_lookup_refused(name, -ENOTSUP, name, "another address", "setarch -R");
		*code = right;
	}
	assert_found(w);
}

static void
test_lookup_of_pool_in_regions_is_the_primary_s(void **state)
{
	struct mext_pool_conf conf;
	struct mext_pool *pool, *found;

	(void)state;
	world_conf(&conf);
	conf.page_size = sysconf(_SC_PAGESIZE);
	assert_int_equal(mext_pool_create("placed", &conf, &pool), 0);
	assert_int_equal(mext_pool_lookup("placed", &found), 0);
	assert_ptr_equal(found, pool);
	secondary = true;
	assert_lookup_refused("placed", -ENOTSUP, "pool placed", "only the primary process has");
	secondary = false;
	assert_int_equal(mext_pool_destroy(pool), 0);
}

static void
test_lookup_with_handler_of_other_name_is_refused(void **state)
{
	struct world *w = *state;
	struct facts *facts = facts_of(w->pool), right = *facts;
	const char *name = mext_pool_name(w->pool);

	strcpy(facts->handler_name, "other");
	assert_lookup_refused(name, -EPROTO, name, "mempool world", "has handler 'other'",
			right.handler_name, "the same order");
	*facts = right;
	assert_found(w);
}

/** As where the primary has loaded a driver that this process has not. */
static void
test_lookup_with_handler_missing_is_refused(void **state)
{
	struct world *w = *state;
	struct facts *facts = facts_of(w->pool), right = *facts;
	const char *name = mext_pool_name(w->pool);

	facts->handler = rte_mempool_ops_table.num_ops; /* within the array, but empty */
	assert_lookup_refused(
			name, -EPROTO, name, "mempool world", "is nobody's", "the same order");
	facts->handler = UINT32_MAX;
	assert_lookup_refused(name, -EPROTO, "mempool world", "is nobody's");
	*facts = right;
	assert_found(w);
}

/** So a lookup compares one number. */
static void
test_mempools_of_a_pool_have_one_handler(void **state)
{
	struct world *w = *state;
	const struct facts *facts = facts_of(w->pool);
	const struct socket_pools *sub = &w->pool->sub[0];
	unsigned int kind, checked = 0;

	for (kind = 0; kind < 2 * NB_KINDS; kind++) {
		const struct rte_mempool *mp =
				kind < NB_KINDS ? sub->mp[kind] : sub->apart[kind - NB_KINDS];

		if (mp == NULL)
			continue;
		assert_int_equal(mp->ops_index, facts->handler);
		checked++;
	}
	assert_int_equal(checked, 12);
	assert_string_equal(rte_mempool_get_ops(facts->handler)->name, facts->handler_name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
				test_lookup_in_directory_of_an_earlier_run_does_not_find), /* first */
		world_test(test_create_and_destroy_in_secondary_are_not_supported),
		world_test(test_lookup_in_secondary_finds_pool),
		cmocka_unit_test(test_lookup_during_creation_does_not_find),
		cmocka_unit_test(test_lookup_of_memzone_that_is_no_pool_does_not_find),
		cmocka_unit_test(test_lookup_of_longer_name_does_not_find),
		world_test(test_lookup_by_program_of_other_abi_is_refused),
		world_test(test_lookup_pool_of_other_build_is_refused),
		world_test(test_lookup_with_library_elsewhere_is_not_supported),
		world_test(test_lookup_of_pool_in_regions_is_the_primary_s),
		world_test(test_lookup_with_handler_of_other_name_is_refused),
		world_test(test_lookup_with_handler_missing_is_refused),
		world_test(test_mempools_of_a_pool_have_one_handler),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
