/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LIVE_H
#define LIVE_H

/**
 * @file The rates on a terminal, drawn again in place every --stats-period. What others print meanwhile
 * scrolls below. Main thread only.
 */

#include <stdbool.h>

#include "history.h"
#include "snapshot.h"

struct fwd;

/** Whether there is a terminal that understands, and that is not a prompt's. */
bool live_wanted(const struct fwd *fwd);

/** Draw, the last row of the history too; before: the period's beginning, NULL: the run's. */
void live_draw(const struct fwd *fwd, const struct snapshot *now, const struct snapshot *before);

/** Draw the same again if the terminal has another size now. */
void live_resize(void);

/** Give the terminal back, if anything has been drawn. */
void live_end(void);

#endif
