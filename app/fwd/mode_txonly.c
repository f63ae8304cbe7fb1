/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_ip.h>
#include <rte_udp.h>

#include <mext.h>

#include "args.h"
#include "mode.h"

/*
 * The frame: Ethernet, IPv4 198.18.0.1 -> 198.18.0.2 (the range for benchmarks, RFC 2544), UDP from
 * and to port 9 (discard), 64 bits of sequence number in network order, then bytes 0, 1, 2, ...
 */
#define FRAME_LEN (RTE_ETHER_MIN_LEN - RTE_ETHER_CRC_LEN)
#define IP_OFFSET sizeof(struct rte_ether_hdr)
#define UDP_OFFSET (IP_OFFSET + sizeof(struct rte_ipv4_hdr))
#define SEQUENCE_OFFSET (UDP_OFFSET + sizeof(struct rte_udp_hdr))
#define FILL_OFFSET (SEQUENCE_OFFSET + sizeof(uint64_t))

static void
write_frame(const struct fwd_stream *stream, uint8_t *frame, uint64_t sequence)
{
	struct rte_ether_hdr eth = {
		.dst_addr = stream->peer,
		.src_addr = stream->source,
		.ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4),
	};
	struct rte_ipv4_hdr ip = {
		.version_ihl = RTE_IPV4_VHL_DEF,
		.total_length = RTE_BE16(FRAME_LEN - IP_OFFSET),
		.time_to_live = 64,
		.next_proto_id = IPPROTO_UDP,
		.src_addr = RTE_BE32(RTE_IPV4(198, 18, 0, 1)),
		.dst_addr = RTE_BE32(RTE_IPV4(198, 18, 0, 2)),
	};
	/* No UDP checksum: 0 says so in IPv4. */
	struct rte_udp_hdr udp = {
		.src_port = RTE_BE16(9),
		.dst_port = RTE_BE16(9),
		.dgram_len = RTE_BE16(FRAME_LEN - UDP_OFFSET),
	};
	rte_be64_t number = rte_cpu_to_be_64(sequence);
	unsigned int i;

	ip.hdr_checksum = rte_ipv4_cksum(&ip);
	memcpy(frame, &eth, sizeof(eth));
	memcpy(frame + IP_OFFSET, &ip, sizeof(ip));
	memcpy(frame + UDP_OFFSET, &udp, sizeof(udp));
	memcpy(frame + SEQUENCE_OFFSET, &number, sizeof(number));
	for (i = FILL_OFFSET; i < FRAME_LEN; i++)
		frame[i] = i - FILL_OFFSET;
}

/** Every packet is a storage with the frame in it, attached to a bare header. */
static uint16_t
make_frames(struct fwd_stream *stream, struct rte_mbuf **pkts, uint16_t n __rte_unused,
		uint16_t max)
{
	struct mext_storage *storages[FWD_MAX_BURST];
	uint16_t i;

	if (mext_header_alloc_bulk(stream->pool, pkts, max) < 0)
		goto none;
	if (mext_storage_alloc_bulk(stream->pool, FRAME_LEN, storages, max) < 0)
		goto no_storage;
	for (i = 0; i < max; i++)
		write_frame(stream, mext_storage_data(storages[i]), stream->sequence + i);
	if (mext_attach_bulk(pkts, storages, max, 0, FRAME_LEN) < 0)
		goto no_attach;
	stream->sequence += max;
	stream->made += max;
	return max;

no_attach:
	mext_storage_release_bulk(storages, max);
no_storage:
	mext_free_bulk(pkts, max);
none:
	stream->no_buffer += max;
	return 0;
}

/** Frames are made and sent; nothing is received. */
const struct fwd_mode mode_txonly = {
	.name = "txonly",
	.transmits = true,
	.makes = true,
	.burst = make_frames,
};
