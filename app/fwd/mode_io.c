/* SPDX-License-Identifier: BSD-3-Clause */
#include "loop.h"
#include "mode.h"
#include "stream.h"

static uint16_t
forward(struct fwd_stream *s)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t n = stream_receive(s, pkts);

	if (n > 0)
		stream_send(s, s->out, pkts, n);
	return n;
}

MODE_LOOP(forward)

const struct fwd_mode mode_io = {
	.name = "io",
	.help = "frames leave as they came",
	.flags = MODE_RECEIVES | MODE_TRANSMITS,
	.loop = forward_loop,
};
