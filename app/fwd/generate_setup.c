/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_malloc.h>
#include <rte_mbuf_dyn.h>
#include <rte_udp.h>

#include "fwd.h"
#include "generate.h"
#include "stream.h"

#define UDP_OFFSET (GENERATE_IP_OFFSET + sizeof(struct rte_ipv4_hdr))

/* From 198.18.0.1 to 198.18.0.2 (the range for benchmarks, RFC 2544), port 9 (discard, RFC 863). */
struct generate_conf generate_conf = {
	.source = RTE_IPV4(198, 18, 0, 1),
	.destination = RTE_IPV4(198, 18, 0, 2),
	.source_port = 9,
	.destination_port = 9,
	.nb_segments = 1,
	.lengths = { RTE_ETHER_MIN_LEN - RTE_ETHER_CRC_LEN },
};

/** The field of mbufs that has their mark; less than 0: there is none. */
static int mark_offset = -1;
static uint64_t nb_starts;

static uint32_t
frame_length(void)
{
	uint32_t length = 0;
	unsigned int i;

	for (i = 0; i < generate_conf.nb_segments; i++)
		length += generate_conf.lengths[i];
	return length;
}

static uint32_t
longest_segment(void)
{
	uint32_t longest = 0;
	unsigned int i;

	for (i = 0; i < generate_conf.nb_segments; i++)
		longest = RTE_MAX(longest, (uint32_t)generate_conf.lengths[i]);
	return longest;
}

uint64_t
generate_offloads(const struct fwd_port *port __rte_unused)
{
	return generate_conf.nb_segments > 1 ? RTE_ETH_TX_OFFLOAD_MULTI_SEGS : 0;
}

static int
check_port(const struct fwd_port *port)
{
	const uint32_t length = frame_length();
	uint16_t mtu;

	if (rte_eth_dev_get_mtu(port->id, &mtu) == 0 &&
			length > (uint32_t)mtu + RTE_ETHER_HDR_LEN) {
		FWD_ERROR("--txpkts: frames of %u bytes are too long for port %u, whose MTU of %u allows "
			  "%u",
				length, port->id, mtu, mtu + RTE_ETHER_HDR_LEN);
		return -1;
	}
	return 0;
}

int
generate_check(const struct fwd *fwd)
{
	static const struct rte_mbuf_dynfield mark = {
		.name = "mext_fwd_mark",
		.size = sizeof(uint64_t),
		.align = __alignof__(uint64_t),
	};
	const uint32_t longest = longest_segment();
	unsigned int i;

	for (i = 0; i < fwd->nb_ports; i++) {
		const struct fwd_port *port = &fwd->ports[i];
		struct rte_mempool *mp = rx_mempool_largest(fwd, port->socket);
		uint32_t room = rte_pktmbuf_data_room_size(mp) - RTE_PKTMBUF_HEADROOM;
		uint64_t burst = (uint64_t)generate_conf.nb_segments * fwd->args.burst;

		if (!port->gone && check_port(port) < 0)
			return -1;
		if (RTE_MAX(longest, (uint32_t)GENERATE_HEAD_LEN) > room) {
			FWD_ERROR("--txpkts: a segment of %u bytes is more than an mbuf's %u: give "
				  "several shorter ones",
					longest, room);
			return -1;
		}
		if (burst > mp->size / 2) {
			FWD_ERROR("--txpkts: %" PRIu64 " mbufs a burst are too many of %u: give "
				  "--total-num-mbufs=%" PRIu64
				  ", or a smaller --burst, or fewer segments",
					burst, mp->size, 4 * burst);
			return -1;
		}
	}
	/* Without one the bytes are written into every frame. */
	if (mark_offset < 0)
		mark_offset = rte_mbuf_dynfield_register(&mark);
	nb_starts++;
	return 0;
}

static void
write_frame(struct generator *g, const struct fwd_stream *s)
{
	const struct generate_conf *c = &generate_conf;
	const uint32_t length = frame_length();
	uint8_t *frame = g->head.bytes;
	struct rte_ether_hdr eth = {
		.dst_addr = s->out->addrs.dst,
		.src_addr = s->out->addrs.src,
		.ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4),
	};
	struct rte_ipv4_hdr ip = {
		.version_ihl = RTE_IPV4_VHL_DEF,
		.total_length = rte_cpu_to_be_16(length - GENERATE_IP_OFFSET),
		.time_to_live = 64,
		.next_proto_id = IPPROTO_UDP,
		.src_addr = rte_cpu_to_be_32(c->source),
		.dst_addr = rte_cpu_to_be_32(c->destination),
	};
	/* No UDP checksum: 0 says so in IPv4. */
	struct rte_udp_hdr udp = {
		.src_port = rte_cpu_to_be_16(c->source_port),
		.dst_port = rte_cpu_to_be_16(c->destination_port),
		.dgram_len = rte_cpu_to_be_16(length - UDP_OFFSET),
	};
	unsigned int i;

	ip.hdr_checksum = rte_ipv4_cksum(&ip);
	memcpy(frame, &eth, sizeof(eth));
	memcpy(frame + GENERATE_IP_OFFSET, &ip, sizeof(ip));
	memcpy(frame + UDP_OFFSET, &udp, sizeof(udp));
	for (i = GENERATE_FILL_OFFSET; i < GENERATE_HEAD_LEN; i++)
		frame[i] = generate_byte(i);
}

static void
write_mbuf(uint8_t *bytes, uint32_t packet, uint16_t segment, uint16_t nb_segments)
{
	struct rte_mbuf m = { .pkt_len = packet };

	static_assert(offsetof(struct rte_mbuf, ol_flags) == GENERATE_MBUF_OFFSET + 8,
			"refcnt, nb_segs and port are before");
	static_assert(offsetof(struct rte_mbuf, pkt_len) == GENERATE_MBUF_OFFSET + 20,
			"packet_type is before");
	static_assert(offsetof(struct rte_mbuf, data_len) == GENERATE_MBUF_OFFSET + 24,
			"vlan_tci and hash are behind");
	m.data_off = RTE_PKTMBUF_HEADROOM;
	rte_mbuf_refcnt_set(&m, 1);
	m.nb_segs = nb_segments;
	m.port = RTE_MBUF_PORT_INVALID;
	m.data_len = segment;
	memcpy(bytes, RTE_PTR_ADD(&m, GENERATE_MBUF_OFFSET), GENERATE_MBUF_LEN);
}

/** What the addresses of a flow leave of the checksum to be done. */
static void
init_flows(struct generator *g, const struct generate_flows *flows)
{
	struct rte_ipv4_hdr ip;
	rte_be32_t *address = flows->destination ? &ip.dst_addr : &ip.src_addr;

	memcpy(&ip, &g->head.bytes[GENERATE_IP_OFFSET], sizeof(ip));
	g->flows = *flows;
	g->address = rte_be_to_cpu_32(*address);
	g->address_offset = GENERATE_IP_OFFSET + RTE_PTR_DIFF(address, &ip);
	*address = 0;
	ip.hdr_checksum = 0;
	g->sum = rte_raw_cksum(&ip, sizeof(ip));
}

void
generator_init(struct generator *g, const struct fwd_stream *s, const struct generate_flows *flows,
		bool keep)
{
	unsigned int i;

	*g = (struct generator){
		.mp = s->copy_pool,
		.longest = longest_segment(),
		.mark = keep && mark_offset >= 0 ? nb_starts << 1 : 0,
		.mark_offset = RTE_MAX(mark_offset, 0),
		.further_lengths = &generate_conf.lengths[1],
		.nb_segments = generate_conf.nb_segments,
	};
	for (i = 0; i < sizeof(g->pattern); i++)
		g->pattern[i] = i;
	write_frame(g, s);
	write_mbuf(g->head.mbuf, frame_length(), generate_conf.lengths[0],
			generate_conf.nb_segments);
	write_mbuf(g->further_mbuf, 0, 0, 1);
	init_flows(g, flows);
}

int
generators_create(struct fwd *fwd, const struct generate_flows *flows, bool keep)
{
	unsigned int i;

	if (generate_check(fwd) < 0)
		return -1;
	/* Copies come from the same pool, and take the marks along, which are not true of them. */
	for (i = 0; i < fwd->nb_ports; i++)
		keep &= !port_linearizes(fwd, &fwd->ports[i]);
	for (i = 0; i < fwd->nb_streams; i++) {
		struct fwd_stream *s = fwd->streams[i];

		s->state = rte_malloc_socket("generator", sizeof(struct generator),
				RTE_CACHE_LINE_SIZE, rte_lcore_to_socket_id(s->lcore));
		if (s->state == NULL) {
			FWD_ERROR("no memory for the frame of a stream, raise EAL's -m");
			generators_free(fwd);
			return -1;
		}
		generator_init(s->state, s, flows, keep);
	}
	return 0;
}

void
generators_free(struct fwd *fwd)
{
	unsigned int i;

	for (i = 0; i < fwd->nb_streams; i++) {
		rte_free(fwd->streams[i]->state);
		fwd->streams[i]->state = NULL;
	}
}
