/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCARCE_H
#define SCARCE_H

/** @file Taking objects of a pool away, so that so many are left as a test says. */

#include "pool.h"
#include "unit.h"

/** Objects of one kind that a test has taken. */
struct scarce {
	struct rte_mempool *mp;
	unsigned int n;
	void *objs[1024];
};

/** Take all of a kind that are free; the pool has one socket. */
void scarce_take(struct scarce *s, struct mext_pool *pool, unsigned int kind);

/** Give n back; as many must have been taken. */
void scarce_give(struct scarce *s, unsigned int n);

#endif
