/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The depot by one thread while hands are claimed, as by threads that were preempted in the middle
 * of a call: other hands are used then, or guests. A random walk against a model.
 */
#include "store.h"

static const uint32_t sizes[] = { 1, 2, 15, 16, 17, 255, 4096, 24000, 65535 };

/** Run a scenario with a depot of each size, and so many of its hands claimed. */
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
test_put_and_get_with_some_hands_claimed_work(void **state)
{
	(void)state;
	each_size(1, put_and_get);
	each_size(STORE_THREADS - 1, put_and_get);
}

static void
test_put_and_get_with_all_hands_claimed_work(void **state)
{
	(void)state;
	each_size(STORE_THREADS, put_and_get);
}

/** Put some with every hand, and as a guest, so that some are in each place that there is. */
static void
spread(struct store *st)
{
	const uint32_t places = 3 * st->d->nb_stations + 3;
	uint32_t i, n;

	for (i = 0; i < places; i++) {
		n = RTE_MIN(st->out / (places - i) + store_random(st, 7), st->out);
		if (i % 3 == 2)
			store_claim(st, 0, STORE_THREADS, true);
		if (n > 0)
			store_put(st, i, n);
		store_claim(st, 0, STORE_THREADS, false);
	}
	store_put_all(st, 0, st->nb);
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

/** Whoever claims a hand keeps what is in its loaded magazine from the others, and no more. */
static void
claim_and_get_rest(struct store *st)
{
	uint32_t s, withheld;

	for (s = 0; s < st->d->nb_stations; s++) {
		spread(st);
		store_claim(st, s, 1, true);
		withheld = depot_audit_withheld(st->d);
		assert_true(withheld <= st->d->magazine_size);
		store_get_fails(st, s, st->nb - withheld + 1);
		store_get(st, s, st->nb - withheld);
		store_claim(st, s, 1, false);
		store_get(st, s + 1, withheld);
	}
	store_put_all(st, 0, st->nb);
}

static void
test_claim_for_ever_withholds_one_magazine(void **state)
{
	(void)state;
	each_size(0, claim_and_get_rest);
}

/** Pointers put too often, until no magazine is empty: what a guest has begun to fill is filled. */
static void
put_until_full(struct store *st)
{
	void *const obj = (void *)(uintptr_t)1;
	uint32_t i;

	if (depot_is_small(st->d))
		return; /* no magazine is partly filled there */
	store_claim(st, 0, STORE_THREADS, true);
	store_put(st, 0, 1);
	store_claim(st, 0, STORE_THREADS, false);
	assert_int_not_equal(st->d->stacks[DEPOT_PARTIAL] & STACK_INDEX_MASK, 0);
	for (i = st->d->nb_magazines * st->d->magazine_size; i > 0; i--)
		if (depot_put(st->d, 0, &obj, 1) != 0)
			break;
	assert_true(i > 0);
	assert_int_equal(st->d->stacks[DEPOT_PARTIAL] & STACK_INDEX_MASK, 0);
	memset(st->seen, 0, st->nb + 1);
	assert_null(depot_audit(st->d, st->seen, st->nb + 1));
	store_reset(st);
}

static void
test_put_without_empty_magazines_fills_partly_filled_ones(void **state)
{
	(void)state;
	each_size(0, put_until_full);
}

/** Every empty magazine made a partly filled one, as by many guests at once; then a full one loaded. */
static void
get_without_empty_magazines(struct store *st)
{
	struct depot *d = st->d;
	struct stack_link *links = RTE_PTR_ADD(d, d->links);
	uint32_t index;

	if (depot_is_small(d))
		return; /* no magazine is partly filled there */
	while ((index = stack_pop(&d->stacks[DEPOT_EMPTY], links)) != 0) {
		depot_magazine(d, index)[0] = st->table[--st->out];
		links[index].count = 1;
		d->net++;
		stack_push(&d->stacks[DEPOT_PARTIAL], links, index);
	}
	store_put(st, 0, d->magazine_size);
	store_get(st, 0, d->magazine_size + 1);
	store_audit(st);
	store_get(st, 1, st->nb - st->out);
}

static void
test_get_without_empty_magazines_loads_partly_filled_ones(void **state)
{
	(void)state;
	each_size(0, get_without_empty_magazines);
}

/** Puts and gets of random sizes by random threads, with hands claimed and let go at random. */
static void
walk(struct store *st, uint32_t nb_steps)
{
	uint32_t n, thread, withheld;

	while (nb_steps-- > 0) {
		thread = store_random(st, 2 * STORE_THREADS);
		/* All sizes up to the whole depot, the smaller the more often. */
		n = 1 + store_random(st, 1 + st->nb / (1 + store_random(st, 64)));
		withheld = depot_audit_withheld(st->d);
		if (store_random(st, 2) == 0 && st->out > 0)
			store_put(st, thread, RTE_MIN(n, st->out));
		else if (n <= st->nb - st->out - withheld)
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
		cmocka_unit_test(test_put_and_get_with_some_hands_claimed_work),
		cmocka_unit_test(test_put_and_get_with_all_hands_claimed_work),
		cmocka_unit_test(test_get_of_all_spread_over_all_places_succeeds),
		cmocka_unit_test(test_claim_for_ever_withholds_one_magazine),
		cmocka_unit_test(test_put_without_empty_magazines_fills_partly_filled_ones),
		cmocka_unit_test(test_get_without_empty_magazines_loads_partly_filled_ones),
		cmocka_unit_test(test_put_and_get_at_random_is_as_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
