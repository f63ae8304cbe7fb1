/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls that end between any two steps of theirs, in any state of a depot, as in a process that is killed. */
#include "hooked.h"

static jmp_buf killed;

static void
kill_first(void)
{
	longjmp(killed, 1);
}

/** End a call at some hook. @return false: it has no such, and went to its end. */
static bool
kill_call(uint32_t at)
{
	if (setjmp(killed) != 0)
		return true;
	do_first(at, kill_first);
	return false;
}

/** Put all that survivors have, and get all that there is. @return how many that are. */
static uint32_t
survive(uint32_t *nb_refused)
{
	struct call call;
	uint32_t got = 0;

	*nb_refused = 0;
	while (store.out > 0) {
		draw_call(&call);
		call.n = RTE_MIN(call.n, store.out);
		call.is_put = true;
		hold(&call);
		do_call(&call);
		assert_int_not_equal(call.ret, -EDQUOT);
		*nb_refused += call.ret != 0 ? call.n : 0;
	}
	call = (struct call){ .n = 1 };
	memset(store.seen, 0, store.nb + 1);
	for (do_call(&call); call.ret == 0; do_call(&call), call.thread++) {
		assert_true((uintptr_t)call.objs[0] >= 1 && (uintptr_t)call.objs[0] <= store.nb);
		if (store.seen[(uintptr_t)call.objs[0]]++ > 0)
			fail_msg("a pointer comes twice after a kill");
		keep(&call);
		got++;
	}
	return got;
}

/** A call ends at any of its steps: what it puts or gets is missing, and one magazine, and no more. */
static uint32_t
kill_at_any_step(void)
{
	const uint32_t m = store.d->magazine_size;
	struct depot_audit a = { .seen = store.seen, .nb = store.nb + 1 };
	uint32_t at, got, refused;
	struct snapshot s;
	bool more = true;
	const char *wrong;

	draw_state(false);
	draw_call(&first);
	if (first.is_put)
		first.n = RTE_MIN(first.n, store.out);
	if (first.n == 0)
		return 0;
	save(&s);
	for (at = 1; more; at++) {
		more = kill_call(at);
		if (!more && !first.is_put && first.ret == 0)
			keep(&first);
		wrong = depot_audit(store.d, &a);
		if (wrong != NULL || a.nb_missing > first.n / m + 1)
			fail_msg("at hook %u: %u magazines are missing, %s", at, a.nb_missing,
					wrong);
		got = survive(&refused);
		if (refused > 0 || got < store.nb - (more ? first.n : 0) ||
				store.d->refused.no_magazine + store.d->refused.twice > 0)
			fail_msg("a %s of %u of %u, killed at hook %u: %u refused, %u got",
					first.is_put ? "put" : "get", first.n, store.nb, at,
					refused, got);
		restore(&s);
	}
	drop(&s);
	return at;
}

static void
test_call_killed_at_any_step_has_what_it_puts_or_gets(void **state)
{
	uint32_t hooks;
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(depots); i++) {
		store_begin_for(&store, depots[i].nb, depots[i].nb_threads);
		for (hooks = 0; hooks < NB_HOOKS / 10; hooks += kill_at_any_step())
			;
		store_end(&store);
	}
}

/** Kill calls for few pointers one after the other. @return how many pointers all these had, at the most. */
static uint32_t
kill_many(uint32_t nb_kills)
{
	uint32_t lost = 0;

	while (nb_kills > 0) {
		draw_call(&first);
		first.n = 1 + first.n % 7;
		if (first.is_put)
			first.n = RTE_MIN(first.n, store.out);
		if (first.n == 0 || (!first.is_put && store.nb - store.out < first.n + lost))
			continue;
		if (kill_call(1 + store_random(&store, 60))) {
			lost += first.n;
			nb_kills--;
		} else if (!first.is_put && first.ret == 0) {
			keep(&first);
		} else if (first.is_put && first.ret != 0) {
			keep(&first);
		}
	}
	return lost;
}

/** Up to as many as may stand still nothing is refused; beyond, what is refused is counted, and all calls return. */
static void
kill_some(uint32_t nb_kills)
{
	uint32_t lost, refused, got;

	store_put(&store, 0, store.nb / 2);
	lost = kill_many(nb_kills);
	if (nb_kills <= DEPOT_STOPPED_MAX)
		assert_int_equal(store.d->refused.no_magazine, 0);
	got = survive(&refused);
	if (nb_kills <= DEPOT_STOPPED_MAX)
		assert_int_equal(refused, 0);
	assert_true(store.d->refused.no_magazine >= refused);
	if (got + lost + store.d->refused.no_magazine < store.nb)
		fail_msg("%u kills: %u got, %u were lost, %" PRIu64 " refused, of %u", nb_kills,
				got, lost, store.d->refused.no_magazine, store.nb);
	store_reset(&store);
}

static void
test_many_killed_calls_have_what_they_put_or_get(void **state)
{
	static const uint32_t nb_kills[] = { 1, 10, DEPOT_STOPPED_MAX, DEPOT_STOPPED_MAX + 1, 80,
		100 };
	unsigned int i, k, round;

	(void)state;
	for (i = 0; i < RTE_DIM(depots); i++) {
		if (depots[i].nb < 1000)
			continue; /* those that are killed would have all */
		store_begin_for(&store, depots[i].nb, depots[i].nb_threads);
		for (round = 0; round < 50; round++)
			for (k = 0; k < RTE_DIM(nb_kills); k++)
				kill_some(nb_kills[k]);
		store_end(&store);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call_killed_at_any_step_has_what_it_puts_or_gets),
		cmocka_unit_test(test_many_killed_calls_have_what_they_put_or_get),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
