/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMPAT_H
#define COMPAT_H

/** @file What DPDK versions from 22.11 on do differently, but for reference counts (ref.h). */

#include <stdint.h>

#include <rte_common.h>
#include <rte_mempool.h>
#include <rte_version.h>

/* From 26.11 on, DPDK keeps rte_vfio_*() to itself: memory is mapped through a device. */
#if RTE_VERSION >= RTE_VERSION_NUM(26, 11, 0, 0)
#define COMPAT_VFIO_NEEDS_DEVICE true
#include <errno.h>

#include <rte_errno.h>
#else
#define COMPAT_VFIO_NEEDS_DEVICE false
#include <rte_vfio.h>
#endif

/**
 * The size of a mempool's caches instead of the one that was asked for. With an odd size,
 * rte_mempool_do_generic_put() of DPDK 26.07 copies ranges that overlap: of size 3 it then hands out one
 * object twice and another never again. Even sizes are right in every version.
 */
static inline uint32_t
compat_cache_size(uint32_t asked)
{
	return asked & ~UINT32_C(1);
}

/**
 * Whether a cache keeps no more than its size and moves half of it at a time; before 26.07 it kept half as
 * many again and moved all of it.
 */
#define COMPAT_CACHE_IS_SIZE (RTE_VERSION >= RTE_VERSION_NUM(26, 7, 0, 0))

/** The size from which caches get hardly better: that many move at a time, or half of it. */
#define COMPAT_CACHE_AMPLE (COMPAT_CACHE_IS_SIZE ? 512u : 256u)

/** Most free objects that a cache keeps. */
static inline uint32_t
compat_cache_keeps(uint32_t size)
{
	return COMPAT_CACHE_IS_SIZE ? size : size * 3 / 2;
}

/** Size of the largest cache that keeps no more objects than count. */
static inline uint32_t
compat_cache_largest(uint32_t count)
{
	const uint64_t size = COMPAT_CACHE_IS_SIZE ? count : ((uint64_t)count * 2 + 1) / 3;

	return RTE_MIN(size, (uint64_t)RTE_MEMPOOL_CACHE_MAX_SIZE);
}

/** Map memory in DPDK's VFIO container. @return -1, with rte_errno: ENOTSUP where that needs a device. */
static inline int
compat_vfio_map(uint64_t addr, uint64_t iova, uint64_t len)
{
#if RTE_VERSION >= RTE_VERSION_NUM(26, 11, 0, 0)
	RTE_SET_USED(addr);
	RTE_SET_USED(iova);
	RTE_SET_USED(len);
	rte_errno = ENOTSUP;
	return -1;
#else
	return rte_vfio_container_dma_map(RTE_VFIO_DEFAULT_CONTAINER_FD, addr, iova, len);
#endif
}

/** The reverse. */
static inline int
compat_vfio_unmap(uint64_t addr, uint64_t iova, uint64_t len)
{
#if RTE_VERSION >= RTE_VERSION_NUM(26, 11, 0, 0)
	return compat_vfio_map(addr, iova, len);
#else
	return rte_vfio_container_dma_unmap(RTE_VFIO_DEFAULT_CONTAINER_FD, addr, iova, len);
#endif
}

#endif
