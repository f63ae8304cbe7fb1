/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DMA_H
#define DMA_H

/**
 * @file
 * Mapping regions for devices that read memory by themselves (DMA), and knowing whether there are any.
 * For map and unmap the caller has the lock of the regions.
 */

#include <stdbool.h>

#include "region.h"

/** From now on, know of ports that come and go. May be called often, by any thread. */
void mextp_dma_watch(void);

/** Whether some port reads memory by DMA, so that memory unknown to EAL can't be sent. Any thread. */
bool mextp_dma_needed(void);

/**
 * Map a region for all devices that there are.
 * @return 0; -ENOSPC, -EFAULT: logged, nothing is mapped.
 */
int mextp_dma_map(struct mext_region *region);

/** Take it back. @return 0; -EFAULT: logged, it is still mapped. */
int mextp_dma_unmap(struct mext_region *region);

#endif
