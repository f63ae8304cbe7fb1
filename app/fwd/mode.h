/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MODE_H
#define MODE_H

/**
 * @file What a forwarding mode is. Each is one file, mode_NAME.c, that defines mode_NAME, and one row
 * in the list of meson.build, from which the table of modes is made.
 */

#include <stdint.h>

#include "option.h"

struct fwd;
struct fwd_lcore;
struct fwd_port;

/** Streams receive: there is one for each receive queue. Without it: one for each transmit queue. */
#define MODE_RECEIVES (1u << 0)
/** Streams send. */
#define MODE_TRANSMITS (1u << 1)
/** What comes by a port leaves by it, whatever the topology. */
#define MODE_ANSWERS (1u << 2)
/** Streams send to any port: stream->outs has one for each, in the order of fwd->ports. */
#define MODE_TO_ALL (1u << 3)
/** Of the pool, beside mbufs to receive into: bare headers, storages, and heads for wrapped memory. */
#define MODE_HEADERS (1u << 4)
#define MODE_STORAGES (1u << 5)
#define MODE_WRAPS (1u << 6)
/** And packets, for headers of copies whose payload is shared. */
#define MODE_PACKETS (1u << 7)

/** A number that a mode counts beside what all modes have. */
struct fwd_counter {
	const char *name; /* lower case, with "_" between words */
	uint64_t value;
};

/** Most numbers of a mode. */
#define MODE_MAX_COUNTERS 16

struct fwd_mode {
	const char *name;
	const char *help; /* a line */
	unsigned int flags; /* MODE_* */
	unsigned int stages; /* streams one behind the other for each queue; 0 means 1 */
	struct fwd_options options; /* of its own */
	/** RTE_ETH_RX_OFFLOAD_* and TX_OFFLOAD_* that it can use, which a port may lack; NULL: none. */
	uint64_t (*rx_offloads)(const struct fwd_port *port);
	uint64_t (*tx_offloads)(const struct fwd_port *port);
	/** How many mbufs its streams hold back at most, beside bursts; NULL: none. */
	uint64_t (*held_mbufs)(const struct fwd *fwd);
	/**
	 * Before lcores run: check settings, set stream->state. NULL: nothing to do.
	 * Called again for every start, each time with new streams.
	 * @return 0, or -1 with the reason on stderr; then everything is as before.
	 */
	int (*start)(struct fwd *fwd);
	/**
	 * Turns of all streams of a lcore until told to stop: MODE_LOOP() of loop.h makes it of a function for
	 * one turn, which receives, works and sends, by the functions of stream.h, which count.
	 */
	void (*loop)(struct fwd_lcore *lcore);
	/** After lcores have stopped: free what start() made. NULL: nothing to do. */
	void (*stop)(struct fwd *fwd);
	/**
	 * Once, at the end, all ports closed, whether the mode has run or not: free what it kept over
	 * starts. NULL: nothing.
	 */
	void (*end)(struct fwd *fwd);
	/**
	 * What the mode has counted since the last start, also while it runs and after stop(): over all
	 * streams. NULL: nothing.
	 * @return how many of out are filled, at most MODE_MAX_COUNTERS.
	 */
	unsigned int (*counters)(const struct fwd *fwd, struct fwd_counter out[MODE_MAX_COUNTERS]);
};

/** Call end() of all modes. */
void modes_end(struct fwd *fwd);

/** @return the mode of that name, NULL where there is none. */
const struct fwd_mode *mode_find(const char *name);

/** @return number i of all modes, NULL behind the last. */
const struct fwd_mode *mode_at(unsigned int i);

/** The names of all modes with "|" between. */
const char *mode_names(void);

#endif
