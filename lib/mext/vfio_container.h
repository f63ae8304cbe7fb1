/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIO_CONTAINER_H
#define VFIO_CONTAINER_H

/** @file The VFIO container that all devices on vfio-pci share: DPDK's default one. */

#include <stdbool.h>

struct rte_device;

/** User mappings that DPDK keeps: VFIO_MAX_USER_MEM_MAPS of its eal_vfio.c. */
#define VFIO_MAX_USER_MAPS 256

/**
 * Whether this process has a device on VFIO, of any kind: then it has the device's group open. (ethdev
 * does not show a port yet while it is being plugged in.)
 */
bool mextp_vfio_in_use(void);

/** Whether the kernel driver of a device is vfio-pci: what it can read is what the container has. */
bool mextp_vfio_has(const struct rte_device *dev);

#endif
