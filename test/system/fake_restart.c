/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file Counters of ports that start anew, as those of a driver whose peer leaves, or that another process resets. To
 * be loaded before a program (LD_PRELOAD): when the file that FAKE_RESTART names is there, it goes, and all ports count
 * from 0 again.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_ethdev.h>

/** The first of struct rte_eth_stats: all that are not of a queue. */
#define COUNTERS 8

typedef int (*stats_get_fn)(uint16_t, struct rte_eth_stats *);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t base[RTE_MAX_ETHPORTS][COUNTERS];

int
rte_eth_stats_get(uint16_t port, struct rte_eth_stats *stats)
{
	stats_get_fn real = (stats_get_fn)dlsym(RTLD_NEXT, "rte_eth_stats_get");
	uint64_t *counters = (uint64_t *)stats;
	unsigned int i;
	int ret;

	pthread_mutex_lock(&lock);
	ret = real(port, stats);
	for (i = 0; i < COUNTERS && ret == 0; i++)
		counters[i] -= base[port][i];
	pthread_mutex_unlock(&lock);
	return ret;
}

static void
start_anew(stats_get_fn real)
{
	struct rte_eth_stats stats;
	unsigned int port, i;

	pthread_mutex_lock(&lock);
	for (port = 0; port < RTE_MAX_ETHPORTS; port++)
		for (i = 0; rte_eth_dev_is_valid_port(port) && real(port, &stats) == 0 &&
				i < COUNTERS;
				i++)
			base[port][i] = ((uint64_t *)&stats)[i];
	pthread_mutex_unlock(&lock);
}

static void *
wait_for_file(void *name)
{
	stats_get_fn real = (stats_get_fn)dlsym(RTLD_NEXT, "rte_eth_stats_get");
	sigset_t all;

	sigfillset(&all); /* the program waits for its signals itself */
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	for (;; usleep(1000)) {
		if (access(name, F_OK) < 0)
			continue;
		start_anew(real);
		unlink(name);
	}
	return NULL;
}

RTE_INIT(begin)
{
	pthread_t thread;

	if (getenv("FAKE_RESTART") != NULL)
		pthread_create(&thread, NULL, wait_for_file, getenv("FAKE_RESTART"));
}
