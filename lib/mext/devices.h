/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DEVICES_H
#define DEVICES_H

/**
 * @file
 * The devices behind ports, as far as is known, and whether some of them read memory by themselves (DMA).
 * But for the two questions whether that is so, the caller has the lock of the regions.
 */

#include <stdbool.h>
#include <stdint.h>

struct rte_device;

/**
 * Learn which ports there are, those of another one (a bond's) included, when the application calls: ethdev tells
 * nothing of a port while it comes or goes, and other threads may not ask then.
 * @param going  a port that is not looked at, as it goes; RTE_MAX_ETHPORTS: none
 */
void mextp_devices_look(uint16_t going);

/** Note who reads memory by itself: the ports that are known, and what this process has open. */
void mextp_devices_note(void);

/** A port is gone. */
void mextp_devices_forget(uint16_t port);

/** The device of a port; NULL: none is known. */
struct rte_device *mextp_device_of(uint16_t port);

/** The same, unless it is on VFIO: then NULL. */
struct rte_device *mextp_device_beside_vfio(uint16_t port);

/** Any device on VFIO but that of a port (RTE_MAX_ETHPORTS: but none); NULL: none is known, though one may be there. */
struct rte_device *mextp_device_on_vfio(uint16_t but);

/** The first port of a device: a device may have several. */
uint16_t mextp_device_first_port(const struct rte_device *dev);

/** Whether some port reads memory by DMA, so that memory unknown to EAL can't be sent. Any thread. */
bool mextp_dma_needed(void);

/** The same, looked at once more: slow, for those who are about to refuse something. Any thread. */
bool mextp_dma_needed_still(void);

#endif
