/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef XSTATS_H
#define XSTATS_H

/**
 * @file Those extended statistics of a port that are wanted: the bytes of each queue, and what
 * --display-xstats names. Looked up once a start, since drivers may have others then.
 */

#include <stdbool.h>
#include <stdint.h>

#include "counter.h"

struct fwd;
struct fwd_port;

/** Most names that --display-xstats takes. */
#define XSTATS_MAX_SHOWN 64

/** What was wanted of a port, as one list: receive queues, then transmit queues, then names. */
struct port_xstats;

/** Look up what is wanted of a started port, and remember what it counts from. NULL: no memory. */
struct port_xstats *xstats_begin(const struct fwd *fwd, const struct fwd_port *port);
void xstats_free(struct port_xstats *xstats);

/** Say which names of --display-xstats no port has. */
void xstats_warn(const struct fwd *fwd);

/** Read all: each has what it has grown since xstats_begin(), or COUNTER_UNKNOWN where the driver does not give it. */
void xstats_read(struct port_xstats *xstats);

/** As last read. xstats may be NULL: unknown. */
uint64_t xstats_rx_bytes(const struct port_xstats *xstats, uint16_t queue);
uint64_t xstats_tx_bytes(const struct port_xstats *xstats, uint16_t queue);
uint64_t xstats_shown(const struct port_xstats *xstats, unsigned int name);

/** Name i of --display-xstats, written to name; false behind the last. */
bool xstats_name(const char *list, unsigned int i, char *name, unsigned int size);

#endif
