/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_ip.h>
#include <rte_udp.h>

#include "mode.h"
#include "stream.h"

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
write_frame(const struct fwd_stream *s, uint8_t *frame, uint64_t sequence)
{
	struct rte_ether_hdr eth = {
		.dst_addr = s->out->peer,
		.src_addr = s->out->source,
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
make_frames(struct fwd_stream *s)
{
	struct mext_storage *storages[FWD_MAX_BURST];
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t i, n = s->burst;

	if (mext_header_alloc_bulk(s->pool, pkts, n) < 0)
		goto none;
	if (mext_storage_alloc_bulk(s->pool, FRAME_LEN, storages, n) < 0)
		goto no_storage;
	for (i = 0; i < n; i++)
		write_frame(s, mext_storage_data(storages[i]), s->sequence + i);
	if (mext_attach_bulk(pkts, storages, n, 0, FRAME_LEN) < 0)
		goto no_attach;
	s->sequence += n;
	s->made += n;
	stream_send(s, s->out, pkts, n);
	return n;

no_attach:
	mext_storage_release_bulk(storages, n);
no_storage:
	mext_free_bulk(pkts, n);
none:
	stream_starved(s, n);
	return 0;
}

const struct fwd_mode mode_txonly = {
	.name = "txonly",
	.help = "frames are made and sent; nothing is received",
	.flags = MODE_TRANSMITS | MODE_HEADERS | MODE_STORAGES,
	.turn = make_frames,
};
