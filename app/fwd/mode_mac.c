/* SPDX-License-Identifier: BSD-3-Clause */
#include "loop.h"
#include "mode.h"
#include "stream.h"

static uint16_t
set_addresses(struct fwd_stream *s)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t i, kept = 0, n = stream_receive(s, pkts);

	for (i = 0; i < n; i++) {
		struct rte_ether_hdr *eth;

		if (unlikely(!stream_own(s, s->out, &pkts[i])))
			continue;
		eth = rte_pktmbuf_mtod(pkts[i], struct rte_ether_hdr *);
		rte_ether_addr_copy(&s->out->peer, &eth->dst_addr);
		rte_ether_addr_copy(&s->out->source, &eth->src_addr);
		pkts[kept++] = pkts[i];
	}
	if (kept > 0)
		stream_send(s, s->out, pkts, kept);
	return n;
}

MODE_LOOP(set_addresses)

const struct fwd_mode mode_mac = {
	.name = "mac",
	.help = "to the peer of the port they leave by, from the address of that port",
	.flags = MODE_RECEIVES | MODE_TRANSMITS,
	.loop = set_addresses_loop,
};
