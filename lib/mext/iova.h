/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef IOVA_H
#define IOVA_H

/** @file IO addresses of memory that is not a mempool's. */

#include <unistd.h>

#include <rte_eal.h>
#include <rte_memory.h>

/**
 * The IO address of a byte, RTE_BAD_IOVA where none is known.
 * @param left  gets the bytes from there on that follow each other in IO addresses for sure
 */
static inline rte_iova_t
iova_of(const void *addr, size_t *left)
{
	const struct rte_memseg *ms;
	size_t page, off;

	if (rte_eal_iova_mode() == RTE_IOVA_VA) {
		*left = SIZE_MAX;
		return (uintptr_t)addr;
	}
	/* What EAL knows, regions among it, it knows with its addresses; of the rest the kernel is asked. */
	ms = rte_mem_virt2memseg(addr, NULL);
	if (ms != NULL && ms->iova != RTE_BAD_IOVA) {
		off = RTE_PTR_DIFF(addr, ms->addr);
		*left = ms->len - off;
		return ms->iova + off;
	}
	page = sysconf(_SC_PAGESIZE);
	*left = page - (uintptr_t)addr % page;
	return rte_mem_virt2iova(addr);
}

/** How many of len bytes, 1 or more, follow each other in IO addresses; 0 where the first has none. */
static inline size_t
iova_run(const void *addr, size_t len, rte_iova_t *iova)
{
	size_t n, left;

	*iova = iova_of(addr, &n);
	if (*iova == RTE_BAD_IOVA)
		return 0;
	for (; n < len && iova_of(RTE_PTR_ADD(addr, n), &left) == *iova + n; n += left)
		;
	return RTE_MIN(n, len);
}

#endif
