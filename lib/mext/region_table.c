/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_memzone.h>

#include "log.h"
#include "region.h"
#include "vfio_container.h"

/** EAL has no room for more. */
#define MAX_REGIONS RTE_MAX_MEMSEG_LISTS
/** The table. Its memzone is there, under its name, before it is filled. */
#define TABLE_NAME "mext_regions"
/** A memzone that is there when the table is. */
#define COMPLETE_NAME "mext_regions_complete"

/** A handle: a place in the table, and above it which of the regions that have been there, from 1. */
#define PLACE_BITS 16
#define GENERATION (UINT64_C(1) << PLACE_BITS)
static_assert(MAX_REGIONS <= GENERATION, "a handle has too few bits for a place");
static_assert(sizeof(uintptr_t) == sizeof(uint64_t), "a handle does not fit into a pointer");

/** In a memzone, so that secondary processes count their storages too. Entries up to n are never NULL again. */
struct table {
	uint32_t n;
	uint32_t additions; /* so far */
	struct region *regions[MAX_REGIONS];
};

static struct table *table;
static pid_t owner; /* the process that regions are of; 0: none has come to the library yet */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void
mextp_regions_lock(void)
{
	pthread_mutex_lock(&lock);
}

void
mextp_regions_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

bool
mextp_regions_are_inherited(void)
{
	return owner != 0 && owner != getpid();
}

/** A child that is forked after rte_eal_init() shares EAL's memory, also where nobody came to the library before. */
static void
child_begins(void)
{
	if (owner == 0 && rte_lcore_count() > 0)
		owner = getppid();
}

RTE_INIT(watch_forks)
{
	pthread_atfork(NULL, NULL, child_begins);
}

void
mextp_regions_are_of_this_process(void)
{
	if (owner == 0)
		owner = getpid();
}

void
mextp_region_each(void (*call)(struct region *region, void *arg), void *arg)
{
	uint32_t i;

	if (table == NULL || rte_eal_process_type() != RTE_PROC_PRIMARY)
		return;
	for (i = 0; i < table->n; i++)
		if (table->regions[i]->begin != 0)
			call(table->regions[i], arg);
}

/** The table; in a secondary process that is the primary's. */
static struct table *
find_table(void)
{
	struct table *known = __atomic_load_n(&table, __ATOMIC_ACQUIRE);
	const struct rte_memzone *mz;

	if (likely(known != NULL) || rte_eal_process_type() == RTE_PROC_PRIMARY)
		return known;
	mz = rte_memzone_lookup(COMPLETE_NAME) != NULL ? rte_memzone_lookup(TABLE_NAME) : NULL;
	if (mz == NULL)
		return NULL;
	__atomic_store_n(&table, mz->addr, __ATOMIC_RELEASE);
	return mz->addr;
}

/** The table; a secondary process looks for it once memory is looked at that is not EAL's. */
static struct table *
table_for(const void *addr)
{
	struct table *known = __atomic_load_n(&table, __ATOMIC_ACQUIRE);
	const struct rte_memseg_list *list;

	if (likely(known != NULL) || rte_eal_process_type() == RTE_PROC_PRIMARY)
		return known;
	list = rte_mem_virt2memseg_list(addr);
	return list != NULL && list->external ? find_table() : NULL;
}

struct region *
mextp_region_find(const struct mext_region *handle)
{
	uint64_t number = (uintptr_t)handle, place = number % GENERATION;
	const struct table *t = find_table();
	struct region *r;

	/* Acquire: pairs with the release in mextp_region_entry(), entries below it are written. */
	if (t == NULL || place >= __atomic_load_n(&t->n, __ATOMIC_ACQUIRE))
		return NULL;
	r = t->regions[place];
	return __atomic_load_n(&r->handle, __ATOMIC_RELAXED) == number && r->begin != 0 ? r : NULL;
}

struct mext_region *
mextp_region_handle(const struct region *r)
{
	return (struct mext_region *)(uintptr_t)r->handle;
}

void
mextp_region_forget(struct region *r)
{
	__atomic_store_n(&r->handle, r->handle + GENERATION, __ATOMIC_RELAXED);
}

uint32_t
mextp_region_additions(const void *addr)
{
	const struct table *t = table_for(addr);

	/* Acquire: pairs with the release in mextp_region_announce(). */
	return t != NULL ? __atomic_load_n(&t->additions, __ATOMIC_ACQUIRE) : 0;
}

void
mextp_region_announce(void)
{
	/* Release: pairs with the acquire in mextp_region_additions(), the range stands in the table. */
	__atomic_fetch_add(&table->additions, 1, __ATOMIC_RELEASE);
}

static int64_t *
users_here(struct region *r)
{
	return &r->users[RTE_MIN(rte_lcore_id(), (unsigned int)RTE_MAX_LCORE)].n;
}

int64_t
mextp_region_users(const struct region *r)
{
	int64_t sum = 0;
	unsigned int i;

	/* SEQ_CST: pairs with take(). */
	for (i = 0; i < RTE_DIM(r->users); i++)
		sum += __atomic_load_n(&r->users[i].n, __ATOMIC_SEQ_CST);
	return sum;
}

/**
 * Take a region unless it is closed: count first, then look. The look before is for who removes a region that
 * was closed before: it shall not see the counts of those who are refused.
 */
static bool
take(struct region *r)
{
	int64_t *users = users_here(r);

	if (unlikely(__atomic_load_n(&r->closed, __ATOMIC_RELAXED)))
		return false;
	/* SEQ_CST: pairs with mextp_region_close(). Either that sees the count, or this sees the mark. */
	__atomic_fetch_add(users, 1, __ATOMIC_SEQ_CST);
	if (likely(!__atomic_load_n(&r->closed, __ATOMIC_SEQ_CST)))
		return true;
	__atomic_fetch_sub(users, 1, __ATOMIC_SEQ_CST);
	return false;
}

int64_t
mextp_region_close(struct region *r)
{
	int64_t n = mextp_region_users(r);

	if (n > 0 || r->closed)
		return n;
	__atomic_store_n(&r->closed, true, __ATOMIC_SEQ_CST);
	n = mextp_region_users(r);
	if (n > 0)
		__atomic_store_n(&r->closed, false, __ATOMIC_SEQ_CST);
	return n;
}

/** Whether some of the bytes are in its pages. */
static bool
meets(const struct region *r, uintptr_t addr, size_t len)
{
	/* Acquire: pairs with the releases in make() and clear() of region.c, no end with the begin before it. */
	return addr < __atomic_load_n(&r->end, __ATOMIC_ACQUIRE) &&
	       addr + len > __atomic_load_n(&r->begin, __ATOMIC_RELAXED);
}

/** Whether there still are devices on VFIO for which it could not be mapped. */
static bool
is_refused_by_vfio(struct region *r)
{
	if (likely(!__atomic_load_n(&r->refused_by_vfio, __ATOMIC_RELAXED)))
		return false;
	/* Of the primary process: others have no VFIO of their own. */
	if (rte_eal_process_type() != RTE_PROC_PRIMARY || mextp_vfio_in_use())
		return true;
	__atomic_store_n(&r->refused_by_vfio, false, __ATOMIC_RELAXED);
	return false;
}

/** A region takes no storages: log the first that is refused, as others may follow at the rate of packets. */
static int
refuse_closed(struct region *r, const void *addr)
{
	if (__atomic_exchange_n(&r->told, true, __ATOMIC_RELAXED) == false)
		MEXT_LOG(ERR,
				"mext_storage_wrap: the region of %p is closed, being removed, or not complete "
				"yet (further refusals are counted only)",
				addr);
	return -ESHUTDOWN;
}

/** Why bytes of a region that is taken may not be wrapped. */
static int
refuse_range(struct region *r, const void *addr, size_t len)
{
	const uintptr_t offset = (uintptr_t)addr - r->begin;

	if (unlikely(offset >= r->len || len > r->len - offset)) {
		MEXT_LOG(ERR,
				"mext_storage_wrap: %zu bytes at %p are not all in the region that they meet, "
				"%zu bytes at %p",
				len, addr, r->len, (void *)r->begin);
		return -EFAULT;
	}
	if (unlikely(__atomic_load_n(&r->unreachable, __ATOMIC_RELAXED) || is_refused_by_vfio(r))) {
		MEXT_LOG(ERR,
				"mext_storage_wrap: a port there is can't read region %p, see the lines "
				"above",
				(void *)r->begin);
		return -EFAULT;
	}
	return 0;
}

int
mextp_region_hold(const void *addr, size_t len, struct region **region)
{
	struct table *t = table_for(addr);
	uint32_t i, n;
	int ret;

	*region = NULL;
	/* Acquire: pairs with the release in mextp_region_entry(), entries below it are written. */
	n = t != NULL ? __atomic_load_n(&t->n, __ATOMIC_ACQUIRE) : 0;
	for (i = 0; i < n; i++) {
		struct region *r = t->regions[i];

		if (likely(!meets(r, (uintptr_t)addr, len)))
			continue;
		if (unlikely(!take(r))) {
			/* Between two regions the place has parts of both. */
			if (!meets(r, (uintptr_t)addr, len))
				continue;
			return refuse_closed(r, addr);
		}
		/* It may have been removed, and be another one now, between the look and the count. */
		ret = meets(r, (uintptr_t)addr, len) ? refuse_range(r, addr, len) : -EAGAIN;
		if (likely(ret == 0)) {
			*region = r;
			return 0;
		}
		mextp_region_drop(r);
		if (ret != -EAGAIN)
			return ret;
	}
	return 0;
}

void
mextp_region_drop(struct region *region)
{
	/* Release: pairs with mextp_region_users(), the storage is given back before. */
	__atomic_fetch_sub(users_here(region), 1, __ATOMIC_RELEASE);
}

/** In DPDK's memory, which may hold anything. */
static int
make_table(void)
{
	const struct rte_memzone *mz, *complete;

	mz = rte_memzone_reserve(TABLE_NAME, sizeof(*table), SOCKET_ID_ANY, 0);
	if (mz == NULL)
		return -ENOMEM;
	memset(mz->addr, 0, sizeof(*table));
	/* EAL's lock orders the table before the memzone that says so. */
	complete = rte_memzone_reserve(COMPLETE_NAME, 1, SOCKET_ID_ANY, 0);
	if (complete == NULL) {
		rte_memzone_free(mz);
		return -ENOMEM;
	}
	mextp_regions_are_of_this_process();
	__atomic_store_n(&table, mz->addr, __ATOMIC_RELEASE);
	return 0;
}

struct region *
mextp_region_entry(void)
{
	struct region *r;
	uint32_t i;

	if (table == NULL && make_table() < 0)
		return NULL;
	for (i = 0; i < table->n; i++)
		if (table->regions[i]->begin == 0)
			return table->regions[i];
	if (i == MAX_REGIONS)
		return NULL;
	r = rte_zmalloc("mext_region", sizeof(*r), RTE_CACHE_LINE_SIZE);
	if (r == NULL)
		return NULL;
	r->closed = true;
	r->handle = GENERATION + i;
	table->regions[i] = r;
	/* Release: pairs with the acquire in mextp_region_hold(). */
	__atomic_store_n(&table->n, i + 1, __ATOMIC_RELEASE);
	return r;
}
