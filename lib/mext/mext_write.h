/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEXT_WRITE_H
#define MEXT_WRITE_H

/**
 * @file
 * Write to packets whose bytes others may see: whether one may, and how to get bytes that one may.
 *
 * Bytes are writable if nobody else can see the write, and nobody has forbidden it. Every layer counts:
 *
 * | layer                                     | says yes if                                   |
 * | ----------------------------------------- | --------------------------------------------- |
 * | the header                                | its refcnt is 1                               |
 * | the parent of a clone (indirect mbuf)     | its refcnt is 1, and what it is bound to      |
 * | a storage of mext's                       | its count is 1, and it is not read-only       |
 * | a pair, a stock pinned external buffer    | its count is 1                                |
 * | an external buffer of somebody else's     | never: whether its owner allows it is unknown |
 *
 * A yes orders: what other holders did to the bytes before they let go has happened. It lasts as long as
 * the caller shares neither packet nor storage.
 *
 * All verbs take packets of any kind, alone or in chains. Those that edit take struct rte_mbuf **, as
 * in mext_share.h: *m may be another header afterwards, with the metadata of the old one. Room for
 * copies is from packets (mext_pool_conf.pairs) where these are large enough, else from the smallest size
 * class that is, with a bare header. Copies of more than one segment are in as few as the largest room allows;
 * where that has run out, in more and smaller ones.
 *
 * Every call may run at once with any other on other packets, also where these share bytes; a packet
 * belongs to one thread at a time. On failure packets, counts and pools are as they were.
 */

#include <stdbool.h>
#include <stddef.h>

#include <rte_mbuf.h>

#include <mext_pool.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @param m  a packet
 * @param off  first byte, from 0
 * @param len  bytes; of 0 bytes all are writable
 * @return whether the caller may write bytes [off, off + len); false if they are not all there.
 *
 * Thread safety: the owner of the packet. A no is a hint: others may be letting go.
 * Ownership: unchanged.
 */
bool mext_is_writable(const struct rte_mbuf *m, size_t off, size_t len);

/**
 * Make bytes [off, off + len) writable, contents kept. Segments that are writable stay as they are. Of
 * others the bytes in the range are replaced by a copy; what is before and behind them in the segment stays
 * shared if it is more than mext_pool_conf.copy_threshold bytes, and is copied along if it is not.
 *
 * @param pool  where room and headers come from
 * @param m  the packet; may be replaced
 * @param off  first byte, 0 to the packet's length
 * @param len  bytes, 0 to the packet's length - off
 * @return 0; -EINVAL: m is NULL; -ERANGE: the range is not within the packet; -EOVERFLOW: a count would
 *   pass 65,535; -EMSGSIZE: the packet would have more than 65,535 segments; -ENOBUFS: too few packets,
 *   storages or headers are left; -ENOMEM: the pool was made without, or it is strict and has none on the
 *   caller's socket.
 *
 * Thread safety: the owner of the packet.
 * Ownership: unchanged.
 */
int mext_make_writable(struct mext_pool *pool, struct rte_mbuf **m, size_t off, size_t len);

/**
 * Store bytes into a packet, copy on write: mext_make_writable() of the range, whose old bytes are not
 * copied first.
 *
 * @param pool  as mext_make_writable()
 * @param m  as mext_make_writable()
 * @param off  as mext_make_writable()
 * @param src  len bytes that are not the packet's
 * @param len  as mext_make_writable()
 * @return as mext_make_writable().
 *
 * Thread safety: the owner of the packet.
 * Ownership: unchanged.
 */
int mext_write(struct mext_pool *pool, struct rte_mbuf **m, size_t off, const void *src,
		size_t len);

/**
 * Make a packet its owner's alone, in the fewest segments that this pool has room for: nothing is done if it
 * is both already, else all is copied, and what held the bytes before is let go. Segments without bytes are
 * not looked at.
 *
 * @param pool  where room comes from
 * @param m  the packet; may be replaced
 * @return as mext_make_writable().
 *
 * Thread safety: the owner of the packet.
 * Ownership: unchanged.
 */
int mext_unshare(struct mext_pool *pool, struct rte_mbuf **m);

/**
 * Make the first len bytes contiguous (BSD: m_pullup), writable or not. Copies what is missing to the
 * end of the first segment if that has room and may be written, else all len bytes to a new one.
 *
 * @param pool  where room and headers come from
 * @param m  the packet; may be replaced
 * @param len  bytes, 0 to the packet's length
 * @return as mext_make_writable(); -ERANGE: len is more than the packet's length; -EMSGSIZE: len is more than
 *   a segment of this pool has room for, headroom included.
 *
 * Thread safety: the owner of the packet.
 * Ownership: unchanged.
 */
int mext_pullup(struct mext_pool *pool, struct rte_mbuf **m, size_t len);

/**
 * Add len bytes before a packet (BSD: m_prepend): in the headroom if it is large enough and may be written,
 * else in a new first segment, which has the pool's headroom before them.
 *
 * @param pool  where room and headers come from
 * @param m  the packet; may be replaced
 * @param len  bytes, 0 to what a segment of this pool has room for, headroom included
 * @param data  the len bytes, contiguous and not initialized; unchanged on failure
 * @return as mext_make_writable(); -EMSGSIZE: len is more than a segment of this pool has room for, or the
 *   packet would have more than 65,535 segments or 2^32 - 1 bytes.
 *
 * Thread safety: the owner of the packet.
 * Ownership: unchanged.
 */
int mext_prepend(struct mext_pool *pool, struct rte_mbuf **m, size_t len, void **data);

/**
 * Add len bytes at the end of a packet: in the tailroom of the last segment if it is large enough and may
 * be written, else in a new segment.
 *
 * @param pool  as mext_prepend()
 * @param m  as mext_prepend()
 * @param len  as mext_prepend(), without headroom
 * @param data  as mext_prepend()
 * @return as mext_prepend().
 *
 * Thread safety: the owner of the packet.
 * Ownership: unchanged.
 */
int mext_append(struct mext_pool *pool, struct rte_mbuf **m, size_t len, void **data);

/**
 * Copy bytes [off, off + len) of a packet into a new one, which is nobody else's, in the fewest segments
 * that this pool has room for (BSD: m_dup). Metadata is as of mext_share(); the first segment has the
 * pool's headroom.
 *
 * @param pool  where room comes from
 * @param m  a packet, not modified
 * @param off  first byte, 0 to the packet's length
 * @param len  bytes, 0 to the packet's length - off; 0 gives a segment of 0 bytes
 * @param dup  the new packet; unchanged on failure
 * @return as mext_make_writable().
 *
 * Thread safety: the owner of the packet.
 * Ownership: m stays the caller's, and so is the copy.
 */
int mext_dup(struct mext_pool *pool, const struct rte_mbuf *m, size_t off, size_t len,
		struct rte_mbuf **dup);

/**
 * Bring a packet to at most max_segs segments, for NICs with such a limit (BSD: m_defrag): nothing is
 * done if it has no more; else one run of neighbouring segments is copied together, that with the fewest bytes
 * that is enough.
 *
 * @param pool  where room comes from
 * @param m  the packet; may be replaced
 * @param max_segs  1 or more
 * @return as mext_make_writable(); -EINVAL: m is NULL or max_segs is 0; -EMSGSIZE: no run is enough, as this
 *   pool's room is too small.
 *
 * Thread safety: the owner of the packet.
 * Ownership: unchanged.
 */
int mext_defrag(struct mext_pool *pool, struct rte_mbuf **m, unsigned int max_segs);

#ifdef __cplusplus
}
#endif

#endif
