/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <rte_mbuf_ptype.h>
#include <rte_net.h>

#include "describe.h"
#include "parse.h"

/** A line in the making; what does not fit is cut. */
struct line {
	char text[2048];
	size_t len;
};

static void __rte_format_printf(2, 3) add(struct line *line, const char *fmt, ...)
{
	const size_t room = sizeof(line->text) - line->len;
	va_list list;
	int len;

	va_start(list, fmt);
	len = vsnprintf(line->text + line->len, room, fmt, list);
	va_end(list);
	line->len += RTE_MIN((size_t)RTE_MAX(len, 0), room - 1);
}

/** Add what DPDK has put into words, which may end in a space. */
static void
add_words(struct line *line, const char *what, const char *words)
{
	size_t len = strlen(words);

	while (len > 0 && words[len - 1] == ' ')
		len--;
	add(line, " - %s: %.*s", what, (int)len, words);
}

static void
add_ethernet(struct line *line, const struct rte_mbuf *m, struct layers l)
{
	const struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	const struct rte_vlan_hdr *tag = (const void *)(eth + 1);
	unsigned int i;

	if (!parse_has(m, 0, sizeof(*eth))) {
		add(line, "no whole Ethernet header");
		return;
	}
	add(line, "src=" RTE_ETHER_ADDR_PRT_FMT " - dst=" RTE_ETHER_ADDR_PRT_FMT " - type=0x%04x",
			RTE_ETHER_ADDR_BYTES(&eth->src_addr), RTE_ETHER_ADDR_BYTES(&eth->dst_addr),
			rte_be_to_cpu_16(l.l3 != 0 ? l.type : eth->ether_type));
	for (i = 0; i < parse_tags(l); i++)
		add(line, " - VLAN=%u", rte_be_to_cpu_16(tag[i].vlan_tci) & 0xfff);
}

static const char *
proto_name(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_ICMP:
		return "ICMP";
	case IPPROTO_TCP:
		return "TCP";
	case IPPROTO_UDP:
		return "UDP";
	case IPPROTO_SCTP:
		return "SCTP";
	case IPPROTO_ICMPV6:
		return "ICMPv6";
	default:
		return NULL;
	}
}

/** Addresses and ports, as "IPv4 198.18.0.1:9 > 198.18.0.2:9 UDP". */
static void
add_ip(struct line *line, const struct rte_mbuf *m, struct layers l)
{
	const int family = l.ip == 4 ? AF_INET : AF_INET6;
	const size_t off = l.ip == 4 ? offsetof(struct rte_ipv4_hdr, src_addr)
				     : offsetof(struct rte_ipv6_hdr, src_addr);
	const uint8_t *src, *dst;
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	const bool ports = l.l4 != 0 && parse_has(m, l.l4, 2 * sizeof(rte_be16_t)) &&
			   (l.proto == IPPROTO_TCP || l.proto == IPPROTO_UDP ||
					   l.proto == IPPROTO_SCTP);
	const rte_be16_t *port = rte_pktmbuf_mtod_offset(m, const rte_be16_t *, l.l4);

	src = rte_pktmbuf_mtod_offset(m, const uint8_t *, l.l3 + off);
	dst = src + (l.ip == 4 ? 4 : 16);
	inet_ntop(family, src, from, sizeof(from));
	inet_ntop(family, dst, to, sizeof(to));
	if (ports && l.ip == 4)
		add(line, " - IPv4 %s:%u > %s:%u", from, rte_be_to_cpu_16(port[0]), to,
				rte_be_to_cpu_16(port[1]));
	else if (ports)
		add(line, " - IPv6 [%s]:%u > [%s]:%u", from, rte_be_to_cpu_16(port[0]), to,
				rte_be_to_cpu_16(port[1]));
	else
		add(line, " - IPv%u %s > %s", l.ip, from, to);
	if (proto_name(l.proto) != NULL)
		add(line, " %s", proto_name(l.proto));
	else
		add(line, " protocol %u", l.proto);
	if (l.fragment != FRAGMENT_NONE)
		add(line, " fragment");
}

/** What the port found, and what is there. */
static void
add_types(struct line *line, const struct rte_mbuf *m)
{
	struct rte_net_hdr_lens lens = { 0 };
	const uint32_t found = rte_net_get_ptype(m, &lens, RTE_PTYPE_ALL_MASK);
	char words[256];

	if (rte_get_ptype_name(m->packet_type, words, sizeof(words)) == 0)
		add_words(line, "hw ptype", words);
	if (rte_get_ptype_name(found, words, sizeof(words)) == 0)
		add_words(line, "sw ptype", words);
	if ((found & RTE_PTYPE_L2_MASK) != 0)
		add(line, " - l2_len=%u", lens.l2_len);
	if ((found & RTE_PTYPE_L3_MASK) != 0)
		add(line, " - l3_len=%u", lens.l3_len);
	if ((found & RTE_PTYPE_L4_MASK) != 0)
		add(line, " - l4_len=%u", lens.l4_len);
}

/** What the port says beside the packet. */
static void
add_flags(struct line *line, const struct rte_mbuf *m)
{
	char words[512];

	if ((m->ol_flags & RTE_MBUF_F_RX_RSS_HASH) != 0)
		add(line, " - RSS hash=0x%x", m->hash.rss);
	if ((m->ol_flags & RTE_MBUF_F_RX_FDIR_ID) != 0)
		add(line, " - FDIR matched ID=0x%x", m->hash.fdir.hi);
	if ((m->ol_flags & RTE_MBUF_F_RX_QINQ_STRIPPED) != 0)
		add(line, " - outer VLAN stripped tci=0x%x", m->vlan_tci_outer);
	if ((m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0)
		add(line, " - VLAN stripped tci=0x%x", m->vlan_tci);
	if (rte_get_rx_ol_flag_list(m->ol_flags, words, sizeof(words)) == 0)
		add_words(line, "ol_flags", words);
}

void
describe(uint16_t port, uint16_t queue, struct rte_mbuf *const *pkts, uint16_t n)
{
	struct line line;
	uint16_t i;

	for (i = 0; i < n; i++) {
		const struct rte_mbuf *m = pkts[i];
		const struct layers l = parse(m);

		line.len = 0;
		add(&line, "port %u/queue %u: ", port, queue);
		add_ethernet(&line, m, l);
		add(&line, " - length=%u - nb_segs=%u", m->pkt_len, m->nb_segs);
		if (l.ip != 0)
			add_ip(&line, m, l);
		add_types(&line, m);
		add_flags(&line, m);
		puts(line.text); /* one call, which other threads do not break into */
	}
}
