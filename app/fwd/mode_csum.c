/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_hash_crc.h>
#include <rte_malloc.h>
#include <rte_sctp.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "checksum.h"
#include "fwd.h"
#include "loop.h"
#include "mode.h"
#include "parse.h"
#include "pseudo.h"
#include "stream.h"

#define TX_OFFLOADS                                                     \
	(RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM | \
			RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_SCTP_CKSUM)

static struct {
	bool software; /* not even where the port could */
} settings;

/** Of a stream. */
struct counts {
	uint64_t bad_ip;
	uint64_t bad_l4;
	uint64_t not_computed; /* lengths that can't be, or headers in pieces */
} __rte_cache_aligned;

/** Of the streams of the last start. */
static struct counts *all_counts;

/** What there is to know of a protocol with a checksum. */
struct protocol {
	uint64_t offload; /* RTE_ETH_TX_OFFLOAD_*; 0: no port computes it */
	uint64_t flag; /* RTE_MBUF_F_TX_* that asks for it */
	uint16_t header; /* shortest */
	uint16_t field; /* offset of the checksum */
	bool pseudo; /* covers addresses too */
};

static const struct protocol udp = { RTE_ETH_TX_OFFLOAD_UDP_CKSUM, RTE_MBUF_F_TX_UDP_CKSUM,
	sizeof(struct rte_udp_hdr), offsetof(struct rte_udp_hdr, dgram_cksum), true };
static const struct protocol tcp = { RTE_ETH_TX_OFFLOAD_TCP_CKSUM, RTE_MBUF_F_TX_TCP_CKSUM,
	sizeof(struct rte_tcp_hdr), offsetof(struct rte_tcp_hdr, cksum), true };
static const struct protocol sctp = { RTE_ETH_TX_OFFLOAD_SCTP_CKSUM, RTE_MBUF_F_TX_SCTP_CKSUM,
	sizeof(struct rte_sctp_hdr), offsetof(struct rte_sctp_hdr, cksum), false };
static const struct protocol icmp = { 0, 0, 8, 2, false };
static const struct protocol icmp6 = { 0, 0, 8, 2, true };

static const struct protocol *
protocol_of(struct layers l)
{
	switch (l.proto) {
	case IPPROTO_UDP:
		return &udp;
	case IPPROTO_TCP:
		return &tcp;
	case IPPROTO_SCTP:
		return &sctp;
	case IPPROTO_ICMP:
		return l.ip == 4 ? &icmp : NULL;
	case IPPROTO_ICMPV6:
		return l.ip == 6 ? &icmp6 : NULL;
	default:
		return NULL;
	}
}

/** Bytes of layer 4, by the lengths that the headers state. @return 0 where these can't be. */
static inline uint32_t
l4_bytes(const struct rte_mbuf *m, struct layers l, const struct protocol *p)
{
	const void *ip = rte_pktmbuf_mtod_offset(m, const void *, l.l3);
	int32_t ip_header = l.l4 - l.l3, bytes;

	if (l.ip == 4)
		bytes = rte_be_to_cpu_16(((const struct rte_ipv4_hdr *)ip)->total_length);
	else
		bytes = rte_be_to_cpu_16(((const struct rte_ipv6_hdr *)ip)->payload_len) +
			(int32_t)sizeof(struct rte_ipv6_hdr);
	bytes -= ip_header;
	if (bytes < p->header || l.l4 + (uint32_t)bytes > m->pkt_len ||
			!parse_has(m, l.l4, p->header))
		return 0;
	if (p == &udp) {
		int32_t said = rte_be_to_cpu_16(
				rte_pktmbuf_mtod_offset(m, const struct rte_udp_hdr *, l.l4)
						->dgram_len);

		return said >= p->header && said <= bytes ? said : 0;
	}
	return bytes;
}

/** Whether there is nothing between IP's fixed header and layer 4. */
static inline bool
is_plain(struct layers l)
{
	const size_t fixed = l.ip == 4 ? sizeof(struct rte_ipv4_hdr) : sizeof(struct rte_ipv6_hdr);

	return l.l4 == l.l3 + fixed;
}

/** Sum of the addresses, length and protocol that checksums cover beside layer 4 itself. */
static inline uint64_t
pseudo_sum(const struct rte_mbuf *m, struct layers l, uint32_t bytes, const struct pseudo *pseudo)
{
	const uint8_t *ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, l.l3);
	uint64_t sum = rte_cpu_to_be_16(l.proto) + (uint64_t)rte_cpu_to_be_16(bytes);

	if (unlikely(pseudo->detour)) {
		const uint32_t len = l.ip == 4 ? 4 : 16;

		sum = checksum_bytes(sum, pseudo->src, len);
		return checksum_bytes(sum, pseudo->dst, len);
	}
	if (l.ip == 4)
		return checksum_bytes(sum, ip + offsetof(struct rte_ipv4_hdr, src_addr), 8);
	return checksum_bytes(sum, ip + offsetof(struct rte_ipv6_hdr, src_addr), 32);
}

/** SCTP has a CRC-32C of all its bytes, the field taken as 0. @return whether it was right. */
static bool
crc_right(const struct rte_mbuf *m, uint32_t off, uint32_t bytes, void *field)
{
	uint32_t old, crc = UINT32_MAX;

	memcpy(&old, field, sizeof(old));
	memset(field, 0, sizeof(old));
	for (; bytes > 0; m = m->next, off = 0) {
		uint32_t len = RTE_MIN(m->data_len - off, bytes);

		crc = rte_hash_crc(rte_pktmbuf_mtod_offset(m, const void *, off), len, crc);
		bytes -= len;
	}
	crc = rte_cpu_to_le_32(~crc);
	memcpy(field, &crc, sizeof(crc));
	return crc == old;
}

/** Ask the port for a checksum: what it needs in the packet and in the mbuf beside the flags. */
static void
prepare_offload(struct rte_mbuf *m, struct layers l, const struct protocol *p, uint32_t bytes,
		const struct pseudo *pseudo, void *field)
{
	uint16_t len = p->header, sum;

	if (p == &tcp)
		len = (rte_pktmbuf_mtod_offset(m, const struct rte_tcp_hdr *, l.l4)->data_off >>
				      4) *
		      4;
	m->tx_offload = rte_mbuf_tx_offload(l.l3, l.l4 - l.l3, len, 0, 0, 0, 0);
	if (p == &sctp) {
		memset(field, 0, sizeof(uint32_t));
		return;
	}
	sum = checksum_fold(pseudo_sum(m, l, bytes, pseudo));
	memcpy(field, &sum, sizeof(sum));
}

/** Whether an mbuf can say where IP begins; the lengths of IPv4's, IPv6's and TCP's headers always fit. */
static inline bool
l2_fits(struct layers l)
{
	return l.l3 < 1u << RTE_MBUF_L2_LEN_BITS;
}

/** Whether a port can do it: headers as NICs know them, and nothing behind what is summed. */
static inline bool
offloads(const struct rte_mbuf *m, struct layers l, const struct protocol *p, uint32_t bytes,
		uint64_t can)
{
	uint8_t len;

	if ((p->offload & can) == 0 || l.l4 + bytes != m->pkt_len || unlikely(!l2_fits(l)))
		return false;
	if (l.ip == 6 && !is_plain(l))
		return false;
	if (p != &tcp)
		return true;
	len = (rte_pktmbuf_mtod_offset(m, const struct rte_tcp_hdr *, l.l4)->data_off >> 4) * 4;
	return len >= p->header && len <= bytes && parse_has(m, l.l4, len);
}

/** @return flags for the port. */
static inline uint64_t
right_l4(struct counts *c, struct rte_mbuf *m, struct layers l, uint64_t can)
{
	const uint64_t rx = m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;
	struct pseudo pseudo = { .detour = false };
	const struct protocol *p;
	uint32_t bytes;
	uint8_t *field;
	uint64_t sum;
	bool valid;

	/* Of a fragment it covers what is not here. */
	if (l.fragment != FRAGMENT_NONE || (p = protocol_of(l)) == NULL)
		return 0;
	field = rte_pktmbuf_mtod_offset(m, uint8_t *, l.l4 + p->field);
	if (p == &udp && parse_has(m, l.l4, p->header) && field[0] == 0 && field[1] == 0)
		return 0; /* it has none */
	bytes = l4_bytes(m, l, p);
	if (unlikely(bytes == 0 || (p->pseudo && !is_plain(l) && !pseudo_find(m, l, &pseudo)))) {
		c->not_computed++;
		return 0;
	}
	if (!pseudo.detour && offloads(m, l, p, bytes, can)) {
		c->bad_l4 += rx == RTE_MBUF_F_RX_L4_CKSUM_BAD;
		prepare_offload(m, l, p, bytes, &pseudo, field);
		return p->flag;
	}
	if (p == &sctp) {
		valid = crc_right(m, l.l4, bytes, field);
	} else if (p == &icmp) {
		valid = checksum_right_message(field, m, l.l4, bytes);
	} else {
		sum = pseudo_sum(m, l, bytes, &pseudo);
		valid = checksum_right(field, checksum_mbuf(sum, m, l.l4, bytes), p == &udp);
	}
	/* NONE: it was left to the receiving side, so that what is in the packet means nothing. */
	if (unlikely(!valid) && rx != RTE_MBUF_F_RX_L4_CKSUM_NONE)
		c->bad_l4++;
	return 0;
}

static inline uint64_t
ipv4_sum(const struct rte_ipv4_hdr *ip, uint32_t len)
{
	/* Of a constant length it is a few additions. */
	return likely(len == sizeof(*ip)) ? checksum_bytes(0, ip, sizeof(*ip))
					  : checksum_bytes(0, ip, len);
}

/** @return flags for the port. */
static inline uint64_t
right_ipv4(struct counts *c, struct rte_mbuf *m, struct layers l, uint64_t can)
{
	struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, l.l3);
	uint32_t len = rte_ipv4_hdr_len(ip);
	uint64_t rx = m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;

	if (unlikely(!parse_has(m, l.l3, len)))
		return 0;
	if ((can & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM) != 0 && likely(l2_fits(l))) {
		c->bad_ip += rx == RTE_MBUF_F_RX_IP_CKSUM_BAD;
		ip->hdr_checksum = 0;
		m->tx_offload = rte_mbuf_tx_offload(l.l3, len, 0, 0, 0, 0, 0);
		return RTE_MBUF_F_TX_IP_CKSUM;
	}
	if (unlikely(!checksum_right(RTE_PTR_ADD(ip, offsetof(struct rte_ipv4_hdr, hdr_checksum)),
			    ipv4_sum(ip, len), false)) &&
			rx != RTE_MBUF_F_RX_IP_CKSUM_NONE)
		c->bad_ip++;
	return 0;
}

/** Whether headers that should be there, up to that of layer 4, are cut, in pieces, or not what they are said to be. */
static bool
lacks_headers(const struct rte_mbuf *m, struct layers l)
{
	if (l.fragment == FRAGMENT_LATER)
		return l.ip == 4 && !parse_has(m, l.l3,
						    rte_ipv4_hdr_len(rte_pktmbuf_mtod_offset(m,
								    struct rte_ipv4_hdr *, l.l3)));
	return l.ip != 0 || l.l3 == 0 || l.type == RTE_BE16(RTE_ETHER_TYPE_IPV4) ||
	       l.type == RTE_BE16(RTE_ETHER_TYPE_IPV6);
}

static inline void
right_packet(struct fwd_stream *s, struct rte_mbuf *m)
{
	const uint64_t can = s->out->offloads;
	struct counts *c = s->state;
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	const struct layers l = parse(m);
	uint64_t flags = 0;

	/* What an earlier owner asked of a port is not for this one. */
	m->ol_flags &= ~RTE_MBUF_F_TX_OFFLOAD_MASK;
	if (unlikely(l.l4 == 0))
		c->not_computed += lacks_headers(m, l);
	if (unlikely(!parse_has(m, 0, sizeof(*eth))))
		return;
	ether_set(eth, &s->out->addrs);
	if (l.ip == 4)
		flags = right_ipv4(c, m, l, can);
	if (likely(l.l4 != 0))
		flags |= right_l4(c, m, l, can);
	if (flags != 0)
		m->ol_flags |= flags | (l.ip == 4 ? RTE_MBUF_F_TX_IPV4 : RTE_MBUF_F_TX_IPV6);
}

static uint16_t
right_checksums(struct fwd_stream *s)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t i, n = stream_receive(s, pkts);
	uint16_t kept = stream_own(s, s->out, pkts, n);

	for (i = 0; i < kept; i++)
		right_packet(s, pkts[i]);
	if (kept == 0)
		return n;
	if ((s->out->offloads & TX_OFFLOADS) != 0)
		stream_send_prepared(s, s->out, pkts, kept);
	else
		stream_send(s, s->out, pkts, kept);
	return n;
}

static int
start(struct fwd *fwd)
{
	unsigned int i;

	rte_free(all_counts);
	all_counts = rte_zmalloc("csum", fwd->nb_streams * sizeof(*all_counts), 0);
	if (all_counts == NULL) {
		FWD_ERROR("no memory for the counters of csum, raise EAL's -m");
		return -1;
	}
	for (i = 0; i < fwd->nb_streams; i++)
		fwd->streams[i]->state = &all_counts[i];
	return 0;
}

static void
end(struct fwd *fwd __rte_unused)
{
	rte_free(all_counts);
	all_counts = NULL;
}

static unsigned int
counters(const struct fwd *fwd, struct fwd_counter out[MODE_MAX_COUNTERS])
{
	struct counts sum = { 0 };
	unsigned int i;

	for (i = 0; all_counts != NULL && i < fwd->nb_streams; i++) {
		sum.bad_ip += all_counts[i].bad_ip;
		sum.bad_l4 += all_counts[i].bad_l4;
		sum.not_computed += all_counts[i].not_computed;
	}
	out[0] = (struct fwd_counter){ "bad_ip_checksums", sum.bad_ip };
	out[1] = (struct fwd_counter){ "bad_l4_checksums", sum.bad_l4 };
	out[2] = (struct fwd_counter){ "not_computed", sum.not_computed };
	return 3;
}

static uint64_t
rx_offloads(const struct fwd_port *port __rte_unused)
{
	/* Where the port sums, somebody must still tell what came in. */
	return settings.software ? 0 : RTE_ETH_RX_OFFLOAD_CHECKSUM;
}

static uint64_t
tx_offloads(const struct fwd_port *port __rte_unused)
{
	return settings.software ? 0 : TX_OFFLOADS;
}

static int
parse_csum(const struct fwd_option *option, void *field, const char *text)
{
	if (strcmp(text, "auto") != 0 && strcmp(text, "sw") != 0)
		return option_wrong(option, text, "auto or sw");
	*(bool *)field = strcmp(text, "sw") == 0;
	return 0;
}

static const struct fwd_option options[] = {
	{ "csum", 0, "auto|sw",
			"who computes checksums: ports that can, or none but the forwarder (auto)",
			parse_csum, 0 },
};

MODE_LOOP(right_checksums)

const struct fwd_mode mode_csum = {
	.name = "csum",
	.help = "as mac, with the checksums of IPv4, UDP, TCP, SCTP and ICMP computed anew",
	.flags = MODE_RECEIVES | MODE_TRANSMITS,
	.options = { "Mode csum", &settings, options, RTE_DIM(options) },
	.rx_offloads = rx_offloads,
	.tx_offloads = tx_offloads,
	.start = start,
	.loop = right_checksums_loop,
	.end = end,
	.counters = counters,
};
