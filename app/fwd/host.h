/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HOST_H
#define HOST_H

/**
 * @file What a host answers, and how: for modes that answer.
 * Source: RFC 1122, 3.2.1.3 and 3.3.6; RFC 4291, 2.5 and 2.7; RFC 5227 (probes and announcements).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_ether.h>
#include <rte_icmp.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

#include "checksum.h"
#include "compat.h"

/** TTL and hop limit of what a host sends (RFC 1340). */
#define HOST_TTL 64

/** Whether an IPv4 address can be that of one host on a network. */
static inline bool
host_ipv4(rte_be32_t be)
{
	const uint32_t first = rte_be_to_cpu_32(be) >> 24;
	const uint32_t loopback = 127, multicast = 224;

	return first > 0 && first < multicast && first != loopback;
}

/** Whether it is that of a group, or of all. */
static inline bool
host_ipv4_group(rte_be32_t be)
{
	return RTE_IS_IPV4_MCAST(rte_be_to_cpu_32(be)) || be == UINT32_MAX;
}

/** Whether an IPv6 address can be that of one host on a network: no group, not :: and not ::1. */
static inline bool
host_ipv6(const uint8_t *address)
{
	static const uint8_t none[15];

	return address[0] != 0xff && (memcmp(address, none, sizeof(none)) != 0 || address[15] > 1);
}

/**
 * Whether a frame comes from another station, and, as IP's destination does, goes to one or to several.
 * @param own  the port's address
 * @param group  IP's destination is several hosts
 */
static inline bool
host_ether(const struct rte_ether_hdr *eth, const struct rte_ether_addr *own, bool group)
{
	return rte_is_valid_assigned_ether_addr(&eth->src_addr) &&
	       !rte_is_same_ether_addr(&eth->src_addr, own) &&
	       (group || rte_is_unicast_ether_addr(&eth->dst_addr));
}

/** Whether bytes from off on are a request of ICMP's echo with a right checksum; len are there, the first 8 at once. */
static inline bool
host_is_echo(const struct rte_mbuf *m, uint32_t off, uint32_t len)
{
	const struct rte_icmp_hdr *icmp =
			rte_pktmbuf_mtod_offset(m, const struct rte_icmp_hdr *, off);

	return icmp->icmp_type == COMPAT_ICMP_ECHO_REQUEST && icmp->icmp_code == 0 &&
	       checksum_fold(checksum_mbuf(0, m, off, len)) == UINT16_MAX;
}

/** Make it the reply. */
static inline void
host_reply_echo(struct rte_mbuf *m, uint32_t off, uint32_t len)
{
	struct rte_icmp_hdr *icmp = rte_pktmbuf_mtod_offset(m, struct rte_icmp_hdr *, off);
	void *field = RTE_PTR_ADD(icmp, offsetof(struct rte_icmp_hdr, icmp_cksum));

	icmp->icmp_type = COMPAT_ICMP_ECHO_REPLY;
	checksum_update(field, RTE_BE16(COMPAT_ICMP_ECHO_REQUEST << 8),
			RTE_BE16(COMPAT_ICMP_ECHO_REPLY << 8));
	if (unlikely(icmp->icmp_cksum == 0)) /* the wrong 0 where all else is 0 */
		checksum_right_message(field, m, off, len);
}

#endif
