/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SETUP_H
#define SETUP_H

/** @file What the command line asks of how ports and their queues are set up. */

#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>

#include "option.h"

struct fwd;
struct fwd_port;

struct setup_wishes {
	uint32_t mtu; /* 0: the driver's */
	bool scatter; /* a frame may come as several mbufs */
	bool not_promiscuous;
	uint64_t rx_offloads;
	uint64_t tx_offloads;
	/* Thresholds of queues; UINT32_MAX: the driver's. */
	uint32_t rxpt, rxht, rxwt, rxfreet, rxdrop;
	uint32_t txpt, txht, txwt, txfreet, txrst;
};

extern struct setup_wishes setup_wishes;
extern const struct fwd_options setup_options;

/** Bytes of the longest frame that a port is to receive, with its check sequence; 0: not known. */
uint32_t setup_frame(const struct fwd_port *port);

/** Thresholds into what the driver has as its defaults. */
void setup_thresholds(struct rte_eth_rxconf *rx, struct rte_eth_txconf *tx);

/** preflight.c: refuse what would fail or corrupt. 0, or -1 with the reason on stderr. */
int preflight_port(const struct fwd *fwd, const struct fwd_port *port);

/** preflight.c: warn of what forwards less than meant, before the first packet. */
void preflight_warn(const struct fwd *fwd);

#endif
