/* SPDX-License-Identifier: BSD-3-Clause */
/* Regions, and devices that come and go. */
#include <sys/mman.h>

#include <rte_memory.h>

#include "capture.h"
#include "sim_dma.h"
#include "world.h"

static void
test_port_plugged_in_later_has_regions_when_it_appears(void **state __rte_unused)
{
	char *addr = sim_memory(), *other = sim_memory();
	struct mext_region *region = sim_add(addr), *second = sim_add(other);

	assert_int_equal(sim.container.n, 0);
	sim.vfio = true;
	sim_plug("net_null0");
	assert_int_equal(sim.container.n, 2);
	sim_assert_map(&sim.container.maps[0], addr, (uintptr_t)addr, SIM_PAGES);
	sim_assert_map(&sim.container.maps[1], other, (uintptr_t)other, SIM_PAGES);
	/* The last device of the container goes: DPDK would keep the mappings for the next one. */
	sim_unplug("net_null0");
	sim.vfio = false;
	sim_remove(region);
	sim_remove(second);
	assert_int_equal(sim.container.n, 0);
	assert_int_equal(sim.container.unmap_errno, ENODEV);
}

static void
test_port_plugged_in_later_has_closed_region_whose_storages_live(void **state)
{
	struct world *w = *state;
	char *addr = sim_memory();
	struct mext_region *region = sim_add(addr);
	const struct mext_wrap wrap = { .addr = addr, .len = 1 };
	struct mext_storage *storage;

	assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storage), 0);
	assert_int_equal(mext_region_close(region), 0);
	sim.vfio = true;
	sim_plug("net_null0");
	assert_int_equal(sim.container.n, 1);
	sim_assert_map(&sim.container.maps[0], addr, (uintptr_t)addr, SIM_PAGES);
	/* A device that does not let go leaves it closed. */
	assert_int_equal(mext_storage_release(storage, 1), 0);
	sim.container.keep_at = 1;
	capture_start();
	assert_int_equal(mext_region_remove(region), -EFAULT);
	assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storage), -ESHUTDOWN);
	capture_stop();
	sim_remove(region);
	assert_int_equal(sim.container.n, 0);
	sim_unplug("net_null0");
}

static void
test_devices_that_map_by_themselves_are_told_each(void **state __rte_unused)
{
	char *addr = sim_memory(), *other = sim_memory();
	struct mext_region *region, *second;

	sim.itself = true;
	sim_plug("net_null0");
	region = sim_add(addr);
	assert_int_equal(sim.device.n, 1);
	sim_plug("net_null1");
	assert_int_equal(mext_region_sync(), 0);
	assert_int_equal(sim.device.n, 2);
	assert_int_equal(mext_region_sync(), 0); /* nothing to do */
	assert_int_equal(sim.device.calls, 2);
	second = sim_add(other);
	assert_int_equal(sim.device.n, 4);
	sim_remove(region);
	assert_int_equal(sim.device.n, 2);
	sim_unplug("net_null1");
	sim.device.n--; /* its own mapping goes with it */
	sim_remove(second);
	assert_int_equal(sim.device.n, 0);
	assert_int_equal(sim.container.calls, 0);
	sim_unplug("net_null0");
}

/** The new device may be at the address of the old one, and is not the old one. */
static void
test_device_plugged_in_again_has_regions_again(void **state __rte_unused)
{
	char *addr = sim_memory();
	struct mext_region *region;

	sim.itself = true;
	sim_plug("net_null0");
	region = sim_add(addr);
	sim_unplug("net_null0");
	sim.device.n = 0;
	sim_plug("net_null0");
	assert_int_equal(mext_region_sync(), 0);
	assert_int_equal(sim.device.n, 1);
	sim_remove(region);
	assert_int_equal(sim.device.n, 0);
	sim_unplug("net_null0");
}

/** Of two regions the device takes one: that is mapped once, and the other can't be sent from. */
static void
test_sync_that_is_refused_says_so_and_keeps_account(void **state)
{
	struct world *w = *state;
	char *addr = sim_memory(), *other = sim_memory();
	struct mext_region *region = sim_add(addr), *second = sim_add(other);

	sim.itself = true;
	sim.device.refuse_at = 2;
	sim_plug("net_null0");
	capture_start();
	assert_int_equal(mext_region_sync(), -EFAULT);
	assert_int_equal(mext_region_sync(), -EFAULT);
	capture_stop();
	assert_int_equal(sim.device.n, 1);
	assert_int_equal(sim_try_wrap(w, addr, 1, 0), 0);
	assert_int_equal(sim_try_wrap(w, other, 1, 0), -EFAULT);
	sim.device.refuse_at = 0;
	assert_int_equal(mext_region_sync(), 0);
	assert_int_equal(sim_try_wrap(w, other, 1, 0), 0);
	assert_int_equal(sim.device.n, 2);
	sim_remove(region);
	sim_remove(second);
	assert_int_equal(sim.device.n, 0);
	sim_unplug("net_null0");
}

static void
test_newcomer_that_refuses_makes_region_unreachable_while_it_is_there(void **state)
{
	struct world *w = *state;
	char *addr = sim_memory();
	struct mext_region *region = sim_add(addr);

	sim.vfio = true;
	sim.container.refuse_at = 1;
	sim_plug("net_null0");
	assert_int_equal(sim.container.n, 0);
	capture_start();
	assert_int_equal(sim_try_wrap(w, addr, 1, 0), -EFAULT);
	assert_non_null(strstr(capture_stop(), "can't read region"));
	/* The application made room, and asks again. */
	sim.container.refuse_at = 0;
	assert_int_equal(mext_region_sync(), 0);
	assert_int_equal(sim.container.n, 1);
	assert_int_equal(sim_try_wrap(w, addr, 1, 0), 0);
	sim_remove(region);
	sim_unplug("net_null0");
	sim.vfio = false;

	addr = sim_memory();
	region = sim_add(addr);
	sim.vfio = true;
	sim.container.refuse_at = 1;
	capture_start();
	sim_plug("net_null0");
	assert_int_equal(sim_try_wrap(w, addr, 1, 0), -EFAULT);
	capture_stop();
	sim_unplug("net_null0");
	sim.vfio = false;
	assert_int_equal(sim_try_wrap(w, addr, 1, 0), 0);
	sim_remove(region);
}

static void
test_device_that_keeps_a_region_makes_it_unreachable(void **state)
{
	struct world *w = *state;
	char *addr = sim_memory();
	struct mext_region *region;

	sim.itself = true;
	sim_plug("net_null0");
	region = sim_add(addr);
	sim.device.keep_at = 1;
	capture_start();
	assert_int_equal(mext_region_remove(region), -EFAULT);
	assert_non_null(strstr(capture_stop(), "net_null0 does not let go"));
	assert_int_equal(sim_try_wrap(w, addr, 1, 0), -EFAULT);
	assert_non_null(rte_mem_virt2memseg_list(addr));
	sim.device.keep_at = 0;
	sim_remove(region);
	assert_int_equal(sim.device.n, 0);
	sim_unplug("net_null0");
}

/** What the port has open is seen when it comes, before anybody looks at ports. */
static void
test_port_on_uio_plugged_in_later_refuses_what_is_in_no_region(void **state)
{
	struct world *w = *state;
	char *addr = sim_memory(), *outside = sim_memory();
	struct mext_region *region = sim_add(addr);

	assert_int_equal(sim_try_wrap(w, outside, 1, 0), 0);
	sim.uio = true;
	sim_plug("net_null0");
	capture_start();
	assert_int_equal(sim_try_wrap(w, outside, 1, 0), -EFAULT);
	capture_stop();
	assert_int_equal(sim_try_wrap(w, addr, 1, 0), 0);
	assert_int_equal(sim.container.calls, 0);
	sim.uio = false; /* the device is closed after its port is gone, or before */
	assert_int_equal(sim_try_wrap(w, outside, 1, 0), 0);
	sim_unplug("net_null0");
	sim_remove(region);
	munmap(outside, SIM_PAGES * sim_page);
}

static void
test_without_rte_vfio_a_newcomer_has_regions_when_synced(void **state)
{
	struct world *w = *state;
	char *addr = sim_memory();
	struct mext_region *region = sim_add(addr);

	sim.vfio = sim.needs_device = true;
	capture_start();
	sim_plug("net_null0");
	assert_non_null(strstr(capture_stop(), "mext_region_sync() then"));
	assert_int_equal(sim.container.n, 0);
	capture_start();
	assert_int_equal(sim_try_wrap(w, addr, 1, 0), -EFAULT);
	assert_non_null(strstr(capture_stop(), "can't read region"));
	assert_int_equal(mext_region_sync(), 0);
	assert_int_equal(sim.container.n, 1);
	assert_int_equal(sim_try_wrap(w, addr, 1, 0), 0);
	sim_remove(region);
	assert_int_equal(sim.container.n, 0);
	sim_unplug("net_null0");
}

static void
test_without_rte_vfio_the_last_device_takes_its_mappings_along(void **state __rte_unused)
{
	char *addr = sim_memory();
	struct mext_region *region;

	sim.vfio = sim.needs_device = true;
	sim_plug("net_null0");
	region = sim_add(addr);
	assert_int_equal(sim.container.n, 1);
	sim_plug("net_null1"); /* which nobody has looked at yet when the other one goes */
	sim_unplug("net_null0");
	assert_int_equal(sim.container.n, 1);
	sim_unplug("net_null1");
	assert_int_equal(sim.container.n, 0);
	sim_plug("net_null0");
	assert_int_equal(mext_region_sync(), 0);
	assert_int_equal(sim.container.n, 1);
	sim_remove(region);
	assert_int_equal(sim.container.n, 0);
	sim_unplug("net_null0");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		dma_test(test_port_plugged_in_later_has_regions_when_it_appears),
		dma_test(test_port_plugged_in_later_has_closed_region_whose_storages_live),
		dma_test(test_devices_that_map_by_themselves_are_told_each),
		dma_test(test_device_plugged_in_again_has_regions_again),
		dma_test(test_sync_that_is_refused_says_so_and_keeps_account),
		dma_test(test_newcomer_that_refuses_makes_region_unreachable_while_it_is_there),
		dma_test(test_device_that_keeps_a_region_makes_it_unreachable),
		dma_test(test_port_on_uio_plugged_in_later_refuses_what_is_in_no_region),
		dma_test(test_without_rte_vfio_a_newcomer_has_regions_when_synced),
		dma_test(test_without_rte_vfio_the_last_device_takes_its_mappings_along),
	};

	return eal_start() < 0 ? 1 : eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
