/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TRAFFIC_H
#define TRAFFIC_H

/**
 * @file
 * What the members of a team do with a mempool in a round.
 */

#include <rte_mempool.h>
#include <rte_ring.h>

#include "threads.h"

#define TRAFFIC_MEMBERS 8
/** Bursts in a sequence, a power of two, and the largest one. */
#define TRAFFIC_BURSTS 4096
#define TRAFFIC_BURST_MAX 1280

struct traffic {
	struct rte_mempool *mp;
	struct rte_ring *ring; /* of a pipeline */
	const uint16_t *bursts; /* TRAFFIC_BURSTS of them, again and again */
	unsigned int nb_members;
	bool write; /* write to each object that was got */
	bool all_sent __rte_cache_aligned; /* the head of a pipeline has ended */
	struct {
		uint64_t objects, failures;
	} __rte_cache_aligned counts[TRAFFIC_MEMBERS]; /* a member's, of one round */
};

/** Every member for itself: get a burst, put it back. */
void traffic_get_put(struct team *team, unsigned int member, void *traffic);

/** Member 0 gets bursts and hands them over, member 1 puts them. Counted is what was put. */
void traffic_pipeline(struct team *team, unsigned int member, void *traffic);

/**
 * Bring the pool into the state of one that has been in use: its objects in random order. A fresh
 * one, in the order of addresses, flatters those handlers that keep it.
 */
void traffic_age(struct team *team, unsigned int member, void *traffic);

/** Fill a sequence with bursts of min to max objects, the same ones every time. */
void traffic_bursts(uint16_t *bursts, unsigned int min, unsigned int max);

#endif
