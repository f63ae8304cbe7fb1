/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MACHINE_H
#define MACHINE_H

/**
 * @file
 * What figures depend on: they are worth nothing without it.
 */

#include <stdbool.h>

struct machine {
	char cpu[128];
	long cpus;
	long l2_kib; /* 0: unknown */
	double tsc_ghz;
	const char *compiler;
	const char *dpdk;
	const char *mext;
	bool hugepages;
};

/** After EAL's start. */
void machine_get(struct machine *machine);

#endif
