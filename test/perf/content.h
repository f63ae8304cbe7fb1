/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTENT_H
#define CONTENT_H

/**
 * @file
 * One content that lcores send at once, and the ways to share it. Each makes a burst of packets over the same
 * bytes and frees them, one by one as a driver does when it has sent them, or in bulk.
 *
 * Make and drop are for one thread alone; bursts may run at once on different lcores.
 */

#include <rte_mbuf.h>

#include "bed.h"

#define CONTENT_LCORES 2

struct content {
	struct mext_pool *pool;
	struct rte_mempool *buffers; /* of the list */
	struct rte_mbuf *handles[CONTENT_LCORES]; /* of the list, one for each lcore */
	struct mext_storage *storage;
	struct mext_storage *same[BED_BURST]; /* the storage, again and again */
	struct rte_mbuf *packets[CONTENT_LCORES]; /* on the storage, one for each lcore */
	struct mext_spread *spread;
	struct mext_storage *own[CONTENT_LCORES]; /* one for each lcore */
};

/** A burst of BED_BURST packets by one of the lcores, 0 to CONTENT_LCORES - 1; pkts is scratch. */
typedef void content_burst(struct content *c, unsigned int lcore, struct rte_mbuf **pkts);

content_burst content_own; /* no sharing: a storage for each lcore, packet by packet */
content_burst content_list; /* the method of the 1990s, see sharers.h */
content_burst content_plain; /* a storage's count, packet by packet */
content_burst content_spread; /* a spread, packet by packet */
content_burst content_plain_bulk;
content_burst content_fanout; /* in bulk, of an mbuf of the lcore's own */
content_burst content_spread_bulk;

/** Make all that the ways share, after the lcores are known. The list is checked first. */
void content_make(struct content *c);

/** @return how many objects did not come back. */
unsigned int content_drop(struct content *c);

#endif
