/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls that stand still between any two steps of theirs, in any state of a depot, while others come in between. */
#include "hooked.h"

/** Calls in between, at most. */
#define NB_BETWEEN 4

/** What comes in between: a call, or several. */
struct visit {
	enum visit_kind {
		CALL,
		MOVE, /* get few, and put them elsewhere */
		CHURN, /* get all there is, and put all that is out */
	} kind;
	struct call call;
};

static struct visit between[NB_BETWEEN];
static uint32_t nb_between;
/** Quota that is nowhere: places may hold so much more than theirs. */
static uint32_t nb_lost;

/** One of those in between: a get may find too few only if there are without those that the first one may have. */
static void
do_one_between(struct call *call)
{
	uint32_t there = store.nb - store.out;

	there -= RTE_MIN(there, first.n);
	if (call->is_put) {
		call->n = RTE_MIN(call->n, store.out);
		if (call->n == 0)
			return;
		hold(call);
	}
	do_call(call);
	if (call->ret != 0 && (call->is_put || call->n <= there))
		fail_msg("in between a %s of %u beside %u: %d", call->is_put ? "put" : "get",
				call->n, there, call->ret);
	if (!call->is_put && call->ret == 0)
		keep(call);
	fewest = RTE_MIN(fewest, store.nb - store.out - (first.is_put ? first.n : 0));
}

static void
do_move(struct call *call)
{
	call->is_put = false;
	call->n = RTE_MIN(call->n % 2 + 1, store.nb - store.out);
	do_one_between(call);
	if (call->n == 0 || call->ret != 0)
		return;
	call->is_put = true;
	call->thread += 1 + call->n;
	do_one_between(call);
}

static void
do_churn(struct call *call)
{
	const uint32_t n = call->n;

	do {
		call->is_put = false;
		do_one_between(call);
	} while (call->ret == 0);
	while (store.out > 0) {
		*call = (struct call){ .is_put = true, .thread = call->thread + 1, .n = n };
		do_one_between(call);
	}
}

static void
draw_visit(struct visit *visit)
{
	static const enum visit_kind kinds[] = { CALL, CALL, CALL, CALL, CALL, MOVE, MOVE, CHURN };

	visit->kind = kinds[store_random(&store, RTE_DIM(kinds))];
	draw_call(&visit->call);
}

static void
do_visit(struct visit *visit)
{
	if (visit->kind == MOVE)
		do_move(&visit->call);
	else if (visit->kind == CHURN)
		do_churn(&visit->call);
	else
		do_one_between(&visit->call);
}

/** The next one of those in between, and the one after it here too or some hooks later. */
static void
do_between(void)
{
	uint32_t later;

	do {
		do_visit(&between[--nb_between]);
		later = store_random(&store, 5);
	} while (nb_between > 0 && later == 0);
	if (nb_between > 0)
		until = later;
}

/** A call was killed while it had some quota in hands. */
static void
lose_quota(void)
{
	struct depot_station *st = &store.d->stations[store_random(&store, store.d->nb_stations)];
	depot_quota_t *quota = store_random(&store, 2) ? &st->filled_quota : &st->shelf_quota;
	const uint32_t n = store_random(&store, *quota + 1);

	*quota -= n;
	nb_lost += n;
}

/** What the first call has done: a get may find too few if there were at some moment. */
static void
check_first(uint32_t at)
{
	if (first.ret != 0 && (first.is_put || first.n <= fewest))
		fail_msg("a %s of %u, at its hook %u: %d, with %u at least",
				first.is_put ? "put" : "get", first.n, at, first.ret, fewest);
	if (!first.is_put && first.ret == 0)
		keep(&first);
	store_audit(&store);
	/* Room that two found together, or of which one took the quota away, is made up for by the last of them. */
	assert_true(store.audit.over <= nb_lost);
	assert_int_equal(store.d->refused.twice, 0);
	assert_int_equal(store.d->refused.no_magazine, 0);
}

/** Come between all steps of a call, the same state before each. @return how many there are. */
static uint32_t
come_between(void)
{
	struct snapshot s;
	uint32_t at, i;
	bool more = true;

	draw_state(store_random(&store, 2));
	draw_call(&first);
	/* At times all there is, or nearly: from several stations. */
	if (!first.is_put && store_random(&store, 3) == 0)
		first.n = RTE_MIN(store.nb - store.out - RTE_MIN(first.n % 4, store.nb - store.out),
				(uint32_t)N_MAX);
	if (first.is_put)
		first.n = RTE_MIN(first.n, store.out);
	if (first.n == 0)
		return 0;
	save(&s);
	for (at = 1; more; at++) {
		nb_between = 1 + store_random(&store, NB_BETWEEN);
		for (i = 0; i < nb_between; i++)
			draw_visit(&between[i]);
		more = do_first(at, do_between);
		check_first(at);
		restore(&s);
	}
	drop(&s);
	return at;
}

static void
test_call_between_any_steps_of_another_is_right(void **state)
{
	uint32_t hooks;
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(depots); i++) {
		store_begin_for(&store, depots[i].nb, depots[i].nb_threads);
		for (hooks = 0; hooks < NB_HOOKS; hooks += come_between())
			;
		store_end(&store);
	}
}

/** Two magazines are empty, as it were from others that take and return them: they go from station to station. */
static void
move_magazines(void)
{
	const uint32_t nb = store.d->nb_stations, to = store_random(&store, nb);
	struct chain chain;
	uint32_t s;

	for (s = 0; s < nb; s++) {
		chain = empty_pop(store.d, s, 2);
		if (chain.nb > 0)
			empty_push(store.d, to, &chain);
	}
	until = 1 + store_random(&store, 6);
}

static void
put_beside_moves(void)
{
	uint32_t s, at;
	struct chain chain;
	bool more = true;

	for (at = 1; more; at++) {
		store_reset(&store);
		store_claim(&store, 0, STORE_THREADS, true);
		for (s = 0; s < store.d->nb_stations; s++)
			empty_pop(store.d, s, store.d->nb_magazines);
		chain = (struct chain){ .first = 1, .last = 2 };
		link_set_next(store.d, 1, position(store.d, 2, 0));
		empty_push(store.d, store_random(&store, store.d->nb_stations), &chain);
		first = (struct call){ .is_put = true, .thread = at, .n = 3 };
		more = do_first(at, move_magazines);
		if (first.ret != 0)
			fail_msg("a put beside two magazines that move: %d at hook %u", first.ret,
					at);
		keep(&first);
	}
	store_reset(&store);
}

static void
test_put_finds_magazines_that_go_from_station_to_station(void **state)
{
	uint32_t round;

	(void)state;
	store_begin_for(&store, 1030, 4);
	for (round = 0; round < 300; round++)
		put_beside_moves();
	store_end(&store);
}

static uint32_t hooks_later;

static void
put_in_between(uint32_t thread, uint32_t n)
{
	struct call call = { .is_put = true, .thread = thread, .n = n };

	hold(&call);
	do_call(&call);
	assert_int_equal(call.ret, 0);
}

/** Get the magazine at the top of station 0, and put one pointer of it at station 1, which has no other magazine. */
static void
use_magazine_again(void)
{
	struct call call = { .n = position_count(store.d,
					     top_position(store.d, store.d->stations[0].filled)) };

	do_call(&call);
	assert_int_equal(call.ret, 0);
	keep(&call);
	put_in_between(1, 1);
}

static void
put_ten(void)
{
	put_in_between(0, 10);
	until = hooks_later;
	then = use_magazine_again;
}

/** Station 0 has quota for ten more, which a put at station 1 would take while they are put. */
static void
draw_crowded(void)
{
	struct chain chain;
	uint32_t i;

	store_reset(&store);
	store_claim(&store, 0, STORE_THREADS, true);
	for (i = 0; i < 100; i++)
		store_put(&store, 0, 10);
	store_put(&store, 1, 10);
	chain = empty_pop(store.d, 1, store.d->nb_magazines);
	empty_push(store.d, 0, &chain);
	store.d->stations[0].filled_quota = 1010;
	store.d->stations[0].shelf_quota = 10;
	store.d->stations[1].filled_quota = 10;
	store.d->stations[1].shelf_quota = 0;
}

static void
test_count_of_magazines_is_of_one_moment(void **state)
{
	bool more = true;
	uint32_t at;

	(void)state;
	store_begin_for(&store, 1030, 2);
	for (at = 1; more; at++) {
		for (hooks_later = 1; hooks_later < 100; hooks_later++) {
			draw_crowded();
			first = (struct call){ .is_put = true, .thread = 1, .n = 10 };
			more = do_first(at, put_ten);
			assert_int_equal(first.ret, 0);
			store_audit(&store);
			assert_int_equal(store.audit.over, 0);
		}
	}
	store_reset(&store);
	store_end(&store);
}

/** Alone, whatever was claimed for ever, and with no magazine left too. */
static void
test_call_alone_takes_few_steps(void **state)
{
	uint32_t round, n, most[2];
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(depots); i++) {
		store_begin_for(&store, depots[i].nb, depots[i].nb_threads);
		memset(most, 0, sizeof(most));
		for (round = 0; round < NB_HOOKS / 2; round++) {
			if (round % 32 == 0) {
				store_reset(&store);
				nb_lost = 0;
				draw_state(true);
				for (n = store_random(&store, 8); n > 0; n--)
					lose_quota();
			}
			draw_call(&first);
			if (first.is_put)
				first.n = RTE_MIN(first.n, store.out);
			if (first.n == 0)
				continue;
			do_first(UINT32_MAX, NULL);
			if (nb_steps > DEPOT_STEPS_MAX(store.d, first.n))
				fail_msg("a %s of %u of %u took %u steps",
						first.is_put ? "put" : "get", first.n, store.nb,
						nb_steps);
			most[first.is_put] = RTE_MAX(most[first.is_put], nb_steps);
			check_first(0);
		}
		store_claim(&store, 0, STORE_THREADS, false);
		nb_lost = 0;
		store_end(&store);
		print_message("# %u pointers: at most %u steps in a put, %u in a get\n", store.nb,
				most[1], most[0]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call_alone_takes_few_steps),
		cmocka_unit_test(test_call_between_any_steps_of_another_is_right),
		cmocka_unit_test(test_put_finds_magazines_that_go_from_station_to_station),
		cmocka_unit_test(test_count_of_magazines_is_of_one_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
