/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_lcore.h>
#include <rte_malloc.h>

#include "fwd.h"

const struct fwd_port *
port_by_id(const struct fwd *fwd, uint16_t id)
{
	unsigned int i;

	for (i = 0; i < fwd->nb_ports && fwd->ports[i].id != id; i++)
		;
	return &fwd->ports[i];
}

/** Index of the port that what port i receives is sent to. */
static unsigned int
peer_of(const struct fwd *fwd, unsigned int i)
{
	switch (fwd->args.topology) {
	case TOPOLOGY_LOOP:
		return i;
	case TOPOLOGY_CHAINED:
		return (i + 1) % fwd->nb_ports;
	default: /* an odd last one is paired with itself */
		return (i ^ 1) < fwd->nb_ports ? i ^ 1 : i;
	}
}

static int
make_streams(struct fwd *fwd)
{
	const struct fwd_args *args = &fwd->args;
	unsigned int i, q, each = args->mode->receives ? args->nb_rxq : args->nb_txq;
	struct fwd_stream *s;

	if (args->mode->receives && args->mode->transmits && args->nb_txq < args->nb_rxq) {
		FWD_ERROR("--txq=%u is less than --rxq=%u: each receive queue needs a transmit queue "
			  "of its own, give --txq=%u",
				args->nb_txq, args->nb_rxq, args->nb_rxq);
		return -1;
	}
	fwd->nb_streams = fwd->nb_ports * each;
	fwd->streams = rte_zmalloc(
			"fwd_streams", fwd->nb_streams * sizeof(*s), RTE_CACHE_LINE_SIZE);
	if (fwd->streams == NULL) {
		FWD_ERROR("no memory for %u streams, raise EAL's -m", fwd->nb_streams);
		return -1;
	}
	s = fwd->streams;
	for (i = 0; i < fwd->nb_ports; i++) {
		const struct fwd_port *to = &fwd->ports[args->mode->receives ? peer_of(fwd, i) : i];

		for (q = 0; q < each; q++, s++) {
			s->rx_port = fwd->ports[i].id;
			s->rx_queue = q;
			s->tx_port = to->id;
			s->tx_queue = q;
			s->copy_external = to->copy_external;
			s->source = to->addr;
			s->peer = args->peer[to->id];
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

/** Give every stream a lcore; those without a stream drop out. */
static int
assign_lcores(struct fwd *fwd, unsigned int nb_workers, unsigned int max)
{
	unsigned int i, used = 0, lcore;
	struct fwd_lcore *l;

	fwd->lcores = rte_zmalloc("fwd_lcores", nb_workers * sizeof(*fwd->lcores), 0);
	if (fwd->lcores == NULL)
		goto no_memory;
	fwd->nb_lcores = nb_workers;
	RTE_LCORE_FOREACH_WORKER(lcore) {
		l = &fwd->lcores[used++];
		l->id = lcore;
		l->fwd = fwd;
		l->streams = rte_zmalloc("fwd_lcore", fwd->nb_streams * sizeof(*l->streams), 0);
		if (l->streams == NULL)
			goto no_memory;
	}
	for (i = 0; i < fwd->nb_streams; i++) {
		struct fwd_stream *s = &fwd->streams[i];

		l = pick_lcore(fwd->lcores, nb_workers, max, port_by_id(fwd, s->rx_port)->socket);
		l->streams[l->nb_streams++] = s;
	}
	return 0;

no_memory:
	FWD_ERROR("no memory for the lcores' lists of streams, raise EAL's -m");
	return -1;
}

int
streams_plan(struct fwd *fwd)
{
	unsigned int workers = rte_lcore_count() - 1;
	unsigned int wanted = fwd->args.nb_cores;

	if (workers == 0) {
		FWD_ERROR("no lcore to forward on: the main lcore only reports, give EAL at least two, "
			  "for example -l 0-1");
		return -1;
	}
	if (wanted > workers) {
		FWD_ERROR("--nb-cores=%u is more than the %u lcores there are beside the main one: give "
			  "EAL more with -l, or a smaller --nb-cores",
				wanted, workers);
		return -1;
	}
	if (make_streams(fwd) < 0)
		return -1;
	return assign_lcores(fwd, workers, wanted != 0 ? wanted : workers);
}

void
streams_free(struct fwd *fwd)
{
	unsigned int i;

	for (i = 0; i < fwd->nb_lcores; i++)
		rte_free(fwd->lcores[i].streams);
	rte_free(fwd->lcores);
	rte_free(fwd->streams);
}

void
streams_total(const struct fwd *fwd, uint16_t tx_port, struct fwd_totals *totals)
{
	unsigned int i;

	*totals = (struct fwd_totals){ 0 };
	for (i = 0; i < fwd->nb_streams; i++) {
		const struct fwd_stream *s = &fwd->streams[i];

		if (tx_port != RTE_MAX_ETHPORTS && s->tx_port != tx_port)
			continue;
		totals->rx += s->rx;
		totals->made += s->made;
		totals->tx += s->tx;
		totals->consumed += s->consumed;
		totals->dropped += s->dropped;
		totals->no_buffer += s->no_buffer;
	}
}
