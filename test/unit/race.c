/* SPDX-License-Identifier: BSD-3-Clause */
#include <sched.h>

#include <rte_launch.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_pause.h>

#include "race.h"

#define ENOUGH 100

static struct {
	struct party party __rte_cache_aligned;
} both[2];

static struct {
	race_step_t step;
	uint64_t min_steps;
	unsigned int rounds;
	unsigned int finished; /* parties that have seen enough */
	bool failed;
	uint64_t arrived; /* at the barrier, ever */
} race;

int
race_start(void)
{
	int ret = eal_start();

	return ret < 0 ? ret : rte_mbuf_set_user_mempool_ops("lf_stack");
}

int
race_teardown(void **state)
{
	__atomic_store_n(&race.failed, true, __ATOMIC_RELAXED);
	rte_eal_wait_lcore(1);
	return world_teardown(state);
}

uint32_t
party_random(struct party *party, uint32_t n)
{
	/* Marsaglia's xorshift. */
	party->random ^= party->random << 13;
	party->random ^= party->random >> 17;
	party->random ^= party->random << 5;
	return party->random % n;
}

static void
parties_init(struct world *w, race_step_t step, void *arg)
{
	unsigned int i;

	memset(&race, 0, sizeof(race));
	race.step = step;
	for (i = 0; i < 2; i++)
		both[i].party = (struct party){ .id = i, .random = i + 1, .w = w, .arg = arg };
}

static void
fail_race(void)
{
	__atomic_store_n(&race.failed, true, __ATOMIC_RELAXED);
}

static bool
race_failed(void)
{
	return __atomic_load_n(&race.failed, __ATOMIC_RELAXED);
}

static int
run_free(void *arg)
{
	struct party *party = arg;
	const uint64_t *other = &both[!party->id].party.steps;
	uint64_t seen = 0, now;
	bool finished = false;

	party->lcore = rte_lcore_id();
	while (!race_failed() && __atomic_load_n(&race.finished, __ATOMIC_RELAXED) < 2) {
		if (!race.step(party))
			fail_race();
		__atomic_store_n(&party->steps, party->steps + 1, __ATOMIC_RELAXED);
		now = __atomic_load_n(other, __ATOMIC_RELAXED);
		party->overlaps += now != seen;
		seen = now;
		if (!finished && party->overlaps >= ENOUGH && party->steps >= race.min_steps) {
			finished = true;
			__atomic_fetch_add(&race.finished, 1, __ATOMIC_RELAXED);
		}
	}
	return 0;
}

static void
assert_raced(uint64_t min_steps)
{
	assert_false(race.failed);
	assert_int_not_equal(both[0].party.lcore, both[1].party.lcore);
	assert_true(both[0].party.steps >= min_steps);
	assert_true(both[1].party.steps >= min_steps);
}

void
race_free(struct world *w, race_step_t step, void *arg, uint64_t min_steps)
{
	parties_init(w, step, arg);
	race.min_steps = min_steps;
	assert_int_equal(rte_eal_remote_launch(run_free, &both[1].party, 1), 0);
	run_free(&both[0].party);
	rte_eal_wait_lcore(1);
	assert_raced(min_steps);
	assert_true(both[0].party.overlaps >= ENOUGH);
	assert_true(both[1].party.overlaps >= ENOUGH);
}

/** Wait for the other one: the n-th meeting needs 2 n arrivals. */
static void
meet(uint64_t n)
{
	unsigned int spins;

	__atomic_fetch_add(&race.arrived, 1, __ATOMIC_ACQ_REL);
	for (spins = 0; __atomic_load_n(&race.arrived, __ATOMIC_ACQUIRE) < 2 * n && !race_failed();
			spins++) {
		if (spins < 1000)
			rte_pause();
		else
			sched_yield(); /* both lcores on one CPU, perhaps */
	}
}

static void
round_step(struct party *party, unsigned int round)
{
	meet(2 * round + 1);
	if (!race.step(party))
		fail_race();
	party->steps++;
	meet(2 * round + 2);
}

static int
run_rounds(void *arg)
{
	struct party *party = arg;
	unsigned int i;

	party->lcore = rte_lcore_id();
	for (i = 0; i < race.rounds && !race_failed(); i++)
		round_step(party, i);
	return 0;
}

void
race_rounds(struct world *w, void (*prepare)(struct world *w, unsigned int round), race_step_t step,
		void (*check)(struct world *w, unsigned int round), unsigned int rounds)
{
	unsigned int i;

	parties_init(w, step, NULL);
	race.rounds = rounds;
	both[0].party.lcore = rte_lcore_id();
	assert_int_equal(rte_eal_remote_launch(run_rounds, &both[1].party, 1), 0);
	for (i = 0; i < rounds; i++) {
		prepare(w, i);
		round_step(&both[0].party, i);
		assert_false(race_failed());
		check(w, i);
	}
	rte_eal_wait_lcore(1);
	assert_raced(rounds);
}
