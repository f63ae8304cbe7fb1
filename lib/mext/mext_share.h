/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEXT_SHARE_H
#define MEXT_SHARE_H

/**
 * @file
 * Share the bytes of packets: further mbufs over bytes that mbufs hold already, and cutting and
 * joining chains. Nothing is copied but where it says so.
 *
 * Every verb takes packets of any kind: direct, cloned, external (pinned or not, mext's or not), alone
 * or in chains. A share holds what the bytes of its segment are held by: the storage, the external
 * buffer of somebody else's, or the mbuf that the bytes are behind, which then stays out until all its
 * shares are freed. Segments without bytes are left out of shares.
 *
 * The head of a share has the metadata of the head of what it is made from, as rte_pktmbuf_clone()
 * gives it: port, offload flags and lengths, VLAN tags, hash, packet type, dynamic fields. They describe
 * the packet from its first byte: where a share begins further in, l2_len and its like are the caller's
 * to set.
 *
 * A share from a storage of mext's has neither headroom nor tailroom for rte_pktmbuf_prepend() and
 * rte_pktmbuf_append(). Others have no tailroom, but headroom: DPDK finds a clone's parent, and some
 * callbacks find their buffer, by buf_addr. And what a packet is cut off from keeps its room where that is
 * bound to its header (direct mbufs, pairs, pinned buffers): a stock append would write into the tail.
 *
 * That is all that a layout can do. DPDK's own calls ask nobody: rte_pktmbuf_adj() and rte_pktmbuf_trim() make
 * room of the bytes they take off, and rte_pktmbuf_prepend() and rte_pktmbuf_append() then give these to write,
 * though others see them, though the storage is read-only. mext_prepend() and mext_append() are right
 * everywhere, also after that; mext_trim_front() and mext_trim_back() leave no such room in a share of a storage;
 * mext_is_writable() tells of any bytes whether they may be written.
 *
 * Verbs that edit a packet take struct rte_mbuf **: a header whose refcnt is above 1 is somebody else's
 * too and stays as it is, *m is then another header over the same bytes.
 *
 * Every call may run at once with any other on other packets, also where these share bytes; a packet
 * belongs to one thread at a time. On failure packets, counts and pools are as they were.
 */

#include <stddef.h>

#include <rte_mbuf.h>

#include <mext_pool.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Make a packet over bytes [off, off + len) of another one, without a copy (BSD: m_copym).
 *
 * @param pool  where the headers come from (mext_pool_conf.headers)
 * @param m  a packet; only counts change, and marks that drivers have overwritten are put back
 * @param off  first byte, 0 to the packet's length
 * @param len  bytes, 0 to the packet's length - off; 0 gives a segment of 0 bytes
 * @param share  the new packet, of as many segments as the range has; unchanged on failure
 * @return 0; -EINVAL: m is NULL, or over a storage that is free; -ERANGE: the range is not within the packet;
 *   -EOVERFLOW: a count would pass 65,535, or an mbuf's refcnt 65,534; -ENOTSUP: a pinned buffer apart from its
 *   header, which has lost its mark (RTE_MBUF_F_EXTERNAL) and is somebody else's too; -ENOBUFS: too few headers
 *   are left; -ENOMEM: the pool was made without, or it is strict and has none on the caller's socket.
 *
 * Thread safety: the owner of the packet.
 * Ownership: m stays the caller's, and so is the share: each is freed for itself.
 */
int mext_share(struct mext_pool *pool, struct rte_mbuf *m, size_t off, size_t len,
		struct rte_mbuf **share);

/**
 * Share a packet to n: each as rte_pktmbuf_clone() makes it, with one atomic operation for each segment
 * of m for all n.
 *
 * @param pool  where the headers come from (mext_pool_conf.headers)
 * @param m  a packet; only counts change, and marks that drivers have overwritten are put back
 * @param copies  filled with n packets, unchanged on failure beyond its first n entries
 * @param n  how many, 0 allowed
 * @return as mext_share(); all or nothing.
 *
 * Thread safety: the owner of the packet.
 * Ownership: m stays the caller's, and so are the copies. Freed by mext_free_bulk(), neighbours cost
 *   one atomic operation together.
 */
int mext_fanout(struct mext_pool *pool, struct rte_mbuf *m, struct rte_mbuf **copies,
		unsigned int n);

/**
 * Share each packet of a burst to n: mext_fanout() of them all, whose headers are taken together. Copies are in
 * the order in which ports send them.
 *
 * @param pool  where the headers come from (mext_pool_conf.headers)
 * @param mbufs  nb packets; only counts change, and marks that drivers have overwritten are put back
 * @param nb  how many packets, 0 allowed
 * @param copies  filled with n bursts of nb packets: copies[k * nb + i] is a share of mbufs[i]; on failure
 *   these entries are undefined
 * @param n  how many of each, 0 allowed; n * nb at most 2^32 - 1
 * @return as mext_share(), all or nothing.
 *
 * Thread safety: the owner of the packets.
 * Ownership: as mext_fanout().
 */
int mext_fanout_bulk(struct mext_pool *pool, struct rte_mbuf *const *mbufs, unsigned int nb,
		struct rte_mbuf **copies, unsigned int n);

/**
 * Share a packet to n, each with a copy of its own of the first hdr_len bytes: for multicast and flooding
 * with rewritten addresses, tags, or a tunnel in front. The copied bytes may be written, and have the
 * pool's headroom before them; the bytes behind are shared.
 *
 * Where at most mext_pool_conf.copy_threshold bytes are behind hdr_len they are copied, too: each packet
 * is one segment then.
 *
 * @param pool  where headers and room come from: packets (mext_pool_conf.pairs) where these are large
 *   enough, else headers and storages
 * @param m  a packet; only counts change, and marks that drivers have overwritten are put back
 * @param hdr_len  bytes to copy, 0 to the packet's length; 0 gives an empty first segment, with headroom
 * @param copies  filled with n packets, unchanged on failure beyond its first n entries
 * @param n  how many, 0 allowed
 * @return as mext_share(), -ERANGE: hdr_len is more than the packet's length; -EMSGSIZE: hdr_len is more
 *   than a segment of this pool has room for, or a packet would have more than 65,535 segments; -ENOBUFS, -ENOMEM: also of packets and storages.
 *
 * Thread safety: the owner of the packet.
 * Ownership: as mext_fanout().
 */
int mext_fanout_private(struct mext_pool *pool, struct rte_mbuf *m, size_t hdr_len,
		struct rte_mbuf **copies, unsigned int n);

/**
 * Cut a packet in two (BSD: m_split). What holds the bytes around the cut is held by both parts.
 *
 * @param pool  where a header comes from where the cut is within a segment
 * @param m  the packet, then its bytes [0, off); may be replaced, see above
 * @param off  length of the first part, 0 to the packet's length
 * @param tail  the rest, with m's metadata; unchanged on failure
 * @return 0; -EINVAL: as mext_share(); -ERANGE: off is more than the packet's length; -EOVERFLOW, -ENOBUFS,
 *   -ENOMEM: as mext_share().
 *
 * Thread safety: the owner of the packet.
 * Ownership: both parts are the caller's.
 */
int mext_split(struct mext_pool *pool, struct rte_mbuf **m, size_t off, struct rte_mbuf **tail);

/**
 * Append a packet to another one (BSD: m_cat). The metadata of the first one stays.
 *
 * @param pool  where headers come from, should any of m be shared
 * @param m  the packet to append to; may be replaced, see above
 * @param tail  another packet
 * @return 0; -EINVAL: m or tail is NULL, or they are one packet; -EMSGSIZE: together more than 65,535
 *   segments or 2^32 - 1 bytes; -EOVERFLOW, -ENOBUFS, -ENOMEM: as mext_share().
 *
 * Thread safety: the owner of the packets.
 * Ownership: tail is part of m then; on failure it stays the caller's.
 */
int mext_concat(struct mext_pool *pool, struct rte_mbuf **m, struct rte_mbuf *tail);

/**
 * Take bytes off the front of a packet, over as many segments as it takes (BSD: m_adj). Segments that
 * are empty then are freed, and the metadata moves to the new head.
 *
 * @param pool  where headers come from, should any of m be shared
 * @param m  the packet; may be replaced, see above
 * @param len  bytes, 0 to the packet's length; all of them leaves one segment of 0 bytes
 * @return 0; -EINVAL: as mext_share(); -ERANGE: len is more than the packet's length; -EOVERFLOW, -ENOBUFS,
 *   -ENOMEM: as mext_share().
 *
 * Thread safety: the owner of the packet.
 * Ownership: unchanged.
 */
int mext_trim_front(struct mext_pool *pool, struct rte_mbuf **m, size_t len);

/**
 * Take bytes off the end of a packet, over as many segments as it takes. Segments that are empty then
 * are freed.
 *
 * @param pool  as mext_trim_front()
 * @param m  as mext_trim_front()
 * @param len  as mext_trim_front()
 * @return as mext_trim_front().
 *
 * Thread safety: the owner of the packet.
 * Ownership: unchanged.
 */
int mext_trim_back(struct mext_pool *pool, struct rte_mbuf **m, size_t len);

#ifdef __cplusplus
}
#endif

#endif
