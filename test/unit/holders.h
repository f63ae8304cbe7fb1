/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HOLDERS_H
#define HOLDERS_H

/**
 * @file
 * Who holds what: every header and every external buffer that live packets reach, with the count that
 * each ought to have, and how many objects of each mempool are out by that. It knows nothing of
 * verbs: it goes along all segments and counts.
 */

#include "pools.h"

/** Start over. */
void holders_begin(struct pools *p);

/** A packet, as one owner of its chain has it; number: 0 to 30, another one for each. */
void holders_add_packet(struct rte_mbuf *m, unsigned int number);

/** References that no packet has: the application's own, the bias of a leaf. */
void holders_add_storage(struct mext_storage *storage, unsigned int n);

/** References on a storage by what was added so far. */
unsigned int holders_of_storage(struct mext_storage *storage);

/** A spread that is in use, and has a reference on this storage. */
void holders_add_spread(struct mext_storage *root);

/** Assert that counts and mempools are as added up. Headers are remembered as they are. */
void holders_check(void);

/**
 * Assert that headers are as they were at holders_check(), but for their refcnt: those that packets
 * without a bit in touched reach, as segments or as what these are clones of.
 */
void holders_unchanged(uint32_t touched);

#endif
