/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_arp.h>

#include "host.h"
#include "serve.h"

static void
turn_round(const struct serve_host *host, const struct serve_frame *frame)
{
	struct rte_ether_hdr *eth = (void *)frame->l2;

	rte_ether_addr_copy(&eth->src_addr, &eth->dst_addr);
	rte_ether_addr_copy(&host->mac, &eth->src_addr);
}

void
serve_reply_arp(const struct serve_host *host, const struct serve_frame *frame)
{
	struct rte_arp_hdr *arp = (void *)(frame->l2 + frame->l2_len);
	struct rte_arp_ipv4 *data = &arp->arp_data;

	turn_round(host, frame);
	arp->arp_opcode = RTE_BE16(RTE_ARP_OP_REPLY);
	rte_ether_addr_copy(&data->arp_sha, &data->arp_tha);
	rte_ether_addr_copy(&host->mac, &data->arp_sha);
	data->arp_tip = data->arp_sip;
	data->arp_sip = host->ip;
}

void
serve_reply_echo(const struct serve_host *host, const struct serve_frame *frame, struct rte_mbuf *m)
{
	struct rte_ipv4_hdr *ip = (void *)(frame->l2 + frame->l2_len);

	turn_round(host, frame);
	ip->dst_addr = ip->src_addr;
	ip->src_addr = host->ip;
	ip->time_to_live = HOST_TTL;
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	host_reply_echo(m, frame->l2_len + sizeof(*ip),
			rte_be_to_cpu_16(ip->total_length) - sizeof(*ip));
}
