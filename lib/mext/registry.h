/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef REGISTRY_H
#define REGISTRY_H

/**
 * @file
 * Pools by name, each in a memzone "mext.<name>": memory that every process of a DPDK application
 * has at the same address. A pool that can be found has a second one, "mext+<name>".
 *
 * Reserve and free are the primary process's. Find runs in any process, together with all the
 * others: it gives a pool that is published and not withdrawn yet, or none.
 */

#include <mext_pool.h>

/** Memory for a pool, zeroed, that nobody finds yet. @return 0, -EEXIST, -ENOMEM; logged. */
int mextp_registry_reserve(const char *name, struct mext_pool **pool);

/** Let a complete pool be found. @return 0, -EEXIST, -ENOMEM; logged. */
int mextp_registry_publish(struct mext_pool *pool);

/** Let it be found no longer; on return no mextp_registry_find() is looking at it. */
void mextp_registry_withdraw(struct mext_pool *pool);

/** Give its memory back. Not published, or withdrawn. */
void mextp_registry_free(struct mext_pool *pool);

/**
 * Find a pool that this process may use.
 * @return 0; -ENOENT; -EPROTO: another build of the library made it, or a mempool's handler is
 *   another one here; -ENOTSUP: the library's code is elsewhere here. Logged but for -ENOENT.
 */
int mextp_registry_find(const char *name, struct mext_pool **pool);

#endif
