/* SPDX-License-Identifier: BSD-3-Clause */
/* For rte_dev_dma_map(), which DPDK has not changed since 18.11, nor called stable before 26.07. */
#define ALLOW_EXPERIMENTAL_API
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include "compat.h"
#include "devices.h"
#include "dma.h"
#include "log.h"
#include "vfio_container.h"

typedef int (*dma_call_t)(struct rte_device *dev, void *addr, uint64_t iova, size_t len);

/**
 * Call on each run of pages that follow each other in IO addresses, until one fails.
 * @param end  of the range of pages
 * @return the first page of the run that failed; end if none did.
 */
static size_t
each_run(const struct region *r, size_t end, dma_call_t call, struct rte_device *dev)
{
	size_t i, first;

	for (first = 0; first < end; first = i) {
		for (i = first + 1; i < end && r->iovas[i] == r->iovas[i - 1] + r->page_size; i++)
			;
		if (call(dev, (void *)(r->begin + first * r->page_size), r->iovas[first],
				    (i - first) * r->page_size) < 0)
			return first;
	}
	return end;
}

static size_t
nb_pages(const struct region *r)
{
	return r->mapped_len / r->page_size;
}

static size_t
nb_runs(const struct region *r)
{
	size_t i, n = 1;

	for (i = 1; i < nb_pages(r); i++)
		n += r->iovas[i] != r->iovas[i - 1] + r->page_size;
	return n;
}

/** Through any device on VFIO, as they share the container; or, where DPDK allows that, without one. */
static int
vfio_map(struct rte_device *dev, void *addr, uint64_t iova, size_t len)
{
	return dev != NULL ? rte_dev_dma_map(dev, addr, iova, len)
			   : compat_vfio_map((uintptr_t)addr, iova, len);
}

static int
vfio_unmap(struct rte_device *dev, void *addr, uint64_t iova, size_t len)
{
	/*
	 * Without a device in the container the kernel has no mapping left, and says EINVAL. DPDK then looks at
	 * rte_errno, which it has not set: ENODEV there makes it forget the mapping, which it would give to
	 * the next device.
	 */
	rte_errno = mextp_vfio_in_use() ? 0 : ENODEV;
	return dev != NULL ? rte_dev_dma_unmap(dev, addr, iova, len)
			   : compat_vfio_unmap((uintptr_t)addr, iova, len);
}

/** VFIO refuses a region: log why. */
static int
refused_by_vfio(const struct region *r, int reason)
{
	if (reason == ENOMEM) {
		MEXT_LOG(ERR,
				"region %p: DPDK keeps %d mappings in all, and this region needs %zu, one "
				"for each run of contiguous pages: use hugepages, or --iova-mode=va",
				(void *)r->begin, VFIO_MAX_USER_MAPS, nb_runs(r));
		return -ENOSPC;
	}
	MEXT_LOG(ERR,
			"region %p: VFIO does not map its %zu bytes; EAL's lines above say why (often: "
			"ulimit -l is too low, or the IOMMU has too few address bits: --iova-mode=pa)",
			(void *)r->begin, r->mapped_len);
	return -EFAULT;
}

/**
 * All devices on VFIO share one container: map what is not mapped there yet, if it is in use.
 * @return 0; -ENOSPC, -EFAULT: logged; -ENOTSUP: this DPDK needs a device, and none that is known is there.
 */
static int
map_in_container(struct region *r)
{
	struct rte_device *dev = mextp_device_on_vfio(RTE_MAX_ETHPORTS);
	size_t done;
	int reason;

	if (r->in_container || !mextp_vfio_in_use())
		return 0;
	if (dev == NULL && mextp_vfio_needs_device())
		return -ENOTSUP;
	rte_errno = 0;
	done = each_run(r, nb_pages(r), vfio_map, dev);
	reason = rte_errno;
	if (done == nb_pages(r)) {
		r->in_container = true;
		__atomic_store_n(&r->refused_by_vfio, false, __ATOMIC_RELAXED);
		return 0;
	}
	each_run(r, done, vfio_unmap, dev);
	/* ENODEV: what is on VFIO is in a container of the application's own, or not there yet. */
	return reason == ENODEV ? 0 : refused_by_vfio(r, reason);
}

static int
unmap_in_container(struct region *r)
{
	struct rte_device *dev = mextp_device_on_vfio(RTE_MAX_ETHPORTS);
	size_t done;

	if (!r->in_container)
		return 0;
	done = each_run(r, nb_pages(r), vfio_unmap, dev);
	if (done == nb_pages(r)) {
		r->in_container = false;
		return 0;
	}
	MEXT_LOG(ERR, "region %p: VFIO does not let go of it, see EAL's lines above",
			(void *)r->begin);
	if (each_run(r, done, vfio_map, dev) < done)
		__atomic_store_n(&r->unreachable, true, __ATOMIC_RELAXED);
	return -EFAULT;
}

/** Map a region for a device by its first port, if it maps by itself. */
static int
map_for_device(struct region *r, uint16_t port)
{
	struct rte_device *dev = mextp_device_beside_vfio(port);
	size_t done;

	if (dev == NULL || mextp_device_first_port(dev) != port || r->mapped_for[port])
		return 0;
	rte_errno = 0;
	done = each_run(r, nb_pages(r), rte_dev_dma_map, dev);
	if (done == nb_pages(r)) {
		r->mapped_for[port] = true;
		return 0;
	}
	if (rte_errno == ENOTSUP)
		return 0;
	MEXT_LOG(ERR, "region %p: %s does not map its %zu bytes: %s", (void *)r->begin,
			rte_dev_name(dev), r->mapped_len, rte_strerror(rte_errno));
	each_run(r, done, rte_dev_dma_unmap, dev);
	return -EFAULT;
}

/** Take a region back from a device; if it keeps some, it has all of it again. */
static int
unmap_for_device(struct region *r, uint16_t port)
{
	struct rte_device *dev = mextp_device_of(port);
	size_t done = each_run(r, nb_pages(r), rte_dev_dma_unmap, dev);

	if (done == nb_pages(r)) {
		r->mapped_for[port] = false;
		return 0;
	}
	MEXT_LOG(ERR, "region %p: %s does not let go of it: %s", (void *)r->begin,
			rte_dev_name(dev), rte_strerror(rte_errno));
	each_run(r, done, rte_dev_dma_map, dev);
	return -EFAULT;
}

static int
unmap_for_devices(struct region *r)
{
	int ret = 0;
	uint16_t port;

	for (port = 0; port < RTE_MAX_ETHPORTS && ret == 0; port++)
		if (r->mapped_for[port])
			ret = unmap_for_device(r, port);
	return ret;
}

static int
map_everywhere(struct region *r)
{
	int ret = map_in_container(r);
	uint16_t port;

	if (ret == -ENOTSUP) /* no port is there that would read it */
		ret = 0;
	for (port = 0; port < RTE_MAX_ETHPORTS && ret == 0; port++)
		ret = map_for_device(r, port);
	return ret;
}

int
mextp_dma_map(struct region *region)
{
	mextp_devices_look(RTE_MAX_ETHPORTS);
	return map_everywhere(region);
}

int
mextp_dma_unmap(struct region *region)
{
	int ret = unmap_for_devices(region);

	/* Some devices have it no longer, others still do: it must not be sent from. */
	if (ret < 0)
		__atomic_store_n(&region->unreachable, true, __ATOMIC_RELAXED);
	return ret == 0 ? unmap_in_container(region) : ret;
}

static void
give(struct region *r, void *result)
{
	int ret = map_everywhere(r);

	__atomic_store_n(&r->unreachable, ret < 0, __ATOMIC_RELAXED);
	if (ret < 0)
		*(int *)result = ret;
}

int
mextp_dma_sync(void)
{
	int ret = 0;

	mextp_devices_look(RTE_MAX_ETHPORTS);
	mextp_region_each(give, &ret);
	return ret;
}

static void
give_to_container(struct region *r, void *arg __rte_unused)
{
	int ret = map_in_container(r);

	if (ret == -ENOTSUP)
		MEXT_LOG(NOTICE,
				"region %p: a device on VFIO comes, for which this DPDK maps only when it is "
				"there: mext_region_sync() then",
				(void *)r->begin);
	__atomic_store_n(&r->refused_by_vfio, ret < 0, __ATOMIC_RELAXED);
}

/** A port is about to appear. What device it has open can be seen already. */
static int
port_comes(uint16_t port __rte_unused, enum rte_eth_event_type event __rte_unused,
		void *arg __rte_unused, void *ret __rte_unused)
{
	mextp_regions_lock();
	mextp_devices_note();
	mextp_region_each(give_to_container, NULL);
	mextp_regions_unlock();
	return 0;
}

/** What a device had mapped itself goes with it, unless another port of it stays. */
static void
hand_over(struct region *r, void *arg)
{
	uint16_t port = *(const uint16_t *)arg, other;
	bool mapped = r->mapped_for[port];

	r->mapped_for[port] = false;
	for (other = 0; mapped && other < RTE_MAX_ETHPORTS; other++) {
		if (other != port && mextp_device_of(other) == mextp_device_of(port)) {
			r->mapped_for[other] = true;
			return;
		}
	}
}

static void
take_from_container(struct region *r, void *arg __rte_unused)
{
	unmap_in_container(r);
}

/** Whether a port is the last on VFIO. Without one, DPDK would keep what is mapped for the next. */
static bool
is_last_on_vfio(uint16_t going)
{
	mextp_devices_look(going);
	return mextp_device_on_vfio(RTE_MAX_ETHPORTS) != NULL &&
	       mextp_device_on_vfio(going) == NULL;
}

static int
port_goes(uint16_t port, enum rte_eth_event_type event __rte_unused, void *arg __rte_unused,
		void *ret __rte_unused)
{
	mextp_regions_lock();
	if (mextp_device_of(port) != NULL) {
		mextp_region_each(hand_over, &port);
		if (mextp_vfio_needs_device() && is_last_on_vfio(port))
			mextp_region_each(take_from_container, NULL);
		mextp_devices_forget(port);
	}
	mextp_regions_unlock();
	return 0;
}

void
mextp_dma_watch(void)
{
	static bool watching;

	if (likely(__atomic_load_n(&watching, __ATOMIC_ACQUIRE)))
		return;
	mextp_regions_lock();
	mextp_regions_are_of_this_process();
	if (!watching) {
		mextp_devices_look(RTE_MAX_ETHPORTS);
		if (rte_eth_dev_callback_register(
				    RTE_ETH_ALL, RTE_ETH_EVENT_NEW, port_comes, NULL) == 0 &&
				rte_eth_dev_callback_register(RTE_ETH_ALL, RTE_ETH_EVENT_DESTROY,
						port_goes, NULL) == 0)
			__atomic_store_n(&watching, true, __ATOMIC_RELEASE);
		else
			MEXT_LOG(ERR, "ethdev does not tell of ports that come and go: they will lack "
				      "the regions there are");
	}
	mextp_regions_unlock();
}
