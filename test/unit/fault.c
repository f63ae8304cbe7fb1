/* SPDX-License-Identifier: BSD-3-Clause */
#include "fault.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(addr, size) RTE_SET_USED(addr)
#define ASAN_UNPOISON_MEMORY_REGION(addr, size) RTE_SET_USED(addr)
#endif

#include "unit.h"

struct store {
	unsigned int size;
	unsigned int len;
	void *objs[];
};

static struct {
	unsigned int gets, nth, times, failures, more;
	fault_put_t on_put;
} fault;

void
fault_arm(unsigned int nth, unsigned int times)
{
	fault.gets = fault.failures = 0;
	fault.nth = nth;
	fault.times = times;
}

unsigned int
fault_disarm(void)
{
	fault.nth = 0;
	return fault.failures;
}

void
fault_on_put(fault_put_t on_put)
{
	fault.on_put = on_put;
}

void
fault_say_more(unsigned int more)
{
	fault.more = more;
}

static int
store_alloc(struct rte_mempool *mp)
{
	struct store *store = calloc(1, sizeof(*store) + mp->size * sizeof(store->objs[0]));

	if (store == NULL)
		return -ENOMEM;
	store->size = mp->size;
	mp->pool_data = store;
	return 0;
}

static void
store_free(struct rte_mempool *mp)
{
	free(mp->pool_data);
}

static int
store_put(struct rte_mempool *mp, void *const *objs, unsigned int n)
{
	struct store *store = mp->pool_data;
	unsigned int i, j;

	for (i = 0; i < n; i++) {
		if (store->len == store->size)
			fail_msg("%s: more objects than there are", mp->name);
		for (j = 0; j < store->len; j++)
			if (store->objs[j] == objs[i])
				fail_msg("%s: %p is put back twice", mp->name, objs[i]);
		store->objs[store->len++] = objs[i];
		if (fault.on_put == NULL)
			continue;
		fault.on_put(mp, objs[i]);
		ASAN_POISON_MEMORY_REGION(objs[i], mp->elt_size);
	}
	return 0;
}

static int
store_get(struct rte_mempool *mp, void **objs, unsigned int n)
{
	struct store *store = mp->pool_data;
	unsigned int i;

	fault.gets++;
	if (n > store->len || (fault.nth > 0 && fault.gets >= fault.nth &&
					      fault.gets - fault.nth < fault.times)) {
		fault.failures++;
		return -ENOBUFS;
	}
	for (i = 0; i < n; i++) {
		objs[i] = store->objs[--store->len];
		ASAN_UNPOISON_MEMORY_REGION(objs[i], mp->elt_size);
	}
	return 0;
}

static unsigned int
store_count(const struct rte_mempool *mp)
{
	const struct store *store = mp->pool_data;

	return store->len + fault.more;
}

unsigned int
fault_out(struct rte_mempool *mp)
{
	unsigned int left = store_count(mp);

	if (mp->cache_size > 0)
		left += mp->local_cache[0].len + mp->local_cache[1].len;
	return mp->size - left;
}

static const struct rte_mempool_ops ops_fault = {
	.name = FAULT_OPS,
	.alloc = store_alloc,
	.free = store_free,
	.enqueue = store_put,
	.dequeue = store_get,
	.get_count = store_count,
};

RTE_MEMPOOL_REGISTER_OPS(ops_fault);
