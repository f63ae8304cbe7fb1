/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PORT_COUNT_H
#define PORT_COUNT_H

/**
 * @file What the driver of a port counts, added up so that counters that start anew (a peer that leaves, a
 * reset by another process) take nothing away, and beside it what the kernel has lost of what some drivers
 * were to receive. All with fwd->lock held.
 */

#include <stdbool.h>
#include <stdint.h>

#include "counter.h"

struct fwd;
struct fwd_port;

enum port_counter {
	COUNT_RX,
	COUNT_RX_BYTES,
	COUNT_TX,
	COUNT_TX_BYTES,
	COUNT_RX_MISSED,
	COUNT_RX_ERRORS,
	COUNT_RX_NO_BUFFER,
	COUNT_TX_ERRORS,
	NB_PORT_COUNTERS,
};

struct port_count {
	struct counter counters[NB_PORT_COUNTERS];
	uint64_t base[NB_PORT_COUNTERS]; /* what they were when counting began */
	bool known; /* the driver gives them */
	bool lost_known; /* what it was to receive and the kernel lost */
	uint64_t lost;
	unsigned int restarts; /* readings since counting began that found a smaller number */
	unsigned int told; /* of these */
	uint64_t cleared[NB_PORT_COUNTERS]; /* by command: what they were then */
	uint64_t shown[NB_PORT_COUNTERS]; /* the same, when last shown */
	double shown_at; /* 0: never */
};

/** What is counted from now on is this run's. */
void port_count_begin(struct fwd_port *port);

/** Take a reading. What has vanished keeps the last one. */
void port_count_read(struct fwd_port *port);

/** As last read, since port_count_begin(); COUNTER_UNKNOWN where the driver does not tell. */
uint64_t port_count(const struct fwd_port *port, enum port_counter which);

/** The same since the driver began to count. */
uint64_t port_count_ever(const struct fwd_port *port, enum port_counter which);

/**
 * Read all ports; often enough, little is lost where counters start anew. Says so while packets are forwarded.
 * Takes the lock; main thread only.
 */
void ports_count(struct fwd *fwd);

#endif
