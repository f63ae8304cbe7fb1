/* SPDX-License-Identifier: BSD-3-Clause */
/* Caches of every size on the DPDK that there is: no object is given twice, and none is lost. */
#include "capture.h"
#include "compat.h"
#include "pool.h"
#include "unit.h"

#define COUNT 800 /* more than the largest cache keeps */
#define BURSTS 8

static void
make_conf(struct mext_pool_conf *conf, uint32_t count, uint32_t cache)
{
	const struct mext_pool_class sized = { 64, count, cache }, bare = { 0, count, cache };

	mext_pool_conf_init(conf);
	conf->nb_classes = conf->nb_rx_more = 1;
	conf->classes[0] = conf->rx = conf->rx_more[0] = conf->pairs = sized;
	conf->headers = conf->wraps = conf->spreads = bare;
}

static struct mext_pool *
make_pool(uint32_t cache)
{
	struct mext_pool_conf conf;
	struct mext_pool *pool;

	make_conf(&conf, COUNT, cache);
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

/** As many as compat.h says: more or fewer, and the limit of the configuration would be another one. */
static void
test_cache_that_is_full_keeps_what_its_version_says(void **state)
{
	static const uint32_t sizes[] = { 2, 32, 256, 512 };
	struct rte_mempool *mp;
	struct mext_pool *pool;
	void *objects[COUNT];
	unsigned int i, j;
	uint32_t kept;

	(void)state;
	for (i = 0; i < RTE_DIM(sizes); i++) {
		pool = make_pool(sizes[i]);
		mp = mext_pool_header_mempool(pool, SOCKET_ID_ANY);
		assert_int_equal(rte_mempool_get_bulk(mp, objects, COUNT), 0);
		for (j = kept = 0; j < COUNT; j++) {
			rte_mempool_put(mp, objects[j]);
			kept = RTE_MAX(kept, rte_mempool_default_cache(mp, rte_lcore_id())->len);
		}
		assert_int_equal(kept, compat_cache_keeps(sizes[i]));
		assert_int_equal(mext_pool_destroy(pool), 0);
	}
}

/** The largest cache that mempools take for so many objects. */
static uint32_t
largest_of_dpdk(uint32_t count)
{
	uint32_t size = RTE_MEMPOOL_CACHE_MAX_SIZE + 1;
	struct rte_mempool *mp;

	do {
		mp = rte_mempool_create_empty("try", count, 64, --size, 0, SOCKET_ID_ANY, 0);
	} while (mp == NULL && size > 0);
	assert_non_null(mp);
	rte_mempool_free(mp);
	return size;
}

static void
test_create_takes_caches_that_dpdk_takes_and_no_larger(void **state)
{
	static const uint32_t counts[] = { 1, 2, 3, 32, 97, 511, 512, 513, 767, 768, 769, COUNT };
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	char says[64];
	unsigned int i, kind;

	(void)state;
	for (i = 0; i < RTE_DIM(counts); i++) {
		const uint32_t largest = largest_of_dpdk(counts[i]);

		make_conf(&conf, counts[i], largest);
		assert_int_equal(mext_pool_create("largest", &conf, &pool), 0);
		assert_int_equal(mext_pool_destroy(pool), 0);
		snprintf(says, sizeof(says), ".cache is %u, allowed is 0 to %u", largest + 1,
				largest);
		for (kind = 0; kind < NB_KINDS; kind++) {
			struct mext_pool_class *c = (void *)(uintptr_t)mextp_kind_conf(&conf, kind);

			if (c->count == 0)
				continue;
			c->cache = largest + 1;
			capture_start();
			assert_int_equal(mext_pool_create("larger", &conf, &pool), -EINVAL);
			assert_non_null(strstr(capture_stop(), says));
			c->cache = largest;
		}
	}
}

static unsigned int nb_lcores; /* 0: as many as there are */

unsigned int __real_rte_lcore_count(void);
unsigned int __wrap_rte_lcore_count(void);
unsigned int
__wrap_rte_lcore_count(void)
{
	return nb_lcores > 0 ? nb_lcores : __real_rte_lcore_count();
}

/** Of a default configuration: even, at most 3/8 parked, and no smaller than it must be. */
static void
assert_default(const struct mext_pool_class *c)
{
	const uint64_t most = (uint64_t)c->count * 3 / 8;

	assert_int_equal(c->cache % 2, 0);
	assert_true((uint64_t)compat_cache_keeps(c->cache) * nb_lcores <= most);
	if (c->cache < COMPAT_CACHE_AMPLE)
		assert_true((uint64_t)compat_cache_keeps(c->cache + 2) * nb_lcores > most);
	assert_true(c->cache <= COMPAT_CACHE_AMPLE);
}

static void
test_conf_default_has_even_caches_that_park_at_most_three_eighths(void **state)
{
	struct mext_pool_conf conf;
	unsigned int kind;
	size_t mib;

	(void)state;
	for (nb_lcores = 1; nb_lcores <= RTE_MAX_LCORE; nb_lcores++)
		for (mib = 1; mib <= 4096; mib *= 2) {
			assert_int_equal(mext_pool_conf_default(mib << 20, &conf), 0);
			for (kind = 0; kind < NB_KINDS; kind++)
				assert_default(mextp_kind_conf(&conf, kind));
		}
	nb_lcores = 0;
	/* With enough memory: what moves at a time is 256 in every version. */
	assert_int_equal(conf.rx.cache, COMPAT_CACHE_IS_SIZE ? 512 : 256);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cache_of_any_size_gives_each_object_once),
		cmocka_unit_test(test_cache_of_odd_size_is_one_less_in_each_kind),
		cmocka_unit_test(test_cache_that_is_full_keeps_what_its_version_says),
		cmocka_unit_test(test_create_takes_caches_that_dpdk_takes_and_no_larger),
		cmocka_unit_test(test_conf_default_has_even_caches_that_park_at_most_three_eighths),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
