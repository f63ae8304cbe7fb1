/* SPDX-License-Identifier: BSD-3-Clause */
#include "loop.h"
#include "mode.h"
#include "stream.h"

static uint16_t
consume(struct fwd_stream *s)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t n = stream_receive(s, pkts);

	if (n > 0)
		stream_consume(s, pkts, n);
	return n;
}

MODE_LOOP(consume)

const struct fwd_mode mode_rxonly = {
	.name = "rxonly",
	.help = "frames are counted and freed",
	.flags = MODE_RECEIVES,
	.loop = consume_loop,
};
