/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The depot by one thread while others stand still inside, or were killed there: shelves are claimed, magazines are
 * with nobody. Tags are near their end. A random walk against a model.
 */
#include "stack.h"
#include "store.h"

static const uint32_t sizes[] = { 1, 2, 7, 8, 9, 63, 64, 65, 255, 512, 2047, 4096, 8191, 24000,
	65535 };

/** Run a scenario with a depot of each size, and so many of its shelves claimed. */
static void
each_size(uint32_t nb_claimed, void (*scenario)(struct store *st))
{
	struct store st;
	unsigned int i;

	for (i = 0; i < RTE_DIM(sizes); i++) {
		store_begin(&st, sizes[i]);
		store_claim(&st, 0, nb_claimed, true);
		scenario(&st);
		store_end(&st);
	}
}

/** Every tag one step, or two, from its end. */
static void
wrap_tags(struct store *st)
{
	const uint64_t tags = ~((UINT64_C(1) << st->d->position_bits) - 1);
	uint32_t s;

	for (s = 0; s < st->d->nb_stations; s++) {
		struct depot_station *station = &st->d->stations[s];

		station->shelf |= ~(SHELF_COUNT | SHELF_CLAIMED);
		station->filled |= tags;
		station->empty |= tags;
	}
}

static void
put_and_get(struct store *st)
{
	uint32_t thread, n;

	for (n = 1; n <= st->nb; n = 3 * n + 1) {
		for (thread = 0; thread < 2 * STORE_THREADS; thread += 3) {
			store_put_all(st, thread, n);
			store_get_fails(st, thread, st->nb + 1);
			store_get(st, thread, n);
			store_get(st, thread + 1, st->nb - n);
		}
	}
	store_put_all(st, 0, 1);
	store_audit(st);
	while (st->out < st->nb)
		store_get(st, st->out, 1);
}

static void
test_put_and_get_with_some_shelves_claimed_work(void **state)
{
	(void)state;
	each_size(1, put_and_get);
	each_size(STORE_THREADS - 1, put_and_get);
}

static void
test_put_and_get_with_all_shelves_claimed_work(void **state)
{
	(void)state;
	each_size(STORE_THREADS, put_and_get);
}

static void
put_and_get_wrapping(struct store *st)
{
	wrap_tags(st);
	put_and_get(st);
	store_put_all(st, 0, 7);
	wrap_tags(st);
	store_get(st, 3, st->nb);
	put_and_get(st);
}

static void
test_put_and_get_while_tags_wrap_work(void **state)
{
	(void)state;
	each_size(0, put_and_get_wrapping);
}

/** Put some to every shelf and every stack, so that some are in each place that there is. */
static void
spread(struct store *st)
{
	const uint32_t places = 2 * st->d->nb_stations + 3;
	uint32_t i, n;

	for (i = 0; i < places; i++) {
		n = RTE_MIN(st->out / (places - i) + store_random(st, 7), st->out);
		store_claim(st, 0, STORE_THREADS, i % 2 == 1);
		if (n > 0)
			store_put(st, i / 2, n);
	}
	store_put_all(st, 0, st->nb);
	store_claim(st, 0, STORE_THREADS, false);
	store_audit(st);
}

static void
spread_and_get_all(struct store *st)
{
	uint32_t thread;

	for (thread = 0; thread < STORE_THREADS; thread++) {
		spread(st);
		store_get(st, thread, st->nb);
		store_audit(st);
	}
}

static void
test_get_of_all_spread_over_all_places_succeeds(void **state)
{
	(void)state;
	each_size(0, spread_and_get_all);
}

static void
spread_and_get_too_many(struct store *st)
{
	uint32_t thread;

	for (thread = 0; thread < STORE_THREADS && st->nb > 1; thread++) {
		spread(st);
		store_get(st, thread, 1 + store_random(st, RTE_MIN(st->nb - 1, 9u)));
		/* All that is there is gathered, and put back. */
		store_get_fails(st, thread, st->nb - st->out + 1);
		store_audit(st);
		store_get(st, thread, st->nb - st->out);
	}
}

static void
test_get_of_one_too_many_puts_all_back(void **state)
{
	(void)state;
	each_size(0, spread_and_get_too_many);
}

/** A shelf that was claimed for ever is still got from. */
static void
claim_and_get(struct store *st)
{
	uint32_t s;

	for (s = 0; s < st->d->nb_stations; s++) {
		spread(st);
		store_claim(st, 0, s + 1, true);
		store_get_fails(st, s, st->nb + 1);
		store_get(st, s, st->nb);
		store_audit(st);
	}
	store_claim(st, 0, STORE_THREADS, false);
}

static void
test_claim_for_ever_withholds_nothing(void **state)
{
	(void)state;
	each_size(0, claim_and_get);
}

/** A putter that was killed in each of its steps by hand: between them nothing can be seen of what it puts. */
static void
kill_putter(struct store *st)
{
	struct depot_station *station = &st->d->stations[0];
	const uint32_t n = RTE_MIN(st->nb / 2, 8u);
	uint32_t count;

	if (n == 0)
		return;
	store_put(st, 0, st->nb - n);
	store_claim(st, 0, 1, true);
	count = station->shelf & SHELF_COUNT;
	if (count + n <= st->d->shelf_size)
		memset(&shelf_slots(st->d, 0)[count], 0x5a, n * sizeof(void *));
	assert_int_equal(mextp_depot_count(st->d), st->nb - n);
	store_get_fails(st, 0, st->nb - n + 1);
	store_get(st, 0, st->nb - n);
	store_put_all(st, 0, 3);
	store_get(st, 0, st->nb);
	/* The number was lowered meanwhile. */
	assert_int_equal(station->shelf & (SHELF_COUNT | SHELF_CLAIMED), SHELF_CLAIMED);
	store_claim(st, 0, 1, false);
}

static void
test_put_killed_half_way_is_not_counted(void **state)
{
	(void)state;
	each_size(0, kill_putter);
}

/** Puts and gets of random sizes by random threads, with shelves claimed and let go at random. */
static void
walk(struct store *st, uint32_t nb_steps)
{
	uint32_t n, thread;

	while (nb_steps-- > 0) {
		thread = store_random(st, 2 * STORE_THREADS);
		/* All sizes up to the whole depot, the smaller the more often. */
		n = 1 + store_random(st, 1 + st->nb / (1 + store_random(st, 64)));
		if (store_random(st, 2) == 0 && st->out > 0)
			store_put(st, thread, RTE_MIN(n, st->out));
		else if (n <= st->nb - st->out)
			store_get(st, thread, n);
		else
			store_get_fails(st, thread, n);
		if (store_random(st, 8) == 0)
			store_claim(st, store_random(st, STORE_THREADS),
					store_random(st, STORE_THREADS), store_random(st, 2));
		if (store_random(st, 64) == 0)
			store_audit(st);
		if (store_random(st, 512) == 0)
			store_move(st);
	}
	store_claim(st, 0, STORE_THREADS, false);
	if (st->out < st->nb)
		store_get(st, 0, st->nb - st->out);
}

static void
walk_by_size(struct store *st)
{
	walk(st, RTE_MAX(200000000 / (st->nb + 1000), 1000u));
}

static void
test_put_and_get_at_random_is_as_the_model(void **state)
{
	(void)state;
	each_size(0, walk_by_size);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put_and_get_with_some_shelves_claimed_work),
		cmocka_unit_test(test_put_and_get_with_all_shelves_claimed_work),
		cmocka_unit_test(test_put_and_get_while_tags_wrap_work),
		cmocka_unit_test(test_get_of_all_spread_over_all_places_succeeds),
		cmocka_unit_test(test_get_of_one_too_many_puts_all_back),
		cmocka_unit_test(test_claim_for_ever_withholds_nothing),
		cmocka_unit_test(test_put_killed_half_way_is_not_counted),
		cmocka_unit_test(test_put_and_get_at_random_is_as_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
