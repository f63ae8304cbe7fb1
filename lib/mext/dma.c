/* SPDX-License-Identifier: BSD-3-Clause */
/* For rte_dev_dma_map(), which DPDK has not changed since 18.11, nor called stable before 26.07. */
#define ALLOW_EXPERIMENTAL_API
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include <rte_alarm.h>
#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_vfio.h>

#include "dma.h"
#include "log.h"
#include "vfio_container.h"

/** Devices, each once. */
struct devices {
	unsigned int n;
	struct rte_device *dev[RTE_MAX_ETHPORTS];
};

/** Set by the last look at the ports: some read memory by DMA. */
static bool needed;
/** Devices that map memory by themselves, outside the VFIO container, and have every region. */
static struct devices ready;

static bool
is_virtual(const struct rte_device *dev)
{
	return strcmp(rte_bus_name(rte_dev_bus(dev)), "vdev") == 0;
}

static bool
contains(const struct devices *devices, const struct rte_device *dev)
{
	unsigned int i;

	for (i = 0; i < devices->n && devices->dev[i] != dev; i++)
		;
	return i < devices->n;
}

/** The devices of all ports, also of those that belong to another one, as a bond's. */
static void
find_devices(struct devices *found)
{
	struct rte_eth_dev_info info;
	uint16_t port;

	found->n = 0;
	for (port = rte_eth_find_next(0); port < RTE_MAX_ETHPORTS;
			port = rte_eth_find_next(port + 1))
		if (rte_eth_dev_info_get(port, &info) == 0 && info.device != NULL &&
				!contains(found, info.device))
			found->dev[found->n++] = info.device;
}

typedef int (*dma_call_t)(struct rte_device *dev, void *addr, uint64_t iova, size_t len);

/**
 * Call on each run of pages that follow each other in IO addresses, until one fails.
 * @param end  of the range of pages
 * @return the first page of the run that failed; end if none did.
 */
static size_t
each_run(const struct mext_region *r, size_t end, dma_call_t call, struct rte_device *dev)
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
nb_pages(const struct mext_region *r)
{
	return r->mapped_len / r->page_size;
}

static size_t
nb_runs(const struct mext_region *r)
{
	size_t i, n = 1;

	for (i = 1; i < nb_pages(r); i++)
		n += r->iovas[i] != r->iovas[i - 1] + r->page_size;
	return n;
}

static int
refused(const struct mext_region *r, const char *by)
{
	if (rte_errno == ENOMEM) {
		MEXT_LOG(ERR,
				"region %p: DPDK keeps %d mappings in all, and this region needs %zu, one "
				"for each run of contiguous pages: use hugepages, or --iova-mode=va",
				(void *)r->begin, VFIO_MAX_USER_MAPS, nb_runs(r));
		return -ENOSPC;
	}
	MEXT_LOG(ERR,
			"region %p: %s does not map its %zu bytes; EAL's lines above say why (often: "
			"ulimit -l is too low, or the IOMMU has too few address bits: --iova-mode=pa)",
			(void *)r->begin, by, r->mapped_len);
	return -EFAULT;
}

/**
 * Map all of a region, or nothing.
 * @return 0; 1: the device needs no mapping of its own; -ENOSPC, -EFAULT: logged.
 */
static int
map(struct mext_region *r, dma_call_t call, dma_call_t undo, struct rte_device *dev)
{
	size_t done;
	int ret;

	rte_errno = 0;
	done = each_run(r, nb_pages(r), call, dev);
	if (done == nb_pages(r))
		return 0;
	if (dev != NULL && rte_errno == ENOTSUP)
		return 1;
	ret = refused(r, dev != NULL ? rte_dev_name(dev) : "VFIO");
	each_run(r, done, undo, dev);
	return ret;
}

static int
vfio_map(struct rte_device *dev __rte_unused, void *addr, uint64_t iova, size_t len)
{
	return rte_vfio_container_dma_map(
			RTE_VFIO_DEFAULT_CONTAINER_FD, (uintptr_t)addr, iova, len);
}

static int
vfio_unmap(struct rte_device *dev __rte_unused, void *addr, uint64_t iova, size_t len)
{
	/*
	 * Without a device in the container the kernel has no mapping left, and says EINVAL. DPDK then looks at
	 * rte_errno, which it has not set: ENODEV there makes it forget the mapping, which it would give to
	 * the next device.
	 */
	rte_errno = mextp_vfio_in_use() ? 0 : ENODEV;
	return rte_vfio_container_dma_unmap(
			RTE_VFIO_DEFAULT_CONTAINER_FD, (uintptr_t)addr, iova, len);
}

/** All devices on VFIO share one container: map what is not mapped there yet. */
static int
map_in_container(struct mext_region *r)
{
	int ret;

	if (r->in_container || !mextp_vfio_in_use())
		return 0;
	ret = map(r, vfio_map, vfio_unmap, NULL);
	r->in_container = ret == 0;
	return ret;
}

static int
unmap_in_container(struct mext_region *r)
{
	if (!r->in_container)
		return 0;
	if (each_run(r, nb_pages(r), vfio_unmap, NULL) < nb_pages(r)) {
		MEXT_LOG(ERR, "region %p: VFIO does not let go of it, see EAL's lines above",
				(void *)r->begin);
		return -EFAULT;
	}
	r->in_container = false;
	return 0;
}

static void
unmap_for_devices(struct mext_region *r, const struct devices *devices)
{
	unsigned int i;

	/* A device that fails to let go is told of in its driver's lines; the others shall. */
	for (i = 0; i < devices->n; i++)
		each_run(r, nb_pages(r), rte_dev_dma_unmap, devices->dev[i]);
}

/** Map a region for those of the devices that map by themselves; they are collected. */
static int
map_for_devices(struct mext_region *r, const struct devices *devices, struct devices *done)
{
	unsigned int i;
	int ret;

	done->n = 0;
	for (i = 0; i < devices->n; i++) {
		if (mextp_vfio_has(devices->dev[i]))
			continue;
		ret = map(r, rte_dev_dma_map, rte_dev_dma_unmap, devices->dev[i]);
		if (ret < 0) {
			unmap_for_devices(r, done);
			return ret;
		}
		if (ret == 0)
			done->dev[done->n++] = devices->dev[i];
	}
	return 0;
}

static void
give_to_container(struct mext_region *r, void *arg __rte_unused)
{
	r->unreachable = map_in_container(r) < 0;
}

struct newcomers {
	struct devices devices;
	struct devices done; /* those that took the last region */
};

static void
give_to_newcomers(struct mext_region *r, void *arg)
{
	struct newcomers *new = arg;

	if (map_for_devices(r, &new->devices, &new->done) < 0)
		r->unreachable = true;
}

/** Look at the ports there are: give the regions to those that came, forget those that went. */
static void
look(void)
{
	struct devices present;
	struct newcomers new = { 0 };
	unsigned int i, kept = 0;
	bool dma = mextp_vfio_in_use();

	find_devices(&present);
	for (i = 0; i < ready.n; i++)
		if (contains(&present, ready.dev[i]))
			ready.dev[kept++] = ready.dev[i];
	ready.n = kept;
	for (i = 0; i < present.n; i++) {
		dma |= !is_virtual(present.dev[i]);
		if (!contains(&ready, present.dev[i]))
			new.devices.dev[new.devices.n++] = present.dev[i];
	}
	__atomic_store_n(&needed, dma, __ATOMIC_RELAXED);
	mextp_region_each(give_to_container, NULL);
	mextp_region_each(give_to_newcomers, &new);
	for (i = 0; i < new.done.n; i++)
		ready.dev[ready.n++] = new.done.dev[i];
}

int
mextp_dma_map(struct mext_region *region)
{
	struct devices present, done;
	unsigned int i;
	int ret;

	look();
	ret = map_in_container(region);
	if (ret < 0)
		return ret;
	find_devices(&present);
	ret = map_for_devices(region, &present, &done);
	if (ret < 0) {
		unmap_in_container(region);
		return ret;
	}
	for (i = 0; i < done.n; i++)
		if (!contains(&ready, done.dev[i]))
			ready.dev[ready.n++] = done.dev[i];
	return 0;
}

int
mextp_dma_unmap(struct mext_region *region)
{
	int ret;

	look();
	ret = unmap_in_container(region);
	if (ret == 0)
		unmap_for_devices(region, &ready);
	return ret;
}

static void
look_later(void *arg __rte_unused)
{
	mextp_regions_lock();
	look();
	mextp_regions_unlock();
}

/** A port is about to appear, or to go. ethdev tells nothing of it now, but what is on VFIO can be seen. */
static int
port_event(uint16_t port __rte_unused, enum rte_eth_event_type event __rte_unused,
		void *arg __rte_unused, void *ret __rte_unused)
{
	mextp_regions_lock();
	if (mextp_vfio_in_use())
		__atomic_store_n(&needed, true, __ATOMIC_RELAXED);
	mextp_region_each(give_to_container, NULL);
	mextp_regions_unlock();
	if (rte_eal_alarm_set(1, look_later, NULL) < 0)
		MEXT_LOG(ERR, "no alarm for a port that comes or goes: a device that maps memory by "
			      "itself lacks the regions there are");
	return 0;
}

static void
watch(void)
{
	if (rte_eth_dev_callback_register(RTE_ETH_ALL, RTE_ETH_EVENT_NEW, port_event, NULL) < 0 ||
			rte_eth_dev_callback_register(
					RTE_ETH_ALL, RTE_ETH_EVENT_DESTROY, port_event, NULL) < 0)
		MEXT_LOG(ERR, "ethdev does not tell of ports that are plugged in later: they will lack "
			      "the regions there are");
	look_later(NULL);
}

void
mextp_dma_watch(void)
{
	static pthread_once_t watched = PTHREAD_ONCE_INIT;

	pthread_once(&watched, watch);
}

bool
mextp_dma_needed(void)
{
	mextp_dma_watch();
	return __atomic_load_n(&needed, __ATOMIC_RELAXED);
}
