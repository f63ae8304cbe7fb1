/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEXT_POOL_H
#define MEXT_POOL_H

/**
 * @file
 * Pools: storages in size classes, mbuf headers and packets, one sub-pool a NUMA socket, every
 * one of them an rte_mempool with its per-lcore caches.
 *
 * What may run together:
 *
 * | call            | with the same pool                                          |
 * | --------------- | ----------------------------------------------------------- |
 * | create, lookup  | yes, any threads                                            |
 * | destroy         | only alone: no other call on the pool, no mbuf of it in use |
 * | everything else | yes, any threads                                            |
 *
 * A pool is in memory that all processes of a DPDK application share. The primary process creates
 * and destroys it; a secondary one finds it by name and then uses it with every other call, at the
 * same time as the primary. "Alone" and "any threads" are over all processes. What a secondary must
 * have in common with the primary, lookup checks:
 *
 * - libmext at the same address (storages name its functions): the same shared library, and both
 *   programs started without address space randomisation (setarch -R);
 * - the mempool handlers that the pool uses under the same numbers: the same drivers linked, the same -d options,
 *   and handlers of the application's own registered on the same side of its first create or lookup.
 *
 * What it can't check: processes need disjoint lcore ids (-l, --lcores). Caches and counters are
 * one for each lcore id, and are written without atomics.
 */

#include <stddef.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_mempool.h>

#include <mext_storage.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Size classes of storages in a pool. */
#define MEXT_POOL_MAX_CLASSES 8
/** Sizes of mbufs for NIC receive queues beside the first. */
#define MEXT_POOL_MAX_RX_MORE 3
/** Longest name of a pool, in characters. */
#define MEXT_POOL_NAME_MAX 20
/** Largest size class, in bytes. */
#define MEXT_POOL_MAX_SIZE (UINT32_C(1) << 26)
/** Most objects of one kind on one socket. */
#define MEXT_POOL_MAX_COUNT (UINT32_C(1) << 28)

/** Default of mext_pool_conf.copy_threshold: up to here a copy costs less than a share and its free. */
#define MEXT_COPY_THRESHOLD 512

/**
 * Receive into pairs: mext_pool_rx_mempool() gives packets, each on a storage that can be held. They take the
 * place of rx, whose count is 0 then, and there is at least one: from mext_pool_conf_default() go on with
 * conf.pairs.count += conf.rx.count, conf.rx.count = 0.
 */
#define MEXT_POOL_RX_PAIRS (UINT32_C(1) << 0)
/** Allocate from the caller's NUMA socket only; refuse where the pool has none there. */
#define MEXT_POOL_STRICT (UINT32_C(1) << 1)
/**
 * Take storages of size classes, and packets, from the pool's NUMA sockets in turn, whoever asks: the
 * bandwidth of all sockets for data that lcores of all read, as a cache's. One call is one turn, also a bulk
 * call: all it gives are from one socket as long as that has them, then from those nearest to it. Headers,
 * wraps, spreads and what NICs receive into stay local. Not together with MEXT_POOL_STRICT.
 */
#define MEXT_POOL_INTERLEAVE (UINT32_C(1) << 2)

struct mext_pool;

/** One kind of object in a pool. All numbers are for each NUMA socket. */
struct mext_pool_class {
	uint32_t size; /**< data bytes of each */
	uint32_t count; /**< how many on each socket, up to MEXT_POOL_MAX_COUNT; 0: none */
	/**
	 * Size of each lcore's cache, 0 to RTE_MEMPOOL_CACHE_MAX_SIZE; at most count / 1.5, from DPDK 26.07 on at
	 * most count. The mempool gets an even one: an odd number counts as one less, 1 as none, since with some
	 * odd sizes DPDK 26.07 hands out objects twice.
	 */
	uint32_t cache;
};

/**
 * What a pool is made of. Start from mext_pool_conf_init() or mext_pool_conf_default().
 *
 * An idle object can be parked in the cache of another lcore: up to 1.5 times the cache's size in each, from
 * DPDK 26.07 on up to its size. Make count large enough for lcores * cache * 1.5 beside what is in use.
 */
struct mext_pool_conf {
	/** Storages, sizes 1 to MEXT_POOL_MAX_SIZE, each larger than the one before. */
	struct mext_pool_class classes[MEXT_POOL_MAX_CLASSES];
	uint32_t nb_classes; /**< entries used in classes, 0 to MEXT_POOL_MAX_CLASSES */
	/**
	 * Mbufs with room of their own, for NIC receive queues. size is what follows the
	 * RTE_PKTMBUF_HEADROOM bytes that drivers keep free; together at most 65,535.
	 */
	struct mext_pool_class rx;
	/** Bare mbuf headers, to attach storages to and to clone into; size is 0. */
	struct mext_pool_class headers;
	/**
	 * Packets: header and storage that stay together. size is what follows the headroom; with it,
	 * or with RTE_PKTMBUF_HEADROOM where that is more, at most 65,535.
	 */
	struct mext_pool_class pairs;
	/** Headers of wrapped memory (mext_storage_wrap()); size is 0. */
	struct mext_pool_class wraps;
	/**
	 * Spreads (mext_spread_create()); size is 0. Each has 128 bytes for every lcore id up to the highest
	 * that is in use when the pool is made, for all other threads together, and 64 for itself.
	 */
	struct mext_pool_class spreads;
	/**
	 * Application bytes behind every mbuf (rte_mbuf_to_priv()), a multiple of 8, at most 8,192. All that
	 * rte_pktmbuf_priv_size() says is the application's; of packets without MEXT_POOL_RX_PAIRS that is
	 * up to the next multiple of 64.
	 */
	uint16_t priv_size;
	/**
	 * Free bytes before the data of a packet, 0 to 32,767; less than the largest size class has if copies begin in
	 * one, which they do where there are classes and headers, and no pairs.
	 */
	uint16_t headroom;
	uint32_t flags; /**< MEXT_POOL_* */
	/**
	 * Bytes that the verbs of mext_share.h and mext_write.h copy rather than share, where they have the
	 * choice: 0 to 65,535. See MEXT_COPY_THRESHOLD.
	 */
	uint32_t copy_threshold;
	uint32_t socket_mask; /**< NUMA sockets; 0: those that lcores or ethdev ports are on now */
	/** Mempool handler; NULL: of EAL's --mbuf-pool-ops-name, of the platform, or mext_depot. */
	const char *ops_name;
	/** Mbufs of other sizes than rx for NIC receive queues: mext_pool_rx_mempool_at(). Beside rx only. */
	struct mext_pool_class rx_more[MEXT_POOL_MAX_RX_MORE];
	uint32_t nb_rx_more; /**< entries used in rx_more, 0 to MEXT_POOL_MAX_RX_MORE */
	/**
	 * 0: the objects are in DPDK's memory. Else in regions of the pool's own (mext_region_alloc()), one for
	 * each mempool, in pages of this many bytes: outside of what EAL has, registered with it, and mapped for the
	 * NICs there are and those that come. Such memory is the primary process's alone: no other one finds the pool.
	 */
	size_t page_size;
};

/**
 * An empty configuration: no objects, headroom RTE_PKTMBUF_HEADROOM, copy_threshold
 * MEXT_COPY_THRESHOLD, the default mempool handler.
 *
 * @param conf  filled
 *
 * Thread safety: any thread.
 * Ownership: the caller's.
 */
void mext_pool_conf_init(struct mext_pool_conf *conf);

/**
 * A sensible configuration from a total of memory for objects: about 35 % mbufs for receive queues (2,048
 * bytes), 45 % storages (512, 2,048 and 16,384 bytes), 15 % packets (2,048), the rest bare headers,
 * headers for wrapped memory, and spreads. Caches are of 256, from DPDK 26.07 on, which moves half a cache at
 * a time, of 512; or so much smaller that all lcores together park at most 3/8 of the objects.
 * Change any field before creating the pool; with MEXT_POOL_RX_PAIRS rx's count goes to pairs, see there. The
 * caches come on top: DPDK keeps one for every lcore it was built for (128: 1.5 MiB) in each of the pool's mempools
 * that have one.
 *
 * @param bytes  memory of all objects, over all NUMA sockets in use; at least 1 MiB a socket,
 *   at most 1 TiB
 * @param conf  filled; unchanged on failure
 * @return 0; -EINVAL: bytes out of range (logged with the range); -EPERM: rte_eal_init() was not called.
 *
 * Thread safety: any thread.
 * Ownership: the caller's.
 */
int mext_pool_conf_default(size_t bytes, struct mext_pool_conf *conf);

/**
 * mext_pool_create() with the caller's view of the ABI; call that instead.
 *
 * Thread safety: as mext_pool_create().
 * Ownership: as mext_pool_create().
 */
int mext_pool_create_abi(const char *name, const struct mext_pool_conf *conf,
		struct mext_pool **pool, uint32_t abi, size_t conf_size);

/**
 * Create a pool. The first one registers the mempool handler mext_depot, see mext_depot_register().
 *
 * @param name  1 to MEXT_POOL_NAME_MAX characters, unique in all processes of the application; the
 *   memzone "mext.<name>" is the pool's; "mext_pools" and "mext_pools_complete" are the library's, for good
 * @param conf  what it is made of; read, not kept
 * @param pool  the pool; unchanged on failure
 * @return 0; -EINVAL: a number is out of range or the mempool handler is unknown (the log names
 *   the field and the range); -EEXIST: the name is taken, or another thread is creating a pool of that
 *   name; -ENOMEM: not enough memory, nothing is left behind; -ENOTSUP: this is a secondary process,
 *   whose mempools the primary's drivers would not be told of; -EPROTO: the program was built with other
 *   headers than this library; -EPERM: rte_eal_init() was not called; -ENOSPC: there are 1,024 pools;
 *   with page_size also as mext_region_alloc().
 *
 * Thread safety: any thread, after rte_eal_init().
 * Ownership: the pool is the caller's, to destroy.
 */
static inline int
mext_pool_create(const char *name, const struct mext_pool_conf *conf, struct mext_pool **pool)
{
	return mext_pool_create_abi(name, conf, pool, MEXT_ABI_VERSION, sizeof(*conf));
}

/**
 * Destroy a pool that has nothing outstanding. It does not wait for anybody.
 *
 * @param pool  the pool, NULL allowed
 * @return 0; -EBUSY: objects are outstanding, the log says how many of which class; -ENOTSUP: this
 *   is a secondary process. On failure nothing has changed.
 *
 * Thread safety: alone in all processes: a secondary that found the pool must not use it any more,
 *   nobody looks it up for use, and no thread is in a call, of mext's or DPDK's, on anything of it. Stop
 *   and close the ports that use it before. An object counts as free before the call that freed it has
 *   returned, so a level of 0 does not prove that it has. Where other threads free the last objects,
 *   and before another attempt after -EBUSY, each of these threads must have passed a quiescent point
 *   after its last free: it was joined, or rte_rcu_qsbr_synchronize() says so.
 * Ownership: the pool is gone on success.
 */
int mext_pool_destroy(struct mext_pool *pool);

/**
 * mext_pool_lookup() with the caller's view of the ABI; call that instead.
 *
 * @param name  as of mext_pool_lookup()
 * @param pool  as of mext_pool_lookup()
 * @param abi  MEXT_ABI_VERSION
 * @return as mext_pool_lookup().
 *
 * Thread safety: as mext_pool_lookup().
 * Ownership: as mext_pool_lookup().
 */
int mext_pool_lookup_abi(const char *name, struct mext_pool **pool, uint32_t abi);

/**
 * Find a pool by name, in the process that created it or in another one. Registers the mempool handler
 * mext_depot, as mext_pool_create() does.
 *
 * @param name  as given to mext_pool_create()
 * @param pool  the pool; unchanged on failure
 * @return 0; -ENOENT: no such pool, or not complete yet; -EINVAL: no name;
 *   -EPROTO: a mempool of it has a handler that is another one, or none, in this process, or the
 *   pool was made by another build of the library, or the program was built with other headers than
 *   this library; -EPERM: rte_eal_init() was not called; -ENOTSUP: the library is at another address
 *   in this process, or the pool's objects are in regions (page_size), which are the primary's alone.
 *   But for -ENOENT the log says what differs and what to do.
 *
 * Thread safety: any thread, after rte_eal_init(); also while pools are created and destroyed, here
 *   and in other processes.
 * Ownership: none is given; the creator destroys it.
 */
static inline int
mext_pool_lookup(const char *name, struct mext_pool **pool)
{
	return mext_pool_lookup_abi(name, pool, MEXT_ABI_VERSION);
}

/**
 * @param pool  the pool
 * @return its name.
 *
 * Thread safety: any thread.
 * Ownership: the pool's.
 */
const char *mext_pool_name(const struct mext_pool *pool);

/**
 * The mempool for rte_eth_rx_queue_setup(): mbufs with room, or packets with MEXT_POOL_RX_PAIRS.
 *
 * @param pool  the pool
 * @param socket  NUMA socket of the port, SOCKET_ID_ANY when it has none
 * @return that socket's; of a socket without one the nearest, or NULL in a strict pool; NULL when
 *   the pool has no mbufs for receiving.
 *
 * Thread safety: any thread.
 * Ownership: the pool's; it lives as long as the pool.
 */
struct rte_mempool *mext_pool_rx_mempool(const struct mext_pool *pool, int socket);

/**
 * The mempools of all sizes for receive queues: for rte_eth_rx_queue_setup() with several mempools, or with
 * buffer split.
 *
 * @param pool  the pool
 * @param socket  as of mext_pool_rx_mempool()
 * @param index  0: what mext_pool_rx_mempool() gives; 1 and up: of rx_more[index - 1]
 * @return as mext_pool_rx_mempool(), NULL behind the last size.
 *
 * Thread safety: any thread.
 * Ownership: the pool's; it lives as long as the pool.
 */
struct rte_mempool *mext_pool_rx_mempool_at(
		const struct mext_pool *pool, int socket, unsigned int index);

/**
 * The mempool of bare headers, for DPDK calls that take one (rte_pktmbuf_clone()).
 *
 * @param pool  the pool
 * @param socket  NUMA socket wanted, SOCKET_ID_ANY for any
 * @return as mext_pool_rx_mempool().
 *
 * Thread safety: any thread.
 * Ownership: the pool's; it lives as long as the pool.
 */
struct rte_mempool *mext_pool_header_mempool(const struct mext_pool *pool, int socket);

#ifdef __cplusplus
}
#endif

#endif
