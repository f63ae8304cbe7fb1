/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "host.h"
#include "mode_icmpecho.h"
#include "pseudo.h"

#define ADDRESS_LEN 16

enum {
	ECHO_REQUEST = 128,
	ECHO_REPLY = 129,
	SOLICITATION = 135,
	ADVERTISEMENT = 136,
};

struct icmp6 {
	uint8_t type;
	uint8_t code;
	uint16_t checksum;
	uint8_t flags; /* of an advertisement */
	uint8_t rest[3];
};

/** Of layers 2 and 3, without extension headers; neighbours do not use any. Source: RFC 4861. */
struct neighbour {
	struct icmp6 icmp;
	uint8_t target[ADDRESS_LEN];
	uint8_t option; /* the address of layer 2: 1 the source's, 2 the target's */
	uint8_t option_len; /* in units of 8 bytes */
	struct rte_ether_addr addr;
};

#define SOLICITED_AND_OVERRIDE 0x60

/* Offsets, as the type of the addresses is another one in newer DPDK. */
#define SOURCE offsetof(struct rte_ipv6_hdr, src_addr)
#define DESTINATION offsetof(struct rte_ipv6_hdr, dst_addr)

static bool
is_group(const uint8_t *address)
{
	return address[0] == 0xff;
}

/** The link-local address that belongs to a MAC address. Source: RFC 4291, appendix A. */
static void
link_local(uint8_t *address, const struct rte_ether_addr *mac)
{
	const uint8_t *b = mac->addr_bytes;

	memcpy(address,
			(uint8_t[ADDRESS_LEN]){ 0xfe, 0x80, 0, 0, 0, 0, 0, 0, b[0] ^ 2, b[1], b[2],
					0xff, 0xfe, b[3], b[4], b[5] },
			ADDRESS_LEN);
}

/** Whether the checksum of len bytes of ICMPv6 is right. */
static bool
is_right(const struct rte_mbuf *m, struct layers l, uint32_t len)
{
	const uint8_t *ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, l.l3);
	uint64_t sum = rte_cpu_to_be_16(IPPROTO_ICMPV6) + (uint64_t)rte_cpu_to_be_16(len);

	sum = checksum_bytes(sum, ip + SOURCE, 2 * ADDRESS_LEN);
	return checksum_fold(checksum_mbuf(sum, m, l.l4, len)) == UINT16_MAX;
}

/** Whether a host takes a packet to be for it. */
static bool
takes(const struct rte_mbuf *m, struct layers l, const struct rte_ether_addr *own)
{
	const struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	const uint8_t *ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, l.l3);
	const bool group = is_group(ip + DESTINATION);
	struct pseudo pseudo;

	if (!host_ether(eth, own, group) || !host_ipv6(ip + SOURCE) ||
			(!group && !host_ipv6(ip + DESTINATION)) ||
			memcmp(ip + SOURCE, ip + DESTINATION, ADDRESS_LEN) == 0)
		return false;
	/* It is on its way to others, or comes from a home that this host knows nothing of. */
	return l.l4 - l.l3 == sizeof(struct rte_ipv6_hdr) ||
	       (pseudo_find(m, l, &pseudo) && !pseudo.detour);
}

static bool
answer_echo(struct rte_mbuf *m, struct layers l, const struct rte_ether_addr *own)
{
	uint8_t *ip = rte_pktmbuf_mtod_offset(m, uint8_t *, l.l3);
	struct icmp6 *icmp = rte_pktmbuf_mtod_offset(m, struct icmp6 *, l.l4);
	uint8_t asked[ADDRESS_LEN];

	echo_swap_ether(m, own);
	memcpy(asked, ip + DESTINATION, sizeof(asked));
	memcpy(ip + DESTINATION, ip + SOURCE, sizeof(asked));
	memcpy(ip + SOURCE, asked, sizeof(asked));
	if (is_group(asked)) {
		link_local(ip + SOURCE, own);
		checksum_update(&icmp->checksum, checksum_bytes(0, asked, sizeof(asked)),
				checksum_bytes(0, ip + SOURCE, sizeof(asked)));
	}
	ip[offsetof(struct rte_ipv6_hdr, hop_limits)] = HOST_TTL;
	icmp->type = ECHO_REPLY;
	checksum_update(&icmp->checksum, RTE_BE16(ECHO_REQUEST << 8), RTE_BE16(ECHO_REPLY << 8));
	return true;
}

/** Whether it asks for a neighbour, in one of the two lengths that hosts send. */
static bool
is_question(const struct rte_mbuf *m, struct layers l, uint16_t len)
{
	const struct rte_ipv6_hdr *ip =
			rte_pktmbuf_mtod_offset(m, const struct rte_ipv6_hdr *, l.l3);
	const struct neighbour *n = (const void *)(ip + 1);
	const bool with_option = len == sizeof(*n);

	if (l.l4 - l.l3 != sizeof(*ip) || ip->hop_limits != UINT8_MAX || !parse_has(m, l.l4, len) ||
			(!with_option && len != offsetof(struct neighbour, option)))
		return false;
	/* From the address itself: it is announced, not asked for. */
	if (!host_ipv6(n->target) ||
			memcmp((const uint8_t *)ip + SOURCE, n->target, ADDRESS_LEN) == 0)
		return false;
	/* Only who knows this address already may ask without giving its own. */
	return with_option ? n->option == 1 && n->option_len == 1 &&
					       rte_is_valid_assigned_ether_addr(&n->addr)
			   : !is_group((const uint8_t *)ip + DESTINATION);
}

static bool
answer_solicitation(struct rte_mbuf *m, struct layers l, const struct rte_ether_addr *own)
{
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	uint8_t *ip = rte_pktmbuf_mtod_offset(m, uint8_t *, l.l3);
	struct neighbour *n = rte_pktmbuf_mtod_offset(m, struct neighbour *, l.l4);
	uint16_t len = rte_be_to_cpu_16(((const struct rte_ipv6_hdr *)ip)->payload_len);
	uint64_t pseudo;

	if (!is_question(m, l, len))
		return false;
	rte_ether_addr_copy(&eth->src_addr, &eth->dst_addr);
	rte_ether_addr_copy(own, &eth->src_addr);
	memcpy(ip + DESTINATION, ip + SOURCE, ADDRESS_LEN);
	memcpy(ip + SOURCE, n->target, ADDRESS_LEN);
	n->icmp.type = ADVERTISEMENT;
	n->icmp.flags = SOLICITED_AND_OVERRIDE;
	memset(n->icmp.rest, 0, sizeof(n->icmp.rest));
	if (len == sizeof(*n)) {
		n->option = 2;
		n->addr = *own;
	}
	pseudo = checksum_bytes(rte_cpu_to_be_16(IPPROTO_ICMPV6) + (uint64_t)rte_cpu_to_be_16(len),
			ip + SOURCE, 2 * ADDRESS_LEN);
	checksum_right(&n->icmp.checksum, checksum_bytes(pseudo, n, len), false);
	return true;
}

bool
echo_answer_ipv6(struct rte_mbuf *m, struct layers l, const struct rte_ether_addr *own)
{
	const struct rte_ipv6_hdr *ip =
			rte_pktmbuf_mtod_offset(m, const struct rte_ipv6_hdr *, l.l3);
	const struct icmp6 *icmp = rte_pktmbuf_mtod_offset(m, const struct icmp6 *, l.l4);
	const uint32_t end = l.l3 + sizeof(*ip) + rte_be_to_cpu_16(ip->payload_len);

	if (l.proto != IPPROTO_ICMPV6 || l.l4 == 0 || l.fragment != FRAGMENT_NONE ||
			!parse_has(m, l.l4, sizeof(*icmp)) || icmp->code != 0)
		return false;
	/* Not those from nobody: a host makes sure that an address is free. Whoever answers takes it away. */
	if (end < l.l4 + sizeof(*icmp) || end > m->pkt_len || !takes(m, l, own) ||
			!is_right(m, l, end - l.l4))
		return false;
	if (icmp->type == ECHO_REQUEST)
		return answer_echo(m, l, own);
	return icmp->type == SOLICITATION && answer_solicitation(m, l, own);
}
