/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_malloc.h>
#include <rte_mempool.h>

#include <mext_depot.h>

#include "depot.h"

/* In the plugin there is no more of mext than this folder, so it has a log type of its own. */
RTE_LOG_REGISTER(mextp_depot_logtype, mempool.mext_depot, NOTICE);

#define DEPOT_LOG(level, fmt, ...) \
	rte_log(RTE_LOG_##level, mextp_depot_logtype, "mext_depot: " fmt "\n", ##__VA_ARGS__)

/** Stations for lcores of which EAL does not know yet: registered threads, secondary processes. */
#define MIN_THREADS 8

/** Of EAL's threads the lcore id; of others a number that few others have. */
static uint32_t
thread_number(void)
{
	uint32_t lcore = rte_lcore_id();

	if (likely(lcore != LCORE_ID_ANY))
		return lcore;
	/* The address of a variable of the thread tells it from others; Knuth's multiplier. */
	return ((uintptr_t)&RTE_PER_LCORE(_lcore_id) * UINT64_C(0x9e3779b97f4a7c15)) >> 58;
}

static int
alloc(struct rte_mempool *mp)
{
	uint32_t nb_threads = RTE_MAX(rte_lcore_count(), (unsigned int)MIN_THREADS);
	struct depot *d = rte_zmalloc_socket("mext_depot", mextp_depot_size(mp->size, nb_threads),
			RTE_CACHE_LINE_SIZE, mp->socket_id);

	if (d == NULL) {
		DEPOT_LOG(ERR,
				"mempool %s: no memory for a depot of %u objects (%zu bytes) on socket %d: "
				"reserve more hugepages, or raise EAL's -m or --socket-mem",
				mp->name, mp->size, mextp_depot_size(mp->size, nb_threads),
				mp->socket_id);
		return -ENOMEM;
	}
	mextp_depot_init(d, mp->size, nb_threads);
	mp->pool_data = d;
	return 0;
}

static void
release(struct rte_mempool *mp)
{
	rte_free(mp->pool_data);
}

/** DPDK ignores it, so the objects are lost. Said once for each reason: it may come with every packet. */
static __rte_noinline int
refuse(const struct rte_mempool *mp, int reason)
{
	struct depot *d = mp->pool_data;
	const uint32_t bit = reason == -EDQUOT ? 1 : 2;
	struct depot_missing missing;

	if ((__atomic_fetch_or(&d->refused.said, bit, __ATOMIC_RELAXED) & bit) != 0)
		return -ENOBUFS;
	if (reason == -EDQUOT) {
		DEPOT_LOG(ERR, "mempool %s: more objects are put than its %u: some were freed twice",
				mp->name, mp->size);
		return -ENOBUFS;
	}
	missing = mextp_depot_missing(d);
	DEPOT_LOG(ERR,
			"mempool %s: objects are lost: no magazine is empty, %u of %u are with calls; there "
			"are enough for %u calls that stand still or were killed. %u were taken by "
			"processes that are there, and %u by such as are gone",
			mp->name, missing.nb, d->nb_magazines, DEPOT_STOPPED_MAX, missing.nb_here,
			missing.nb_gone);
	return -ENOBUFS;
}

static int
enqueue(struct rte_mempool *mp, void *const *objs, unsigned int n)
{
	int ret = depot_put(mp->pool_data, thread_number(), objs, n);

	return likely(ret == 0) ? 0 : refuse(mp, ret);
}

static int
dequeue(struct rte_mempool *mp, void **objs, unsigned int n)
{
	const struct depot *d = mp->pool_data;
	int ret = depot_get(mp->pool_data, thread_number(), objs, n);

	/* What a get has gathered that was not enough, it puts back. */
	if (unlikely(ret < 0 && __atomic_load_n(&d->refused.no_magazine, __ATOMIC_RELAXED) > 0))
		refuse(mp, ret);
	return ret;
}

static unsigned int
get_count(const struct rte_mempool *mp)
{
	return mextp_depot_count(mp->pool_data);
}

static int
higher_first(const void *left, const void *right)
{
	uintptr_t l = *(const uintptr_t *)left, r = *(const uintptr_t *)right;

	return (l < r) - (l > r);
}

/**
 * Order the objects of a mempool, all of which are here, so that those at the lowest addresses come
 * first. What comes first stays in use: of a mempool whose objects do not fill their memory, the
 * af_xdp driver makes the end unreachable. If there is no memory to sort, there is no order.
 */
static void
put_in_order(struct rte_mempool *mp)
{
	struct depot *d = mp->pool_data;
	void **objs = malloc(mp->size * sizeof(*objs));

	if (objs != NULL && depot_get(d, thread_number(), objs, mp->size) == 0) {
		qsort(objs, mp->size, sizeof(*objs), higher_first);
		depot_put(d, thread_number(), objs, mp->size);
	}
	free(objs);
}

static int
populate(struct rte_mempool *mp, unsigned int max_objs, void *vaddr, rte_iova_t iova, size_t len,
		rte_mempool_populate_obj_cb_t *obj_cb, void *arg)
{
	int ret = rte_mempool_op_populate_helper(mp, 0, max_objs, vaddr, iova, len, obj_cb, arg);

	if (ret > 0 && mp->populated_size == mp->size)
		put_in_order(mp);
	return ret;
}

static const struct rte_mempool_ops depot_ops = {
	.name = MEXT_DEPOT_OPS,
	.alloc = alloc,
	.free = release,
	.enqueue = enqueue,
	.dequeue = dequeue,
	.get_count = get_count,
	.populate = populate,
};

static bool
is_registered(void)
{
	unsigned int i;

	for (i = 0; i < rte_mempool_ops_table.num_ops; i++)
		if (strcmp(rte_mempool_ops_table.ops[i].name, MEXT_DEPOT_OPS) == 0)
			return true;
	return false;
}

int
mext_depot_register(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static bool told;
	bool tell;
	int ret = 0;

	/* EAL counts lcores first of all, and loads drivers then. */
	if (rte_lcore_count() == 0) {
		DEPOT_LOG(ERR, "not registered: rte_eal_init() was not called, and a handler that comes "
			       "before DPDK's drivers gives all of these other numbers");
		return -EPERM;
	}
	pthread_mutex_lock(&lock);
	/* DPDK itself takes a name twice; libmext and the plugin may be in one process. */
	if (!is_registered())
		ret = rte_mempool_ops_table.num_ops < RTE_MEMPOOL_MAX_OPS_IDX
				      ? RTE_MIN(rte_mempool_register_ops(&depot_ops), 0)
				      : -ENOSPC;
	/* Once: each pool that is made or looked up comes here. */
	tell = ret == -ENOSPC && !told;
	told |= tell;
	pthread_mutex_unlock(&lock);
	if (tell)
		DEPOT_LOG(ERR,
				"DPDK has room for %d mempool handlers, and all are taken: link or load "
				"(EAL's -d) fewer mempool drivers",
				RTE_MEMPOOL_MAX_OPS_IDX);
	return ret;
}

int
mext_depot_lost(const struct rte_mempool *mp, struct mext_depot_refused *lost)
{
	const struct depot *d;

	if (mp == NULL || lost == NULL ||
			strcmp(rte_mempool_get_ops(mp->ops_index)->name, MEXT_DEPOT_OPS) != 0)
		return -EINVAL;
	d = mp->pool_data;
	if (d == NULL) { /* before it is populated */
		*lost = (struct mext_depot_refused){ 0 };
		return 0;
	}
	lost->put_twice = __atomic_load_n(&d->refused.twice, __ATOMIC_RELAXED);
	lost->no_magazine = __atomic_load_n(&d->refused.no_magazine, __ATOMIC_RELAXED);
	return 0;
}
