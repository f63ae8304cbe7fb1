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

/** What all modes have in common; a mode's own settings are in its file. */
struct fwd_args {
	/* ports */
	uint64_t portmask; /* 0: every port */
	const char *portlist; /* the same ports, in the order in which they forward; NULL: by number */
	enum topology topology;
	struct rte_ether_addr peer[RTE_MAX_ETHPORTS];
	uint64_t peers_given; /* the ports of --eth-peer */
	uint32_t nb_rxq;
	uint32_t nb_txq;
	uint32_t nb_rxd;
	uint32_t nb_txd;
	bool lsc; /* links are told by interrupt, where the port has one, and not polled */
	bool hot_plug; /* the kernel's events of devices are listened to */
	/* forwarding */
	const struct fwd_mode *mode;
	uint32_t burst;
	uint32_t nb_cores; /* 0: all worker lcores that have something to do */
	uint32_t tx_first; /* bursts to send before forwarding */
	uint32_t tx_retries; /* of a burst that a port did not take whole */
	/* buffers */
	uint32_t mbcache;
	uint32_t nb_mbufs; /* 0: what rings, caches and bursts need, twice */
	/* statistics, and how it runs */
	double stats_period; /* seconds, 0: no lines while running */
	double duration; /* seconds, 0: until a signal */
	bool record_cycles; /* CPU cycles of turns that had packets */
	bool record_bursts; /* how many packets a burst had */
	const char *json; /* file for the report, "-": stdout, NULL: none */
	const char *display_xstats; /* names with "," between; NULL: none */
	uint32_t verbose; /* 1: a line for every packet received */
	bool interactive; /* commands from a prompt */
	bool auto_start; /* forwarding before the prompt */
	bool no_flush_rx; /* forward also what waited in receive queues between starts */
	const char *cmdline_file; /* commands to execute first; NULL: none */
};

/** Whether mode and settings may change after the pool has been made. */
static inline bool
args_may_change(const struct fwd_args *args)
{
	return args->interactive || args->cmdline_file != NULL;
}

/** What to do after reading the command line. */
enum args_result {
	ARGS_RUN,
	ARGS_DONE, /* --help, --version: answered */
	ARGS_WRONG, /* said on stderr what is wrong */
};

enum args_result args_parse(struct fwd_args *args, int argc, char **argv);

struct fwd_option;
struct fwd_options;

/** Number i of the tables of options, those of modes behind the common ones; NULL at the end. */
const struct fwd_options *args_table_at(unsigned int i);

/** What an option of a table sets. */
void *args_field(const struct fwd_options *table, const struct fwd_option *option,
		struct fwd_args *args);

/* args_help.c: print all options, with their defaults, and modes. */
void args_help(struct fwd_args *defaults);

/* args_set.c: options set later. */

/** Number i of the options that can be set between starts; NULL behind the last. */
const struct fwd_option *args_option_at(unsigned int i);

/** Set such an option; flags by on and off. @return 0 or -1, with what is wrong on stderr. */
int args_set(struct fwd_args *args, const char *name, const char *text);

/** The word for a topology, and back: -1 where there is none. */
const char *topology_name(enum topology topology);
int topology_find(const char *name);

#endif
