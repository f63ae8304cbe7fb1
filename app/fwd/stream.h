/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef STREAM_H
#define STREAM_H

/**
 * @file What a lcore works on: one receive queue and what it feeds, with counters. One lcore writes
 * them, others may read. Every mbuf ends in exactly one of: sent, or freed and counted by one of the
 * drops below. Modes call these functions and no others of ethdev's. Bytes are not counted here: the ports
 * count them, for each queue in their xstats.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_mbuf.h>

#include <mext.h>

#include "args.h"
#include "ether.h"

/** The port's driver sends wrong bytes from external buffers and chains: send copies. */
#define FWD_OUT_COPY (1u << 0)
/** The port does not send chains: send copies of these. */
#define FWD_OUT_LINEAR (1u << 3)
/** The port has vanished: drop, it must not be called. */
#define FWD_OUT_GONE (1u << 1)
/** How many packets bursts had is recorded. */
#define FWD_OUT_RECORD (1u << 2)

/** A transmit queue as one stream sees it. */
struct fwd_out {
	uint16_t port;
	uint16_t queue;
	uint8_t special; /* FWD_OUT_*: what makes sending more than a call of the driver */
	struct ether_pair addrs; /* to who is at its other end, from the port's address */
	uint64_t offloads; /* RTE_ETH_TX_OFFLOAD_* that are on */
	uint64_t tx; /* mbufs that the port took */
	uint64_t full; /* mbufs that it refused, after all tries; freed */
	uint64_t not_copied; /* mbufs that no copy could be made of; freed */
	uint64_t retries; /* further tries to send the rest of a burst */
};

/** How many bursts had how many packets. */
struct fwd_bursts {
	uint64_t rx[FWD_MAX_BURST + 1];
	uint64_t tx[FWD_MAX_BURST + 1];
};

struct fwd_stream {
	/* One cache line for all that a turn of the simplest mode needs. */
	uint16_t rx_port;
	uint16_t rx_queue;
	uint16_t burst; /* packets at once */
	bool watched; /* verbose is set, or bursts, or lacks_tags */
	bool refer; /* a packet may be sent by several of outs at a time: their drivers only read it */
	struct fwd_out *out; /* by topology */
	struct mext_pool *pool;
	uint64_t rx; /* mbufs received */
	uint64_t turns; /* with packets */
	uint64_t idle; /* turns without */
	uint64_t cycles; /* CPU cycles of turns with packets, if recorded */
	void *state; /* the mode's */

	struct rte_mempool *copy_pool; /* mbufs with room, for copies */
	struct fwd_bursts *bursts; /* NULL: not recorded */
	uint64_t made; /* mbufs allocated to be sent, copies and shares too */
	uint64_t consumed; /* mbufs freed because their purpose was fulfilled */
	uint64_t rejected; /* mbufs freed because the mode can do nothing with them */
	uint64_t no_buffer; /* packets not made because no buffer was left */
	uint64_t sequence; /* of packets made, over all starts */
	uint64_t passed_on; /* mbufs that a stage behind the first has taken */
	uint32_t tx_retries;
	unsigned int stage; /* of modes with several */
	unsigned int lcore;
	unsigned int index; /* of fwd->streams */
	unsigned int nb_outs;
	bool verbose; /* a line for every packet received */
	bool lacks_tags; /* VLAN tags are to be put back into packets received */
	struct fwd_out outs[] __rte_cache_aligned;
} __rte_cache_aligned;

/** The rest of a burst that a port did not take: tries again, then frees. @return how many were sent. */
uint16_t stream_send_rest(
		struct fwd_stream *s, struct fwd_out *out, struct rte_mbuf **pkts, uint16_t n);

/** stream_send() by a port with one of the FWD_OUT_*. */
void stream_send_special(
		struct fwd_stream *s, struct fwd_out *out, struct rte_mbuf **pkts, uint16_t n);

/**
 * Record and describe what was received, as far as asked for, and put VLAN tags back.
 * @return how many there are; one without room for its tag is freed and counted as rejected.
 */
uint16_t stream_watch(struct fwd_stream *s, struct rte_mbuf **pkts, uint16_t n);

/**
 * No buffer was left to make or copy n packets: counts them, and asks the ports to give back what they have
 * sent, so that nothing waits for the next packet to be sent. Frees nothing.
 */
void stream_starved(struct fwd_stream *s, uint16_t n);

/**
 * Take nb references on each of n packets, so that they, not only their bytes, can be sent nb times more; counts
 * them as made. For streams with the mark refer: who is sent such a packet may not write to its header.
 */
void stream_refer(struct fwd_stream *s, struct rte_mbuf *const *pkts, uint16_t n, uint16_t nb);

/**
 * Share n packets for one more port, with headers of their own (mext_fanout_bulk()); counts them as made. Where
 * headers run short, as many as there are, in order. @return how many.
 */
uint16_t stream_share(
		struct fwd_stream *s, struct rte_mbuf **pkts, uint16_t n, struct rte_mbuf **shares);

/** stream_own() where one of the packets is not plainly its own. */
uint16_t stream_own_each(
		struct fwd_stream *s, struct fwd_out *out, struct rte_mbuf **pkts, uint16_t n);

/**
 * Make sure that the first segments of n packets may be written to: others may have them too. Where one needs a
 * copy and none can be made, the packet is freed and counted.
 * @return how many are still there, in order; some may be others, with the first bytes in other places.
 */
static inline uint16_t
stream_own(struct fwd_stream *s, struct fwd_out *out, struct rte_mbuf **pkts, uint16_t n)
{
	uint64_t flags = 0;
	uint16_t i, counts = 1; /* none is 0: all together are 1 where each is */

	for (i = 0; i < n; i++) {
		flags |= pkts[i]->ol_flags;
		counts |= pkts[i]->refcnt; /* as rte_mbuf_refcnt_read(), in one instruction */
	}
	if (likely((flags & (RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL)) == 0 && counts == 1))
		return n;
	return stream_own_each(s, out, pkts, n);
}

/** Receive at most stream->burst packets. @return how many. */
static inline uint16_t
stream_receive(struct fwd_stream *s, struct rte_mbuf **pkts)
{
	uint16_t n = rte_eth_rx_burst(s->rx_port, s->rx_queue, pkts, s->burst);

	s->rx += n;
	if (unlikely(s->watched))
		n = stream_watch(s, pkts, n);
	return n;
}

/** Send n packets, at most FWD_MAX_BURST; what is not taken is freed and counted. */
static inline void
stream_send(struct fwd_stream *s, struct fwd_out *out, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t sent;

	if (unlikely(out->special != 0)) {
		stream_send_special(s, out, pkts, n);
		return;
	}
	sent = rte_eth_tx_burst(out->port, out->queue, pkts, n);
	if (unlikely(sent < n))
		sent += stream_send_rest(s, out, &pkts[sent], n - sent);
	out->tx += sent;
}

/**
 * As stream_send(), of packets that ask for the port's offloads: its driver first does what these need in
 * the packet. One that it can't send so is freed and counted as rejected.
 */
void stream_send_prepared(
		struct fwd_stream *s, struct fwd_out *out, struct rte_mbuf **pkts, uint16_t n);

/** Free packets whose purpose is fulfilled. */
static inline void
stream_consume(struct fwd_stream *s, struct rte_mbuf **pkts, uint16_t n)
{
	s->consumed += n;
	mext_free_bulk(pkts, n);
}

/** Free packets that the mode can do nothing with. */
static inline void
stream_reject(struct fwd_stream *s, struct rte_mbuf **pkts, uint16_t n)
{
	s->rejected += n;
	mext_free_bulk(pkts, n);
}

#endif
