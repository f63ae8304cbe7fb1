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

/** Call for each mempool of a pool. */
static void
each_mempool(const struct mext_pool *pool, void (*call)(struct rte_mempool *mp, void *arg),
		void *arg)
{
	unsigned int i, kind;

	for (i = 0; i < pool->nb_sockets; i++) {
		const struct socket_pools *sub = &pool->sub[i];

		for (kind = 0; kind < NB_KINDS; kind++) {
			if (sub->mp[kind] != NULL)
				call(sub->mp[kind], arg);
			if (sub->apart[kind] != NULL)
				call(sub->apart[kind], arg);
		}
	}
}

static void
note_handler(struct rte_mempool *mp, void *arg __rte_unused)
{
	struct sub_priv *priv = rte_mempool_get_priv(mp);

	snprintf(priv->ops_name, sizeof(priv->ops_name), "%s",
			rte_mempool_get_ops(mp->ops_index)->name);
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

	each_mempool(pool, note_handler, NULL);
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

/** A mempool and its handler, as the process says that made the pool. */
struct handler {
	char mempool[RTE_MEMPOOL_NAMESIZE];
	char name[RTE_MEMPOOL_OPS_NAMESIZE];
	uint32_t index;
};

/** What a pool says of itself. */
struct facts {
	struct pool_id id;
	/* Only of a pool that was made by this build of the library: */
	bool in_regions;
	struct handler other; /* the first that is another one here, "" if none is */
};

/** Each process numbers its handlers as it registers them, a mempool has only the number. */
static const char *
handler_here(uint32_t index)
{
	return index < rte_mempool_ops_table.num_ops ? rte_mempool_ops_table.ops[index].name : NULL;
}

static void
compare_handler(struct rte_mempool *mp, void *arg)
{
	const struct sub_priv *priv = rte_mempool_get_priv(mp);
	const char *here = handler_here((uint32_t)mp->ops_index);
	struct handler *other = arg;

	if (other->mempool[0] != '\0' || (here != NULL && strcmp(here, priv->ops_name) == 0))
		return;
	memcpy(other->mempool, mp->name, sizeof(other->mempool));
	memcpy(other->name, priv->ops_name, sizeof(other->name));
	other->index = (uint32_t)mp->ops_index;
}

static bool
is_this_build(const struct pool_id *id)
{
	return id->abi == MEXT_ABI_VERSION && id->size == sizeof(struct mext_pool);
}

static void
gather_facts(const struct mext_pool *pool, struct facts *facts)
{
	memset(facts, 0, sizeof(*facts));
	facts->id = pool->id;
	if (!is_this_build(&pool->id))
		return;
	facts->in_regions = pool->conf.page_size != 0;
	each_mempool(pool, compare_handler, &facts->other);
}

static int
check_facts(const char *name, const struct facts *facts)
{
	const struct code here = code_here(), *code = &facts->id.code;
	const struct handler *other = &facts->other;
	const char *handler = handler_here(other->index);

	if (!is_this_build(&facts->id)) {
		MEXT_LOG(ERR,
				"pool %s was made by a library of ABI %" PRIu32 " (pool of %" PRIu32
				" bytes), this one is ABI %u (%zu bytes): use the same libmext in all "
				"processes",
				name, facts->id.abi, facts->id.size, MEXT_ABI_VERSION,
				sizeof(struct mext_pool));
		return -EPROTO;
	}
	if (code->storage != here.storage || code->pair != here.pair || code->wrap != here.wrap ||
			code->leaf != here.leaf) {
		MEXT_LOG(ERR,
				"pool %s: libmext is at another address in this process than in the "
				"one that made the pool, whose storages name its functions: load the "
				"same shared libmext and start both without address space "
				"randomisation (setarch -R)",
				name);
		return -ENOTSUP;
	}
	if (facts->in_regions && rte_eal_process_type() != RTE_PROC_PRIMARY) {
		MEXT_LOG(ERR,
				"pool %s: its objects are in regions, which only the primary process has: make "
				"it with page_size 0 to use it here",
				name);
		return -ENOTSUP;
	}
	if (other->mempool[0] == '\0')
		return 0;
	MEXT_LOG(ERR,
			"pool %s: mempool %s has handler '%s', number %" PRIu32
			"; in this process that number is %s%s%s: register the handlers in the same "
			"order in all processes (link the same drivers, give the same -d options)",
			name, other->mempool, other->name, other->index, handler != NULL ? "'" : "",
			handler != NULL ? handler : "nobody's", handler != NULL ? "'" : "");
	return -EPROTO;
}

int
mextp_registry_find(const char *name, struct mext_pool **pool)
{
	const struct rte_memzone *mz = NULL;
	struct facts facts;
	int ret;

	/*
	 * Withdrawal waits for this lock, so what is found stays while it is looked at. So does every
	 * other writer in all processes, even where this one was killed: nothing here may take long.
	 */
	rte_mcfg_tailq_read_lock();
	if (zone_find(MARK, name) != NULL)
		mz = zone_find(MEMORY, name);
	if (mz != NULL)
		gather_facts(mz->addr, &facts);
	rte_mcfg_tailq_read_unlock();
	if (mz == NULL)
		return -ENOENT;
	ret = check_facts(name, &facts);
	if (ret == 0)
		*pool = mz->addr;
	return ret;
}
