/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef REGION_H
#define REGION_H

/**
 * @file
 * Regions from inside: who looks for one, who counts its storages, what is behind one.
 *
 * The table of regions and the regions are in memory that processes share. A region's memory is never
 * freed, only used again for the next one: a thread that wraps may be looking at it. What the application
 * has of a region is therefore no pointer to it, but a handle that no other region has ever had.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_config.h>
#include <rte_memory.h>

#include <mext_region.h>

/** Storages over a region that a lcore wrapped, less those it gave back. The last: all other threads. */
struct region_users {
	int64_t n;
} __rte_cache_aligned;

/** What is behind a handle (struct mext_region *), which is a number and points to nothing. */
struct region {
	uint64_t handle; /* of whom is here now, or will be next: place, and a generation above */
	uintptr_t begin; /* 0: none is here */
	uintptr_t end; /* of its pages */
	size_t len; /* what may be wrapped of it */
	bool closed; /* not there yet, closed, or being removed: may not be wrapped */
	bool told; /* a wrap that was refused since then was logged */
	bool unreachable; /* some device can't read it */
	bool refused_by_vfio; /* those on VFIO can't, which came later */
	size_t page_size;
	size_t mapped_len; /* whole pages */
	bool private_pages; /* the process gets copies when it forks and writes */
	bool owned; /* memory of ours: unmapped in the end */
	bool locked; /* by mlock() */
	bool in_container; /* mapped in the VFIO container */
	bool mapped_for[RTE_MAX_ETHPORTS]; /* mapped by the device itself whose first port that is */
	rte_iova_t *iovas; /* of each page, in memory of the primary process */
	struct region_users users[RTE_MAX_LCORE + 1];
};

/**
 * Count one more storage over the region that has all of a range. From any thread, without a lock.
 * @param region  NULL where none has its first byte
 * @return 0; -ESHUTDOWN: the region that has the first byte is closed or being removed (the first is logged);
 *   -EFAULT: it does not have the last byte, or a port can't read it (logged).
 */
int mextp_region_hold(const void *addr, size_t len, struct region **region);

/** One thread at a time adds, removes, and looks at all. */
void mextp_regions_lock(void);
void mextp_regions_unlock(void);

/** Whether the table is that of the process which forked this one. */
bool mextp_regions_are_inherited(void);

/** Make it so, unless it is another one's already that forked this one. Under the lock. */
void mextp_regions_are_of_this_process(void);

/** Count one storage less. */
void mextp_region_drop(struct region *region);

/** Storages over a region. Exact if nobody wraps and frees meanwhile; of a closed region never too few. */
int64_t mextp_region_users(const struct region *region);

/** Close a region if nobody uses it, else leave it as it was. @return how many do. */
int64_t mextp_region_close(struct region *region);

/** The region that a handle names; NULL: it is there no more, or never was. In any process. */
struct region *mextp_region_find(const struct mext_region *handle);

/** The handle of a region. */
struct mext_region *mextp_region_handle(const struct region *region);

/** Let the handle name nothing any more. */
void mextp_region_forget(struct region *region);

/** Room for one more region, closed and empty; NULL: no memory, or there are RTE_MAX_MEMSEG_LISTS. */
struct region *mextp_region_entry(void);

/**
 * Who finds that EAL knows memory, and no region that has it, can't tell whether it belongs to one that is just
 * being added, unless this number is the same before and after. Additions are announced when the range of
 * the closed region stands in the table, before EAL is told of it.
 */
uint32_t mextp_region_additions(const void *addr);
void mextp_region_announce(void);

/** Call on every region, closed ones among them: their storages may still be sent. */
void mextp_region_each(void (*call)(struct region *region, void *arg), void *arg);

/** Memory that is known to be fit for a region. */
struct fit {
	void *addr;
	size_t len; /* as seen by wrap and getters, any */
	size_t page_size;
	bool private_pages;
	bool owned; /* unmap it with the region */
};

/** mext_region_add() for such memory. */
int mextp_region_make(const struct fit *fit, struct mext_region **region);

#endif
