/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEXT_AUDIT_H
#define MEXT_AUDIT_H

/**
 * @file
 * Where the memory of a pool really is. A NUMA socket asked for is a wish: EAL may take hugepages from
 * another one, and the kernel may move pages. The audit asks the kernel.
 *
 * What may run together: any calls, in any threads and processes. It takes a system call for each 512
 * pages; not for the packet path.
 */

#include <stdint.h>

#include <mext_pool.h>

#ifdef __cplusplus
extern "C" {
#endif

/** NUMA sockets that a pool can be on. */
#define MEXT_AUDIT_MAX_SOCKETS 32

/** Pages of the objects of the pool's mempools on one socket; one that two mempools share counts for both. */
struct mext_audit_socket {
	int32_t socket; /**< where they should be */
	uint32_t page_size; /**< of the largest of them, in bytes */
	uint64_t pages; /**< how many: in_place + elsewhere + unknown */
	uint64_t in_place; /**< on the socket */
	uint64_t elsewhere; /**< on another one */
	uint64_t unknown; /**< the kernel does not say: most often not touched yet */
};

/** What mext_pool_audit() found. */
struct mext_audit {
	uint32_t nb_sockets; /**< entries used in sockets: those that the pool is on */
	struct mext_audit_socket
			sockets[MEXT_AUDIT_MAX_SOCKETS]; /**< in the order of their numbers */
};

/**
 * Ask the kernel where the pages of a pool are.
 *
 * @param pool  the pool
 * @param audit  filled; unchanged on failure
 * @return 0, also where pages are elsewhere; -ENOTSUP: the kernel does not tell (no NUMA in it, or a
 *   container forbids move_pages(); logged); -ENOMEM: it has no memory to find out.
 *
 * Thread safety: any thread, in any process that has found the pool.
 * Ownership: the caller's.
 * Source: move_pages(2), without nodes to move to.
 */
int mext_pool_audit(const struct mext_pool *pool, struct mext_audit *audit);

#ifdef __cplusplus
}
#endif

#endif
