/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMPAT_H
#define COMPAT_H

/** @file What DPDK versions from 22.11 on do differently, but for reference counts (ref.h). */

#include <stdint.h>

#include <rte_common.h>
#include <rte_mempool.h>
#include <rte_version.h>

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

#endif
