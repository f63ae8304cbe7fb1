/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FWD_H
#define FWD_H

/** @file What one run of the forwarder consists of. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <rte_ethdev.h>

#include "args.h"
#include "mode.h"

/** Says what is wrong and what to change, in one line. */
#define FWD_ERROR(fmt, ...) fprintf(stderr, "mext-fwd: " fmt "\n", ##__VA_ARGS__)

/** Goes on nevertheless. */
#define FWD_WARNING(fmt, ...) FWD_ERROR("warning: " fmt, ##__VA_ARGS__)

struct fwd_port {
	uint16_t id;
	int socket; /* SOCKET_ID_ANY where the port has none */
	char driver[RTE_DEV_NAME_MAX_LEN];
	bool copy_external; /* its driver sends wrong bytes from external buffers */
	bool cuts_memory; /* its driver can't reach the mbufs at the end of a mempool */
	uint32_t kept_rx; /* mbufs that its driver does not give back when closed, each rx queue */
	uint32_t kept_tx; /* the same, while it runs, at most, each tx queue */
	uint16_t nb_rxd; /* as adjusted to the driver's limits */
	uint16_t nb_txd;
	struct rte_ether_addr addr;
	struct rte_eth_dev_info info;
	struct rte_eth_stats stats; /* at the end, before the port was closed */
	bool started;
};

/** A forwarding lcore and its streams. */
struct fwd_lcore {
	unsigned int id;
	unsigned int nb_streams;
	struct fwd_stream **streams;
	const struct fwd *fwd;
};

struct fwd {
	struct fwd_args args;
	unsigned int nb_ports;
	struct fwd_port ports[RTE_MAX_ETHPORTS];
	unsigned int nb_streams;
	struct fwd_stream *streams;
	unsigned int nb_lcores;
	struct fwd_lcore *lcores;
	struct mext_pool *pool;
	bool stop; /* workers poll it, relaxed: it orders nothing */
};

/* port.c: find, check, start and close the ports. 0 or -1, with the reason on stderr. */
int ports_find(struct fwd *fwd);
int ports_start(struct fwd *fwd);
void ports_close(struct fwd *fwd);

/* stream.c: who sends to whom, on which lcore. */
int streams_plan(struct fwd *fwd);
const struct fwd_port *port_by_id(const struct fwd *fwd, uint16_t id);
void streams_free(struct fwd *fwd);

/* buffers.c: the pool, and the account of it at the end. */
int buffers_create(struct fwd *fwd);
int buffers_account(struct fwd *fwd);

/* placement.c: what is on which NUMA socket, with warnings of what is apart. */
void placement_report(const struct fwd *fwd);

/* worker.c: what forwarding lcores run. */
int worker_run(void *lcore);

/* report.c */
void report_start(const struct fwd *fwd);
void report_rates(struct fwd *fwd, double elapsed);
void report_final(const struct fwd *fwd);

/** What the streams to or from a port have counted. */
struct fwd_totals {
	uint64_t rx;
	uint64_t made;
	uint64_t tx;
	uint64_t consumed;
	uint64_t dropped;
	uint64_t no_buffer;
};

/** Sum over the streams that send to a port; with RTE_MAX_ETHPORTS over all. */
void streams_total(const struct fwd *fwd, uint16_t tx_port, struct fwd_totals *totals);

#endif
