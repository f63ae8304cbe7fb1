/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEXT_STORAGE_H
#define MEXT_STORAGE_H

/**
 * @file
 * Storage: one reference-counted area of bytes with its shared header.
 *
 * What may run together, on any threads, EAL or not:
 *
 * | call                  | same storage, concurrently                           |
 * | --------------------- | ---------------------------------------------------- |
 * | alloc, wrap           | yes (each returns another storage)                   |
 * | hold, release         | yes, by threads that each hold a reference           |
 * | set_readonly, getters | yes, by threads that each hold a reference           |
 *
 * A reference that was handed to another thread is that thread's: after the last release the
 * storage may at once be somebody else's. Every verb that is given a storage which is free refuses it
 * with -EINVAL. Two mistakes can't be told: a storage that has its next owner already, and that of a packet
 * which is free, as its count stands at 1 then, too (DPDK's pinned buffers do).
 *
 * The count is DPDK's, 16 bits wide. The verbs here refuse to pass 65,535. DPDK's own
 * rte_pktmbuf_clone() and rte_pktmbuf_attach() do not look: on an mbuf whose storage stands at
 * 65,535 they wrap the count to 0 and the storage is lost or freed while in use. Keep headroom,
 * or take references with mext_storage_hold(), where clones are made without bound. They also
 * store a plain 2 where they read 1, so two threads must not clone one mbuf at the same time.
 */

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_mbuf.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mext_pool;

/**
 * Version of what inline functions see: struct mext_storage and the configuration of a pool.
 * A program built with another version gets -EPROTO from mext_pool_create() and mext_pool_lookup().
 */
#define MEXT_ABI_VERSION 3

/** Most references on one storage: DPDK's count is a uint16_t. */
#define MEXT_REFCNT_MAX UINT16_MAX

/** Nobody may write the bytes, whoever holds the storage: mext's verbs see to it, DPDK's calls don't look. */
#define MEXT_STORAGE_READONLY (UINT32_C(1) << 0)
/** The bytes are the caller's (mext_storage_wrap()), not the pool's. */
#define MEXT_STORAGE_WRAPPED (UINT32_C(1) << 1)
/** The storage is bound to its mbuf header for good: a packet, see mext_packet.h. */
#define MEXT_STORAGE_PAIR (UINT32_C(1) << 2)
/** The storage is one lcore's leaf of a spread, see mext_spread.h. */
#define MEXT_STORAGE_LEAF (UINT32_C(1) << 3)
/** The bytes are not contiguous in IO addresses: mext_attach_chain() cuts them where they are not. */
#define MEXT_STORAGE_SCATTERED (UINT32_C(1) << 4)

/**
 * The shared header of a storage. One cache line, and all that a burst touches of it.
 * Read it through the functions below; only the library writes it.
 */
struct mext_storage {
	struct rte_mbuf_ext_shared_info shinfo; /**< first: what DPDK and its drivers see */
	uint32_t flags; /**< MEXT_STORAGE_*, shared by all holders */
	uint16_t abi; /**< MEXT_ABI_VERSION of who laid it out */
	uint16_t leaf; /**< which leaf of its spread; 0 elsewhere */
	size_t len; /**< bytes at base */
	void *base; /**< first byte */
	rte_iova_t iova; /**< IO address of base, of all bytes unless MEXT_STORAGE_SCATTERED */
	struct rte_mempool *mp; /**< where it goes back to */
};

static_assert(sizeof(struct mext_storage) == 64, "the hot part is 64 bytes");
static_assert(offsetof(struct mext_storage, shinfo) == 0, "DPDK's part comes first");
static_assert(offsetof(struct mext_storage, flags) == 24, "ABI");
static_assert(offsetof(struct mext_storage, len) == 32, "ABI");
static_assert(offsetof(struct mext_storage, mp) == 56, "ABI");

/**
 * Allocate a storage of at least size bytes.
 *
 * Takes the smallest class that fits, the next larger one when that is empty, on the caller's
 * NUMA socket first and then, unless the pool is MEXT_POOL_STRICT, on the others by distance.
 *
 * @param pool  the pool
 * @param size  bytes wanted, 0 to the size of the largest class
 * @return the storage, writable, with one reference; NULL when no class is large enough or none
 *   that is has a storage left (counted in mext_stats.alloc_failures).
 *
 * Thread safety: any thread. Threads without an lcore id have no cache and meet in the mempool's
 *   common store; DPDK's default one, a ring, makes them wait for each other when one is preempted.
 * Ownership: the reference is the caller's, to release or to move into an mbuf.
 */
struct mext_storage *mext_storage_alloc(struct mext_pool *pool, size_t size);

/**
 * Allocate n storages of at least size bytes each: all or nothing.
 * They may come from several classes and sockets when the preferred one runs short.
 *
 * @param pool  the pool
 * @param size  bytes wanted of each, 0 to the size of the largest class
 * @param storages  filled with n storages, unchanged on failure beyond its first n entries
 * @param n  how many, 0 allowed
 * @return 0; -EMSGSIZE: no class is that large; -ENOBUFS: fewer than n are left (nothing taken);
 *   -ENOMEM: the pool is strict and has no storages on the caller's socket.
 *
 * Thread safety: as mext_storage_alloc().
 * Ownership: one reference each is the caller's.
 */
int mext_storage_alloc_bulk(struct mext_pool *pool, size_t size, struct mext_storage **storages,
		unsigned int n);

/**
 * Add n references with one successful atomic operation.
 *
 * @param storage  a storage the caller holds a reference on
 * @param n  how many, 0 allowed
 * @return 0; -EOVERFLOW: the count would pass 65,535; -EINVAL: the storage is free. On failure
 *   nothing has changed.
 *
 * Thread safety: any thread that holds a reference; others may hold and release meanwhile.
 * Ownership: n more references are the caller's.
 */
int mext_storage_hold(struct mext_storage *storage, unsigned int n);

/**
 * Drop n references with at most one atomic operation; the last one returns the storage to its
 * pool, after the free callback where it is wrapped memory.
 *
 * @param storage  a storage the caller holds n references on
 * @param n  how many, 0 allowed
 * @return 0; -EINVAL: fewer than n references exist (a bug in the caller: nothing is dropped,
 *   logged once, and counted in mext_stats.bad_releases).
 *
 * Thread safety: any thread that holds the references.
 * Ownership: the n references are gone; without one left the caller must not look at it again.
 */
int mext_storage_release(struct mext_storage *storage, unsigned int n);

/**
 * Drop one reference on each of n storages; entries may repeat and may be NULL. Neighbours that
 * are the same storage cost one atomic operation, and those that become free go back in bulk.
 *
 * @param storages  n storages, not modified
 * @param n  how many
 *
 * Thread safety: any thread that holds the references.
 * Ownership: the references are gone.
 */
void mext_storage_release_bulk(struct mext_storage *const *storages, unsigned int n);

/**
 * What is called when the last reference on wrapped memory is gone.
 * Runs on the thread that dropped it, often inside a driver's transmit function: it must not
 * block. Until it returns the storage counts as outstanding, and its header can't be had again: to
 * wrap from inside the callback, the pool needs one header more.
 *
 * It is called in the process that wrapped the memory, never in another one, where its address means
 * nothing, nor in a child that was forked since, whose copy of the memory is not the one lent: if the last
 * reference is dropped in another process, the header goes back, the memory does not (counted in mext_stats.missed_callbacks, logged once). Who lends memory to other processes keeps
 * a reference until it is the only one (mext_storage_refcnt() is 1), and drops it then.
 *
 * @param addr  the memory, as given to mext_storage_wrap()
 * @param len  its length in bytes
 * @param arg1  first argument, as given
 * @param arg2  second argument, as given
 */
typedef void (*mext_free_cb_t)(void *addr, size_t len, void *arg1, void *arg2);

/** Memory of the caller's to wrap. Zero what is not used. For NICs make it a region before: mext_region.h. */
struct mext_wrap {
	void *addr; /**< first byte */
	size_t len; /**< bytes, 1 or more; one mbuf can name up to 65,535 of them */
	rte_iova_t iova; /**< IO address; 0: look it up (IOVA as VA: the address itself) */
	bool writable; /**< false: holders may only read, the default for foreign memory */
	mext_free_cb_t free_cb; /**< called at the end; NULL: the memory lives forever */
	void *arg1; /**< for free_cb */
	void *arg2; /**< for free_cb */
};

/**
 * Make memory of the caller's a storage. Its header comes from the pool (mext_pool_conf.wraps).
 *
 * @param pool  the pool that lends the header and does the accounting
 * @param wrap  the memory; read, not kept
 * @param storage  the storage with one reference
 * @return 0; -EINVAL: no address or length, or the range wraps around; -ENOBUFS: no header is
 *   left; -ESHUTDOWN: its region is closed (mext_region_close()) or being removed; -ENOSPC: more than 255 different
 *   callback functions; -ENOMEM: the kernel gives no page by which a forked process is told; -EFAULT: a NIC that there is can't read the memory, as it is neither EAL's nor in a region,
 *   or only some of it is in a region, or its region could not be mapped for a port; or its IO address is not known
 *   (mext_region_add() it, or give iova). -ENOBUFS and -ESHUTDOWN are counted (mext_stats.alloc_failures), of the
 *   latter the first of each region is logged; the others are logged. On failure *storage is
 *   unchanged and the callback is not called. Memory that is not contiguous in IO addresses is
 *   MEXT_STORAGE_SCATTERED: attach it with mext_attach_chain(), or ranges that are.
 *
 * Thread safety: any thread.
 * Ownership: the memory must stay valid until free_cb; the reference is the caller's.
 */
int mext_storage_wrap(struct mext_pool *pool, const struct mext_wrap *wrap,
		struct mext_storage **storage);

/**
 * Forbid writing from now on, for all holders at once. Lasts until the storage is free. The verbs of mext_write.h
 * and mext_share.h heed it; DPDK's own calls know nothing of it.
 *
 * @param storage  a storage the caller holds
 * @return 0; -ENOTSUP: a pair, which drivers recycle without knowing the flag; -EINVAL: the storage is free.
 *
 * Thread safety: any holder; others see the flag once they are told of it or hold later.
 * Ownership: unchanged.
 */
int mext_storage_set_readonly(struct mext_storage *storage);

/**
 * The storage behind an mbuf, if it is one of mext's: attached, shared, cloned or a pair. Of a spread it
 * is the leaf that the mbuf names.
 *
 * On a pair whose mark a driver has overwritten in ol_flags (several receive paths do) it is put
 * back, so that a reference taken next is seen when the mbuf is freed: call this, not m->shinfo,
 * and before the mbuf is cloned: an mbuf without the mark that is shared gives NULL.
 *
 * @param m  an mbuf of any kind; only this segment is looked at
 * @return the storage, or NULL where there is none of mext's.
 *
 * Thread safety: the owner of the mbuf.
 * Ownership: none is given; hold the storage before the mbuf goes.
 */
struct mext_storage *mext_storage_from_mbuf(struct rte_mbuf *m);

/**
 * @param storage  a storage the caller holds
 * @return its first byte.
 *
 * Thread safety: any holder.
 * Ownership: write only what mext_storage_is_readonly() and sharing allow.
 */
static inline void *
mext_storage_data(const struct mext_storage *storage)
{
	return storage->base;
}

/**
 * @param storage  a storage the caller holds
 * @return its bytes: the size of its class, of the wrapped memory, or of a packet's room with the
 *   headroom it begins with.
 *
 * Thread safety: any holder.
 * Ownership: unchanged.
 */
static inline size_t
mext_storage_len(const struct mext_storage *storage)
{
	return storage->len;
}

/**
 * @param storage  a storage the caller holds
 * @return the IO address of its first byte.
 *
 * Thread safety: any holder.
 * Ownership: unchanged.
 */
static inline rte_iova_t
mext_storage_iova(const struct mext_storage *storage)
{
	return storage->iova;
}

/**
 * @param storage  a storage the caller holds
 * @return references, 1 to 65,535. More than 1 is a hint: others may be dropping theirs. 1 is
 *   stable for its holder, but orders nothing.
 *
 * Thread safety: any holder.
 * Ownership: unchanged.
 */
static inline uint16_t
mext_storage_refcnt(const struct mext_storage *storage)
{
	return rte_mbuf_ext_refcnt_read(&storage->shinfo);
}

/**
 * @param storage  a storage the caller holds
 * @return MEXT_STORAGE_* bits.
 *
 * Thread safety: any holder.
 * Ownership: unchanged.
 */
static inline uint32_t
mext_storage_flags(const struct mext_storage *storage)
{
	return __atomic_load_n(&storage->flags, __ATOMIC_RELAXED);
}

/**
 * @param storage  a storage the caller holds
 * @return whether nobody may write it.
 *
 * Thread safety: any holder.
 * Ownership: unchanged.
 */
static inline bool
mext_storage_is_readonly(const struct mext_storage *storage)
{
	return (mext_storage_flags(storage) & MEXT_STORAGE_READONLY) != 0;
}

#ifdef __cplusplus
}
#endif

#endif
