/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

/**
 * @file All numbers of a run, read at one moment. Text, JSON, telemetry and the live view are made from
 * it and from nothing else, so they can't disagree. Workers count on while it is read: each number is
 * right, but they are not all of the same instant until forwarding has stopped.
 */

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include <mext.h>

#include "counter.h"
#include "mode.h"
#include "rx_mempool.h"
#include "stream.h"

struct fwd;

/** Packets that were lost, by cause. The first three are COUNTER_UNKNOWN where the port does not count them. */
struct snapshot_drops {
	uint64_t rx_missed; /* no descriptor was free: the port's imissed */
	uint64_t rx_no_buffer; /* no mbuf to receive into: its rx_nombuf */
	uint64_t rx_errors; /* its ierrors */
	uint64_t rejected; /* the mode could do nothing with them; of what the port received */
	uint64_t no_buffer; /* not made, no buffer was left; of what the port was to send */
	uint64_t not_copied; /* the same, of copies for drivers that can't send external buffers */
	uint64_t tx_full; /* refused by the port, after all tries */
};

/** What went through a port, a queue, a lcore, since counting began. Bytes may be COUNTER_UNKNOWN. */
struct snapshot_traffic {
	uint64_t rx; /* packets */
	uint64_t rx_bytes; /* layer 2 frames as the driver counts them, mostly without FCS */
	uint64_t tx;
	uint64_t tx_bytes;
	uint64_t cycles; /* of turns with packets, if recorded */
	uint64_t handled; /* packets that these cycles were for */
};

struct snapshot_port {
	uint16_t id;
	int socket;
	bool gone;
	bool link_up;
	uint32_t link_speed; /* Mbit/s, RTE_ETH_SPEED_NUM_UNKNOWN */
	char driver[RTE_DEV_NAME_MAX_LEN];
	char mempool[RX_MEMPOOL_TEXT]; /* that it receives into; several with '+' between */
	struct rte_ether_addr addr;
	struct snapshot_traffic traffic;
	uint64_t tx_errors; /* COUNTER_UNKNOWN: the port does not count them */
	unsigned int restarts; /* of the driver's counters */
	uint64_t consumed; /* freed because their purpose was fulfilled; of what the port received */
	uint64_t retries; /* further tries to send */
	struct snapshot_drops drops;
};

/** A receive queue and the transmit queue of the same number: packets by streams, bytes by the driver. */
struct snapshot_queue {
	uint16_t port;
	uint16_t queue;
	unsigned int rx_lcore; /* who received from it, LCORE_ID_ANY: nobody yet */
	unsigned int tx_lcore;
	struct snapshot_traffic traffic;
};

struct snapshot_lcore {
	unsigned int id;
	unsigned int socket;
	unsigned int nb_streams;
	uint64_t turns; /* with packets */
	uint64_t idle; /* without */
	struct snapshot_traffic traffic; /* its bytes are those of its queues */
};

struct snapshot_stream {
	uint16_t rx_port;
	uint16_t rx_queue;
	uint16_t tx_port; /* by topology */
	uint16_t tx_queue;
	uint16_t stage;
	unsigned int lcore;
	uint64_t rx;
	uint64_t made;
	uint64_t tx; /* by all its outs */
	uint64_t tx_full;
	uint64_t not_copied;
	uint64_t retries;
	uint64_t consumed;
	uint64_t rejected;
	uint64_t no_buffer;
	uint64_t turns;
	uint64_t idle;
	uint64_t cycles;
	uint64_t handled;
	struct fwd_bursts *bursts; /* NULL: not recorded */
};

struct snapshot {
	unsigned int users; /* who have it, atomic */
	const struct fwd_mode *mode;
	double time; /* by watch_now() */
	double elapsed; /* seconds since counting began; to the end of the run, once it has ended */
	bool cycles; /* are recorded */
	unsigned int nb_ports;
	struct snapshot_port *ports;
	struct snapshot_port all; /* sums over the ports */
	unsigned int nb_queues;
	struct snapshot_queue *queues; /* by port, then queue */
	unsigned int nb_lcores;
	struct snapshot_lcore *lcores;
	unsigned int nb_streams;
	struct snapshot_stream *streams;
	unsigned int nb_counters;
	struct fwd_counter counters[MODE_MAX_COUNTERS]; /* the mode's own */
	unsigned int nb_shown; /* names of --display-xstats */
	uint64_t *shown; /* nb_shown for each port */
	struct mext_stats pool;
};

/**
 * Read all numbers: of now or, when nothing is forwarded, as the last run ended.
 * @return what the caller gives back with snapshot_put(); NULL: nothing has run yet, or no memory.
 */
struct snapshot *snapshot_get(struct fwd *fwd);

/** The same for those who hold fwd->lock. */
struct snapshot *snapshot_get_locked(struct fwd *fwd);

/** With fwd->lock held: what is counted from now on is this run's; and the end of it. */
void snapshot_begin(struct fwd *fwd);
void snapshot_end(struct fwd *fwd);

/** Give back; from any thread. NULL is fine. */
void snapshot_put(struct snapshot *snap);

/** Free what is kept for the last run. */
void snapshot_close(struct fwd *fwd);

/** How many lcores had something to do. */
unsigned int snapshot_lcores(const struct snapshot *snap);

/** Packets lost, all causes together; COUNTER_UNKNOWN if one of them is. */
uint64_t snapshot_dropped(const struct snapshot_drops *drops);

/** How much more a count is now, a second; NAN where it is unknown, 0 where it is less. */
static inline double
snapshot_rate(uint64_t now, uint64_t before, double seconds)
{
	if (now == COUNTER_UNKNOWN || before == COUNTER_UNKNOWN || seconds <= 0)
		return NAN;
	return now > before ? (now - before) / seconds : 0;
}

/** Cycles a packet; NAN where there were none. */
static inline double
snapshot_cycles(uint64_t cycles, uint64_t packets)
{
	return cycles == 0 || packets == 0 ? NAN : (double)cycles / packets;
}

#endif
