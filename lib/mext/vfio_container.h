/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIO_CONTAINER_H
#define VFIO_CONTAINER_H

/**
 * @file
 * The VFIO container that all devices on vfio-pci share: DPDK's default one. And which devices are behind an
 * IOMMU at all: those that this process has open tell, as ethdev does not show a port yet while it is being
 * plugged in.
 */

#include <stdbool.h>

struct rte_device;

/** User mappings that DPDK keeps: VFIO_MAX_USER_MEM_MAPS of its eal_vfio.c. */
#define VFIO_MAX_USER_MAPS 256

/** Whether this process has a device on VFIO behind an IOMMU, of any kind: its group, or the device itself, is open. */
bool mextp_vfio_in_use(void);

/** Whether it has one that reads physical addresses: on UIO, or on VFIO without an IOMMU. */
bool mextp_physical_in_use(void);

/** Whether this DPDK maps in the container only where it is given a device there, once that was probed. */
bool mextp_vfio_needs_device(void);

/**
 * Whether the kernel driver of a device is vfio-pci: what it can read is what the container has, if it is behind
 * an IOMMU.
 */
bool mextp_vfio_has(const struct rte_device *dev);

#endif
