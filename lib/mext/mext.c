/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>

#include <mext.h>

#include "log.h"

RTE_LOG_REGISTER(mext_logtype, lib.mext, NOTICE);

const char *
mext_version(void)
{
	return MEXT_VERSION;
}

/** End the process if an object is a library of DPDK's beside the DPDK that is in use here. */
static int
refuse_second(struct dl_phdr_info *object, size_t size __rte_unused, void *in_use)
{
	if (strstr(object->dlpi_name, "/librte_eal.so") == NULL ||
			strcmp(object->dlpi_name, in_use) == 0)
		return 0;
	/* DPDK has no log yet. */
	dprintf(STDERR_FILENO,
			"mext: DPDK is in this process twice, as %s and as %s: the shared libmext goes "
			"with shared DPDK; with DPDK inside the program link mext's archive, "
			"pkg-config --static --libs libmext libdpdk\n",
			(const char *)in_use, object->dlpi_name);
	_Exit(EXIT_FAILURE);
}

/**
 * A program with DPDK inside, and the shared libmext with its own: each of the two registers the same
 * things in the program's, and the second aborts the process, before main() and without a word of why.
 * As a constructor this is later than the library's, and earlier than those of the program.
 */
RTE_INIT_PRIO(refuse_dpdk_twice, LOG)
{
	/*
	 * Two that libmext calls, so that programs export them, and of which nobody takes the address. One
	 * of them alone in another object is somebody's who stands before DPDK's function.
	 */
	void *in_use = dlsym(RTLD_DEFAULT, "rte_memzone_lookup"),
	     *other = dlsym(RTLD_DEFAULT, "rte_memzone_free");
	Dl_info info, info_of_other;

	if (in_use != NULL && other != NULL && dladdr(in_use, &info) != 0 &&
			dladdr(other, &info_of_other) != 0 &&
			strcmp(info.dli_fname, info_of_other.dli_fname) == 0)
		dl_iterate_phdr(refuse_second, (void *)(uintptr_t)info.dli_fname);
}
