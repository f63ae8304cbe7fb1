/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ARGS_H
#define ARGS_H

/** @file The command line behind EAL's "--". Names are testpmd's where testpmd has the option. */

#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>

#define FWD_MAX_BURST 512

enum topology {
	TOPOLOGY_PAIRED,
	TOPOLOGY_LOOP,
	TOPOLOGY_CHAINED,
};

struct fwd_mode;

struct fwd_args {
	uint64_t portmask; /* 0: every port */
	const struct fwd_mode *mode;
	enum topology topology;
	uint32_t burst;
	uint32_t nb_rxq;
	uint32_t nb_txq;
	uint32_t nb_rxd;
	uint32_t nb_txd;
	uint32_t nb_cores; /* 0: all worker lcores that have something to do */
	uint32_t mbcache;
	uint32_t nb_mbufs; /* 0: what rings, caches and bursts need, twice */
	double stats_period; /* seconds, 0: no lines while running */
	double duration; /* seconds, 0: until a signal */
	struct rte_ether_addr peer[RTE_MAX_ETHPORTS];
};

/** What to do after reading the command line. */
enum args_result {
	ARGS_RUN,
	ARGS_DONE, /* --help, --version: answered */
	ARGS_WRONG, /* said on stderr what is wrong */
};

enum args_result args_parse(struct fwd_args *args, int argc, char **argv);

#endif
