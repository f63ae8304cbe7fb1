/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEXT_ATTACH_H
#define MEXT_ATTACH_H

/**
 * @file
 * Bind a storage to an mbuf and take it off.
 *
 * attach and detach move a reference, neither touches the count. Every call may run at once with
 * any other on other mbufs, also where these mbufs share one storage; an mbuf itself belongs to
 * one thread at a time.
 */

#include <stddef.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include <mext_pool.h>
#include <mext_storage.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Attach bytes [off, off + len) of a storage to an mbuf.
 *
 * The mbuf then is a packet of exactly these bytes: buf_addr is their address, buf_len, data_len
 * and pkt_len are len, data_off is 0, so that rte_pktmbuf_prepend() and rte_pktmbuf_append() see no
 * room around them. For headroom attach a wider range and rte_pktmbuf_adj() it: what that takes off is room to
 * stock calls, so not where others see these bytes (mext_share.h). Other metadata stays.
 *
 * @param m  a direct mbuf that is not shared and not in a chain, with or without room of its own
 * @param storage  any storage, also one of a packet whose header is gone or still in use
 * @param off  first byte, 0 to the storage's length
 * @param len  bytes, 0 to 65,535
 * @return 0; -EINVAL: m or storage is NULL, or the storage is free (see mext_storage.h); -EBUSY: m is shared
 *   (refcnt is not 1); -EEXIST: m is indirect or external already, or from a pool of pinned buffers; -EMLINK: m
 *   has a next segment or is the head of a chain (the last segment of one can't be told from a packet of its own);
 *   -EMSGSIZE: len is over 65,535 (cut it into a chain); -ERANGE: the range is not within the
 *   storage; -EFAULT: the range is not contiguous in IO addresses (MEXT_STORAGE_SCATTERED; cut it with
 *   mext_attach_chain()). On failure nothing has changed.
 *
 * Thread safety: the owner of the mbuf.
 * Ownership: the caller's reference moves into the mbuf; on failure it stays the caller's. To keep
 *   one as well, mext_storage_hold() before.
 */
int mext_attach(struct rte_mbuf *m, struct mext_storage *storage, size_t off, size_t len);

/**
 * Attach bytes [off, off + len) of storages[i] to mbufs[i]: all or nothing.
 * One storage may stand in several entries; each takes a reference of its own.
 *
 * @param mbufs  n mbufs as for mext_attach(), all different
 * @param storages  n storages, each at least off + len bytes long
 * @param n  how many, 0 allowed
 * @param off  first byte in each storage
 * @param len  bytes of each, 0 to 65,535
 * @return as mext_attach(), the error of the first entry that has one.
 *
 * Thread safety: the owner of the mbufs.
 * Ownership: as mext_attach().
 */
int mext_attach_bulk(struct rte_mbuf *const *mbufs, struct mext_storage *const *storages,
		unsigned int n, size_t off, size_t len);

/**
 * Allocate n bare headers, each with bytes [off, off + len) of a storage attached: what
 * mext_header_alloc_bulk() and mext_attach_bulk() do, with every header written once and nothing
 * to check in it. All or nothing.
 *
 * @param pool  where the headers come from (mext_pool_conf.headers)
 * @param mbufs  filled with n packets, unchanged on failure beyond its first n entries
 * @param storages  n storages, each at least off + len bytes long; one may stand in several
 *   entries, each takes a reference of its own
 * @param n  how many, 0 allowed
 * @param off  first byte in each storage
 * @param len  bytes of each, 0 to 65,535
 * @return 0; -EINVAL, -EMSGSIZE, -ERANGE, -EFAULT: as mext_attach(), of the first storage that
 *   has an error; -ENOBUFS, -ENOMEM: as mext_header_alloc_bulk(). On failure no reference has
 *   moved and no header is taken.
 *
 * Thread safety: any thread.
 * Ownership: as mext_attach(); the mbufs are the caller's.
 */
int mext_attach_new_bulk(struct mext_pool *pool, struct rte_mbuf **mbufs,
		struct mext_storage *const *storages, unsigned int n, size_t off, size_t len);

/**
 * Make bytes [off, off + len) of a storage of any length a packet: a chain of bare headers, each with
 * at most 65,535 bytes attached, cut also where wrapped memory is not contiguous in IO addresses.
 *
 * @param pool  where the headers come from (mext_pool_conf.headers)
 * @param storage  any storage
 * @param off  first byte, 0 to the storage's length
 * @param len  bytes, 0 to the storage's length - off, at most 2^32 - 1; 0 gives a segment of 0 bytes
 * @param m  the packet; unchanged on failure
 * @return 0; -EINVAL: storage is NULL or free; -ERANGE: the range is not within the storage; -EMSGSIZE: more bytes
 *   or segments (65,535) than a packet has; -EFAULT: some bytes have no IO address any more; -EOVERFLOW: the count would pass 65,535; -ENOBUFS, -ENOMEM: as
 *   mext_header_alloc_bulk(). On failure nothing has changed.
 *
 * Thread safety: any thread that holds a reference.
 * Ownership: the caller's reference moves into the packet, which takes one more for each further segment;
 *   on failure it stays the caller's.
 */
int mext_attach_chain(struct mext_pool *pool, struct mext_storage *storage, size_t off, size_t len,
		struct rte_mbuf **m);

/**
 * Take the storage off an mbuf and give it back with its reference. The mbuf is then direct and
 * empty, with its own room as rte_pktmbuf_alloc() gives it; ol_flags is 0, as rte_pktmbuf_detach()
 * leaves it, other metadata stays.
 *
 * @param m  an mbuf with a storage of mext's attached or cloned into it, not shared, not in a chain
 * @param storage  the storage; unchanged on failure
 * @return 0; -EINVAL: m is NULL or has no storage of mext's, or one that is free; -ENOTSUP: m is a pair or bound to a
 *   pinned buffer (hold its storage instead); -EBUSY: m is shared; -EMLINK: m is part of a chain.
 *   On failure nothing has changed.
 *
 * Thread safety: the owner of the mbuf.
 * Ownership: the mbuf's reference moves to the caller.
 */
int mext_detach(struct rte_mbuf *m, struct mext_storage **storage);

#ifdef __cplusplus
}
#endif

#endif
