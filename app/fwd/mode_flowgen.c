/* SPDX-License-Identifier: BSD-3-Clause */
#include <mext.h>

#include "fwd.h"
#include "generate.h"
#include "loop.h"
#include "mode.h"
#include "stream.h"

static struct flowgen_settings {
	uint32_t nb_flows;
	uint32_t nb_clones;
} settings = { .nb_flows = 1024 };

static const struct fwd_option options[] = {
	{ "flowgen-flows", 0, "N", "destination addresses", option_u32,
			offsetof(struct flowgen_settings, nb_flows), 1, INT32_MAX },
	{ "flowgen-clones", 0, "N", "shares of each frame that are sent behind it", option_u32,
			offsetof(struct flowgen_settings, nb_clones), 0, FWD_MAX_BURST - 1 },
};

static int
start(struct fwd *fwd)
{
	const struct generate_flows flows = { .nb = settings.nb_flows, .destination = true };

	return generators_create(fwd, &flows, false);
}

/** A burst of frames with shares behind each, which have no bytes of their own. */
static uint16_t
make_with_clones(struct fwd_stream *s, struct rte_mbuf **pkts)
{
	const uint16_t group = RTE_MIN(settings.nb_clones + 1, (uint32_t)s->burst);
	struct rte_mbuf *frames[FWD_MAX_BURST];
	uint16_t i, n = 0, made = generate(s->state, s, frames, (s->burst + group - 1) / group);

	for (i = 0; i < made; i++) {
		uint16_t clones = RTE_MIN(group - 1, s->burst - n - 1);

		pkts[n++] = frames[i];
		if (unlikely(mext_fanout(s->pool, frames[i], &pkts[n], clones) < 0)) {
			stream_starved(s, clones);
			continue;
		}
		s->made += clones;
		n += clones;
	}
	return n;
}

static uint16_t
turn(struct fwd_stream *s)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t n, received = stream_receive(s, pkts);

	if (received > 0)
		stream_consume(s, pkts, received);
	n = settings.nb_clones > 0 ? make_with_clones(s, pkts)
				   : generate(s->state, s, pkts, s->burst);
	if (likely(n > 0))
		stream_send(s, s->out, pkts, n);
	return received + n;
}

MODE_LOOP(turn)

const struct fwd_mode mode_flowgen = {
	.name = "flowgen",
	.help = "frames of many flows are made and sent, what comes is counted and freed",
	.flags = MODE_RECEIVES | MODE_TRANSMITS | MODE_HEADERS,
	.options = { "Mode flowgen", &settings, options, RTE_DIM(options) },
	.tx_offloads = generate_offloads,
	.start = start,
	.loop = turn_loop,
	.stop = generators_free,
};
