/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WRITABLE_H
#define WRITABLE_H

/** @file Whether a segment may be written. */

#include "ref.h"
#include "storage.h"

/** Of what an mbuf is bound to or has attached; not of its header. */
static inline bool
buffer_is_writable(const struct rte_mbuf *m)
{
	bool foreign = origin_of(m->shinfo) == ORIGIN_FOREIGN;

	if (foreign && !RTE_MBUF_HAS_PINNED_EXTBUF(m))
		return false;
	/* Acquire: pairs with the release of the holder that brought the count to 1. */
	if (ref_load(m->shinfo) != 1)
		return false;
	return foreign || !mext_storage_is_readonly(storage_of(m->shinfo));
}

/** Every layer says yes: the header, the parent of a clone, the buffer. */
static inline bool
seg_is_writable(const struct rte_mbuf *m)
{
	if (!mbuf_is_own(m))
		return false;
	if (RTE_MBUF_CLONED(m)) {
		m = rte_mbuf_from_indirect((struct rte_mbuf *)(uintptr_t)m);
		if (!mbuf_is_own(m))
			return false;
	}
	/* Also where a driver has overwritten the mark of a pinned buffer. */
	if (RTE_MBUF_HAS_EXTBUF(m) || RTE_MBUF_HAS_PINNED_EXTBUF(m))
		return buffer_is_writable(m);
	return true;
}

#endif
