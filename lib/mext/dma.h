/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DMA_H
#define DMA_H

/**
 * @file
 * Mapping regions for devices that read memory by themselves (DMA), and knowing whether there are any.
 * For map, unmap and sync the caller has the lock of the regions.
 */

#include <stdbool.h>

#include "region.h"

/** From now on, know of ports that come and go. May be called often, by any thread. */
void mextp_dma_watch(void);

/** Whether some port reads memory by DMA, so that memory unknown to EAL can't be sent. Any thread. */
bool mextp_dma_needed(void);

/** The same, looked at once more: slow, for those who are about to refuse something. Any thread. */
bool mextp_dma_needed_still(void);

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
