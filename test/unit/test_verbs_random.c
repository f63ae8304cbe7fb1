/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random verbs on random packets against a model of every byte; after each one contents, metadata, counts
 * and pool levels are as the model says. MEXT_SEED and MEXT_STEPS repeat a run or make it longer,
 * MEXT_TRACE prints each step.
 */
#include <rte_lcore.h>
#include <rte_mbuf_pool_ops.h>

#include "dice.h"
#include "fault.h"
#include "verbs.h"

#define STEPS_OF_POOLS 1000 /* before others are made */

static struct packets packets;
static unsigned long step_number;
static const char *step_name;

static const struct step *
any_step(void)
{
	static const struct step *const tables[] = { own_steps, own_steps, share_steps, share_steps,
		write_steps, write_steps, copy_steps, spread_steps };
	const struct step *table = tables[dice(RTE_DIM(tables))], *step;
	unsigned int sum = 0, at;

	for (step = table; step->name != NULL; step++)
		sum += step->weight;
	at = dice(sum);
	for (step = table; at >= step->weight; step++)
		at -= step->weight;
	return step;
}

static void
run_step(const struct step *step)
{
	step_number++;
	step_name = step->name;
	step->run(&packets);
	packets_check(&packets);
}

/** Let everything go, step by step. */
static void
let_go(void)
{
	struct spread *s;
	struct held *held;
	unsigned int i;

	step_name = "the end";
	for (i = 0; i < PACKETS_MAX; i++) {
		packets_touch(&packets, &packets.packets[i]);
		if (packets.packets[i].m != NULL)
			mext_free_bulk(&packets.packets[i].m, 1);
		packets.packets[i].m = NULL;
		packets_check(&packets);
	}
	for (s = packets.spreads; s < &packets.spreads[PACKETS_SPREADS]; s++) {
		if (s->spread != NULL)
			assert_int_equal(mext_spread_release(s->spread, s->holds), 0);
		s->holds = 0;
		packets_check(&packets);
	}
	while ((held = held_any(&packets)) != NULL) {
		assert_int_equal(mext_storage_release(held->storage, held->n), 0);
		held->n = 0;
		packets_check(&packets);
	}
	assert_int_equal(mext_stats_outstanding(packets.pools.pool), 0);
	assert_int_equal(mext_stats_outstanding(packets.pools.rx_pairs), 0);
}

static void
test_random_verbs_keep_to_the_model(void **state __rte_unused)
{
	unsigned long steps = dice_steps(200000), i;
	const unsigned int lcore = rte_lcore_id();
	struct mext_stats stats;

	while (step_number < steps) {
		packets_create(&packets);
		for (i = 0; i < STEPS_OF_POOLS && step_number < steps; i++)
			run_step(any_step());
		RTE_PER_LCORE(_lcore_id) = lcore;
		let_go();
		mext_stats_get(packets.pools.pool, &stats);
		assert_int_equal(stats.bad_releases, 0);
		pools_destroy(&packets.pools);
	}
	step_name = NULL;
}

static int
say_where(void **state __rte_unused)
{
	if (step_name != NULL)
		print_message("# in step %lu, %s\n", step_number, step_name);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_random_verbs_keep_to_the_model, say_where),
	};

	if (eal_start() < 0 || rte_mbuf_set_user_mempool_ops(FAULT_OPS) < 0)
		return EXIT_FAILURE;
	verbs_trace = getenv("MEXT_TRACE") != NULL;
	dice_start();
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
