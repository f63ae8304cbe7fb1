/* SPDX-License-Identifier: BSD-3-Clause */
#include "mode.h"

static uint16_t
set_addresses(struct fwd_stream *stream, struct rte_mbuf **pkts, uint16_t n,
		uint16_t max __rte_unused)
{
	uint16_t i;

	for (i = 0; i < n; i++) {
		struct rte_ether_hdr *eth = rte_pktmbuf_mtod(pkts[i], struct rte_ether_hdr *);

		rte_ether_addr_copy(&stream->peer, &eth->dst_addr);
		rte_ether_addr_copy(&stream->source, &eth->src_addr);
	}
	return n;
}

/** Frames go to the peer of the port they leave by, from the address of that port. */
const struct fwd_mode mode_mac = {
	.name = "mac",
	.receives = true,
	.transmits = true,
	.burst = set_addresses,
};
