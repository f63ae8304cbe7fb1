/* SPDX-License-Identifier: BSD-3-Clause */
/* Regions where devices read memory: who maps them, and when. */
#include <sys/mman.h>

#include <rte_malloc.h>
#include <rte_memory.h>

#include "capture.h"
#include "sim_dma.h"
#include "world.h"

static void
test_without_devices_nothing_is_mapped_and_any_memory_wraps(void **state)
{
	struct world *w = *state;
	char *addr = sim_memory();
	struct mext_storage *storage;

	sim_plug("net_null0");
	sim_remove(sim_add(addr));
	assert_int_equal(sim.container.calls + sim.device.calls, 0);
	storage = world_wrap(w, 100);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	sim_unplug("net_null0");
}

static void
test_with_nic_unregistered_memory_is_refused_at_wrap(void **state)
{
	struct world *w = *state;
	char *addr = sim_memory();
	char *of_eal = rte_malloc(NULL, sim_page, 0);
	struct mext_region *region;

	sim.pci = true;
	sim_plug("net_null0");
	region = sim_add(addr); /* looks at the ports */
	assert_int_equal(sim_try_wrap(w, addr, SIM_PAGES * sim_page, 0), 0);
	assert_int_equal(sim_try_wrap(w, of_eal, sim_page, 0), 0);
	capture_start();
	assert_int_equal(sim_try_wrap(w, &sim, sizeof(sim), 0), -EFAULT);
	assert_non_null(strstr(capture_stop(), "mext_region_add() it"));
	assert_int_equal(sim_try_wrap(w, &sim, sizeof(sim), 0x1234000), 0);
	assert_int_equal(mext_region_remove(region), 0);
	assert_int_equal(sim_try_wrap(w, addr, SIM_PAGES * sim_page, 0), -EFAULT);
	/* Half of it. */
	assert_int_equal(mext_region_add(addr, sim_page, 0, &region), 0);
	assert_int_equal(sim_try_wrap(w, addr + sim_page - 1, 2, 0), -EFAULT);
	assert_int_equal(sim_try_wrap(w, addr + sim_page - 1, 1, 0), 0);
	assert_int_equal(mext_region_remove(region), 0);
	munmap(addr, SIM_PAGES * sim_page);
	rte_free(of_eal);
	sim_unplug("net_null0");
}

/** Where IO addresses are physical, too: that of memory in no region is its page's, which the kernel moves. */
static void
test_with_nic_that_reads_physical_addresses_it_is_refused_too(void **state)
{
	struct world *w = *state;
	char *addr = sim_memory(), *outside = sim_memory();
	struct mext_region *region;

	sim.pci = sim.physical = true;
	sim_plug("net_null0");
	region = sim_add(addr);
	assert_int_equal(sim_try_wrap(w, addr, SIM_PAGES * sim_page, 0), 0);
	capture_start();
	assert_int_equal(sim_try_wrap(w, outside, 100, 0), -EFAULT);
	assert_non_null(strstr(capture_stop(), "mext_region_add() it"));
	assert_int_equal(sim_try_wrap(w, outside, 100, 0x1234000), 0);
	/* The port is gone, and seen to be. */
	sim_unplug("net_null0");
	sim.physical = false;
	assert_int_equal(sim_try_wrap(w, outside, 100, 0), 0);
	sim_remove(region);
	munmap(outside, SIM_PAGES * sim_page);
}

static void
test_container_is_mapped_once_for_all_ports(void **state __rte_unused)
{
	char *addr = sim_memory();
	struct mext_region *region;

	sim.vfio = true;
	sim_plug("net_null0");
	sim_plug("net_null1");
	region = sim_add(addr);
	assert_int_equal(sim.container.n, 1);
	sim_assert_map(&sim.container.maps[0], addr, (uintptr_t)addr, SIM_PAGES);
	sim_plug("net_null2");
	sim_unplug("net_null2");
	sim_unplug("net_null0");
	assert_int_equal(sim.container.calls, 1);
	assert_int_equal(sim.device.calls, 0);
	sim_remove(region);
	assert_int_equal(sim.container.n, 0);
	assert_int_equal(sim.container.unmap_errno, 0);
	sim_unplug("net_null1");
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
	char *addr = sim_memory();
	unsigned int i;
	const char *said;
	int ret;

	sim.vfio = true;
	for (i = 0; i < RTE_DIM(cases); i++) {
		sim.container.calls = 0;
		sim.container.refuse_at = 1;
		sim.container.reason = cases[i].reason;
		capture_start();
		ret = mext_region_add(addr, SIM_PAGES * sim_page, 0, &region);
		said = capture_stop();
		assert_int_equal(ret, cases[i].error);
		assert_null(region);
		if (strstr(said, cases[i].words) == NULL)
			fail_msg("'%s' is not in: %s", cases[i].words, said);
		assert_null(rte_mem_virt2memseg_list(addr));
	}
	sim.container.refuse_at = 0;
	sim_remove(sim_add(addr));
}

static void
test_physical_addresses_are_mapped_run_by_run(void **state)
{
	struct world *w = *state;
	char *addr = sim_memory();
	struct mext_region *region = NULL;
	struct mext_storage *storage;
	struct rte_mbuf *m;

	sim.vfio = sim.physical = true;
	region = sim_add(addr);
	assert_int_equal(sim.container.n, 3);
	sim_assert_map(&sim.container.maps[0], addr, 0x10000000, 2);
	sim_assert_map(&sim.container.maps[1], addr + 2 * sim_page, 0x10000000 + 20 * sim_page, 1);
	sim_assert_map(&sim.container.maps[2], addr + 3 * sim_page, 0x10000000 + 30 * sim_page, 1);
	/* What the wrap knows of them is what the devices were told. */
	assert_int_equal(mext_storage_wrap(w->pool,
					 &(struct mext_wrap){
							 .addr = addr + 10, .len = 3 * sim_page },
					 &storage),
			0);
	assert_int_equal(mext_storage_iova(storage), 0x10000000 + 10);
	assert_true((mext_storage_flags(storage) & MEXT_STORAGE_SCATTERED) != 0);
	assert_int_equal(mext_attach_chain(w->pool, storage, 0, 3 * sim_page, &m), 0);
	assert_int_equal(m->nb_segs, 3);
	assert_int_equal(m->data_len, 2 * sim_page - 10);
	assert_int_equal(rte_pktmbuf_iova(m->next), 0x10000000 + 20 * sim_page);
	assert_int_equal(rte_pktmbuf_iova(m->next->next), 0x10000000 + 30 * sim_page);
	mext_free_bulk(&m, 1);
	sim_remove(region);
	assert_int_equal(sim.container.n, 0);
}

/** Where nothing pins them: a private mapping is copied after a fork, in pages of any size. */
static void
test_physical_pages_that_can_move_are_warned_of(void **state __rte_unused)
{
	char *private_pages = sim_memory();
	char *shared_pages = mmap(NULL, SIM_PAGES * sim_page, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct mext_region *region;
	const char *said;

	sim.physical = true;
	capture_start();
	region = sim_add(private_pages);
	said = capture_stop();
	assert_non_null(strstr(said, "in ordinary pages"));
	assert_non_null(strstr(said, "in a private mapping"));
	sim_remove(region);
	capture_start();
	region = sim_add(shared_pages);
	said = capture_stop();
	assert_non_null(strstr(said, "in ordinary pages"));
	assert_null(strstr(said, "in a private mapping"));
	sim_remove(region);
	sim.vfio = true;
	private_pages = sim_memory();
	capture_start();
	region = sim_add(private_pages);
	assert_string_equal(capture_stop(), "");
	sim_remove(region);
}

static void
test_physical_run_refused_unmaps_those_before(void **state __rte_unused)
{
	char *addr = sim_memory();
	struct mext_region *region = NULL;

	sim.vfio = sim.physical = true;
	sim.container.refuse_at = 3;
	sim.container.reason = ENOMEM;
	capture_start();
	assert_int_equal(mext_region_add(addr, SIM_PAGES * sim_page, 0, &region), -ENOSPC);
	assert_non_null(strstr(capture_stop(), "this region needs 3"));
	assert_int_equal(sim.container.n, 0);
	assert_int_equal(sim.container.calls, 3);
	sim.container.refuse_at = 0;
	sim_remove(sim_add(addr));
}

static void
test_pages_that_move_meanwhile_are_refused(void **state __rte_unused)
{
	char *addr = sim_memory();
	struct mext_region *region = NULL;

	sim.vfio = sim.physical = true;
	sim.moves = 2;
	capture_start();
	assert_int_equal(mext_region_add(addr, SIM_PAGES * sim_page, 0, &region), -EAGAIN);
	assert_non_null(strstr(capture_stop(), "moved some of its pages"));
	assert_int_equal(sim.container.n, 0);
	assert_null(rte_mem_virt2memseg_list(addr));
	sim_remove(sim_add(addr));
}

static void
test_device_that_refuses_undoes_the_others(void **state __rte_unused)
{
	char *addr = sim_memory();
	struct mext_region *region = NULL;

	sim.itself = sim.vfio_beside = true;
	sim.device.refuse_at = 2;
	sim.device.reason = EINVAL;
	sim_plug("net_null0");
	sim_plug("net_null1");
	capture_start();
	assert_int_equal(mext_region_add(addr, SIM_PAGES * sim_page, 0, &region), -EFAULT);
	assert_non_null(strstr(capture_stop(), "net_null1 does not map"));
	assert_int_equal(sim.device.n, 0);
	assert_int_equal(sim.container.calls, 1);
	assert_int_equal(sim.container.n, 0);
	sim_unplug("net_null0");
	sim_unplug("net_null1");
	sim.device.refuse_at = 0;
	sim_remove(sim_add(addr));
}

static void
test_device_that_refuses_a_run_has_none(void **state __rte_unused)
{
	char *addr = sim_memory();
	struct mext_region *region = NULL;

	sim.itself = sim.physical = true;
	sim.device.refuse_at = 3;
	sim.device.reason = EINVAL;
	sim_plug("net_null0");
	capture_start();
	assert_int_equal(mext_region_add(addr, SIM_PAGES * sim_page, 0, &region), -EFAULT);
	capture_stop();
	assert_int_equal(sim.device.calls, 3);
	assert_int_equal(sim.device.n, 0);
	sim.device.refuse_at = 0;
	sim_remove(sim_add(addr));
	sim_unplug("net_null0");
}

static void
test_device_that_keeps_a_run_has_all_and_is_asked_again(void **state __rte_unused)
{
	char *addr = sim_memory();
	struct mext_region *region;

	sim.itself = sim.physical = true;
	sim_plug("net_null0");
	region = sim_add(addr);
	assert_int_equal(sim.device.n, 3);
	sim.device.keep_at = 2;
	capture_start();
	assert_int_equal(mext_region_remove(region), -EFAULT);
	capture_stop();
	assert_int_equal(sim.device.n, 3);
	sim_remove(region);
	assert_int_equal(sim.device.n, 0);
	sim_unplug("net_null0");
}

static void
test_device_of_two_ports_is_mapped_once_and_by_the_one_that_stays(void **state __rte_unused)
{
	char *addr = sim_memory();
	struct mext_region *region;

	sim.itself = sim.one_device = true;
	sim_plug("net_null0");
	sim_plug("net_null1");
	region = sim_add(addr);
	assert_int_equal(sim.device.n, 1);
	/* The first port goes, the device stays and has the region. */
	sim_unplug("net_null0");
	assert_int_equal(mext_region_sync(), 0);
	assert_int_equal(sim.device.calls, 1);
	sim_remove(region);
	assert_int_equal(sim.device.n, 0);
	sim_unplug("net_null1");
}

static void
test_application_s_own_container_is_not_touched(void **state __rte_unused)
{
	char *addr = sim_memory();

	sim.vfio = true;
	sim.container.refuse_at = 1;
	sim.container.reason = ENODEV;
	sim_remove(sim_add(addr));
}

static void
test_remove_that_is_refused_leaves_region_as_it_was(void **state)
{
	struct world *w = *state;
	char *addr = sim_memory();
	struct mext_region *region;

	sim.vfio = sim.physical = true;
	region = sim_add(addr);
	sim.container.keep_at = 2;
	capture_start();
	assert_int_equal(mext_region_remove(region), -EFAULT);
	assert_non_null(strstr(capture_stop(), "does not let go"));
	assert_int_equal(sim.container.n, 3);
	assert_int_equal(sim_try_wrap(w, addr, 1, 0), 0);
	sim.container.keep_at = 0;
	assert_int_equal(mext_region_remove(region), 0);
	capture_start();
	assert_int_equal(mext_region_remove(region), -EINVAL);
	assert_non_null(strstr(capture_stop(), "removed before"));
	assert_int_equal(munmap(addr, SIM_PAGES * sim_page), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		dma_test(test_without_devices_nothing_is_mapped_and_any_memory_wraps),
		dma_test(test_with_nic_unregistered_memory_is_refused_at_wrap),
		dma_test(test_with_nic_that_reads_physical_addresses_it_is_refused_too),
		dma_test(test_container_is_mapped_once_for_all_ports),
		dma_test(test_refused_mapping_leaves_nothing),
		dma_test(test_physical_addresses_are_mapped_run_by_run),
		dma_test(test_physical_pages_that_can_move_are_warned_of),
		dma_test(test_physical_run_refused_unmaps_those_before),
		dma_test(test_pages_that_move_meanwhile_are_refused),
		dma_test(test_device_that_refuses_undoes_the_others),
		dma_test(test_device_that_refuses_a_run_has_none),
		dma_test(test_device_that_keeps_a_run_has_all_and_is_asked_again),
		dma_test(test_device_of_two_ports_is_mapped_once_and_by_the_one_that_stays),
		dma_test(test_application_s_own_container_is_not_touched),
		dma_test(test_remove_that_is_refused_leaves_region_as_it_was),
	};

	return eal_start() < 0 ? 1 : eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
