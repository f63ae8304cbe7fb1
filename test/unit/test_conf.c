/* SPDX-License-Identifier: BSD-3-Clause */
/* Every number of a configuration too low and too high, and the defaults at several sizes. */
#include "capture.h"
#include "world.h"

enum field {
	CLASS0_SIZE,
	CLASS0_COUNT,
	CLASS0_CACHE,
	CLASS1_SIZE,
	CLASS2_COUNT,
	NB_CLASSES,
	RX_SIZE,
	RX_COUNT,
	RX_CACHE,
	HEADERS_SIZE,
	HEADERS_COUNT,
	HEADERS_CACHE,
	PAIRS_SIZE,
	PAIRS_COUNT,
	PAIRS_CACHE,
	WRAPS_SIZE,
	WRAPS_COUNT,
	WRAPS_CACHE,
	SPREADS_SIZE,
	SPREADS_COUNT,
	SPREADS_CACHE,
	COPY_THRESHOLD,
	PRIV_SIZE,
	HEADROOM,
	FLAGS,
	SOCKET_MASK,
	NB_RX_MORE,
};

static void
set(struct mext_pool_conf *conf, enum field field, uint32_t value)
{
	struct mext_pool_class *const classes[] = { &conf->rx, &conf->headers, &conf->pairs,
		&conf->wraps, &conf->spreads };
	struct mext_pool_class *c;

	switch (field) {
	case CLASS0_SIZE:
	case CLASS1_SIZE:
		conf->classes[field == CLASS1_SIZE].size = value;
		return;
	case CLASS0_COUNT:
	case CLASS2_COUNT:
		conf->classes[field == CLASS2_COUNT ? 2 : 0].count = value;
		return;
	case CLASS0_CACHE:
		conf->classes[0].cache = value;
		return;
	case NB_CLASSES:
		conf->nb_classes = value;
		return;
	case COPY_THRESHOLD:
		conf->copy_threshold = value;
		return;
	case PRIV_SIZE:
		conf->priv_size = value;
		return;
	case HEADROOM:
		conf->headroom = value;
		return;
	case FLAGS:
		conf->flags = value;
		return;
	case SOCKET_MASK:
		conf->socket_mask = value;
		return;
	case NB_RX_MORE:
		conf->nb_rx_more = value;
		return;
	default:
		c = classes[(field - RX_SIZE) / 3];
		*((field - RX_SIZE) % 3 == 0                 ? &c->size
				: (field - RX_SIZE) % 3 == 1 ? &c->count
							     : &c->cache) = value;
	}
}

/** Changes to a valid configuration, and what the log says of the first one. */
static const struct {
	enum field field;
	uint32_t value;
	const char *says;
} bad[] = {
	{ CLASS0_SIZE, 0, "classes[0].size is 0, allowed is 1 to 67108864" },
	{ CLASS0_SIZE, (1u << 26) + 1, "classes[0].size is 67108865, allowed is 1 to 67108864" },
	{ CLASS0_COUNT, 0, "classes[0].count is 0, allowed is 1 to 268435456" },
	{ CLASS0_COUNT, (1u << 28) + 1,
			"classes[0].count is 268435457, allowed is 1 to 268435456" },
	{ CLASS1_SIZE, WORLD_SMALL, "classes[1].size is 256, allowed is 257 to 67108864" },
	{ CLASS1_SIZE, 1, "classes[1].size is 1, allowed is 257 to 67108864" },
	{ CLASS2_COUNT, 0, "classes[2].count is 0, allowed is 1 to 268435456" },
	{ NB_CLASSES, 9, "nb_classes is 9, allowed is 0 to 8" },
	{ NB_CLASSES, UINT32_MAX, "nb_classes is 4294967295, allowed is 0 to 8" },
	{ NB_CLASSES, 4, "classes[3].count is 0, allowed is 1 to 268435456" },
	{ RX_SIZE, 0, "rx.size is 0, allowed is 1 to 65407" },
	{ RX_SIZE, 65408, "rx.size is 65408, allowed is 1 to 65407" },
	{ RX_COUNT, (1u << 28) + 1, "rx.count is 268435457, allowed is 0 to 268435456" },
	{ HEADERS_SIZE, 1, "headers.size is 1, allowed is 0 to 0" },
	{ HEADERS_COUNT, UINT32_MAX, "headers.count is 4294967295, allowed is 0 to 268435456" },
	{ HEADERS_CACHE, UINT32_MAX, "headers.cache is 4294967295, allowed is 0 to 512" },
	{ PAIRS_SIZE, 0, "pairs.size is 0, allowed is 1 to 65407" },
	{ PAIRS_SIZE, 65408, "pairs.size is 65408, allowed is 1 to 65407" },
	{ PAIRS_COUNT, (1u << 28) + 1, "pairs.count is 268435457, allowed is 0 to 268435456" },
	{ WRAPS_SIZE, 1, "wraps.size is 1, allowed is 0 to 0" },
	{ WRAPS_COUNT, (1u << 28) + 1, "wraps.count is 268435457, allowed is 0 to 268435456" },
	{ SPREADS_SIZE, 1, "spreads.size is 1, allowed is 0 to 0" },
	{ SPREADS_COUNT, (1u << 28) + 1, "spreads.count is 268435457, allowed is 0 to 268435456" },
	{ COPY_THRESHOLD, 65536, "copy_threshold is 65536, allowed is 0 to 65535" },
	{ PRIV_SIZE, 8200, "priv_size is 8200, allowed is 0 to 8192" },
	{ PRIV_SIZE, UINT16_MAX, "priv_size is 65535, allowed is 0 to 8192" },
	{ PRIV_SIZE, 12, "priv_size is 12, allowed are multiples of 8" },
	{ HEADROOM, 32768, "headroom is 32768, allowed is 0 to 32767" },
	{ HEADROOM, UINT16_MAX, "headroom is 65535, allowed is 0 to 32767" },
	{ FLAGS, 1u << 3, "flags is 0x8, allowed are the bits of 0x7" },
	{ FLAGS, UINT32_MAX, "flags is 0xffffffff, allowed are the bits of 0x7" },
	{ FLAGS, MEXT_POOL_RX_PAIRS,
			"flags has MEXT_POOL_RX_PAIRS, then pairs.count is 1 or more" },
	{ NB_RX_MORE, 4, "nb_rx_more is 4, allowed is 0 to 3" },
	{ NB_RX_MORE, 1, "rx_more[0].count is 0, allowed is 1 to 268435456" },
	{ SOCKET_MASK, 1u << 31, "socket_mask is 0x80000000, allowed are the bits of 0x" },
};

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

static void
test_create_number_out_of_range_is_invalid_and_named(void **state)
{
	struct mext_pool_conf conf;
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(bad); i++) {
		world_conf(&conf);
		set(&conf, bad[i].field, bad[i].value);
		assert_refused(&conf, bad[i].says);
	}
}

static void
test_create_pairs_with_headroom_too_large_together_is_invalid(void **state)
{
	struct mext_pool_conf conf;

	(void)state;
	world_conf(&conf);
	conf.headroom = 1000;
	conf.pairs.size = 64536;
	assert_refused(&conf, "pairs.size is 64536, allowed is 1 to 64535");
}

static void
test_create_rx_pairs_without_pairs_is_invalid(void **state)
{
	struct mext_pool_conf conf;

	(void)state;
	world_conf(&conf);
	conf.flags = MEXT_POOL_RX_PAIRS;
	conf.rx.count = 0;
	conf.pairs.count = 0;
	assert_refused(&conf, "MEXT_POOL_RX_PAIRS");
}

static void
test_create_further_rx_sizes_are_checked_like_the_first(void **state)
{
	struct mext_pool_conf conf;

	(void)state;
	world_conf(&conf);
	conf.nb_rx_more = 2;
	conf.rx_more[0] = conf.rx_more[1] = conf.rx;
	conf.rx_more[1].size = 65408;
	assert_refused(&conf, "rx_more[1].size is 65408, allowed is 1 to 65407");
	conf.rx_more[1].size = 64;
	conf.rx_more[1].cache = conf.rx.count + 1;
	assert_refused(&conf, "rx_more[1].cache is 65, allowed is 0 to ");
	conf.rx_more[1].cache = 0;
	conf.rx.count = 0;
	assert_refused(&conf, "nb_rx_more is 2, then rx.count is 1 or more");
}

static void
test_create_empty_conf_is_invalid(void **state)
{
	struct mext_pool_conf conf;

	(void)state;
	mext_pool_conf_init(&conf);
	assert_refused(&conf, "every count is 0");
}

/** The largest and smallest numbers allowed, where there is memory for them. */
static const struct {
	enum field field;
	uint32_t value;
} good[] = { { CLASS0_SIZE, 1 }, { CLASS0_COUNT, 1 << 17 }, { CLASS0_CACHE, 0 },
	{ CLASS1_SIZE, 257 }, { NB_CLASSES, 0 }, { NB_CLASSES, 1 }, { RX_SIZE, 1 },
	{ RX_SIZE, 65407 }, { RX_COUNT, 0 }, { HEADERS_COUNT, 0 }, { PAIRS_SIZE, 1 },
	{ PAIRS_SIZE, 65407 }, { PAIRS_COUNT, 0 }, { WRAPS_COUNT, 0 }, { SPREADS_COUNT, 0 },
	{ COPY_THRESHOLD, 0 }, { COPY_THRESHOLD, 65535 }, { PRIV_SIZE, 0 }, { PRIV_SIZE, 8192 },
	{ HEADROOM, 0 }, { HEADROOM, 32767 }, { FLAGS, MEXT_POOL_STRICT }, { SOCKET_MASK, 1 } };

static void
test_create_number_at_edge_of_range_succeeds(void **state)
{
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(good); i++) {
		world_conf(&conf);
		set(&conf, good[i].field, good[i].value);
		if (mext_pool_create("edge", &conf, &pool) != 0)
			fail_msg("field %d at %u is refused", good[i].field, good[i].value);
		assert_int_equal(mext_pool_destroy(pool), 0);
	}
}

static void
test_create_smallest_of_each_kind_alone_succeeds(void **state)
{
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	unsigned int i;

	(void)state;
	for (i = 0; i < 6; i++) {
		mext_pool_conf_init(&conf);
		conf.nb_classes = i == 0;
		if (i == 0)
			conf.classes[0] = (struct mext_pool_class){ 1, 1, 0 };
		else
			set(&conf, RX_COUNT + 3 * (i - 1), 1);
		if (i == 1 || i == 3)
			set(&conf, RX_SIZE + 3 * (i - 1), 1);
		assert_int_equal(mext_pool_create("one", &conf, &pool), 0);
		assert_int_equal(stats_of(pool).nb_kinds, 1);
		assert_int_equal(mext_pool_destroy(pool), 0);
	}
}

static void
test_create_eight_classes_takes_each(void **state)
{
	struct mext_pool_conf conf;
	struct mext_storage *storage;
	struct mext_pool *pool;
	unsigned int i;

	(void)state;
	mext_pool_conf_init(&conf);
	conf.nb_classes = MEXT_POOL_MAX_CLASSES;
	for (i = 0; i < MEXT_POOL_MAX_CLASSES; i++)
		conf.classes[i] = (struct mext_pool_class){ 100 * (i + 1), 4, 2 };
	assert_int_equal(mext_pool_create("eight", &conf, &pool), 0);
	for (i = 0; i < MEXT_POOL_MAX_CLASSES; i++) {
		storage = mext_storage_alloc(pool, 100 * i + 1);
		assert_int_equal(mext_storage_len(storage), 100 * (i + 1));
		assert_int_equal(mext_storage_release(storage, 1), 0);
	}
	assert_int_equal(mext_pool_destroy(pool), 0);
}

static void
test_conf_init_is_empty(void **state)
{
	struct mext_pool_conf conf, zero;

	(void)state;
	memset(&conf, 0xff, sizeof(conf));
	memset(&zero, 0, sizeof(zero));
	mext_pool_conf_init(&conf);
	zero.headroom = RTE_PKTMBUF_HEADROOM;
	zero.copy_threshold = MEXT_COPY_THRESHOLD;
	assert_memory_equal(&conf, &zero, sizeof(conf));
}

/** Memory that objects of one kind take, as the mempool lays them out. */
static size_t
memory_of(const struct mext_pool_class *c, size_t header)
{
	return (size_t)c->count * (header + c->size);
}

static void
test_conf_default_of_each_size_is_valid_and_within_it(void **state)
{
	static const size_t mib[] = { 1, 2, 16, 64, 200 };
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	unsigned int i, k;
	size_t sum;

	(void)state;
	for (i = 0; i < RTE_DIM(mib); i++) {
		assert_int_equal(mext_pool_conf_default(mib[i] << 20, &conf), 0);
		sum = memory_of(&conf.rx, sizeof(struct rte_mbuf) + RTE_PKTMBUF_HEADROOM) +
		      memory_of(&conf.headers, sizeof(struct rte_mbuf)) +
		      memory_of(&conf.pairs, sizeof(struct rte_mbuf) + 64 + 128) +
		      memory_of(&conf.wraps, sizeof(struct mext_storage)) +
		      memory_of(&conf.spreads, 64 * (rte_lcore_count() + 2));
		for (k = 0; k < conf.nb_classes; k++)
			sum += memory_of(&conf.classes[k], sizeof(struct mext_storage));
		assert_true(sum <= mib[i] << 20);
		assert_true(sum >= (mib[i] << 20) / 100 * 80);
		assert_int_equal(mext_pool_create("default", &conf, &pool), 0);
		assert_int_equal(stats_of(pool).nb_kinds, 8);
		assert_int_equal(mext_pool_destroy(pool), 0);
	}
}

static void
test_conf_default_out_of_range_is_invalid_unchanged(void **state)
{
	static const size_t rows[] = { 0, 1, (1 << 20) - 1, ((size_t)1 << 40) + 1, SIZE_MAX };
	struct mext_pool_conf conf, before;
	const char *log;
	unsigned int i;

	(void)state;
	memset(&conf, 0x5a, sizeof(conf));
	before = conf;
	for (i = 0; i < RTE_DIM(rows); i++) {
		capture_start();
		assert_int_equal(mext_pool_conf_default(rows[i], &conf), -EINVAL);
		log = capture_stop();
		assert_non_null(strstr(log, "bytes is "));
		assert_non_null(strstr(log, "allowed is 1048576 to 1099511627776"));
		assert_memory_equal(&conf, &before, sizeof(conf));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create_number_out_of_range_is_invalid_and_named),
		cmocka_unit_test(test_create_pairs_with_headroom_too_large_together_is_invalid),
		cmocka_unit_test(test_create_rx_pairs_without_pairs_is_invalid),
		cmocka_unit_test(test_create_further_rx_sizes_are_checked_like_the_first),
		cmocka_unit_test(test_create_empty_conf_is_invalid),
		cmocka_unit_test(test_create_number_at_edge_of_range_succeeds),
		cmocka_unit_test(test_create_smallest_of_each_kind_alone_succeeds),
		cmocka_unit_test(test_create_eight_classes_takes_each),
		cmocka_unit_test(test_conf_init_is_empty),
		cmocka_unit_test(test_conf_default_of_each_size_is_valid_and_within_it),
		cmocka_unit_test(test_conf_default_out_of_range_is_invalid_unchanged),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
