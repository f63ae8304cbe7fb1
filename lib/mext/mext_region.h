/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEXT_REGION_H
#define MEXT_REGION_H

/**
 * @file
 * Regions: memory that is not DPDK's own, made known to it and to the NICs, so that storages can wrap
 * it (mext_storage_wrap()) and NICs can send from it.
 *
 * A NIC behind an IOMMU reads only what is mapped for it. Adding a region registers it with EAL
 * (rte_extmem_register()) and maps it for every port that needs that: once for all ports on vfio-pci,
 * which share one VFIO container, once for each device that maps memory by itself. Ports on vfio-pci that are
 * plugged in later have the regions there are when they appear (from DPDK 26.11 on: with mext_region_sync(), if
 * there was none before). Without an IOMMU a region's pages are locked, as far as that holds them in their place. Ports
 * that copy in the kernel (af_packet, af_xdp, tap) need nothing of this; while there are only such, memory can be
 * wrapped without a region (logged once where IO addresses are physical ones).
 *
 * What may run together:
 *
 * | call                       | concurrently                                               |
 * | -------------------------- | ---------------------------------------------------------- |
 * | add, alloc, load, sync     | yes, any threads, but not while a port is plugged in or    |
 * |                            | out or closed by another one: they ask ports of what they are |
 * | close, remove              | yes, any threads                                           |
 * | mext_storage_wrap(), frees | yes; a region that is closed or being removed is refused   |
 * | getters                    | yes, as long as the region is not removed; of one that was |
 * |                            | before they give NULL or 0                                 |
 *
 * Regions are the primary process's. They take one of EAL's memory segment lists each, of which there
 * are 128 (RTE_MAX_MEMSEG_LISTS) and EAL itself has some.
 */

#include <stddef.h>
#include <stdint.h>

#include <rte_common.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * What names a region. It points to nothing, and no two regions of a primary process have had the same: one of a
 * region that was removed is refused by every call (logged), whatever has been added since.
 */
struct mext_region;

/**
 * Make memory of the application's a region. It must be writable, though nobody writes it: DPDK
 * maps for reading and writing.
 *
 * Where IO addresses are virtual ones (rte_eal_iova_mode() is RTE_IOVA_VA) a region is one mapping
 * of any size. Where they are physical ones it is one mapping for each run of pages that follow
 * each other in memory, and DPDK keeps 256 of them in all: hugepages, or about 1 MiB of ordinary pages.
 * The pages are locked then (mlock()).
 *
 * @param addr  first byte, at the beginning of a page
 * @param len  bytes, a multiple of the page size
 * @param page_size  of the pages behind it, in bytes; 0: ask the kernel
 * @param region  the region; unchanged on failure
 * @return 0; -EINVAL: no address or length, not whole pages, page_size is no power of two or more than
 *   the kernel's, or some of the range is not mapped; -EACCES: the mapping is not writable; -ENOTSUP: it is a shared
 *   mapping of a file on disk, which VFIO refuses and which others can truncate (mext_region_load() it),
 *   or this is not the primary process (a secondary one, or a child that it forked); -EEXIST: some of it is known to EAL already; -ENOSPC: EAL's segment lists
 *   or DPDK's 256 mappings are used up; -EFAULT: the IOMMU or a device refused it (EAL's log lines say
 *   why: often ulimit -l), or physical addresses can't be read (they take root);
 *   -EAGAIN: the kernel moved pages meanwhile, which hugepages prevent; -ENOMEM: no memory for the region's own
 *   account; -EPERM: rte_eal_init() was not called. Every error is logged with what to do. On failure nothing has changed.
 *
 * Thread safety: any thread, after rte_eal_init().
 * Ownership: the memory stays the caller's, and must stay mapped as it is until the region is removed. Storages
 *   over it that are older than the region are not counted.
 */
int mext_region_add(void *addr, size_t len, size_t page_size, struct mext_region **region);

/**
 * Allocate memory and make it a region: a memfd, sealed so that nobody can shrink it, filled with 0.
 *
 * @param len  bytes, 1 or more; rounded up to whole pages for the memory, not for mext_region_len()
 * @param page_size  of the pages, one that the kernel offers (4096, and those in
 *   /sys/kernel/mm/hugepages), or 0: hugepages of the default size if len fills one and there are enough
 *   free, else ordinary pages
 * @param socket  NUMA socket of the memory, SOCKET_ID_ANY: the kernel's choice
 * @param region  the region; unchanged on failure
 * @return 0; -EINVAL: len is 0 or too large, page_size is no size of pages here, or there is no such socket;
 *   -ENOMEM: not that much memory, or hugepages, on the socket; or as mext_region_add().
 *   Every error is logged with what to do. On failure nothing has changed.
 *
 * Thread safety: as mext_region_add().
 * Ownership: the memory is the region's, and goes with it.
 */
int mext_region_alloc(size_t len, size_t page_size, int socket, struct mext_region **region);

/**
 * Read a file into memory once, as mext_region_alloc() gives it. What becomes of the file afterwards
 * changes nothing.
 *
 * @param path  a regular file of 1 byte or more
 * @param page_size  as of mext_region_alloc()
 * @param socket  as of mext_region_alloc()
 * @param region  the region, as long as the file (mext_region_len()); unchanged on failure
 * @return 0; -EINVAL: not a regular file, or empty; -ESTALE: the file was truncated while it was
 *   read; -errno of open() or read(); or as mext_region_alloc(). Every error is logged. On failure nothing has changed.
 *
 * Thread safety: as mext_region_add().
 * Ownership: as mext_region_alloc().
 */
int mext_region_load(const char *path, size_t page_size, int socket, struct mext_region **region);

/**
 * Map the regions there are for devices that map memory by themselves (mlx5, vDPA) and were plugged in
 * after them; from DPDK 26.11 on also for those on vfio-pci, if there was none before. Before that those have them
 * without this call. The next mext_region_add() maps its own region for all.
 *
 * @return 0; -ENOSPC, -EFAULT: as mext_region_add(), of the last region that was refused: memory of those that
 *   were can't be wrapped from now on; -ENOTSUP: this is not the primary process.
 *
 * Thread safety: as mext_region_add().
 * Ownership: unchanged.
 */
int mext_region_sync(void);

/**
 * Refuse new storages over a region from now on (mext_storage_wrap() gives -ESHUTDOWN), so that the last one comes
 * back even where others wrap without pause, and mext_region_remove() then succeeds. Those that live stay as they are:
 * they can be attached, shared and sent, also from ports that are plugged in later. There is no way to open it again:
 * remove it, then add the memory anew (before that it is -EEXIST).
 *
 * @param region  the region, NULL allowed
 * @return 0, also where it was closed before; -EINVAL: there is no such region, it was removed before (logged);
 *   -ENOTSUP: this is not the primary process (logged); wraps are refused in all of them.
 *
 * Thread safety: any thread. A call of mext_storage_wrap() that began before may still succeed, and is counted then.
 * Ownership: unchanged.
 */
int mext_region_close(struct mext_region *region);

/**
 * Take a region back from the NICs and from EAL; memory of mext_region_alloc() and mext_region_load()
 * is freed. It need not be closed before, but a wrap at the same moment may then be refused even if this returns
 * -EBUSY; and where others wrap without pause it may find storages each time.
 *
 * @param region  the region, NULL allowed
 * @return 0; -EBUSY: storages over it live, the log says how many (also from within the free callback of the last
 *   one: it lives until that returns), it is open or closed as before; -EINVAL: there is no such region, it was removed before (logged); -EFAULT:
 *   the IOMMU or a device did not let go (logged): the region stays, but can't be wrapped any more if some others
 *   did; -ENOTSUP: this is not the primary process; -EPERM: rte_eal_init() was not called. On other failures nothing has changed.
 *
 * Thread safety: any thread; nobody else may use the region meanwhile but for mext_storage_wrap().
 * Ownership: the region is gone on success, and the memory of mext_region_add() is the caller's alone.
 */
int mext_region_remove(struct mext_region *region);

/**
 * @param region  a region
 * @return its first byte; NULL: there is no such region (logged).
 *
 * Thread safety: any thread.
 * Ownership: of mext_region_alloc() and mext_region_load() the region's, to write to as long as no packet has it.
 */
void *mext_region_data(const struct mext_region *region);

/**
 * @param region  a region
 * @return its bytes: as added or allocated, or the length of the file; 0: there is no such region (logged).
 *
 * Thread safety: any thread.
 * Ownership: unchanged.
 */
size_t mext_region_len(const struct mext_region *region);

/**
 * @param region  a region
 * @return bytes of each page; 0: there is no such region (logged).
 *
 * Thread safety: any thread.
 * Ownership: unchanged.
 */
size_t mext_region_page_size(const struct mext_region *region);

/**
 * @param region  a region
 * @return how many storages over it live: wrapped, and not yet given back; 0 also where there is no such
 *   region (logged).
 *
 * Thread safety: any thread; exact when nobody wraps and frees meanwhile.
 * Ownership: unchanged.
 */
uint64_t mext_region_storages(const struct mext_region *region);

#ifdef __cplusplus
}
#endif

#endif
