/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GENERATE_H
#define GENERATE_H

/**
 * @file The frames that modes make: UDP, numbered, of one or several segments. doc/modes.rst has the
 * layout. A generator belongs to one stream.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_ether.h>
#include <rte_mbuf.h>

struct fwd;
struct fwd_port;
struct fwd_stream;

/** Ethernet, IPv4 and UDP: what the first segment must hold. */
#define GENERATE_HEADERS_LEN 42

/** Bytes that are written into each frame. What is behind them is the same in all. */
#define GENERATE_HEAD_LEN 64

/** As many segments as testpmd's frames have at most. */
#define GENERATE_MAX_SEGMENTS 255

#define GENERATE_IP_OFFSET sizeof(struct rte_ether_hdr)
#define GENERATE_SEQUENCE_OFFSET GENERATE_HEADERS_LEN
#define GENERATE_FILL_OFFSET (GENERATE_SEQUENCE_OFFSET + sizeof(uint64_t))

/** The fields of an mbuf that describe a packet, which are neighbours: data_off to hash. */
#define GENERATE_MBUF_OFFSET offsetof(struct rte_mbuf, data_off)
#define GENERATE_MBUF_LEN 32

/** What all frames have in common. */
struct generate_conf {
	uint32_t source; /* IPv4 addresses, in the order of the host */
	uint32_t destination;
	uint16_t source_port; /* of UDP */
	uint16_t destination_port;
	unsigned int nb_segments;
	uint16_t lengths[GENERATE_MAX_SEGMENTS]; /* of the segments */
};

/** Set by options (mode_txonly.c). */
extern struct generate_conf generate_conf;

/** An address of the frame that takes nb values, one after the other. */
struct generate_flows {
	uint32_t nb; /* 0: it stays */
	bool destination; /* which one */
	unsigned int shift; /* the values are that many bits apart */
};

/** The first bytes of a frame, and of what describes it in its mbuf. */
struct generate_head {
	uint8_t bytes[GENERATE_HEAD_LEN];
	uint8_t mbuf[GENERATE_MBUF_LEN];
};

/*
 * Bytes behind the head are the same in all frames, at the same place of every segment. So they need to be
 * written once into each mbuf, which then is marked with the number of the start. The lowest bit is set in
 * mbufs that were a further segment last, and have these bytes from their beginning on.
 */
#define GENERATE_FURTHER UINT64_C(1)

struct generator {
	struct generate_head head;
	uint8_t further_mbuf[GENERATE_MBUF_LEN]; /* of segments behind the first one */
	struct rte_mempool *mp;
	uint64_t mark; /* of this start, as head; 0: always write all */
	uint32_t mark_offset; /* where mbufs have it */
	uint32_t longest; /* segment */
	uint32_t nb_segments;
	uint64_t due; /* TSC of the next burst, of modes that pace */
	const uint16_t *further_lengths;
	struct generate_flows flows;
	uint32_t flow; /* the next one */
	uint32_t address; /* of flow 0 */
	uint32_t address_offset; /* in the frame */
	uint32_t sum; /* of the IPv4 header without that address */
	uint8_t pattern[2 * 256]; /* 0, 1, 2, ... */
};

/** What byte i of a segment is, behind the head of the first one. */
static inline uint8_t
generate_byte(unsigned int i)
{
	return i - GENERATE_FILL_OFFSET;
}

/** Whether ports can send such frames: 0, or -1 with the reason on stderr. Called by each start. */
int generate_check(const struct fwd *fwd);

/** What a port must offer: RTE_ETH_TX_OFFLOAD_*. */
uint64_t generate_offloads(const struct fwd_port *port);

/**
 * @param keep  Nothing else is done with mbufs of the pool until the next generate_check(): what is written
 *   behind the head needs to be written once only.
 */
void generator_init(struct generator *g, const struct fwd_stream *stream,
		const struct generate_flows *flows, bool keep);

/** Make state of all streams a generator. @return 0, or -1 with the reason on stderr. */
int generators_create(struct fwd *fwd, const struct generate_flows *flows, bool keep);
void generators_free(struct fwd *fwd);

/** Make n packets, at most FWD_MAX_BURST, and count them. @return how many. */
uint16_t generate(
		struct generator *g, struct fwd_stream *stream, struct rte_mbuf **pkts, uint16_t n);

#endif
