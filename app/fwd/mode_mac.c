/* SPDX-License-Identifier: BSD-3-Clause */
#include "loop.h"
#include "mode.h"
#include "stream.h"

static uint16_t
set_addresses(struct fwd_stream *s)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t i, n = stream_receive(s, pkts);
	uint16_t kept = stream_own(s, s->out, pkts, n);

	for (i = 0; i < kept; i++)
		ether_set(rte_pktmbuf_mtod(pkts[i], void *), &s->out->addrs);
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
