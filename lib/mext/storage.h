/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef STORAGE_H
#define STORAGE_H

/** @file Telling our storages from foreign ones, and what becomes of one nobody holds. */

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <mext_storage.h>

/**
 * A storage of wrapped memory: the cold part, which sharing never touches, has a line of its own.
 * The callback is an entry of a table of this process (see wrap.c): no function pointer of the
 * application's stands in memory that processes share.
 */
struct wrapped {
	struct mext_storage storage;
	void *arg1 __rte_cache_aligned;
	void *arg2;
	uint64_t callbacks_id; /* whose table */
	uint32_t free_cb;
};

/**
 * The callbacks that DPDK calls on the last drop. Their addresses are what tells our storages from
 * foreign ones and our kinds apart.
 */
void mextp_storage_free_cb(void *addr, void *opaque);
void mextp_wrap_free_cb(void *addr, void *opaque);
void mextp_pair_free_cb(void *addr, void *opaque);

/** Whose a shared info is. Nothing behind the 24 bytes of a foreign one may be read. */
enum origin {
	ORIGIN_FOREIGN,
	ORIGIN_CLASS,
	ORIGIN_WRAP,
	ORIGIN_PAIR,
};

static inline enum origin
origin_of(const struct rte_mbuf_ext_shared_info *shinfo)
{
	if (likely(shinfo->free_cb == mextp_storage_free_cb))
		return ORIGIN_CLASS;
	if (shinfo->free_cb == mextp_pair_free_cb)
		return ORIGIN_PAIR;
	if (shinfo->free_cb == mextp_wrap_free_cb)
		return ORIGIN_WRAP;
	return ORIGIN_FOREIGN;
}

/** The storage whose first member this is; only for shared infos of ours. */
static inline struct mext_storage *
storage_of(struct rte_mbuf_ext_shared_info *shinfo)
{
	return (struct mext_storage *)shinfo;
}

/** Where the storage is in a pair, in bytes from the mbuf: behind the application's area. */
static inline size_t
pair_offset(uint16_t priv_size)
{
	return sizeof(struct rte_mbuf) + RTE_ALIGN_CEIL(priv_size, 64);
}

/** Lay out a free storage's header; base, iova and len are the caller's to fill. */
void mextp_storage_init(struct mext_storage *storage, struct rte_mempool *mp,
		rte_mbuf_extbuf_free_callback_t free_cb, uint32_t flags);

/**
 * Put a storage that nobody holds (count 0, acquired) where it came from; wrapped memory is given
 * back to its owner first, a pair to its mempool as a whole.
 */
void mextp_storage_return(struct mext_storage *storage, enum origin origin);

/** Give wrapped memory back to the application. */
void mextp_wrap_give_back(struct mext_storage *storage);

#endif
