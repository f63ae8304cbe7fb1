/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef IOVA_H
#define IOVA_H

/** @file IO addresses of memory that is not a mempool's. */

#include <stddef.h>

#include <rte_common.h>

/**
 * The IO address of a byte, RTE_BAD_IOVA where none is known.
 * @param left  gets the bytes from there on that follow each other in IO addresses for sure
 */
rte_iova_t mextp_iova_of(const void *addr, size_t *left);

/** How many of len bytes, 1 or more, follow each other in IO addresses; 0 where the first has none. */
size_t mextp_iova_run(const void *addr, size_t len, rte_iova_t *iova);

#endif
