/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "bursts.h"
#include "fwd.h"
#include "memory.h"
#include "mode.h"
#include "snapshot.h"
#include "text.h"
#include "xstats.h"

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

/** The counts of a port or of all: first as testpmd prints them. */
static void
print_counts(const struct snapshot_port *p)
{
	const struct snapshot_drops *d = &p->drops;
	const struct snapshot_traffic *t = &p->traffic;
	const uint64_t tx_dropped = d->tx_full + d->not_copied;
	char missed[TEXT_NUMBER], total[TEXT_NUMBER], errors[TEXT_NUMBER], no_buffer[TEXT_NUMBER];
	uint64_t rx_total = t->rx;

	counter_add(&rx_total, d->rx_missed);
	text_count(missed, d->rx_missed);
	text_count(errors, d->rx_errors);
	text_count(no_buffer, d->rx_no_buffer);
	printf("  RX-packets: %-15" PRIu64 " RX-dropped: %-15s RX-total: %s\n", t->rx, missed,
			text_count(total, rx_total));
	if (d->rx_errors > 0 || d->rx_no_buffer > 0)
		printf("  RX-error:   %-15s RX-nombufs: %s\n", errors, no_buffer);
	printf("  TX-packets: %-15" PRIu64 " TX-dropped: %-15" PRIu64 " TX-total: %" PRIu64 "\n",
			t->tx, tx_dropped, t->tx + tx_dropped);
	if (d->no_buffer + d->not_copied > 0)
		printf("  TX-nombufs: %" PRIu64 "\n", d->no_buffer + d->not_copied);
	printf("  drops by cause: rx_missed %s, rx_no_buffer %s, rx_errors %s, rejected %" PRIu64
	       ", no_buffer %" PRIu64 ", not_copied %" PRIu64 ", tx_full %" PRIu64
	       "; retries %" PRIu64 "\n",
			missed, no_buffer, errors, d->rejected, d->no_buffer, d->not_copied,
			d->tx_full, p->retries);
	if (p->restarts > 0)
		printf("  counters of the driver started anew: %u\n", p->restarts);
}

/** Averages over the run, and CPU cycles if they are recorded. */
static void
print_rates(const struct snapshot *snap, const struct snapshot_traffic *t)
{
	char rx[TEXT_TRAFFIC], tx[TEXT_TRAFFIC], cycles[TEXT_NUMBER];

	printf("rx %s, tx %s",
			text_traffic(rx, snapshot_rate(t->rx, 0, snap->elapsed),
					snapshot_rate(t->rx_bytes, 0, snap->elapsed)),
			text_traffic(tx, snapshot_rate(t->tx, 0, snap->elapsed),
					snapshot_rate(t->tx_bytes, 0, snap->elapsed)));
	if (snap->cycles)
		printf(", %s cycles/packet",
				text_number(cycles, snapshot_cycles(t->cycles, t->handled), 1));
	printf("\n");
}

static void
print_bursts(const struct snapshot_stream *s)
{
	bursts_print("RX", s->bursts->rx);
	bursts_print("TX", s->bursts->tx);
}

/** What each stream and queue carried, where a port has several, or bursts are recorded. */
static void
print_streams(const struct snapshot *snap)
{
	const bool queues = snap->nb_queues > snap->nb_ports;
	unsigned int i;

	if (snap->nb_streams > snap->nb_ports || (snap->nb_streams > 0 && snap->streams[0].bursts))
		printf("\n");
	for (i = 0; i < snap->nb_streams; i++) {
		const struct snapshot_stream *s = &snap->streams[i];

		if (snap->mode->stages > 1)
			printf("port %u queue %u -> port %u queue %u, stage %u on lcore %u: handled "
			       "%" PRIu64 "\n",
					s->rx_port, s->rx_queue, s->tx_port, s->tx_queue, s->stage,
					s->lcore, s->handled);
		else if (snap->nb_streams > snap->nb_ports || s->bursts != NULL)
			printf("port %u queue %u -> port %u queue %u: rx %" PRIu64 " tx %" PRIu64
			       "\n",
					s->rx_port, s->rx_queue, s->tx_port, s->tx_queue, s->rx,
					s->tx);
		if (s->bursts != NULL)
			print_bursts(s);
	}
	for (i = 0; queues && i < snap->nb_queues; i++) {
		printf("port %u queue %u: ", snap->queues[i].port, snap->queues[i].queue);
		print_rates(snap, &snap->queues[i].traffic);
	}
}

static void
print_lcores(const struct snapshot *snap)
{
	unsigned int i;

	printf("\n");
	for (i = 0; i < snap->nb_lcores; i++) {
		const struct snapshot_lcore *l = &snap->lcores[i];
		char busy[TEXT_NUMBER];

		if (l->nb_streams == 0)
			continue;
		printf("lcore %u: %s %% of turns busy, ", l->id,
				text_number(busy, 100 * text_share(l->turns, l->idle), 1));
		print_rates(snap, &l->traffic);
	}
}

/** What the mode counted beside, as "serve: 2 requests, 128 bytes copied". */
static void
print_mode(const struct snapshot *snap)
{
	const char *c;
	unsigned int i;

	if (snap->nb_counters == 0)
		return;
	printf("\n%s:", snap->mode->name);
	for (i = 0; i < snap->nb_counters; i++) {
		printf("%s %" PRIu64 " ", i > 0 ? "," : "", snap->counters[i].value);
		for (c = snap->counters[i].name; *c != '\0'; c++)
			putchar(*c == '_' ? ' ' : *c);
	}
	printf("\n");
}

/** In the words of testpmd. */
static void
print_cycles(const struct snapshot *snap)
{
	const struct snapshot_traffic *t = &snap->all.traffic;

	if (t->cycles == 0 || t->handled == 0)
		return;
	printf("  CPU cycles/packet=%.2f (total cycles=%" PRIu64 " / total %s packets=%" PRIu64
	       ") at %" PRIu64 " MHz Clock\n",
			snapshot_cycles(t->cycles, t->handled), t->cycles,
			snap->mode->flags & MODE_RECEIVES ? "RX" : "TX", t->handled,
			rte_get_tsc_hz() / 1000000);
}

void
report_final(struct fwd *fwd)
{
	struct snapshot *snap = snapshot_get(fwd);
	unsigned int i;

	if (snap == NULL) {
		FWD_ERROR("no memory for the final statistics");
		return;
	}
	for (i = 0; i < snap->nb_ports; i++) {
		printf("\n  ------------- Forward statistics for port %u -------------\n",
				snap->ports[i].id);
		print_counts(&snap->ports[i]);
		printf("  average: ");
		print_rates(snap, &snap->ports[i].traffic);
	}
	print_streams(snap);
	print_lcores(snap);
	report_xstats(snap, NULL, fwd->args.display_xstats);
	print_mode(snap);
	printf("\n");
	memory_report(fwd);
	printf("\n  +++++++++ Accumulated forward statistics for all ports +++++++++\n");
	print_counts(&snap->all);
	printf("  average: ");
	print_rates(snap, &snap->all.traffic);
	print_cycles(snap);
	printf("\n");
	snapshot_put(snap);
}
