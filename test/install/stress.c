/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random operations by two lcores on one pool, with nothing but the installed library.
 *
 *	stress -l 0-1 --no-huge -m 128 --no-pci -- [operations [seed]]
 *
 * Each lcore keeps references and packets and, one random operation a time, makes, multiplies,
 * checks, drops and hands them to the other through a ring. The bytes of every storage carry a
 * stamp that all holders know; a storage that went back to its pool too early shows as a wrong
 * stamp, one that never went back as outstanding at the end. A bulk call counts as one operation.
 * Exit status 0: every stamp was right, every kind of operation was seen, nothing is outstanding.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_ring_elem.h>

#include <mext.h>

#include "stress.h"

/* Weights: as much goes as comes, so that slots are neither full nor empty for long. */
static const struct op ops[] = {
	{ "alloc", op_alloc, 12 },
	{ "alloc_bulk", op_alloc_bulk, 4 },
	{ "wrap", op_wrap, 6 },
	{ "hold", op_hold, 8 },
	{ "hold_too_many", op_hold_too_many, 1 },
	{ "release", op_release, 14 },
	{ "release_bulk", op_release_bulk, 6 },
	{ "write", op_write, 8 },
	{ "set_readonly", op_set_readonly, 2 },
	{ "attach", op_attach, 16 },
	{ "attach_bulk", op_attach_bulk, 4 },
	{ "detach", op_detach, 8 },
	{ "clone", op_clone, 8 },
	{ "packet", op_packet, 4 },
	{ "direct", op_direct, 5 },
	{ "hold_packet", op_hold_packet, 8 },
	{ "share_header", op_share_header, 3 },
	{ "chain", op_chain, 3 },
	{ "free", op_free, 12 },
	{ "free_bulk", op_free_bulk, 8 },
	{ "free_bulk_dpdk", op_free_bulk_dpdk, 4 },
	{ "send_packet", op_send_packet, 14 },
	{ "send_storage", op_send_storage, 10 },
	{ "receive", op_receive, 16 },
};

static struct mext_pool *pool;
static struct worker workers[NB_WORKERS];
static unsigned int nb_done;

void
fail(const struct worker *w, const char *what)
{
	printf("FAILED: worker %u after %" PRIu64 " operations, in %s: %s\n", w->index, w->done,
			w->doing, what);
	fflush(stdout);
	_exit(EXIT_FAILURE);
}

uint64_t
draw(struct worker *w)
{
	/* xorshift64*, Vigna 2016 */
	w->rng ^= w->rng >> 12;
	w->rng ^= w->rng << 25;
	w->rng ^= w->rng >> 27;
	return w->rng * UINT64_C(2685821657736338717);
}

void
stamp(void *bytes, struct stamp s)
{
	uint64_t *word = bytes;
	uint32_t i;

	for (i = 0; i < s.len / 8; i++)
		word[i] = s.id + s.off / 8 + i;
}

void
check_stamp(const struct worker *w, const void *bytes, struct stamp s)
{
	const uint64_t *word = bytes;
	uint64_t diff = 0;
	uint32_t i;

	for (i = 0; i < s.len / 8; i++)
		diff |= word[i] ^ (s.id + s.off / 8 + i);
	if (diff != 0)
		fail(w, "bytes changed under a holder");
}

/** What lies in the slots when the operations are over. */
static void
drop_all(struct worker *w)
{
	struct item item;

	w->doing = "dropping what is left";
	do {
		while (w->nb_mbufs > 0)
			rte_pktmbuf_free(take_mbuf(w));
		while (w->nb_refs > 0) {
			item = w->refs[--w->nb_refs];
			check_ref(w, &item);
			CHECK(w, mext_storage_release(item.obj, item.refs) == 0);
		}
	} while (op_receive(w));
}

static int
work(void *arg)
{
	struct worker *w = arg;
	unsigned int op, nb_lots = 0;
	uint8_t lot[LOTS];

	w->doing = "setting up";
	for (op = 0; op < RTE_DIM(ops); op++) {
		CHECK(w, nb_lots + ops[op].weight <= LOTS && op < MAX_OPS);
		memset(&lot[nb_lots], op, ops[op].weight);
		nb_lots += ops[op].weight;
	}
	while (w->done < w->ops) {
		op = lot[draw(w) % nb_lots];
		w->doing = ops[op].name;
		if (ops[op].run(w)) {
			w->count[op]++;
			w->done++;
		}
	}
	/* Release: what was sent is in the ring; pairs with the acquire, both stopped sending. */
	__atomic_fetch_add(&nb_done, 1, __ATOMIC_RELEASE);
	while (__atomic_load_n(&nb_done, __ATOMIC_ACQUIRE) < NB_WORKERS)
		rte_pause();
	drop_all(w);
	return 0;
}

static void
make_pool(void)
{
	static const struct mext_pool_class classes[] = { { 64, 150, 16 }, { 256, 150, 16 },
		{ 1024, 150, 16 } };
	struct mext_pool_conf conf;

	/* So few of each that allocations fail now and then: that path is to be seen too. */
	mext_pool_conf_init(&conf);
	memcpy(conf.classes, classes, sizeof(classes));
	conf.nb_classes = RTE_DIM(classes);
	conf.headers = (struct mext_pool_class){ .count = 300, .cache = 32 };
	conf.pairs = (struct mext_pool_class){ .size = 512, .count = 100, .cache = 16 };
	conf.rx = (struct mext_pool_class){ .size = 512, .count = 100, .cache = 16 };
	conf.wraps = (struct mext_pool_class){ .count = 60, .cache = 8 };
	conf.priv_size = RTE_ALIGN_CEIL(sizeof(struct segment), 8);
	if (mext_pool_create("stress", &conf, &pool) < 0)
		rte_exit(EXIT_FAILURE, "no pool\n");
}

static void
make_workers(uint64_t nb, uint64_t seed)
{
	static const char *const names[NB_WORKERS] = { "to0", "to1" };
	struct rte_ring *rings[NB_WORKERS];
	unsigned int i;

	for (i = 0; i < NB_WORKERS; i++) {
		rings[i] = rte_ring_create_elem(names[i], sizeof(struct item), 128, SOCKET_ID_ANY,
				RING_F_SP_ENQ | RING_F_SC_DEQ);
		if (rings[i] == NULL)
			rte_exit(EXIT_FAILURE, "no ring\n");
	}
	for (i = 0; i < NB_WORKERS; i++) {
		struct worker *w = &workers[i];

		w->index = i;
		w->pool = pool;
		w->rng = (seed + i + 1) * UINT64_C(0x9e3779b97f4a7c15);
		w->ops = nb / NB_WORKERS + (i < nb % NB_WORKERS);
		w->in = rings[i];
		w->out = rings[(i + 1) % NB_WORKERS];
	}
}

/** @return whether everything was seen and all is back. */
static bool
report(uint64_t nb, double seconds)
{
	struct mext_stats stats;
	uint64_t wraps = 0, backs = 0, left = mext_stats_outstanding(pool);
	bool good = true;
	unsigned int op;

	mext_stats_get(pool, &stats);
	for (op = 0; op < RTE_DIM(ops); op++) {
		uint64_t seen = workers[0].count[op] + workers[1].count[op];

		printf("%16s %12" PRIu64 "\n", ops[op].name, seen);
		good = good && (seen > 0 || nb < OPS_TO_SEE_ALL);
	}
	for (op = 0; op < NB_WORKERS; op++) {
		wraps += workers[op].wraps;
		backs += workers[op].backs;
	}
	printf("wrapped %" PRIu64 ", given back %" PRIu64 ", allocations refused %" PRIu64
	       ", bad releases %" PRIu64 "\n",
			wraps, backs, stats.alloc_failures + stats.header_failures,
			stats.bad_releases);
	printf("%" PRIu64 " operations in %.1f s, %.2f million/s, buffers outstanding: %" PRIu64
	       "\n",
			nb, seconds, nb / seconds / 1e6, left);
	return good && wraps == backs && stats.bad_releases == 0 && left == 0;
}

int
main(int argc, char **argv)
{
	int used = rte_eal_init(argc, argv);
	uint64_t nb, seed, start;
	unsigned int lcore;
	bool good;

	if (used < 0)
		return EXIT_FAILURE;
	nb = argc > used + 1 ? strtoull(argv[used + 1], NULL, 0) : UINT64_C(100000000);
	seed = argc > used + 2 ? strtoull(argv[used + 2], NULL, 0) : (uint64_t)time(NULL);
	lcore = rte_get_next_lcore(rte_lcore_id(), 1, 0);
	if (lcore >= RTE_MAX_LCORE)
		rte_exit(EXIT_FAILURE, "two lcores are needed: -l 0-1\n");
	printf("seed %" PRIu64 "\n", seed);
	fflush(stdout);
	make_pool();
	make_workers(nb, seed);
	start = rte_get_timer_cycles();
	rte_eal_remote_launch(work, &workers[1], lcore);
	work(&workers[0]);
	rte_eal_wait_lcore(lcore);
	good = report(nb, (double)(rte_get_timer_cycles() - start) / rte_get_timer_hz());
	if (mext_pool_destroy(pool) < 0)
		good = false;
	rte_eal_cleanup();
	puts(good ? "stress: ok" : "stress: FAILED");
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
