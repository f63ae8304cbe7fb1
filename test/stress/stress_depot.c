/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads that get from and put to one depot, without EAL.
 *
 *	stress-depot [--threads N] [--stations N] [--objects N] [--burst N] [--ops N] [--seed N]
 *
 * They are stopped at random points, in the middle of calls too, and each knows all the time which
 * pointers it has. Now and then all put what they have, and then none may be put twice. At the end all are got: each once, as often as it was put. An operation is one
 * call of depot_get() or depot_put(), of 1 to --burst pointers; --ops is the sum of all threads.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "depot_audit.h"
#include "stress_depot.h"

struct options options = {
	.nb_workers = 4,
	.nb_stations = 2,
	.nb_objects = 24000,
	.burst = 1280,
	.nb_ops = 4000000,
	.seed = 1,
};
struct depot *depot;
struct object *objects;
struct worker workers[MAX_WORKERS];
pthread_barrier_t barrier;
uint32_t nb_resting;

void
fail(const char *what, uint64_t number)
{
	printf("stress-depot: FAILED: %s: %" PRIu64 "\n", what, number);
	fflush(stdout);
	_exit(EXIT_FAILURE);
}

static void *
allocate(size_t size)
{
	void *mem = aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN_CEIL(size, RTE_CACHE_LINE_SIZE));

	if (mem == NULL)
		fail("no memory", size);
	return memset(mem, 0, size);
}

static uint64_t
parse_number(const char *name, const char *text, uint64_t min, uint64_t max)
{
	uint64_t value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || end == text || value < min || value > max) {
		fprintf(stderr, "stress-depot: --%s is %" PRIu64 " to %" PRIu64 ", not '%s'\n",
				name, min, max, text);
		exit(EXIT_FAILURE);
	}
	return value;
}

static void
parse_options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "threads", required_argument, NULL, 't' },
		{ "stations", required_argument, NULL, 's' },
		{ "objects", required_argument, NULL, 'n' },
		{ "burst", required_argument, NULL, 'b' },
		{ "ops", required_argument, NULL, 'o' },
		{ "seed", required_argument, NULL, 'r' },
		{ 0 },
	};
	/* In the order of known. */
	static const uint64_t max[] = { MAX_WORKERS, DEPOT_STATIONS_MAX, 1 << 24, 1 << 16,
		UINT64_MAX / 2, UINT64_MAX - 1 };
	uint64_t value;
	int c, i;

	while ((c = getopt_long(argc, argv, "", known, &i)) != -1) {
		if (c == '?')
			exit(EXIT_FAILURE);
		value = parse_number(known[i].name, optarg, 1, max[i]);
		switch (c) {
		case 't':
			options.nb_workers = value;
			break;
		case 's':
			options.nb_stations = value;
			break;
		case 'n':
			options.nb_objects = value;
			break;
		case 'b':
			options.burst = value;
			break;
		case 'o':
			options.nb_ops = value;
			break;
		case 'r':
			options.seed = value;
			break;
		}
	}
	options.nb_ops = options.nb_ops / options.nb_workers + 1;
}

/** A depot with all pointers in it. */
static void
make_depot(void)
{
	void *obj;
	uint32_t i;

	depot = allocate(mextp_depot_size(options.nb_objects, options.nb_stations));
	mextp_depot_init(depot, options.nb_objects, options.nb_stations);
	objects = allocate(options.nb_objects * sizeof(*objects));
	for (i = 0; i < options.nb_objects; i++) {
		obj = (void *)(uintptr_t)(i + 1);
		objects[i].puts++;
		if (depot_put(depot, i % 2, &obj, 1) != 0)
			fail("no room for pointer", i);
	}
}

/** At rest all is in order, and then each pointer can be got, as often as it was put. */
static void
check_end(void)
{
	uint8_t *seen = allocate(options.nb_objects + 1);
	struct depot_audit audit = { .seen = seen, .nb = options.nb_objects + 1 };
	const char *wrong = depot_audit(depot, &audit);
	void *obj;
	uint32_t i;

	if (wrong != NULL)
		fail(wrong, mextp_depot_count(depot));
	if (audit.nb_missing > 0)
		fail("magazines are nowhere", audit.nb_missing);
	if (audit.quotas != options.nb_objects)
		fail("the quotas are not what the depot was made for, but", audit.quotas);
	if (mextp_depot_count(depot) != options.nb_objects)
		fail("not all pointers are there at the end, but", mextp_depot_count(depot));
	for (i = 0; i < options.nb_objects; i++) {
		if (depot_get(depot, i, &obj, 1) != 0)
			fail("not all pointers can be got at the end, but", i);
		take_objects(&obj, 1, 1);
	}
	for (i = 0; i < options.nb_objects; i++)
		if (objects[i].gets != objects[i].puts || objects[i].owner != 1)
			fail("a pointer was not got as often as it was put", i);
	free(seen);
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void
report(double took)
{
	const double ops = (double)options.nb_ops * options.nb_workers;
	uint64_t stops = 0, long_stops = 0, short_gets = 0, pointers = 0, puts[2] = { 0 };
	uint32_t i;

	for (i = 0; i < options.nb_workers; i++) {
		stops += workers[i].stops;
		long_stops += workers[i].long_stops;
		short_gets += workers[i].short_gets;
	}
	for (i = 0; i < options.nb_objects; i++)
		pointers += objects[i].gets + objects[i].puts;
	for (i = 0; i < depot->nb_stations; i++) {
		/* Claims, of which gets of many have some, change the tag twice. */
		puts[0] += depot->stations[i].shelf / SHELF_TAG_ONE / 2;
		puts[1] += depot->stations[i].filled >> depot->position_bits;
	}
	printf("operations: %.0f in %.1f s, %.2f million/s, %.1f pointers each\n", ops, took,
			ops / took / 1e6, (double)pointers / ops);
	printf("gets that found too few: %.2f %% of all operations\n", 100 * short_gets / ops);
	printf("stops in the middle of a call: %" PRIu64 ", long: %" PRIu64 "\n", stops,
			long_stops);
	printf("claims of shelves: %" PRIu64 ", pushes of magazines: %" PRIu64 "\n", puts[0],
			puts[1]);
}

int
main(int argc, char **argv)
{
	uint64_t rng;
	double begin;
	uint32_t i;

	parse_options(argc, argv);
	printf("depot: %u pointers, %u threads, %u stations for them, seed %" PRIu64 "\n",
			options.nb_objects, options.nb_workers, options.nb_stations, options.seed);
	make_depot();
	rng = options.seed;
	begin = seconds();
	pthread_barrier_init(&barrier, NULL, options.nb_workers);
	stop_begin();
	for (i = 0; i < options.nb_workers; i++) {
		struct worker *w = &workers[i];

		w->index = i;
		w->rng = ((uint64_t)draw(&rng, UINT32_MAX) << 32 | draw(&rng, UINT32_MAX)) + 1;
		w->stop_rng = w->rng + 1;
		/* Beyond what it may have: a get that finds too few. */
		w->table = allocate((options.nb_objects + options.burst) * sizeof(*w->table));
		if (pthread_create(&w->thread, NULL, work, w) != 0)
			fail("no thread", i);
	}
	stop_while_at_work();
	for (i = 0; i < options.nb_workers; i++)
		pthread_join(workers[i].thread, NULL);
	begin = seconds() - begin;
	check_end();
	report(begin);
	printf("stress-depot: ok\n");
	return EXIT_SUCCESS;
}
