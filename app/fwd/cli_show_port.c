/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>

#include "cli_show.h"
#include "watch.h"

/**
 * What a port's counters were at "clear" and when last shown. The port's own are left alone: forward
 * statistics count by them, and drivers need not be able to reset them.
 */
static struct {
	struct rte_eth_stats base;
	struct rte_eth_stats last;
	double time; /* of last */
	uint64_t *xbase;
	int nb_xbase;
} shown[RTE_MAX_ETHPORTS];

/** A driver that counts anew since then is taken as it is. */
static uint64_t
since(uint64_t now, uint64_t base)
{
	return now >= base ? now - base : now;
}

static int
refuses(const struct fwd_port *port, const char *what, int error)
{
	FWD_ERROR("port %u (%s) gives no %s: %s", port->id, port->driver, what,
			rte_strerror(-error));
	return -1;
}

static const char *
on_off(int on)
{
	return on > 0 ? "on" : "off";
}

static int
show_info(const struct fwd_port *p)
{
	struct rte_eth_link link = { 0 };
	uint16_t mtu = 0;

	if (rte_eth_link_get_nowait(p->id, &link) < 0)
		link.link_status = RTE_ETH_LINK_DOWN;
	rte_eth_dev_get_mtu(p->id, &mtu);
	printf("\n********************* Infos for port %u *********************\n", p->id);
	printf("MAC address: " RTE_ETHER_ADDR_PRT_FMT "\n", RTE_ETHER_ADDR_BYTES(&p->addr));
	printf("Device name: %s\n", rte_dev_name(p->info.device));
	printf("Driver name: %s\n", p->driver);
	printf("Connect to socket: %d\n", p->socket);
	printf("State: %s\n", p->started ? "started" : "stopped");
	printf("Link status: %s\n", link.link_status == RTE_ETH_LINK_UP ? "up" : "down");
	if (link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN)
		printf("Link speed: unknown\n");
	else
		printf("Link speed: %u Mbps\n", link.link_speed);
	printf("Link duplex: %s\n", link.link_duplex == RTE_ETH_LINK_FULL_DUPLEX ? "full-duplex"
										 : "half-duplex");
	printf("MTU: %u\n", mtu);
	printf("Promiscuous mode: %s\n", on_off(rte_eth_promiscuous_get(p->id)));
	printf("Allmulticast mode: %s\n", on_off(rte_eth_allmulticast_get(p->id)));
	printf("Queues: receive %u of at most %u, transmit %u of at most %u\n", p->setup.nb_rxq,
			p->info.max_rx_queues, p->setup.nb_txq, p->info.max_tx_queues);
	printf("Descriptors: receive %u of %u to %u, transmit %u of %u to %u\n", p->setup.nb_rxd,
			p->info.rx_desc_lim.nb_min, p->info.rx_desc_lim.nb_max, p->setup.nb_txd,
			p->info.tx_desc_lim.nb_min, p->info.tx_desc_lim.nb_max);
	printf("Offloads it could do: receive 0x%" PRIx64 ", transmit 0x%" PRIx64 "\n",
			p->info.rx_offload_capa, p->info.tx_offload_capa);
	return 0;
}

static int
show_stats(const struct fwd_port *p)
{
	struct rte_eth_stats now, *base = &shown[p->id].base, *last = &shown[p->id].last;
	double time = watch_now(), elapsed = time - shown[p->id].time;
	int ret;

	ret = rte_eth_stats_get(p->id, &now);
	if (ret < 0)
		return refuses(p, "statistics", ret);
	printf("\n  ######################## NIC statistics for port %u ########################\n",
			p->id);
	printf("  RX-packets: %-14" PRIu64 " RX-missed: %-14" PRIu64 " RX-bytes:  %" PRIu64 "\n",
			since(now.ipackets, base->ipackets), since(now.imissed, base->imissed),
			since(now.ibytes, base->ibytes));
	printf("  RX-errors:  %-14" PRIu64 " RX-nombuf: %" PRIu64 "\n",
			since(now.ierrors, base->ierrors), since(now.rx_nombuf, base->rx_nombuf));
	printf("  TX-packets: %-14" PRIu64 " TX-errors: %-14" PRIu64 " TX-bytes:  %" PRIu64 "\n",
			since(now.opackets, base->opackets), since(now.oerrors, base->oerrors),
			since(now.obytes, base->obytes));
	if (shown[p->id].time > 0 && elapsed > 0) {
		printf("\n  Throughput (since last show)\n");
		printf("  Rx-pps: %14.0f          Rx-bps: %14.0f\n",
				since(now.ipackets, last->ipackets) / elapsed,
				since(now.ibytes, last->ibytes) * 8 / elapsed);
		printf("  Tx-pps: %14.0f          Tx-bps: %14.0f\n",
				since(now.opackets, last->opackets) / elapsed,
				since(now.obytes, last->obytes) * 8 / elapsed);
	}
	*last = now;
	shown[p->id].time = time;
	return 0;
}

static int
clear_stats(const struct fwd_port *p)
{
	int ret = rte_eth_stats_get(p->id, &shown[p->id].base);

	return ret < 0 ? refuses(p, "statistics", ret) : 0;
}

/** Read all xstats. @return their number or a negative errno; *values is to be freed, on errors too. */
static int
read_xstats(uint16_t port, uint64_t **values)
{
	int n = rte_eth_xstats_get_by_id(port, NULL, NULL, 0);

	*values = n > 0 ? calloc(n, sizeof(**values)) : NULL;
	if (n > 0 && *values == NULL)
		return -ENOMEM;
	return n > 0 ? rte_eth_xstats_get_by_id(port, NULL, *values, n) : n;
}

static int
show_xstats(const struct fwd_port *p)
{
	struct rte_eth_xstat_name *names = NULL;
	uint64_t *values;
	int i, n = read_xstats(p->id, &values);

	if (n > 0)
		names = calloc(n, sizeof(*names));
	if (n >= 0 && (names == NULL || rte_eth_xstats_get_names_by_id(p->id, names, n, NULL) != n))
		n = n == 0 ? 0 : -EIO;
	printf("\n###### NIC extended statistics for port %u\n", p->id);
	for (i = 0; i < n; i++) {
		uint64_t base = n == shown[p->id].nb_xbase ? shown[p->id].xbase[i] : 0;

		printf("%s: %" PRIu64 "\n", names[i].name, since(values[i], base));
	}
	free(names);
	free(values);
	return n < 0 ? refuses(p, "extended statistics", n) : 0;
}

static int
clear_xstats(const struct fwd_port *p)
{
	uint64_t *values;
	int n = read_xstats(p->id, &values);

	if (n < 0) {
		free(values);
		return refuses(p, "extended statistics", n);
	}
	free(shown[p->id].xbase);
	shown[p->id].xbase = values;
	shown[p->id].nb_xbase = n;
	return 0;
}

static enum cli_result
for_ports(struct fwd *fwd, const char *ports, int (*call)(const struct fwd_port *))
{
	enum cli_result result = CLI_DONE;
	const struct fwd_port *port;
	unsigned int i = 0;

	while ((port = cli_next_port(fwd, ports, &i)) != NULL)
		if (call(port) < 0)
			result = CLI_FAILED;
	return result;
}

enum cli_result
cli_show_info(struct fwd *fwd, char **words)
{
	return for_ports(fwd, words[3], show_info);
}

enum cli_result
cli_show_stats(struct fwd *fwd, char **words)
{
	return for_ports(fwd, words[3], show_stats);
}

enum cli_result
cli_show_xstats(struct fwd *fwd, char **words)
{
	return for_ports(fwd, words[3], show_xstats);
}

enum cli_result
cli_clear_stats(struct fwd *fwd, char **words)
{
	return for_ports(fwd, words[3], clear_stats);
}

enum cli_result
cli_clear_xstats(struct fwd *fwd, char **words)
{
	return for_ports(fwd, words[3], clear_xstats);
}
