/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MODE_TXONLY_H
#define MODE_TXONLY_H

/** @file What others use of mode txonly. */

#include <stdbool.h>
#include <stdint.h>

struct fwd_stream;

/**
 * Set the lengths of the segments of a frame, as --txpkts; valid from the next start on.
 * @return 0, or -1 with the reason on stderr; then nothing has changed.
 */
int txonly_set_segments(const char *text);

/** Send that many bursts of txonly's frames by a stream of any mode, on its lcore, until told to stop. */
void txonly_first(struct fwd_stream *stream, uint32_t bursts, const bool *stop);

#endif
