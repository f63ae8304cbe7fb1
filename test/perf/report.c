/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>

#include "report.h"

void
report_machine(const struct machine *m)
{
	printf("machine: %s, %ld CPUs, L2 %ld KiB, TSC %.2f GHz\n", m->cpu, m->cpus, m->l2_kib,
			m->tsc_ghz);
	printf("compiler: %s, %s, mext %s, %s\n", m->compiler, m->dpdk, m->mext,
			m->hugepages ? "hugepages" : "no hugepages");
}

const char *
report_unit(enum bench_unit unit)
{
	return unit == BENCH_CYCLES ? "cycles an mbuf" : "Mobjects/s";
}

static void
report_row(const struct bench_subject *s)
{
	printf("  %-22s %8.1f %8.1f %8.1f %8.1f", s->row->name, s->min, s->median, s->max, s->p99);
	if (s->against != NULL)
		printf("  %.2f of %s", s->ratio, s->against);
	if (s->failures > 0)
		printf("; %" PRIu64 " gets failed", s->failures);
	if (s->rounds < s->wanted)
		printf("; only %u rounds, they take too long", s->rounds);
	printf("\n");
}

void
report_table(const struct results *r)
{
	const struct bench_params *p = &r->table->params;
	const struct bench_subject *s, *end = r->subjects + r->nb_subjects;

	printf("\n%s: %s; cache %u, bursts of ", r->table->name, r->table->title, p->cache);
	if (p->burst_min == p->burst_max)
		printf("%u", p->burst_min);
	else
		printf("%u to %u", p->burst_min, p->burst_max);
	printf("; %u rounds, %s is better\n", r->subjects[0].wanted,
			r->table->unit == BENCH_CYCLES ? "less" : "more");
	printf("  %-22s %8s %8s %8s %8s  %s\n", report_unit(r->table->unit), "min", "median", "max",
			"p99", "ratio of medians");
	for (s = r->subjects; s < end; s++)
		if (run_is_measured(s))
			report_row(s);
	for (s = r->subjects; s < end; s++)
		if (!run_is_measured(s))
			printf("  %s: left out, %s\n", s->row->name, s->reason);
	for (s = r->subjects; s < end; s++)
		if (run_is_measured(s) && s->row->calls != NULL)
			printf("  %s: %s\n", s->row->name, s->row->calls);
	fflush(stdout);
}
