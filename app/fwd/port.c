/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_version.h>

#include <mext.h>

#include "fwd.h"

/** What is known of drivers that a forwarder on shared and external storage must respect. */
static const struct quirk {
	const char *driver;
	unsigned int fixed_in; /* RTE_VERSION of the first DPDK without it */
	bool copy_external;
	uint32_t kept_rx;
	uint32_t kept_tx;
	bool cuts_memory;
	const char *why;
} quirks[] = {
	/* Sends what lies behind the header, not what buf_addr says (fixed by 10ed220497). */
	{ .driver = "net_af_xdp",
			.fixed_in = RTE_VERSION_NUM(26, 3, 0, 0),
			.copy_external = true,
			.why = "before DPDK 26.03 it sends wrong bytes from external buffers: sending copies" },
	/*
	 * Its memory shared with the kernel holds 2,048 for receiving, and sent ones for a while. It is
	 * as long as the mbufs are together, without the gaps that keep each within its page.
	 */
	{ .driver = "net_af_xdp",
			.fixed_in = UINT_MAX,
			.kept_rx = 2048,
			.kept_tx = 4096,
			.cuts_memory = true },
};

static void
apply_quirks(struct fwd_port *port, const struct fwd_args *args)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(quirks); i++) {
		const struct quirk *q = &quirks[i];

		if (strcmp(q->driver, port->driver) != 0 || RTE_VERSION >= q->fixed_in)
			continue;
		port->copy_external |= q->copy_external;
		port->cuts_memory |= q->cuts_memory;
		port->kept_rx = RTE_MAX(port->kept_rx, q->kept_rx);
		port->kept_tx = RTE_MAX(port->kept_tx, q->kept_tx);
		if (q->why != NULL && args->mode->makes)
			printf("port %u (%s): %s\n", port->id, port->driver, q->why);
	}
}

static int
check_limits(const struct fwd_port *port, const struct fwd_args *args)
{
	if (args->nb_rxq > port->info.max_rx_queues) {
		FWD_ERROR("--rxq=%u: port %u (%s) has at most %u receive queues", args->nb_rxq,
				port->id, port->driver, port->info.max_rx_queues);
		return -1;
	}
	if (args->nb_txq > port->info.max_tx_queues) {
		FWD_ERROR("--txq=%u: port %u (%s) has at most %u transmit queues", args->nb_txq,
				port->id, port->driver, port->info.max_tx_queues);
		return -1;
	}
	return 0;
}

static int
find_one(struct fwd *fwd, uint16_t id)
{
	struct fwd_port *port = &fwd->ports[fwd->nb_ports];
	int ret;

	port->id = id;
	port->socket = rte_eth_dev_socket_id(id);
	port->nb_rxd = fwd->args.nb_rxd;
	port->nb_txd = fwd->args.nb_txd;
	ret = rte_eth_dev_info_get(id, &port->info);
	if (ret == 0)
		ret = rte_eth_macaddr_get(id, &port->addr);
	if (ret == 0)
		ret = rte_eth_dev_adjust_nb_rx_tx_desc(id, &port->nb_rxd, &port->nb_txd);
	if (ret < 0) {
		FWD_ERROR("port %u: its driver gives no information: %s", id, rte_strerror(-ret));
		return -1;
	}
	snprintf(port->driver, sizeof(port->driver), "%s", port->info.driver_name);
	apply_quirks(port, &fwd->args);
	fwd->nb_ports++;
	return check_limits(port, &fwd->args);
}

int
ports_find(struct fwd *fwd)
{
	uint64_t wanted = fwd->args.portmask;
	uint16_t id;

	if (rte_eth_dev_count_avail() == 0) {
		FWD_ERROR("no port found: bind a NIC with dpdk-devbind.py, or give EAL a virtual one, for "
			  "example --vdev=net_af_packet0,iface=eth1");
		return -1;
	}
	RTE_ETH_FOREACH_DEV(id) {
		uint64_t bit = id < 64 ? UINT64_C(1) << id : 0;

		if (fwd->args.portmask != 0 && (fwd->args.portmask & bit) == 0)
			continue;
		wanted &= ~bit;
		if (find_one(fwd, id) < 0)
			return -1;
	}
	if (fwd->args.portmask == 0 || wanted == 0)
		return 0;
	FWD_ERROR("--portmask=0x%" PRIx64 ": port %d does not exist, there are %u",
			fwd->args.portmask, __builtin_ctzll(wanted), rte_eth_dev_count_avail());
	return -1;
}

static int
configure(struct fwd_port *port, const struct fwd_args *args)
{
	/*
	 * No MBUF_FAST_FREE: it promises direct mbufs of one pool, which shared and external storage
	 * is not. Nothing else is needed to move frames.
	 */
	struct rte_eth_conf conf = { 0 };
	uint64_t hash = port->info.flow_type_rss_offloads &
			(RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP);

	if (args->nb_rxq > 1 && hash != 0) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf = hash;
	}
	return rte_eth_dev_configure(port->id, args->nb_rxq, args->nb_txq, &conf);
}

static int
set_up_queues(struct fwd *fwd, struct fwd_port *port)
{
	struct rte_mempool *mp = mext_pool_rx_mempool(fwd->pool, port->socket);
	unsigned int socket = port->socket;
	unsigned int q;
	int ret;

	for (q = 0; q < fwd->args.nb_txq; q++) {
		ret = rte_eth_tx_queue_setup(port->id, q, port->nb_txd, socket, NULL);
		if (ret < 0)
			return ret;
	}
	for (q = 0; q < fwd->args.nb_rxq; q++) {
		ret = rte_eth_rx_queue_setup(port->id, q, port->nb_rxd, socket, NULL, mp);
		if (ret < 0)
			return ret;
	}
	return 0;
}

int
ports_start(struct fwd *fwd)
{
	unsigned int i;
	int ret;

	for (i = 0; i < fwd->nb_ports; i++) {
		struct fwd_port *port = &fwd->ports[i];

		ret = configure(port, &fwd->args);
		if (ret == 0)
			ret = set_up_queues(fwd, port);
		if (ret == 0)
			ret = rte_eth_dev_start(port->id);
		if (ret < 0) {
			FWD_ERROR("port %u (%s) does not start with %u+%u queues of %u+%u descriptors: %s",
					port->id, port->driver, fwd->args.nb_rxq, fwd->args.nb_txq,
					fwd->args.nb_rxd, fwd->args.nb_txd, rte_strerror(-ret));
			return -1;
		}
		port->started = true;
		ret = rte_eth_promiscuous_enable(port->id);
		if (ret < 0 && ret != -ENOTSUP)
			FWD_ERROR("port %u (%s): promiscuous mode is off, it receives only what is sent "
				  "to its own address: %s",
					port->id, port->driver, rte_strerror(-ret));
	}
	return 0;
}

/**
 * Free what a port has received since the workers stopped, at most what its rings hold: some
 * virtual ports do not when they are closed. Drivers known to keep buffers are not asked, they may
 * wait for frames; they are made to free what they have sent.
 */
static void
empty_queues(const struct fwd *fwd, const struct fwd_port *port)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	const unsigned int sent_tries = 10; /* a millisecond each, for what is on its way */
	unsigned int q, total;
	uint16_t n;

	for (q = 0; q < fwd->args.nb_txq && port->kept_rx > 0; q++) {
		for (total = 0; total < sent_tries; total++) {
			rte_eth_tx_burst(port->id, q, pkts, 0);
			rte_delay_us_sleep(1000);
		}
	}
	for (q = 0; q < fwd->args.nb_rxq && port->kept_rx == 0; q++) {
		for (total = 0; total <= 2u * port->nb_rxd; total += n) {
			n = rte_eth_rx_burst(port->id, q, pkts, FWD_MAX_BURST);
			if (n == 0)
				break;
			mext_free_bulk(pkts, n);
		}
	}
}

void
ports_close(struct fwd *fwd)
{
	unsigned int i;

	for (i = 0; i < fwd->nb_ports; i++) {
		struct fwd_port *port = &fwd->ports[i];

		if (port->started) {
			rte_eth_stats_get(port->id, &port->stats);
			empty_queues(fwd, port);
			rte_eth_dev_stop(port->id);
		}
	}
	/* Only when all have stopped: a port may still hold buffers that came from another. */
	for (i = 0; i < fwd->nb_ports; i++)
		rte_eth_dev_close(fwd->ports[i].id);
}
