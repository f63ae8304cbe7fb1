/* SPDX-License-Identifier: BSD-3-Clause */
#include "loop.h"
#include "mode.h"
#include "stream.h"

static uint16_t
swap_addresses(struct fwd_stream *s)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t i, kept = 0, n = stream_receive(s, pkts);

	for (i = 0; i < n; i++) {
		struct rte_ether_hdr *eth;
		struct rte_ether_addr dst;

		if (unlikely(!stream_own(s, s->out, &pkts[i])))
			continue;
		eth = rte_pktmbuf_mtod(pkts[i], struct rte_ether_hdr *);
		rte_ether_addr_copy(&eth->dst_addr, &dst);
		rte_ether_addr_copy(&eth->src_addr, &eth->dst_addr);
		rte_ether_addr_copy(&dst, &eth->src_addr);
		pkts[kept++] = pkts[i];
	}
	if (kept > 0)
		stream_send(s, s->out, pkts, kept);
	return n;
}

MODE_LOOP(swap_addresses)

const struct fwd_mode mode_macswap = {
	.name = "macswap",
	.help = "source and destination address are swapped",
	.flags = MODE_RECEIVES | MODE_TRANSMITS,
	.loop = swap_addresses_loop,
};
