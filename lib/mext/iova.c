/* SPDX-License-Identifier: BSD-3-Clause */
#include <unistd.h>

#include <rte_eal.h>
#include <rte_memory.h>

#include "iova.h"

rte_iova_t
mextp_iova_of(const void *addr, size_t *left)
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

size_t
mextp_iova_run(const void *addr, size_t len, rte_iova_t *iova)
{
	size_t n, left;

	*iova = mextp_iova_of(addr, &n);
	if (*iova == RTE_BAD_IOVA)
		return 0;
	for (; n < len && mextp_iova_of(RTE_PTR_ADD(addr, n), &left) == *iova + n; n += left)
		;
	return RTE_MIN(n, len);
}
