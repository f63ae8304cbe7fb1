/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RECLAIM_H
#define RECLAIM_H

/** @file Getting back what a driver kept when it was closed. */

#include <stdint.h>

#include <rte_mempool.h>

/**
 * Put the mbufs that are missing from a mempool back into it, made new.
 * Only when nobody uses the mempool: all ports closed, all lcores idle.
 *
 * @param mp  a mempool of plain mbufs
 * @param limit  if more than that many are missing, somebody else has lost them: none is taken
 * @return how many were put back.
 */
unsigned int reclaim(struct rte_mempool *mp, uint64_t limit);

#endif
