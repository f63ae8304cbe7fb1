/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_launch.h>

#include "fwd.h"
#include "generate.h"
#include "mode.h"
#include "setup.h"
#include "snapshot.h"
#include "watch.h"

void
workers_stop(struct fwd *fwd)
{
	__atomic_store_n(&fwd->stop, true, __ATOMIC_RELAXED);
	rte_eal_mp_wait_lcore();
}

void
workers_start(struct fwd *fwd)
{
	unsigned int i;

	__atomic_store_n(&fwd->stop, false, __ATOMIC_RELAXED);
	for (i = 0; i < fwd->nb_lcores; i++) {
		if (fwd->lcores[i].nb_streams > 0)
			rte_eal_remote_launch(worker_run, &fwd->lcores[i], fwd->lcores[i].id);
	}
}

static void
launch(struct fwd *fwd)
{
	unsigned int i;

	snapshot_begin(fwd);
	fwd->started = fwd->began = watch_now();
	for (i = 0; i < fwd->nb_lcores; i++)
		fwd->lcores[i].tx_first = fwd->args.tx_first;
	workers_start(fwd);
	fwd->running = true;
}

int
forwarding_start(struct fwd *fwd)
{
	int ret = -1;

	pthread_mutex_lock(&fwd->lock);
	streams_free(fwd);
	ports_forget_gone(fwd);
	if (buffers_check(fwd) < 0 || ports_prepare(fwd) < 0 || streams_plan(fwd) < 0)
		goto unlock;
	if (fwd->args.tx_first > 0 && generate_check(fwd) < 0)
		goto unlock;
	if (fwd->args.mode->start != NULL && fwd->args.mode->start(fwd) < 0)
		goto unlock;
	if (fwd->started_before && !fwd->args.no_flush_rx)
		ports_flush(fwd);
	fwd->started_before = true;
	report_start(fwd);
	preflight_warn(fwd);
	links_begin(fwd);
	launch(fwd);
	ret = 0;
unlock:
	pthread_mutex_unlock(&fwd->lock);
	return ret;
}

/** What came in and went nowhere, of what the streams have counted. */
static void
account_held(struct fwd *fwd)
{
	struct fwd_totals t;

	streams_total(fwd, RTE_MAX_ETHPORTS, &t);
	fwd->held += (int64_t)(t.rx + t.made - t.tx - t.consumed - t.rejected - t.full -
			       t.not_copied);
}

void
forwarding_clear(struct fwd *fwd)
{
	pthread_mutex_lock(&fwd->lock);
	if (fwd->running) {
		workers_stop(fwd);
		account_held(fwd);
		streams_clear(fwd);
		snapshot_begin(fwd);
		fwd->began = watch_now();
		workers_start(fwd);
	} else {
		snapshot_put(fwd->last);
		fwd->last = NULL;
	}
	pthread_mutex_unlock(&fwd->lock);
}

void
forwarding_stop(struct fwd *fwd)
{
	workers_stop(fwd);
	links_poll(fwd);
	pthread_mutex_lock(&fwd->lock);
	if (fwd->args.mode->stop != NULL)
		fwd->args.mode->stop(fwd);
	account_held(fwd);
	snapshot_end(fwd);
	fwd->running = false;
	pthread_mutex_unlock(&fwd->lock);
	report_last_period(fwd);
}
