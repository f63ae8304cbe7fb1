/* SPDX-License-Identifier: BSD-3-Clause */
#include <sys/mman.h>
#include <unistd.h>

#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_memory.h>
#include <rte_vfio.h>

#include "sim_dma.h"

struct sim sim;
size_t sim_page;

bool __wrap_mextp_vfio_in_use(void);
bool __wrap_mextp_physical_in_use(void);
bool __wrap_mextp_vfio_needs_device(void);
bool __wrap_mextp_vfio_has(const struct rte_device *dev);
int __wrap_rte_vfio_container_dma_map(int fd, uint64_t addr, uint64_t iova, uint64_t len);
int __wrap_rte_vfio_container_dma_unmap(int fd, uint64_t addr, uint64_t iova, uint64_t len);
int __wrap_rte_dev_dma_map(struct rte_device *dev, void *addr, uint64_t iova, size_t len);
int __wrap_rte_dev_dma_unmap(struct rte_device *dev, void *addr, uint64_t iova, size_t len);
const char *__wrap_rte_bus_name(const struct rte_bus *bus);
int __real_rte_eth_dev_info_get(uint16_t port, struct rte_eth_dev_info *info);
int __wrap_rte_eth_dev_info_get(uint16_t port, struct rte_eth_dev_info *info);
enum rte_iova_mode __real_rte_eal_iova_mode(void);
enum rte_iova_mode __wrap_rte_eal_iova_mode(void);
int __wrap_mextp_pages_iova(const void *addr, size_t page_size, size_t nb, rte_iova_t *iovas);

bool
__wrap_mextp_vfio_in_use(void)
{
	return sim.vfio || sim.vfio_beside;
}

bool
__wrap_mextp_physical_in_use(void)
{
	return sim.uio;
}

bool
__wrap_mextp_vfio_needs_device(void)
{
	return sim.needs_device;
}

bool
__wrap_mextp_vfio_has(const struct rte_device *dev __rte_unused)
{
	return sim.vfio;
}

static int
account_map(struct account *a, uint64_t addr, uint64_t iova, uint64_t len)
{
	assert_true(a->n < SIM_MAX_MAPS);
	if (++a->calls >= a->refuse_at && a->refuse_at > 0) {
		rte_errno = a->reason;
		return -1;
	}
	a->maps[a->n++] = (struct map){ addr, iova, len };
	return 0;
}

static int
account_unmap(struct account *a, uint64_t addr, uint64_t iova, uint64_t len)
{
	unsigned int i;

	a->unmap_errno = rte_errno;
	if (a->keep_at > 0 && --a->keep_at == 0)
		return -1;
	for (i = 0; i < a->n; i++) {
		if (a->maps[i].addr == addr && a->maps[i].iova == iova && a->maps[i].len == len) {
			a->maps[i] = a->maps[--a->n];
			return 0;
		}
	}
	fail_msg("unmapped what was not mapped: %#lx", (unsigned long)addr);
	return -1;
}

int
__wrap_rte_vfio_container_dma_map(int fd, uint64_t addr, uint64_t iova, uint64_t len)
{
	assert_int_equal(fd, RTE_VFIO_DEFAULT_CONTAINER_FD);
	assert_false(sim.needs_device);
	return account_map(&sim.container, addr, iova, len);
}

int
__wrap_rte_vfio_container_dma_unmap(int fd, uint64_t addr, uint64_t iova, uint64_t len)
{
	assert_int_equal(fd, RTE_VFIO_DEFAULT_CONTAINER_FD);
	assert_false(sim.needs_device);
	return account_unmap(&sim.container, addr, iova, len);
}

int
__wrap_rte_dev_dma_map(struct rte_device *dev __rte_unused, void *addr, uint64_t iova, size_t len)
{
	if (sim.vfio)
		return account_map(&sim.container, (uintptr_t)addr, iova, len);
	if (!sim.itself) {
		rte_errno = ENOTSUP;
		return -1;
	}
	return account_map(&sim.device, (uintptr_t)addr, iova, len);
}

int
__wrap_rte_dev_dma_unmap(struct rte_device *dev __rte_unused, void *addr, uint64_t iova, size_t len)
{
	if (sim.vfio)
		return account_unmap(&sim.container, (uintptr_t)addr, iova, len);
	return account_unmap(&sim.device, (uintptr_t)addr, iova, len);
}

const char *
__wrap_rte_bus_name(const struct rte_bus *bus __rte_unused)
{
	return sim.pci ? "pci" : "vdev";
}

int
__wrap_rte_eth_dev_info_get(uint16_t port, struct rte_eth_dev_info *info)
{
	static struct rte_device *first;
	int ret = __real_rte_eth_dev_info_get(port, info);

	if (ret < 0 || !sim.one_device) {
		first = NULL;
		return ret;
	}
	if (first == NULL)
		first = info->device;
	info->device = first;
	return ret;
}

enum rte_iova_mode
__wrap_rte_eal_iova_mode(void)
{
	return sim.physical ? RTE_IOVA_PA : __real_rte_eal_iova_mode();
}

/** Virtual addresses, or pages 0 and 1 in a row, 2 and 3 apart. */
int
__wrap_mextp_pages_iova(const void *addr, size_t page_size, size_t nb, rte_iova_t *iovas)
{
	size_t i;

	for (i = 0; i < nb; i++)
		iovas[i] = sim.physical ? 0x10000000 + (i < 2 ? i : 10 * i) * page_size
					: (uintptr_t)addr + i * page_size;
	if (sim.moves > 0 && --sim.moves == 0)
		iovas[0] = 0x70000000;
	return 0;
}

void
sim_plug(const char *name)
{
	assert_int_equal(rte_eal_hotplug_add("vdev", name, ""), 0);
}

void
sim_unplug(const char *name)
{
	assert_int_equal(rte_eal_hotplug_remove("vdev", name), 0);
}

char *
sim_memory(void)
{
	char *addr = mmap(NULL, SIM_PAGES * sim_page, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(addr != MAP_FAILED);
	return addr;
}

struct mext_region *
sim_add(char *addr)
{
	struct mext_region *region = NULL;

	assert_int_equal(mext_region_add(addr, SIM_PAGES * sim_page, 0, &region), 0);
	return region;
}

void
sim_remove(struct mext_region *region)
{
	void *addr = mext_region_data(region);

	assert_int_equal(mext_region_remove(region), 0);
	assert_int_equal(munmap(addr, SIM_PAGES * sim_page), 0);
}

void
sim_assert_map(const struct map *map, const char *addr, uint64_t iova, size_t pages)
{
	assert_int_equal(map->addr, (uintptr_t)addr);
	assert_int_equal(map->iova, iova);
	assert_int_equal(map->len, pages * sim_page);
}

int
sim_try_wrap(struct world *w, void *addr, size_t len, rte_iova_t iova)
{
	const struct mext_wrap wrap = { .addr = addr, .len = len, .iova = iova };
	struct mext_storage *storage;
	int ret = mext_storage_wrap(w->pool, &wrap, &storage);

	if (ret == 0)
		assert_int_equal(mext_storage_release(storage, 1), 0);
	return ret;
}

int
sim_set_up(void **state)
{
	sim_page = sysconf(_SC_PAGESIZE);
	memset(&sim, 0, sizeof(sim));
	return world_setup(state);
}

int
sim_tear_down(void **state)
{
	struct mext_region *region = NULL;
	char *addr = sim_memory();

	/* All ports are gone: let the library see that, and nothing else. */
	memset(&sim, 0, sizeof(sim));
	if (mext_region_add(addr, sim_page, 0, &region) < 0 || mext_region_remove(region) < 0)
		return -1;
	munmap(addr, SIM_PAGES * sim_page);
	return world_teardown(state);
}
