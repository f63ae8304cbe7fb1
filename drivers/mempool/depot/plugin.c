/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The plugin mext_depot.so, which EAL's -d loads: a program need not know of it.
 *
 * It is linked with no library of DPDK, and finds the one that the program has: shared, or inside of a
 * program that exports it. With libraries of its own there would be two in a static program.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <rte_common.h>
#include <rte_log.h>
#include <rte_version.h>

#include <mext_depot.h>

/** Where EAL has DPDK's drivers, with the version of its binary interface: .../pmds-23.0 */
#define DRIVERS RTE_EAL_PMD_PATH

/** DPDK's binary interface changes with the last release of a year. */
static unsigned int
abi_of(unsigned int year, unsigned int month)
{
	return year + (month >= 11);
}

static bool
is_other_dpdk(void)
{
	unsigned int year, month;

	if (sscanf(rte_version(), "%*[^0-9]%u.%u", &year, &month) != 2 ||
			abi_of(year, month) == abi_of(RTE_VER_YEAR, RTE_VER_MONTH))
		return false;
	rte_log(RTE_LOG_ERR, RTE_LOGTYPE_EAL,
			"mext_depot: the plugin was built for DPDK %u.%02u, this program has %s: not "
			"registered, build mext with that DPDK\n",
			RTE_VER_YEAR, RTE_VER_MONTH, rte_version());
	return true;
}

/** EAL takes no driver from where everybody may write. */
static bool
is_safe(const char *path)
{
	char dir[PATH_MAX];
	struct stat st;
	char *end;

	if (realpath(path, dir) == NULL)
		return false;
	for (end = dir + strlen(dir); end != NULL; end = strrchr(dir, '/')) {
		*end = '\0';
		if (stat(*dir != '\0' ? dir : "/", &st) < 0 || (st.st_mode & S_IWOTH) != 0)
			return false;
	}
	return true;
}

/** EAL's own choice of names: NAME.so and NAME.so.VERSION, once each. */
static bool
is_driver(const char *name, const char *version)
{
	const char *end = strstr(name, ".so");

	return end != NULL && (end[3] == '\0' || (end[3] == '.' && strcmp(end + 4, version) == 0));
}

/**
 * Load DPDK's drivers, in the order in which EAL would once it has loaded what -d names. These have
 * the numbers then that they have in a program without the plugin. Static programs have theirs inside.
 */
static void
load_drivers(void)
{
	const char *version = strrchr(DRIVERS, '-');
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "librte_eal.so.%u", abi_of(RTE_VER_YEAR, RTE_VER_MONTH));
	if (version == NULL || dlopen(path, RTLD_LAZY | RTLD_NOLOAD) == NULL || !is_safe(DRIVERS))
		return;
	dir = opendir(DRIVERS);
	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (!is_driver(entry->d_name, version + 1) ||
				snprintf(path, sizeof(path), DRIVERS "/%s", entry->d_name) >=
						(int)sizeof(path))
			continue;
		dlopen(path, RTLD_NOW); /* of one that fails, EAL says so */
	}
	closedir(dir);
}

RTE_INIT(mext_depot_init)
{
	if (is_other_dpdk())
		return;
	load_drivers();
	mext_depot_register();
}
