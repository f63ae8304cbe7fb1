/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEXT_H
#define MEXT_H

/**
 * @file
 * mext: managed external storage for DPDK packet buffers. Includes every other header.
 */

#include <mext_attach.h>
#include <mext_audit.h>
#include <mext_depot.h>
#include <mext_free.h>
#include <mext_packet.h>
#include <mext_pool.h>
#include <mext_region.h>
#include <mext_share.h>
#include <mext_spread.h>
#include <mext_stats.h>
#include <mext_storage.h>
#include <mext_write.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @return the version of the library linked at run time, "major.minor.patch".
 *
 * Thread safety: any thread.
 * Ownership: the library's.
 */
const char *mext_version(void);

#ifdef __cplusplus
}
#endif

#endif
