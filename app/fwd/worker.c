/* SPDX-License-Identifier: BSD-3-Clause */
#include "fwd.h"
#include "mode.h"
#include "mode_txonly.h"
#include "stream.h"

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
	fwd->args.mode->loop(lcore);
	return 0;
}
