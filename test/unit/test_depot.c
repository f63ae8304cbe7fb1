/* SPDX-License-Identifier: BSD-3-Clause */
/* The depot by one thread, without EAL: how many are put and got, and what is said when none are. */
#include "store.h"

static const uint32_t sizes[] = { 1, 2, 7, 8, 9, 63, 64, 65, 255, 512, 2047, 4096, 8191, 24000,
	65535 };

/** Run a scenario with a depot of each size. */
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

#define NB_AMOUNTS 10

/** Numbers of pointers about the size of magazines and depot, none above nb. */
static void
amounts(const struct store *st, uint32_t n[NB_AMOUNTS])
{
	const uint32_t m = st->d->magazine_size;
	const uint32_t wanted[NB_AMOUNTS] = { 1, 7, m - 1, m, m + 1, 2 * m, 3 * m + 5, st->nb / 2,
		st->nb - 1, st->nb };
	unsigned int i;

	for (i = 0; i < NB_AMOUNTS; i++)
		n[i] = RTE_MAX(RTE_MIN(wanted[i], st->nb), 1u);
}

static void
get_from_empty(struct store *st)
{
	uint32_t n[NB_AMOUNTS];
	unsigned int i;

	amounts(st, n);
	for (i = 0; i < NB_AMOUNTS; i++)
		store_get_fails(st, 0, n[i]);
}

static void
test_get_from_empty_fails_and_leaves_table(void **state)
{
	(void)state;
	each_size(get_from_empty);
}

static void
get_too_many(struct store *st)
{
	uint32_t n[NB_AMOUNTS], thread;
	unsigned int i;

	amounts(st, n);
	for (i = 0; i < NB_AMOUNTS; i++) {
		for (thread = 0; thread < 3; thread++) {
			store_put(st, 0, n[i]);
			store_get_fails(st, thread, n[i] + 1);
			store_get_fails(st, thread, st->nb + 1);
			store_audit(st);
			store_get(st, thread, n[i]);
		}
	}
}

static void
test_get_more_than_there_are_fails_and_leaves_all(void **state)
{
	(void)state;
	each_size(get_too_many);
}

static void
get_as_put(struct store *st)
{
	uint32_t n[NB_AMOUNTS];
	unsigned int i, j;

	amounts(st, n);
	for (i = 0; i < NB_AMOUNTS; i++) {
		for (j = 0; j < NB_AMOUNTS; j++) {
			store_put_all(st, 0, n[i]);
			while (st->out < st->nb)
				store_get(st, 0, RTE_MIN(n[j], st->nb - st->out));
		}
		store_audit(st);
	}
}

static void
test_get_after_puts_of_any_size_gets_each_once(void **state)
{
	(void)state;
	each_size(get_as_put);
}

static void
put_single(struct store *st)
{
	const uint32_t nb_threads[] = { 1, 2, STORE_THREADS, 100 };
	unsigned int i;
	uint32_t thread;

	for (i = 0; i < RTE_DIM(nb_threads); i++) {
		for (thread = 0; st->out > 0; thread++)
			store_put(st, thread % nb_threads[i], 1);
		store_audit(st);
		for (; st->out < st->nb; thread++)
			store_get(st, thread % nb_threads[i], 1);
		store_audit(st);
	}
}

/** As rte_mempool fills itself; then one by one again, which leaves magazines everywhere. */
static void
test_put_one_by_one_never_runs_out_of_magazines(void **state)
{
	(void)state;
	each_size(put_single);
}

/** What was put last is got first; in the order of the table, as rte_mempool's caches want. */
static void
put_and_get_as_many(struct store *st)
{
	const uint32_t most = RTE_MIN(st->nb, st->d->shelf_size);
	void **expected = calloc(most, sizeof(*expected));
	uint32_t k, n;

	assert_non_null(expected);
	for (n = 1; n <= most; n++) {
		memcpy(expected, &st->table[st->nb - n], n * sizeof(*expected));
		store_put(st, 0, n);
		store_get(st, 0, n);
		assert_memory_equal(expected, &st->table[st->nb - n], n * sizeof(*expected));
	}
	for (k = 0; k < most; k++) {
		expected[k] = st->table[st->out - 1];
		store_put(st, 0, 1);
	}
	while (k-- > 0) {
		store_get(st, 0, 1);
		assert_ptr_equal(st->table[st->out - 1], expected[k]);
	}
	free(expected);
}

static void
test_get_after_put_gets_the_last_first(void **state)
{
	(void)state;
	each_size(put_and_get_as_many);
}

/** More than one shelf holds: first the shelf is got from, then what was pushed last. */
static void
get_everything(struct store *st)
{
	const uint32_t n = RTE_MIN(3 * st->d->magazine_size + 5, st->nb);
	void *expected[3 * DEPOT_MAGAZINE_MAX + 5];

	store_put_all(st, 0, 1);
	store_get(st, 0, st->nb);
	/* In the order of the table, whatever the place: what was put last comes first, and is at the end. */
	store_claim(st, 0, STORE_THREADS, true);
	memcpy(expected, &st->table[st->nb - n], n * sizeof(*expected));
	store_put(st, 0, n);
	store_get(st, 0, n);
	assert_memory_equal(expected, &st->table[st->nb - n], n * sizeof(*expected));
	store_claim(st, 0, STORE_THREADS, false);
}

static void
test_get_from_magazines_gets_in_the_order_of_the_put(void **state)
{
	(void)state;
	each_size(get_everything);
}

/** As the deques and stacks of magazines took that were here before. */
static void
test_size_of_large_depots_is_few_bytes_a_pointer(void **state)
{
	static const struct {
		uint32_t nb, nb_threads;
		size_t most;
	} sizes_most[] = { { 8191, 8, 116672 }, { 24000, 8, 370112 }, { 65535, 8, 704448 },
		{ 1 << 20, 8, 8761344 }, { 8191, 16, 130496 }, { 16384, 8, 227328 },
		{ 16384, 64, 506880 }, { 24000, 16, 366976 }, { 24000, 64, 575424 },
		{ 262144, 16, 2489856 }, { 1021789, 8, 8472896 }, { 1 << 20, 32, 9558528 },
		{ 1 << 20, 64, 10621440 } };
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(sizes_most); i++) {
		const uint32_t nb = sizes_most[i].nb, nb_threads = sizes_most[i].nb_threads;
		const size_t size = mextp_depot_size(nb, nb_threads);

		print_message("# %u pointers, %u threads: %zu bytes, %.2f each\n", nb, nb_threads,
				size, (double)size / nb);
		assert_true(size <= sizes_most[i].most);
	}
}

static void
move_partly_filled(struct store *st)
{
	const uint32_t half = RTE_MAX(st->nb / 2, 1u);

	store_put(st, 1, half);
	store_move(st);
	store_audit(st);
	store_get(st, 2, half);
	store_put_all(st, 3, 32);
	store_move(st);
	store_get(st, 4, st->nb);
}

static void
test_move_to_another_address_changes_nothing(void **state)
{
	(void)state;
	each_size(move_partly_filled);
}

static void
test_stations_of_lcores_with_any_stride_differ(void **state)
{
	struct store st;
	uint32_t stride, i, seen;

	(void)state;
	store_begin(&st, 4096);
	assert_int_equal(st.d->nb_stations, STORE_THREADS);
	for (stride = 1; stride <= STORE_THREADS; stride *= 2) {
		for (i = 0, seen = 0; i < STORE_THREADS; i++)
			seen |= 1u << depot_station_of(st.d, i * stride);
		assert_int_equal(seen, (1u << STORE_THREADS) - 1);
	}
	store_end(&st);
}

static uint32_t
on_shelf(const struct store *st, uint32_t thread)
{
	return st->d->stations[depot_station_of(st->d, thread)].shelf & SHELF_COUNT;
}

/** What a shelf can't take is in magazines, and both are got again before others' are. */
static void
fill_shelves(struct store *st)
{
	const uint32_t n = st->d->shelf_size + 100, nb = st->nb - st->nb / 4;
	uint32_t thread, rest;

	if (st->d->nb_stations * n > nb)
		return;
	for (thread = 0; thread < st->d->nb_stations; thread++) {
		store_put(st, thread, n);
		assert_int_equal(on_shelf(st, thread), st->d->shelf_size);
	}
	for (thread = 0; thread < st->d->nb_stations; thread++) {
		rest = store_random(st, 100);
		store_get(st, thread, n - rest);
		assert_int_equal(on_shelf(st, thread), 0);
		store_get(st, thread, rest);
		assert_int_equal(mextp_depot_count(st->d), (st->d->nb_stations - thread - 1) * n);
		if (thread + 1 < st->d->nb_stations)
			assert_int_equal(on_shelf(st, thread + 1), st->d->shelf_size);
	}
}

static void
test_put_fills_the_shelf_and_get_takes_both(void **state)
{
	(void)state;
	each_size(fill_shelves);
}

/** As it is seen in the middle of calls, when a pointer that moves is counted at two stations. */
static void
count_too_many(struct store *st)
{
	void *const obj = (void *)(uintptr_t)1;

	store_put_all(st, 0, st->nb);
	st->d->stations[0].shelf_quota++;
	if (depot_put(st->d, 0, &obj, 1) == 0)
		assert_int_equal(mextp_depot_count(st->d), st->nb);
	store_reset(st);
}

static void
test_count_is_never_above_all_there_is(void **state)
{
	(void)state;
	each_size(count_too_many);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get_from_empty_fails_and_leaves_table),
		cmocka_unit_test(test_get_more_than_there_are_fails_and_leaves_all),
		cmocka_unit_test(test_get_after_puts_of_any_size_gets_each_once),
		cmocka_unit_test(test_put_one_by_one_never_runs_out_of_magazines),
		cmocka_unit_test(test_get_after_put_gets_the_last_first),
		cmocka_unit_test(test_get_from_magazines_gets_in_the_order_of_the_put),
		cmocka_unit_test(test_size_of_large_depots_is_few_bytes_a_pointer),
		cmocka_unit_test(test_move_to_another_address_changes_nothing),
		cmocka_unit_test(test_stations_of_lcores_with_any_stride_differ),
		cmocka_unit_test(test_put_fills_the_shelf_and_get_takes_both),
		cmocka_unit_test(test_count_is_never_above_all_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
