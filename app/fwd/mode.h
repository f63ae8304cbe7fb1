/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MODE_H
#define MODE_H

/** @file What a forwarding mode is: one function a burst. Each mode is one file, mode_NAME.c. */

#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>
#include <rte_mbuf.h>

struct mext_pool;

/** One receive queue that feeds one transmit queue, and its counters. One lcore writes it. */
struct fwd_stream {
	uint16_t rx_port;
	uint16_t rx_queue;
	uint16_t tx_port;
	uint16_t tx_queue;
	bool copy_external; /* the tx port's driver sends wrong bytes from external buffers */
	uint64_t rx; /* mbufs received */
	uint64_t made; /* mbufs that the mode allocated to send */
	uint64_t tx; /* mbufs that the tx port took */
	uint64_t consumed; /* mbufs that the mode freed */
	uint64_t dropped; /* mbufs that the tx port refused, freed */
	uint64_t no_buffer; /* packets not made or not copied: no buffer was left */
	uint64_t sequence; /* of packets made */
	struct rte_ether_addr source; /* the tx port's address */
	struct rte_ether_addr peer; /* who is at the other end of the tx port */
	struct mext_pool *pool;
	struct rte_mempool *copy_pool; /* mbufs with room, for copies */
} __rte_cache_aligned;

struct fwd_mode {
	const char *name;
	bool receives; /* wants what the rx queue got */
	bool transmits; /* has something for the tx queue */
	bool makes; /* allocates what it sends: storages and headers from the pool */
	/**
	 * Handle a burst in place; NULL: nothing to do.
	 * @param pkts  room for max packets, the first n are received ones
	 * @return how many of pkts to transmit; the others are freed (counted as consumed).
	 */
	uint16_t (*burst)(struct fwd_stream *stream, struct rte_mbuf **pkts, uint16_t n,
			uint16_t max);
};

extern const struct fwd_mode mode_io;
extern const struct fwd_mode mode_mac;
extern const struct fwd_mode mode_macswap;
extern const struct fwd_mode mode_rxonly;
extern const struct fwd_mode mode_txonly;

/** @return the mode of that name, NULL where there is none. */
const struct fwd_mode *mode_find(const char *name);

/** The names of all modes with "|" between, as they stand in the help. */
#define MODE_NAMES "io|mac|macswap|rxonly|txonly"

#endif
