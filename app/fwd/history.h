/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HISTORY_H
#define HISTORY_H

/** @file Rates of the last --stats-periods of a run. The main thread writes and reads them. */

#include <stdint.h>

#include <rte_ethdev.h>

#include <mext.h>

#include "snapshot.h"

/** Periods that are kept: the last ones. */
#define HISTORY_ROWS 3600u

/** A port in one period. Rates are a second, NAN: unknown. */
struct history_port {
	uint16_t id;
	double rx_pps;
	double rx_bps; /* bits, of layer 2 frames as the driver counts them */
	double tx_pps;
	double tx_bps;
	double dropped; /* packets a second, all causes */
};

struct history_row {
	double elapsed; /* seconds since counting began, at the end of the period */
	unsigned int nb_ports;
	struct history_port ports[RTE_MAX_ETHPORTS];
	unsigned int nb_kinds;
	uint64_t in_use[MEXT_STATS_MAX_KINDS]; /* of the pool, at the end of the period */
};

/**
 * Add a period, from the snapshot before, or from the beginning of the run where that is NULL.
 * @return the row, NULL: no memory.
 */
const struct history_row *history_add(const struct snapshot *now, const struct snapshot *before);

/** Row i, the oldest that is kept first. NULL: there are no more. */
const struct history_row *history_at(unsigned int i);

/** How many are kept, and how many have been forgotten. */
unsigned int history_rows(void);
uint64_t history_forgotten(void);

/** Forget all, before another run too; free the memory. */
void history_clear(void);

#endif
