/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_dev.h>

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
	char path[64 + RTE_DEV_NAME_MAX_LEN], driver[256];
	const char *name;
	ssize_t len;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", rte_dev_name(dev));
	len = readlink(path, driver, sizeof(driver) - 1);
	if (len < 0)
		return false;
	driver[len] = '\0';
	name = strrchr(driver, '/');
	return name != NULL && strcmp(name, "/vfio-pci") == 0;
}
