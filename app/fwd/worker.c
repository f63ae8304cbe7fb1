/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_cycles.h>

#include "fwd.h"
#include "mode.h"
#include "mode_txonly.h"
#include "stream.h"

/** Turns of all streams of a lcore until told to stop; compiled twice, so that not recording is free. */
static inline void
work(struct fwd_lcore *lcore, uint16_t (*turn)(struct fwd_stream *), bool record)
{
	const bool *stop = &lcore->fwd->stop;
	uint64_t begin = 0;
	unsigned int i;
	uint16_t n;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		for (i = 0; i < lcore->nb_streams; i++) {
			struct fwd_stream *s = lcore->streams[i];

			if (record)
				begin = rte_rdtsc();
			n = turn(s);
			if (n == 0) {
				s->idle++;
				continue;
			}
			s->turns++;
			s->handled += n;
			if (record)
				s->cycles += rte_rdtsc() - begin;
		}
	}
}

int
worker_run(void *arg)
{
	struct fwd_lcore *lcore = arg;
	const struct fwd *fwd = lcore->fwd;
	const unsigned int last_stage = RTE_MAX(fwd->args.mode->stages, 1u) - 1;
	unsigned int i;

	for (i = 0; i < lcore->nb_streams && lcore->tx_first > 0; i++)
		if (lcore->streams[i]->stage == last_stage)
			txonly_first(lcore->streams[i], lcore->tx_first, &fwd->stop);
	lcore->tx_first = 0;
	if (fwd->args.record_cycles)
		work(lcore, fwd->args.mode->turn, true);
	else
		work(lcore, fwd->args.mode->turn, false);
	return 0;
}
