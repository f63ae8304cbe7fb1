/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_lcore.h>

#include "cli.h"
#include "cli_show.h"
#include "mode.h"
#include "snapshot.h"
#include "text.h"

static enum cli_result
nothing_yet(void)
{
	FWD_ERROR("nothing has been forwarded yet: start first");
	return CLI_FAILED;
}

static enum cli_result
run_show_fwd(struct fwd *fwd, char **words __rte_unused)
{
	if (!fwd->running && fwd->last == NULL)
		return nothing_yet();
	report_final(fwd);
	return CLI_DONE;
}

static void
print_resting(const struct fwd *fwd)
{
	unsigned int i;

	for (i = 0; i < ports_all(fwd); i++)
		printf("%s%u",
				i == 0               ? "ports "
				: i == fwd->nb_ports ? "; at rest "
						     : ", ",
				fwd->ports[i].id);
	printf("\n");
}

static enum cli_result
run_clear_fwd(struct fwd *fwd, char **words __rte_unused)
{
	forwarding_clear(fwd);
	return CLI_DONE;
}

/** Streams as the next start plans them, where none run; those of the last run, with its counters, stay. */
static enum cli_result
run_show_config_fwd(struct fwd *fwd, char **words __rte_unused)
{
	const struct fwd_args *args = &fwd->args;
	struct fwd next = { .args = fwd->args, .nb_ports = fwd->nb_ports, .pool = fwd->pool };

	printf("mode %s, topology %s, %u ports, burst %u, %u tries to send again, flush_rx %s\n",
			args->mode->name, topology_name(args->topology), fwd->nb_ports, args->burst,
			args->tx_retries, args->no_flush_rx ? "off" : "on");
	if (fwd->nb_resting > 0)
		print_resting(fwd);
	if (fwd->running) {
		placement_report(fwd);
		return CLI_DONE;
	}
	if (fwd->nb_ports == 0) {
		printf("no port: port attach\n");
		return CLI_DONE;
	}
	memcpy(next.ports, fwd->ports, sizeof(next.ports));
	if (streams_plan(&next) < 0)
		return CLI_FAILED;
	placement_report(&next);
	streams_free(&next);
	return CLI_DONE;
}

static enum cli_result
run_show_config_rxtx(struct fwd *fwd, char **words __rte_unused)
{
	const struct fwd_args *args = &fwd->args;
	unsigned int i;

	printf("next start: %u receive queues of %u descriptors, %u transmit queues of %u, burst %u\n",
			args->nb_rxq, args->nb_rxd, args->nb_txq, args->nb_txd, args->burst);
	for (i = 0; i < ports_all(fwd); i++) {
		const struct fwd_port *p = &fwd->ports[i];

		if (p->gone)
			continue;
		if (!p->started) {
			printf("port %u: stopped\n", p->id);
			continue;
		}
		printf("port %u: %u receive queues of %u descriptors, offloads 0x%" PRIx64
		       "; %u transmit queues of %u, offloads 0x%" PRIx64 "\n",
				p->id, p->setup.nb_rxq, p->setup.nb_rxd, p->setup.rx_offloads,
				p->setup.nb_txq, p->setup.nb_txd, p->setup.tx_offloads);
	}
	return CLI_DONE;
}

static enum cli_result
run_show_config_cores(struct fwd *fwd, char **words __rte_unused)
{
	unsigned int lcore, max = fwd->args.nb_cores;

	printf("main lcore %u on NUMA socket %u: prompt and reports\n", rte_get_main_lcore(),
			rte_lcore_to_socket_id(rte_get_main_lcore()));
	printf("lcores to forward on:");
	RTE_LCORE_FOREACH_WORKER(lcore)
		printf(" %u (socket %u)", lcore, rte_lcore_to_socket_id(lcore));
	printf("\n");
	if (max > 0)
		printf("at most %u of them are used\n", max);
	else
		printf("all of them are used that have a queue to serve\n");
	return CLI_DONE;
}

static enum cli_result
run_show_lcore(struct fwd *fwd, char **words __rte_unused)
{
	struct snapshot *snap = snapshot_get(fwd);
	unsigned int i;

	if (snap == NULL)
		return nothing_yet();
	printf("lcore  socket  streams              rx              tx  turns with packets  "
	       "         without  cycles/packet\n");
	for (i = 0; i < snap->nb_lcores; i++) {
		const struct snapshot_lcore *l = &snap->lcores[i];
		char cycles[TEXT_NUMBER];

		printf("%5u  %6u  %7u  %14" PRIu64 "  %14" PRIu64 "  %18" PRIu64 "  %16" PRIu64
		       "  %13s\n",
				l->id, l->socket, l->nb_streams, l->traffic.rx, l->traffic.tx,
				l->turns, l->idle,
				text_number(cycles,
						snapshot_cycles(l->traffic.cycles,
								l->traffic.handled),
						1));
	}
	snapshot_put(snap);
	return CLI_DONE;
}

static enum cli_result
run_show_streams(struct fwd *fwd, char **words __rte_unused)
{
	struct snapshot *snap = snapshot_get(fwd);
	unsigned int i;

	if (snap == NULL)
		return nothing_yet();
	for (i = 0; i < snap->nb_streams; i++) {
		const struct snapshot_stream *s = &snap->streams[i];

		printf("stream %u stage %u on lcore %u: port %u queue %u -> port %u queue %u: rx %" PRIu64
		       " made %" PRIu64 " tx %" PRIu64 " consumed %" PRIu64 " rejected %" PRIu64
		       " no_buffer %" PRIu64 " not_copied %" PRIu64 " tx_full %" PRIu64
		       " retries %" PRIu64 "\n",
				i, s->stage, s->lcore, s->rx_port, s->rx_queue, s->tx_port,
				s->tx_queue, s->rx, s->made, s->tx, s->consumed, s->rejected,
				s->no_buffer, s->not_copied, s->tx_full, s->retries);
	}
	snapshot_put(snap);
	return CLI_DONE;
}

static const struct cli_command commands[] = {
	{ "show port info PORTS", "what a port is, and its link", cli_show_info },
	{ "show port stats PORTS", "packets and bytes since clear, rates since last shown",
			cli_show_stats },
	{ "show port xstats PORTS", "the driver's own counters since clear", cli_show_xstats },
	{ "show fwd stats all", "forward statistics of this run, or of the last", run_show_fwd },
	{ "show config fwd", "mode, and which lcore moves what where", run_show_config_fwd },
	{ "show config rxtx", "queues and descriptors", run_show_config_rxtx },
	{ "show config cores", "lcores", run_show_config_cores },
	{ "show pool", "levels of every kind of buffer", cli_show_pool },
	{ "show storage", "levels on each socket; what storages, headers and references have done",
			cli_show_storage },
	{ "show lcore", "what each lcore has done", run_show_lcore },
	{ "show streams", "what each stream has done", run_show_streams },
	{ "clear fwd stats all", "count anew, as from a start; forget the last run",
			run_clear_fwd },
	{ "clear port stats PORTS", "let show port stats count from here", cli_clear_stats },
	{ "clear port xstats PORTS", "let show port xstats count from here", cli_clear_xstats },
};

CLI_SECTION(show, commands);
