/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEXT_SPREAD_H
#define MEXT_SPREAD_H

/**
 * @file
 * Spread: a storage that many lcores send from at once, without a cache line that they all write, and
 * without the limit of 65,535 references.
 *
 * A spread has a *leaf* for each lcore: a reference count on a cache line of its own. Mbufs that an
 * lcore makes name its leaf, so lcores do not meet where each one's packets are also freed by it (in
 * DPDK, by the driver of the transmit queue it uses). Drivers see ordinary external buffers. To
 * attach, take references on the calling lcore's leaf as a storage, with mext_spread_take(), and use
 * mext_attach(), mext_attach_new_bulk() or mext_attach_chain() on that.
 *
 * The bytes are read-only, for everybody, as long as anything of the spread is left.
 *
 * | call                     | same spread, concurrently                             |
 * | ------------------------ | ----------------------------------------------------- |
 * | take, hold, release      | yes, by threads that have a hold of their own         |
 * | whatever is done to what | yes, any threads, also after the last hold is gone    |
 * | take gave, and to mbufs  |                                                       |
 */

#include <rte_mbuf.h>

#include <mext_pool.h>
#include <mext_storage.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mext_spread;

/**
 * Spread a storage. It is made read-only.
 *
 * @param pool  where the spread comes from (mext_pool_conf.spreads)
 * @param storage  a storage from a size class or wrapped memory; others may hold it, too
 * @param spread  the spread, with one hold; unchanged on failure
 * @return 0; -EINVAL: storage is NULL or free; -ENOTSUP: storage is of a packet (a pair), or the leaf of a spread;
 *   -ENOBUFS: no spread is left; -ENOMEM: the pool was made without, or it is strict and has none on the
 *   caller's socket.
 *
 * Thread safety: any thread that holds the storage.
 * Ownership: the caller's reference moves into the spread; on failure it stays the caller's.
 */
int mext_spread_create(
		struct mext_pool *pool, struct mext_storage *storage, struct mext_spread **spread);

/**
 * Add n holds. Holds are for the few that keep a spread: each thread or table that attaches from it. They
 * are not touched per packet.
 *
 * @param spread  a spread the caller has a hold on
 * @param n  how many, 0 allowed
 * @return 0; -EOVERFLOW: more than 2^32 - 1; -EINVAL: nobody holds the spread. On failure nothing has changed.
 *
 * Thread safety: any thread that has a hold.
 * Ownership: n more holds are the caller's.
 */
int mext_spread_hold(struct mext_spread *spread, unsigned int n);

/**
 * Drop n holds. After the last one, spread and storage live on until the last packet is freed, and go back
 * to their pools by themselves then.
 *
 * @param spread  a spread the caller has n holds on
 * @param n  how many, 0 allowed
 * @return 0; -EINVAL: fewer than n exist (a bug in the caller: nothing is dropped, logged once, counted in
 *   mext_stats.bad_releases).
 *
 * Thread safety: any thread that has the holds; the last one only when nobody else uses the spread any more.
 * Ownership: the holds are gone.
 */
int mext_spread_release(struct mext_spread *spread, unsigned int n);

/**
 * Take n references on the calling lcore's leaf. Threads without an lcore id, and with one above those that
 * the pool was made for, have one leaf together.
 *
 * @param spread  a spread the caller has a hold on
 * @param n  how many, 0 allowed
 * @param leaf  the leaf as a storage: the same bytes, with references of its own; unchanged on failure.
 *   Its mext_storage_refcnt() is one more than its references while the spread is held.
 * @return 0; -EOVERFLOW: the lcore would have more than 65,534 references; -EINVAL: nobody holds the
 *   spread (found only sometimes: a caller without a hold is a bug). Nothing is taken then. Clones by
 *   rte_pktmbuf_clone() are not refused at the limit: plan for them.
 *
 * Thread safety: any thread that has a hold.
 * Ownership: n references are the caller's: to move into mbufs, or to drop with mext_storage_release().
 */
int mext_spread_take(struct mext_spread *spread, unsigned int n, struct mext_storage **leaf);

#ifdef __cplusplus
}
#endif

#endif
