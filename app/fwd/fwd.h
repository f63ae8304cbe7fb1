/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FWD_H
#define FWD_H

/**
 * @file What one run of the forwarder consists of. The main thread owns it; lcores see their
 * struct fwd_lcore and its streams; other threads (telemetry) take the lock before they read.
 */

#include <net/if.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <rte_ethdev.h>

#include "args.h"
#include "port_count.h"
#include "rx_mempool.h"

struct fwd_stream;
struct port_xstats;
struct snapshot;

/** Says what is wrong and what to change, in one line. */
#define FWD_ERROR(fmt, ...) fprintf(stderr, "mext-fwd: " fmt "\n", ##__VA_ARGS__)

/** Goes on nevertheless. */
#define FWD_WARNING(fmt, ...) FWD_ERROR("warning: " fmt, ##__VA_ARGS__)

/** How a port is set up; a port that is to have another setup is stopped and started. */
struct port_setup {
	uint16_t nb_rxq;
	uint16_t nb_txq;
	uint16_t nb_rxd; /* as adjusted to the driver's limits */
	uint16_t nb_txd;
	uint64_t rx_offloads; /* RTE_ETH_RX_OFFLOAD_* */
	uint64_t tx_offloads; /* RTE_ETH_TX_OFFLOAD_* */
	uint64_t rx_index; /* of the mempool that it receives into */
};

struct fwd_port {
	uint16_t id;
	int socket; /* SOCKET_ID_ANY where the port has none */
	char driver[RTE_DEV_NAME_MAX_LEN];
	bool copy_external; /* its driver sends wrong bytes from external buffers */
	bool eal_memory_only; /* what is outside of EAL's memory it can't receive into, nor send */
	bool hands_on; /* its driver does not only read what it sends: no header may be sent twice */
	bool takes_chains; /* its driver sends packets of several segments, whether it says so or not */
	const char *start_hint; /* why it may not start, for the message; NULL: nothing is known */
	bool stops_for_good; /* its driver can't start it again */
	bool hides_losses; /* its driver does not count what the kernel drops for it */
	bool inserts_tags; /* its driver gets VLAN tags beside frames, and puts them back into these */
	bool cuts_memory; /* its driver can't reach the mbufs at the end of a mempool */
	uint32_t kept_rx; /* mbufs that its driver does not give back when closed, each rx queue */
	uint32_t kept_tx; /* the same, while it runs, at most, each tx queue */
	uint32_t nb_members; /* of a bond: ports by which it receives and sends */
	bool is_virtual; /* no card: its driver counts what it takes at once */
	struct rte_ether_addr addr;
	struct rte_eth_dev_info info;
	uint32_t mtu; /* asked for, 0: the driver's */
	struct port_setup setup; /* as it runs, where started */
	struct port_count count; /* what its driver counts: read a snapshot instead */
	struct port_xstats *xstats; /* of the run; NULL: unknown */
	enum rx_how rx_how; /* what it receives into: rx_mempool.h */
	unsigned int rx_index;
	bool set_up; /* as setup says */
	bool started;
	bool was_stopped;
	bool up; /* its link, as last polled; with the lock held */
	uint32_t link_speed; /* Mbit/s, RTE_ETH_SPEED_NUM_UNKNOWN */
	bool on_interface; /* of the kernel, which may vanish */
	bool removed; /* its device; events set it, atomically */
	uint32_t link_events; /* since last looked at; events count them, atomically */
	bool gone; /* vanished or detached; closed */
	bool held_down; /* stopped by command, until another starts it */
	bool not_promiscuous; /* by command */
};

/** A forwarding lcore and its streams. */
struct fwd_lcore {
	unsigned int id;
	unsigned int nb_streams;
	struct fwd_stream **streams;
	uint32_t tx_first; /* bursts to send before anything else */
	const struct fwd *fwd;
};

struct fwd {
	struct fwd_args args;
	int argc; /* as the program was called */
	char **argv;
	unsigned int nb_ports; /* that forward, in the order of topologies */
	unsigned int nb_resting; /* behind them, left out by command */
	struct fwd_port ports[RTE_MAX_ETHPORTS];
	/* From forwarding_start() to the next one, or to the end: */
	unsigned int nb_streams;
	struct fwd_stream **streams;
	unsigned int nb_lcores;
	struct fwd_lcore *lcores;
	struct mext_pool *pool;
	uint64_t outstanding; /* buffers, at the end */
	uint64_t kept; /* mbufs that closed ports may have kept: of their drivers, see port->kept_rx */
	uint32_t pool_count; /* mbufs on each socket */
	int64_t held; /* mbufs that came in and went nowhere, over all starts: a bug of the forwarder's */
	double started; /* when forwarding last started, by watch_now() */
	double began; /* when counting last began */
	struct snapshot *last; /* the numbers of the last run; NULL while one is on, and before */
	bool started_before; /* forwarding, once at least */
	bool running; /* between forwarding_start() and forwarding_stop() */
	bool stop; /* workers poll it, relaxed: it orders nothing */
	pthread_mutex_t lock; /* of everything here but what workers write */
};

/** How many ports there are, those that rest included. */
static inline unsigned int
ports_all(const struct fwd *fwd)
{
	return fwd->nb_ports + fwd->nb_resting;
}

/* port_find.c: which ports there are, and their limits. 0 or -1, with the reason on stderr. */
int ports_find(struct fwd *fwd);
int port_find(struct fwd *fwd, uint16_t id); /* append it to fwd->ports; rests if others do */
int port_check(const struct fwd_port *port, const struct fwd_args *args); /* its limits */

/* port.c: start and close the ports. 0 or -1, with the reason on stderr. */
int ports_prepare(struct fwd *fwd); /* started as mode and arguments want them */
uint64_t port_tx_wishes(const struct fwd *fwd, const struct fwd_port *port); /* offloads */
void ports_flush(struct fwd *fwd); /* what waits to be received */
void port_stop(struct fwd_port *port); /* emptied; if it is started */
int port_set_mtu(struct fwd *fwd, struct fwd_port *port, uint32_t mtu); /* now, and from now on */
void ports_close(struct fwd *fwd);
void port_close(struct fwd *fwd, struct fwd_port *port); /* alone, while others go on */
const struct fwd_port *port_by_id(const struct fwd *fwd, uint16_t id);

/* link.c: links and devices that change while it runs; all but the callbacks on the main thread. */
int events_open(struct fwd *fwd);
void events_close(struct fwd *fwd);
void links_begin(struct fwd *fwd); /* ports have started */
void links_poll(struct fwd *fwd);
bool ports_poll(struct fwd *fwd); /* at least once a second; false: no port is left */
bool port_interface(
		const struct fwd_port *port, char name[IF_NAMESIZE]); /* of the kernel, if on one */

/* plug.c: ports that come and go. Forwarding goes on with the others. */
int port_attach(struct fwd *fwd, const char *devargs); /* while nothing runs */
int port_detach(struct fwd *fwd, uint16_t id);
void ports_forget_gone(struct fwd *fwd);

/* portlist.c: which ports forward, while nothing runs. 0, or -1 with the reason on stderr. */
int ports_choose_list(struct fwd *fwd, const char *list); /* in its order, as 2,0-1 */
int ports_choose_mask(struct fwd *fwd, const char *mask); /* hexadecimal */
int ports_choose_first(struct fwd *fwd, const char *number); /* of all, in the order they have */

/* quirk.c: what is known of drivers. */
void quirks_apply(struct fwd_port *port);
void quirks_inherit(struct fwd_port *port, const struct fwd_port *from); /* by which it sends */
void quirks_report(const struct fwd *fwd);
/** Whether what it is to send in several segments must be copied into one. */
bool port_linearizes(const struct fwd *fwd, const struct fwd_port *port);
/** Whether VLAN tags of what it receives are put back by the forwarder, as its driver can't. */
bool port_lacks_tags(const struct fwd_port *port);

/* stream.c: who sends to whom, on which lcore. */
unsigned int topology_peer(
		enum topology topology, unsigned int i, unsigned int nb); /* of nb ports */
int streams_plan(struct fwd *fwd);
void streams_free(struct fwd *fwd);
void streams_clear(struct fwd *fwd); /* what they have counted, while workers are stopped */
void streams_forget_port(struct fwd *fwd, uint16_t id); /* while workers are stopped */

/* buffers.c: the pool, and the account of it at the end. */
int buffers_create(struct fwd *fwd);
int buffers_check(const struct fwd *fwd); /* that it is enough for what the arguments want */
int buffers_account(struct fwd *fwd);

/* placement.c: what is on which NUMA socket, with warnings of what is apart. */
void placement_report(const struct fwd *fwd);

/* control.c: ports prepared, streams planned, lcores at work; and all that back. */
int forwarding_start(struct fwd *fwd);
void forwarding_stop(struct fwd *fwd);
void forwarding_clear(
		struct fwd *fwd); /* count anew; what a run that has ended counted is forgotten */
void workers_stop(struct fwd *fwd); /* streams stay as they are */
void workers_start(struct fwd *fwd); /* and go on */

/* worker.c: what forwarding lcores run. */
int worker_run(void *lcore);

/** Exit status of a run that came to its end and forwarded nothing. */
#define EXIT_NOTHING 2

/* outcome.c: the exit status; on stderr what to look at where nothing was forwarded. */
int outcome(struct fwd *fwd);
uint64_t outcome_forwarded(const struct snapshot *snap); /* packets */

/* report.c */
void report_start(const struct fwd *fwd);
void report_final(struct fwd *fwd);

/* period.c: while it runs. Main thread only. */
void report_period(struct fwd *fwd);
void report_last_period(struct fwd *fwd); /* kept, not printed: the final report follows */
void report_xstats(const struct snapshot *now, const struct snapshot *before, const char *names);

/** What the streams to a port have counted. */
struct fwd_totals {
	uint64_t rx;
	uint64_t made;
	uint64_t tx;
	uint64_t consumed;
	uint64_t rejected;
	uint64_t full; /* refused by the port */
	uint64_t not_copied;
	uint64_t no_buffer;
	uint64_t retries;
};

/** Sum over the streams whose port by topology it is; with RTE_MAX_ETHPORTS over all. */
void streams_total(const struct fwd *fwd, uint16_t tx_port, struct fwd_totals *totals);

#endif
