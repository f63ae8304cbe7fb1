/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef OPTIONS_H
#define OPTIONS_H

/**
 * @file
 * What stands behind the "--" of the command line.
 */

#include <stdbool.h>

#include "bench.h"

struct options {
	const char *json; /* file to write, NULL: none */
	unsigned int rounds; /* 0: what the table says */
	bool list, help;
	char **patterns; /* up to a NULL; none: all rows */
};

/** Read the options, and stop the program if one is wrong. argv[0] is the "--"; argc 0: there is none. */
void options_parse(int argc, char **argv, struct options *options);

void options_help(void);

/** Whether a row is asked for: "table/row" matches one of the patterns, or there are none. */
bool options_chosen(const struct options *options, const struct bench_table *table,
		const struct bench_row *row);

/** Whether a row's name matches the pattern. */
bool options_matches(
		const char *pattern, const struct bench_table *table, const struct bench_row *row);

#endif
