/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef THREADS_H
#define THREADS_H

/**
 * @file
 * A team of threads that stay alive between rounds: each is pinned to the CPUs of one of EAL's
 * lcores, in turn, and registered, so that it has an lcore id and with it a mempool's caches.
 *
 * The team_ functions are for the main thread, but team_is_stopped(), which members call.
 */

#include <stdbool.h>
#include <stdint.h>

struct team;

/** What a member does in a round, until team_is_stopped() or until it is done. */
typedef void team_work(struct team *team, unsigned int member, void *arg);

/**
 * Start a team on the first nb_lcores of EAL's lcores.
 * @return 0, -EINVAL: EAL has fewer lcores, or the errno of what could not be had.
 */
int team_start(unsigned int nb_members, unsigned int nb_lcores, struct team **team);

/** Every member does the work once, to its end. */
void team_run(struct team *team, team_work *work, void *arg);

/**
 * Every member works until it sees that the time is over.
 * @return TSC cycles from when the first member began to when all were told to stop.
 */
uint64_t team_run_for(struct team *team, unsigned int microseconds, team_work *work, void *arg);

/** Whether the time is over; cheap enough to ask once a burst. */
bool team_is_stopped(const struct team *team);

/** End the threads. */
void team_end(struct team *team);

#endif
