/* SPDX-License-Identifier: BSD-3-Clause */
/* What mempools on mext_depot refuse to take back: it is counted, and logged once for each reason and mempool. */
#include <unistd.h>

#include <rte_mempool.h>

#include "capture.h"
#include "stack.h"
#include "world.h"

#define NB 1000

static const char twice[] = "more objects are put than its 1000: some were freed twice";
static const char no_magazine[] = "objects are lost: no magazine is empty";

static struct rte_mempool *
make_filled(const char *name)
{
	struct rte_mempool *mp = rte_mempool_create_empty(name, NB, 64, 0, 0, 0, 0);

	assert_non_null(mp);
	assert_int_equal(mext_depot_register(), 0);
	assert_int_equal(rte_mempool_set_ops_byname(mp, MEXT_DEPOT_OPS, NULL), 0);
	assert_int_equal(rte_mempool_populate_default(mp), NB);
	return mp;
}

static void
assert_lost(const struct rte_mempool *mp, uint64_t put_twice, uint64_t without_magazine)
{
	struct mext_depot_refused lost = { 77, 77 };

	assert_int_equal(mext_depot_lost(mp, &lost), 0);
	assert_int_equal(lost.put_twice, put_twice);
	assert_int_equal(lost.no_magazine, without_magazine);
}

/** How often a log has a line that begins so, of a mempool. */
static unsigned int
count_lines(const char *log, const char *name, const char *line)
{
	char wanted[256];
	unsigned int n = 0;

	snprintf(wanted, sizeof(wanted), "mext_depot: mempool %s: %s", name, line);
	for (log = strstr(log, wanted); log != NULL; log = strstr(log + 1, wanted))
		n++;
	return n;
}

/** Claim all shelves as killed putters do, and take all empty magazines for a process. */
static void
stop_all(struct rte_mempool *mp, uint32_t process)
{
	struct depot *d = mp->pool_data;
	struct chain chain;
	uint32_t s;

	for (s = 0; s < d->nb_stations; s++) {
		d->stations[s].shelf |= SHELF_CLAIMED;
		while ((chain = empty_pop(d, s, 1)).nb > 0)
			link_set_holder(d, chain.first, process);
	}
}

static void
test_lost_of_other_mempools_or_nothing_is_refused(void **state)
{
	struct rte_mempool *other =
			rte_mempool_create("other", NB, 64, 0, 0, NULL, NULL, NULL, NULL, 0, 0);
	struct rte_mempool *mp = make_filled("lost");
	struct mext_depot_refused lost = { 77, 77 };

	(void)state;
	assert_non_null(other);
	assert_int_equal(mext_depot_lost(other, &lost), -EINVAL);
	assert_int_equal(mext_depot_lost(NULL, &lost), -EINVAL);
	assert_int_equal(mext_depot_lost(mp, NULL), -EINVAL);
	assert_int_equal(lost.put_twice, 77);
	assert_int_equal(lost.no_magazine, 77);
	assert_lost(mp, 0, 0);
	rte_mempool_free(mp);
	rte_mempool_free(other);
}

static void
test_put_twice_is_counted_and_logged_once_for_each_mempool(void **state)
{
	struct rte_mempool *mp = make_filled("first"), *second = make_filled("second");
	void *objs[NB];
	const char *log;
	unsigned int i;

	(void)state;
	assert_int_equal(rte_mempool_get_bulk(mp, objs, NB), 0);
	rte_mempool_put_bulk(mp, objs, NB);
	capture_start();
	for (i = 0; i < NB; i++)
		rte_mempool_put(mp, objs[i]);
	assert_int_equal(rte_mempool_ops_enqueue_bulk(mp, objs, NB), -ENOBUFS);
	assert_int_equal(rte_mempool_ops_enqueue_bulk(second, objs, 5), -ENOBUFS);
	log = capture_stop();
	assert_int_equal(count_lines(log, "first", twice), 1);
	assert_int_equal(count_lines(log, "second", twice), 1);
	assert_null(strstr(log, no_magazine));
	assert_lost(mp, 2 * NB, 0);
	assert_lost(second, 5, 0);
	assert_int_equal(rte_mempool_avail_count(mp), NB);
	rte_mempool_free(mp);
	rte_mempool_free(second);
}

/** The line tells calls of threads that stand still from those of processes that have ended. */
static void
assert_no_magazine_line(uint32_t process, const char *expected)
{
	struct rte_mempool *mp = make_filled("lost");
	struct depot *d = mp->pool_data;
	void *objs[NB];
	const char *log;
	char end[256];

	assert_int_equal(rte_mempool_get_bulk(mp, objs, NB), 0);
	stop_all(mp, process);
	capture_start();
	rte_mempool_put_bulk(mp, objs, 32);
	rte_mempool_put(mp, objs[32]);
	log = capture_stop();
	assert_int_equal(count_lines(log, "lost", no_magazine), 1);
	snprintf(end, sizeof(end), expected, d->nb_magazines, d->nb_magazines, d->nb_magazines);
	if (strstr(log, end) == NULL)
		fail_msg("'%s' is not in '%s'", end, log);
	assert_null(strstr(log, twice));
	assert_lost(mp, 0, 33);
	rte_mempool_free(mp);
}

static void
test_put_without_magazines_is_counted_and_logged_once(void **state)
{
	(void)state;
	assert_no_magazine_line(getpid(),
			": no magazine is empty, %u of %u are with calls; there are enough for 64 calls "
			"that stand still or were killed. %u were taken by processes that are there, and 0 by such as are gone");
	/* Above all numbers of processes. */
	assert_no_magazine_line(INT32_MAX,
			": no magazine is empty, %u of %u are with calls; there are enough for 64 calls "
			"that stand still or were killed. 0 were taken by processes that are there, and %u by such as are gone");
}

/** What a get has gathered and finds no place for. */
static void
test_get_that_loses_some_is_counted_and_logged_once(void **state)
{
	struct rte_mempool *mp = make_filled("lost");
	struct depot *d = mp->pool_data;
	void *objs[NB], *again[NB];
	unsigned int s, there = 0;
	const char *log;

	(void)state;
	assert_int_equal(rte_mempool_get_bulk(mp, objs, NB), 0);
	/* On shelves alone. */
	for (s = 0; s < d->nb_stations; s++, there += 50)
		assert_int_equal(depot_put(d, s, &objs[there], 50), 0);
	stop_all(mp, getpid());
	capture_start();
	assert_int_equal(rte_mempool_get_bulk(mp, again, there), -ENOBUFS);
	assert_int_equal(rte_mempool_get_bulk(mp, again, NB), -ENOBUFS);
	log = capture_stop();
	assert_int_equal(count_lines(log, "lost", no_magazine), 1);
	assert_lost(mp, 0, d->magazine_size);
	assert_int_equal(rte_mempool_avail_count(mp), there - d->magazine_size);
	rte_mempool_free(mp);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lost_of_other_mempools_or_nothing_is_refused),
		cmocka_unit_test(test_put_twice_is_counted_and_logged_once_for_each_mempool),
		cmocka_unit_test(test_put_without_magazines_is_counted_and_logged_once),
		cmocka_unit_test(test_get_that_loses_some_is_counted_and_logged_once),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
