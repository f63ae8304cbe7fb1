/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * To be preloaded: what EAL reserves is filled with a pattern, as it may be in an application that
 * keeps its hugepages (--huge-unlink=never) or was killed before. Without hugepages all memory of
 * EAL's is zero when it is reserved, so nothing else would tell who takes that for granted. Memory
 * that DPDK promises to zero, rte_zmalloc()'s, is left alone.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <rte_memzone.h>

#include "dirty.h"

typedef const struct rte_memzone *reserve_t(
		const char *name, size_t len, int socket, unsigned int flags);
typedef const struct rte_memzone *reserve_aligned_t(
		const char *name, size_t len, int socket, unsigned int flags, unsigned int align);
typedef const struct rte_memzone *reserve_bounded_t(const char *name, size_t len, int socket,
		unsigned int flags, unsigned int align, unsigned int bound);

/** The function of a name that this one hides. */
static void *
hidden(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (function == NULL)
		abort();
	return function;
}

static const struct rte_memzone *
soil(const struct rte_memzone *mz)
{
	if (mz != NULL)
		memset(mz->addr, DIRTY, mz->len);
	return mz;
}

const struct rte_memzone *
rte_memzone_reserve(const char *name, size_t len, int socket, unsigned int flags)
{
	reserve_t *reserve = (reserve_t *)hidden("rte_memzone_reserve");

	return soil(reserve(name, len, socket, flags));
}

const struct rte_memzone *
rte_memzone_reserve_aligned(
		const char *name, size_t len, int socket, unsigned int flags, unsigned int align)
{
	reserve_aligned_t *reserve = (reserve_aligned_t *)hidden("rte_memzone_reserve_aligned");

	return soil(reserve(name, len, socket, flags, align));
}

const struct rte_memzone *
rte_memzone_reserve_bounded(const char *name, size_t len, int socket, unsigned int flags,
		unsigned int align, unsigned int bound)
{
	reserve_bounded_t *reserve = (reserve_bounded_t *)hidden("rte_memzone_reserve_bounded");

	return soil(reserve(name, len, socket, flags, align, bound));
}
