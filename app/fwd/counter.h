/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COUNTER_H
#define COUNTER_H

/**
 * @file A number that somebody else counts, added up by what each reading has grown. A smaller one than
 * before means that it has started anew: what it is then has been counted since. Who reads holds the lock.
 */

#include <stdbool.h>
#include <stdint.h>

/** A number that nobody knows. */
#define COUNTER_UNKNOWN UINT64_MAX

struct counter {
	uint64_t last; /* as read */
	uint64_t sum;
};

/** Take a reading. @return whether it has started anew since the one before. */
static inline bool
counter_read(struct counter *c, uint64_t now)
{
	const bool anew = now < c->last;

	c->sum += anew ? now : now - c->last;
	c->last = now;
	return anew;
}

/** Add a number to a sum; of what is not known there is no sum. */
static inline void
counter_add(uint64_t *sum, uint64_t number)
{
	*sum = number == COUNTER_UNKNOWN || *sum == COUNTER_UNKNOWN ? COUNTER_UNKNOWN
								    : *sum + number;
}

/** What is known of a number: at least so much. */
static inline uint64_t
counter_known(uint64_t number)
{
	return number == COUNTER_UNKNOWN ? 0 : number;
}

#endif
