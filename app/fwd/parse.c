/* SPDX-License-Identifier: BSD-3-Clause */
#include "parse.h"

/** More extension headers than any real packet has; each packet's work must have an end. */
#define MAX_EXTENSIONS 16

/** What all IPv6 extension headers begin with. */
struct extension {
	uint8_t next; /* IPPROTO_* of what follows */
	uint8_t len; /* in units that depend on the header */
};

/** IPv6's fragment header, RFC 8200. */
struct fragment_header {
	uint8_t next;
	uint8_t reserved;
	rte_be16_t offset; /* in units of 8 bytes in the upper 13 bits; bit 0: more follow */
	rte_be16_t id[2];
};

static void
parse_ipv4(const struct rte_mbuf *m, struct layers *l)
{
	const struct rte_ipv4_hdr *ip;
	uint16_t bits, len;

	if (!parse_has(m, l->l3, sizeof(*ip)))
		return;
	ip = rte_pktmbuf_mtod_offset(m, const struct rte_ipv4_hdr *, l->l3);
	len = (ip->version_ihl & RTE_IPV4_HDR_IHL_MASK) * RTE_IPV4_IHL_MULTIPLIER;
	if (ip->version_ihl >> 4 != 4 || len < sizeof(*ip))
		return;
	l->ip = 4;
	l->proto = ip->next_proto_id;
	bits = rte_be_to_cpu_16(ip->fragment_offset);
	if ((bits & RTE_IPV4_HDR_OFFSET_MASK) != 0)
		l->fragment = FRAGMENT_LATER;
	else if ((bits & RTE_IPV4_HDR_MF_FLAG) != 0)
		l->fragment = FRAGMENT_FIRST;
	if (l->fragment != FRAGMENT_LATER && parse_has(m, l->l3, len))
		l->l4 = l->l3 + len;
}

uint32_t
parse_extension_len(uint8_t type, const void *header)
{
	const struct extension *e = header;

	switch (type) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
	case IPPROTO_MH:
	case PARSE_HIP:
	case PARSE_SHIM6:
		return (e->len + 1) * 8;
	case IPPROTO_AH:
		return (e->len + 2) * 4;
	case IPPROTO_FRAGMENT:
		return sizeof(struct fragment_header);
	default:
		return 0;
	}
}

static enum fragment
fragment_of(const struct fragment_header *h)
{
	uint16_t bits = rte_be_to_cpu_16(h->offset);

	if (bits >> 3 != 0)
		return FRAGMENT_LATER;
	return (bits & 1) != 0 ? FRAGMENT_FIRST : FRAGMENT_NONE;
}

static void
parse_ipv6(const struct rte_mbuf *m, struct layers *l)
{
	const struct rte_ipv6_hdr *ip;
	uint32_t off, len, i;

	if (!parse_has(m, l->l3, sizeof(*ip)))
		return;
	ip = rte_pktmbuf_mtod_offset(m, const struct rte_ipv6_hdr *, l->l3);
	if (rte_be_to_cpu_32(ip->vtc_flow) >> 28 != 6)
		return;
	l->ip = 6;
	l->proto = ip->proto;
	off = l->l3 + sizeof(*ip);
	for (i = 0; i < MAX_EXTENSIONS; i++) {
		const struct extension *e = rte_pktmbuf_mtod_offset(m, const void *, off);
		const bool there = parse_has(m, off, sizeof(*e));

		len = parse_extension_len(l->proto, there ? e : &(struct extension){ 0 });
		if (len == 0) {
			l->l4 = off;
			return;
		}
		if (!there || !parse_has(m, off, len))
			return;
		if (l->proto == IPPROTO_FRAGMENT)
			l->fragment = fragment_of((const void *)e);
		l->proto = e->next;
		if (l->fragment == FRAGMENT_LATER)
			return;
		off += len;
	}
}

struct layers
parse_any(const struct rte_mbuf *m)
{
	struct layers l = { 0 };
	uint32_t off = sizeof(struct rte_ether_hdr);

	if (!parse_has(m, 0, off))
		return l;
	l.type = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *)->ether_type;
	while (l.type == RTE_BE16(RTE_ETHER_TYPE_VLAN) || l.type == RTE_BE16(RTE_ETHER_TYPE_QINQ)) {
		const struct rte_vlan_hdr *tag;

		if (!parse_has(m, off, sizeof(*tag)))
			return (struct layers){ 0 };
		tag = rte_pktmbuf_mtod_offset(m, const struct rte_vlan_hdr *, off);
		l.type = tag->eth_proto;
		off += sizeof(*tag);
	}
	l.l3 = off;
	if (l.type == RTE_BE16(RTE_ETHER_TYPE_IPV4))
		parse_ipv4(m, &l);
	else if (l.type == RTE_BE16(RTE_ETHER_TYPE_IPV6))
		parse_ipv6(m, &l);
	return l;
}
