/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_ring.h>

#include "fwd.h"
#include "loop.h"
#include "mode.h"
#include "stream.h"

static struct pipeline_settings {
	uint32_t ring;
	uint32_t work;
} settings = { .ring = 1024 };

static const struct fwd_option options[] = {
	{ "pipeline-ring", 0, "N", "packets that each ring between two stages holds", option_u32,
			offsetof(struct pipeline_settings, ring), 1, 1 << 20 },
	{ "pipeline-work", 0, "CYCLES", "how long the second stage reads each packet's bytes",
			option_u32, offsetof(struct pipeline_settings, work), 0, 1000000000 },
};

enum stage {
	STAGE_RECEIVE,
	STAGE_WORK,
	STAGE_SEND,
	NB_STAGES,
};

/** Of a stream: where packets come from, and where they go; NULL: the port. */
struct pipe {
	struct rte_ring *in;
	struct rte_ring *out;
	uint64_t sum; /* of what the work has read, so that it is */
};

/** What the ring does not take is dropped here, before anybody has worked on it. */
static uint16_t
receive(struct fwd_stream *s, struct pipe *pipe)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t taken, n = stream_receive(s, pkts);

	if (n == 0)
		return 0;
	taken = rte_ring_sp_enqueue_burst(pipe->out, (void **)pkts, n, NULL);
	if (unlikely(taken < n))
		stream_reject(s, &pkts[taken], n - taken);
	return n;
}

/** Read a packet again and again, a byte of each cache line, until the time is over. */
static void
read_bytes(struct pipe *pipe, const struct rte_mbuf *m)
{
	const volatile uint8_t *data = rte_pktmbuf_mtod(m, const volatile uint8_t *);
	const uint64_t begin = rte_rdtsc();
	unsigned int i;

	do {
		for (i = 0; i < m->data_len; i += RTE_CACHE_LINE_SIZE)
			pipe->sum += data[i];
	} while (rte_rdtsc() - begin < settings.work);
}

/** Takes no more than the next ring has room for. */
static uint16_t
work(struct fwd_stream *s, struct pipe *pipe)
{
	uint16_t room = RTE_MIN(rte_ring_free_count(pipe->out), (unsigned int)s->burst);
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t i, n = rte_ring_sc_dequeue_burst(pipe->in, (void **)pkts, room, NULL);
	uint16_t kept = stream_own(s, s->out, pkts, n);

	for (i = 0; i < kept; i++) {
		ether_swap(rte_pktmbuf_mtod(pkts[i], void *));
		if (settings.work > 0)
			read_bytes(pipe, pkts[i]);
	}
	if (kept > 0)
		rte_ring_sp_enqueue_bulk(pipe->out, (void **)pkts, kept, NULL);
	s->passed_on += n;
	return n;
}

static uint16_t
send_on(struct fwd_stream *s, struct pipe *pipe)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t n = rte_ring_sc_dequeue_burst(pipe->in, (void **)pkts, s->burst, NULL);

	if (n > 0)
		stream_send(s, s->out, pkts, n);
	s->passed_on += n;
	return n;
}

static uint16_t
turn(struct fwd_stream *s)
{
	switch (s->stage) {
	case STAGE_RECEIVE:
		return receive(s, s->state);
	case STAGE_WORK:
		return work(s, s->state);
	default:
		return send_on(s, s->state);
	}
}

static uint64_t
held_mbufs(const struct fwd *fwd)
{
	return (uint64_t)settings.ring * (NB_STAGES - 1) * fwd->nb_ports * fwd->args.nb_rxq;
}

/** What is still in rings is freed. Every ring is the out of one stream. */
static void
stop(struct fwd *fwd)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	unsigned int i, n;

	for (i = 0; i < fwd->nb_streams; i++) {
		struct fwd_stream *s = fwd->streams[i];
		struct pipe *pipe = s->state;

		if (pipe == NULL)
			continue;
		while (pipe->out != NULL && (n = rte_ring_sc_dequeue_burst(pipe->out, (void **)pkts,
							     FWD_MAX_BURST, NULL)) > 0)
			stream_reject(s, pkts, n);
		rte_ring_free(pipe->out);
		rte_free(pipe);
		s->state = NULL;
	}
}

/** Streams of a queue follow each other, so what comes in is the ring of the one before. */
static int
make_pipe(struct fwd *fwd, struct fwd_stream *s)
{
	const struct fwd_stream *next;
	char name[RTE_RING_NAMESIZE];
	struct pipe *pipe;

	pipe = rte_zmalloc_socket("pipe", sizeof(*pipe), RTE_CACHE_LINE_SIZE,
			rte_lcore_to_socket_id(s->lcore));
	s->state = pipe;
	if (pipe == NULL)
		return -ENOMEM;
	if (s->stage != STAGE_RECEIVE)
		pipe->in = ((struct pipe *)fwd->streams[s->index - 1]->state)->out;
	if (s->stage == STAGE_SEND)
		return 0;
	next = fwd->streams[s->index + 1];
	snprintf(name, sizeof(name), "fwd_pipe_%u", s->index);
	pipe->out = rte_ring_create(name, settings.ring, rte_lcore_to_socket_id(next->lcore),
			RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
	return pipe->out != NULL ? 0 : -rte_errno;
}

static int
start(struct fwd *fwd)
{
	unsigned int i;
	int ret;

	for (i = 0; i < fwd->nb_streams; i++) {
		ret = make_pipe(fwd, fwd->streams[i]);
		if (ret == 0)
			continue;
		FWD_ERROR("no rings of --pipeline-ring=%u for %u streams: %s; lower it, or raise EAL's "
			  "-m",
				settings.ring, fwd->nb_streams, rte_strerror(-ret));
		stop(fwd);
		return -1;
	}
	return 0;
}

MODE_LOOP(turn)

const struct fwd_mode mode_pipeline = {
	.name = "pipeline",
	.help = "one lcore receives, one swaps addresses, one sends: rings between them",
	.flags = MODE_RECEIVES | MODE_TRANSMITS,
	.stages = NB_STAGES,
	.options = { "Mode pipeline", &settings, options, RTE_DIM(options) },
	.held_mbufs = held_mbufs,
	.start = start,
	.loop = turn_loop,
	.stop = stop,
};
