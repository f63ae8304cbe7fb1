/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <numa.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_memzone.h>

#include "dirty.h"
#include "eal.h"

/**
 * Two CPUs that this process may run on; a container's need not begin at 0. Both on one NUMA
 * socket, so that a pool has one of each mempool; the same one twice where there are no two.
 */
static int
choose_cpus(int cpus[2])
{
	cpu_set_t set;
	int cpu, n = 0;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return -1;
	for (cpu = 0; cpu < CPU_SETSIZE && n < 2; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		if (n == 1 && numa_available() >= 0 &&
				numa_node_of_cpu(cpu) != numa_node_of_cpu(cpus[0]))
			continue;
		cpus[n++] = cpu;
	}
	if (n == 1)
		cpus[1] = cpus[0];
	return n > 0 ? 0 : -1;
}

/** Whether memory is as the environment says: a run on dirty memory must be one. */
static int
check_memory(void)
{
	const struct rte_memzone *mz;
	unsigned char first;

	if (getenv(DIRTY_VARIABLE) == NULL)
		return 0;
	mz = rte_memzone_reserve("dirty", 1, SOCKET_ID_ANY, 0);
	if (mz == NULL)
		return -1;
	first = *(const unsigned char *)mz->addr;
	rte_memzone_free(mz);
	if (first == DIRTY)
		return 0;
	fprintf(stderr, "%s is set, but memory is as EAL gives it\n", DIRTY_VARIABLE);
	return -1;
}

int
eal_start(void)
{
	char lcores[32];
	const char *const args[] = { "unit", "--no-shconf", "--no-huge", "-m", "512", "--no-pci",
		"--no-telemetry", "--lcores", lcores };
	char *argv[RTE_DIM(args)];
	unsigned int i;
	int cpus[2];

	if (choose_cpus(cpus) < 0)
		return -1;
	snprintf(lcores, sizeof(lcores), "0@%d,1@%d", cpus[0], cpus[1]);
	for (i = 0; i < RTE_DIM(args); i++)
		argv[i] = (char *)(uintptr_t)args[i]; /* EAL sorts them, but writes none */
	if (rte_eal_init(RTE_DIM(argv), argv) < 0)
		return -1;
	return check_memory();
}

int
eal_stop(int failed)
{
	rte_eal_cleanup();
	return failed != 0;
}
