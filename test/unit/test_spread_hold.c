/* SPDX-License-Identifier: BSD-3-Clause */
/* The holders of a spread. */
#include "capture.h"
#include "chains.h"
#include "pool.h"
#include "storage.h"

#define LEN 300

static struct mext_spread *
make(struct world *w)
{
	struct mext_spread *spread;

	assert_int_equal(mext_spread_create(w->pool, world_wrap(w, LEN), &spread), 0);
	return spread;
}

static void
test_release_of_last_hold_only_uproots(void **state)
{
	struct world *w = *state;
	struct mext_spread *spread = make(w);
	struct mext_storage *leaf;

	assert_int_equal(mext_spread_hold(spread, 3), 0);
	assert_int_equal(mext_spread_hold(spread, 0), 0);
	assert_int_equal(mext_spread_release(spread, 0), 0);
	assert_int_equal(mext_spread_release(spread, 2), 0);
	assert_int_equal(mext_spread_release(spread, 1), 0);
	assert_int_equal(w->wraps_freed, 0);
	assert_int_equal(mext_spread_take(spread, 1, &leaf), 0);
	assert_int_equal(mext_storage_release(leaf, 1), 0);
	assert_int_equal(mext_spread_release(spread, 1), 0);
	assert_int_equal(w->wraps_freed, 1);
}

/** As the last one, with others, and with packets that are still out. */
static void
test_release_of_all_holds_at_once_uproots(void **state)
{
	struct world *w = *state;
	struct mext_spread *spread = make(w);
	struct mext_storage *leaf;

	assert_int_equal(mext_spread_hold(spread, 9), 0);
	assert_int_equal(mext_spread_take(spread, 1, &leaf), 0);
	assert_int_equal(mext_spread_release(spread, 10), 0);
	assert_int_equal(mext_storage_refcnt(leaf), 1);
	assert_int_equal(spread->live, 1);
	assert_int_equal(w->wraps_freed, 0);
	assert_int_equal(mext_storage_release(leaf, 1), 0);
	assert_int_equal(w->wraps_freed, 1);
}

/** Nobody attaches any more, but a packet that is out keeps the leaf and can be shared and copied on. */
static void
test_packet_after_last_hold_is_shared_and_written(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *m = chain(w, { seg_leaf, LEN }), *made, *old = m;

	assert_int_equal(mext_share(w->pool, m, 0, LEN, &made), 0);
	assert_int_equal(seg_count(m), 2);
	assert_int_equal(mext_write(w->pool, &m, 0, "bytes", 5), 0);
	assert_ptr_not_equal(m, old);
	assert_packet(made, 0, LEN);
	assert_int_equal(in_use(w->pool, "spreads"), 1);
	rte_pktmbuf_free(m);
	assert_int_equal(in_use(w->pool, "spreads"), 1);
	rte_pktmbuf_free(made);
	assert_int_equal(in_use(w->pool, "spreads"), 0);
}

/** Up to 2^32 - 1 holds, and not one more. */
static void
test_hold_beyond_count_is_eoverflow(void **state)
{
	struct world *w = *state;
	struct mext_spread *spread = make(w);

	assert_int_equal(mext_spread_hold(spread, UINT32_MAX - 2), 0);
	assert_int_equal(mext_spread_hold(spread, 2), -EOVERFLOW);
	assert_int_equal(mext_spread_hold(spread, UINT32_MAX), -EOVERFLOW);
	assert_int_equal(spread->holders, UINT32_MAX - 1);
	assert_int_equal(mext_spread_hold(spread, 1), 0);
	assert_int_equal(mext_spread_hold(spread, 1), -EOVERFLOW);
	assert_int_equal(mext_spread_release(spread, UINT32_MAX), 0);
	assert_int_equal(w->wraps_freed, 1);
}

/** A bug of the caller's: nothing is dropped, each is counted, the first is logged. */
static void
test_release_too_many_is_refused_counted_and_logged_once(void **state)
{
	struct world *w = *state;
	struct mext_spread *spread = make(w);
	struct mext_stats before;
	const char *log;

	assert_int_equal(mext_spread_hold(spread, 1), 0);
	before = stats_of(w->pool);
	capture_start();
	assert_int_equal(mext_spread_release(spread, 3), -EINVAL);
	assert_int_equal(mext_spread_release(spread, UINT_MAX), -EINVAL);
	log = capture_stop();
	assert_non_null(strstr(log, "3 holds to drop, but it has 2"));
	assert_null(strchr(strchr(log, '\n') + 1, '\n'));
	assert_counted(w->pool, &before, .bad_releases = 2);
	assert_int_equal(spread->holders, 2);
	assert_int_equal(mext_spread_release(spread, 2), 0);
	assert_int_equal(w->wraps_freed, 1);
}

/** A free spread is nobody's: its memory is still there, as that of every mempool. */
static void
test_hold_and_release_of_free_spread_are_refused(void **state)
{
	struct world *w = *state;
	struct mext_spread *spread = make(w);
	struct mext_storage *leaf = NULL;
	struct mext_stats before;

	assert_int_equal(mext_spread_release(spread, 1), 0);
	before = stats_of(w->pool);
	assert_int_equal(mext_spread_hold(spread, 1), -EINVAL);
	assert_int_equal(mext_spread_release(spread, 1), -EINVAL);
	assert_int_equal(mext_spread_take(spread, 1, &leaf), -EINVAL);
	assert_null(leaf);
	assert_counted(w->pool, &before, .bad_releases = 1);
}

/** A reference too many on a leaf is seen as on any storage. */
static void
test_release_of_leaf_too_often_is_refused(void **state)
{
	struct world *w = *state;
	struct mext_spread *spread = make(w);
	struct mext_storage *leaf;
	struct mext_stats before = stats_of(w->pool);

	assert_int_equal(mext_spread_take(spread, 1, &leaf), 0);
	assert_int_equal(mext_storage_release(leaf, 3), -EINVAL);
	assert_int_equal(mext_storage_refcnt(leaf), 2);
	assert_int_equal(mext_storage_release(leaf, 1), 0);
	assert_int_equal(mext_spread_release(spread, 1), 0);
	assert_counted(w->pool, &before, .bad_releases = 1, .releases = 2, .returns_bulk = 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_release_of_last_hold_only_uproots),
		world_test(test_release_of_all_holds_at_once_uproots),
		world_test(test_packet_after_last_hold_is_shared_and_written),
		world_test(test_hold_beyond_count_is_eoverflow),
		world_test(test_release_too_many_is_refused_counted_and_logged_once),
		world_test(test_hold_and_release_of_free_spread_are_refused),
		world_test(test_release_of_leaf_too_often_is_refused),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
