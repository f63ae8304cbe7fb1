/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One pool, two processes. The primary makes it, hands out packets over a ring, waits for a line on
 * stdin (written when the secondary has ended), and counts. The secondary's exit status is 3 where
 * lookup refused the pool: that is no failure of DPDK, of which 2 tells. With the argument "own" a
 * process registers a mempool handler of its own before it comes to mext; with "look" it looks the pool
 * up until it is killed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_ring.h>

#include <mext.h>

#define NAME "processes"
#define KEPT 8 /* storages that the primary goes on holding */

#define check(what)                                                       \
	do {                                                              \
		if (!(what)) {                                            \
			printf("%s:%d: %s\n", __FILE__, __LINE__, #what); \
			return EXIT_FAILURE;                              \
		}                                                         \
	} while (0)

static unsigned int called;

static void
wrap_freed(void *addr, size_t len, void *arg1, void *arg2)
{
	(void)addr, (void)len, (void)arg1, (void)arg2;
	called++;
}

static int
create(struct mext_pool **pool)
{
	struct mext_pool_conf conf;

	mext_pool_conf_init(&conf);
	conf.nb_classes = 1;
	conf.classes[0] = (struct mext_pool_class){ 1024, 256, 32 };
	conf.headers = (struct mext_pool_class){ 0, 512, 32 };
	conf.pairs = (struct mext_pool_class){ 1500, 128, 32 };
	conf.wraps = (struct mext_pool_class){ 0, 16, 0 };
	return mext_pool_create(NAME, &conf, pool);
}

/** A packet over n bytes, by a header of the pool; the storage's reference goes with it. */
static struct rte_mbuf *
packet_over(struct mext_pool *pool, struct mext_storage *storage, size_t n)
{
	struct rte_mbuf *m;

	if (storage == NULL || mext_header_alloc_bulk(pool, &m, 1) < 0)
		return NULL;
	return mext_attach(m, storage, 0, n) == 0 ? m : NULL;
}

/** To the secondary: packets whose storages the primary keeps, a pair, a wrapped buffer. */
static int
send_packets(struct mext_pool *pool, struct rte_ring *ring, struct mext_storage **kept, void *bytes)
{
	const struct mext_wrap wrap = { .addr = bytes, .len = 64, .free_cb = wrap_freed };
	struct mext_storage *storage;
	struct rte_mbuf *m;
	unsigned int i;

	check(mext_storage_alloc_bulk(pool, 1000, kept, KEPT) == 0);
	for (i = 0; i < KEPT; i++) {
		memset(mext_storage_data(kept[i]), 'p', 1000);
		check(mext_storage_hold(kept[i], 1) == 0);
		check((m = packet_over(pool, kept[i], 1000)) != NULL);
		check(rte_ring_enqueue(ring, m) == 0);
	}
	check((m = mext_packet_alloc(pool)) != NULL);
	check(rte_pktmbuf_append(m, 100) != NULL);
	check(rte_ring_enqueue(ring, m) == 0);
	check(mext_storage_wrap(pool, &wrap, &storage) == 0);
	check((m = packet_over(pool, storage, 64)) != NULL);
	check(rte_ring_enqueue(ring, m) == 0);
	return 0;
}

static int
primary(void)
{
	struct mext_storage *kept[KEPT];
	struct mext_stats stats;
	struct mext_pool *pool;
	struct rte_ring *ring;
	struct rte_mbuf *m;
	unsigned int i, received = 0;
	void *obj = NULL, *bytes = rte_malloc(NULL, 64, 0);

	check(bytes != NULL);
	check(create(&pool) == 0);
	ring = rte_ring_create(NAME, 64, SOCKET_ID_ANY, 0);
	check(ring != NULL);
	check(send_packets(pool, ring, kept, bytes) == 0);
	printf("ready\n");
	fflush(stdout);
	if (getchar() == EOF) /* no secondary has used it */
		return EXIT_FAILURE;
	while (rte_ring_dequeue(ring, &obj) == 0) {
		m = obj;
		check(m->data_len == 10 &&
				memcmp(rte_pktmbuf_mtod(m, char *), "ssssssssss", 10) == 0);
		rte_pktmbuf_free(m);
		received++;
	}
	for (i = 0; i < KEPT; i++) {
		check(mext_storage_refcnt(kept[i]) == 1);
		check(mext_storage_release(kept[i], 1) == 0);
	}
	mext_stats_get(pool, &stats);
	printf("received %u, allocs %lu, releases %lu, by callback %lu, header_allocs %lu, attaches %lu, "
	       "bad_releases %lu, missed_callbacks %lu, called %u\n",
			received, stats.allocs, stats.releases, stats.returns_callback,
			stats.header_allocs, stats.attaches, stats.bad_releases,
			stats.missed_callbacks, called);
	printf("outstanding: %lu\n", mext_stats_outstanding(pool));
	check(mext_pool_destroy(pool) == 0);
	check(mext_pool_lookup(NAME, &pool) == -ENOENT);
	rte_ring_free(ring);
	rte_free(bytes);
	return 0;
}

/** Alloc, attach, free in all ways: with what the primary may have left in no cache of ours. */
static int
work(struct mext_pool *pool)
{
	struct mext_storage *storages[64];
	struct rte_mbuf *mbufs[64];
	unsigned int i, round;

	for (round = 0; round < 100; round++) {
		check(mext_storage_alloc_bulk(pool, 1, storages, 64) == 0);
		check(mext_header_alloc_bulk(pool, mbufs, 64) == 0);
		for (i = 0; i < 64; i++)
			check(mext_attach(mbufs[i], storages[i], 0, 10) == 0);
		if (round % 2 == 0)
			mext_free_bulk(mbufs, 64);
		else
			rte_pktmbuf_free_bulk(mbufs, 64);
		check(mext_packet_alloc_bulk(pool, mbufs, 64) == 0);
		mext_free_bulk(mbufs, 64);
	}
	return 0;
}

static int
secondary(void)
{
	struct mext_pool_conf conf;
	struct mext_pool *pool, *other;
	struct rte_ring *ring;
	struct rte_mbuf *m;
	unsigned int i;
	void *obj = NULL;
	int ret = mext_pool_lookup(NAME, &pool);

	if (ret < 0) {
		printf("refused: %s\n", rte_strerror(-ret));
		return 3;
	}
	check((ring = rte_ring_lookup(NAME)) != NULL);
	for (i = 0; i < KEPT + 2; i++) {
		check(rte_ring_dequeue(ring, &obj) == 0);
		m = obj;
		check(mext_storage_from_mbuf(m) != NULL);
		check(i >= KEPT || *rte_pktmbuf_mtod(m, char *) == 'p');
		if (i % 2 == 0)
			rte_pktmbuf_free(m);
		else
			mext_free_bulk(&m, 1);
	}
	check(work(pool) == 0);
	for (i = 0; i < 4; i++) {
		check((m = packet_over(pool, mext_storage_alloc(pool, 1000), 10)) != NULL);
		memset(rte_pktmbuf_mtod(m, char *), 's', 10);
		check(rte_ring_enqueue(ring, m) == 0);
	}
	mext_pool_conf_init(&conf);
	check(mext_pool_create("other", &conf, &other) == -ENOTSUP);
	check(mext_pool_destroy(pool) == -ENOTSUP);
	check(mext_pool_lookup("other", &other) == -ENOENT);
	printf("secondary: ok\n");
	return 0;
}

/** Says when it has begun. */
static int
look_for_ever(void)
{
	struct mext_pool *pool;

	check(mext_pool_lookup(NAME, &pool) == 0);
	printf("looking\n");
	fflush(stdout);
	for (;;)
		check(mext_pool_lookup(NAME, &pool) == 0);
}

static void
register_own(void)
{
	struct rte_mempool_ops ops = *rte_mempool_get_ops(0);

	snprintf(ops.name, sizeof(ops.name), "own");
	rte_mempool_register_ops(&ops);
}

int
main(int argc, char **argv)
{
	int used = rte_eal_init(argc, argv), status;

	if (used < 0)
		return 2;
	if (used + 1 < argc && strcmp(argv[used + 1], "own") == 0)
		register_own();
	if (used + 1 < argc && strcmp(argv[used + 1], "look") == 0)
		return look_for_ever();
	status = rte_eal_process_type() == RTE_PROC_PRIMARY ? primary() : secondary();
	rte_eal_cleanup();
	return status;
}
