/* SPDX-License-Identifier: BSD-3-Clause */
/* mext_free_bulk() on more mbufs of one sort in a row than fit into any piece of its work. */
#include "kinds.h"

static struct rte_mbuf *
attached(struct world *w, struct mext_storage *storage)
{
	struct rte_mbuf *m = world_header(w);

	assert_int_equal(mext_attach(m, storage, 0, 10), 0);
	return m;
}

static void
test_free_long_chain_of_one_storage_is_one_run(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage = world_storage(w, 10);
	struct rte_mbuf *mbufs[500];
	struct mext_stats before;
	unsigned int i;

	assert_int_equal(mext_storage_hold(storage, RTE_DIM(mbufs)), 0);
	for (i = 0; i < RTE_DIM(mbufs); i++)
		mbufs[i] = attached(w, storage);
	for (i = 1; i < RTE_DIM(mbufs); i++) {
		mbufs[i - 1]->next = mbufs[i];
		mbufs[0]->pkt_len += 10;
		mbufs[0]->nb_segs++;
	}
	before = stats_of(w->pool);
	mext_free_bulk(mbufs, 1);
	assert_counted(w->pool, &before, .releases = RTE_DIM(mbufs));
	assert_int_equal(mext_storage_refcnt(storage), 1);
	mext_storage_release(storage, 1);
}

/** More storages of one class in a row than go back in one piece. */
static void
test_free_run_longer_than_a_piece_returns_all(void **state)
{
	/* So many that a piece too small for them would not go unnoticed on the stack. */
	const unsigned int n = 20000;
	struct mext_storage **storages = calloc(n, sizeof(*storages));
	struct rte_mbuf **mbufs = calloc(n, sizeof(*mbufs));
	struct mext_pool_conf conf;
	struct mext_stats before;
	struct mext_pool *pool;

	(void)state;
	mext_pool_conf_init(&conf);
	conf.headroom = 0;
	conf.nb_classes = 1;
	conf.classes[0] = (struct mext_pool_class){ .size = 64, .count = n };
	conf.headers = (struct mext_pool_class){ .count = n };
	assert_int_equal(mext_pool_create("run", &conf, &pool), 0);
	assert_int_equal(mext_storage_alloc_bulk(pool, 64, storages, n), 0);
	assert_int_equal(mext_attach_new_bulk(pool, mbufs, storages, n, 0, 64), 0);
	before = stats_of(pool);
	mext_free_bulk(mbufs, n);
	assert_counted(pool, &before, .releases = n, .returns_bulk = n);
	assert_int_equal(mext_pool_destroy(pool), 0);
	free(storages);
	free(mbufs);
}

/** 65,535 mbufs over one storage and more over another, in one call. */
static void
test_free_run_of_65535_drops_them_all(void **state)
{
	const unsigned int n = UINT16_MAX + 100;
	struct rte_mbuf **mbufs = calloc(n, sizeof(*mbufs));
	struct mext_storage **storages = calloc(n, sizeof(*storages)), *two[2];
	struct mext_pool_conf conf;
	struct mext_stats before;
	struct mext_pool *pool;
	unsigned int i;

	(void)state;
	mext_pool_conf_init(&conf);
	conf.headroom = 0;
	conf.nb_classes = 1;
	conf.classes[0] = (struct mext_pool_class){ .size = 64, .count = 2 };
	conf.headers = (struct mext_pool_class){ .count = n };
	assert_int_equal(mext_pool_create("many", &conf, &pool), 0);
	assert_int_equal(mext_storage_alloc_bulk(pool, 1, two, 2), 0);
	assert_int_equal(mext_storage_hold(two[0], UINT16_MAX - 1), 0);
	assert_int_equal(mext_storage_hold(two[1], 99), 0);
	for (i = 0; i < n; i++)
		storages[i] = two[i >= UINT16_MAX];
	assert_int_equal(mext_header_alloc_bulk(pool, mbufs, n), 0);
	assert_int_equal(mext_attach_bulk(mbufs, storages, n, 0, 1), 0);
	before = stats_of(pool);
	mext_free_bulk(mbufs, n);
	assert_counted(pool, &before, .releases = n, .returns_bulk = 2);
	assert_int_equal(mext_pool_destroy(pool), 0);
	free(storages);
	free(mbufs);
}

static unsigned int own_freed;

/** The header that the shared info lies in must still be out. */
static void
own_free_cb(void *addr, void *opaque)
{
	struct rte_mempool *mp = opaque;

	(void)addr;
	assert_true(rte_mempool_in_use_count(mp) > 0);
	own_freed++;
}

/** A foreign buffer whose shared info is in the private area of the mbuf itself. */
static struct rte_mbuf *
attach_own(struct rte_mempool *mp, void *bytes)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(mp);
	struct rte_mbuf_ext_shared_info *shinfo;

	assert_non_null(m);
	shinfo = RTE_PTR_SUB(m->buf_addr, m->priv_size); /* rte_mbuf_to_priv(), as gcc accepts it */
	*shinfo = (struct rte_mbuf_ext_shared_info){ .free_cb = own_free_cb, .fcb_opaque = mp };
	rte_mbuf_ext_refcnt_set(shinfo, 1);
	rte_pktmbuf_attach_extbuf(m, bytes, (uintptr_t)bytes, 10, shinfo);
	return m;
}

static void
test_free_header_goes_back_after_shinfo_in_it(void **state)
{
	struct world *w = *state;
	struct rte_mempool *other = rte_pktmbuf_pool_create("own", 256, 0, 64, 2176, SOCKET_ID_ANY);
	static char bytes[10];
	struct rte_mbuf *mbufs[256];
	unsigned int i, n;

	assert_non_null(other);
	for (n = 1; n <= RTE_DIM(mbufs); n++) {
		for (i = 0; i < n; i++)
			/* Runs of every length of one pool, then some that alternate. */
			mbufs[i] = attach_own(i < 130 || i % 2 == 0 ? w->plain : other, bytes);
		own_freed = 0;
		mext_free_bulk(mbufs, n);
		assert_int_equal(own_freed, n);
	}
	rte_mempool_free(other);
}

/** The buffer, with the shared info at its end, is the room of an mbuf later in the same call. */
static void
test_free_mbuf_goes_back_after_foreign_buffer_in_its_room(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *mbufs[2];
	struct rte_mbuf_ext_shared_info *shinfo;
	unsigned int chained, cloned;
	uint16_t len;

	for (chained = 0; chained < 2; chained++) {
		for (cloned = 0; cloned < 2; cloned++) {
			struct rte_mbuf *big = rte_pktmbuf_alloc(w->plain);

			mbufs[0] = world_header(w);
			len = big->buf_len;
			shinfo = rte_pktmbuf_ext_shinfo_init_helper(
					big->buf_addr, &len, own_free_cb, w->plain);
			rte_pktmbuf_attach_extbuf(mbufs[0], big->buf_addr, rte_mbuf_iova_get(big),
					len, shinfo);
			mbufs[1] = big;
			if (cloned) { /* the last reference on big is a clone's */
				mbufs[1] = kind_clone(w, big);
				rte_pktmbuf_free(big);
			}
			if (chained) {
				mbufs[0]->next = mbufs[1];
				mbufs[0]->nb_segs = 2;
			}
			own_freed = 0;
			mext_free_bulk(mbufs, chained ? 1 : 2);
			assert_int_equal(own_freed, 1);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_free_long_chain_of_one_storage_is_one_run),
		world_test(test_free_header_goes_back_after_shinfo_in_it),
		world_test(test_free_mbuf_goes_back_after_foreign_buffer_in_its_room),
		cmocka_unit_test(test_free_run_longer_than_a_piece_returns_all),
		cmocka_unit_test(test_free_run_of_65535_drops_them_all),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
