/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads that send from spreads and free each other's packets, while others let the spreads go.
 *
 *	stress-spread EAL-OPTION... -- [--ops N] [--seed N]
 *
 * All lcores but the main one work, and two threads without an lcore id, which have one leaf together.
 * A few spreads are in a table, as in a cache of hot objects: workers find them there, hold them for a
 * burst, and now and then replace one under all others. The bytes of each begin with its number, which
 * every packet carries as well: a storage that comes back too early is seen. At the end nothing is out.
 */
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_spinlock.h>

#include <mext.h>

#define SLOTS 3
#define BURST 8
#define BYTES 256
#define PLAIN_THREADS 2

/** An object of the cache; the lock is for finding and replacing it, not for sending. */
struct slot {
	rte_spinlock_t lock;
	struct mext_spread *spread;
	uint32_t number;
} __rte_cache_aligned;

struct worker {
	uint64_t rng;
	uint64_t sent, replaced, freed_for_others;
};

static struct slot slots[SLOTS];
static struct mext_pool *pool;
/* Packets that anybody may free. Nobody waits here for a thread that was preempted. */
static struct rte_mbuf *in_flight[512];
static uint32_t next_number;
static uint64_t nb_ops = 200000, seed = 1;

static void __rte_noreturn
fail(const char *what, int64_t number)
{
	printf("stress-spread: FAILED: %s: %" PRId64 "\n", what, number);
	fflush(stdout);
	_exit(EXIT_FAILURE);
}

/** Below n. SplitMix64 (Steele, Lea, Flood 2014). */
static uint32_t
draw(struct worker *w, uint32_t n)
{
	uint64_t z = (w->rng += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % n;
}

/** The spread of a new object, with its number in its bytes. */
static struct mext_spread *
make_object(uint32_t *number)
{
	struct mext_storage *storage = mext_storage_alloc(pool, BYTES);
	struct mext_spread *spread;
	uint32_t *bytes;
	unsigned int i;

	if (storage == NULL)
		return NULL;
	*number = __atomic_add_fetch(&next_number, 1, __ATOMIC_RELAXED);
	bytes = mext_storage_data(storage);
	for (i = 0; i < BYTES / sizeof(*bytes); i++)
		bytes[i] = *number;
	if (mext_spread_create(pool, storage, &spread) < 0) {
		mext_storage_release(storage, 1);
		return NULL;
	}
	return spread;
}

/** More threads than CPUs: whoever spun for one that was preempted would do so for a time slice. */
static void
lock(struct slot *slot)
{
	while (!rte_spinlock_trylock(&slot->lock))
		sched_yield();
}

static void
replace(struct worker *w, struct slot *slot)
{
	uint32_t number;
	struct mext_spread *old, *new = make_object(&number);

	if (new == NULL)
		return; /* those let go still have packets out */
	lock(slot);
	old = slot->spread;
	slot->spread = new;
	slot->number = number;
	rte_spinlock_unlock(&slot->lock);
	if (old != NULL && mext_spread_release(old, 1) != 0)
		fail("releasing what the table held", number);
	w->replaced++;
}

static void
free_one(struct worker *w, struct rte_mbuf *m)
{
	struct rte_mbuf *seg;

	for (seg = m; seg != NULL; seg = seg->next)
		if (*rte_pktmbuf_mtod(seg, uint32_t *) != m->hash.usr)
			fail("the bytes of a packet are another object's", m->hash.usr);
	if (draw(w, 2) == 0)
		rte_pktmbuf_free(m);
	else
		mext_free_bulk(&m, 1);
}

/** Leave a packet, or nothing, to others, and free what was there. */
static void
hand_over(struct worker *w, struct rte_mbuf *m)
{
	/* Release, acquire: what was done to a packet is seen by who frees it. */
	m = __atomic_exchange_n(&in_flight[draw(w, RTE_DIM(in_flight))], m, __ATOMIC_ACQ_REL);
	if (m == NULL)
		return;
	free_one(w, m);
	w->freed_for_others++;
}

/** Make packets of an object that is held; most are left to others. */
static void
send(struct worker *w, struct mext_spread *spread, uint32_t number)
{
	struct mext_storage *leaf, *storages[BURST];
	struct rte_mbuf *mbufs[BURST + 1];
	unsigned int n = 1 + draw(w, BURST), i;

	if (mext_spread_take(spread, n, &leaf) != 0)
		fail("taking references", n);
	for (i = 0; i < n; i++)
		storages[i] = leaf;
	if (mext_attach_new_bulk(pool, mbufs, storages, n, 0, BYTES) < 0) {
		mext_storage_release(leaf, n);
		return;
	}
	w->sent += n;
	mbufs[0]->hash.usr = number;
	if (draw(w, 2) == 0 && mext_share(pool, mbufs[0], BYTES / 2, BYTES / 2, &mbufs[n]) == 0)
		n++;
	for (i = 0; i < n; i++) {
		mbufs[i]->hash.usr = number;
		if (draw(w, 4) == 0)
			free_one(w, mbufs[i]);
		else
			hand_over(w, mbufs[i]);
	}
}

static void
step(struct worker *w)
{
	struct slot *slot = &slots[draw(w, SLOTS)];
	struct mext_spread *spread;
	uint32_t number;
	unsigned int i;

	if (draw(w, 64) == 0)
		replace(w, slot);
	lock(slot);
	spread = slot->spread;
	number = slot->number;
	if (spread != NULL && mext_spread_hold(spread, 1) != 0)
		fail("holding what the table holds", number);
	rte_spinlock_unlock(&slot->lock);
	if (spread != NULL) {
		send(w, spread, number);
		if (draw(w, 32) == 0)
			sched_yield();
		if (mext_spread_release(spread, 1) != 0)
			fail("releasing", number);
	}
	for (i = draw(w, BURST); i > 0; i--)
		hand_over(w, NULL);
}

static int
work(void *arg)
{
	uint64_t i;

	for (i = 0; i < nb_ops; i++)
		step(arg);
	return 0;
}

static void *
work_without_id(void *arg)
{
	work(arg);
	return NULL;
}

static void
make_pool(void)
{
	struct mext_pool_conf conf;

	mext_pool_conf_init(&conf);
	conf.nb_classes = 1;
	conf.classes[0] = (struct mext_pool_class){ BYTES, 64, 4 };
	conf.headers = (struct mext_pool_class){ 0, 4096, 64 };
	conf.spreads = (struct mext_pool_class){ 0, 32, 0 };
	if (mext_pool_create("stress", &conf, &pool) < 0)
		fail("no pool", 0);
}

/** Let everything go, and see that it has come back. */
static void
check_end(struct worker *w)
{
	struct mext_stats stats;
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		if (slots[i].spread != NULL && mext_spread_release(slots[i].spread, 1) != 0)
			fail("releasing at the end", i);
	for (i = 0; i < RTE_DIM(in_flight); i++)
		if (in_flight[i] != NULL)
			free_one(w, in_flight[i]);
	if (mext_stats_outstanding(pool) != 0)
		fail("objects outstanding", mext_stats_outstanding(pool));
	mext_stats_get(pool, &stats);
	if (stats.bad_releases != 0)
		fail("bad releases", stats.bad_releases);
	if (mext_pool_destroy(pool) != 0)
		fail("the pool is not destroyed", 0);
}

static void
parse_options(int argc, char **argv)
{
	static const struct option known[] = { { "ops", required_argument, NULL, 'o' },
		{ "seed", required_argument, NULL, 's' }, { 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == '?' || strtoull(optarg, NULL, 10) == 0) {
			fprintf(stderr, "stress-spread EAL-OPTION... -- [--ops N] [--seed N], from 1\n");
			exit(EXIT_FAILURE);
		}
		*(c == 'o' ? &nb_ops : &seed) = strtoull(optarg, NULL, 10);
	}
}

int
main(int argc, char **argv)
{
	struct worker workers[RTE_MAX_LCORE + PLAIN_THREADS] = { 0 }, sum = { 0 };
	pthread_t threads[PLAIN_THREADS];
	unsigned int lcore, i, nb_workers = PLAIN_THREADS;
	int eal_args = rte_eal_init(argc, argv);

	if (eal_args < 0)
		return EXIT_FAILURE;
	parse_options(argc - eal_args, argv + eal_args);
	make_pool();
	for (i = 0; i < RTE_DIM(workers); i++)
		workers[i].rng = seed + i * 1000003;
	RTE_LCORE_FOREACH_WORKER(lcore)
		rte_eal_remote_launch(work, &workers[nb_workers++], lcore);
	for (i = 0; i < PLAIN_THREADS; i++)
		if (pthread_create(&threads[i], NULL, work_without_id, &workers[i]) != 0)
			fail("no thread", i);
	for (i = 0; i < PLAIN_THREADS; i++)
		pthread_join(threads[i], NULL);
	rte_eal_mp_wait_lcore();
	check_end(&workers[0]);
	for (i = 0; i < nb_workers; i++) {
		sum.sent += workers[i].sent;
		sum.replaced += workers[i].replaced;
		sum.freed_for_others += workers[i].freed_for_others;
	}
	printf("threads: %u, bursts of each: %" PRIu64 ", seed %" PRIu64 "\n", nb_workers, nb_ops,
			seed);
	printf("packets: %" PRIu64 ", freed by another thread: %" PRIu64
	       ", spreads let go under traffic: %" PRIu64 "\n",
			sum.sent, sum.freed_for_others, sum.replaced);
	if (sum.replaced == 0 || sum.freed_for_others == 0)
		fail("nothing was tried", 0);
	printf("stress-spread: ok\n");
	rte_eal_cleanup();
	return EXIT_SUCCESS;
}
