/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_DMA_H
#define SIM_DMA_H

/**
 * @file
 * VFIO and devices that map memory by themselves, replaced (ld --wrap) by an account of who was told to map
 * what; and ports, which are net_null's, so that they come and go as all ports do.
 */

#include "unit.h"

#define SIM_MAX_MAPS 16

struct map {
	uint64_t addr;
	uint64_t iova;
	uint64_t len;
};

/** What a device, or the container of all on VFIO, has. */
struct account {
	unsigned int n;
	struct map maps[SIM_MAX_MAPS];
	unsigned int refuse_at; /* from the n-th on maps fail, 0: none */
	int reason; /* rte_errno then */
	unsigned int calls;
	int unmap_errno; /* rte_errno at the last unmap */
};

struct sim {
	bool vfio; /* devices are on VFIO */
	bool itself; /* devices map by themselves */
	bool pci; /* devices are on the PCI bus */
	bool physical;
	unsigned int moves; /* this many answers until the pages are elsewhere, 0: never */
	struct account container;
	struct account device;
};

extern struct sim sim;

void sim_plug(const char *name);
void sim_unplug(const char *name);

#endif
