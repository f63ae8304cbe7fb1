/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_version.h>

#include <mext.h>

#include "bursts.h"
#include "memory.h"
#include "text.h"
#include "tree.h"
#include "xstats.h"

/** Put a count under a name; null if nobody knows it. */
static void
put_count(json_t *object, const char *name, uint64_t value)
{
	json_object_set_new(object, name,
			value == COUNTER_UNKNOWN ? json_null() : json_integer((json_int_t)value));
}

static void
put_real(json_t *object, const char *name, double value)
{
	json_object_set_new(object, name, isnan(value) ? json_null() : json_real(value));
}

/** A rate, to the next whole number. */
static void
put_rate(json_t *object, const char *name, double value)
{
	json_object_set_new(
			object, name, isnan(value) ? json_null() : json_integer(llround(value)));
}

static void
put_text(json_t *object, const char *name, const char *text)
{
	json_object_set_new(object, name, json_string(text));
}

static void
put_bool(json_t *object, const char *name, bool value)
{
	json_object_set_new(object, name, json_boolean(value));
}

static void
put_traffic(json_t *object, const struct snapshot *snap, const struct snapshot_traffic *t)
{
	const double seconds = snap->elapsed;

	put_count(object, "rx_packets", t->rx);
	put_count(object, "rx_bytes", t->rx_bytes);
	put_count(object, "tx_packets", t->tx);
	put_count(object, "tx_bytes", t->tx_bytes);
	put_rate(object, "rx_pps", snapshot_rate(t->rx, 0, seconds));
	put_rate(object, "rx_bps", 8 * snapshot_rate(t->rx_bytes, 0, seconds));
	put_rate(object, "tx_pps", snapshot_rate(t->tx, 0, seconds));
	put_rate(object, "tx_bps", 8 * snapshot_rate(t->tx_bytes, 0, seconds));
	put_count(object, "cycles", snap->cycles ? t->cycles : COUNTER_UNKNOWN);
	put_real(object, "cycles_per_packet", snapshot_cycles(t->cycles, t->handled));
}

/** What is told of a port and of all together. */
static json_t *
counts(const struct snapshot *snap, const struct snapshot_port *p)
{
	const struct snapshot_drops *d = &p->drops;
	json_t *object = json_object(), *drops = json_object();

	put_traffic(object, snap, &p->traffic);
	put_count(object, "tx_errors", p->tx_errors);
	put_count(object, "counter_restarts", p->restarts);
	put_count(object, "consumed", p->consumed);
	put_count(object, "retries", p->retries);
	put_count(object, "dropped", snapshot_dropped(d));
	put_count(drops, "rx_missed", d->rx_missed);
	put_count(drops, "rx_no_buffer", d->rx_no_buffer);
	put_count(drops, "rx_errors", d->rx_errors);
	put_count(drops, "rejected", d->rejected);
	put_count(drops, "no_buffer", d->no_buffer);
	put_count(drops, "not_copied", d->not_copied);
	put_count(drops, "tx_full", d->tx_full);
	json_object_set_new(object, "drops", drops);
	return object;
}

json_t *
tree_total(const struct snapshot *snap)
{
	return counts(snap, &snap->all);
}

json_t *
tree_port(const struct fwd *fwd, const struct snapshot *snap, unsigned int i)
{
	const struct snapshot_port *p = &snap->ports[i];
	json_t *object = json_object(), *more, *xstats = json_object();
	char text[RTE_ETH_XSTATS_NAME_SIZE];
	unsigned int j;

	rte_ether_format_addr(text, sizeof(text), &p->addr);
	put_count(object, "port", p->id);
	put_text(object, "driver", p->driver);
	put_text(object, "mac", text);
	json_object_set_new(
			object, "socket", p->socket < 0 ? json_null() : json_integer(p->socket));
	put_text(object, "mempool", p->mempool);
	put_bool(object, "gone", p->gone);
	put_bool(object, "link_up", p->link_up);
	put_count(object, "link_mbps",
			p->link_up && p->link_speed != RTE_ETH_SPEED_NUM_UNKNOWN ? p->link_speed
										 : COUNTER_UNKNOWN);
	more = counts(snap, p);
	json_object_update(object, more);
	json_decref(more);
	for (j = 0; j < snap->nb_shown &&
			xstats_name(fwd->args.display_xstats, j, text, sizeof(text));
			j++)
		put_count(xstats, text, snap->shown[i * snap->nb_shown + j]);
	json_object_set_new(object, "xstats", xstats);
	return object;
}

json_t *
tree_queue(const struct snapshot *snap, unsigned int i)
{
	const struct snapshot_queue *q = &snap->queues[i];
	json_t *object = json_object();

	put_count(object, "port", q->port);
	put_count(object, "queue", q->queue);
	put_traffic(object, snap, &q->traffic);
	return object;
}

json_t *
tree_lcore(const struct snapshot *snap, unsigned int i)
{
	const struct snapshot_lcore *l = &snap->lcores[i];
	json_t *object = json_object();

	put_count(object, "lcore", l->id);
	put_count(object, "socket", l->socket);
	put_count(object, "streams", l->nb_streams);
	put_traffic(object, snap, &l->traffic);
	put_count(object, "turns_busy", l->turns);
	put_count(object, "turns_idle", l->idle);
	put_real(object, "busy_percent", 100 * text_share(l->turns, l->idle));
	return object;
}

/** {"SIZE": how many bursts had it}, without those that none had. */
static json_t *
burst_sizes(const uint64_t *bursts)
{
	json_t *object = json_object();
	char size[TEXT_NUMBER];
	unsigned int i;

	for (i = 0; i <= FWD_MAX_BURST; i++) {
		snprintf(size, sizeof(size), "%u", i);
		if (bursts[i] > 0)
			put_count(object, size, bursts[i]);
	}
	return object;
}

json_t *
tree_stream(const struct snapshot *snap, unsigned int i)
{
	const struct snapshot_stream *s = &snap->streams[i];
	json_t *object = json_object();

	put_count(object, "stream", i);
	put_count(object, "lcore", s->lcore);
	put_count(object, "stage", s->stage);
	put_count(object, "rx_port", s->rx_port);
	put_count(object, "rx_queue", s->rx_queue);
	put_count(object, "tx_port", s->tx_port);
	put_count(object, "tx_queue", s->tx_queue);
	put_count(object, "rx_packets", s->rx);
	put_count(object, "made", s->made);
	put_count(object, "tx_packets", s->tx);
	put_count(object, "consumed", s->consumed);
	put_count(object, "rejected", s->rejected);
	put_count(object, "no_buffer", s->no_buffer);
	put_count(object, "not_copied", s->not_copied);
	put_count(object, "tx_full", s->tx_full);
	put_count(object, "retries", s->retries);
	put_count(object, "turns_busy", s->turns);
	put_count(object, "turns_idle", s->idle);
	put_count(object, "cycles", snap->cycles ? s->cycles : COUNTER_UNKNOWN);
	put_real(object, "cycles_per_packet", snapshot_cycles(s->cycles, s->handled));
	if (s->bursts != NULL) {
		json_object_set_new(object, "rx_bursts", burst_sizes(s->bursts->rx));
		json_object_set_new(object, "tx_bursts", burst_sizes(s->bursts->tx));
	}
	return object;
}

json_t *
tree_counters(const struct snapshot *snap)
{
	json_t *object = json_object();
	unsigned int i;

	for (i = 0; i < snap->nb_counters; i++)
		put_count(object, snap->counters[i].name, snap->counters[i].value);
	return object;
}

json_t *
tree_kind(const struct mext_kind_stats *kind)
{
	json_t *object = json_object();

	put_text(object, "kind", kind->name);
	put_count(object, "size", kind->size);
	put_count(object, "total", kind->total);
	put_count(object, "in_use", kind->in_use);
	put_count(object, "cached", kind->cached);
	return object;
}

json_t *
tree_pool(const struct snapshot *snap)
{
	const struct mext_stats *p = &snap->pool;
	json_t *object = json_object();

	put_count(object, "allocs", p->allocs);
	put_count(object, "alloc_failures", p->alloc_failures);
	put_count(object, "remote_allocs", p->remote_allocs);
	put_count(object, "header_allocs", p->header_allocs);
	put_count(object, "header_failures", p->header_failures);
	put_count(object, "attaches", p->attaches);
	put_count(object, "detaches", p->detaches);
	put_count(object, "releases", p->releases);
	put_count(object, "returns_callback", p->returns_callback);
	put_count(object, "returns_bulk", p->returns_bulk);
	put_count(object, "bad_releases", p->bad_releases);
	put_count(object, "missed_callbacks", p->missed_callbacks);
	return object;
}

json_t *
tree_program(const struct fwd *fwd)
{
	json_t *object = json_object(), *arguments = json_array();
	int i;

	put_text(object, "name", "mext-fwd");
	put_text(object, "mext", mext_version());
	put_text(object, "dpdk", rte_version());
	for (i = 1; i < fwd->argc; i++) {
		json_t *text = json_string(fwd->argv[i]);

		/* JSON has no way to write bytes that are no UTF-8. */
		json_array_append_new(arguments, text != NULL ? text : json_null());
	}
	json_object_set_new(object, "arguments", arguments);
	return object;
}

json_t *
tree_configuration(const struct fwd *fwd, const struct snapshot *snap)
{
	const struct fwd_args *a = &fwd->args;
	json_t *object = json_object();
	char sizes[MEMORY_TEXT];

	put_text(object, "mode", snap->mode->name);
	put_text(object, "topology", topology_name(a->topology));
	put_count(object, "portmask", a->portmask);
	put_count(object, "nb_cores", snapshot_lcores(snap));
	put_count(object, "total_num_mbufs", fwd->pool_count);
	put_count(object, "burst", a->burst);
	put_count(object, "rxq", a->nb_rxq);
	put_count(object, "txq", a->nb_txq);
	put_count(object, "rxd", a->nb_rxd);
	put_count(object, "txd", a->nb_txd);
	put_count(object, "tx_first", a->tx_first);
	put_count(object, "tx_retries", a->tx_retries);
	put_count(object, "mbcache", a->mbcache);
	put_text(object, "mbuf_size", memory_sizes(sizes));
	put_text(object, "mp_alloc", memory_name());
	put_real(object, "duration", a->duration);
	put_real(object, "stats_period", a->stats_period);
	put_bool(object, "record_core_cycles", a->record_cycles);
	put_bool(object, "record_burst_stats", a->record_bursts);
	put_bool(object, "interactive", a->interactive);
	return object;
}
