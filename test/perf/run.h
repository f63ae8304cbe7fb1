/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RUN_H
#define RUN_H

/**
 * @file
 * Measure the rows of a table round by round, and sum up.
 */

#include "options.h"

/** The rows of a table that were asked for. */
struct results {
	const struct bench_table *table;
	unsigned int nb_subjects;
	struct bench_subject subjects[]; /* those left out have a reason and no rounds */
};

/** @return results, also if no row could be measured; NULL: no row was asked for. */
struct results *run_table(const struct bench_table *table, const struct options *options);

/** Whether a row was measured. */
static inline bool
run_is_measured(const struct bench_subject *s)
{
	return s->values != NULL;
}

void run_free(struct results *results);

#endif
