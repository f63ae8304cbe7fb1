/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef JSON_H
#define JSON_H

/**
 * @file
 * The results for programs: figures.py reads them.
 */

#include <stdio.h>

#include "machine.h"
#include "run.h"

/** Write the results of nb_tables tables. @return 0, -1: not all could be written. */
int json_write(FILE *f, const struct machine *machine, struct results *const *tables,
		unsigned int nb_tables);

#endif
