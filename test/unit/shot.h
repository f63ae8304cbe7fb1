/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SHOT_H
#define SHOT_H

/** @file What a packet and the world around it were before a call. */

#include "chains.h"

#define SHOT_SEGS 8

/** A packet and the world around it at one moment. */
struct shot {
	struct world *w;
	unsigned int n;
	struct rte_mbuf *seg[SHOT_SEGS];
	struct rte_mbuf header[SHOT_SEGS];
	uint16_t count[SHOT_SEGS];
	uint32_t len;
	uint8_t *bytes;
	uint64_t out[20]; /* objects of every mempool */
};

void shot_take(struct shot *shot, struct world *w, struct rte_mbuf *m);

/** Everything is as it was: headers byte by byte, counts, contents, levels. */
#define assert_unchanged(shot) check_unchanged(shot, __FILE__, __LINE__)
void check_unchanged(const struct shot *shot, const char *file, int line);

/** What another owner of these headers sees is as it was: headers but for their refcnt, and contents. */
#define assert_still(shot) check_still(shot, __FILE__, __LINE__)
void check_still(const struct shot *shot, const char *file, int line);

void shot_free(struct shot *shot);

#endif
