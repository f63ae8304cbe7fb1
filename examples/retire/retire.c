/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Destroy a pool whose last buffers another thread frees while it goes on with its work.
 *
 *	retire [EAL options]
 *
 * Two lcores are needed. Exit status 0: the pool is destroyed.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring.h>

#include <mext.h>

#define NB_PACKETS 1000
#define BURST 32

static struct rte_ring *sent; /* packets for the worker to free */
static struct rte_rcu_qsbr *qsbr;
static bool stop;

/* [worker] */
/** Free what comes. Between two bursts this thread is in no call on any mbuf or storage. */
static int
free_packets(void *arg __rte_unused)
{
	struct rte_mbuf *pkts[BURST];
	unsigned int n;

	rte_rcu_qsbr_thread_online(qsbr, rte_lcore_id());
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		n = rte_ring_dequeue_burst(sent, (void **)pkts, BURST, NULL);
		mext_free_bulk(pkts, n);
		rte_rcu_qsbr_quiescent(qsbr, rte_lcore_id());
	}
	rte_rcu_qsbr_thread_offline(qsbr, rte_lcore_id());
	return 0;
}
/* [/worker] */

/* [destroy] */
/** Nobody allocates from the pool any more. What is out of it is in the ring, or the worker's. */
static int
retire(struct mext_pool *pool)
{
	while (!rte_ring_empty(sent))
		rte_delay_us_sleep(100);
	/* The worker has taken the last ones; it has freed them, and returned, when it is quiescent. */
	rte_rcu_qsbr_synchronize(qsbr, RTE_QSBR_THRID_INVALID);
	return mext_pool_destroy(pool);
}
/* [/destroy] */

static int
send_and_retire(void)
{
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	struct rte_mbuf *pkt;
	unsigned int i;

	if (mext_pool_conf_default(4 << 20, &conf) < 0 ||
			mext_pool_create("retire", &conf, &pool) < 0)
		return -1;
	for (i = 0; i < NB_PACKETS; i++) {
		while ((pkt = mext_packet_alloc(pool)) == NULL)
			rte_delay_us_sleep(1); /* all are on their way */
		while (rte_ring_enqueue(sent, pkt) < 0)
			rte_delay_us_sleep(1);
	}
	return retire(pool);
}

int
main(int argc, char **argv)
{
	unsigned int worker;
	int ret;

	if (rte_eal_init(argc, argv) < 0)
		return EXIT_FAILURE;
	worker = rte_get_next_lcore(-1, 1, 0);
	sent = rte_ring_create("sent", 256, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	qsbr = aligned_alloc(RTE_CACHE_LINE_SIZE, rte_rcu_qsbr_get_memsize(RTE_MAX_LCORE));
	if (worker >= RTE_MAX_LCORE || sent == NULL || qsbr == NULL) {
		fputs("retire: two lcores and memory are needed\n", stderr);
		return EXIT_FAILURE;
	}
	rte_rcu_qsbr_init(qsbr, RTE_MAX_LCORE);
	rte_rcu_qsbr_thread_register(qsbr, worker);
	rte_eal_remote_launch(free_packets, NULL, worker);
	ret = send_and_retire();
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	rte_eal_wait_lcore(worker);
	if (ret == 0)
		puts("retire: the pool is gone, the worker went on");
	free(qsbr);
	return rte_eal_cleanup() < 0 || ret < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
