/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SETTLE_H
#define SETTLE_H

/**
 * @file One truth of two accounts: what the streams of a port have seen, and what its driver counts. The driver
 * knows of what never reached a stream; the streams know where the driver started anew, or does not count.
 */

struct fwd_port;
struct snapshot_port;

/**
 * Read what the driver counts, and settle it with what port->traffic and port->drops have of the streams: read
 * before, so that the driver knows of all that these have received. With fwd->lock held.
 */
void settle_port(struct fwd_port *p, struct snapshot_port *port);

#endif
