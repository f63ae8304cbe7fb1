/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LOOP_H
#define LOOP_H

/**
 * @file The loop of a lcore over its streams, compiled into each mode together with its turn: no call through a
 * pointer and no registers saved for each burst. Of what io costs on net_ring, that was a tenth.
 */

#include <rte_cycles.h>

#include "fwd.h"
#include "stream.h"

/** Turns of all streams of a lcore until told to stop; twice in a mode, so that not recording is free. */
static inline void
loop(struct fwd_lcore *lcore, uint16_t (*turn)(struct fwd_stream *), const bool record)
{
	const bool *stop = &lcore->fwd->stop;
	struct fwd_stream **const end = lcore->streams + lcore->nb_streams;
	struct fwd_stream **at;
	uint64_t begin = 0;
	uint16_t n;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		for (at = lcore->streams; at < end; at++) {
			struct fwd_stream *s = *at;

			if (record)
				begin = rte_rdtsc();
			n = turn(s);
			if (n == 0) {
				s->idle++;
				continue;
			}
			s->turns++;
			if (record)
				s->cycles += rte_rdtsc() - begin;
		}
	}
}

/**
 * Define turn_loop(), for fwd_mode.loop, of turn(): a turn of a stream, which is called as often as there is time,
 * and returns how many packets it has handled; 0: there was nothing to do.
 */
#define MODE_LOOP(turn)                                                           \
	static __attribute__((flatten)) void turn##_loop(struct fwd_lcore *lcore) \
	{                                                                         \
		if (lcore->fwd->args.record_cycles)                               \
			loop(lcore, turn, true);                                  \
		else                                                              \
			loop(lcore, turn, false);                                 \
	}

#endif
