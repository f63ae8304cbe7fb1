/* SPDX-License-Identifier: BSD-3-Clause */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_mempool.h>
#include <rte_version.h>

#include <mext.h>

#include "bench.h"

#define ROUNDS 301
/** Bursts timed together: long against the clock's resolution, short against a time slice. */
#define BURSTS_A_ROUND 128
/** Mbufs in flight: one burst, so that everything is hot, or far more than L2 holds. */
static const unsigned int windows[] = { BENCH_BURST, 8192 };

/** A row being measured. */
struct subject {
	const struct bench_row *row;
	struct rte_mbuf **window;
	unsigned int pos;
	double cycles[ROUNDS]; /* TSC cycles an mbuf */
};

void
bench_die(const char *what)
{
	fprintf(stderr, "mext-bench: %s\n", what);
	exit(EXIT_FAILURE);
}

int
bench_pool_destroy(struct mext_pool *pool)
{
	int out = mext_stats_outstanding(pool);

	return mext_pool_destroy(pool) == 0 ? 0 : RTE_MAX(out, 1);
}

/** Whether a row is asked for: "table/row" matches one of the patterns, or there are none. */
static bool
chosen(const struct bench_table *table, const struct bench_row *row, char **patterns)
{
	char name[64];

	if (*patterns == NULL)
		return true;
	snprintf(name, sizeof(name), "%s/%s", table->name, row->name);
	for (; *patterns != NULL; patterns++)
		if (fnmatch(*patterns, name, 0) == 0)
			return true;
	return false;
}

static void
print_machine(void)
{
	char line[256] = "", *model = NULL;
	FILE *f = fopen("/proc/cpuinfo", "r");

	while (f != NULL && model == NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "model name", 10) == 0)
			model = strchr(line, ':');
	if (f != NULL)
		fclose(f);
	line[strcspn(line, "\n")] = '\0';
	printf("machine: %s, %ld CPUs, L2 %ld KiB, TSC %.2f GHz\n",
			model != NULL ? model + 2 : "unknown CPU", sysconf(_SC_NPROCESSORS_ONLN),
			sysconf(_SC_LEVEL2_CACHE_SIZE) / 1024, rte_get_tsc_hz() / 1e9);
	printf("compiler: %s, %s, mext %s, %s\n", __VERSION__, rte_version(), mext_version(),
			rte_eal_has_hugepages() ? "hugepages" : "no hugepages");
}

/** One round: free the oldest burst in flight, allocate a new one in its place. */
static double
round_of(struct subject *s, unsigned int window)
{
	uint64_t begin = rte_rdtsc_precise();
	unsigned int i;

	for (i = 0; i < BURSTS_A_ROUND; i++) {
		struct rte_mbuf **pkts = &s->window[s->pos];

		s->row->free(pkts);
		s->row->alloc(pkts);
		s->pos = (s->pos + BENCH_BURST) % window;
	}
	return (double)(rte_rdtsc_precise() - begin) / BURSTS_A_ROUND / BENCH_BURST;
}

static int
compare_doubles(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double
median(const struct subject *s)
{
	return s->cycles[ROUNDS / 2];
}

/** Put the mbufs of a window in random order, as they are in a pool that has been in use. */
static void
shuffle(struct rte_mbuf **window, unsigned int n)
{
	unsigned int i, j;

	srand(1);
	for (i = n - 1; i > 0; i--) {
		struct rte_mbuf *m = window[i];

		j = rand() % (i + 1);
		window[i] = window[j];
		window[j] = m;
	}
}

static void
set_up(struct subject *s, const struct bench_row *row, unsigned int window)
{
	unsigned int i;

	s->row = row;
	s->pos = 0;
	s->window = calloc(window, sizeof(*s->window));
	if (s->window == NULL || row->setup(window + 4 * BENCH_CACHE) < 0)
		bench_die("no memory for the pools, raise EAL's -m");
	for (i = 0; i < window; i += BENCH_BURST)
		row->alloc(&s->window[i]);
	shuffle(s->window, window);
}

static void
tear_down(struct subject *s, unsigned int window)
{
	unsigned int i;
	int lost;

	for (i = 0; i < window; i += BENCH_BURST)
		s->row->free(&s->window[i]);
	free(s->window);
	lost = s->row->teardown();
	if (lost != 0) {
		fprintf(stderr, "mext-bench: %s: %d buffers lost or damaged\n", s->row->name, lost);
		exit(EXIT_FAILURE);
	}
}

static void
print_results(struct subject *subjects, unsigned int n)
{
	unsigned int i, j;

	printf("  %-20s %8s %8s %8s  %s\n", "cycles an mbuf", "min", "median", "p99",
			"ratio of medians");
	for (i = 0; i < n; i++) {
		struct subject *s = &subjects[i];

		qsort(s->cycles, ROUNDS, sizeof(s->cycles[0]), compare_doubles);
		printf("  %-20s %8.1f %8.1f %8.1f", s->row->name, s->cycles[0], median(s),
				s->cycles[ROUNDS * 99 / 100]);
		for (j = 0; j < i && s->row->against != NULL; j++) {
			if (strcmp(subjects[j].row->name, s->row->against) == 0)
				printf("  %.2f of %s", median(s) / median(&subjects[j]),
						s->row->against);
		}
		printf("\n");
	}
}

static void
measure(const struct bench_table *table, unsigned int window, char **patterns)
{
	struct subject *subjects = calloc(table->nb_rows, sizeof(*subjects));
	unsigned int i, r, n = 0;

	if (subjects == NULL)
		bench_die("no memory");
	for (i = 0; i < table->nb_rows; i++)
		if (chosen(table, &table->rows[i], patterns))
			set_up(&subjects[n++], &table->rows[i], window);
	for (r = 0; r < ROUNDS; r++)
		for (i = 0; i < n; i++)
			subjects[i].cycles[r] = round_of(&subjects[i], window);
	if (n > 0) {
		printf("\n%s: %s; bursts of %d, %u mbufs in flight (%s)\n", table->name,
				table->title, BENCH_BURST, window,
				window == BENCH_BURST ? "hot" : "larger than L2");
		print_results(subjects, n);
	}
	for (i = 0; i < n; i++) {
		printf("  %s: %s\n", subjects[i].row->name, subjects[i].row->calls);
		tear_down(&subjects[i], window);
	}
	free(subjects);
}

/** mext-bench EAL-OPTIONS -- [PATTERN...], a pattern of the shell's for "table/row". */
int
main(int argc, char **argv)
{
	static const struct bench_table *const tables[] = { &bench_attach, &bench_packet };
	unsigned int i, w;
	int used;

	used = rte_eal_init(argc, argv);
	if (used < 0)
		bench_die("EAL did not start; for example: mext-bench -l 0 --no-huge -m 1024 --no-pci");
	print_machine();
	for (i = 0; i < RTE_DIM(tables); i++)
		for (w = 0; w < RTE_DIM(windows); w++)
			measure(tables[i], windows[w], used < argc ? &argv[used + 1] : &argv[argc]);
	rte_eal_cleanup();
	return EXIT_SUCCESS;
}
