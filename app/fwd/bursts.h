/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BURSTS_H
#define BURSTS_H

/** @file How many packets bursts had, as --record-burst-stats has it: the sizes that were most frequent. */

#include <stdint.h>

#include "args.h"

/** Frequent sizes that are told; the others are summed up. */
#define BURSTS_TOLD 3

struct bursts_share {
	unsigned int size; /* packets a burst */
	uint64_t bursts;
	unsigned int percent;
};

/** The bursts of 0 packets, then the most frequent others. @return how many of told are filled. */
unsigned int bursts_rank(const uint64_t bursts[FWD_MAX_BURST + 1],
		struct bursts_share told[BURSTS_TOLD], uint64_t *total);

/** One line, as testpmd's; none if there was no burst. */
void bursts_print(const char *way, const uint64_t bursts[FWD_MAX_BURST + 1]);

#endif
