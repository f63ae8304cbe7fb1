/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef REPORT_H
#define REPORT_H

/**
 * @file
 * The results for people.
 */

#include "machine.h"
#include "run.h"

void report_machine(const struct machine *machine);
void report_table(const struct results *results);

/** What a table's figures are, in words. */
const char *report_unit(enum bench_unit unit);

#endif
