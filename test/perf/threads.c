/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_pause.h>

#include "bench.h"
#include "threads.h"

struct member {
	struct team *team;
	unsigned int index;
	pthread_t thread;
	uint64_t begin; /* TSC when its work of this round began */
} __rte_cache_aligned;

struct team {
	/* What members read in their loops; written once a round. */
	bool stopped __rte_cache_aligned;
	unsigned int ready __rte_cache_aligned; /* members that are awake and about to begin */
	pthread_mutex_t lock __rte_cache_aligned; /* for all below */
	pthread_cond_t wake, slept;
	unsigned int round; /* counts up to start one */
	unsigned int busy; /* members that have not ended the round */
	int error; /* of a member's registration */
	team_work *work; /* NULL: end */
	void *arg;
	bool together; /* a CPU for each: they can wait for each other without sleep */
	unsigned int nb_members;
	struct member members[];
};

bool
team_is_stopped(const struct team *team)
{
	/* Nothing else is read in consequence of it, so relaxed is enough. */
	return __atomic_load_n(&team->stopped, __ATOMIC_RELAXED);
}

/**
 * Begin at the same time, where each member has its own CPU: waking up takes a different time each.
 * Members that share a CPU would take it from those that work.
 */
static void
begin_together(struct team *team)
{
	if (!team->together)
		return;
	__atomic_fetch_add(&team->ready, 1, __ATOMIC_RELAXED);
	while (__atomic_load_n(&team->ready, __ATOMIC_RELAXED) < team->nb_members)
		rte_pause();
}

/** Say that a round is done, and sleep until the next. @return its number. */
static unsigned int
end_round(struct team *team, unsigned int round)
{
	pthread_mutex_lock(&team->lock);
	if (--team->busy == 0)
		pthread_cond_signal(&team->slept);
	while (team->round == round)
		pthread_cond_wait(&team->wake, &team->lock);
	round = team->round;
	pthread_mutex_unlock(&team->lock);
	return round;
}

static void *
member_main(void *arg)
{
	struct member *member = arg;
	struct team *team = member->team;
	unsigned int round = 0;

	if (rte_thread_register() < 0) {
		pthread_mutex_lock(&team->lock);
		team->error = -rte_errno;
		pthread_mutex_unlock(&team->lock);
	}
	for (;;) {
		round = end_round(team, round);
		if (team->work == NULL)
			break;
		begin_together(team);
		member->begin = rte_rdtsc();
		team->work(team, member->index, team->arg);
	}
	rte_thread_unregister();
	return NULL;
}

/** The CPUs of EAL's n-th lcore. */
static rte_cpuset_t
cpus_of(unsigned int n)
{
	unsigned int lcore;

	RTE_LCORE_FOREACH(lcore)
		if (n-- == 0)
			break;
	return rte_lcore_cpuset(lcore);
}

static int
start_member(struct member *member, unsigned int lcore)
{
	rte_cpuset_t cpus = cpus_of(lcore);
	pthread_attr_t attr;
	int ret;

	pthread_attr_init(&attr);
	/* Before it runs: registration takes the CPUs that a thread has then. */
	pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus);
	ret = pthread_create(&member->thread, &attr, member_main, member);
	pthread_attr_destroy(&attr);
	return -ret;
}

static void
wait_for_members(struct team *team)
{
	pthread_mutex_lock(&team->lock);
	while (team->busy > 0)
		pthread_cond_wait(&team->slept, &team->lock);
	pthread_mutex_unlock(&team->lock);
}

static void
start_round(struct team *team, team_work *work, void *arg)
{
	pthread_mutex_lock(&team->lock);
	team->work = work;
	team->arg = arg;
	team->busy = team->nb_members;
	team->ready = 0;
	team->stopped = false;
	team->round++;
	pthread_cond_broadcast(&team->wake);
	pthread_mutex_unlock(&team->lock);
}

int
team_start(unsigned int nb_members, unsigned int nb_lcores, struct team **made)
{
	size_t size = sizeof(struct team) + nb_members * sizeof(struct member);
	struct team *team;
	unsigned int i;
	int ret = 0;

	if (rte_lcore_count() < nb_lcores)
		return -EINVAL;
	team = aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN_CEIL(size, RTE_CACHE_LINE_SIZE));
	if (team == NULL)
		return -ENOMEM;
	*team = (struct team){ .together = nb_members <= nb_lcores, .busy = nb_members };
	pthread_mutex_init(&team->lock, NULL);
	pthread_cond_init(&team->wake, NULL);
	pthread_cond_init(&team->slept, NULL);
	for (i = 0; i < nb_members && ret == 0; i++) {
		team->members[i] = (struct member){ .team = team, .index = i };
		ret = start_member(&team->members[i], i % nb_lcores);
	}
	team->nb_members = ret < 0 ? i - 1 : i;
	pthread_mutex_lock(&team->lock);
	team->busy -= nb_members - team->nb_members;
	pthread_mutex_unlock(&team->lock);
	wait_for_members(team);
	if (ret == 0)
		ret = team->error;
	if (ret < 0) {
		team_end(team);
		return ret;
	}
	*made = team;
	return 0;
}

void
team_run(struct team *team, team_work *work, void *arg)
{
	start_round(team, work, arg);
	wait_for_members(team);
}

uint64_t
team_run_for(struct team *team, unsigned int microseconds, team_work *work, void *arg)
{
	struct timespec time = { microseconds / US_PER_S,
		microseconds % US_PER_S * (NS_PER_S / US_PER_S) };
	uint64_t begin = UINT64_MAX, end;
	unsigned int i;

	start_round(team, work, arg);
	nanosleep(&time, NULL);
	__atomic_store_n(&team->stopped, true, __ATOMIC_RELAXED);
	end = rte_rdtsc();
	wait_for_members(team);
	for (i = 0; i < team->nb_members; i++)
		begin = RTE_MIN(begin, team->members[i].begin);
	return end - begin;
}

void
team_end(struct team *team)
{
	unsigned int i;

	start_round(team, NULL, NULL);
	for (i = 0; i < team->nb_members; i++)
		pthread_join(team->members[i].thread, NULL);
	pthread_cond_destroy(&team->wake);
	pthread_cond_destroy(&team->slept);
	pthread_mutex_destroy(&team->lock);
	free(team);
}
