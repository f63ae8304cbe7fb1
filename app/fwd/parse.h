/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PARSE_H
#define PARSE_H

/**
 * @file Where the layers of a packet begin: Ethernet, VLAN tags, IPv4 with options, IPv6 with
 * extension headers. Never reads beyond the first segment, nor beyond the packet: what is not there
 * whole is not found. The lengths that headers state of what follows them are not looked at.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

/** Of IPv4's fragment_offset: more fragments, and where this one begins. */
#define IPV4_FRAGMENT_BITS (RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK)

enum fragment {
	FRAGMENT_NONE, /* the whole datagram */
	FRAGMENT_FIRST, /* has the header of layer 4, but not all that follows it */
	FRAGMENT_LATER, /* has none: l4 is 0 */
};

/** Offsets are from the packet's beginning; 16 bytes at most, so that it is returned in registers. */
struct layers {
	uint16_t l3; /* behind Ethernet and tags; 0: these are not there whole */
	uint16_t l4; /* behind IP's header and options; 0: no IP, not there whole, or a later fragment */
	rte_be16_t type; /* what is at l3, RTE_ETHER_TYPE_* */
	uint8_t ip; /* 4 or 6: its fixed header is at l3, whole; 0: not IP */
	uint8_t proto; /* what is at l4, IPPROTO_* */
	uint8_t fragment; /* enum fragment */
};

/** Extension headers that <netinet/in.h> has no names for. */
enum {
	PARSE_HIP = 139,
	PARSE_SHIM6 = 140,
};

/** The length of an IPv6 extension header of that type; 0: it is none, but a protocol above IP. */
uint32_t parse_extension_len(uint8_t type, const void *header);

/** VLAN tags of a packet. */
static inline unsigned int
parse_tags(struct layers l)
{
	return l.l3 == 0 ? 0 : (l.l3 - sizeof(struct rte_ether_hdr)) / sizeof(struct rte_vlan_hdr);
}

/** All cases; parse() for those that are frequent. */
struct layers parse_any(const struct rte_mbuf *m);

/** @return whether the first segment has len bytes from off on. */
static inline bool
parse_has(const struct rte_mbuf *m, uint32_t off, uint32_t len)
{
	return off + len <= rte_pktmbuf_data_len(m);
}

/**
 * The frequent cases: no tags, options, extension headers or fragments.
 * @return whether it is one; else parse_any() knows.
 */
static inline bool
parse_plain(const struct rte_mbuf *m, struct layers *l)
{
	const struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	const struct rte_ipv4_hdr *ip4 = (const void *)(eth + 1);
	const struct rte_ipv6_hdr *ip6 = (const void *)(eth + 1);

	if (unlikely(!parse_has(m, 0, sizeof(*eth))))
		return false;
	*l = (struct layers){ .l3 = sizeof(*eth), .type = eth->ether_type };
	if (l->type == RTE_BE16(RTE_ETHER_TYPE_IPV4)) {
		l->ip = 4;
		l->l4 = sizeof(*eth) + sizeof(*ip4);
		if (unlikely(!parse_has(m, 0, l->l4) || ip4->version_ihl != RTE_IPV4_VHL_DEF ||
				    (ip4->fragment_offset & RTE_BE16(IPV4_FRAGMENT_BITS)) != 0))
			return false;
		l->proto = ip4->next_proto_id;
	} else if (l->type == RTE_BE16(RTE_ETHER_TYPE_IPV6)) {
		l->ip = 6;
		l->l4 = sizeof(*eth) + sizeof(*ip6);
		if (unlikely(!parse_has(m, 0, l->l4) ||
				    (rte_be_to_cpu_32(ip6->vtc_flow) >> 28) != 6 ||
				    (ip6->proto != IPPROTO_UDP && ip6->proto != IPPROTO_TCP)))
			return false;
		l->proto = ip6->proto;
	}
	return l->type != RTE_BE16(RTE_ETHER_TYPE_VLAN) && l->type != RTE_BE16(RTE_ETHER_TYPE_QINQ);
}

/** Where the layers of a packet begin. */
static inline struct layers
parse(const struct rte_mbuf *m)
{
	struct layers l;

	return likely(parse_plain(m, &l)) ? l : parse_any(m);
}

#endif
