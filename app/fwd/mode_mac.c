/* SPDX-License-Identifier: BSD-3-Clause */
#include "mode.h"
#include "stream.h"

static uint16_t
set_addresses(struct fwd_stream *s)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t i, n = stream_receive(s, pkts);

	for (i = 0; i < n; i++) {
		struct rte_ether_hdr *eth = rte_pktmbuf_mtod(pkts[i], struct rte_ether_hdr *);

		rte_ether_addr_copy(&s->out->peer, &eth->dst_addr);
		rte_ether_addr_copy(&s->out->source, &eth->src_addr);
	}
	if (n > 0)
		stream_send(s, s->out, pkts, n);
	return n;
}

const struct fwd_mode mode_mac = {
	.name = "mac",
	.help = "to the peer of the port they leave by, from the address of that port",
	.flags = MODE_RECEIVES | MODE_TRANSMITS,
	.turn = set_addresses,
};
