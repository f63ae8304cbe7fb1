/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_memzone.h>

#include "log.h"
#include "pool.h"
#include "registry.h"
#include "storage.h"

/** The memory of each pool: a memzone of this and its name. */
#define MEMORY "mext."
static_assert(sizeof(MEMORY) + MEXT_POOL_NAME_MAX <= RTE_MEMZONE_NAMESIZE, "names of memzones");

static struct directory *directory;
static pthread_mutex_t writers = PTHREAD_MUTEX_INITIALIZER;

static const struct rte_memzone *
zone_of(const char *name)
{
	char zone[RTE_MEMZONE_NAMESIZE];

	snprintf(zone, sizeof(zone), MEMORY "%s", name);
	return rte_memzone_lookup(zone);
}

static int
no_memory(const char *name, size_t len)
{
	MEXT_LOG(ERR,
			"pool %s: no memory for the pool itself (%zu bytes; %s): reserve more "
			"hugepages or raise EAL's -m",
			name, len, rte_strerror(rte_errno));
	return -ENOMEM;
}

int
mextp_registry_reserve(const char *name, struct mext_pool **pool)
{
	char zone[RTE_MEMZONE_NAMESIZE];
	const struct rte_memzone *mz;

	snprintf(zone, sizeof(zone), MEMORY "%s", name);
	mz = rte_memzone_reserve_aligned(
			zone, sizeof(**pool), SOCKET_ID_ANY, 0, RTE_CACHE_LINE_SIZE);
	if (mz == NULL && rte_errno == EEXIST) {
		MEXT_LOG(ERR, "pool %s exists already", name);
		return -EEXIST;
	}
	if (mz == NULL)
		return no_memory(name, sizeof(**pool));
	*pool = memset(mz->addr, 0, sizeof(**pool));
	snprintf((*pool)->name, sizeof((*pool)->name), "%s", name);
	return 0;
}

/** @return NULL: no pool has been made yet */
static struct directory *
find_directory(void)
{
	struct directory *known = __atomic_load_n(&directory, __ATOMIC_ACQUIRE);
	const struct rte_memzone *mz;

	if (likely(known != NULL))
		return known;
	mz = rte_memzone_lookup(REGISTRY_COMPLETE) != NULL ? rte_memzone_lookup(REGISTRY_DIRECTORY)
							   : NULL;
	if (mz == NULL)
		return NULL;
	__atomic_store_n(&directory, mz->addr, __ATOMIC_RELEASE);
	return mz->addr;
}

/** Under the writers' lock. @return NULL: no memory for it */
static struct directory *
make_directory(void)
{
	const struct rte_memzone *mz = rte_memzone_lookup(REGISTRY_DIRECTORY);

	if (mz == NULL)
		mz = rte_memzone_reserve_aligned(REGISTRY_DIRECTORY, sizeof(*directory),
				SOCKET_ID_ANY, 0, RTE_CACHE_LINE_SIZE);
	if (mz == NULL)
		return NULL;
	memset(mz->addr, 0, sizeof(*directory));
	if (rte_memzone_reserve(REGISTRY_COMPLETE, 1, SOCKET_ID_ANY, 0) == NULL)
		return NULL;
	return find_directory();
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

static struct rte_mempool *
first_mempool(const struct mext_pool *pool)
{
	unsigned int kind = 0;

	while (pool->sub[0].mp[kind] == NULL)
		kind++;
	return pool->sub[0].mp[kind];
}

static void
gather_facts(const struct mext_pool *pool, struct facts *facts)
{
	const struct rte_mempool *mp = first_mempool(pool);

	facts->abi = MEXT_ABI_VERSION;
	facts->size = sizeof(*pool);
	facts->code = code_here();
	facts->in_regions = pool->conf.page_size != 0;
	facts->handler = mp->ops_index;
	snprintf(facts->handler_name, sizeof(facts->handler_name), "%s",
			rte_mempool_get_ops(mp->ops_index)->name);
	snprintf(facts->mempool, sizeof(facts->mempool), "%s", mp->name);
}

/** The entry of a pool; of NULL: a free one, under the writers' lock. @return NULL: there is none */
static struct entry *
entry_of(struct directory *d, const struct mext_pool *pool)
{
	unsigned int i;

	for (i = 0; i < d->n; i++)
		if (d->entries[i].pool == pool)
			return &d->entries[i];
	if (pool != NULL || d->n == RTE_DIM(d->entries))
		return NULL;
	/* Release: pairs with the acquire in mextp_registry_find(), the entry is cleared. */
	__atomic_store_n(&d->n, d->n + 1, __ATOMIC_RELEASE);
	return &d->entries[d->n - 1];
}

/** Under the writers' lock. @param facts  NULL: the entry is free then */
static void
entry_write(struct entry *entry, struct mext_pool *pool, const struct facts *facts)
{
	const uint32_t sequence = entry->sequence;

	__atomic_store_n(&entry->sequence, sequence + 1, __ATOMIC_RELAXED);
	/* Release: whoever sees what follows sees the odd number. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	entry->pool = pool;
	if (pool != NULL) {
		memcpy(entry->name, pool->name, sizeof(entry->name));
		entry->facts = *facts;
	}
	/* Release: pairs with the acquire in entry_read(). */
	__atomic_store_n(&entry->sequence, sequence + 2, __ATOMIC_RELEASE);
}

int
mextp_registry_publish(struct mext_pool *pool)
{
	struct directory *d;
	struct entry *entry;
	struct facts facts;
	int ret = 0;

	memset(&facts, 0, sizeof(facts));
	gather_facts(pool, &facts);
	pthread_mutex_lock(&writers);
	d = find_directory();
	if (d == NULL)
		d = make_directory();
	entry = d != NULL ? entry_of(d, NULL) : NULL;
	if (entry != NULL)
		entry_write(entry, pool, &facts);
	pthread_mutex_unlock(&writers);
	if (d == NULL) {
		MEXT_LOG(ERR, "pool %s: no memory, or no memzone, for the directory of pools (%zu bytes): %s",
				pool->name, sizeof(*d), rte_strerror(rte_errno));
		return -ENOMEM;
	}
	if (entry == NULL) {
		MEXT_LOG(ERR, "pool %s: there are %zu pools, no more can be looked up", pool->name,
				RTE_DIM(d->entries));
		ret = -ENOSPC;
	}
	return ret;
}

void
mextp_registry_withdraw(struct mext_pool *pool)
{
	struct entry *entry;

	pthread_mutex_lock(&writers);
	entry = entry_of(directory, pool);
	if (entry != NULL) /* a child that was forked may have withdrawn it */
		entry_write(entry, NULL, NULL);
	pthread_mutex_unlock(&writers);
}

void
mextp_registry_free(struct mext_pool *pool)
{
	rte_memzone_free(zone_of(pool->name));
}

/** Each process numbers its handlers as it registers them, a mempool has only the number. */
static const char *
handler_here(uint32_t index)
{
	return index < rte_mempool_ops_table.num_ops ? rte_mempool_ops_table.ops[index].name : NULL;
}

static bool
is_this_build(const struct facts *facts)
{
	return facts->abi == MEXT_ABI_VERSION && facts->size == sizeof(struct mext_pool);
}

static int
check_facts(const char *name, const struct facts *facts)
{
	const struct code here = code_here(), *code = &facts->code;
	const char *handler = handler_here(facts->handler);

	if (!is_this_build(facts)) {
		MEXT_LOG(ERR,
				"pool %s was made by a library of ABI %" PRIu32 " (pool of %" PRIu32
				" bytes), this one is ABI %u (%zu bytes): use the same libmext in all "
				"processes",
				name, facts->abi, facts->size, MEXT_ABI_VERSION,
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
	if (handler != NULL && strcmp(handler, facts->handler_name) == 0)
		return 0;
	MEXT_LOG(ERR,
			"pool %s: mempool %s has handler '%s', number %" PRIu32
			"; in this process that number is %s%s%s: register the handlers in the same "
			"order in all processes (link the same drivers, give the same -d options)",
			name, facts->mempool, facts->handler_name, facts->handler,
			handler != NULL ? "'" : "", handler != NULL ? handler : "nobody's",
			handler != NULL ? "'" : "");
	return -EPROTO;
}

/**
 * Read the entry of a name.
 * @return whether it is one: false if it is being written, as its pool is not there yet or no more
 */
static bool
entry_read(const struct entry *entry, const char *name, struct mext_pool **pool,
		struct facts *facts)
{
	/* Acquire: pairs with the release in entry_write(). */
	const uint32_t sequence = __atomic_load_n(&entry->sequence, __ATOMIC_ACQUIRE);
	struct mext_pool *there = __atomic_load_n(&entry->pool, __ATOMIC_RELAXED);

	if (sequence % 2 != 0 || there == NULL)
		return false;
	if (strncmp(entry->name, name, sizeof(entry->name)) != 0)
		return false;
	memcpy(facts, &entry->facts, sizeof(*facts));
	/* Acquire: what was read is older than the number that follows. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (__atomic_load_n(&entry->sequence, __ATOMIC_RELAXED) != sequence)
		return false;
	*pool = there;
	return true;
}

int
mextp_registry_find(const char *name, struct mext_pool **pool)
{
	const struct directory *d = find_directory();
	/* Acquire: pairs with the release in entry_of(). */
	const uint32_t n = d != NULL ? __atomic_load_n(&d->n, __ATOMIC_ACQUIRE) : 0;
	struct mext_pool *there;
	struct facts facts;
	uint32_t i;
	int ret;

	for (i = 0; i < n; i++) {
		if (!entry_read(&d->entries[i], name, &there, &facts))
			continue;
		ret = check_facts(name, &facts);
		if (ret == 0)
			*pool = there;
		return ret;
	}
	return -ENOENT;
}
