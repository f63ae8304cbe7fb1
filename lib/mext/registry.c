/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_eal_memconfig.h>
#include <rte_errno.h>
#include <rte_memzone.h>

#include "log.h"
#include "pool.h"
#include "registry.h"
#include "storage.h"

/*
 * A pool has two memzones. The mark is reserved when the pool in the other one is complete, so nobody
 * believes what stands in memory that was just reserved: that may be a pool of an earlier run.
 */
#define MEMORY "mext."
#define MARK "mext+"

static_assert(sizeof(MEMORY) + MEXT_POOL_NAME_MAX <= RTE_MEMZONE_NAMESIZE, "names of memzones");
static_assert(sizeof(MARK) + MEXT_POOL_NAME_MAX <= RTE_MEMZONE_NAMESIZE, "names of memzones");

static const struct rte_memzone *
zone_find(const char *prefix, const char *name)
{
	char zone[RTE_MEMZONE_NAMESIZE];

	snprintf(zone, sizeof(zone), "%s%s", prefix, name);
	return rte_memzone_lookup(zone);
}

static int
zone_reserve(const char *prefix, const char *name, size_t len, void **addr)
{
	char zone[RTE_MEMZONE_NAMESIZE];
	const struct rte_memzone *mz;

	snprintf(zone, sizeof(zone), "%s%s", prefix, name);
	mz = rte_memzone_reserve_aligned(zone, len, SOCKET_ID_ANY, 0, RTE_CACHE_LINE_SIZE);
	if (mz != NULL) {
		*addr = mz->addr;
		return 0;
	}
	if (rte_errno == EEXIST) {
		MEXT_LOG(ERR, "pool %s exists already", name);
		return -EEXIST;
	}
	MEXT_LOG(ERR,
			"pool %s: no memory for the pool itself (%zu bytes; %s): reserve more "
			"hugepages or raise EAL's -m",
			name, len, rte_strerror(rte_errno));
	return -ENOMEM;
}

int
mextp_registry_reserve(const char *name, struct mext_pool **pool)
{
	void *addr;
	int ret;

	ret = zone_reserve(MEMORY, name, sizeof(**pool), &addr);
	if (ret < 0)
		return ret;
	*pool = memset(addr, 0, sizeof(**pool));
	snprintf((*pool)->name, sizeof((*pool)->name), "%s", name);
	return 0;
}

/** Call on each mempool of a pool until one call fails. */
static int
each_mempool(const struct mext_pool *pool,
		int (*call)(const struct mext_pool *pool, struct rte_mempool *mp))
{
	unsigned int i, kind;
	int ret = 0;

	for (i = 0; i < pool->nb_sockets; i++) {
		const struct socket_pools *sub = &pool->sub[i];

		for (kind = 0; kind < NB_KINDS && ret == 0; kind++) {
			if (sub->mp[kind] != NULL)
				ret = call(pool, sub->mp[kind]);
			if (ret == 0 && sub->apart[kind] != NULL)
				ret = call(pool, sub->apart[kind]);
		}
	}
	return ret;
}

static int
note_handler(const struct mext_pool *pool __rte_unused, struct rte_mempool *mp)
{
	struct sub_priv *priv = rte_mempool_get_priv(mp);

	snprintf(priv->ops_name, sizeof(priv->ops_name), "%s",
			rte_mempool_get_ops(mp->ops_index)->name);
	return 0;
}

/** The code that makes a shared info one of ours; in a process with other addresses it is not. */
static struct code
code_here(void)
{
	return (struct code){ .storage = mextp_storage_free_cb,
		.pair = mextp_pair_free_cb,
		.wrap = mextp_wrap_free_cb,
		.leaf = mextp_leaf_free_cb };
}

int
mextp_registry_publish(struct mext_pool *pool)
{
	void *mark;

	each_mempool(pool, note_handler);
	pool->id.abi = MEXT_ABI_VERSION;
	pool->id.size = sizeof(*pool);
	pool->id.code = code_here();
	/* The lock of memzones orders this with mextp_registry_find(). */
	return zone_reserve(MARK, pool->name, 1, &mark);
}

void
mextp_registry_withdraw(struct mext_pool *pool)
{
	rte_memzone_free(zone_find(MARK, pool->name));
	/* Whoever has found the mark still looks at the pool under this lock. */
	rte_mcfg_tailq_write_lock();
	rte_mcfg_tailq_write_unlock();
}

void
mextp_registry_free(struct mext_pool *pool)
{
	rte_memzone_free(zone_find(MEMORY, pool->name));
}

/** Each process numbers its handlers as it registers them, a mempool has only the number. */
static int
check_handler(const struct mext_pool *pool, struct rte_mempool *mp)
{
	const struct sub_priv *priv = rte_mempool_get_priv(mp);
	uint32_t index = (uint32_t)mp->ops_index;
	const char *here = NULL;

	if (index < rte_mempool_ops_table.num_ops)
		here = rte_mempool_ops_table.ops[index].name;
	if (here != NULL && strcmp(here, priv->ops_name) == 0)
		return 0;
	MEXT_LOG(ERR,
			"pool %s: mempool %s has handler '%s', number %" PRIu32
			"; in this process that number is %s%s%s: register the handlers in the same "
			"order in all processes (link the same drivers, give the same -d options)",
			pool->name, mp->name, priv->ops_name, index, here != NULL ? "'" : "",
			here != NULL ? here : "nobody's", here != NULL ? "'" : "");
	return -EPROTO;
}

static int
check_fits(const struct mext_pool *pool, const char *name)
{
	const struct code here = code_here();

	if (pool->id.abi != MEXT_ABI_VERSION || pool->id.size != sizeof(*pool)) {
		MEXT_LOG(ERR,
				"pool %s was made by a library of ABI %" PRIu32 " (pool of %" PRIu32
				" bytes), this one is ABI %u (%zu bytes): use the same libmext in all "
				"processes",
				name, pool->id.abi, pool->id.size, MEXT_ABI_VERSION, sizeof(*pool));
		return -EPROTO;
	}
	if (pool->id.code.storage != here.storage || pool->id.code.pair != here.pair ||
			pool->id.code.wrap != here.wrap || pool->id.code.leaf != here.leaf) {
		MEXT_LOG(ERR,
				"pool %s: libmext is at another address in this process than in the "
				"one that made the pool, whose storages name its functions: load the "
				"same shared libmext and start both without address space "
				"randomisation (setarch -R)",
				name);
		return -ENOTSUP;
	}
	if (pool->conf.page_size != 0 && rte_eal_process_type() != RTE_PROC_PRIMARY) {
		MEXT_LOG(ERR,
				"pool %s: its objects are in regions, which only the primary process has: make "
				"it with page_size 0 to use it here",
				name);
		return -ENOTSUP;
	}
	return each_mempool(pool, check_handler);
}

int
mextp_registry_find(const char *name, struct mext_pool **pool)
{
	const struct rte_memzone *mz = NULL;
	int ret = -ENOENT;

	/* Withdrawal waits for this lock: what is found stays while it is checked. */
	rte_mcfg_tailq_read_lock();
	if (zone_find(MARK, name) != NULL)
		mz = zone_find(MEMORY, name);
	if (mz != NULL)
		ret = check_fits(mz->addr, name);
	rte_mcfg_tailq_read_unlock();
	if (ret == 0)
		*pool = mz->addr;
	return ret;
}
