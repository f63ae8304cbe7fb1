/* SPDX-License-Identifier: BSD-3-Clause */
/* Regions where devices read memory: who maps them, and when. */
#include <sys/mman.h>
#include <unistd.h>

#include <rte_malloc.h>
#include <rte_memory.h>

#include "capture.h"
#include "sim_dma.h"
#include "world.h"

#define PAGES 4

static size_t page;

/** Until the interrupt thread has looked at the ports. */
static void
wait_for_maps(const struct account *a, unsigned int n)
{
	while (__atomic_load_n(&a->n, __ATOMIC_ACQUIRE) != n)
		usleep(100);
}

static char *
map_memory(void)
{
	char *addr = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);

	assert_true(addr != MAP_FAILED);
	return addr;
}

static struct mext_region *
add(char *addr)
{
	struct mext_region *region = NULL;

	assert_int_equal(mext_region_add(addr, PAGES * page, 0, &region), 0);
	return region;
}

static void
remove_and_unmap(struct mext_region *region)
{
	void *addr = mext_region_data(region);

	assert_int_equal(mext_region_remove(region), 0);
	assert_int_equal(munmap(addr, PAGES * page), 0);
}

static void
assert_map(const struct map *map, const char *addr, uint64_t iova, size_t pages)
{
	assert_int_equal(map->addr, (uintptr_t)addr);
	assert_int_equal(map->iova, iova);
	assert_int_equal(map->len, pages * page);
}

static void
test_without_devices_nothing_is_mapped_and_any_memory_wraps(void **state)
{
	struct world *w = *state;
	char *addr = map_memory();
	struct mext_storage *storage;

	sim_plug("net_null0");
	remove_and_unmap(add(addr));
	assert_int_equal(sim.container.calls + sim.device.calls, 0);
	storage = world_wrap(w, 100);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	sim_unplug("net_null0");
}

static int
try_wrap(struct world *w, void *addr, size_t len, rte_iova_t iova)
{
	const struct mext_wrap wrap = { .addr = addr, .len = len, .iova = iova };
	struct mext_storage *storage;
	int ret = mext_storage_wrap(w->pool, &wrap, &storage);

	if (ret == 0)
		assert_int_equal(mext_storage_release(storage, 1), 0);
	return ret;
}

static void
test_with_nic_unregistered_memory_is_refused_at_wrap(void **state)
{
	struct world *w = *state;
	char *addr = map_memory();
	char *of_eal = rte_malloc(NULL, page, 0);
	struct mext_region *region;

	sim.pci = true;
	sim_plug("net_null0");
	region = add(addr); /* looks at the ports, as the alarm does in a moment */
	assert_int_equal(try_wrap(w, addr, PAGES * page, 0), 0);
	assert_int_equal(try_wrap(w, of_eal, page, 0), 0);
	capture_start();
	assert_int_equal(try_wrap(w, &sim, sizeof(sim), 0), -EFAULT);
	assert_non_null(strstr(capture_stop(), "mext_region_add() it"));
	assert_int_equal(try_wrap(w, &sim, sizeof(sim), 0x1234000), 0);
	assert_int_equal(mext_region_remove(region), 0);
	assert_int_equal(try_wrap(w, addr, PAGES * page, 0), -EFAULT);
	/* Half of it. */
	assert_int_equal(mext_region_add(addr, page, 0, &region), 0);
	assert_int_equal(try_wrap(w, addr + page - 1, 2, 0), -EFAULT);
	assert_int_equal(try_wrap(w, addr + page - 1, 1, 0), 0);
	assert_int_equal(mext_region_remove(region), 0);
	munmap(addr, PAGES * page);
	rte_free(of_eal);
	sim_unplug("net_null0");
}

static void
test_container_is_mapped_once_for_all_ports(void **state __rte_unused)
{
	char *addr = map_memory();
	struct mext_region *region;

	sim.vfio = true;
	sim_plug("net_null0");
	sim_plug("net_null1");
	region = add(addr);
	assert_int_equal(sim.container.n, 1);
	assert_map(&sim.container.maps[0], addr, (uintptr_t)addr, PAGES);
	sim_plug("net_null2");
	sim_unplug("net_null2");
	sim_unplug("net_null0");
	assert_int_equal(sim.container.calls, 1);
	assert_int_equal(sim.device.calls, 0);
	remove_and_unmap(region);
	assert_int_equal(sim.container.n, 0);
	assert_int_equal(sim.container.unmap_errno, 0);
	sim_unplug("net_null1");
}

static void
test_port_plugged_in_later_has_regions_when_it_appears(void **state __rte_unused)
{
	char *addr = map_memory(), *other = map_memory();
	struct mext_region *region = add(addr), *second = add(other);

	assert_int_equal(sim.container.n, 0);
	sim.vfio = true;
	sim_plug("net_null0");
	assert_int_equal(sim.container.n, 2);
	assert_map(&sim.container.maps[0], addr, (uintptr_t)addr, PAGES);
	assert_map(&sim.container.maps[1], other, (uintptr_t)other, PAGES);
	/* The last device of the container goes: DPDK would keep the mappings for the next one. */
	sim_unplug("net_null0");
	sim.vfio = false;
	remove_and_unmap(region);
	remove_and_unmap(second);
	assert_int_equal(sim.container.n, 0);
	assert_int_equal(sim.container.unmap_errno, ENODEV);
}

static void
test_refused_mapping_leaves_nothing(void **state __rte_unused)
{
	static const struct {
		int reason;
		int error;
		const char *words;
	} cases[] = { { ENOMEM, -ENOSPC, "256 mappings in all, and this region needs 1" },
		{ 0, -EFAULT, "VFIO does not map" } };
	struct mext_region *region = NULL;
	char *addr = map_memory();
	unsigned int i;
	const char *said;
	int ret;

	sim.vfio = true;
	for (i = 0; i < RTE_DIM(cases); i++) {
		sim.container.calls = 0;
		sim.container.refuse_at = 1;
		sim.container.reason = cases[i].reason;
		capture_start();
		ret = mext_region_add(addr, PAGES * page, 0, &region);
		said = capture_stop();
		assert_int_equal(ret, cases[i].error);
		assert_null(region);
		if (strstr(said, cases[i].words) == NULL)
			fail_msg("'%s' is not in: %s", cases[i].words, said);
		assert_null(rte_mem_virt2memseg_list(addr));
	}
	sim.container.refuse_at = 0;
	remove_and_unmap(add(addr));
}

static void
test_physical_addresses_are_mapped_run_by_run(void **state)
{
	struct world *w = *state;
	char *addr = map_memory();
	struct mext_region *region = NULL;
	struct mext_storage *storage;
	struct rte_mbuf *m;

	sim.vfio = sim.physical = true;
	region = add(addr);
	assert_int_equal(sim.container.n, 3);
	assert_map(&sim.container.maps[0], addr, 0x10000000, 2);
	assert_map(&sim.container.maps[1], addr + 2 * page, 0x10000000 + 20 * page, 1);
	assert_map(&sim.container.maps[2], addr + 3 * page, 0x10000000 + 30 * page, 1);
	/* What the wrap knows of them is what the devices were told. */
	assert_int_equal(mext_storage_wrap(w->pool,
					 &(struct mext_wrap){ .addr = addr + 10, .len = 3 * page },
					 &storage),
			0);
	assert_int_equal(mext_storage_iova(storage), 0x10000000 + 10);
	assert_true((mext_storage_flags(storage) & MEXT_STORAGE_SCATTERED) != 0);
	assert_int_equal(mext_attach_chain(w->pool, storage, 0, 3 * page, &m), 0);
	assert_int_equal(m->nb_segs, 3);
	assert_int_equal(m->data_len, 2 * page - 10);
	assert_int_equal(rte_pktmbuf_iova(m->next), 0x10000000 + 20 * page);
	assert_int_equal(rte_pktmbuf_iova(m->next->next), 0x10000000 + 30 * page);
	mext_free_bulk(&m, 1);
	remove_and_unmap(region);
	assert_int_equal(sim.container.n, 0);
}

static void
test_physical_run_refused_unmaps_those_before(void **state __rte_unused)
{
	char *addr = map_memory();
	struct mext_region *region = NULL;

	sim.vfio = sim.physical = true;
	sim.container.refuse_at = 3;
	sim.container.reason = ENOMEM;
	capture_start();
	assert_int_equal(mext_region_add(addr, PAGES * page, 0, &region), -ENOSPC);
	assert_non_null(strstr(capture_stop(), "this region needs 3"));
	assert_int_equal(sim.container.n, 0);
	assert_int_equal(sim.container.calls, 3);
	sim.container.refuse_at = 0;
	remove_and_unmap(add(addr));
}

static void
test_pages_that_move_meanwhile_are_refused(void **state __rte_unused)
{
	char *addr = map_memory();
	struct mext_region *region = NULL;

	sim.vfio = sim.physical = true;
	sim.moves = 2;
	capture_start();
	assert_int_equal(mext_region_add(addr, PAGES * page, 0, &region), -EAGAIN);
	assert_non_null(strstr(capture_stop(), "moved some of its pages"));
	assert_int_equal(sim.container.n, 0);
	assert_null(rte_mem_virt2memseg_list(addr));
	remove_and_unmap(add(addr));
}

static void
test_devices_that_map_by_themselves_are_told_each(void **state __rte_unused)
{
	char *addr = map_memory(), *other = map_memory();
	struct mext_region *region, *second;

	sim.itself = true;
	sim_plug("net_null0");
	region = add(addr);
	second = add(other);
	assert_int_equal(sim.device.n, 2);
	sim_plug("net_null1");
	wait_for_maps(&sim.device, 4);
	remove_and_unmap(region);
	assert_int_equal(sim.device.n, 2);
	sim_unplug("net_null1");
	sim.device.n--; /* its own mapping goes with it */
	remove_and_unmap(second);
	assert_int_equal(sim.device.n, 0);
	assert_int_equal(sim.container.calls, 0);
	sim_unplug("net_null0");
}

static void
test_device_that_refuses_undoes_the_others(void **state __rte_unused)
{
	char *addr = map_memory();
	struct mext_region *region = NULL;

	sim.itself = true;
	sim.device.refuse_at = 2;
	sim.device.reason = EINVAL;
	sim_plug("net_null0");
	sim_plug("net_null1");
	capture_start();
	assert_int_equal(mext_region_add(addr, PAGES * page, 0, &region), -EFAULT);
	assert_non_null(strstr(capture_stop(), "net_null1 does not map"));
	assert_int_equal(sim.device.n, 0);
	sim_unplug("net_null0");
	sim_unplug("net_null1");
	sim.device.refuse_at = 0;
	remove_and_unmap(add(addr));
}

static void
test_newcomer_that_refuses_makes_region_unreachable_while_it_is_there(void **state)
{
	struct world *w = *state;
	char *addr = map_memory();
	struct mext_region *region = add(addr);

	sim.vfio = true;
	sim.container.refuse_at = 1;
	sim_plug("net_null0");
	assert_int_equal(sim.container.n, 0);
	capture_start();
	assert_int_equal(try_wrap(w, addr, 1, 0), -EFAULT);
	assert_non_null(strstr(capture_stop(), "can't read region"));
	sim.vfio = false;
	sim_unplug("net_null0");
	assert_int_equal(try_wrap(w, addr, 1, 0), 0);
	remove_and_unmap(region);
}

static int
sim_set_up(void **state)
{
	page = sysconf(_SC_PAGESIZE);
	memset(&sim, 0, sizeof(sim));
	return world_setup(state);
}

static int
sim_tear_down(void **state)
{
	struct mext_region *region = NULL;
	char *addr = map_memory();

	/* All ports are gone: let the library see that, and nothing else. */
	memset(&sim, 0, sizeof(sim));
	if (mext_region_add(addr, page, 0, &region) < 0 || mext_region_remove(region) < 0)
		return -1;
	munmap(addr, PAGES * page);
	return world_teardown(state);
}

#define dma_test(f) cmocka_unit_test_setup_teardown(f, sim_set_up, sim_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		dma_test(test_without_devices_nothing_is_mapped_and_any_memory_wraps),
		dma_test(test_with_nic_unregistered_memory_is_refused_at_wrap),
		dma_test(test_container_is_mapped_once_for_all_ports),
		dma_test(test_port_plugged_in_later_has_regions_when_it_appears),
		dma_test(test_refused_mapping_leaves_nothing),
		dma_test(test_physical_addresses_are_mapped_run_by_run),
		dma_test(test_physical_run_refused_unmaps_those_before),
		dma_test(test_pages_that_move_meanwhile_are_refused),
		dma_test(test_devices_that_map_by_themselves_are_told_each),
		dma_test(test_device_that_refuses_undoes_the_others),
		dma_test(test_newcomer_that_refuses_makes_region_unreachable_while_it_is_there),
	};

	return eal_start() < 0 ? 1 : eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
