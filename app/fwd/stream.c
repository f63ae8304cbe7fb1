/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_lcore.h>
#include <rte_malloc.h>

#include "fwd.h"
#include "mode.h"
#include "stream.h"

unsigned int
topology_peer(enum topology topology, unsigned int i, unsigned int nb)
{
	switch (topology) {
	case TOPOLOGY_LOOP:
		return i;
	case TOPOLOGY_CHAINED:
		return (i + 1) % nb;
	default: /* an odd last one is paired with itself */
		return (i ^ 1) < nb ? i ^ 1 : i;
	}
}

static int
no_memory(const char *of)
{
	FWD_ERROR("no memory for %s, raise EAL's -m", of);
	return -1;
}

/** A stream of which only the lcore is not known yet. */
static struct fwd_stream *
make_stream(const struct fwd *fwd, unsigned int port, unsigned int queue, unsigned int stage)
{
	const struct fwd_args *args = &fwd->args;
	const bool to_all = (args->mode->flags & MODE_TO_ALL) != 0;
	const bool by_topology =
			(args->mode->flags & (MODE_RECEIVES | MODE_ANSWERS)) == MODE_RECEIVES;
	unsigned int to = by_topology ? topology_peer(args->topology, port, fwd->nb_ports) : port;
	unsigned int i, nb_outs = to_all ? fwd->nb_ports : 1;
	int socket = fwd->ports[port].socket;
	struct fwd_stream *s;

	s = rte_zmalloc_socket("fwd_stream", sizeof(*s) + nb_outs * sizeof(s->outs[0]),
			RTE_CACHE_LINE_SIZE, socket);
	if (s == NULL)
		return NULL;
	if (args->record_bursts) {
		s->bursts = rte_zmalloc_socket("fwd_bursts", sizeof(*s->bursts), 0, socket);
		if (s->bursts == NULL) {
			rte_free(s);
			return NULL;
		}
	}
	s->rx_port = fwd->ports[port].id;
	s->rx_queue = queue;
	s->burst = args->burst;
	s->stage = stage;
	s->verbose = args->verbose > 0;
	s->lacks_tags = port_lacks_tags(&fwd->ports[port]);
	s->watched = s->verbose || s->bursts != NULL || s->lacks_tags;
	s->tx_retries = args->tx_retries;
	s->pool = fwd->pool;
	s->copy_pool = rx_mempool_largest(fwd, fwd->ports[to].socket);
	s->nb_outs = nb_outs;
	s->refer = true;
	for (i = 0; i < nb_outs; i++) {
		const struct fwd_port *p = &fwd->ports[to_all ? i : to];
		const bool linear = port_linearizes(fwd, p);

		s->outs[i] = (struct fwd_out){
			.port = p->id,
			.queue = queue,
			.special = (p->copy_external ? FWD_OUT_COPY : 0) |
				   (linear ? FWD_OUT_LINEAR : 0) | (p->gone ? FWD_OUT_GONE : 0) |
				   (s->bursts != NULL ? FWD_OUT_RECORD : 0),
			.addrs = { .dst = args->peer[p->id], .src = p->addr },
			.offloads = p->setup.tx_offloads,
		};
		s->refer &= !p->hands_on && !p->copy_external && !linear;
	}
	s->out = &s->outs[to_all ? to : 0];
	return s;
}

static int
make_streams(struct fwd *fwd)
{
	const struct fwd_args *args = &fwd->args;
	const unsigned int flags = args->mode->flags;
	const unsigned int stages = RTE_MAX(args->mode->stages, 1u);
	unsigned int i, q, stage, each = flags & MODE_RECEIVES ? args->nb_rxq : args->nb_txq;

	if ((flags & MODE_RECEIVES) != 0 && ((flags & MODE_TRANSMITS) != 0 || args->tx_first > 0) &&
			(flags & MODE_TO_ALL) == 0 && args->nb_txq < args->nb_rxq) {
		FWD_ERROR("--txq=%u is less than --rxq=%u: each receive queue needs a transmit queue "
			  "of its own, give --txq=%u",
				args->nb_txq, args->nb_rxq, args->nb_rxq);
		return -1;
	}
	fwd->streams = rte_zmalloc(
			"fwd_streams", fwd->nb_ports * each * stages * sizeof(*fwd->streams), 0);
	if (fwd->streams == NULL)
		return no_memory("the streams");
	for (i = 0; i < fwd->nb_ports; i++) {
		for (q = 0; q < each; q++) {
			for (stage = 0; stage < stages; stage++) {
				struct fwd_stream *s = make_stream(fwd, i, q, stage);

				if (s == NULL)
					return no_memory("the streams");
				s->index = fwd->nb_streams;
				fwd->streams[fwd->nb_streams++] = s;
			}
		}
	}
	return 0;
}

/**
 * The lcore for a stream: on the socket of its port where there is one, there the one with the
 * least to do. A lcore that has nothing yet may join while fewer than max have something.
 */
static struct fwd_lcore *
pick_lcore(struct fwd_lcore *lcores, unsigned int nb, unsigned int max, int socket)
{
	struct fwd_lcore *best = NULL;
	unsigned int i, busy = 0, cost, best_cost = UINT_MAX;
	const unsigned int remote = 1u << 30;

	for (i = 0; i < nb; i++)
		busy += lcores[i].nb_streams > 0;
	for (i = 0; i < nb; i++) {
		if (lcores[i].nb_streams == 0 && busy == max)
			continue;
		cost = lcores[i].nb_streams;
		if (socket >= 0 && (int)rte_lcore_to_socket_id(lcores[i].id) != socket)
			cost += remote;
		if (cost < best_cost) {
			best_cost = cost;
			best = &lcores[i];
		}
	}
	return best;
}

/** Where streams send to any port, each lcore has a queue of its own on all ports. */
static void
share_queues(struct fwd *fwd)
{
	unsigned int i, j, k, queue = 0;

	for (i = 0; i < fwd->nb_lcores; i++) {
		struct fwd_lcore *l = &fwd->lcores[i];

		for (j = 0; j < l->nb_streams; j++)
			for (k = 0; k < l->streams[j]->nb_outs; k++)
				l->streams[j]->outs[k].queue = queue;
		queue += l->nb_streams > 0;
	}
}

/** Give every stream a lcore. */
static int
assign_lcores(struct fwd *fwd, unsigned int nb_workers, unsigned int max)
{
	unsigned int i, used = 0, lcore;
	struct fwd_lcore *l;

	fwd->lcores = rte_zmalloc("fwd_lcores", nb_workers * sizeof(*fwd->lcores), 0);
	if (fwd->lcores == NULL)
		return no_memory("the lcores");
	fwd->nb_lcores = nb_workers;
	RTE_LCORE_FOREACH_WORKER(lcore) {
		l = &fwd->lcores[used++];
		l->id = lcore;
		l->fwd = fwd;
		l->streams = rte_zmalloc("fwd_lcore", fwd->nb_streams * sizeof(*l->streams), 0);
		if (l->streams == NULL)
			return no_memory("the lcores' lists of streams");
	}
	for (i = 0; i < fwd->nb_streams; i++) {
		struct fwd_stream *s = fwd->streams[i];

		l = pick_lcore(fwd->lcores, nb_workers, max, port_by_id(fwd, s->rx_port)->socket);
		s->lcore = l->id;
		l->streams[l->nb_streams++] = s;
	}
	if ((fwd->args.mode->flags & MODE_TO_ALL) != 0)
		share_queues(fwd);
	return 0;
}

/** EAL counts its service cores as lcores, which run no worker. */
static unsigned int
count_workers(void)
{
	unsigned int lcore, n = 0;

	RTE_LCORE_FOREACH_WORKER(lcore)
		n++;
	return n;
}

int
streams_plan(struct fwd *fwd)
{
	unsigned int workers = count_workers();
	unsigned int wanted = fwd->args.nb_cores;

	if (workers == 0) {
		FWD_ERROR("no lcore to forward on: the main lcore only reports, and service cores (-s, -S) serve; "
			  "give EAL one more, for example -l 0-1");
		return -1;
	}
	if (wanted > workers) {
		FWD_ERROR("--nb-cores=%u is more than the %u lcores there are beside the main one: give "
			  "EAL more with -l, or a smaller --nb-cores",
				wanted, workers);
		return -1;
	}
	if (wanted == 0)
		wanted = workers;
	if ((fwd->args.mode->flags & MODE_TO_ALL) != 0)
		wanted = RTE_MIN(wanted, fwd->args.nb_txq);
	if (make_streams(fwd) < 0 || assign_lcores(fwd, workers, wanted) < 0) {
		streams_free(fwd);
		return -1;
	}
	return 0;
}

void
streams_free(struct fwd *fwd)
{
	unsigned int i;

	for (i = 0; i < fwd->nb_lcores; i++)
		rte_free(fwd->lcores[i].streams);
	for (i = 0; i < fwd->nb_streams; i++) {
		rte_free(fwd->streams[i]->bursts);
		rte_free(fwd->streams[i]);
	}
	rte_free(fwd->lcores);
	rte_free(fwd->streams);
	fwd->lcores = NULL;
	fwd->streams = NULL;
	fwd->nb_lcores = fwd->nb_streams = 0;
}

void
streams_clear(struct fwd *fwd)
{
	unsigned int i, j;

	for (i = 0; i < fwd->nb_streams; i++) {
		struct fwd_stream *s = fwd->streams[i];

		s->rx = s->turns = s->idle = s->cycles = s->passed_on = 0;
		s->made = s->consumed = s->rejected = s->no_buffer = 0;
		if (s->bursts != NULL)
			*s->bursts = (struct fwd_bursts){ 0 };
		for (j = 0; j < s->nb_outs; j++) {
			struct fwd_out *out = &s->outs[j];

			out->tx = out->full = out->not_copied = out->retries = 0;
		}
	}
}

void
streams_forget_port(struct fwd *fwd, uint16_t id)
{
	unsigned int i, j, kept;

	for (i = 0; i < fwd->nb_streams; i++)
		for (j = 0; j < fwd->streams[i]->nb_outs; j++)
			if (fwd->streams[i]->outs[j].port == id)
				fwd->streams[i]->outs[j].special |= FWD_OUT_GONE;
	for (i = 0; i < fwd->nb_lcores; i++) {
		struct fwd_lcore *l = &fwd->lcores[i];

		/* Later stages stay, with what the first has given them. */
		for (j = kept = 0; j < l->nb_streams; j++)
			if (l->streams[j]->rx_port != id || l->streams[j]->stage > 0)
				l->streams[kept++] = l->streams[j];
		l->nb_streams = kept;
	}
}

void
streams_total(const struct fwd *fwd, uint16_t port, struct fwd_totals *totals)
{
	const bool all = port == RTE_MAX_ETHPORTS;
	unsigned int i, j;

	*totals = (struct fwd_totals){ 0 };
	for (i = 0; i < fwd->nb_streams; i++) {
		const struct fwd_stream *s = fwd->streams[i];

		if (all || s->out->port == port) {
			totals->rx += s->rx;
			totals->made += s->made;
			totals->consumed += s->consumed;
			totals->rejected += s->rejected;
			totals->no_buffer += s->no_buffer;
		}
		for (j = 0; j < s->nb_outs; j++) {
			const struct fwd_out *out = &s->outs[j];

			if (!all && out->port != port)
				continue;
			totals->tx += out->tx;
			totals->full += out->full;
			totals->not_copied += out->not_copied;
			totals->retries += out->retries;
		}
	}
}
