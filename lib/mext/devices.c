/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_ethdev.h>

#include "devices.h"
#include "vfio_container.h"

/** Who reads memory by DMA, as far as has been seen: bits of needed. */
#define NEEDED_FOR_VFIO UINT32_C(1) /* what is on it behind an IOMMU */
#define NEEDED_FOR_PHYSICAL UINT32_C(2) /* what is on UIO, or on VFIO without an IOMMU */
#define NEEDED_FOR_OTHERS UINT32_C(4) /* ports that are not on VFIO, nor made of software */
static uint32_t needed;

static struct {
	struct rte_device *dev; /* NULL: none that is known */
	bool on_vfio;
	bool reads_itself;
} ports[RTE_MAX_ETHPORTS];

void
mextp_devices_note(void)
{
	/* Without an IOMMU too: memory that is in no region moves when the kernel likes. */
	uint32_t seen = (mextp_vfio_in_use() ? NEEDED_FOR_VFIO : 0) |
			(mextp_physical_in_use() ? NEEDED_FOR_PHYSICAL : 0);
	uint16_t port;

	for (port = 0; port < RTE_MAX_ETHPORTS; port++)
		if (ports[port].reads_itself)
			seen |= NEEDED_FOR_OTHERS;
	__atomic_store_n(&needed, seen, __ATOMIC_RELAXED);
}

void
mextp_devices_look(uint16_t going)
{
	struct rte_eth_dev_info info;
	uint16_t port;
	bool software;

	for (port = rte_eth_find_next(0); port < RTE_MAX_ETHPORTS;
			port = rte_eth_find_next(port + 1)) {
		if (port == going || rte_eth_dev_info_get(port, &info) < 0 || info.device == NULL)
			continue;
		ports[port].dev = info.device;
		ports[port].on_vfio = mextp_vfio_has(info.device);
		software = strcmp(rte_bus_name(rte_dev_bus(info.device)), "vdev") == 0;
		ports[port].reads_itself = !ports[port].on_vfio && !software;
	}
	mextp_devices_note();
}

void
mextp_devices_forget(uint16_t port)
{
	memset(&ports[port], 0, sizeof(ports[port]));
	mextp_devices_note();
}

struct rte_device *
mextp_device_of(uint16_t port)
{
	return ports[port].dev;
}

struct rte_device *
mextp_device_beside_vfio(uint16_t port)
{
	return ports[port].on_vfio ? NULL : ports[port].dev;
}

struct rte_device *
mextp_device_on_vfio(uint16_t but)
{
	uint16_t port;

	for (port = 0; port < RTE_MAX_ETHPORTS; port++)
		if (port != but && ports[port].on_vfio)
			return ports[port].dev;
	return NULL;
}

uint16_t
mextp_device_first_port(const struct rte_device *dev)
{
	uint16_t port;

	for (port = 0; port < RTE_MAX_ETHPORTS && ports[port].dev != dev; port++)
		;
	return port;
}

bool
mextp_dma_needed(void)
{
	return __atomic_load_n(&needed, __ATOMIC_RELAXED) != 0;
}

bool
mextp_dma_needed_still(void)
{
	uint32_t seen = __atomic_load_n(&needed, __ATOMIC_RELAXED);

	/* Ports are seen to go; a device that they leave open may be closed later. */
	if ((seen & NEEDED_FOR_VFIO) != 0 && !mextp_vfio_in_use())
		__atomic_fetch_and(&needed, ~NEEDED_FOR_VFIO, __ATOMIC_RELAXED);
	if ((seen & NEEDED_FOR_PHYSICAL) != 0 && !mextp_physical_in_use())
		__atomic_fetch_and(&needed, ~NEEDED_FOR_PHYSICAL, __ATOMIC_RELAXED);
	return mextp_dma_needed();
}
