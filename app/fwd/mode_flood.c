/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_malloc.h>

#include "fwd.h"
#include "loop.h"
#include "mode.h"
#include "stream.h"

/** How the copies of a frame are made. The stock ways are there to compare with. */
enum way {
	WAY_SHARE, /* as references where drivers bear it, else as a fan-out */
	WAY_FANOUT,
	WAY_CLONE,
	WAY_COPY,
};

static const char *const ways[] = {
	[WAY_SHARE] = "share",
	[WAY_FANOUT] = "fanout",
	[WAY_CLONE] = "clone",
	[WAY_COPY] = "copy",
};

static enum way way;

/** Of a stream: whom it sends to, and place for what is on its way to all but the last of them. */
struct flood {
	struct rte_mempool *headers;
	unsigned int nb_outs;
	struct fwd_out *outs[RTE_MAX_ETHPORTS];
	struct rte_mbuf *copies[];
};

/** Copies for one port: as many as there are buffers for. */
static uint16_t
make_copies(struct fwd_stream *s, struct rte_mbuf **pkts, uint16_t n)
{
	struct flood *f = s->state;
	uint16_t i, made = 0;

	if (way == WAY_SHARE || way == WAY_FANOUT)
		return stream_share(s, pkts, n, f->copies);
	for (i = 0; i < n; i++) {
		f->copies[made] = way == WAY_CLONE ? rte_pktmbuf_clone(pkts[i], f->headers)
						   : rte_pktmbuf_copy(pkts[i], s->copy_pool, 0,
								     UINT32_MAX);
		made += f->copies[made] != NULL;
	}
	s->made += made;
	if (unlikely(made < n))
		stream_starved(s, n - made);
	return made;
}

/** The packets themselves go to the last port; where copies fail, to that one alone. */
static uint16_t
flood(struct fwd_stream *s)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	struct flood *f = s->state;
	uint16_t n = stream_receive(s, pkts);
	unsigned int k, others = f->nb_outs - 1;

	if (n == 0)
		return 0;
	if (unlikely(f->nb_outs == 0)) {
		stream_reject(s, pkts, n);
		return n;
	}
	if (way == WAY_SHARE && s->refer) {
		stream_refer(s, pkts, n, others);
		for (k = 0; k < others; k++) {
			/* Who sends may put others in the place of packets. */
			memcpy(f->copies, pkts, n * sizeof(pkts[0]));
			stream_send(s, f->outs[k], f->copies, n);
		}
	} else if (way <= WAY_FANOUT &&
			mext_fanout_bulk(s->pool, pkts, n, f->copies, others) == 0) {
		s->made += (uint64_t)n * others;
		for (k = 0; k < others; k++)
			stream_send(s, f->outs[k], &f->copies[k * n], n);
	} else {
		for (k = 0; k < others; k++)
			stream_send(s, f->outs[k], f->copies, make_copies(s, pkts, n));
	}
	stream_send(s, f->outs[others], pkts, n);
	return n;
}

static void
stop(struct fwd *fwd)
{
	unsigned int i;

	for (i = 0; i < fwd->nb_streams; i++) {
		rte_free(fwd->streams[i]->state);
		fwd->streams[i]->state = NULL;
	}
}

static int
start(struct fwd *fwd)
{
	const size_t copies = sizeof(struct rte_mbuf *) * fwd->args.burst * fwd->nb_ports;
	unsigned int i, j;

	for (i = 0; i < fwd->nb_streams; i++) {
		struct fwd_stream *s = fwd->streams[i];
		int socket = port_by_id(fwd, s->rx_port)->socket;
		struct flood *f;

		f = rte_zmalloc_socket(
				"fwd_flood", sizeof(*f) + copies, RTE_CACHE_LINE_SIZE, socket);
		if (f == NULL) {
			stop(fwd);
			FWD_ERROR("no memory for the copies of a burst, lower --burst or raise EAL's -m");
			return -1;
		}
		s->state = f;
		f->headers = mext_pool_header_mempool(fwd->pool, socket);
		for (j = 0; j < s->nb_outs; j++)
			if (s->outs[j].port != s->rx_port)
				f->outs[f->nb_outs++] = &s->outs[j];
	}
	return 0;
}

static int
parse_way(const struct fwd_option *option, void *field, const char *text)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(ways); i++) {
		if (strcmp(ways[i], text) == 0) {
			*(enum way *)field = i;
			return 0;
		}
	}
	return option_wrong(option, text, "share, fanout, clone or copy");
}

static const struct fwd_option options[] = {
	{ "flood-by", 0, "WAY",
			"how copies are made: share, fanout (mext), clone, copy (DPDK) (share)",
			parse_way },
};

static uint64_t
tx_offloads(const struct fwd_port *port __rte_unused)
{
	return RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
}

MODE_LOOP(flood)

const struct fwd_mode mode_flood = {
	.name = "flood",
	.help = "frames leave by all ports but the one they came by, without a copy",
	.flags = MODE_RECEIVES | MODE_TRANSMITS | MODE_TO_ALL | MODE_HEADERS,
	.options = { "Mode flood", &way, options, RTE_DIM(options) },
	.tx_offloads = tx_offloads,
	.start = start,
	.loop = flood_loop,
	.stop = stop,
};
