/* SPDX-License-Identifier: BSD-3-Clause */
#include "mode.h"
#include "stream.h"

static uint16_t
swap_addresses(struct fwd_stream *s)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t i, n = stream_receive(s, pkts);

	for (i = 0; i < n; i++) {
		struct rte_ether_hdr *eth = rte_pktmbuf_mtod(pkts[i], struct rte_ether_hdr *);
		struct rte_ether_addr dst;

		rte_ether_addr_copy(&eth->dst_addr, &dst);
		rte_ether_addr_copy(&eth->src_addr, &eth->dst_addr);
		rte_ether_addr_copy(&dst, &eth->src_addr);
	}
	if (n > 0)
		stream_send(s, s->out, pkts, n);
	return n;
}

const struct fwd_mode mode_macswap = {
	.name = "macswap",
	.help = "source and destination address are swapped",
	.flags = MODE_RECEIVES | MODE_TRANSMITS,
	.turn = swap_addresses,
};
