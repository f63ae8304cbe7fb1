/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAGES_H
#define PAGES_H

/** @file What the kernel says of the pages behind a range of memory. */

#include <stdbool.h>
#include <stddef.h>

#include <rte_memory.h>

/**
 * Whether a range can be a region, by /proc/self/smaps.
 * @param page_size  of its pages, or 0; then gets the smallest in the range
 * @param private_pages  gets whether some are of a private mapping: the process gets copies when it forks and writes
 * @return 0; -EINVAL, -EACCES, -ENOTSUP as mext_region_add(); logged.
 */
int mextp_pages_check(const void *addr, size_t len, size_t *page_size, bool *private_pages);

/**
 * IO addresses of nb pages in a row, by /proc/self/pagemap where they are physical ones.
 * @return 0; -EFAULT: not known; -EINVAL: a page is not contiguous; logged.
 */
int mextp_pages_iova(const void *addr, size_t page_size, size_t nb, rte_iova_t *iovas);

#endif
