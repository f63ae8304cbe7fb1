/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef REGISTRY_H
#define REGISTRY_H

/**
 * @file
 * Pools by name, each in a memzone "mext.<name>": memory that every process of a DPDK application
 * has at the same address. Those that can be found stand in a directory, a memzone as well.
 *
 * All but find is the primary process's. Find runs in any process, together with all the others: it
 * gives a pool that is published and not withdrawn yet, or none. Once the process knows the directory it
 * takes no lock, so a process killed in it is in nobody's way; before, it takes DPDK's of memzones.
 */

#include <stdbool.h>

#include <rte_mbuf_core.h>
#include <rte_mempool.h>

#include <mext_pool.h>

/** The directory's memzone is there, under its name, before it is cleared. */
#define REGISTRY_DIRECTORY "mext_pools"
/** A memzone that is there when the directory is: in memory that was just reserved an earlier run's may stand. */
#define REGISTRY_COMPLETE "mext_pools_complete"

/** Functions of the library that shared infos name, as addresses in the process that made them. */
struct code {
	rte_mbuf_extbuf_free_callback_t storage;
	rte_mbuf_extbuf_free_callback_t pair;
	rte_mbuf_extbuf_free_callback_t wrap;
	rte_mbuf_extbuf_free_callback_t leaf;
};

/** What a process looks at before it believes the rest of a pool. */
struct facts {
	uint32_t abi;
	uint32_t size; /* of struct mext_pool */
	struct code code;
	bool in_regions;
	/* Of all its mempools; the first one's name is for the log. */
	uint32_t handler;
	char handler_name[RTE_MEMPOOL_OPS_NAMESIZE];
	char mempool[RTE_MEMPOOL_NAMESIZE];
};

/** A sequence lock's, so that a reader that is killed is in nobody's way. Written by the primary process. */
struct entry {
	uint32_t sequence; /* odd: is being written */
	struct mext_pool *pool; /* NULL: the entry is free */
	char name[MEXT_POOL_NAME_MAX + 1];
	struct facts facts;
};

/** Never freed, so that no lock of DPDK's is needed to read it. The same in every build, whatever its ABI. */
struct directory {
	uint32_t n; /* entries that were used */
	/* By default EAL has not so many memzones: a pool takes three at least. */
	struct entry entries[1024];
};

/** Memory for a pool, zeroed, that nobody finds yet. @return 0, -EEXIST, -ENOMEM; logged. */
int mextp_registry_reserve(const char *name, struct mext_pool **pool);

/** Let a complete pool be found. @return 0, -ENOMEM, -ENOSPC: there are too many; logged. */
int mextp_registry_publish(struct mext_pool *pool);

/** Let it be found no longer. */
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
