/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_memory.h>
#include <rte_spinlock.h>

#include <mext_storage.h>

#include "dma.h"
#include "iova.h"
#include "log.h"
#include "pool.h"
#include "ref.h"
#include "region.h"
#include "storage.h"

/*
 * The application's callback functions. Entries are only ever added, so readers need no lock:
 * an entry's index reaches them with a storage, after the entry was written.
 */
#define MAX_CALLBACKS 255
static mext_free_cb_t callbacks[MAX_CALLBACKS];
static uint32_t nb_callbacks;
/* Which process's table this is, drawn at start. Not the pid: containers each have a 1. */
static uint64_t callbacks_id;
static rte_spinlock_t callbacks_lock = RTE_SPINLOCK_INITIALIZER;

/** Stands for "nobody to call". */
#define NO_CALLBACK MAX_CALLBACKS

static uint32_t
find_callback(mext_free_cb_t cb)
{
	/* Acquire: pairs with the release in add_callback(), entries below it are written. */
	uint32_t i, n = __atomic_load_n(&nb_callbacks, __ATOMIC_ACQUIRE);

	for (i = 0; i < n && callbacks[i] != cb; i++)
		;
	return i < n ? i : NO_CALLBACK;
}

RTE_INIT(draw_callbacks_id)
{
	if (getentropy(&callbacks_id, sizeof(callbacks_id)) < 0)
		callbacks_id = rte_rdtsc();
}

static uint32_t
add_callback(mext_free_cb_t cb)
{
	uint32_t i;

	rte_spinlock_lock(&callbacks_lock);
	i = find_callback(cb);
	if (i == NO_CALLBACK && nb_callbacks < MAX_CALLBACKS) {
		i = nb_callbacks;
		callbacks[i] = cb;
		/* Release: pairs with the acquire in find_callback(). */
		__atomic_store_n(&nb_callbacks, i + 1, __ATOMIC_RELEASE);
	}
	rte_spinlock_unlock(&callbacks_lock);
	return i;
}

/** The index of a callback, -ENOSPC when the table is full. */
static int
intern_callback(mext_free_cb_t cb, uint32_t *index)
{
	*index = NO_CALLBACK;
	if (cb == NULL)
		return 0;
	*index = find_callback(cb);
	if (*index == NO_CALLBACK)
		*index = add_callback(cb);
	if (*index != NO_CALLBACK)
		return 0;
	MEXT_LOG(ERR,
			"mext_storage_wrap: more than %d different callback functions; use arg1 and "
			"arg2 to tell buffers apart",
			MAX_CALLBACKS);
	return -ENOSPC;
}

/**
 * The IO address of memory whose caller gave none; RTE_BAD_IOVA unless it is known of every page.
 * @param flags  gets MEXT_STORAGE_SCATTERED if it is not contiguous
 */
static rte_iova_t
look_up_iova(const struct mext_wrap *wrap, uint32_t *flags)
{
	rte_iova_t first = RTE_BAD_IOVA, iova;
	size_t off, n;

	for (off = 0; off < wrap->len; off += n) {
		n = mextp_iova_run(RTE_PTR_ADD(wrap->addr, off), wrap->len - off, &iova);
		if (n == 0)
			return RTE_BAD_IOVA;
		if (off == 0)
			first = iova;
		else
			*flags |= MEXT_STORAGE_SCATTERED;
	}
	return first;
}

/** Whether all of a range is in memory that EAL knows. */
static bool
is_known(const void *addr, size_t len)
{
	uintptr_t at = (uintptr_t)addr, end = at + len;
	const struct rte_memseg_list *list;

	for (; at < end; at = (uintptr_t)list->base_va + list->len) {
		list = rte_mem_virt2memseg_list((const void *)at);
		if (list == NULL)
			return false;
	}
	return true;
}

static int
check_range(const struct mext_wrap *wrap)
{
	if (wrap->addr != NULL && wrap->len != 0 &&
			(uintptr_t)wrap->addr <= UINTPTR_MAX - wrap->len)
		return 0;
	MEXT_LOG(ERR,
			"mext_storage_wrap: addr is %p and len is %zu, allowed is a range of 1 byte or "
			"more",
			wrap->addr, wrap->len);
	return -EINVAL;
}

/** Hold the region that has the memory; where there is none, see that devices can read it all the same. */
static int
find_region(const struct mext_wrap *wrap, struct region **region)
{
	uint32_t additions;
	int ret;

	for (;;) {
		additions = mextp_region_additions(wrap->addr);
		ret = mextp_region_hold(wrap->addr, wrap->len, region);
		if (ret < 0 || *region != NULL || wrap->iova != 0 || likely(!mextp_dma_needed()))
			return ret;
		if (!is_known(wrap->addr, wrap->len))
			break;
		if (additions == mextp_region_additions(wrap->addr))
			return 0;
	}
	if (!mextp_dma_needed_still())
		return 0;
	MEXT_LOG(ERR,
			"mext_storage_wrap: NICs can't read %p, %zu bytes, as it is neither EAL's nor in "
			"a region: mext_region_add() it, or give iova",
			wrap->addr, wrap->len);
	return -EFAULT;
}

/** Find the IO address of the memory, and its region, which is held then. */
static int
place(const struct mext_wrap *wrap, struct region **region, rte_iova_t *iova, uint32_t *flags)
{
	int ret = find_region(wrap, region);

	if (ret < 0)
		return ret;
	*iova = wrap->iova != 0 ? wrap->iova : look_up_iova(wrap, flags);
	if (*iova != RTE_BAD_IOVA)
		return 0;
	MEXT_LOG(ERR,
			"mext_storage_wrap: no IO address is known for all of %p, %zu bytes: "
			"mext_region_add() it, or give iova",
			wrap->addr, wrap->len);
	if (*region != NULL)
		mextp_region_drop(*region);
	return -EFAULT;
}

int
mext_storage_wrap(
		struct mext_pool *pool, const struct mext_wrap *wrap, struct mext_storage **storage)
{
	uint32_t index, flags = MEXT_STORAGE_WRAPPED;
	struct region *region;
	struct wrapped *w;
	rte_iova_t iova;
	int ret;

	ret = check_range(wrap);
	if (ret == 0)
		ret = place(wrap, &region, &iova, &flags);
	if (ret == -ESHUTDOWN)
		count_add(pool, COUNTER(alloc_failures), 1);
	if (ret < 0)
		return ret;
	ret = intern_callback(wrap->free_cb, &index);
	if (ret == 0 && pool_get_bulk(pool, KIND_WRAP, KIND_WRAP, (void **)&w, 1) < 0) {
		count_add(pool, COUNTER(alloc_failures), 1);
		ret = -ENOBUFS;
	}
	if (ret < 0) {
		if (region != NULL)
			mextp_region_drop(region);
		return ret;
	}
	w->storage.flags = flags | (wrap->writable ? 0 : MEXT_STORAGE_READONLY);
	w->storage.base = wrap->addr;
	w->storage.len = wrap->len;
	w->storage.iova = iova;
	w->free_cb = index;
	w->callbacks_id = callbacks_id;
	w->arg1 = wrap->arg1;
	w->arg2 = wrap->arg2;
	w->region = region;
	ref_store(&w->storage.shinfo, 1);
	count_add(pool, COUNTER(allocs), 1);
	*storage = &w->storage;
	return 0;
}

static __rte_noinline void
missed(const struct wrapped *w)
{
	static uint8_t logged;

	count_add(pool_of(w->storage.mp), COUNTER(missed_callbacks), 1);
	if (__atomic_exchange_n(&logged, 1, __ATOMIC_RELAXED) == 0)
		MEXT_LOG(ERR,
				"pool %s: the last reference on wrapped memory %p is dropped in "
				"another process than the one that wrapped it: its callback can't be "
				"called here, and is not (further ones are counted only)",
				pool_of(w->storage.mp)->name, w->storage.base);
}

void
mextp_wrap_give_back(struct mext_storage *storage)
{
	const struct wrapped *w = (const struct wrapped *)storage;

	/* An index into another process's table says nothing here. */
	if (w->free_cb != NO_CALLBACK && unlikely(w->callbacks_id != callbacks_id))
		missed(w);
	else if (w->free_cb != NO_CALLBACK)
		callbacks[w->free_cb](storage->base, storage->len, w->arg1, w->arg2);
	if (w->region != NULL)
		mextp_region_drop(w->region);
}
