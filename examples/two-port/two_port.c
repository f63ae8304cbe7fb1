/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forward between two ports, out of one mext pool: the least a forwarder has to do.
 *
 *	two_port [EAL options] [-- packets]
 *
 * What one of the first two ports receives leaves through the other, unchanged, on one lcore, until
 * SIGINT, SIGTERM, or a number of packets. Try it without a NIC:
 *
 *	two_port --no-huge -m 128 --no-pci --vdev net_null0 --vdev net_null1 -- 1000000
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

#include <mext.h>

#define BURST 32
#define NB_DESC 1024
#define CACHE 256

static volatile sig_atomic_t stop;

static void
on_signal(int sig __rte_unused)
{
	stop = 1;
}

/* [pool] */
/** A pool of mbufs to receive into, enough for both ports' rings and what is on the way. */
static int
make_pool(struct mext_pool **pool)
{
	struct mext_pool_conf conf;

	mext_pool_conf_init(&conf);
	conf.rx.size = 2048; /* bytes of a frame; DPDK's headroom comes on top */
	conf.rx.count = 2 * 2 * NB_DESC + CACHE * 3 / 2 + BURST;
	conf.rx.cache = CACHE;
	return mext_pool_create("two_port", &conf, pool);
}

/** One receive and one transmit queue; received packets come from the pool. */
static int
start_port(uint16_t port, struct mext_pool *pool)
{
	/*
	 * No RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE: it promises mbufs that share nothing, of one
	 * mempool. That holds in this program, until the day it shares a storage.
	 */
	struct rte_eth_conf conf = { 0 };
	int socket = rte_eth_dev_socket_id(port);
	uint16_t rxd = NB_DESC, txd = NB_DESC;
	int ret;

	ret = rte_eth_dev_configure(port, 1, 1, &conf);
	if (ret == 0)
		ret = rte_eth_dev_adjust_nb_rx_tx_desc(port, &rxd, &txd);
	if (ret == 0)
		ret = rte_eth_rx_queue_setup(
				port, 0, rxd, socket, NULL, mext_pool_rx_mempool(pool, socket));
	if (ret == 0)
		ret = rte_eth_tx_queue_setup(port, 0, txd, socket, NULL);
	return ret == 0 ? rte_eth_dev_start(port) : ret;
}
/* [/pool] */

/* [forward] */
/** Move one burst. */
static void
forward(uint16_t from, uint16_t to, uint64_t *sent, uint64_t *dropped)
{
	struct rte_mbuf *pkts[BURST];
	uint16_t received, taken;

	received = rte_eth_rx_burst(from, 0, pkts, BURST);
	taken = rte_eth_tx_burst(to, 0, pkts, received);
	/* What the port took, its driver frees. The rest is still ours. */
	mext_free_bulk(&pkts[taken], received - taken);
	*sent += taken;
	*dropped += received - taken;
}
/* [/forward] */

static void
run(const uint16_t *ports, uint64_t limit)
{
	uint64_t sent = 0, dropped = 0;

	printf("forwarding between ports %u and %u\n", ports[0], ports[1]);
	fflush(stdout);
	while (!stop && (limit == 0 || sent + dropped < limit)) {
		forward(ports[0], ports[1], &sent, &dropped);
		forward(ports[1], ports[0], &sent, &dropped);
	}
	printf("forwarded %" PRIu64 ", dropped %" PRIu64 "\n", sent, dropped);
}

int
main(int argc, char **argv)
{
	uint16_t ports[2], port, nb = 0;
	struct mext_pool *pool;
	uint64_t limit, left;
	int used, ret;

	used = rte_eal_init(argc, argv);
	if (used < 0)
		return EXIT_FAILURE;
	limit = argc > used + 1 ? strtoull(argv[used + 1], NULL, 0) : 0;
	RTE_ETH_FOREACH_DEV(port) {
		if (nb < RTE_DIM(ports))
			ports[nb++] = port;
	}
	if (nb < RTE_DIM(ports))
		rte_exit(EXIT_FAILURE, "%u ports, 2 are needed: bind NICs or add --vdev\n", nb);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	ret = make_pool(&pool);
	if (ret < 0)
		rte_exit(EXIT_FAILURE, "pool: %s\n", strerror(-ret));
	for (nb = 0; nb < RTE_DIM(ports); nb++) {
		ret = start_port(ports[nb], pool);
		if (ret < 0)
			rte_exit(EXIT_FAILURE, "port %u: %s\n", ports[nb], strerror(-ret));
		rte_eth_promiscuous_enable(ports[nb]); /* where a port cannot, it goes without */
	}
	run(ports, limit);
	/* Closed ports hold no mbufs. Only then can the pool be complete again. */
	for (nb = 0; nb < RTE_DIM(ports); nb++) {
		rte_eth_dev_stop(ports[nb]);
		rte_eth_dev_close(ports[nb]);
	}
	left = mext_stats_outstanding(pool);
	printf("buffers outstanding: %" PRIu64 "\n", left);
	ret = mext_pool_destroy(pool);
	rte_eal_cleanup();
	return left == 0 && ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
