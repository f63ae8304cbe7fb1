/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stop workers at random points, as the kernel does when there are more threads than CPUs, but
 * more often: the first thread sends signals, and the handler gives up the CPU or sleeps. Now and then one
 * worker stays in the middle of a call until the others have done many, or rest: they must not wait for it.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <time.h>

#include "stress_depot.h"

/** Calls that the others do during a long stop. */
#define LONG_STOP 20000

static uint32_t one_is_stopped;
static __thread struct worker *self;

static void
nap(uint32_t microseconds)
{
	const struct timespec t = { .tv_nsec = microseconds * 1000L };

	nanosleep(&t, NULL);
}

/** @return calls of the others; WORK_ENDED: none of them works any more. */
static uint64_t
others_done(const struct worker *w)
{
	uint64_t sum = 0, done;
	bool all_ended = true;
	unsigned int i;

	for (i = 0; i < options.nb_workers; i++) {
		if (i == w->index)
			continue;
		done = __atomic_load_n(&workers[i].done, __ATOMIC_RELAXED);
		all_ended &= done == WORK_ENDED;
		sum += RTE_MIN(done, options.nb_ops);
	}
	return all_ended ? WORK_ENDED : sum;
}

static void
stop_long(struct worker *w)
{
	uint64_t begin = others_done(w);

	if (begin == WORK_ENDED)
		return;
	w->long_stops++;
	while (others_done(w) < begin + LONG_STOP &&
			__atomic_load_n(&nb_resting, __ATOMIC_RELAXED) < options.nb_workers - 1)
		nap(100);
}

static void
on_signal(int signal)
{
	const int saved = errno;
	struct worker *w = self;

	(void)signal;
	w->stops += w->inside;
	if (w->inside != 0 && draw(&w->stop_rng, 16) == 0 &&
			__atomic_exchange_n(&one_is_stopped, 1, __ATOMIC_RELAXED) == 0) {
		stop_long(w);
		__atomic_store_n(&one_is_stopped, 0, __ATOMIC_RELAXED);
	} else if (draw(&w->stop_rng, 2) == 0) {
		nap(draw(&w->stop_rng, 50));
	} else {
		sched_yield();
	}
	errno = saved;
}

void
stop_begin(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (sigaction(SIGUSR1, &action, NULL) < 0)
		fail("sigaction", errno);
}

void
stop_allow(struct worker *w)
{
	sigset_t set;

	self = w;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void
stop_while_at_work(void)
{
	uint64_t rng = options.seed ^ 0x5bd1e995;
	unsigned int i = 0;

	/* Joined only then: until it is, there is a thread that a signal can be sent to. */
	while (i < options.nb_workers) {
		nap(20 + draw(&rng, 100));
		pthread_kill(workers[draw(&rng, options.nb_workers)].thread, SIGUSR1);
		if (__atomic_load_n(&workers[i].done, __ATOMIC_RELAXED) == WORK_ENDED)
			i++;
	}
}
