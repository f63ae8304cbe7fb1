/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is dropped, and what goes home, is counted before: from then on another thread may find that
 * nothing is outstanding, and destroy the pool. The handler of these mempools looks at the counters
 * while an object is put back.
 */
#include "fault.h"
#include "kinds.h"
#include "pool.h"

#define LEN 100 /* bytes of everything */
#define SHARED 32 /* storages: more than a free of a chain collects */

static struct mext_pool *pool, *roots; /* those of spreads are in another one */
static char bytes[LEN];

static struct {
	const struct rte_mempool *mp; /* what is watched */
	unsigned int puts;
	struct mext_stats stats; /* at the last put */
} watch;

static void
watch_put(struct rte_mempool *mp, void *obj)
{
	(void)obj;
	if (mp != watch.mp)
		return;
	watch.puts++;
	watch.stats = stats_of(pool);
}

static void
watch_kind(unsigned int kind)
{
	watch.mp = pool->sub[0].mp[kind];
	watch.puts = 0;
}

static struct mext_storage *
make_class(void)
{
	return mext_storage_alloc(pool, LEN);
}

static struct mext_storage *
make_wrap(void)
{
	const struct mext_wrap wrap = { .addr = bytes, .len = LEN };
	struct mext_storage *storage;

	assert_int_equal(mext_storage_wrap(pool, &wrap, &storage), 0);
	return storage;
}

/** Of a pair whose header is free already. */
static struct mext_storage *
make_pair(void)
{
	struct rte_mbuf *m = mext_packet_alloc(pool);
	struct mext_storage *storage = mext_storage_from_mbuf(m);

	assert_int_equal(mext_storage_hold(storage, 1), 0);
	rte_pktmbuf_free(m);
	return storage;
}

/** Of a spread that nobody holds any more. */
static struct mext_storage *
make_leaf(void)
{
	struct mext_storage *storage = mext_storage_alloc(roots, LEN);
	struct mext_spread *spread;

	assert_int_equal(mext_spread_create(pool, storage, &spread), 0);
	assert_int_equal(mext_spread_take(spread, 1, &storage), 0);
	assert_int_equal(mext_spread_release(spread, 1), 0);
	return storage;
}

static const struct {
	unsigned int kind;
	struct mext_storage *(*make)(void);
} kinds[] = {
	{ 0, make_class },
	{ KIND_WRAP, make_wrap },
	{ KIND_PAIR, make_pair },
	{ KIND_SPREAD, make_leaf },
};

static struct rte_mbuf *
header_over(struct mext_storage *storage)
{
	struct rte_mbuf *m;

	assert_int_equal(mext_header_alloc_bulk(pool, &m, 1), 0);
	assert_int_equal(mext_attach(m, storage, 0, LEN), 0);
	return m;
}

/** Drop the last reference: in each way that an mbuf is freed, and then in each without one. */
static bool
drop_last(struct mext_storage *storage, unsigned int way)
{
	struct rte_mbuf *m, *next;

	if (way < nb_free_ways) {
		m = header_over(storage);
		free_ways[way].free(&m, 1);
		return true;
	}
	switch (way - nb_free_ways) {
	case 0:
		assert_int_equal(mext_storage_release(storage, 1), 0);
		return true;
	case 1:
		mext_storage_release_bulk(&storage, 1);
		return true;
	case 2: /* a chain, for which mext_free_bulk() collects */
		m = header_over(storage);
		assert_int_equal(mext_header_alloc_bulk(pool, &next, 1), 0);
		assert_int_equal(rte_pktmbuf_chain(m, next), 0);
		mext_free_bulk(&m, 1);
		return true;
	default:
		return false;
	}
}

static void
test_last_drop_is_counted_before_its_object_is_home(void **state)
{
	struct mext_storage *storage;
	struct mext_stats after;
	unsigned int i, way;

	(void)state;
	for (i = 0; i < RTE_DIM(kinds); i++) {
		storage = kinds[i].make();
		for (way = 0;; way++) {
			watch_kind(kinds[i].kind);
			if (!drop_last(storage, way))
				break;
			assert_int_equal(watch.puts, 1);
			after = stats_of(pool);
			assert_memory_equal(&watch.stats, &after,
					offsetof(struct mext_stats, nb_kinds));
			storage = kinds[i].make();
		}
		assert_int_equal(way, nb_free_ways + 3);
		assert_int_equal(mext_storage_release(storage, 1), 0);
	}
}

static struct mext_storage *shared[SHARED]; /* each is held once more by the test */
static uint64_t releases; /* before */

static void
compare_with_shared(struct rte_mempool *mp, void *obj)
{
	uint64_t dropped = 0;
	unsigned int i;

	watch_put(mp, obj);
	if (mp != watch.mp)
		return;
	for (i = 0; i < SHARED; i++)
		dropped += 2 - mext_storage_refcnt(shared[i]);
	assert_true(dropped > 0);
	assert_int_equal(watch.stats.releases - releases, dropped);
}

/** Each drop that is not the last leaves the storage to others, who may drop it at once. */
static void
test_drops_on_shared_storages_are_counted_as_they_are_made(void **state)
{
	struct rte_mbuf *mbufs[SHARED + 1];
	struct rte_mbuf *parent;
	unsigned int i;

	(void)state;
	for (i = 0; i < SHARED; i++) {
		shared[i] = make_class();
		assert_int_equal(mext_storage_hold(shared[i], 1), 0);
		mbufs[i] = header_over(shared[i]);
	}
	/* The clone is the only holder of its parent, which goes home when it is freed. */
	parent = rte_pktmbuf_alloc(mext_pool_rx_mempool(pool, SOCKET_ID_ANY));
	mbufs[SHARED] = rte_pktmbuf_clone(parent, mext_pool_header_mempool(pool, SOCKET_ID_ANY));
	rte_pktmbuf_free(parent);
	for (i = 1; i <= SHARED; i++)
		assert_int_equal(rte_pktmbuf_chain(mbufs[0], mbufs[i]), 0);
	releases = stats_of(pool).releases;
	fault_on_put(compare_with_shared);
	watch_kind(KIND_RX);
	mext_free_bulk(mbufs, 1);
	assert_int_equal(watch.puts, 1);
	assert_int_equal(stats_of(pool).releases - releases, SHARED);
	mext_storage_release_bulk(shared, SHARED);
}

/** Nothing is dropped, and nothing counted as dropped. */
static void
test_refused_drop_counts_as_none(void **state)
{
	struct mext_storage *storage = make_class();
	const struct mext_stats before = stats_of(pool);

	(void)state;
	assert_int_equal(mext_storage_release(storage, 2), -EINVAL);
	assert_counted(pool, &before, .bad_releases = 1);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	assert_counted(pool, &before, .bad_releases = 1, .releases = 1, .returns_bulk = 1);
}

static int
setup(void **state)
{
	struct mext_pool_conf conf;

	(void)state;
	mext_pool_conf_init(&conf);
	conf.nb_classes = 1;
	conf.classes[0] = (struct mext_pool_class){ LEN, SHARED, 0 };
	assert_int_equal(mext_pool_create("roots", &conf, &roots), 0);
	conf.ops_name = FAULT_OPS;
	conf.headers.count = conf.pairs.count = conf.wraps.count = conf.spreads.count = 2 * SHARED;
	conf.pairs.size = LEN;
	conf.rx = (struct mext_pool_class){ LEN, 1, 0 };
	assert_int_equal(mext_pool_create("put", &conf, &pool), 0);
	watch.mp = NULL;
	fault_on_put(watch_put);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fault_on_put(NULL);
	assert_int_equal(mext_pool_destroy(pool), 0);
	assert_int_equal(mext_pool_destroy(roots), 0);
	return 0;
}

#define put_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_last_drop_is_counted_before_its_object_is_home,
				setup, teardown),
		put_test(test_last_drop_is_counted_before_its_object_is_home),
		put_test(test_drops_on_shared_storages_are_counted_as_they_are_made),
		put_test(test_refused_drop_counts_as_none),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
