/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_version.h>

#include <mext.h>

#include "machine.h"

#ifdef __clang__
#define COMPILER __VERSION__
#else
#define COMPILER "gcc " __VERSION__
#endif

static void
cpu_model(char *model, size_t size)
{
	FILE *f = fopen("/proc/cpuinfo", "r");
	char line[256], *colon;

	snprintf(model, size, "unknown CPU");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		colon = strchr(line, ':');
		if (strncmp(line, "model name", 10) != 0 || colon == NULL)
			continue;
		colon[strcspn(colon, "\n")] = '\0';
		snprintf(model, size, "%s", colon + 1 + strspn(colon + 1, " "));
		break;
	}
	if (f != NULL)
		fclose(f);
}

void
machine_get(struct machine *m)
{
	long l2 = sysconf(_SC_LEVEL2_CACHE_SIZE);

	cpu_model(m->cpu, sizeof(m->cpu));
	m->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	m->l2_kib = l2 > 0 ? l2 / 1024 : 0;
	m->tsc_ghz = rte_get_tsc_hz() / 1e9;
	m->compiler = COMPILER;
	m->dpdk = rte_version();
	m->mext = mext_version();
	m->hugepages = rte_eal_has_hugepages();
}
