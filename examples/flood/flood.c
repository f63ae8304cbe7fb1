/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flood: what one port receives leaves through all others, without a copy of the payload.
 *
 *	flood [EAL options] [-- packets]
 *
 * Each lcore serves the ports that fall to it and has a transmit queue of its own on every port. Copies
 * have the source address of the port that they leave through: the Ethernet header of each is its own, the
 * rest is shared. Now and then every lcore announces itself on its ports, all from the same bytes. Ends with
 * SIGINT, SIGTERM, or when each lcore has received a number of packets. Try it without a NIC:
 *
 *	flood -l 0-1 --no-huge -m 256 --no-pci --vdev net_null0 --vdev net_null1 --vdev net_null2 -- 100000
 *
 * Exit status 0: every buffer came back to the pool.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include <mext.h>

#define BURST 32
#define NB_DESC 512
#define CACHE 128
#define ANNOUNCE_EVERY 1000 /* turns */

static volatile sig_atomic_t stop;
static uint64_t limit;
static uint16_t ports[RTE_MAX_ETHPORTS], nb_ports;
static struct rte_ether_addr addresses[RTE_MAX_ETHPORTS];
static struct mext_pool *pool;
static struct mext_spread *announcement;

static void
on_signal(int sig __rte_unused)
{
	stop = 1;
}

/* [flood] */
/** Send a packet through every port but the one that it came from. */
static void
flood(struct rte_mbuf *m, uint16_t from, uint16_t queue)
{
	struct rte_mbuf *copies[RTE_MAX_ETHPORTS];
	struct rte_ether_hdr *header;
	uint16_t i, nb = 0;

	/* A header of its own for each copy, the bytes behind it are shared. */
	if (m->pkt_len >= sizeof(*header) &&
			mext_fanout_private(pool, m, sizeof(*header), copies, nb_ports - 1) == 0) {
		for (i = 0; i < nb_ports; i++) {
			if (ports[i] == from)
				continue;
			header = rte_pktmbuf_mtod(copies[nb], struct rte_ether_hdr *);
			header->src_addr = addresses[i];
			if (rte_eth_tx_burst(ports[i], queue, &copies[nb], 1) == 0)
				rte_pktmbuf_free(copies[nb]);
			nb++;
		}
	}
	rte_pktmbuf_free(m);
}
/* [/flood] */

/* [spread] */
/** Send the announcement through one port; other lcores do the same at the same time. */
static void
announce(uint16_t port, uint16_t queue)
{
	struct mext_storage *leaf;
	struct rte_mbuf *m;

	/* One reference, counted for this lcore alone. */
	if (mext_spread_take(announcement, 1, &leaf) < 0)
		return;
	if (mext_attach_new_bulk(pool, &m, &leaf, 1, 0, mext_storage_len(leaf)) < 0)
		mext_storage_release(leaf, 1);
	else if (rte_eth_tx_burst(port, queue, &m, 1) == 0)
		rte_pktmbuf_free(m);
}
/* [/spread] */

/** The ports number index, index + lcores, ... are this lcore's. */
static int
work(void *arg __rte_unused)
{
	unsigned int queue = rte_lcore_index(rte_lcore_id()), nb_lcores = rte_lcore_count();
	uint64_t received = 0, turn;
	struct rte_mbuf *pkts[BURST];
	uint16_t i, k, n;

	if (queue >= nb_ports)
		return 0;
	for (turn = 0; !stop && (limit == 0 || received < limit); turn++) {
		for (i = queue; i < nb_ports; i += nb_lcores) {
			if (turn % ANNOUNCE_EVERY == 0)
				announce(ports[i], queue);
			n = rte_eth_rx_burst(ports[i], 0, pkts, BURST);
			for (k = 0; k < n; k++)
				flood(pkts[k], ports[i], queue);
			received += n;
		}
	}
	printf("lcore %u: flooded %" PRIu64 " packets\n", rte_lcore_id(), received);
	return 0;
}

static int
make_pool(void)
{
	const uint32_t queues = nb_ports * rte_lcore_count();
	const uint32_t sent = queues * NB_DESC + rte_lcore_count() * (CACHE * 3 / 2 + BURST);
	struct mext_pool_conf conf;

	mext_pool_conf_init(&conf);
	/* Received packets stay out until the last of their copies is sent. */
	conf.rx = (struct mext_pool_class){ 2048, nb_ports * NB_DESC + sent, CACHE };
	conf.pairs = (struct mext_pool_class){ 512, sent, CACHE }; /* headers of copies */
	conf.headers = (struct mext_pool_class){ 0, sent, CACHE }; /* over their payload */
	conf.nb_classes = 1;
	conf.classes[0] = (struct mext_pool_class){ 64, 1, 0 };
	conf.spreads = (struct mext_pool_class){ 0, 1, 0 };
	return mext_pool_create("flood", &conf, &pool);
}

/** A broadcast frame of an experimental EtherType, the same from everybody. */
static int
make_announcement(void)
{
	struct mext_storage *storage = mext_storage_alloc(pool, 60);
	struct rte_ether_hdr *header;
	int ret;

	if (storage == NULL)
		return -ENOBUFS;
	header = memset(mext_storage_data(storage), 0, mext_storage_len(storage));
	memset(&header->dst_addr, 0xff, sizeof(header->dst_addr));
	header->ether_type = rte_cpu_to_be_16(0x88b5);
	ret = mext_spread_create(pool, storage, &announcement);
	if (ret < 0)
		mext_storage_release(storage, 1);
	return ret;
}

static int
start_port(uint16_t i)
{
	struct rte_eth_conf conf = { .txmode.offloads = RTE_ETH_TX_OFFLOAD_MULTI_SEGS };
	int socket = rte_eth_dev_socket_id(ports[i]), ret;
	uint16_t rxd = NB_DESC, txd = NB_DESC, queue;
	struct rte_eth_dev_info info;

	ret = rte_eth_dev_info_get(ports[i], &info);
	if (ret < 0)
		return ret;
	/* A port that sends chains without being asked need not know the offload. */
	conf.txmode.offloads &= info.tx_offload_capa;
	ret = rte_eth_dev_configure(ports[i], 1, rte_lcore_count(), &conf);
	if (ret == 0)
		ret = rte_eth_dev_adjust_nb_rx_tx_desc(ports[i], &rxd, &txd);
	if (ret == 0)
		ret = rte_eth_rx_queue_setup(
				ports[i], 0, rxd, socket, NULL, mext_pool_rx_mempool(pool, socket));
	for (queue = 0; ret == 0 && queue < rte_lcore_count(); queue++)
		ret = rte_eth_tx_queue_setup(ports[i], queue, txd, socket, NULL);
	if (ret == 0)
		ret = rte_eth_macaddr_get(ports[i], &addresses[i]);
	return ret == 0 ? rte_eth_dev_start(ports[i]) : ret;
}

int
main(int argc, char **argv)
{
	uint16_t port, i;
	uint64_t left;
	int used, ret;

	used = rte_eal_init(argc, argv);
	if (used < 0)
		return EXIT_FAILURE;
	limit = argc > used + 1 ? strtoull(argv[used + 1], NULL, 0) : 0;
	RTE_ETH_FOREACH_DEV(port)
		ports[nb_ports++] = port;
	if (nb_ports < 2)
		rte_exit(EXIT_FAILURE, "%u ports, 2 or more are needed: bind NICs or add --vdev\n",
				nb_ports);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	ret = make_pool();
	if (ret == 0)
		ret = make_announcement();
	if (ret < 0)
		rte_exit(EXIT_FAILURE, "pool: %s\n", strerror(-ret));
	for (i = 0; i < nb_ports; i++) {
		ret = start_port(i);
		if (ret < 0)
			rte_exit(EXIT_FAILURE, "port %u: %s\n", ports[i], strerror(-ret));
		rte_eth_promiscuous_enable(ports[i]); /* where a port cannot, it goes without */
	}
	rte_eal_mp_remote_launch(work, NULL, CALL_MAIN);
	rte_eal_mp_wait_lcore();
	for (i = 0; i < nb_ports; i++) {
		rte_eth_dev_stop(ports[i]);
		rte_eth_dev_close(ports[i]);
	}
	mext_spread_release(announcement, 1);
	left = mext_stats_outstanding(pool);
	printf("buffers outstanding: %" PRIu64 "\n", left);
	ret = mext_pool_destroy(pool);
	rte_eal_cleanup();
	return left == 0 && ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
