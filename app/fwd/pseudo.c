/* SPDX-License-Identifier: BSD-3-Clause */
#include "pseudo.h"

/** Of IPv4. Source: RFC 791. */
enum {
	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_LOOSE_ROUTE = 0x83,
	OPTION_STRICT_ROUTE = 0x89,
};

/** Types of IPv6's routing headers. Source: RFC 5095, RFC 6275, RFC 8754. */
enum {
	ROUTING_SOURCE = 0,
	ROUTING_HOME = 2,
	ROUTING_SEGMENTS = 4,
};

/** Options of IPv6's destination options. Source: RFC 8200, RFC 6275. */
enum {
	OPTION_PAD1 = 0,
	OPTION_HOME_ADDRESS = 0xc9,
};

#define IPV4_LEN 4
#define IPV6_LEN 16

/** A source route: type, length, pointer from 1 on, addresses. */
static bool
take_route(const uint8_t *option, uint8_t len, struct pseudo *p)
{
	const uint8_t head = 3;
	const uint8_t pointer = option[2];

	if (p->detour || len < head || (len - head) % IPV4_LEN != 0 || pointer < head + 1 ||
			pointer % IPV4_LEN != 0)
		return false;
	p->detour = true;
	if (pointer <= len)
		p->dst = option + len - IPV4_LEN;
	return true;
}

static bool
find_ipv4(const uint8_t *ip, uint32_t len, struct pseudo *p)
{
	uint32_t off, size;

	p->src = ip + offsetof(struct rte_ipv4_hdr, src_addr);
	p->dst = ip + offsetof(struct rte_ipv4_hdr, dst_addr);
	for (off = sizeof(struct rte_ipv4_hdr); off < len && ip[off] != OPTION_END; off += size) {
		const uint8_t *option = ip + off;

		size = 1;
		if (option[0] == OPTION_NOP)
			continue;
		if (off + 2 > len || option[1] < 2 || off + option[1] > len)
			return false;
		size = option[1];
		if ((option[0] == OPTION_LOOSE_ROUTE || option[0] == OPTION_STRICT_ROUTE) &&
				!take_route(option, size, p))
			return false;
	}
	return true;
}

/** A routing header: next, length, type, segments left, and what depends on the type. */
static bool
take_routing(const uint8_t *header, struct pseudo *p)
{
	const uint8_t len = header[1],
		      left = header[3]; /* in units of 8 bytes, without the first */
	const uint8_t *addresses = header + 8;
	uint32_t last = header[4];

	if (left == 0)
		return true;
	p->detour = true;
	p->dst = addresses;
	switch (header[2]) {
	case ROUTING_SOURCE:
		p->dst += (len / 2 - 1) * IPV6_LEN;
		return len % 2 == 0 && left <= len / 2;
	case ROUTING_HOME:
		return len == 2 && left == 1;
	case ROUTING_SEGMENTS: /* in reverse, and the first one may be left out */
		return (last + 1) * 2 <= len && left <= last + 1;
	default:
		return false;
	}
}

static bool
take_options(const uint8_t *header, uint32_t len, struct pseudo *p)
{
	bool home = false;
	uint32_t off, size;

	for (off = 2; off < len; off += size) {
		size = 1;
		if (header[off] == OPTION_PAD1)
			continue;
		if (off + 2 > len || off + 2 + header[off + 1] > len)
			return false;
		size = 2 + header[off + 1];
		if (header[off] != OPTION_HOME_ADDRESS)
			continue;
		if (home || size != 2 + IPV6_LEN)
			return false;
		home = p->detour = true;
		p->src = header + off + 2;
	}
	return true;
}

static bool
find_ipv6(const uint8_t *ip, uint32_t len, struct pseudo *p)
{
	uint8_t type = ip[offsetof(struct rte_ipv6_hdr, proto)];
	uint32_t off, size;

	p->src = ip + offsetof(struct rte_ipv6_hdr, src_addr);
	p->dst = ip + offsetof(struct rte_ipv6_hdr, dst_addr);
	for (off = sizeof(struct rte_ipv6_hdr); off < len; off += size) {
		const uint8_t *header = ip + off;

		size = parse_extension_len(type, header);
		if (type == IPPROTO_ROUTING && !take_routing(header, p))
			return false;
		if (type == IPPROTO_DSTOPTS && !take_options(header, size, p))
			return false;
		/* What follows these was summed with addresses that only the hosts know (RFC 5533, RFC 7401). */
		if (type == PARSE_HIP || type == PARSE_SHIM6)
			return false;
		type = header[0];
	}
	return true;
}

bool
pseudo_find(const struct rte_mbuf *m, struct layers l, struct pseudo *p)
{
	const uint8_t *ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, l.l3);

	p->detour = false;
	return l.ip == 4 ? find_ipv4(ip, l.l4 - l.l3, p) : find_ipv6(ip, l.l4 - l.l3, p);
}
