/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A primary process that others look into, and a secondary one on its mempool: DPDK's own calls alone.
 * With -DLINKED the program links libmext, and no more; with the argument "pool" it makes a pool too.
 *
 * The primary withholds some objects of a mempool "quiet". Of "shared" both processes get and put, until
 * the secondary has done its rounds; an object knows its owner. An "r" on stdin has the primary receive
 * some packets, anything else ends it. (Tools that capture free their mempool at their end, without
 * waiting for who copies a packet into it: then nothing may be received.)
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_pdump.h>

#ifdef LINKED
#include <mext.h>
#endif

#define NB 1023
#define KEPT 23
#define BURST 16
#define ROUNDS 5000

#define check(what)                                                       \
	do {                                                              \
		if (!(what)) {                                            \
			printf("%s:%d: %s\n", __FILE__, __LINE__, #what); \
			return EXIT_FAILURE;                              \
		}                                                         \
	} while (0)

/** Objects that somebody else had, too. */
static unsigned long twice;

/** Get a burst, own each object for a moment, put it. @return whether there was one. */
static int
own_burst(struct rte_mempool *mp, uint32_t owner)
{
	void *objs[BURST];
	unsigned int i;

	if (rte_mempool_get_bulk(mp, objs, BURST) < 0)
		return 0;
	for (i = 0; i < BURST; i++)
		twice += __atomic_exchange_n((uint32_t *)objs[i], owner, __ATOMIC_SEQ_CST) != 0;
	for (i = 0; i < BURST; i++)
		twice += __atomic_exchange_n((uint32_t *)objs[i], 0, __ATOMIC_SEQ_CST) != owner;
	rte_mempool_put_bulk(mp, objs, BURST);
	return 1;
}

static void
clear(struct rte_mempool *mp, void *arg, void *obj, unsigned int i)
{
	(void)mp, (void)arg, (void)i;
	memset(obj, 0, sizeof(uint32_t));
}

static int
start_port(void)
{
	const struct rte_eth_conf conf = { 0 };
	struct rte_mempool *mp = rte_pktmbuf_pool_create(
			"rx", 2047, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);

	check(mp != NULL);
	check(rte_eth_dev_configure(0, 1, 1, &conf) == 0);
	check(rte_eth_rx_queue_setup(0, 0, 64, SOCKET_ID_ANY, NULL, mp) == 0);
	check(rte_eth_tx_queue_setup(0, 0, 64, SOCKET_ID_ANY, NULL) == 0);
	check(rte_eth_dev_start(0) == 0);
	return rte_pdump_init();
}

static int
make_pool(void)
{
#ifdef LINKED
	struct mext_pool_conf conf;
	struct mext_pool *pool;

	mext_pool_conf_init(&conf);
	conf.headers = (struct mext_pool_class){ .count = 500 };
	return mext_pool_create("beside", &conf, &pool);
#else
	return -1;
#endif
}

/** @return whether to go on. */
static int
obey(char command)
{
	struct rte_mbuf *pkts[BURST];
	unsigned int n = 0;

	if (command == 'r')
		n = rte_eth_rx_burst(0, 0, pkts, BURST);
	rte_pktmbuf_free_bulk(pkts, n);
	return n > 0;
}

static int
primary(int with_pool)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	struct rte_mempool *quiet, *mp;
	static void *kept[KEPT];
	char command = 0;

	check(!with_pool || make_pool() == 0);
	quiet = rte_mempool_create("quiet", NB, 64, 0, 0, NULL, NULL, NULL, NULL, SOCKET_ID_ANY, 0);
	mp = rte_mempool_create("shared", NB, 64, 0, 0, NULL, NULL, clear, NULL, SOCKET_ID_ANY, 0);
	check(quiet != NULL && mp != NULL);
	check(rte_mempool_get_bulk(quiet, kept, KEPT) == 0);
	check(start_port() == 0);
	printf("ready\n");
	fflush(stdout);
	do
		own_burst(mp, 1);
	while (poll(&in, 1, 0) == 0 || (read(STDIN_FILENO, &command, 1) == 1 && obey(command)));
	rte_mempool_put_bulk(quiet, kept, KEPT);
	printf("primary: handler %d %s, owned twice %lu, missing %u\n", mp->ops_index,
			rte_mempool_get_ops(mp->ops_index)->name, twice,
			2 * NB - rte_mempool_avail_count(mp) - rte_mempool_avail_count(quiet));
	rte_pdump_uninit();
	return EXIT_SUCCESS;
}

static int
secondary(void)
{
	struct rte_mempool *mp = rte_mempool_lookup("shared");
	unsigned int round = 0;

	check(mp != NULL);
	while (round < ROUNDS)
		round += own_burst(mp, 2);
	printf("secondary: handler %d %s, owned twice %lu\n", mp->ops_index,
			rte_mempool_get_ops(mp->ops_index)->name, twice);
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	int used = rte_eal_init(argc, argv), status;

	if (used < 0)
		return 2;
#ifdef LINKED
	check(mext_version() != NULL);
#endif
	status = rte_eal_process_type() == RTE_PROC_PRIMARY
				 ? primary(used + 1 < argc && strcmp(argv[used + 1], "pool") == 0)
				 : secondary();
	rte_eal_cleanup();
	return status;
}
