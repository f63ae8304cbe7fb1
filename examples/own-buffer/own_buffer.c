/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Send packets straight out of a buffer of the application's own, and get the buffer back.
 *
 *	own_buffer [EAL options]
 *
 * Each packet is a bare mbuf header attached to one of the ready-made frames in the buffer: nothing
 * is copied. When the last packet is freed, here or by a driver, mext calls back. They leave through
 * the first port; without any, through a net_ring port, which receives what it sends. The buffer is a
 * region, so that NICs behind an IOMMU can read it.
 * Exit status 0: called back exactly once, nothing outstanding in the pool.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>

#include <mext.h>

#define NB_FRAMES 32
#define FRAME_LEN 1024
#define NB_DESC 512

/* [callback] */
/** Nobody reads the buffer any more. Runs on the thread that dropped the last packet. */
static void
buffer_back(void *addr, size_t len, void *arg1, void *arg2 __rte_unused)
{
	unsigned int *times_back = arg1;

	printf("buffer %p of %zu bytes is back\n", addr, len);
	++*times_back;
}
/* [/callback] */

/** Make the cache broadcast frames of an experimental protocol. */
static void
fill(char *cache)
{
	static const char eth[] = "\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x88\xb5";
	unsigned int i;

	for (i = 0; i < NB_FRAMES; i++)
		memcpy(&cache[i * FRAME_LEN], eth, sizeof(eth) - 1);
}

static int
start_port(uint16_t port, struct mext_pool *pool)
{
	/* No RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE: it promises that no packet shares its bytes. */
	struct rte_eth_conf conf = { 0 };
	int socket = rte_eth_dev_socket_id(port);
	int ret;

	ret = rte_eth_dev_configure(port, 1, 1, &conf);
	if (ret == 0)
		ret = rte_eth_rx_queue_setup(
				port, 0, NB_DESC, socket, NULL, mext_pool_rx_mempool(pool, socket));
	if (ret == 0)
		ret = rte_eth_tx_queue_setup(port, 0, NB_DESC, socket, NULL);
	return ret == 0 ? rte_eth_dev_start(port) : ret;
}

/** The buffer: whole pages, as that is what is mapped for NICs. */
static char cache[NB_FRAMES * FRAME_LEN] __rte_aligned(4096);

/* [wrap] */
/** Make the cache a storage and attach a packet to each frame in it. */
static int
make_packets(struct mext_pool *pool, const struct mext_wrap *wrap, struct rte_mbuf **pkts)
{
	struct mext_storage *storage;
	unsigned int i;
	int ret;

	ret = mext_header_alloc_bulk(pool, pkts, NB_FRAMES);
	if (ret < 0)
		return ret;
	ret = mext_storage_wrap(pool, wrap, &storage);
	if (ret < 0) {
		mext_free_bulk(pkts, NB_FRAMES);
		return ret;
	}
	/* A reference for each packet, the first came with the storage; attaching moves it. */
	mext_storage_hold(storage, NB_FRAMES - 1);
	for (i = 0; i < NB_FRAMES; i++)
		mext_attach(pkts[i], storage, i * FRAME_LEN, FRAME_LEN);
	return 0;
}
/* [/wrap] */

/** Send all packets, then wait for the buffer: a second for what the driver still holds. */
static void
send_packets(uint16_t port, struct rte_mbuf **pkts, const unsigned int *times_back)
{
	uint64_t end = rte_get_timer_cycles() + rte_get_timer_hz();
	uint16_t sent, received, total = 0;

	sent = rte_eth_tx_burst(port, 0, pkts, NB_FRAMES);
	mext_free_bulk(&pkts[sent], NB_FRAMES - sent); /* what the port did not take is ours */
	while (*times_back == 0 && rte_get_timer_cycles() < end) {
		rte_eth_tx_done_cleanup(port, 0, 0);
		received = rte_eth_rx_burst(port, 0, pkts, NB_FRAMES);
		mext_free_bulk(pkts, received);
		total += received;
	}
	printf("port %u: %u of %u packets sent, %u received\n", port, sent, NB_FRAMES, total);
}

int
main(int argc, char **argv)
{
	unsigned int times_back = 0;
	struct mext_wrap wrap = {
		.addr = cache, .len = sizeof(cache), .free_cb = buffer_back, .arg1 = &times_back
	};
	struct rte_mbuf *pkts[NB_FRAMES];
	struct mext_pool_conf conf;
	struct mext_region *region;
	struct mext_pool *pool;
	uint16_t port;
	int ret;

	if (rte_eal_init(argc, argv) < 0)
		return EXIT_FAILURE;
	if (rte_eth_dev_count_avail() == 0)
		rte_eal_hotplug_add("vdev", "net_ring0", "");
	port = rte_eth_find_next(0);
	fill(cache);
	mext_pool_conf_init(&conf);
	conf.rx = (struct mext_pool_class){ .size = 2048, .count = 2 * NB_DESC };
	conf.headers.count = NB_FRAMES;
	conf.wraps.count = 1;
	ret = mext_pool_create("own_buffer", &conf, &pool);
	if (ret == 0)
		ret = start_port(port, pool);
	/* [region] */
	if (ret == 0)
		ret = mext_region_add(cache, sizeof(cache), 0, &region);
	if (ret == 0)
		ret = make_packets(pool, &wrap, pkts);
	/* [/region] */
	if (ret < 0)
		rte_exit(EXIT_FAILURE, "port %u: %s\n", port, strerror(-ret));
	send_packets(port, pkts, &times_back);
	rte_eth_dev_stop(port);
	rte_eth_dev_close(port);
	printf("callbacks: %u, buffers outstanding: %" PRIu64 "\n", times_back,
			mext_stats_outstanding(pool));
	/* -EBUSY where anything is outstanding */
	ret = mext_region_remove(region);
	if (ret == 0)
		ret = mext_pool_destroy(pool);
	rte_eal_cleanup();
	return times_back == 1 && ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
