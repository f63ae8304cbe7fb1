/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_DMA_H
#define SIM_DMA_H

/**
 * @file
 * VFIO and devices that map memory by themselves, replaced (ld --wrap) by an account of who was told to map
 * what; and ports, which are net_null's, so that they come and go as all ports do.
 */

#include "world.h"

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
	unsigned int keep_at; /* the n-th unmap from now on fails, 0: none */
	int unmap_errno; /* rte_errno at the last unmap */
};

struct sim {
	bool vfio; /* devices are on VFIO */
	bool vfio_beside; /* and others are not */
	bool needs_device; /* DPDK maps in the container only through a device there */
	bool uio; /* devices are on UIO */
	bool itself; /* devices map by themselves */
	bool one_device; /* all ports are of one */
	bool pci; /* devices are on the PCI bus */
	bool physical;
	unsigned int moves; /* this many answers until the pages are elsewhere, 0: never */
	struct account container;
	struct account device;
};

extern struct sim sim;

#define SIM_PAGES 4 /* of sim_memory() */
extern size_t sim_page; /* bytes of each */

/** A test with a world of its own, without devices before and after. */
#define dma_test(f) cmocka_unit_test_setup_teardown(f, sim_set_up, sim_tear_down)
int sim_set_up(void **state);
int sim_tear_down(void **state);

/** Memory, and a region of it; both gone. */
char *sim_memory(void);
struct mext_region *sim_add(char *addr);
void sim_remove(struct mext_region *region);

/** Wrap and give back. @return what wrap says. */
int sim_try_wrap(struct world *w, void *addr, size_t len, rte_iova_t iova);

void sim_assert_map(const struct map *map, const char *addr, uint64_t iova, size_t pages);

void sim_plug(const char *name);
void sim_unplug(const char *name);

#endif
