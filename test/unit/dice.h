/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DICE_H
#define DICE_H

/** @file Pseudo-random numbers for tests that MEXT_SEED repeats and MEXT_STEPS makes longer. */

#include <stdint.h>

/** Begin with MEXT_SEED, or with any seed if that is not set, and print which. */
void dice_start(void);

/** A number below n. */
unsigned int dice(unsigned int n);

/** Random bytes. */
void dice_fill(void *bytes, unsigned int n);

/** MEXT_STEPS, or otherwise if that is not set. */
unsigned long dice_steps(unsigned long otherwise);

#endif
