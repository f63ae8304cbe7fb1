/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RACE_H
#define RACE_H

/**
 * @file
 * Two lcores at work at the same time, and the proof that they were: each watches the other's
 * steps, and a free race only ends when both have seen enough of them. No clock is involved.
 * Assertions are for the main lcore; a party that finds a fault returns false.
 */

#include "world.h"

/** A test with a world of its own that never leaves the other lcore at work, failed or not. */
#define race_test(f) cmocka_unit_test_setup_teardown(f, world_setup, race_teardown)
int race_teardown(void **state);

/**
 * Start EAL, with a mempool handler that never waits. DPDK's ring makes threads wait in turn for
 * one that was preempted: where two share a CPU, each operation can take a time slice.
 */
int race_start(void);

struct party {
	unsigned int id; /**< 0: the main lcore, 1: the other one */
	unsigned int lcore; /**< where it ran */
	uint64_t steps; /**< done so far */
	uint64_t overlaps; /**< how often the other one had moved on between two steps of this */
	uint32_t random; /**< state of party_random() */
	struct world *w;
	void *arg;
};

/** One step of a party. @return whether all is well. */
typedef bool (*race_step_t)(struct party *party);

/** A pseudo-random number below n. */
uint32_t party_random(struct party *party, uint32_t n);

/**
 * Let both parties step freely, at least min_steps each, until each has seen the other move on
 * often enough. Asserts that no step failed and that two lcores were at work.
 */
void race_free(struct world *w, race_step_t step, void *arg, uint64_t min_steps);

/**
 * Rounds of one step each, which both begin at the same moment. prepare() and check() run on the
 * main lcore before and after, with the other one idle.
 */
void race_rounds(struct world *w, void (*prepare)(struct world *w, unsigned int round),
		race_step_t step, void (*check)(struct world *w, unsigned int round),
		unsigned int rounds);

#endif
