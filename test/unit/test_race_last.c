/* SPDX-License-Identifier: BSD-3-Clause */
/* Two lcores drop the last two references at the same moment: exactly one of them cleans up. */
#include "kinds.h"
#include "race.h"

#define ROUNDS 30000

/** What each party drops in this round; NULL: a reference on the storage. */
static struct rte_mbuf *drop[2];
static struct mext_storage *storage;
static const struct free_way *way[2];

/** Every pair of ways in turn. */
static void
choose_ways(unsigned int round)
{
	way[0] = &free_ways[round % nb_free_ways];
	way[1] = &free_ways[round / nb_free_ways % nb_free_ways];
}

static bool
step_drop(struct party *party)
{
	struct rte_mbuf *m = drop[party->id];

	if (m == NULL)
		return mext_storage_release(storage, 1) == 0;
	way[party->id]->free(&m, 1);
	return true;
}

static void
check_nothing_out(struct world *w, unsigned int round)
{
	(void)round;
	assert_int_equal(mext_stats_outstanding(w->pool), 0);
	assert_int_equal(w->wraps_live, 0);
	assert_int_equal(w->foreign_live, 0);
}

/** An mbuf over wrapped memory beside a clone, or beside a reference. */
static void
prepare_wrapped(struct world *w, unsigned int round)
{
	choose_ways(round);
	storage = world_wrap(w, 10);
	drop[0] = world_header(w);
	drop[1] = NULL;
	assert_int_equal(mext_attach(drop[0], storage, 0, 10), 0);
	if (round % 3 == 0)
		assert_int_equal(mext_storage_hold(storage, 1), 0);
	else
		drop[1] = kind_clone(w, drop[0]);
}

static void
test_race_last_drops_of_wrapped_call_back_once(void **state)
{
	struct world *w = *state;

	race_rounds(w, prepare_wrapped, step_drop, check_nothing_out, ROUNDS);
	assert_int_equal(w->wraps_freed, ROUNDS);
	assert_int_equal(stats_of(w->pool).bad_releases, 0);
}

/** The header of a pair beside a clone, or beside a reference on its storage. */
static void
prepare_pair(struct world *w, unsigned int round)
{
	unsigned int header = round % 2;

	choose_ways(round);
	drop[header] = mext_packet_alloc(w->pool);
	drop[!header] = NULL;
	storage = mext_storage_from_mbuf(drop[header]);
	assert_int_equal(mext_storage_refcnt(storage), 1);
	if (round % 3 == 0)
		assert_int_equal(mext_storage_hold(storage, 1), 0);
	else
		drop[!header] = kind_clone(w, drop[header]);
}

static void
test_race_last_drops_of_pair_return_it_whole(void **state)
{
	struct world *w = *state;

	race_rounds(w, prepare_pair, step_drop, check_nothing_out, ROUNDS);
}

static uint64_t releases, returns;

/** As before, but nobody uses DPDK's calls: every drop is counted, and one return. */
static void
prepare_counted_pair(struct world *w, unsigned int round)
{
	struct mext_stats stats = stats_of(w->pool);

	releases = stats.releases;
	returns = stats.returns_bulk;
	prepare_pair(w, round);
	way[0] = way[1] = &free_ways[0];
}

static void
check_counted_pair(struct world *w, unsigned int round)
{
	struct mext_stats stats = stats_of(w->pool);

	assert_int_equal(stats.releases, releases + 2);
	assert_int_equal(stats.returns_bulk, returns + 1);
	assert_int_equal(stats.returns_callback, 0);
	check_nothing_out(w, round);
}

static void
test_race_last_drops_of_pair_by_mext_count_one_return(void **state)
{
	struct world *w = *state;

	assert_string_equal(free_ways[0].name, "mext_free_bulk");
	race_rounds(w, prepare_counted_pair, step_drop, check_counted_pair, ROUNDS);
}

/** The same header twice: each party owns one of its two references. */
static void
prepare_header(struct world *w, unsigned int round)
{
	choose_ways(round);
	drop[0] = drop[1] = kind_rows[round % nb_kind_rows].make(w);
	rte_mbuf_refcnt_update(drop[0], 1);
}

static void
test_race_last_drops_of_shared_header_free_it_once(void **state)
{
	struct world *w = *state;

	race_rounds(w, prepare_header, step_drop, check_nothing_out, ROUNDS);
}

/**
 * The header of a pair twice, with its storage held: DPDK leaves such a header at refcnt 0 when the
 * two drops meet, so whoever lets go of the storage must put it back to 1.
 */
static void
prepare_header_of_held_pair(struct world *w, unsigned int round)
{
	choose_ways(round);
	drop[0] = drop[1] = mext_packet_alloc(w->pool);
	storage = mext_storage_from_mbuf(drop[0]);
	assert_int_equal(mext_storage_hold(storage, 1), 0);
	rte_mbuf_refcnt_update(drop[0], 1);
}

static void
check_held_pair(struct world *w, unsigned int round)
{
	assert_int_equal(mext_storage_refcnt(storage), 1);
	assert_int_equal(mext_stats_outstanding(w->pool), 1);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	assert_int_equal(rte_mbuf_refcnt_read(drop[0]), 1); /* free now, nobody writes it */
	check_nothing_out(w, round);
}

static void
test_race_last_drops_of_shared_header_keep_held_storage(void **state)
{
	struct world *w = *state;

	race_rounds(w, prepare_header_of_held_pair, step_drop, check_held_pair, ROUNDS);
}

/** An mbuf of any kind and its clone. */
static void
prepare_clone(struct world *w, unsigned int round)
{
	choose_ways(round);
	drop[round % 2] = kind_rows[round % nb_kind_rows].make(w);
	drop[!(round % 2)] = kind_clone(w, drop[round % 2]);
}

static void
test_race_last_drops_of_original_and_clone_return_all(void **state)
{
	struct world *w = *state;

	race_rounds(w, prepare_clone, step_drop, check_nothing_out, ROUNDS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		race_test(test_race_last_drops_of_wrapped_call_back_once),
		race_test(test_race_last_drops_of_pair_return_it_whole),
		race_test(test_race_last_drops_of_pair_by_mext_count_one_return),
		race_test(test_race_last_drops_of_shared_header_free_it_once),
		race_test(test_race_last_drops_of_shared_header_keep_held_storage),
		race_test(test_race_last_drops_of_original_and_clone_return_all),
	};

	if (race_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
