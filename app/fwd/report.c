/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <string.h>

#include "fwd.h"
#include "mode.h"
#include "stream.h"

void
report_start(const struct fwd *fwd)
{
	unsigned int i;

	for (i = 0; i < fwd->nb_ports; i++) {
		const struct fwd_port *p = &fwd->ports[i];

		printf("port %u: %s, " RTE_ETHER_ADDR_PRT_FMT ", NUMA socket %d\n", p->id,
				p->driver, RTE_ETHER_ADDR_BYTES(&p->addr), p->socket);
	}
	quirks_report(fwd);
	placement_report(fwd);
	printf("forwarding: mode %s, topology %s, %u ports, burst %u\n", fwd->args.mode->name,
			topology_name(fwd->args.topology), fwd->nb_ports, fwd->args.burst);
}

/** Of the layer 2 frame, without preamble, gap and FCS. */
static double
gigabits(uint64_t bytes, double seconds)
{
	return bytes * 8 / seconds / 1e9;
}

void
report_rates(struct fwd *fwd, double elapsed)
{
	struct rte_eth_stats now;
	struct fwd_totals totals;
	unsigned int i;

	for (i = 0; i < fwd->nb_ports; i++) {
		struct fwd_port *p = &fwd->ports[i];
		struct rte_eth_stats *last = &p->stats;

		if (rte_eth_stats_get(p->id, &now) < 0)
			continue;
		streams_total(fwd, p->id, &totals);
		printf("port %u: rx %.0f pps %.3f Gbit/s, tx %.0f pps %.3f Gbit/s, dropped %" PRIu64
		       "\n",
				p->id, (now.ipackets - last->ipackets) / elapsed,
				gigabits(now.ibytes - last->ibytes, elapsed),
				(now.opackets - last->opackets) / elapsed,
				gigabits(now.obytes - last->obytes, elapsed),
				totals.full + totals.not_copied + now.imissed - p->base.imissed);
		*last = now;
	}
}

static void
print_counts(const struct rte_eth_stats *stats, const struct fwd_totals *totals)
{
	printf("  RX-packets: %-15" PRIu64 " RX-dropped: %-15" PRIu64 " RX-total: %" PRIu64 "\n",
			stats->ipackets, stats->imissed, stats->ipackets + stats->imissed);
	if (stats->ierrors + stats->rx_nombuf > 0)
		printf("  RX-error:   %-15" PRIu64 " RX-nombufs: %" PRIu64 "\n", stats->ierrors,
				stats->rx_nombuf);
	printf("  TX-packets: %-15" PRIu64 " TX-dropped: %-15" PRIu64 " TX-total: %" PRIu64 "\n",
			stats->opackets, totals->full + totals->not_copied,
			stats->opackets + totals->full + totals->not_copied);
	if (totals->no_buffer + totals->not_copied > 0)
		printf("  TX-nombufs: %" PRIu64 "\n", totals->no_buffer + totals->not_copied);
}

/** What each queue carried, where a port has several: the ports' counts do not say. */
static void
print_streams(const struct fwd *fwd)
{
	unsigned int i;

	if (fwd->nb_streams <= fwd->nb_ports)
		return;
	printf("\n");
	for (i = 0; i < fwd->nb_streams; i++) {
		const struct fwd_stream *s = fwd->streams[i];

		printf("port %u queue %u -> port %u queue %u: rx %" PRIu64 " tx %" PRIu64 "\n",
				s->rx_port, s->rx_queue, s->out->port, s->out->queue, s->rx,
				s->out->tx);
	}
}

/** What the mode counted beside, as "serve: 2 requests, 128 bytes copied". */
static void
print_mode(const struct fwd *fwd)
{
	const struct fwd_mode *mode = fwd->args.mode;
	struct fwd_counter counters[MODE_MAX_COUNTERS];
	const char *c;
	unsigned int i, n;

	if (mode->counters == NULL)
		return;
	n = mode->counters(fwd, counters);
	printf("\n%s:", mode->name);
	for (i = 0; i < n; i++) {
		printf("%s %" PRIu64 " ", i > 0 ? "," : "", counters[i].value);
		for (c = counters[i].name; *c != '\0'; c++)
			putchar(*c == '_' ? ' ' : *c);
	}
	printf("\n");
}

void
report_final(const struct fwd *fwd)
{
	struct rte_eth_stats sum = { 0 };
	struct fwd_totals totals;
	unsigned int i;

	for (i = 0; i < fwd->nb_ports; i++) {
		const struct rte_eth_stats *s = &fwd->ports[i].stats;

		streams_total(fwd, fwd->ports[i].id, &totals);
		printf("\n  ------------- Forward statistics for port %u -------------\n",
				fwd->ports[i].id);
		print_counts(s, &totals);
		sum.ipackets += s->ipackets;
		sum.opackets += s->opackets;
		sum.imissed += s->imissed;
		sum.ierrors += s->ierrors;
		sum.rx_nombuf += s->rx_nombuf;
	}
	print_streams(fwd);
	print_mode(fwd);
	streams_total(fwd, RTE_MAX_ETHPORTS, &totals);
	printf("\n  +++++++++ Accumulated forward statistics for all ports +++++++++\n");
	print_counts(&sum, &totals);
	printf("\n");
}
