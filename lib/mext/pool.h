/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef POOL_H
#define POOL_H

/** @file What a pool is inside: for every socket a mempool of each kind, and counters a lcore. */

#include <stdbool.h>

#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <mext_pool.h>

/** Sockets that a mask of 32 bits can name. */
#define MAX_SOCKETS (RTE_MAX_NUMA_NODES < 32 ? RTE_MAX_NUMA_NODES : 32)

/** Kinds of object: the size classes are 0 .. MEXT_POOL_MAX_CLASSES - 1. */
enum kind {
	KIND_RX = MEXT_POOL_MAX_CLASSES,
	KIND_HEADER,
	KIND_PAIR,
	KIND_WRAP,
	KIND_SPREAD,
	KIND_RX_MORE, /* and the MEXT_POOL_MAX_RX_MORE - 1 after it */
	NB_KINDS = KIND_RX_MORE + MEXT_POOL_MAX_RX_MORE,
};

/** What a kind is made like: mbufs to receive into are alike but for their size. */
static inline unsigned int
kind_like(unsigned int kind)
{
	return kind >= KIND_RX_MORE ? KIND_RX : kind;
}

/** Counters of one lcore; the names are those of struct mext_stats. */
struct lcore_counters {
	uint64_t allocs;
	uint64_t alloc_failures;
	uint64_t remote_allocs;
	uint64_t header_allocs;
	uint64_t header_failures;
	uint64_t attaches;
	uint64_t detaches;
	uint64_t releases;
	uint64_t returns_callback;
	uint64_t returns_bulk;
	uint64_t bad_releases;
	uint64_t missed_callbacks;
	uint64_t turns[NB_KINDS]; /* of MEXT_POOL_INTERLEAVE; nobody is told */
} __rte_cache_aligned;

/** The mempools of one NUMA socket; NULL where the pool has none of a kind. */
struct socket_pools {
	int socket;
	struct rte_mempool *mp[NB_KINDS];
	struct rte_mempool *apart[NB_KINDS]; /* where what lies apart from mp's objects is */
};

/** For a caller on one socket: which of the pool's sockets to ask, nearest first. */
struct socket_order {
	bool local; /* the first is the caller's own, or the caller has none */
	uint8_t nb;
	uint8_t index[MAX_SOCKETS];
};

/** In memory that processes share: no address in it is one that only one of them has. */
struct mext_pool {
	char name[MEXT_POOL_NAME_MAX + 1];
	struct mext_pool_conf conf;
	unsigned int nb_sockets;
	struct socket_pools sub[MAX_SOCKETS];
	struct socket_order order[MAX_SOCKETS + 1]; /* the last: callers without a socket */
	const struct socket_order *only_order; /* of all callers, on a machine with one socket */
	/* The last set is shared by all threads without an lcore id. */
	struct lcore_counters counters[RTE_MAX_LCORE + 1];
};

/** Private area of each of our mempools. */
struct sub_priv {
	struct rte_pktmbuf_pool_private mbuf; /* first: DPDK reads it in mempools of mbufs */
	struct mext_pool *pool;
	struct mext_region *region; /* where its objects are, NULL: in DPDK's memory */
};

static inline struct mext_pool *
pool_of(struct rte_mempool *mp)
{
	return ((struct sub_priv *)rte_mempool_get_priv(mp))->pool;
}

/** The counters of a pool that the calling thread adds to. */
struct counting {
	struct lcore_counters *counters;
	bool own; /* no other thread writes them */
};

static inline struct counting
counting_in(struct mext_pool *pool)
{
	const unsigned int lcore = rte_lcore_id();
	const bool own = lcore < RTE_MAX_LCORE;

	return (struct counting){ &pool->counters[own ? lcore : RTE_MAX_LCORE], own };
}

/** Relaxed, as counters order nothing. */
static inline void
counting_add(const struct counting *counting, size_t counter, uint64_t n)
{
	uint64_t *value = RTE_PTR_ADD(counting->counters, counter);

	if (likely(counting->own))
		__atomic_store_n(value, *value + n, __ATOMIC_RELAXED);
	else
		__atomic_fetch_add(value, n, __ATOMIC_RELAXED);
}

static inline void
count_add(struct mext_pool *pool, size_t counter, uint64_t n)
{
	const struct counting counting = counting_in(pool);

	counting_add(&counting, counter, n);
}

#define COUNTER(name) offsetof(struct lcore_counters, name)

/** The row of pool->order for the calling thread. */
static inline const struct socket_order *
pool_order(const struct mext_pool *pool, int socket)
{
	return &pool->order[(unsigned int)socket < MAX_SOCKETS ? (unsigned int)socket
							       : MAX_SOCKETS];
}

/**
 * Take n objects of kinds first .. last, in this order on each socket, nearest socket first: all
 * or nothing. Counts remote ones. For what the caller's own mempool could not give.
 * @return 0; -ENOBUFS; -ENOMEM: the caller has no candidate mempool at all.
 */
int mextp_pool_get_elsewhere(struct mext_pool *pool, unsigned int first, unsigned int last,
		void **objs, unsigned int n);

/** The same from the socket whose turn it is, in a pool that interleaves. */
int mextp_pool_get_in_turn(struct mext_pool *pool, unsigned int first, unsigned int last,
		void **objs, unsigned int n);

/** Whether objects of a kind are taken from the sockets in turn: those with data in them. */
static inline bool
pool_interleaves(const struct mext_pool *pool, unsigned int kind)
{
	return (pool->conf.flags & MEXT_POOL_INTERLEAVE) != 0 &&
	       (kind < MEXT_POOL_MAX_CLASSES || kind == KIND_PAIR);
}

/** Take n objects of one kind, or of the kinds after it up to last when it runs short. */
static inline int
pool_get_bulk(struct mext_pool *pool, unsigned int first, unsigned int last, void **objs,
		unsigned int n)
{
	const struct socket_order *order = pool->only_order;
	struct rte_mempool *mp;

	if (order == NULL) { /* there is more than one socket */
		if (pool_interleaves(pool, first))
			return mextp_pool_get_in_turn(pool, first, last, objs, n);
		order = pool_order(pool, (int)rte_socket_id());
	}
	mp = order->nb > 0 ? pool->sub[order->index[0]].mp[first] : NULL;
	if (likely(mp != NULL && rte_mempool_get_bulk(mp, objs, n) == 0)) {
		if (unlikely(!order->local))
			count_add(pool, COUNTER(remote_allocs), n);
		return 0;
	}
	return mextp_pool_get_elsewhere(pool, first, last, objs, n);
}

/** Take n bare headers, not reset yet. Counts failures. @return as pool_get_bulk(). */
static inline int
headers_get(struct mext_pool *pool, struct rte_mbuf **mbufs, unsigned int n)
{
	int ret = pool_get_bulk(pool, KIND_HEADER, KIND_HEADER, (void **)mbufs, n);

	if (unlikely(ret < 0))
		count_add(pool, COUNTER(header_failures), 1);
	return ret;
}

/** Take n packets, as new. Counts no failure. @return as pool_get_bulk(). */
int mextp_packets_get(struct mext_pool *pool, struct rte_mbuf **mbufs, unsigned int n);

/** Used and free objects of one kind, over all sockets. */
void mextp_pool_level(const struct mext_pool *pool, unsigned int kind, uint64_t *total,
		uint64_t *in_use, uint64_t *cached);

/** How many of a kind a configuration asks for, and of what size. */
const struct mext_pool_class *mextp_kind_conf(const struct mext_pool_conf *conf, unsigned int kind);

/** "class0", "rx", ... */
const char *mextp_kind_name(unsigned int kind);

/** Check every number. @return 0, or -EINVAL with a log line that names field and range. */
int mextp_conf_check(const char *name, const struct mext_pool_conf *conf);

/** Room of mbufs of a kind: what DPDK calls the data room, headroom included. */
uint16_t mextp_mbuf_room(const struct mext_pool_conf *conf, unsigned int kind);

/** Bytes that one object of a kind takes, with its data and the mempools' own headers. */
size_t mextp_sub_bytes(const struct mext_pool_conf *conf, unsigned int kind);

/** Create the mempools of one kind on one socket. @return as mext_pool_create(); logged. */
int mextp_sub_create(struct mext_pool *pool, unsigned int kind, struct socket_pools *sub);

/** Free a mempool, and the region its objects are in. NULL is fine. */
void mextp_sub_free(struct rte_mempool *mp);

/** NUMA sockets that lcores or ethdev ports are on, as a mask; never 0. */
uint32_t mextp_sockets_in_use(void);

/** Fill pool->order from pool->sub by numa_distance(). */
void mextp_sockets_order(struct mext_pool *pool);

#endif
