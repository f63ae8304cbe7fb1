/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_memory.h>

#include "dma.h"
#include "log.h"
#include "pages.h"
#include "region.h"

/** Something of EAL's that a range meets. */
static int
meets(const struct rte_memseg_list *list, void *arg)
{
	const struct fit *fit = arg;
	const uintptr_t base = (uintptr_t)list->base_va, begin = (uintptr_t)fit->addr;

	return base < begin + RTE_ALIGN_CEIL(fit->len, fit->page_size) && begin < base + list->len;
}

static int
register_with_eal(const struct region *r)
{
	size_t nb = r->mapped_len / r->page_size;
	int reason;

	if (rte_extmem_register((void *)r->begin, r->mapped_len, r->iovas, nb, r->page_size) == 0)
		return 0;
	reason = rte_errno;
	MEXT_LOG(ERR,
			"region %p: EAL does not register %zu pages of %zu bytes: %s (it has %d lists of "
			"memory in all)",
			(void *)r->begin, nb, r->page_size, rte_strerror(reason),
			RTE_MAX_MEMSEG_LISTS);
	return reason == ENOSPC || reason == EEXIST || reason == EINVAL ? -reason : -ENOMEM;
}

/** Physical addresses that are the pages' own and stay so as far as that can be had. */
static int
settle(struct region *r)
{
	if (rte_eal_iova_mode() != RTE_IOVA_VA) {
		if (mlock((void *)r->begin, r->mapped_len) < 0) {
			MEXT_LOG(ERR,
					"region %p: %zu bytes can't be locked in memory: %s; raise ulimit "
					"-l, or use --iova-mode=va",
					(void *)r->begin, r->mapped_len, strerror(errno));
			munlock((void *)r->begin, r->mapped_len); /* what was locked of it */
			return -EFAULT;
		}
		r->locked = true;
	}
	return mextp_pages_iova(
			(void *)r->begin, r->page_size, r->mapped_len / r->page_size, r->iovas);
}

/** Whether the pages are where they were before a device was told. */
static int
check_settled(const struct region *r)
{
	size_t bytes = r->mapped_len / r->page_size * sizeof(*r->iovas);
	rte_iova_t *now;
	int ret;

	if (!r->locked)
		return 0;
	now = malloc(bytes);
	if (now == NULL)
		return -ENOMEM;
	ret = mextp_pages_iova((void *)r->begin, r->page_size, r->mapped_len / r->page_size, now);
	if (ret == 0 && memcmp(now, r->iovas, bytes) != 0) {
		MEXT_LOG(ERR, "region %p: the kernel moved some of its pages: try again, or use hugepages",
				(void *)r->begin);
		ret = -EAGAIN;
	}
	free(now);
	return ret;
}

/** Empty the place of a region again. */
static void
clear(struct region *r)
{
	if (r->locked)
		munlock((void *)r->begin, r->mapped_len);
	free(r->iovas);
	mextp_region_forget(r);
	/* No bytes first, then no address: who looks meanwhile shall find none here. */
	__atomic_store_n(&r->end, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&r->begin, 0, __ATOMIC_RELEASE);
	r->iovas = NULL;
	r->locked = r->owned = r->in_container = r->unreachable = r->refused_by_vfio = r->told =
			false;
	memset(r->mapped_for, 0, sizeof(r->mapped_for));
}

/** Pages that are locked stay in memory, but not all of them in their place. */
static void
warn_of_moves(const struct region *r)
{
	/* What VFIO has pinned stays where it is, also when the process forks. */
	if (!r->locked || r->in_container)
		return;
	if (r->page_size == (size_t)sysconf(_SC_PAGESIZE))
		MEXT_LOG(WARNING,
				"region %p: in ordinary pages, which the kernel may move: NICs without an "
				"IOMMU need hugepages",
				(void *)r->begin);
	if (r->private_pages)
		MEXT_LOG(WARNING,
				"region %p: in a private mapping, of which the kernel copies pages after a "
				"fork(): NICs without an IOMMU need MAP_SHARED, or madvise() it "
				"MADV_DONTFORK",
				(void *)r->begin);
}

/** Tell everybody of a region's memory. */
static int
tell_everybody(struct region *r)
{
	int ret;

	r->iovas = malloc(r->mapped_len / r->page_size * sizeof(*r->iovas));
	if (r->iovas == NULL)
		return -ENOMEM;
	ret = settle(r);
	if (ret == 0)
		ret = register_with_eal(r);
	if (ret < 0)
		return ret;
	ret = mextp_dma_map(r);
	if (ret == 0)
		ret = check_settled(r);
	if (ret == 0) {
		warn_of_moves(r);
		return 0;
	}
	mextp_dma_unmap(r);
	rte_extmem_unregister((void *)r->begin, r->mapped_len);
	return ret;
}

static int
make(const struct fit *fit, struct mext_region **region)
{
	struct region *r;
	int ret;

	/* Before anybody sees the range, and before its pages are locked: the one that has them may be in use. */
	if (rte_memseg_list_walk(meets, (void *)(uintptr_t)fit) != 0) {
		MEXT_LOG(ERR, "region %p: some of its %zu bytes are known to EAL already",
				fit->addr, fit->len);
		return -EEXIST;
	}
	r = mextp_region_entry();
	if (r == NULL) {
		MEXT_LOG(ERR,
				"region %p: no memory to account for it, more than %d regions, or a process that "
				"this one forked has taken them",
				fit->addr, RTE_MAX_MEMSEG_LISTS);
		return -ENOMEM;
	}
	r->page_size = fit->page_size;
	r->mapped_len = RTE_ALIGN_CEIL(fit->len, fit->page_size);
	r->private_pages = fit->private_pages;
	__atomic_store_n(&r->begin, (uintptr_t)fit->addr, __ATOMIC_RELEASE);
	r->len = fit->len;
	__atomic_store_n(&r->end, (uintptr_t)fit->addr + r->mapped_len, __ATOMIC_RELEASE);
	mextp_region_announce();
	ret = tell_everybody(r);
	if (ret < 0) {
		clear(r);
		return ret;
	}
	r->owned = fit->owned;
	/* SEQ_CST: pairs with take(). */
	__atomic_store_n(&r->closed, false, __ATOMIC_SEQ_CST);
	*region = mextp_region_handle(r);
	return 0;
}

static int
refuse_others(void)
{
	if (rte_lcore_count() == 0) {
		MEXT_LOG(ERR, "regions: rte_eal_init() was not called");
		return -EPERM;
	}
	if (rte_eal_process_type() == RTE_PROC_PRIMARY && !mextp_regions_are_inherited())
		return 0;
	MEXT_LOG(ERR, "regions are the primary process's to add, close and remove, and this is not it");
	return -ENOTSUP;
}

int
mextp_region_make(const struct fit *fit, struct mext_region **region)
{
	int ret = refuse_others();

	if (ret < 0)
		return ret;
	mextp_dma_watch();
	mextp_regions_lock();
	ret = make(fit, region);
	mextp_regions_unlock();
	return ret;
}

int
mext_region_add(void *addr, size_t len, size_t page_size, struct mext_region **region)
{
	struct fit fit = { .addr = addr, .len = len };
	int ret;

	if (region == NULL || addr == NULL || len == 0 || (uintptr_t)addr > UINTPTR_MAX - len) {
		MEXT_LOG(ERR,
				"mext_region_add: addr is %p, len is %zu and region is %p, allowed is a "
				"range of whole pages and a place for the region",
				addr, len, (void *)region);
		return -EINVAL;
	}
	ret = mextp_pages_check(addr, len, &page_size, &fit.private_pages);
	if (ret < 0)
		return ret;
	fit.page_size = page_size;
	if ((uintptr_t)addr % page_size != 0 || len % page_size != 0) {
		MEXT_LOG(ERR,
				"mext_region_add: addr is %p and len is %zu, allowed are whole pages, "
				"here of %zu bytes (mmap() or aligned_alloc() gives such)",
				addr, len, page_size);
		return -EINVAL;
	}
	return mextp_region_make(&fit, region);
}

static int
remove_idle(struct region *r)
{
	void *memory = (void *)r->begin;
	size_t len = r->mapped_len;
	bool owned = r->owned, was_closed = r->closed;
	int64_t n;

	n = mextp_region_close(r);
	if (n > 0) {
		MEXT_LOG(ERR, "region %p: %" PRId64 " storages over it live, not removed", memory,
				n);
		return -EBUSY;
	}
	if (mextp_dma_unmap(r) < 0) {
		__atomic_store_n(&r->closed, was_closed, __ATOMIC_SEQ_CST);
		return -EFAULT;
	}
	if (rte_extmem_unregister(memory, len) < 0)
		MEXT_LOG(ERR, "region %p: EAL does not know it any more: %s", memory,
				rte_strerror(rte_errno));
	clear(r);
	if (owned)
		munmap(memory, len);
	return 0;
}

/** The region that a handle names. @return NULL: it is there no more, or never was; logged */
static struct region *
find(const char *caller, const struct mext_region *handle)
{
	struct region *r = mextp_region_find(handle);

	if (r == NULL)
		MEXT_LOG(ERR, "%s: there is no region %p, was it removed before?", caller,
				(const void *)handle);
	return r;
}

static void
close_region(struct region *r)
{
	if (r->closed)
		return;
	__atomic_store_n(&r->told, false, __ATOMIC_RELAXED);
	/* SEQ_CST: pairs with take(). */
	__atomic_store_n(&r->closed, true, __ATOMIC_SEQ_CST);
}

int
mext_region_close(struct mext_region *region)
{
	struct region *r;
	int ret;

	if (region == NULL)
		return 0;
	ret = refuse_others();
	if (ret < 0)
		return ret;
	mextp_regions_lock();
	r = find("mext_region_close", region);
	if (r != NULL)
		close_region(r);
	mextp_regions_unlock();
	return r != NULL ? 0 : -EINVAL;
}

int
mext_region_remove(struct mext_region *region)
{
	struct region *r;
	int ret;

	if (region == NULL)
		return 0;
	ret = refuse_others();
	if (ret < 0)
		return ret;
	mextp_regions_lock();
	r = find("mext_region_remove", region);
	ret = r != NULL ? remove_idle(r) : -EINVAL;
	mextp_regions_unlock();
	return ret;
}

int
mext_region_sync(void)
{
	int ret = refuse_others();

	if (ret < 0)
		return ret;
	mextp_dma_watch();
	mextp_regions_lock();
	ret = mextp_dma_sync();
	mextp_regions_unlock();
	return ret;
}

void *
mext_region_data(const struct mext_region *region)
{
	const struct region *r = find("mext_region_data", region);

	return r != NULL ? (void *)r->begin : NULL;
}

size_t
mext_region_len(const struct mext_region *region)
{
	const struct region *r = find("mext_region_len", region);

	return r != NULL ? r->len : 0;
}

size_t
mext_region_page_size(const struct mext_region *region)
{
	const struct region *r = find("mext_region_page_size", region);

	return r != NULL ? r->page_size : 0;
}

uint64_t
mext_region_storages(const struct mext_region *region)
{
	const struct region *r = find("mext_region_storages", region);
	int64_t n = r != NULL ? mextp_region_users(r) : 0;

	return RTE_MAX(n, 0);
}
