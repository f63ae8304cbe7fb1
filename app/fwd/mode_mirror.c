/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "fwd.h"
#include "loop.h"
#include "mode.h"
#include "stream.h"

/** No port. */
#define NONE UINT32_MAX

static uint32_t monitor = NONE;

/** The monitor sees what has been received, and before it is changed: it may not change either. */
static uint16_t
forward(struct fwd_stream *s)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST], *shares[FWD_MAX_BURST];
	uint16_t made, n = stream_receive(s, pkts);

	if (n == 0)
		return 0;
	if (s->refer) {
		stream_refer(s, pkts, n, 1);
		memcpy(shares, pkts, n * sizeof(pkts[0]));
		made = n;
	} else {
		made = stream_share(s, pkts, n, shares);
	}
	stream_send(s, s->out, pkts, n);
	stream_send(s, s->state, shares, made);
	return n;
}

/** What the monitor itself sends is of no interest. */
static uint16_t
mirror(struct fwd_stream *s)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t n;

	if (likely(s->rx_port != monitor))
		return forward(s);
	n = stream_receive(s, pkts);
	if (n > 0)
		stream_consume(s, pkts, n);
	return n;
}

/** The port by topology, among those that are left without the monitor. */
static struct fwd_out *
peer(const struct fwd *fwd, struct fwd_stream *s, unsigned int mirror)
{
	unsigned int i = 0, to;

	while (s->outs[i].port != s->rx_port)
		i++;
	to = topology_peer(fwd->args.topology, i - (i > mirror), fwd->nb_ports - 1);
	return &s->outs[to + (to >= mirror)];
}

static int
start(struct fwd *fwd)
{
	unsigned int i, mirror;

	if (monitor == NONE) {
		FWD_ERROR("--forward-mode=mirror: give --mirror-port=PORT, where copies are sent to");
		return -1;
	}
	for (mirror = 0; mirror < fwd->nb_ports && fwd->ports[mirror].id != monitor; mirror++)
		;
	if (mirror == fwd->nb_ports || fwd->nb_ports < 2) {
		FWD_ERROR("--mirror-port=%u: allowed is one of the %u ports in use, beside at least "
			  "one more to receive from; add a port, or see --portmask",
				monitor, fwd->nb_ports);
		return -1;
	}
	for (i = 0; i < fwd->nb_streams; i++) {
		struct fwd_stream *s = fwd->streams[i];

		s->state = &s->outs[mirror];
		if (s->rx_port != monitor)
			s->out = peer(fwd, s, mirror);
	}
	return 0;
}

static uint64_t
tx_offloads(const struct fwd_port *port __rte_unused)
{
	return RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
}

static const struct fwd_option options[] = {
	{ "mirror-port", 0, "PORT", "where copies go of all that the other ports receive (none)",
			option_u32, .max = RTE_MAX_ETHPORTS - 1 },
};

MODE_LOOP(mirror)

const struct fwd_mode mode_mirror = {
	.name = "mirror",
	.help = "frames leave as they came, and by a monitor port, too, without a copy",
	.flags = MODE_RECEIVES | MODE_TRANSMITS | MODE_TO_ALL | MODE_HEADERS,
	.options = { "Mode mirror", &monitor, options, RTE_DIM(options) },
	.tx_offloads = tx_offloads,
	.start = start,
	.loop = mirror_loop,
};
