/* SPDX-License-Identifier: BSD-3-Clause */
#include "mode.h"

static uint16_t
swap_addresses(struct fwd_stream *stream __rte_unused, struct rte_mbuf **pkts, uint16_t n,
		uint16_t max __rte_unused)
{
	struct rte_ether_addr dst;
	uint16_t i;

	for (i = 0; i < n; i++) {
		struct rte_ether_hdr *eth = rte_pktmbuf_mtod(pkts[i], struct rte_ether_hdr *);

		rte_ether_addr_copy(&eth->dst_addr, &dst);
		rte_ether_addr_copy(&eth->src_addr, &eth->dst_addr);
		rte_ether_addr_copy(&dst, &eth->src_addr);
	}
	return n;
}

/** Frames leave with source and destination address swapped. */
const struct fwd_mode mode_macswap = {
	.name = "macswap",
	.receives = true,
	.transmits = true,
	.burst = swap_addresses,
};
