/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include <rte_lcore.h>

#include "fwd.h"
#include "settle.h"
#include "snapshot.h"
#include "watch.h"
#include "xstats.h"

/** What the mode had counted when counting began. */
static uint64_t counted_before[MODE_MAX_COUNTERS];

/** What a port is. */
static void
read_port(const struct fwd *fwd, const struct fwd_port *p, struct snapshot_port *port)
{
	*port = (struct snapshot_port){
		.id = p->id,
		.socket = p->socket,
		.gone = p->gone,
		.link_up = !p->gone && p->up,
		.link_speed = p->link_speed,
		.addr = p->addr,
	};
	memcpy(port->driver, p->driver, sizeof(port->driver));
	rx_mempool_names(fwd, p, port->mempool);
}

static struct snapshot_port *
find_port(struct snapshot *snap, uint16_t id)
{
	unsigned int i;

	for (i = 0; i < snap->nb_ports && snap->ports[i].id != id; i++)
		;
	return i < snap->nb_ports ? &snap->ports[i] : &snap->all;
}

/** A queue; what belongs to none that is known goes nowhere. */
static struct snapshot_queue *
find_queue(struct snapshot *snap, uint16_t port, uint16_t queue, struct snapshot_queue *nowhere)
{
	unsigned int i;

	for (i = 0; i < snap->nb_queues; i++)
		if (snap->queues[i].port == port && snap->queues[i].queue == queue)
			return &snap->queues[i];
	return nowhere;
}

/** One stream, and what it adds to its ports and queues. */
static void
read_stream(struct snapshot *snap, const struct fwd_stream *s, struct snapshot_stream *stream)
{
	const bool receives = (snap->mode->flags & MODE_RECEIVES) != 0;
	const bool first = s->stage == 0; /* what later stages handle was counted there */
	struct snapshot_port *from = find_port(snap, s->rx_port);
	struct snapshot_port *to = find_port(snap, s->out->port);
	struct snapshot_queue nowhere, *queue;
	struct fwd_bursts *bursts = stream->bursts;
	unsigned int i;

	*stream = (struct snapshot_stream){ s->rx_port, s->rx_queue, s->out->port, s->out->queue,
		s->stage, s->lcore, s->rx, s->made, .consumed = s->consumed,
		.rejected = s->rejected, .no_buffer = s->no_buffer, .turns = s->turns,
		.idle = s->idle, .cycles = s->cycles,
		.handled = first && receives ? s->rx
			   : first           ? s->made
					     : s->passed_on,
		.bursts = bursts };
	if (bursts != NULL)
		*bursts = *s->bursts;
	from->traffic.rx += receives && first ? s->rx : 0;
	from->drops.rejected += s->rejected;
	from->consumed += s->consumed;
	from->traffic.cycles += s->cycles;
	from->traffic.handled += first ? stream->handled : 0;
	to->drops.no_buffer += s->no_buffer;
	queue = find_queue(snap, s->rx_port, s->rx_queue, &nowhere);
	queue->traffic.rx += s->rx;
	queue->traffic.cycles += s->cycles;
	queue->traffic.handled += first ? stream->handled : 0;
	if (s->rx > 0)
		queue->rx_lcore = s->lcore;
	for (i = 0; i < s->nb_outs; i++) {
		const struct fwd_out *out = &s->outs[i];

		to = find_port(snap, out->port);
		to->traffic.tx += out->tx;
		to->drops.tx_full += out->full;
		to->drops.not_copied += out->not_copied;
		to->retries += out->retries;
		queue = find_queue(snap, out->port, out->queue, &nowhere);
		queue->traffic.tx += out->tx;
		if (out->tx > 0)
			queue->tx_lcore = s->lcore;
		stream->tx += out->tx;
		stream->tx_full += out->full;
		stream->not_copied += out->not_copied;
		stream->retries += out->retries;
	}
}

static void
read_lcores(struct snapshot *snap, const struct fwd *fwd)
{
	unsigned int i, j;

	for (i = 0; i < fwd->nb_lcores; i++) {
		struct snapshot_lcore *l = &snap->lcores[i];

		l->id = fwd->lcores[i].id;
		l->socket = rte_lcore_to_socket_id(l->id);
		l->nb_streams = fwd->lcores[i].nb_streams;
		for (j = 0; j < snap->nb_queues; j++) {
			const struct snapshot_queue *q = &snap->queues[j];

			if (q->rx_lcore == l->id)
				counter_add(&l->traffic.rx_bytes, q->traffic.rx_bytes);
			if (q->tx_lcore == l->id)
				counter_add(&l->traffic.tx_bytes, q->traffic.tx_bytes);
		}
		for (j = 0; j < snap->nb_streams; j++) {
			const struct snapshot_stream *s = &snap->streams[j];

			if (s->lcore != l->id)
				continue;
			l->turns += s->turns;
			l->idle += s->idle;
			l->traffic.rx += s->rx;
			l->traffic.tx += s->tx;
			l->traffic.cycles += s->cycles;
			l->traffic.handled += s->handled;
		}
	}
}

static void
add_up(struct snapshot *snap)
{
	struct snapshot_port *all = &snap->all;
	unsigned int i;

	for (i = 0; i < snap->nb_ports; i++) {
		const struct snapshot_port *p = &snap->ports[i];

		all->traffic.rx += p->traffic.rx;
		counter_add(&all->traffic.rx_bytes, p->traffic.rx_bytes);
		all->traffic.tx += p->traffic.tx;
		counter_add(&all->traffic.tx_bytes, p->traffic.tx_bytes);
		all->traffic.cycles += p->traffic.cycles;
		all->traffic.handled += p->traffic.handled;
		counter_add(&all->tx_errors, p->tx_errors);
		all->consumed += p->consumed;
		all->retries += p->retries;
		all->restarts += p->restarts;
		counter_add(&all->drops.rx_missed, p->drops.rx_missed);
		counter_add(&all->drops.rx_no_buffer, p->drops.rx_no_buffer);
		counter_add(&all->drops.rx_errors, p->drops.rx_errors);
		all->drops.rejected += p->drops.rejected;
		all->drops.no_buffer += p->drops.no_buffer;
		all->drops.not_copied += p->drops.not_copied;
		all->drops.tx_full += p->drops.tx_full;
	}
}

/** Memory for what there is; what can't be had is said by NULL. */
static struct snapshot *
allocate(const struct fwd *fwd)
{
	struct snapshot *snap = calloc(1, sizeof(*snap));
	char name[RTE_ETH_XSTATS_NAME_SIZE];
	unsigned int i;

	if (snap == NULL)
		return NULL;
	snap->users = 1;
	snap->nb_ports = fwd->nb_ports;
	snap->nb_lcores = fwd->nb_lcores;
	snap->nb_streams = fwd->nb_streams;
	for (i = 0; i < fwd->nb_ports; i++)
		snap->nb_queues += RTE_MAX(fwd->ports[i].setup.nb_rxq, fwd->ports[i].setup.nb_txq);
	while (xstats_name(fwd->args.display_xstats, snap->nb_shown, name, sizeof(name)))
		snap->nb_shown++;
	snap->ports = calloc(snap->nb_ports + 1, sizeof(*snap->ports));
	snap->queues = calloc(snap->nb_queues + 1, sizeof(*snap->queues));
	snap->lcores = calloc(snap->nb_lcores + 1, sizeof(*snap->lcores));
	snap->streams = calloc(snap->nb_streams + 1, sizeof(*snap->streams));
	snap->shown = calloc(snap->nb_ports * snap->nb_shown + 1, sizeof(*snap->shown));
	if (snap->ports == NULL || snap->queues == NULL || snap->lcores == NULL ||
			snap->streams == NULL || snap->shown == NULL)
		goto free;
	for (i = 0; i < fwd->nb_streams; i++) {
		if (fwd->streams[i]->bursts == NULL)
			continue;
		snap->streams[i].bursts = malloc(sizeof(struct fwd_bursts));
		if (snap->streams[i].bursts == NULL)
			goto free;
	}
	return snap;

free:
	snapshot_put(snap);
	return NULL;
}

void
snapshot_put(struct snapshot *snap)
{
	unsigned int i;

	if (snap == NULL || __atomic_sub_fetch(&snap->users, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (i = 0; snap->streams != NULL && i < snap->nb_streams; i++)
		free(snap->streams[i].bursts);
	free(snap->ports);
	free(snap->queues);
	free(snap->lcores);
	free(snap->streams);
	free(snap->shown);
	free(snap);
}

/** What each port is, and the bytes of its queues. */
static void
read_ports(struct snapshot *snap, struct fwd *fwd)
{
	unsigned int i, n = 0;
	uint16_t j;

	for (i = 0; i < snap->nb_ports; i++) {
		struct fwd_port *p = &fwd->ports[i];

		read_port(fwd, p, &snap->ports[i]);
		/* As of port_count_read(): registers of a card that was pulled out. */
		if (!p->gone && (!p->removed || p->is_virtual) && p->xstats != NULL)
			xstats_read(p->xstats);
		for (j = 0; j < snap->nb_shown; j++)
			snap->shown[i * snap->nb_shown + j] = xstats_shown(p->xstats, j);
		for (j = 0; j < RTE_MAX(p->setup.nb_rxq, p->setup.nb_txq); j++, n++)
			snap->queues[n] = (struct snapshot_queue){ .port = p->id,
				.queue = j,
				.rx_lcore = LCORE_ID_ANY,
				.tx_lcore = LCORE_ID_ANY,
				.traffic = { .rx_bytes = xstats_rx_bytes(p->xstats, j),
						.tx_bytes = xstats_tx_bytes(p->xstats, j) } };
	}
}

/** What ports have counted, read after the streams: a port knows of all that these have received. */
static void
count_ports(struct snapshot *snap, struct fwd *fwd)
{
	unsigned int i, n = 0;

	for (i = 0; i < snap->nb_ports; i++) {
		const struct snapshot_traffic *t = &snap->ports[i].traffic;

		settle_port(&fwd->ports[i], &snap->ports[i]);
		for (; n < snap->nb_queues && snap->queues[n].port == snap->ports[i].id; n++) {
			struct snapshot_traffic *q = &snap->queues[n].traffic;

			if (t->rx_bytes == COUNTER_UNKNOWN || (q->rx > 0 && q->rx_bytes == 0))
				q->rx_bytes = COUNTER_UNKNOWN;
			if (t->tx_bytes == COUNTER_UNKNOWN || (q->tx > 0 && q->tx_bytes == 0))
				q->tx_bytes = COUNTER_UNKNOWN;
		}
	}
}

static struct snapshot *
take(struct fwd *fwd)
{
	struct snapshot *snap = allocate(fwd);
	unsigned int i;

	if (snap == NULL)
		return NULL;
	snap->mode = fwd->args.mode;
	snap->cycles = fwd->args.record_cycles;
	snap->time = watch_now();
	snap->elapsed = snap->time - fwd->began;
	read_ports(snap, fwd);
	for (i = 0; i < snap->nb_streams; i++)
		read_stream(snap, fwd->streams[i], &snap->streams[i]);
	count_ports(snap, fwd);
	read_lcores(snap, fwd);
	add_up(snap);
	if (snap->mode->counters != NULL)
		snap->nb_counters = snap->mode->counters(fwd, snap->counters);
	for (i = 0; i < snap->nb_counters; i++)
		snap->counters[i].value -= counted_before[i];
	mext_stats_get(fwd->pool, &snap->pool);
	return snap;
}

struct snapshot *
snapshot_get_locked(struct fwd *fwd)
{
	if (fwd->running)
		return take(fwd);
	if (fwd->last != NULL)
		__atomic_add_fetch(&fwd->last->users, 1, __ATOMIC_RELAXED);
	return fwd->last;
}

struct snapshot *
snapshot_get(struct fwd *fwd)
{
	struct snapshot *snap;

	pthread_mutex_lock(&fwd->lock);
	snap = snapshot_get_locked(fwd);
	pthread_mutex_unlock(&fwd->lock);
	return snap;
}

void
snapshot_begin(struct fwd *fwd)
{
	struct fwd_counter counters[MODE_MAX_COUNTERS];
	unsigned int i, nb = 0;

	snapshot_put(fwd->last);
	fwd->last = NULL;
	memset(counted_before, 0, sizeof(counted_before));
	if (fwd->args.mode->counters != NULL)
		nb = fwd->args.mode->counters(fwd, counters);
	for (i = 0; i < nb; i++)
		counted_before[i] = counters[i].value;
	for (i = 0; i < fwd->nb_ports; i++) {
		struct fwd_port *p = &fwd->ports[i];

		port_count_begin(p);
		xstats_free(p->xstats);
		p->xstats = NULL;
		if (!p->gone)
			p->xstats = xstats_begin(fwd, p);
	}
	xstats_warn(fwd);
}

void
snapshot_end(struct fwd *fwd)
{
	snapshot_put(fwd->last);
	fwd->last = take(fwd);
}

void
snapshot_close(struct fwd *fwd)
{
	unsigned int i;

	pthread_mutex_lock(&fwd->lock);
	snapshot_put(fwd->last);
	fwd->last = NULL;
	for (i = 0; i < fwd->nb_ports; i++) {
		xstats_free(fwd->ports[i].xstats);
		fwd->ports[i].xstats = NULL;
	}
	pthread_mutex_unlock(&fwd->lock);
}

unsigned int
snapshot_lcores(const struct snapshot *snap)
{
	unsigned int i, j, nb = 0;

	for (i = 0; i < snap->nb_lcores; i++) {
		for (j = 0; j < snap->nb_streams && snap->streams[j].lcore != snap->lcores[i].id;
				j++)
			;
		nb += j < snap->nb_streams;
	}
	return nb;
}

uint64_t
snapshot_dropped(const struct snapshot_drops *d)
{
	uint64_t sum = d->rejected + d->no_buffer + d->not_copied + d->tx_full;

	counter_add(&sum, d->rx_missed);
	counter_add(&sum, d->rx_no_buffer);
	counter_add(&sum, d->rx_errors);
	return sum;
}
