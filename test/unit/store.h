/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef STORE_H
#define STORE_H

/**
 * @file
 * A depot and what a test knows of it: which pointers are in it, and which are out. Its pointers
 * are the numbers 1 .. nb. Every call is checked: what it returns, that a get that fails leaves
 * the table as it was, that no pointer comes twice, that the count is exact.
 */

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "depot_audit.h"

/** Threads that a depot of a test is made for, as a rule. */
#define STORE_THREADS 8

struct store {
	struct depot *d;
	uint32_t nb;
	uint32_t nb_threads; /* that it was made for */
	uint32_t out; /* how many are out: table[0 .. out - 1] */
	void **table;
	uint8_t *seen;
	struct depot_audit audit; /* the last one */
	uint64_t rng;
};

/** An empty depot with all its nb pointers out. */
void store_begin(struct store *st, uint32_t nb);

/** The same, made for another number of threads. */
void store_begin_for(struct store *st, uint32_t nb, uint32_t nb_threads);

/** An empty depot again, whatever was put to it. */
void store_reset(struct store *st);

/** Audit, and free. */
void store_end(struct store *st);

/** A pseudo-random number below n. */
uint32_t store_random(struct store *st, uint32_t n);

/** Put n pointers that are out, which succeeds. */
void store_put(struct store *st, uint32_t thread, uint32_t n);

/** Put all that are out, up to n at a time. */
void store_put_all(struct store *st, uint32_t thread, uint32_t n);

/** Get n pointers, which succeeds. */
void store_get(struct store *st, uint32_t thread, uint32_t n);

/** Get n pointers, which fails and changes nothing. */
void store_get_fails(struct store *st, uint32_t thread, uint32_t n);

/** Audit: all that is not out is in, once. */
void store_audit(struct store *st);

/** The same, but up to so many pointers may be lost, and so many magazines be nowhere. */
void store_audit_but(struct store *st, uint32_t lost, uint32_t nb_withheld);

/** Claim, or let go, the shelves of stations [first, first + n). A putter that was killed leaves one claimed. */
void store_claim(struct store *st, uint32_t first, uint32_t n, bool claimed);

/** Move the depot to another address; the memory where it was is overwritten. */
void store_move(struct store *st);

#endif
