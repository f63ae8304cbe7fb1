/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_pci.h>

#include "vfio_container.h"

bool
mextp_vfio_in_use(void)
{
	const char group[] = "/dev/vfio/"; /* and a number; "vfio" is the container */
	char target[sizeof(group) + 16];
	const struct dirent *entry;
	bool found = false;
	ssize_t len;
	DIR *fds;

	fds = opendir("/proc/self/fd");
	if (fds == NULL)
		return false;
	while (!found && (entry = readdir(fds)) != NULL) {
		len = readlinkat(dirfd(fds), entry->d_name, target, sizeof(target) - 1);
		if (len < (ssize_t)sizeof(group))
			continue;
		target[len] = '\0';
		found = strncmp(target, group, sizeof(group) - 1) == 0 &&
			target[sizeof(group) - 1] >= '0' && target[sizeof(group) - 1] <= '9';
	}
	closedir(fds);
	return found;
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
