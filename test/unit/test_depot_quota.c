/* SPDX-License-Identifier: BSD-3-Clause */
/* What a depot refuses: pointers put twice, puts without magazines. No other put, and what is there stays. */
#include "stack.h"
#include "store.h"

static const uint32_t sizes[] = { 1, 2, 7, 8, 9, 63, 64, 65, 255, 512, 2047, 4096, 8191, 24000,
	65535 };

static void
each_size(void (*scenario)(struct store *st))
{
	struct store st;
	unsigned int i;

	for (i = 0; i < RTE_DIM(sizes); i++) {
		store_begin(&st, sizes[i]);
		scenario(&st);
		store_end(&st);
	}
}

/** Quotas are those of the places, and all together what the depot was made for. */
static void
check_quotas(struct store *st)
{
	struct depot_audit a = { .seen = st->seen, .nb = st->nb + 1 };

	assert_null(depot_audit(st->d, &a));
	assert_int_equal(a.over, 0);
	assert_int_equal(a.quotas, st->nb);
}

/** Put n pointers that are in the depot, at each station: refused, and counted. */
static void
put_twice(struct store *st, uint32_t n, bool claimed)
{
	void **objs = calloc(n, sizeof(*objs));
	const uint64_t before = st->d->refused.twice;
	uint32_t thread, i;

	assert_non_null(objs);
	for (i = 0; i < n; i++)
		objs[i] = (void *)(uintptr_t)(i % st->nb + 1);
	store_claim(st, 0, STORE_THREADS, claimed);
	for (thread = 0; thread < STORE_THREADS; thread++)
		assert_int_equal(depot_put(st->d, thread, objs, n), -EDQUOT);
	store_claim(st, 0, STORE_THREADS, false);
	assert_int_equal(st->d->refused.twice, before + STORE_THREADS * n);
	assert_int_equal(st->d->refused.no_magazine, 0);
	free(objs);
}

/** Some on every shelf and on every stack, and got again from anywhere; a full depot in the end. */
static void
fill_anyhow(struct store *st)
{
	uint32_t i, n;

	for (i = 0; i < 40; i++) {
		n = store_random(st, st->nb / (1 + store_random(st, 8)) + 1);
		store_claim(st, store_random(st, STORE_THREADS), store_random(st, STORE_THREADS),
				store_random(st, 2));
		if (store_random(st, 3) > 0)
			store_put(st, store_random(st, STORE_THREADS), RTE_MIN(n, st->out));
		else if (n > st->nb - st->out)
			store_get_fails(st, store_random(st, STORE_THREADS), n);
		else
			store_get(st, store_random(st, STORE_THREADS), n);
		check_quotas(st);
	}
	while (st->out > 0)
		store_put(st, store_random(st, STORE_THREADS),
				1 + store_random(st, RTE_MIN(st->out, 300u)));
	store_claim(st, 0, STORE_THREADS, false);
}

static void
put_twice_when_full(struct store *st)
{
	const uint32_t n[] = { 1, 2, 32, st->d->magazine_size, st->nb, st->nb + 1 };
	uint32_t round, i;

	for (round = 0; round < 8; round++) {
		fill_anyhow(st);
		for (i = 0; i < RTE_DIM(n); i++) {
			put_twice(st, n[i], false);
			put_twice(st, n[i], true);
		}
		store_audit(st);
		store_get(st, round, st->nb);
	}
}

static void
test_put_twice_when_full_is_refused_and_counted(void **state)
{
	(void)state;
	each_size(put_twice_when_full);
}

/** More than are out, at any station: on its shelf, in its magazines, or in both. */
static void
put_more_than_are_out(struct store *st)
{
	void **objs = calloc(st->nb, sizeof(*objs));
	uint32_t round, thread, n, i;

	assert_non_null(objs);
	for (i = 0; i < st->nb; i++)
		objs[i] = (void *)(uintptr_t)(i + 1);
	for (round = 0; round < 20; round++) {
		fill_anyhow(st);
		store_get(st, round, 1 + store_random(st, RTE_MIN(st->nb, 200u)));
		for (thread = 0; thread < STORE_THREADS; thread++) {
			n = RTE_MIN(st->out + 1 + store_random(st, 100), st->nb);
			if (n > st->out)
				assert_int_equal(depot_put(st->d, thread, objs, n), -EDQUOT);
			check_quotas(st);
		}
		store_put_all(st, round, st->out);
		store_get(st, round, st->nb);
	}
	free(objs);
}

static void
test_put_of_more_than_are_out_is_refused(void **state)
{
	(void)state;
	each_size(put_more_than_are_out);
}

static void
put_one_too_many(struct store *st)
{
	void *const obj = (void *)(uintptr_t)1;
	uint32_t thread;

	store_put_all(st, 0, st->nb);
	for (thread = 0; thread < STORE_THREADS; thread++) {
		if (st->nb == 1)
			continue;
		store_get(st, thread, st->nb / 2);
		store_put(st, thread + 1, st->nb / 2 - 1);
		/* Nobody can tell a pointer that is put twice from the last one that is out. */
		store_put(st, thread, 1);
		assert_int_equal(depot_put(st->d, thread + 2, &obj, 1), -EDQUOT);
	}
	store_get(st, 0, st->nb);
}

static void
test_put_is_refused_from_the_first_one_too_many(void **state)
{
	(void)state;
	each_size(put_one_too_many);
}

/** Killed after it took from a quota, and before it gave: what it puts is missing, and nobody else is refused. */
static void
lose_quota(struct store *st)
{
	const uint32_t n = RTE_MAX(st->nb / 3, 1u);
	uint32_t i;

	store_put(st, 0, st->nb);
	store_get(st, 1, st->nb);
	/* All that there is, from wherever it is. */
	for (i = 0; i < st->d->nb_stations; i++) {
		st->d->stations[i].filled_quota = 0;
		st->d->stations[i].shelf_quota = 0;
	}
	while (st->out > n)
		store_put(st, st->out, RTE_MIN(n, st->out));
	store_put_all(st, 0, n);
	assert_int_equal(st->d->refused.twice, 0);
	put_twice(st, 1, false);
	store_get(st, 0, st->nb);
	store_reset(st);
}

static void
test_put_while_quotas_are_with_calls_is_not_refused(void **state)
{
	(void)state;
	each_size(lose_quota);
}

/** Take all empty magazines away but some. @return the chain of those, at station 0 in the end. */
static struct chain
withhold(struct store *st, uint32_t but)
{
	struct chain taken = { 0 }, one;
	uint32_t s, left = 0;

	for (s = 0; s < st->d->nb_stations; s++) {
		while ((one = empty_pop(st->d, s, 1)).nb > 0)
			chain_add(st->d, &taken, one.first, 0);
	}
	for (; left < but; left++) {
		uint32_t index = chain_take(st->d, &taken);

		one = (struct chain){ .first = index, .last = index, .nb = 1 };
		empty_push(st->d, left % st->d->nb_stations, &one);
	}
	return taken;
}

/** With so many calls as may stand still, of which each has a magazine, all can be put anyhow. */
static void
stop_as_many_as_may(struct store *st)
{
	struct chain taken = { 0 }, one;
	uint32_t i;

	for (i = 0; i < DEPOT_STOPPED_MAX; i++) {
		one = empty_pop(st->d, i & (st->d->nb_stations - 1), 1);
		if (one.nb == 0)
			one = empty_pop(st->d, 0, 1);
		assert_int_equal(one.nb, 1);
		chain_add(st->d, &taken, one.first, 0);
	}
	store_claim(st, 0, STORE_THREADS, true);
	for (i = 1; i < 400; i = 3 * i + 1) {
		while (st->out > 0)
			store_put(st, st->out, RTE_MIN(i, st->out));
		store_get_fails(st, 0, st->nb + 1);
		store_audit_but(st, 0, DEPOT_STOPPED_MAX);
		store_get(st, i, st->nb);
	}
	store_claim(st, 0, STORE_THREADS, false);
	assert_int_equal(st->d->refused.no_magazine, 0);
	empty_push(st->d, 0, &taken);
}

static void
test_put_with_64_magazines_withheld_never_fails(void **state)
{
	(void)state;
	each_size(stop_as_many_as_may);
}

static void
put_without_magazines(struct store *st)
{
	struct chain taken = withhold(st, 0);
	const uint32_t n = RTE_MIN(st->nb, 20u);
	uint64_t refused = 0;
	uint32_t thread;

	store_claim(st, 0, STORE_THREADS, true);
	for (thread = 0; thread < STORE_THREADS; thread++) {
		assert_int_equal(depot_put(st->d, thread, st->table, n), -ENOBUFS);
		refused += n;
		assert_int_equal(st->d->refused.no_magazine, refused);
		store_audit_but(st, 0, st->d->nb_magazines);
	}
	assert_int_equal(st->d->refused.twice, 0);
	assert_int_equal(mextp_depot_missing(st->d).nb, st->d->nb_magazines);
	empty_push(st->d, 0, &taken);
	store_put(st, 0, n);
	store_get(st, 0, n);
	store_claim(st, 0, STORE_THREADS, false);
}

static void
test_put_without_magazines_puts_nothing_and_is_counted(void **state)
{
	(void)state;
	each_size(put_without_magazines);
}

/** A put that finds some magazines but not all it needs returns those that it found. */
static void
put_with_few_magazines(struct store *st)
{
	const uint32_t m = st->d->magazine_size;
	struct chain taken;
	uint32_t i;

	if (st->nb < 4 * m)
		return;
	taken = withhold(st, 4);
	store_claim(st, 0, STORE_THREADS, true);
	for (i = 0; i < 10; i++)
		assert_int_equal(depot_put(st->d, i, st->table, 4 * m), -ENOBUFS);
	store_audit_but(st, 0, taken.nb);
	store_put(st, 0, 4 * m - 1);
	store_get(st, 0, 4 * m - 1);
	store_claim(st, 0, STORE_THREADS, false);
	empty_push(st->d, 0, &taken);
}

static void
test_put_with_too_few_magazines_returns_them(void **state)
{
	(void)state;
	each_size(put_with_few_magazines);
}

/** Fill all shelves, and as many magazines as are left then. */
static void
fill_shelves(struct store *st)
{
	uint32_t s, n;

	for (s = 0; s < st->d->nb_stations; s++) {
		n = RTE_MIN(st->d->shelf_size - (st->d->stations[s].shelf & SHELF_COUNT), st->out);
		if (n > 0)
			store_put(st, s, n);
	}
}

/** Gathering needs magazines for what comes from shelves; without, all goes back to where it was. */
static void
gather_without_magazines(struct store *st)
{
	struct chain taken;
	uint32_t there, thread;

	for (thread = 0; thread < STORE_THREADS; thread++) {
		fill_shelves(st);
		store_put(st, thread, RTE_MIN(st->out, 5 * st->d->magazine_size + 3));
		there = st->nb - st->out;
		taken = withhold(st, thread % 3);
		if (thread % 3 == 0)
			assert_int_equal(mextp_depot_missing(st->d).nb, taken.nb);
		store_get_fails(st, thread, there + 1);
		if (st->d->nb_stations > 1 &&
				depot_get(st->d, thread, &st->table[st->out], there) == 0)
			st->out += there;
		assert_int_equal(mextp_depot_count(st->d), st->nb - st->out);
		store_audit_but(st, 0, taken.nb);
		assert_int_equal(st->d->refused.no_magazine, 0);
		empty_push(st->d, 0, &taken);
		store_get(st, thread, st->nb - st->out);
	}
}

static void
test_get_without_magazines_loses_nothing(void **state)
{
	(void)state;
	each_size(gather_without_magazines);
}

/** The shelves are claimed for ever too, so there is no place for what was gathered first. */
static void
gather_and_lose(struct store *st)
{
	const uint32_t m = st->d->magazine_size;
	struct chain taken;
	uint32_t there;

	if (st->d->nb_stations == 1)
		return; /* nothing has to be gathered */
	fill_shelves(st);
	there = st->nb - st->out;
	taken = withhold(st, 0);
	store_claim(st, 0, STORE_THREADS, true);
	assert_int_equal(depot_get(st->d, 0, &st->table[st->out], there), -ENOBUFS);
	assert_int_equal(st->d->refused.no_magazine, m);
	assert_int_equal(mextp_depot_count(st->d), there - m);
	store_audit_but(st, m, taken.nb);
	store_reset(st);
}

static void
test_get_without_magazines_and_shelves_counts_what_it_loses(void **state)
{
	(void)state;
	each_size(gather_and_lose);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put_twice_when_full_is_refused_and_counted),
		cmocka_unit_test(test_put_of_more_than_are_out_is_refused),
		cmocka_unit_test(test_put_is_refused_from_the_first_one_too_many),
		cmocka_unit_test(test_put_while_quotas_are_with_calls_is_not_refused),
		cmocka_unit_test(test_put_with_64_magazines_withheld_never_fails),
		cmocka_unit_test(test_put_without_magazines_puts_nothing_and_is_counted),
		cmocka_unit_test(test_put_with_too_few_magazines_returns_them),
		cmocka_unit_test(test_get_without_magazines_loses_nothing),
		cmocka_unit_test(test_get_without_magazines_and_shelves_counts_what_it_loses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
