/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RESET_H
#define RESET_H

/** @file Mbufs fresh from a pool. */

#include <assert.h>
#include <string.h>

#include <rte_mbuf.h>

/**
 * What rte_pktmbuf_reset() does to a free mbuf, with everything known beforehand, and a first
 * segment of len bytes. refcnt and nb_segs are 1 already, written again they make four fields one store.
 */
static inline void
mbuf_reset(struct rte_mbuf *m, uint64_t ol_flags, uint16_t data_off, uint16_t len)
{
	const uint16_t rearm[] = { data_off, 1, 1, RTE_MBUF_PORT_INVALID };

	static_assert(offsetof(struct rte_mbuf, refcnt) == offsetof(struct rte_mbuf, data_off) + 2,
			"rearm[1]");
	static_assert(offsetof(struct rte_mbuf, nb_segs) == offsetof(struct rte_mbuf, data_off) + 4,
			"rearm[2]");
	static_assert(offsetof(struct rte_mbuf, port) == offsetof(struct rte_mbuf, data_off) + 6,
			"rearm[3]");
	memcpy((char *)m + offsetof(struct rte_mbuf, data_off), rearm, sizeof(rearm));
	m->ol_flags = ol_flags;
	m->packet_type = 0;
	m->pkt_len = len;
	m->data_len = len;
	m->vlan_tci = 0;
	m->vlan_tci_outer = 0;
	m->tx_offload = 0;
}

#endif
