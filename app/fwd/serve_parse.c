/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_arp.h>

#include "host.h"
#include "parse.h"
#include "serve.h"

/** Whether an address can be that of one host other than this one. */
static bool
is_peer(const struct serve_host *host, rte_be32_t be)
{
	return host_ipv4(be) && be != host->ip;
}

static enum serve_kind
parse_arp(const struct serve_host *host, const uint8_t *l3, uint32_t len)
{
	struct rte_arp_hdr arp;

	if (len < sizeof(arp))
		return SERVE_OTHER;
	memcpy(&arp, l3, sizeof(arp));
	if (arp.arp_hardware != RTE_BE16(RTE_ARP_HRD_ETHER) ||
			arp.arp_protocol != RTE_BE16(RTE_ETHER_TYPE_IPV4) ||
			arp.arp_hlen != RTE_ETHER_ADDR_LEN || arp.arp_plen != sizeof(rte_be32_t) ||
			arp.arp_opcode != RTE_BE16(RTE_ARP_OP_REQUEST) ||
			arp.arp_data.arp_tip != host->ip)
		return SERVE_OTHER;
	/* Sender 0.0.0.0 asks whether the address is free (RFC 5227); from the address itself is no question. */
	if (arp.arp_data.arp_sip != 0 && !is_peer(host, arp.arp_data.arp_sip))
		return SERVE_OTHER;
	return rte_is_unicast_ether_addr(&arp.arp_data.arp_sha) ? SERVE_ARP : SERVE_OTHER;
}

/** What came to the host's UDP port. */
static enum serve_kind
parse_request(const struct rte_ipv4_hdr *ip, const struct rte_udp_hdr *udp, uint32_t len,
		struct serve_message *message)
{
	uint32_t sum;

	if (len != sizeof(*udp) + sizeof(*message) || udp->dgram_len != rte_cpu_to_be_16(len) ||
			udp->src_port == 0)
		return SERVE_MALFORMED;
	sum = rte_ipv4_phdr_cksum(ip, 0) + rte_raw_cksum(udp, len);
	if (udp->dgram_cksum != 0 && (sum & UINT16_MAX) + (sum >> 16) != UINT16_MAX)
		return SERVE_MALFORMED;
	memcpy(message, udp + 1, sizeof(*message));
	if (message->magic != RTE_BE32(SERVE_REQUEST) || message->version != SERVE_VERSION ||
			message->status != 0 || message->size != 0)
		return SERVE_MALFORMED;
	return SERVE_ASKS;
}

static enum serve_kind
parse_ipv4(const struct serve_host *host, const struct rte_mbuf *m, const struct layers *layers,
		struct serve_frame *frame)
{
	const struct rte_ipv4_hdr *ip = (const void *)(frame->l2 + layers->l3);
	const struct rte_udp_hdr *udp = (const void *)(ip + 1);
	const uint32_t total = rte_be_to_cpu_16(ip->total_length);

	/* No options: a reply would have to follow them. */
	if (layers->fragment != FRAGMENT_NONE || layers->l4 - layers->l3 != sizeof(*ip) ||
			ip->dst_addr != host->ip || !is_peer(host, ip->src_addr) ||
			rte_raw_cksum(ip, sizeof(*ip)) != UINT16_MAX)
		return SERVE_OTHER;
	if (total < sizeof(*ip) || total > m->pkt_len - layers->l3)
		return SERVE_OTHER;
	if (layers->proto == IPPROTO_ICMP)
		return total >= sizeof(*ip) + sizeof(struct rte_icmp_hdr) &&
						       parse_has(m, layers->l4,
								       sizeof(struct rte_icmp_hdr)) &&
						       host_is_echo(m, layers->l4,
								       total - sizeof(*ip))
				       ? SERVE_ECHO
				       : SERVE_OTHER;
	if (layers->proto != IPPROTO_UDP || total < sizeof(*ip) + sizeof(*udp) ||
			!parse_has(m, layers->l4, sizeof(*udp)) || udp->dst_port != host->port)
		return SERVE_OTHER;
	if (!parse_has(m, layers->l3, total))
		return SERVE_MALFORMED;
	return parse_request(ip, udp, total - sizeof(*ip), &frame->message);
}

enum serve_kind
serve_parse(const struct serve_host *host, const struct rte_mbuf *m, struct serve_frame *frame)
{
	const struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	const struct layers layers = parse(m);

	frame->l2 = rte_pktmbuf_mtod(m, uint8_t *);
	frame->l2_len = layers.l3;
	if (layers.l3 == 0 || layers.l3 > SERVE_MAX_L2 || !host_ether(eth, &host->mac, true))
		return SERVE_OTHER;
	/* Promiscuous mode brings what is for others. */
	if (!rte_is_same_ether_addr(&eth->dst_addr, &host->mac) &&
			(layers.type != RTE_BE16(RTE_ETHER_TYPE_ARP) ||
					!rte_is_broadcast_ether_addr(&eth->dst_addr)))
		return SERVE_OTHER;
	if (layers.type == RTE_BE16(RTE_ETHER_TYPE_ARP))
		return parse_arp(host, frame->l2 + layers.l3, rte_pktmbuf_data_len(m) - layers.l3);
	return layers.ip == 4 ? parse_ipv4(host, m, &layers, frame) : SERVE_OTHER;
}
