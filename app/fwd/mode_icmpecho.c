/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_arp.h>
#include <rte_icmp.h>
#include <rte_prefetch.h>

#include "checksum.h"
#include "compat.h"
#include "loop.h"
#include "mode.h"
#include "mode_icmpecho.h"
#include "parse.h"
#include "stream.h"

static bool
answer_arp(struct rte_mbuf *m, uint16_t off, const struct rte_ether_addr *own)
{
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	struct rte_arp_hdr *arp = rte_pktmbuf_mtod_offset(m, struct rte_arp_hdr *, off);
	rte_be32_t asked;

	if (!parse_has(m, off, sizeof(*arp)) || arp->arp_hardware != RTE_BE16(RTE_ARP_HRD_ETHER) ||
			arp->arp_protocol != RTE_BE16(RTE_ETHER_TYPE_IPV4) ||
			arp->arp_hlen != RTE_ETHER_ADDR_LEN ||
			arp->arp_plen != sizeof(rte_be32_t) ||
			arp->arp_opcode != RTE_BE16(RTE_ARP_OP_REQUEST))
		return false;
	rte_ether_addr_copy(&eth->src_addr, &eth->dst_addr);
	rte_ether_addr_copy(own, &eth->src_addr);
	arp->arp_opcode = RTE_BE16(RTE_ARP_OP_REPLY);
	asked = arp->arp_data.arp_tip;
	arp->arp_data.arp_tha = arp->arp_data.arp_sha;
	arp->arp_data.arp_tip = arp->arp_data.arp_sip;
	arp->arp_data.arp_sha = *own;
	arp->arp_data.arp_sip = asked;
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

/** Swapped addresses leave the sums as they are. */
static bool
answer_echo(struct rte_mbuf *m, struct layers l, const struct rte_ether_addr *own)
{
	struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, l.l3);
	struct rte_icmp_hdr *icmp = rte_pktmbuf_mtod_offset(m, struct rte_icmp_hdr *, l.l4);
	rte_be32_t asked;
	uint32_t address;

	if (l.proto != IPPROTO_ICMP || l.l4 == 0 || l.fragment != FRAGMENT_NONE ||
			!parse_has(m, l.l4, sizeof(*icmp)) ||
			icmp->icmp_type != COMPAT_ICMP_ECHO_REQUEST || icmp->icmp_code != 0)
		return false;
	echo_swap_ether(m, own);
	asked = ip->dst_addr;
	ip->dst_addr = ip->src_addr;
	ip->src_addr = asked;
	address = rte_be_to_cpu_32(asked);
	if (unlikely(RTE_IS_IPV4_MCAST(address) || address == UINT32_MAX))
		choose_source(ip, asked);
	icmp->icmp_type = COMPAT_ICMP_ECHO_REPLY;
	checksum_update(RTE_PTR_ADD(icmp, offsetof(struct rte_icmp_hdr, icmp_cksum)),
			RTE_BE16(COMPAT_ICMP_ECHO_REQUEST << 8),
			RTE_BE16(COMPAT_ICMP_ECHO_REPLY << 8));
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
