/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_errno.h>

#include <mext.h>

#include "bond.h"
#include "fwd.h"
#include "generate.h"
#include "mode.h"
#include "setup.h"

uint64_t
port_tx_wishes(const struct fwd *fwd, const struct fwd_port *port)
{
	const struct fwd_mode *mode = fwd->args.mode;
	uint64_t wishes = mode->tx_offloads != NULL ? mode->tx_offloads(port) : 0;

	if (fwd->args.tx_first > 0)
		wishes |= generate_offloads(port);
	if (rx_mempool_chains(port))
		wishes |= RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	return wishes;
}

/** The setup that mode and arguments ask of a port. */
static int
wanted_setup(const struct fwd *fwd, const struct fwd_port *port, struct port_setup *setup)
{
	const struct fwd_mode *mode = fwd->args.mode;

	*setup = (struct port_setup){
		.nb_rxq = fwd->args.nb_rxq,
		.nb_txq = fwd->args.nb_txq,
		.nb_rxd = fwd->args.nb_rxd,
		.nb_txd = fwd->args.nb_txd,
		.rx_index = port->rx_index,
	};
	/*
	 * MBUF_FAST_FREE is never set unasked, whatever the driver's defaults have: it promises direct
	 * mbufs of one pool, which shared and external storage is not.
	 */
	if (mode->rx_offloads != NULL)
		setup->rx_offloads = mode->rx_offloads(port) & port->info.rx_offload_capa;
	setup->rx_offloads |= setup_wishes.rx_offloads;
	/* So that the driver does not try, and log, what fails. */
	if (port_lacks_tags(port))
		setup->rx_offloads |= RTE_ETH_RX_OFFLOAD_VLAN_STRIP & port->info.rx_offload_capa;
	if (setup_wishes.scatter)
		setup->rx_offloads |= RTE_ETH_RX_OFFLOAD_SCATTER;
	setup->tx_offloads = port_tx_wishes(fwd, port) & port->info.tx_offload_capa;
	setup->tx_offloads |= setup_wishes.tx_offloads;
	return rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &setup->nb_rxd, &setup->nb_txd);
}

static int
configure(const struct fwd_port *port, const struct port_setup *setup, bool lsc)
{
	struct rte_eth_conf conf = {
		/* With it ethdev asks the driver no more, and what an interrupt did not tell is lost. */
		.intr_conf.lsc = (*port->info.dev_flags & RTE_ETH_DEV_INTR_LSC) != 0 && lsc,
		.intr_conf.rmv = (*port->info.dev_flags & RTE_ETH_DEV_INTR_RMV) != 0,
		.rxmode.mtu = port->mtu,
		.rxmode.offloads = setup->rx_offloads,
		.txmode.offloads = setup->tx_offloads,
	};
	uint64_t hash = port->info.flow_type_rss_offloads &
			(RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP);

	if (setup->nb_rxq > 1 && hash != 0) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf = hash;
	}
	return rte_eth_dev_configure(port->id, setup->nb_rxq, setup->nb_txq, &conf);
}

static int
set_up_queues(const struct fwd *fwd, const struct fwd_port *port, const struct port_setup *setup)
{
	struct rte_eth_rxconf rxconf = port->info.default_rxconf;
	struct rte_eth_txconf txconf = port->info.default_txconf;
	unsigned int q;
	int ret;

	rxconf.offloads = setup->rx_offloads;
	txconf.offloads = setup->tx_offloads;
	setup_thresholds(&rxconf, &txconf);
	for (q = 0; q < setup->nb_txq; q++) {
		ret = rte_eth_tx_queue_setup(port->id, q, setup->nb_txd, port->socket, &txconf);
		if (ret < 0)
			return ret;
	}
	for (q = 0; q < setup->nb_rxq; q++) {
		ret = rx_mempool_set_up(fwd, port, q, setup, &rxconf);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/** Drivers that take an MTU when they are configured may know no other way. */
static int
set_mtu(const struct fwd_port *port)
{
	int ret = port->mtu > 0 ? rte_eth_dev_set_mtu(port->id, port->mtu) : 0;

	return ret == -ENOTSUP ? 0 : ret;
}

/** Start a port; one that only was stopped is not set up again, which some drivers can't. */
static int
start(struct fwd *fwd, struct fwd_port *port, const struct port_setup *setup)
{
	int ret = 0;

	if (port->was_stopped && port->stops_for_good) {
		FWD_ERROR("port %u (%s) can't be started again: this DPDK's driver has closed its sockets "
			  "(fixed in 22.11.8, 23.11.4, 24.11.2 and 25.03): port detach %u, and port "
			  "attach it anew",
				port->id, port->driver, port->id);
		return -1;
	}
	if (!port->set_up || memcmp(setup, &port->setup, sizeof(*setup)) != 0) {
		port->set_up = false;
		ret = configure(port, setup, fwd->args.lsc);
		if (ret == 0)
			ret = set_up_queues(fwd, port, setup);
	}
	if (ret == 0)
		ret = set_mtu(port);
	if (ret == 0)
		ret = rte_eth_dev_start(port->id);
	if (ret < 0) {
		/* The driver may have taken them already. */
		fwd->kept += setup->nb_rxq * port->kept_rx;
		FWD_ERROR("port %u (%s) does not start with %u+%u queues of %u+%u descriptors: %s%s",
				port->id, port->driver, setup->nb_rxq, setup->nb_txq, setup->nb_rxd,
				setup->nb_txd, rte_strerror(-ret),
				port->start_hint != NULL ? port->start_hint : "");
		return -1;
	}
	/* A bond may have another by now, and ports that have been reset. */
	rte_eth_macaddr_get(port->id, &port->addr);
	port->setup = *setup;
	port->set_up = port->started = true;
	if (port->not_promiscuous)
		return 0;
	ret = rte_eth_promiscuous_enable(port->id);
	if (ret < 0 && ret != -ENOTSUP)
		FWD_ERROR("port %u (%s): promiscuous mode is off, it receives only what is sent to "
			  "its own address: %s",
				port->id, port->driver, rte_strerror(-ret));
	return 0;
}

/**
 * Free what waits in the receive queues, at most what the rings hold: a port may receive without end.
 * Drivers that wait for frames where there are none are not asked once more than needed.
 * @return how many there were.
 */
static unsigned int
drain(const struct fwd_port *port)
{
	struct rte_mbuf *pkts[32];
	unsigned int q, total, sum = 0;
	uint16_t n, more = port->kept_rx > 0 ? RTE_DIM(pkts) : 1;

	for (q = 0; q < port->setup.nb_rxq; q++) {
		n = more;
		for (total = 0; total <= 2u * port->setup.nb_rxd && n >= more; total += n) {
			n = rte_eth_rx_burst(port->id, q, pkts, RTE_DIM(pkts));
			mext_free_bulk(pkts, n);
		}
		sum += total;
	}
	return sum;
}

/**
 * Free what a port has received since the workers stopped: some virtual ports do not when they are
 * closed. Drivers known to keep buffers are made to free what they have sent; they take a second to say
 * that nothing has come.
 */
static void
empty_queues(const struct fwd_port *port)
{
	const unsigned int sent_tries = 10; /* a millisecond each, for what is on its way */
	unsigned int q, tries;

	for (q = 0; q < port->setup.nb_txq && port->kept_rx > 0; q++) {
		for (tries = 0; tries < sent_tries; tries++) {
			rte_eth_tx_burst(port->id, q, NULL, 0);
			rte_delay_us_sleep(1000);
		}
	}
	if (port->kept_rx == 0)
		drain(port);
}

void
port_stop(struct fwd_port *port)
{
	if (!port->started || port->gone)
		return;
	empty_queues(port);
	rte_eth_dev_stop(port->id);
	port->started = false;
	port->was_stopped = true;
}

void
ports_flush(struct fwd *fwd)
{
	unsigned int i, sum = 0;

	for (i = 0; i < ports_all(fwd); i++)
		if (fwd->ports[i].started)
			sum += drain(&fwd->ports[i]);
	if (sum > 0)
		printf("flushed %u packets that came while nothing was forwarded\n", sum);
}

int
ports_prepare(struct fwd *fwd)
{
	struct port_setup setup;
	unsigned int i;

	if (fwd->nb_ports == 0) {
		FWD_ERROR("there is no port: port attach brings one");
		return -1;
	}
	for (i = 0; i < ports_all(fwd); i++) {
		struct fwd_port *port = &fwd->ports[i];
		int ret;

		if (port->gone || port->held_down)
			continue;
		rx_mempool_choose(port);
		if (preflight_port(fwd, port) < 0)
			return -1;
		ret = wanted_setup(fwd, port, &setup);
		if (ret < 0) {
			FWD_ERROR("port %u (%s): %u+%u descriptors are not possible: %s", port->id,
					port->driver, fwd->args.nb_rxd, fwd->args.nb_txd,
					rte_strerror(-ret));
			return -1;
		}
		if (port->started && memcmp(&setup, &port->setup, sizeof(setup)) == 0)
			continue;
		port_stop(port);
		if (start(fwd, port, &setup) < 0)
			return -1;
	}
	return 0;
}

int
port_set_mtu(struct fwd *fwd, struct fwd_port *port, uint32_t mtu)
{
	const uint32_t before = port->mtu;
	const bool started = port->started;
	int ret = -1;

	port->mtu = mtu;
	rx_mempool_choose(port);
	if (preflight_port(fwd, port) < 0)
		goto undo;
	if (port->set_up && port->rx_index == port->setup.rx_index)
		ret = rte_eth_dev_set_mtu(port->id, mtu);
	else
		ret = port->set_up ? -EBUSY : 0;
	/* The driver may want it when it is configured, or stopped; other mbufs it wants then. */
	if (ret == -ENOTSUP || ret == -EBUSY) {
		port_stop(port);
		port->set_up = false;
		ret = started ? ports_prepare(fwd) : 0;
	} else if (ret < 0) {
		FWD_ERROR("port %u (%s) refuses an MTU of %u: %s", port->id, port->driver, mtu,
				rte_strerror(-ret));
	}
	if (ret == 0)
		return 0;
undo:
	port->mtu = before;
	rx_mempool_choose(port);
	return ret;
}

void
ports_close(struct fwd *fwd)
{
	unsigned int i;

	for (i = 0; i < ports_all(fwd); i++)
		port_stop(&fwd->ports[i]);
	/* Only when all have stopped: a port may still hold buffers that came from another. */
	for (i = 0; i < ports_all(fwd); i++)
		if (!fwd->ports[i].gone) {
			fwd->kept += fwd->ports[i].setup.nb_rxq * fwd->ports[i].kept_rx;
			rte_eth_dev_close(fwd->ports[i].id);
		}
	bonds_close(fwd);
}

void
port_close(struct fwd *fwd, struct fwd_port *port)
{
	if (port->started && !port->removed)
		empty_queues(port);
	rte_eth_dev_stop(port->id);
	rte_eth_dev_close(port->id);
	fwd->kept += port->setup.nb_rxq * port->kept_rx;
	if (port->removed) /* what it was about to send it will not give back */
		fwd->kept += port->setup.nb_txq * port->kept_tx;
	port->gone = true;
}

const struct fwd_port *
port_by_id(const struct fwd *fwd, uint16_t id)
{
	unsigned int i;

	for (i = 0; i < ports_all(fwd) && fwd->ports[i].id != id; i++)
		;
	return &fwd->ports[i];
}
