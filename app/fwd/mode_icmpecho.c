/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_arp.h>
#include <rte_prefetch.h>

#include "host.h"
#include "loop.h"
#include "mode.h"
#include "mode_icmpecho.h"
#include "parse.h"
#include "pseudo.h"
#include "stream.h"

static bool
answer_arp(struct rte_mbuf *m, uint16_t off, const struct rte_ether_addr *own)
{
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	struct rte_arp_hdr *arp = rte_pktmbuf_mtod_offset(m, struct rte_arp_hdr *, off);
	struct rte_arp_ipv4 *data = &arp->arp_data;
	rte_be32_t asked;

	if (!parse_has(m, off, sizeof(*arp)) || arp->arp_hardware != RTE_BE16(RTE_ARP_HRD_ETHER) ||
			arp->arp_protocol != RTE_BE16(RTE_ETHER_TYPE_IPV4) ||
			arp->arp_hlen != RTE_ETHER_ADDR_LEN ||
			arp->arp_plen != sizeof(rte_be32_t) ||
			arp->arp_opcode != RTE_BE16(RTE_ARP_OP_REQUEST))
		return false;
	asked = data->arp_tip;
	/* Who answers a probe (from 0.0.0.0), or an announcement (from itself), takes the address. */
	if (!host_ipv4(asked) || !host_ipv4(data->arp_sip) || data->arp_sip == asked ||
			!rte_is_valid_assigned_ether_addr(&data->arp_sha) ||
			!host_ether(eth, own, true))
		return false;
	rte_ether_addr_copy(&eth->src_addr, &eth->dst_addr);
	rte_ether_addr_copy(own, &eth->src_addr);
	arp->arp_opcode = RTE_BE16(RTE_ARP_OP_REPLY);
	data->arp_tha = data->arp_sha;
	data->arp_tip = data->arp_sip;
	data->arp_sha = *own;
	data->arp_sip = asked;
	return true;
}

void
echo_swap_ether(struct rte_mbuf *m, const struct rte_ether_addr *own)
{
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	struct rte_ether_addr dst = eth->dst_addr;

	rte_ether_addr_copy(&eth->src_addr, &eth->dst_addr);
	rte_ether_addr_copy(rte_is_multicast_ether_addr(&dst) ? own : &dst, &eth->src_addr);
}

/** Who answers for a group, or for all: a neighbour of who asked, as with testpmd. */
static void
choose_source(struct rte_ipv4_hdr *ip, rte_be32_t group)
{
	uint32_t asker = rte_be_to_cpu_32(ip->dst_addr);

	ip->src_addr = rte_cpu_to_be_32((asker & ~UINT32_C(3)) | ((asker & 3) == 1 ? 2 : 1));
	checksum_update(RTE_PTR_ADD(ip, offsetof(struct rte_ipv4_hdr, hdr_checksum)), group,
			ip->src_addr);
}

/** Whether a host takes an IPv4 packet to be for it. @return the bytes of layer 4, 0: it is not. */
static uint32_t
takes(const struct rte_mbuf *m, struct layers l, const struct rte_ether_addr *own)
{
	const struct rte_ipv4_hdr *ip =
			rte_pktmbuf_mtod_offset(m, const struct rte_ipv4_hdr *, l.l3);
	const bool group = host_ipv4_group(ip->dst_addr);
	const uint32_t header = l.l4 - l.l3, total = rte_be_to_cpu_16(ip->total_length);
	struct pseudo pseudo;

	if (!host_ether(rte_pktmbuf_mtod(m, const struct rte_ether_hdr *), own, group) ||
			!host_ipv4(ip->src_addr) || ip->src_addr == ip->dst_addr ||
			(!group && !host_ipv4(ip->dst_addr)) || total < header ||
			l.l3 + total > m->pkt_len ||
			checksum_fold(checksum_bytes(0, ip, header)) != UINT16_MAX)
		return 0;
	/* It is on its way to others, or its reply would have to go back that way. */
	if (unlikely(header > sizeof(*ip)) && (!pseudo_find(m, l, &pseudo) || pseudo.detour))
		return 0;
	return total - header;
}

static void
set_ttl(struct rte_ipv4_hdr *ip)
{
	const uint8_t old = ip->time_to_live;

	ip->time_to_live = HOST_TTL;
	checksum_update(RTE_PTR_ADD(ip, offsetof(struct rte_ipv4_hdr, hdr_checksum)),
			rte_cpu_to_be_16(old << 8), RTE_BE16(HOST_TTL << 8));
}

/** Swapped addresses leave the sums as they are. */
static __rte_noinline bool
answer_echo(struct rte_mbuf *m, struct layers l, const struct rte_ether_addr *own)
{
	struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, l.l3);
	rte_be32_t asked;
	uint32_t len;

	if (l.proto != IPPROTO_ICMP || l.l4 == 0 || l.fragment != FRAGMENT_NONE ||
			!parse_has(m, l.l4, sizeof(struct rte_icmp_hdr)))
		return false;
	len = takes(m, l, own);
	if (len < sizeof(struct rte_icmp_hdr) || !host_is_echo(m, l.l4, len))
		return false;
	echo_swap_ether(m, own);
	asked = ip->dst_addr;
	ip->dst_addr = ip->src_addr;
	ip->src_addr = asked;
	if (unlikely(host_ipv4_group(asked)))
		choose_source(ip, asked);
	set_ttl(ip);
	host_reply_echo(m, l.l4, len);
	return true;
}

static inline bool
answer_layers(struct rte_mbuf *m, struct layers l, const struct rte_ether_addr *own)
{
	if (l.ip == 4)
		return answer_echo(m, l, own);
	if (l.type == RTE_BE16(RTE_ETHER_TYPE_ARP) && l.l3 != 0)
		return answer_arp(m, l.l3, own);
	return l.ip == 6 && echo_answer_ipv6(m, l, own);
}

static __rte_noinline bool
answer_any(struct rte_mbuf *m, const struct rte_ether_addr *own)
{
	return answer_layers(m, parse_any(m), own);
}

/** Turn a request into its answer. @return whether it was one; if not, it is as it came. */
static inline bool
answer(struct rte_mbuf *m, const struct rte_ether_addr *own)
{
	struct layers l;

	return likely(parse_plain(m, &l)) ? answer_layers(m, l, own) : answer_any(m, own);
}

static uint16_t
answer_requests(struct fwd_stream *s)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST], *others[FWD_MAX_BURST];
	uint16_t i, nb_answers = 0, nb_others = 0, n = stream_receive(s, pkts);
	uint16_t kept = stream_own(s, s->out, pkts, n);

	for (i = 0; i < kept; i++) {
		if (i + 1 < kept)
			rte_prefetch0(rte_pktmbuf_mtod(pkts[i + 1], void *));
		if (answer(pkts[i], &s->out->addrs.src))
			pkts[nb_answers++] = pkts[i];
		else
			others[nb_others++] = pkts[i];
	}
	if (nb_answers > 0)
		stream_send(s, s->out, pkts, nb_answers);
	if (nb_others > 0)
		stream_reject(s, others, nb_others);
	return n;
}

MODE_LOOP(answer_requests)

const struct fwd_mode mode_icmpecho = {
	.name = "icmpecho",
	.help = "requests are answered: ARP, ICMP echo, and IPv6's of both; all else is freed",
	.flags = MODE_RECEIVES | MODE_TRANSMITS | MODE_ANSWERS,
	.loop = answer_requests_loop,
};
