/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SHARERS_H
#define SHARERS_H

/**
 * @file
 * How BSD kernels of the 1990s shared the bytes behind their mbufs, as well as it can be done on DPDK's:
 * the handles over one buffer are a ring, doubly linked, so that one joins and leaves in constant time.
 * There is no count: who leaves last is linked to itself, and frees the buffer. What may be done to the
 * bytes stands in each handle, for itself. One lock is around all rings.
 *
 * The links are in the mbuf, in the cache line that attaching writes anyway, and freeing calls nothing
 * through a pointer. Drivers would have to: DPDK has no other way to tell who owns a buffer.
 *
 * Any threads may share and free handles over the same bytes, each its own.
 */

#include <stdbool.h>

#include <rte_mbuf.h>

struct mext_pool;

/** The owner of these bytes allows no writing: a flag of one handle, which a share copies. */
#define SHARERS_READONLY (UINT32_C(1) << 0)

/** Find room in mbufs. To call once, before all else. @return 0 or a negative errno. */
int sharers_init(void);

/** A handle over a buffer from a mempool, len bytes of it, alone in its ring. NULL: none is left. */
struct rte_mbuf *sharers_new(struct mext_pool *headers, struct rte_mempool *buffers, uint16_t len);

/** Another handle over the bytes of m. NULL: no header is left. */
struct rte_mbuf *sharers_share(struct mext_pool *headers, struct rte_mbuf *m);

/** Free a handle, and the buffer with the last one. */
void sharers_free(struct rte_mbuf *m);

/** The flags of this handle, to change: those of others stay. */
uint32_t *sharers_flags(struct rte_mbuf *m);

/** Whether the ring that m is in has n handles, over the same bytes and linked both ways. */
bool sharers_are(const struct rte_mbuf *m, unsigned int n);

/**
 * That all of this is so, with nobody else at work. buffers has no caches.
 * @return what is not, NULL: all is well.
 */
const char *sharers_check(struct mext_pool *headers, struct rte_mempool *buffers);

#endif
