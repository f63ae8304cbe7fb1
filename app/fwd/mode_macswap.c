/* SPDX-License-Identifier: BSD-3-Clause */
#include "loop.h"
#include "mode.h"
#include "stream.h"

static uint16_t
swap_addresses(struct fwd_stream *s)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t i, n = stream_receive(s, pkts);
	uint16_t kept = stream_own(s, s->out, pkts, n);

	for (i = 0; i < kept; i++)
		ether_swap(rte_pktmbuf_mtod(pkts[i], void *));
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
