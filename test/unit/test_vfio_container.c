/* SPDX-License-Identifier: BSD-3-Clause */
/* What devices a process has open, as /proc/self/fd says, whose first link is replaced (ld --wrap). */
#include <dirent.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_version.h>

#include "unit.h"
#include "vfio_container.h"

static const char *opened; /* NULL: what is open really */
static bool told;

ssize_t __real_readlinkat(int dir, const char *path, char *to, size_t len);
ssize_t __wrap_readlinkat(int dir, const char *path, char *to, size_t len);

ssize_t
__wrap_readlinkat(int dir, const char *path, char *to, size_t len)
{
	if (opened == NULL || told || path[0] == '.')
		return __real_readlinkat(dir, path, to, len);
	told = true;
	len = RTE_MIN(len, strlen(opened));
	memcpy(to, opened, len);
	return len;
}

static void
test_open_devices_are_told_apart(void **state __rte_unused)
{
	static const struct {
		const char *path;
		bool vfio, physical;
	} rows[] = {
		{ "/dev/vfio/vfio", false, false }, /* the container */
		{ "/dev/iommu", false, false },
		{ "/dev/vfio/0", true, false },
		{ "/dev/vfio/127", true, false },
		{ "/dev/vfio/devices/vfio0", true, false },
		{ "/dev/vfio/devices/vfio31", true, false },
		{ "/dev/vfio/noiommu-0", false, true },
		{ "/dev/vfio/devices/noiommu-vfio3", false, true },
		{ "/dev/uio0", false, true },
		{ "/dev/uio12", false, true },
		{ "/dev/vfio/", false, false },
		{ "/dev/vfio/devices/", false, false },
		{ "/dev/vfio/devices/vfio", false, false },
		{ "/dev/vfio/noiommu-", false, false },
		{ "/dev/vfio9/1", false, false },
		{ "/dev/uio", false, false },
		{ "/home/dev/uio0", false, false },
		{ "socket:[12345]", false, false },
		{ "", false, false },
		{ "/dev/vfio/ninety-characters-that-are-no-device-and-do-not-fit-into-what-is-read-of-a-link",
				false, false },
	};
	unsigned int i;

	for (i = 0; i < RTE_DIM(rows); i++) {
		opened = rows[i].path;
		told = false;
		if (mextp_vfio_in_use() != rows[i].vfio)
			fail_msg("vfio: %s", opened);
		told = false;
		if (mextp_physical_in_use() != rows[i].physical)
			fail_msg("physical: %s", opened);
		assert_true(told);
	}
	opened = NULL;
}

static void
test_mapping_takes_a_device_where_rte_vfio_is_dpdk_s_own(void **state __rte_unused)
{
	assert_int_equal(mextp_vfio_needs_device(), RTE_VERSION >= RTE_VERSION_NUM(26, 11, 0, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_devices_are_told_apart),
		cmocka_unit_test(test_mapping_takes_a_device_where_rte_vfio_is_dpdk_s_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
