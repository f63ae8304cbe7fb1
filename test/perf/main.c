/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>

#include <mext_depot.h>

#include "json.h"
#include "options.h"
#include "report.h"

void
bench_die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "mext-bench: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	exit(EXIT_FAILURE);
}

/** All tables, in the order they run. @return an array that ends with NULL. */
static const struct bench_table **
all_tables(void)
{
	static bench_family *const families[] = { bench_attach, bench_packet, bench_fanout,
		bench_share, bench_private, bench_threshold, bench_write, bench_sharers,
		bench_mempool };
	const struct bench_table **all = NULL, *tables;
	unsigned int i, j, n, used = 0;

	for (i = 0; i < RTE_DIM(families); i++) {
		tables = families[i](&n);
		all = realloc(all, (used + n + 1) * sizeof(*all));
		if (all == NULL)
			bench_die("no memory");
		for (j = 0; j < n; j++)
			all[used++] = &tables[j];
		all[used] = NULL;
	}
	return all;
}

/** A pattern that matches nothing is a mistake, and would be found out only at the end. */
static void
check_pattern(const struct bench_table **tables, const char *pattern)
{
	unsigned int i;

	for (; *tables != NULL; tables++)
		for (i = 0; i < (*tables)->nb_rows; i++)
			if (options_matches(pattern, *tables, &(*tables)->rows[i]))
				return;
	bench_die("%s: matches no row, see: mext-bench -- --list", pattern);
}

static void
list(const struct bench_table **tables, const struct options *options)
{
	unsigned int i;

	for (; *tables != NULL; tables++)
		for (i = 0; i < (*tables)->nb_rows; i++)
			if (options_chosen(options, *tables, &(*tables)->rows[i]))
				printf("%s/%s\n", (*tables)->name, (*tables)->rows[i].name);
}

/** Run the tables. @return how the program ends. */
static int
run(const struct bench_table **tables, const struct options *options, FILE *json)
{
	struct results **results = NULL, *r;
	unsigned int i, n = 0, measured = 0, broken = 0;
	struct machine machine;

	machine_get(&machine);
	report_machine(&machine);
	for (; *tables != NULL; tables++) {
		r = run_table(*tables, options);
		if (r == NULL)
			continue;
		report_table(r);
		for (i = 0; i < r->nb_subjects; i++) {
			measured += run_is_measured(&r->subjects[i]);
			broken += r->subjects[i].is_broken;
		}
		results = realloc(results, (n + 1) * sizeof(*results));
		if (results == NULL)
			bench_die("no memory");
		results[n++] = r;
	}
	if (json != NULL && (json_write(json, &machine, results, n) < 0 || fclose(json) != 0))
		bench_die("--json %s: %s", options->json, strerror(errno));
	for (i = 0; i < n; i++)
		run_free(results[i]);
	free(results);
	if (measured > 0 && broken == 0)
		return EXIT_SUCCESS;
	fprintf(stderr, "mext-bench: %u rows measured, %u lost objects; the reasons stand above\n",
			measured, broken);
	return EXIT_FAILURE;
}

/** @return the index of the "--", argc: none. */
static int
find_own(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		;
	return i;
}

int
main(int argc, char **argv)
{
	const struct bench_table **tables = all_tables();
	int own = find_own(argc, argv), i;
	struct options options;
	FILE *json = NULL;
	int status;

	/* Before EAL, which takes its time: it never looks behind the "--". */
	options_parse(argc - own, argv + own, &options);
	for (i = 0; options.patterns[i] != NULL; i++)
		check_pattern(tables, options.patterns[i]);
	if (options.help)
		options_help();
	else if (options.list)
		list(tables, &options);
	if (options.help || options.list) {
		free(tables);
		return EXIT_SUCCESS;
	}
	if (options.json != NULL) {
		json = fopen(options.json, "w");
		if (json == NULL)
			bench_die("--json %s: %s", options.json, strerror(errno));
	}
	if (rte_eal_init(argc, argv) < 0)
		bench_die("EAL did not start; own options stand behind a \"--\", for example: "
			  "mext-bench -l 0-1 --no-huge -m 1024 --no-pci -- --list");
	mext_depot_register(); /* tables of mempools name it; refused, their rows say why they have none */
	status = run(tables, &options, json);
	rte_eal_cleanup();
	free(tables);
	return status;
}
