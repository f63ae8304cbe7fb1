/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_memory.h>

#include <mext_storage.h>

#include "devices.h"
#include "iova.h"
#include "log.h"
#include "pool.h"
#include "ref.h"
#include "region.h"
#include "storage.h"

/* The application's callback functions. Entries are only ever added, NULL are not there yet. */
#define MAX_CALLBACKS 255
static mext_free_cb_t callbacks[MAX_CALLBACKS];

/** Stands for "nobody to call". */
#define NO_CALLBACK MAX_CALLBACKS

/**
 * Where the number stands that says which process's table this is; NULL: nothing has been wrapped yet. Drawn:
 * pids will not do, as containers each have a 1. In a page of its own that the kernel clears in a child, by
 * whatever call that is forked: so it costs no more than a load to know that this is another process.
 */
static uint64_t *id_page;

/** @return the table's number; 0: nothing has been wrapped in this process yet. */
static inline uint64_t
table_id(void)
{
	/* Acquire: pairs with the release in make_id_page(). */
	const uint64_t *page = __atomic_load_n(&id_page, __ATOMIC_ACQUIRE);

	return likely(page != NULL) ? __atomic_load_n(page, __ATOMIC_RELAXED) : 0;
}

/** @return NULL: the kernel has no such page to give, logged. */
static uint64_t *
make_id_page(void)
{
	const size_t size = sysconf(_SC_PAGESIZE);
	uint64_t *page, *before = NULL;

	page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED || madvise(page, size, MADV_WIPEONFORK) < 0) {
		MEXT_LOG(ERR, "mext_storage_wrap: no page that forked processes find cleared: %s",
				strerror(errno));
		if (page != MAP_FAILED)
			munmap(page, size);
		return NULL;
	}
	/* Release: pairs with the acquire in table_id(). Acquire: with the release of who was faster. */
	if (__atomic_compare_exchange_n(
			    &id_page, &before, page, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return page;
	munmap(page, size);
	return before;
}

/** The table's number, drawn by the first that wraps. @return 0; -ENOMEM, logged */
static __rte_noinline int
draw_table_id(uint64_t *id)
{
	uint64_t *page = __atomic_load_n(&id_page, __ATOMIC_ACQUIRE), drawn;

	if (page == NULL)
		page = make_id_page();
	if (page == NULL)
		return -ENOMEM;
	if (getentropy(&drawn, sizeof(drawn)) < 0)
		drawn = rte_rdtsc();
	drawn |= 1; /* never 0 */
	*id = 0;
	if (__atomic_compare_exchange_n(page, id, drawn, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		*id = drawn;
	return 0;
}

/** The index of a callback in the table. Without a lock, which a fork could leave locked for ever. */
static uint32_t
enter_callback(mext_free_cb_t cb)
{
	mext_free_cb_t there;
	uint32_t i;

	for (i = 0; i < MAX_CALLBACKS; i++) {
		there = __atomic_load_n(&callbacks[i], __ATOMIC_RELAXED);
		if (there == NULL && __atomic_compare_exchange_n(&callbacks[i], &there, cb, false,
						     __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			break;
		if (there == cb)
			break;
	}
	return i;
}

/** Where a callback is in which table. @return 0; -ENOSPC: the table is full; -ENOMEM: there is none */
static int
intern_callback(mext_free_cb_t cb, uint32_t *index, uint64_t *id)
{
	*index = NO_CALLBACK;
	*id = table_id();
	if (cb == NULL)
		return 0;
	if (unlikely(*id == 0) && draw_table_id(id) < 0)
		return -ENOMEM;
	*index = enter_callback(cb);
	if (likely(*index != NO_CALLBACK))
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

/**
 * Where IO addresses are physical ones, that of memory which is in no region is its page's of now. No port there is
 * reads it by itself, but one that is plugged in later would.
 */
static void
warn_of_stale_iova(const struct mext_wrap *wrap)
{
	static uint8_t warned;

	if (likely(rte_eal_iova_mode() == RTE_IOVA_VA) ||
			__atomic_load_n(&warned, __ATOMIC_RELAXED) != 0 ||
			is_known(wrap->addr, wrap->len) ||
			__atomic_exchange_n(&warned, 1, __ATOMIC_RELAXED) != 0)
		return;
	MEXT_LOG(WARNING,
			"mext_storage_wrap: %p, %zu bytes, is in no region: its physical address is another "
			"one when the kernel moves or copies the page (fork, swapping), so no NIC may "
			"send it: mext_region_add() it (said once)",
			wrap->addr, wrap->len);
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
		if (ret < 0 || *region != NULL || wrap->iova != 0)
			return ret;
		if (likely(!mextp_dma_needed())) {
			warn_of_stale_iova(wrap);
			return 0;
		}
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
	uint64_t id;
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
	ret = intern_callback(wrap->free_cb, &index, &id);
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
	w->callbacks_id = id;
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
	if (w->free_cb != NO_CALLBACK && unlikely(w->callbacks_id != table_id()))
		missed(w);
	else if (w->free_cb != NO_CALLBACK)
		callbacks[w->free_cb](storage->base, storage->len, w->arg1, w->arg2);
	if (w->region != NULL)
		mextp_region_drop(w->region);
}
