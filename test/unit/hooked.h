/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HOOKED_H
#define HOOKED_H

/**
 * @file
 * The depot, compiled into a test with a hook before and after each of its atomic operations: there other calls come in
 * between a call's steps, or the call ends. One thread does it all, so nothing may wait.
 *
 * Include it before all else.
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <rte_bitops.h>
#include <rte_branch_prediction.h>
#include <rte_common.h>

static void hook(void);
static uint32_t nb_steps;

#define DEPOT_STEP() (nb_steps++)
#define HOOKED(operation)                      \
	__extension__({                        \
		__typeof__(operation) result_; \
		hook();                        \
		result_ = operation;           \
		hook();                        \
		result_;                       \
	})
#define __atomic_load_n(p, order) HOOKED(__atomic_load_n(p, order))
#define __atomic_fetch_add(p, v, order) HOOKED(__atomic_fetch_add(p, v, order))
#define __atomic_compare_exchange_n(p, expected, v, weak, order, otherwise) \
	HOOKED(__atomic_compare_exchange_n(p, expected, v, weak, order, otherwise))
#include "depot.c"
#include "layout.c"
#undef __atomic_load_n
#undef __atomic_fetch_add
#undef __atomic_compare_exchange_n

#include "store.h"

/** Pointers in a call, at most. */
#define N_MAX 200
/** Hooks at which something is tried, in each depot. */
#define NB_HOOKS 60000

struct call {
	bool is_put;
	uint32_t thread, n;
	int ret;
	void *objs[N_MAX];
};

/** Of one station, of two, of four; with a large shelf. */
static const struct {
	uint32_t nb, nb_threads;
} depots[] = { { 9, 1 }, { 200, 1 }, { 512, 2 }, { 1030, 4 }, { 3000, 2 } };

static struct store store;
/** Hooks until one is to do something, 0: none any more; and what. */
static uint32_t until;
static void (*then)(void);
static bool fired;
/** The call that stands still. */
static struct call first;
/** The fewest pointers that were in the depot, without those of the first call. */
static uint32_t fewest;

static void
hook(void)
{
	if (until > 0 && --until == 0) {
		fired = true;
		then();
	}
}

/** Which pointers a put is to have: any, so that others come to lie where some were. */
static void
hold(struct call *call)
{
	uint32_t i, k;
	void *obj;

	for (i = 0; i < call->n; i++) {
		k = store_random(&store, store.out);
		obj = store.table[k];
		store.table[k] = store.table[--store.out];
		call->objs[i] = obj;
	}
}

static void
keep(const struct call *call)
{
	memcpy(&store.table[store.out], call->objs, call->n * sizeof(call->objs[0]));
	store.out += call->n;
}

static void
draw_call(struct call *call)
{
	/* Fewer than a magazine holds, some magazines, as many as a shelf takes and more. */
	static const uint32_t most[] = { 3, 9, 20, 70, N_MAX };

	call->is_put = store_random(&store, 2) == 0;
	call->thread = store_random(&store, STORE_THREADS);
	call->n = 1 + store_random(&store, most[store_random(&store, RTE_DIM(most))]);
	if (store_random(&store, 8) == 0)
		call->n = 65; /* more than is copied without a claim */
	call->n = RTE_MIN(call->n, store.nb);
}

static void
do_call(struct call *call)
{
	call->ret = call->is_put ? depot_put(store.d, call->thread, call->objs, call->n)
				 : depot_get(store.d, call->thread, call->objs, call->n);
}

/** A depot of any state; two in three pointers are in it, or few, or nearly all. */
static void
draw_state(bool claims)
{
	uint32_t i, n, thread;

	store_claim(&store, 0, STORE_THREADS, false);
	for (i = 0; i < 12; i++) {
		thread = store_random(&store, STORE_THREADS);
		n = 1 + store_random(&store, store.nb / (1 + store_random(&store, 8)));
		store_claim(&store, store_random(&store, STORE_THREADS), 2,
				store_random(&store, 2));
		if (store_random(&store, 3) > 0)
			n = RTE_MIN(n, store.out);
		else
			n = RTE_MIN(n, store.nb - store.out);
		if (n == 0)
			continue;
		if (n <= store.out)
			store_put(&store, thread, n);
		else
			store_get(&store, thread, n);
	}
	if (!claims)
		store_claim(&store, 0, STORE_THREADS, false);
}

/** A state, to come back to. */
struct snapshot {
	void *depot;
	void **table;
	uint32_t out;
};

static void
save(struct snapshot *s)
{
	s->depot = malloc(mextp_depot_size(store.nb, store.nb_threads));
	s->table = malloc(store.nb * sizeof(*s->table));
	assert_non_null(s->depot);
	assert_non_null(s->table);
	memcpy(s->depot, store.d, mextp_depot_size(store.nb, store.nb_threads));
	memcpy(s->table, store.table, store.nb * sizeof(*s->table));
	s->out = store.out;
}

static void
restore(const struct snapshot *s)
{
	memcpy(store.d, s->depot, mextp_depot_size(store.nb, store.nb_threads));
	memcpy(store.table, s->table, store.nb * sizeof(*s->table));
	store.out = s->out;
}

static void
drop(struct snapshot *s)
{
	free(s->depot);
	free(s->table);
}

/** Do the first call, with something at one of its hooks. @return whether it has so many. */
static bool
do_first(uint32_t at, void (*what)(void))
{
	fewest = store.nb - store.out;
	if (first.is_put) {
		hold(&first);
		fewest = store.nb - store.out - first.n;
	}
	until = at;
	then = what;
	nb_steps = 0;
	fired = false;
	do_call(&first);
	until = 0;
	return fired;
}

#endif
