/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RX_MEMPOOL_H
#define RX_MEMPOOL_H

/** @file Which of the pool's mempools a port receives into. */

#include <stdint.h>

#include <rte_ethdev.h>
#include <rte_mempool.h>

struct fwd;
struct fwd_port;
struct port_setup;

/** Room for the names of all. */
#define RX_MEMPOOL_TEXT 128

/** What a port does with mbufs of several sizes. */
enum rx_how {
	RX_ONE, /* it takes one, port->rx_index */
	RX_BY_SIZE, /* all, for frames of any size the one that it finds best */
	RX_SPLIT, /* all, one behind the other for each frame */
};

/**
 * Choose by what the port is, by its MTU, and what is asked for: to be called before it is set up.
 * With RX_ONE the first that holds a whole frame, else the largest.
 */
void rx_mempool_choose(struct fwd_port *port);

/** Frames may come as several mbufs. */
bool rx_mempool_chains(const struct fwd_port *port);

/** What the port receives into; with several the first. */
struct rte_mempool *rx_mempool(const struct fwd *fwd, const struct fwd_port *port);

/** The names of all that it receives into, with '+' between. @return text */
const char *rx_mempool_names(
		const struct fwd *fwd, const struct fwd_port *port, char text[RX_MEMPOOL_TEXT]);

/** The mempool with the most room, for copies. */
struct rte_mempool *rx_mempool_largest(const struct fwd *fwd, int socket);

/** rte_eth_rx_queue_setup() with them. */
int rx_mempool_set_up(const struct fwd *fwd, const struct fwd_port *port, uint16_t queue,
		const struct port_setup *setup, const struct rte_eth_rxconf *conf);

/** Say where a list of sizes is of no use. */
void rx_mempool_warn(const struct fwd *fwd);

#endif
