/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The longest call in steps of its own, without EAL: a thread of SCHED_FIFO against 64 ordinary ones on the same CPU.
 *
 *	stress-steps [ROUNDS]
 *
 * Whenever it wakes, the others stand still wherever they are, most of them in the middle of a call, until it sleeps
 * again: it puts and gets what it may, and nothing that they do may be needed for that. Where SCHED_FIFO is not
 * permitted, it says so and ends with 77.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static __thread uint32_t nb_steps;
#define DEPOT_STEP() (nb_steps++)
#include "depot.c"
#include "layout.c"

#define SKIP 77
#define NB_OTHERS DEPOT_STOPPED_MAX
/** Pointers in a call, at most; the others have fewer in small depots. */
#define BURST 300
#define STATIONS_FOR 8

struct other {
	pthread_t thread;
	uint64_t rng;
	uint32_t most; /* pointers in a call */
	uint32_t withheld; /* pointers that it may have; read by the one that wakes */
	void *objs[BURST];
} __rte_cache_aligned;

static struct depot *depot;
static struct other others[NB_OTHERS];
static uint32_t stop;

/** What the one that wakes has seen. */
struct seen {
	uint32_t put, get; /* steps of the longest */
	uint32_t nb_inside; /* others that had pointers, at most */
	uint64_t nb_short; /* gets that found too few */
};

static void
fail(const char *format, ...)
{
	va_list args;

	printf("stress-steps: FAILED: ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	_exit(EXIT_FAILURE);
}

static uint32_t
draw(uint64_t *rng, uint32_t n)
{
	/* xorshift64*, Vigna 2016 */
	*rng ^= *rng >> 12;
	*rng ^= *rng << 25;
	*rng ^= *rng >> 27;
	return (uint32_t)((*rng * UINT64_C(2685821657736338717)) >> 32) % n;
}

static void *
work(void *arg)
{
	struct other *o = arg;
	uint32_t n, id = o - others;

	while (__atomic_load_n(&stop, __ATOMIC_RELAXED) == 0) {
		n = 1 + draw(&o->rng, 1 + draw(&o->rng, o->most));
		__atomic_store_n(&o->withheld, n, __ATOMIC_SEQ_CST);
		if (depot_get(depot, id, o->objs, n) == 0 &&
				depot_put(depot, id + draw(&o->rng, 2), o->objs, n) != 0)
			fail("a put of %u failed", n);
		__atomic_store_n(&o->withheld, 0, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

/** How many pointers those that stand still may have; how many of them have some. */
static uint32_t
count_withheld(uint32_t *nb)
{
	uint32_t sum = 0, i, n;

	for (i = 0, *nb = 0; i < NB_OTHERS; i++) {
		n = __atomic_load_n(&others[i].withheld, __ATOMIC_SEQ_CST);
		sum += n;
		*nb += n > 0;
	}
	return sum;
}

/** A call of n pointers has taken so many steps. */
static void
see(uint32_t *longest, const char *what, uint32_t n)
{
	if (nb_steps > DEPOT_STEPS_MAX(depot, n))
		fail("a %s of %u took %u steps, at most %u are promised", what, n, nb_steps,
				DEPOT_STEPS_MAX(depot, n));
	*longest = RTE_MAX(*longest, nb_steps);
}

static void
get(struct seen *seen, uint32_t thread, void **objs, uint32_t *held, uint32_t n)
{
	uint32_t nb, withheld = count_withheld(&nb);
	int ret;

	seen->nb_inside = RTE_MAX(seen->nb_inside, nb);
	nb_steps = 0;
	ret = depot_get(depot, thread, &objs[*held], n);
	see(&seen->get, "get", n);
	if (ret == 0)
		*held += n;
	else if (*held + withheld + n <= depot->nb_objs)
		fail("a get of %u failed, though others have %u of %u at most, and %u are here", n,
				withheld, depot->nb_objs, *held);
	seen->nb_short += ret != 0;
}

static void
wake_up(uint32_t rounds)
{
	uint64_t rng = 88172645463325252 + depot->nb_objs;
	void **objs = calloc(depot->nb_objs + BURST, sizeof(*objs));
	struct seen seen = { 0 };
	uint32_t held = 0, n;

	for (; rounds > 0; rounds--) {
		const struct timespec t = { .tv_nsec = 50000 + draw(&rng, 100000) };

		nanosleep(&t, NULL);
		n = 1 + draw(&rng, 1 + draw(&rng, BURST));
		if (draw(&rng, 2) == 0) {
			get(&seen, draw(&rng, STATIONS_FOR), objs, &held, n);
		} else if (held > 0) {
			n = RTE_MIN(n, held);
			held -= n;
			nb_steps = 0;
			if (depot_put(depot, draw(&rng, STATIONS_FOR), &objs[held], n) != 0)
				fail("a put of %u failed", n);
			see(&seen.put, "put", n);
		}
	}
	if (held > 0 && depot_put(depot, 0, objs, held) != 0)
		fail("a put of %u failed", held);
	printf("%5u pointers, %u stations: %u steps in the longest put, %u in the longest get (at most %u); "
	       "%u others had pointers, %" PRIu64 " gets found too few\n",
			depot->nb_objs, depot->nb_stations, seen.put, seen.get,
			DEPOT_STEPS_MAX(depot, BURST), seen.nb_inside, seen.nb_short);
	free(objs);
}

static void
set_policy(int policy)
{
	const struct sched_param param = { .sched_priority = policy == SCHED_FIFO ? 10 : 0 };

	if (sched_setscheduler(0, policy, &param) < 0) {
		printf("stress-steps: skipped: SCHED_FIFO is not permitted here: %s\n",
				strerror(errno));
		exit(SKIP);
	}
}

static void
make_depot(uint32_t nb)
{
	const size_t size = mextp_depot_size(nb, STATIONS_FOR);
	void *obj;
	uint32_t i;

	depot = aligned_alloc(RTE_CACHE_LINE_SIZE, size);
	if (depot == NULL)
		fail("no memory");
	memset(depot, 0, size);
	mextp_depot_init(depot, nb, STATIONS_FOR);
	for (i = 0; i < nb; i++) {
		obj = (void *)(uintptr_t)(i + 1);
		if (depot_put(depot, i, &obj, 1) != 0)
			fail("no room for pointer %u", i);
	}
}

static void
run(uint32_t nb, uint32_t rounds)
{
	uint32_t i;

	make_depot(nb);
	stop = 0;
	for (i = 0; i < NB_OTHERS; i++) {
		others[i].rng = i + 1;
		others[i].most = RTE_MIN(nb / 16, (uint32_t)BURST);
		if (pthread_create(&others[i].thread, NULL, work, &others[i]) != 0)
			fail("no thread %u", i);
	}
	set_policy(SCHED_FIFO);
	wake_up(rounds);
	set_policy(SCHED_OTHER);
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i < NB_OTHERS; i++)
		pthread_join(others[i].thread, NULL);
	if (mextp_depot_count(depot) != nb)
		fail("%u of %u pointers are there at the end", mextp_depot_count(depot), nb);
	free(depot);
}

int
main(int argc, char **argv)
{
	static const uint32_t sizes[] = { 512, 2047, 8191, 24000 };
	const uint32_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 5000;
	cpu_set_t cpus, one;
	unsigned int i;
	int cpu = 0;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		fail("sched_getaffinity: %s", strerror(errno));
	while (!CPU_ISSET(cpu, &cpus))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one) < 0)
		fail("sched_setaffinity: %s", strerror(errno));
	set_policy(SCHED_FIFO);
	set_policy(SCHED_OTHER);
	for (i = 0; i < RTE_DIM(sizes); i++)
		run(sizes[i], rounds);
	printf("stress-steps: ok\n");
	return EXIT_SUCCESS;
}
