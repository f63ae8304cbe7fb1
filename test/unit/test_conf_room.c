/* SPDX-License-Identifier: BSD-3-Clause */
/* Configurations whose fields do not fit together: what copies need of the headroom, and drivers of pairs. */
#include "capture.h"
#include "unit.h"

static void
assert_refused(const struct mext_pool_conf *conf, const char *says)
{
	struct mext_pool *const mark = (void *)1, *pool = mark;
	const char *log;

	capture_start();
	assert_int_equal(mext_pool_create("refused", conf, &pool), -EINVAL);
	log = capture_stop();
	if (strstr(log, "pool refused: ") == NULL || strstr(log, says) == NULL)
		fail_msg("expected '%s' in '%s'", says, log);
	assert_ptr_equal(pool, mark);
	assert_int_equal(mext_pool_lookup("refused", &pool), -ENOENT);
}

/** Where copies begin in a storage there is more in it than headroom; elsewhere it does not matter. */
static void
test_create_headroom_that_leaves_no_byte_is_invalid(void **state)
{
	static const struct {
		uint16_t headroom;
		uint32_t headers, pairs, size;
		const char *says;
	} rows[] = {
		{ 300, 64, 0, 300, "headroom is 300, allowed is 0 to 299" },
		{ 301, 64, 0, 300, "headroom is 301, allowed is 0 to 299" },
		{ 299, 64, 0, 300, NULL },
		{ 32767, 64, 0, 100000, NULL },
		{ 300, 64, 64, 300, NULL },
		{ 300, 0, 0, 300, NULL },
		{ 300, 64, 0, 0, NULL },
	};
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		mext_pool_conf_init(&conf);
		conf.headroom = rows[i].headroom;
		conf.headers.count = rows[i].headers;
		conf.pairs = (struct mext_pool_class){ 1, rows[i].pairs, 0 };
		conf.nb_classes = rows[i].size > 0 ? 2 : 0;
		conf.classes[0] = (struct mext_pool_class){ 1, 8, 0 };
		conf.classes[1] = (struct mext_pool_class){ rows[i].size, 8, 0 };
		if (rows[i].says != NULL) {
			assert_refused(&conf, rows[i].says);
			continue;
		}
		assert_int_equal(mext_pool_create("headroom", &conf, &pool), 0);
		assert_int_equal(mext_pool_destroy(pool), 0);
	}
}

/** The way from the defaults to pairs that drivers receive into, as mext_pool.h and the refusal say. */
static void
test_create_rx_pairs_from_default_takes_count_of_rx(void **state)
{
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	struct rte_mbuf *m;

	(void)state;
	assert_int_equal(mext_pool_conf_default(8 << 20, &conf), 0);
	conf.flags |= MEXT_POOL_RX_PAIRS;
	assert_refused(&conf, "add rx.count to pairs.count");
	conf.pairs.count += conf.rx.count;
	conf.rx.count = 0;
	assert_int_equal(mext_pool_create("rx pairs", &conf, &pool), 0);
	m = rte_pktmbuf_alloc(mext_pool_rx_mempool(pool, SOCKET_ID_ANY));
	assert_non_null(mext_storage_from_mbuf(m));
	assert_int_equal(rte_pktmbuf_tailroom(m), 2048);
	rte_pktmbuf_free(m);
	assert_int_equal(mext_pool_destroy(pool), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create_headroom_that_leaves_no_byte_is_invalid),
		cmocka_unit_test(test_create_rx_pairs_from_default_takes_count_of_rx),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
