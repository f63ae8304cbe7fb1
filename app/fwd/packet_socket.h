/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PACKET_SOCKET_H
#define PACKET_SOCKET_H

/**
 * @file What the kernel has dropped because the ring of an af_packet port was full. The kernel counts it for
 * each packet socket and forgets it when asked (PACKET_STATISTICS in packet(7)). Drivers before DPDK 25.03
 * never ask: this finds their sockets among the files of the process, and asks.
 */

#include <stdbool.h>
#include <stdint.h>

struct fwd_port;

/** Add to lost what has been dropped since the last call. @return whether the kernel tells, for each queue. */
bool packet_sockets_lost(const struct fwd_port *port, uint64_t *lost);

#endif
