/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Processes that are killed while they get from and put to a mempool on mext_depot, without caches.
 *
 *	killed EAL-OPTIONS -- OBJECTS KILLS
 *
 * Some forked ones work at once, one of them is killed and replaced, until so many were killed in the middle of a call.
 * After each kill the others pause between two calls, and all that can be got is got. Nothing may come
 * twice, and no more may be missing than what the call puts or gets that was killed; once more than
 * MEXT_DEPOT_STOPPED_MAX were, what was refused and counted too. Then all is put back, also what was missing.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_lcore.h>
#include <rte_mempool.h>

#include <mext_depot.h>

#define NB_WORKERS 3
/** Pointers in a call, at most: fewer than a magazine holds, so that what is missing can be put back. */
#define BURST 7
/** Pointers that a process has, at most. */
#define HELD_MAX 300
#define NB_LCORES 8

/** Of a process, shared with the parent. */
struct worker {
	pid_t pid;
	uint32_t held; /* of objs: it has these for certain */
	uint32_t inside; /* pointers that the call under way puts or gets, 0: there is none */
	uint32_t paused;
	void *objs[HELD_MAX + BURST];
};

struct shared {
	uint32_t pause;
	struct worker workers[NB_WORKERS];
};

static struct rte_mempool *mp;
static struct shared *shared;
/** All objects; in each there is its index here. */
static void **all;
static uint8_t *seen;
static uint64_t rng = 88172645463325252;

static void
fail(const char *what, uint64_t number)
{
	printf("killed: FAILED: %s: %" PRIu64 "\n", what, number);
	fflush(stdout);
	_exit(EXIT_FAILURE);
}

static uint32_t
draw(uint32_t n)
{
	/* xorshift64*, Vigna 2016 */
	rng ^= rng >> 12;
	rng ^= rng << 25;
	rng ^= rng >> 27;
	return (uint32_t)((rng * UINT64_C(2685821657736338717)) >> 32) % n;
}

static void
nap(uint32_t microseconds)
{
	const struct timespec t = { .tv_nsec = microseconds * 1000L };

	nanosleep(&t, NULL);
}

static void
work_once(struct worker *w)
{
	uint32_t n = 1 + draw(BURST);

	RTE_PER_LCORE(_lcore_id) = draw(NB_LCORES);
	if (w->held < HELD_MAX && draw(2) == 0) {
		__atomic_store_n(&w->inside, n, __ATOMIC_SEQ_CST);
		if (rte_mempool_get_bulk(mp, &w->objs[w->held], n) == 0)
			/* If it is killed between these two, they are missing all the same. */
			__atomic_store_n(&w->held, w->held + n, __ATOMIC_SEQ_CST);
	} else if (w->held > 0) {
		n = RTE_MIN(n, w->held);
		__atomic_store_n(&w->inside, n, __ATOMIC_SEQ_CST);
		__atomic_store_n(&w->held, w->held - n, __ATOMIC_SEQ_CST);
		rte_mempool_put_bulk(mp, &w->objs[w->held], n);
	}
	__atomic_store_n(&w->inside, 0, __ATOMIC_SEQ_CST);
}

static void
work(struct worker *w)
{
	for (;;) {
		work_once(w);
		if (__atomic_load_n(&shared->pause, __ATOMIC_SEQ_CST) == 0)
			continue;
		__atomic_store_n(&w->paused, 1, __ATOMIC_SEQ_CST);
		while (__atomic_load_n(&shared->pause, __ATOMIC_SEQ_CST) != 0)
			nap(50);
		__atomic_store_n(&w->paused, 0, __ATOMIC_SEQ_CST);
	}
}

static void
start(struct worker *w)
{
	pid_t pid;

	w->held = w->inside = w->paused = 0;
	rng += 2;
	pid = fork();
	if (pid < 0)
		fail("fork", errno);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		work(w);
	}
	w->pid = pid;
}

static void
see(void *const *objs, uint32_t n)
{
	uint32_t i, index;

	for (i = 0; i < n; i++) {
		index = *(uint32_t *)objs[i];
		if (index >= mp->size || all[index] != objs[i])
			fail("what was got is none of the objects", index);
		if (seen[index]++ > 0)
			fail("an object is there twice", index);
	}
}

static void
put_back(void *const *objs, uint32_t n)
{
	uint32_t k;

	for (; n > 0; n -= k, objs += k) {
		k = RTE_MIN(1 + draw(BURST), n);
		RTE_PER_LCORE(_lcore_id) = draw(NB_LCORES);
		rte_mempool_put_bulk(mp, objs, k);
	}
}

/** All others have paused between two calls: each call of theirs has returned. */
static void
pause_others(const struct worker *killed)
{
	unsigned int i;

	__atomic_store_n(&shared->pause, 1, __ATOMIC_SEQ_CST);
	for (i = 0; i < NB_WORKERS; i++)
		while (&shared->workers[i] != killed &&
				__atomic_load_n(&shared->workers[i].paused, __ATOMIC_SEQ_CST) == 0)
			nap(20);
}

static void
resume_others(void)
{
	unsigned int i;

	__atomic_store_n(&shared->pause, 0, __ATOMIC_SEQ_CST);
	for (i = 0; i < NB_WORKERS; i++)
		while (__atomic_load_n(&shared->workers[i].paused, __ATOMIC_SEQ_CST) != 0)
			nap(20);
}

/** See all objects but those that are with one that works. @return how many are missing. */
static uint32_t
count_missing(void **objs)
{
	uint32_t n = 0, nb_seen = 0, k, i;

	memset(seen, 0, mp->size);
	for (i = 0; i < NB_WORKERS; i++) {
		see(shared->workers[i].objs, shared->workers[i].held);
		nb_seen += shared->workers[i].held;
	}
	for (k = 64; k > 0; k /= 8)
		while (n + k <= 2 * mp->size && rte_mempool_get_bulk(mp, &objs[n], k) == 0)
			n += k;
	see(objs, n);
	put_back(objs, n);
	return mp->size - nb_seen - n;
}

/** Put back what the killed one had, and what is missing. */
static void
replace(const struct worker *killed)
{
	uint32_t i;

	put_back(killed->objs, killed->held);
	for (i = 0; i < mp->size; i++)
		if (seen[i] == 0)
			put_back(&all[i], 1);
}

/** What was seen so far. */
struct lost {
	uint32_t nb_inside; /* kills in the middle of a call */
	uint64_t objs; /* that were missing then */
	uint64_t refused; /* before what was last put back */
	void **table;
};

static void
kill_one(struct worker *w, struct lost *lost)
{
	struct mext_depot_refused refused;
	uint32_t missing;

	kill(w->pid, SIGKILL);
	if (waitpid(w->pid, NULL, 0) != w->pid)
		fail("waitpid", errno);
	lost->nb_inside += w->inside > 0;
	pause_others(w);
	if (mext_depot_lost(mp, &refused) != 0)
		fail("it is not mext_depot", 0);
	missing = count_missing(lost->table);
	if (refused.put_twice > 0)
		fail("a put was refused as a second one", refused.put_twice);
	if (lost->nb_inside <= MEXT_DEPOT_STOPPED_MAX && refused.no_magazine > 0)
		fail("too early a put was refused", refused.no_magazine);
	if (missing > w->inside + refused.no_magazine - lost->refused)
		fail("more are missing than the killed one had and were refused", missing);
	lost->objs += missing;
	lost->refused = refused.no_magazine;
	replace(w);
	start(w);
	resume_others();
}

static void
number(struct rte_mempool *pool, void *arg, void *obj, unsigned int i)
{
	(void)pool;
	(void)arg;
	all[i] = obj;
	*(uint32_t *)obj = i;
}

static void
make_pool(uint32_t nb)
{
	if (mext_depot_register() != 0)
		fail("not registered", 0);
	mp = rte_mempool_create_empty("killed", nb, 64, 0, 0, SOCKET_ID_ANY, 0);
	if (mp == NULL || rte_mempool_set_ops_byname(mp, MEXT_DEPOT_OPS, NULL) != 0 ||
			rte_mempool_populate_default(mp) != (int)nb)
		fail("no mempool", nb);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
			0);
	all = calloc(nb, sizeof(*all));
	seen = calloc(nb, 1);
	if (shared == MAP_FAILED || all == NULL || seen == NULL)
		fail("no memory", nb);
	rte_mempool_obj_iter(mp, number, NULL);
}

int
main(int argc, char **argv)
{
	const int used = rte_eal_init(argc, argv);
	struct mext_depot_refused refused;
	struct lost lost = { 0 };
	uint32_t nb_kills, i;

	if (used < 0 || argc != used + 3)
		return EXIT_FAILURE;
	make_pool(strtoul(argv[used + 1], NULL, 10));
	nb_kills = strtoul(argv[used + 2], NULL, 10);
	for (i = 0; i < NB_WORKERS; i++)
		start(&shared->workers[i]);
	lost.table = calloc(2 * mp->size, sizeof(*lost.table));
	if (lost.table == NULL)
		return EXIT_FAILURE;
	while (lost.nb_inside < nb_kills) {
		nap(50 + draw(300));
		kill_one(&shared->workers[draw(NB_WORKERS)], &lost);
	}
	for (i = 0; i < NB_WORKERS; i++)
		kill(shared->workers[i].pid, SIGKILL);
	mext_depot_lost(mp, &refused);
	printf("killed: ok: %u in the middle of a call, missing then %" PRIu64
	       " of %u; refused %" PRIu64 "\n",
			lost.nb_inside, lost.objs, mp->size, refused.no_magazine);
	rte_eal_cleanup();
	return EXIT_SUCCESS;
}
