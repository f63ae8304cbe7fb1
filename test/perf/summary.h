/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SUMMARY_H
#define SUMMARY_H

/**
 * @file
 * From the rounds of rows to their medians and ratios.
 */

#include "run.h"

/** Fill min, median, max, p99, and whom each row is compared with. */
void summary_of_table(struct results *results);

#endif
