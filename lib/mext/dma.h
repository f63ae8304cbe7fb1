/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DMA_H
#define DMA_H

/**
 * @file
 * Mapping regions for devices that read memory by themselves (DMA).
 * For map, unmap and sync the caller has the lock of the regions.
 */

#include "region.h"

/** From now on, know of ports that come and go. May be called often, by any thread. */
void mextp_dma_watch(void);

/**
 * Map a region for all devices that there are.
 * @return 0; -ENOSPC, -EFAULT: logged, some may have it: mextp_dma_unmap().
 */
int mextp_dma_map(struct region *region);

/** Take it back from those that have it. @return 0; -EFAULT: logged, some have it still. */
int mextp_dma_unmap(struct region *region);

/** Map all regions for all devices that there are. @return 0; -ENOSPC, -EFAULT: logged. */
int mextp_dma_sync(void);

#endif
