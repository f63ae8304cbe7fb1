/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef STRESS_DEPOT_H
#define STRESS_DEPOT_H

/** @file What stress_depot.c (the run), stress_work.c (a thread) and stress_stop.c share. */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "depot.h"

/** Threads, at most. */
#define MAX_WORKERS 64
#define WORK_ENDED UINT64_MAX

/** What is known of a pointer. In the depot there is its number, from 1. */
struct object {
	uint32_t owner; /* 1 + the worker that has it; 0: it is in the depot */
	/* Written by the owner alone: what makes that safe is the depot, and nothing else. */
	uint64_t gets, puts;
};

struct options {
	unsigned int nb_workers;
	uint32_t nb_stations;
	uint32_t nb_objects;
	uint32_t burst; /* most pointers in a call */
	uint64_t nb_ops; /* calls of each worker */
	uint64_t seed;
};

struct worker {
	pthread_t thread;
	unsigned int index;
	uint32_t held, target; /* how many of table it has, and how many it wants */
	void **table;
	uint64_t rng;
	uint64_t done; /* calls so far, WORK_ENDED at the end; read by others */
	uint64_t short_gets;
	/* Of the signal handler: */
	uint64_t stop_rng;
	uint64_t stops, long_stops; /* in the middle of a call */
	uint32_t inside; /* a call of the depot */
} __rte_cache_aligned;

extern struct options options;
extern struct depot *depot;
extern struct object *objects;
extern struct worker workers[MAX_WORKERS];
extern pthread_barrier_t barrier;
extern uint32_t nb_resting; /* workers that wait for all others */

/** Print, and end the program. */
void fail(const char *what, uint64_t number) __rte_noreturn;

/** A pseudo-random number below n. */
uint32_t draw(uint64_t *rng, uint32_t n);

/** Pointers that were just got are nobody's, and now this owner's. */
void take_objects(void *const *table, uint32_t n, uint32_t owner);

/** Pointers that are about to be put are this owner's, and then nobody's. */
void drop_objects(void *const *table, uint32_t n, uint32_t owner);

/** pthread_create()'s: a worker. */
void *work(void *worker);

/** Get ready to stop workers; before they are created. */
void stop_begin(void);

/** The calling worker may be stopped from now on. */
void stop_allow(struct worker *w);

/** Stop workers until all have ended. They are not joined yet. */
void stop_while_at_work(void);

#endif
