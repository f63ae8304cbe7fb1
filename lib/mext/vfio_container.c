/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_dev.h>
#include <rte_pci.h>

#include "compat.h"
#include "vfio_container.h"

enum reader {
	READER_NONE,
	READER_VFIO,
	READER_PHYSICAL,
};

/** Who is behind a file that is open. */
static enum reader
reader_of(const char *path)
{
	/* And a number. "/dev/vfio/vfio" is the container. */
	static const struct {
		const char *prefix;
		enum reader reader;
	} rows[] = {
		{ "/dev/vfio/", READER_VFIO }, /* a group */
		{ "/dev/vfio/devices/vfio", READER_VFIO },
		{ "/dev/vfio/noiommu-", READER_PHYSICAL }, /* a group */
		{ "/dev/vfio/devices/noiommu-vfio", READER_PHYSICAL },
		{ "/dev/uio", READER_PHYSICAL },
	};
	unsigned int i;

	for (i = 0; i < RTE_DIM(rows); i++) {
		size_t len = strlen(rows[i].prefix);

		if (strncmp(path, rows[i].prefix, len) == 0 && isdigit((unsigned char)path[len]))
			return rows[i].reader;
	}
	return READER_NONE;
}

/** Whether this process has a device open that reads so. */
static bool
is_open(enum reader reader)
{
	const struct dirent *entry;
	char target[64];
	bool found = false;
	ssize_t len;
	DIR *fds;

	/* Without a free descriptor nobody knows: as if there were one. */
	fds = opendir("/proc/self/fd");
	if (fds == NULL)
		return true;
	while (!found && (entry = readdir(fds)) != NULL) {
		len = readlinkat(dirfd(fds), entry->d_name, target, sizeof(target) - 1);
		if (len < 0)
			continue;
		target[len] = '\0';
		found = reader_of(target) == reader;
	}
	closedir(fds);
	return found;
}

bool
mextp_vfio_in_use(void)
{
	return is_open(READER_VFIO);
}

bool
mextp_physical_in_use(void)
{
	return is_open(READER_PHYSICAL);
}

bool
mextp_vfio_needs_device(void)
{
	return COMPAT_VFIO_NEEDS_DEVICE;
}

bool
mextp_vfio_has(const struct rte_device *dev)
{
	char address[PCI_PRI_STR_SIZE], path[64 + PCI_PRI_STR_SIZE], driver[256];
	struct rte_pci_addr parsed;
	const char *name;
	ssize_t len;

	/* Up to DPDK 23.11 it is named as it was given to EAL, perhaps without its domain. */
	if (rte_pci_addr_parse(rte_dev_name(dev), &parsed) < 0)
		return false;
	rte_pci_device_name(&parsed, address, sizeof(address));
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", address);
	len = readlink(path, driver, sizeof(driver) - 1);
	if (len < 0)
		return false;
	driver[len] = '\0';
	name = strrchr(driver, '/');
	return name != NULL && strcmp(name, "/vfio-pci") == 0;
}
