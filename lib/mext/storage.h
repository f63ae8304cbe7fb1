/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef STORAGE_H
#define STORAGE_H

/** @file Telling our storages from foreign ones, and what becomes of one nobody holds. */

#include <stdbool.h>

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <mext_pool.h>
#include <mext_storage.h>

struct region;

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
	struct region *region; /* that has the memory, NULL: none */
	uint32_t free_cb;
};

/**
 * One lcore's count of a spread, with a copy of what an attach reads of the root. Two lines apart, as some
 * CPUs fetch lines in pairs.
 */
struct leaf {
	struct mext_storage storage;
	uint8_t apart[RTE_CACHE_LINE_ROUNDUP(128) - sizeof(struct mext_storage)];
} __rte_cache_aligned;

/**
 * A spread. Its first line is not touched per packet. A leaf has a bias of one while the spread is held:
 * DPDK drops a count of 1 with a plain store, which would lose an attach at the same moment. So a leaf that
 * may be attached never reads 1, and all drops are atomic. (model/spread.pml)
 */
struct mext_spread {
	uint32_t holders;
	uint32_t live; /* leaves that are not at 0; whoever brings it to 0 gives the spread back */
	uint32_t nb_leaves; /* the last one is for all threads that have none of their own */
	struct rte_mempool *mp;
	struct mext_storage *root; /* one reference */
	struct leaf leaves[];
};

/**
 * The callbacks that DPDK calls on the last drop. Their addresses are what tells our storages from
 * foreign ones and our kinds apart.
 */
void mextp_storage_free_cb(void *addr, void *opaque);
void mextp_wrap_free_cb(void *addr, void *opaque);
void mextp_pair_free_cb(void *addr, void *opaque);
void mextp_leaf_free_cb(void *addr, void *opaque);

/** Whose a shared info is. Nothing behind the 24 bytes of a foreign one may be read. */
enum origin {
	ORIGIN_FOREIGN,
	ORIGIN_CLASS,
	ORIGIN_WRAP,
	ORIGIN_PAIR,
	ORIGIN_LEAF,
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
	if (shinfo->free_cb == mextp_leaf_free_cb)
		return ORIGIN_LEAF;
	return ORIGIN_FOREIGN;
}

/** The storage whose first member this is; only for shared infos of ours. */
static inline struct mext_storage *
storage_of(struct rte_mbuf_ext_shared_info *shinfo)
{
	return (struct mext_storage *)shinfo;
}

/**
 * Whether nobody holds a storage, so that no reference of it can be moved or added. Not to be seen of a pair,
 * which stands at 1 while it is free.
 */
static inline bool
is_free(const struct mext_storage *storage)
{
	return mext_storage_refcnt(storage) == 0;
}

/**
 * Put the mark of a pinned buffer back where a driver has overwritten it and nobody else can see the
 * header: a clone made without the mark hangs on the header's refcnt and knows nothing of the storage's
 * count.
 */
static inline void
restore_mark(struct rte_mbuf *m)
{
	if (unlikely(!RTE_MBUF_HAS_EXTBUF(m) && RTE_MBUF_HAS_PINNED_EXTBUF(m) &&
			    rte_mbuf_refcnt_read(m) == 1))
		m->ol_flags |= RTE_MBUF_F_EXTERNAL;
}

/**
 * Whether drivers receive into a pool's pairs. Then the room lies behind the mbuf, as of any other, and the
 * storage apart. Else the room is apart, and the storage behind the mbuf.
 */
static inline bool
pairs_have_room(const struct mext_pool_conf *conf)
{
	return (conf->flags & MEXT_POOL_RX_PAIRS) != 0;
}

/** Where the storage is in a pair whose room is apart, in bytes from the mbuf: behind the application's area. */
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

/** Bytes of one spread, for the lcores in use now. */
size_t mextp_spread_bytes(void);

/** Lay out a free spread. */
void mextp_spread_init(struct mext_spread *spread, struct rte_mempool *mp);

/** A leaf is at 0: its spread may go back now. */
void mextp_spread_leaf_gone(struct mext_storage *leaf);

#endif
