/* SPDX-License-Identifier: BSD-3-Clause */
/* Caches of every size on the DPDK that there is: no object is given twice, and none is lost. */
#include "pool.h"
#include "unit.h"

#define COUNT 800 /* DPDK wants 1.5 times the cache, before 26.07 */
#define BURSTS 8

static struct mext_pool *
make_pool(uint32_t cache)
{
	const struct mext_pool_class sized = { 64, COUNT, cache }, bare = { 0, COUNT, cache };
	struct mext_pool_conf conf;
	struct mext_pool *pool;

	mext_pool_conf_init(&conf);
	conf.nb_classes = conf.nb_rx_more = 1;
	conf.classes[0] = conf.rx = conf.rx_more[0] = conf.pairs = sized;
	conf.headers = conf.wraps = conf.spreads = bare;
	assert_int_equal(mext_pool_create("cache", &conf, &pool), 0);
	return pool;
}

/** Take all objects, and give them back, so many at a time. */
static void
take_and_give(struct rte_mempool *mp, unsigned int burst, uint32_t round)
{
	static void *objects[COUNT + 1];
	unsigned int taken = 0, i, n;

	for (n = burst; taken < COUNT; taken += n) {
		n = RTE_MIN(n, COUNT - taken);
		if (rte_mempool_get_bulk(mp, &objects[taken], n) < 0)
			fail_msg("cache of %u, bursts of %u: lost %u", mp->cache_size, burst,
					COUNT - taken);
	}
	assert_int_not_equal(rte_mempool_get(mp, &objects[COUNT]), 0);
	for (i = 0; i < COUNT; i++) {
		struct rte_mbuf *m = objects[i];

		if (m->dynfield1[0] == round)
			fail_msg("cache of %u, bursts of %u: one twice", mp->cache_size, burst);
		m->dynfield1[0] = round;
	}
	for (i = 0; i < COUNT; i += n) {
		n = RTE_MIN(burst, COUNT - i);
		rte_mempool_put_bulk(mp, &objects[i], n);
	}
}

static void
test_cache_of_any_size_gives_each_object_once(void **state)
{
	struct rte_mempool *mp;
	struct mext_pool *pool;
	unsigned int size, i;
	uint32_t round = 0;

	(void)state;
	for (size = 0; size <= RTE_MEMPOOL_CACHE_MAX_SIZE; size++) {
		const unsigned int bursts[BURSTS] = { 1, 2, 3, 32, size / 2, size / 2 + 1, size,
			size + 1 };

		pool = make_pool(size);
		mp = mext_pool_header_mempool(pool, SOCKET_ID_ANY);
		for (i = 0; i < BURSTS; i++)
			if (bursts[i] > 0)
				take_and_give(mp, bursts[i], ++round);
		take_and_give(mp, 1, ++round);
		assert_int_equal(mext_pool_destroy(pool), 0);
	}
}

static void
test_cache_of_odd_size_is_one_less_in_each_kind(void **state)
{
	static const struct {
		uint32_t asked, is;
	} rows[] = { { 0, 0 }, { 1, 0 }, { 2, 2 }, { 3, 2 }, { 64, 64 }, { 511, 510 },
		{ 512, 512 } };
	struct mext_pool *pool;
	unsigned int i, kind;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		pool = make_pool(rows[i].asked);
		for (kind = 0; kind < NB_KINDS; kind++)
			if (pool->sub[0].mp[kind] != NULL)
				assert_int_equal(pool->sub[0].mp[kind]->cache_size, rows[i].is);
		assert_int_equal(mext_pool_destroy(pool), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cache_of_any_size_gives_each_object_once),
		cmocka_unit_test(test_cache_of_odd_size_is_one_less_in_each_kind),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
