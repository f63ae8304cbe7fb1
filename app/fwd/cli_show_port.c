/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>

#include "cli_show.h"
#include "snapshot.h"
#include "text.h"
#include "watch.h"

/**
 * What a port's extended counters were at "clear". The port's own are left alone: forward statistics count by
 * them, and drivers need not be able to reset them.
 */
static struct {
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
show_info(struct fwd_port *p)
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

/** What a counter is since "clear port stats". */
static const char *
count_text(char text[TEXT_NUMBER], const struct fwd_port *p, enum port_counter which)
{
	const uint64_t ever = port_count_ever(p, which);

	return text_count(text, ever == COUNTER_UNKNOWN ? ever : ever - p->count.cleared[which]);
}

/** How much more a second it is than when last shown. */
static const char *
rate_text(char text[TEXT_NUMBER], const struct fwd_port *p, enum port_counter which, double seconds)
{
	return text_number(text,
			snapshot_rate(port_count_ever(p, which), p->count.shown[which], seconds),
			0);
}

static void
show_rates(const struct fwd_port *p, double seconds)
{
	char packets[TEXT_NUMBER], bytes[TEXT_NUMBER];

	printf("\n  Throughput (since last show)\n");
	printf("  Rx-pps: %14s          Rx-bps: %14s\n", rate_text(packets, p, COUNT_RX, seconds),
			rate_text(bytes, p, COUNT_RX_BYTES, seconds / 8));
	printf("  Tx-pps: %14s          Tx-bps: %14s\n", rate_text(packets, p, COUNT_TX, seconds),
			rate_text(bytes, p, COUNT_TX_BYTES, seconds / 8));
}

static int
show_stats(struct fwd_port *p)
{
	double time = watch_now(), elapsed = time - p->count.shown_at;
	char a[TEXT_NUMBER], b[TEXT_NUMBER], c[TEXT_NUMBER];
	unsigned int i;

	if (!p->count.known)
		return refuses(p, "statistics", -ENOTSUP);
	printf("\n  ######################## NIC statistics for port %u ########################\n",
			p->id);
	printf("  RX-packets: %-14s RX-missed: %-14s RX-bytes:  %s\n", count_text(a, p, COUNT_RX),
			count_text(b, p, COUNT_RX_MISSED), count_text(c, p, COUNT_RX_BYTES));
	printf("  RX-errors:  %-14s RX-nombuf: %s\n", count_text(a, p, COUNT_RX_ERRORS),
			count_text(b, p, COUNT_RX_NO_BUFFER));
	printf("  TX-packets: %-14s TX-errors: %-14s TX-bytes:  %s\n", count_text(a, p, COUNT_TX),
			count_text(b, p, COUNT_TX_ERRORS), count_text(c, p, COUNT_TX_BYTES));
	if (p->count.shown_at > 0 && elapsed > 0)
		show_rates(p, elapsed);
	for (i = 0; i < NB_PORT_COUNTERS; i++)
		p->count.shown[i] = port_count_ever(p, i);
	p->count.shown_at = time;
	return 0;
}

static int
clear_stats(struct fwd_port *p)
{
	unsigned int i;

	if (!p->count.known)
		return refuses(p, "statistics", -ENOTSUP);
	for (i = 0; i < NB_PORT_COUNTERS; i++)
		p->count.cleared[i] = counter_known(port_count_ever(p, i));
	return 0;
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
show_xstats(struct fwd_port *p)
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
clear_xstats(struct fwd_port *p)
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
for_ports(struct fwd *fwd, const char *ports, int (*call)(struct fwd_port *))
{
	enum cli_result result = CLI_DONE;
	struct fwd_port *port;
	unsigned int i = 0;

	ports_count(fwd);
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
