/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "fwd.h"
#include "generate.h"
#include "loop.h"
#include "mode.h"
#include "mode_txonly.h"
#include "stream.h"
#include "watch.h"

/** Source addresses with --txonly-multi-flow, as many as testpmd's. */
#define NB_FLOWS 256

/** Part of --tx-pps; less is told at the end. */
#define LEAST_SENT 0.99

static struct txonly_settings {
	bool multi_flow;
	uint32_t pps; /* of a port, 0: as many as it takes */
} settings;

/** TSC cycles from one burst of a stream to the next, with settings.pps. */
static uint64_t pace;

static int
parse_segments(const struct fwd_option *option, void *field __rte_unused, const char *text)
{
	const char *allowed =
			"LENGTH[,LENGTH...]: up to 255 segments, the first of 42 bytes or more, "
			"together up to 65535";
	struct generate_conf conf = generate_conf;
	unsigned long length, sum = 0;
	const char *at = text;
	unsigned int n = 0;
	char *end;

	do {
		length = *at >= '0' && *at <= '9' ? strtoul(at, &end, 10) : 0;
		if (length == 0 || length > UINT16_MAX || n == GENERATE_MAX_SEGMENTS)
			return option_wrong(option, text, "%s", allowed);
		conf.lengths[n++] = length;
		sum += length;
		at = end + 1;
	} while (*end == ',');
	if (*end != '\0' || sum > UINT16_MAX || conf.lengths[0] < GENERATE_HEADERS_LEN)
		return option_wrong(option, text, "%s", allowed);
	conf.nb_segments = n;
	generate_conf = conf;
	return 0;
}

static int
parse_addresses(const struct fwd_option *option, void *field __rte_unused, const char *text)
{
	const char *comma = strchr(text, ',');
	struct in_addr source, destination;
	char first[INET_ADDRSTRLEN] = "";

	if (comma != NULL && comma - text < INET_ADDRSTRLEN)
		memcpy(first, text, comma - text);
	if (inet_pton(AF_INET, first, &source) != 1 ||
			inet_pton(AF_INET, comma + 1, &destination) != 1)
		return option_wrong(option, text, "two IPv4 addresses, as 198.18.0.1,198.18.0.2");
	generate_conf.source = rte_be_to_cpu_32(source.s_addr);
	generate_conf.destination = rte_be_to_cpu_32(destination.s_addr);
	return 0;
}

static int
parse_ports(const struct fwd_option *option, void *field __rte_unused, const char *text)
{
	unsigned long ports[2];
	const char *at = text;
	unsigned int n = 0;
	char *end;

	do {
		ports[n] = *at >= '0' && *at <= '9' ? strtoul(at, &end, 10) : UINT16_MAX + 1;
		if (ports[n] > UINT16_MAX)
			return option_wrong(option, text, "SRC[,DST], from 0 to 65535");
		at = end + 1;
	} while (++n < RTE_DIM(ports) && *end == ',');
	if (*end != '\0')
		return option_wrong(option, text, "SRC[,DST], from 0 to 65535");
	generate_conf.source_port = ports[0];
	generate_conf.destination_port = ports[n - 1];
	return 0;
}

static const struct fwd_option options[] = {
	{ "txpkts", 0, "N[,N...]", "bytes of each segment of a frame, without FCS (60)",
			parse_segments },
	{ "tx-ip", 0, "SRC,DST", "IPv4 addresses (198.18.0.1,198.18.0.2)", parse_addresses },
	{ "tx-udp", 0, "SRC[,DST]", "UDP ports (9)", parse_ports },
	{ "txonly-multi-flow", 0, NULL, "the source address takes 256 values", option_flag,
			offsetof(struct txonly_settings, multi_flow) },
	{ "tx-pps", 0, "N", "packets a second of each port in txonly, at most; 0: all it takes (0)",
			option_u32, offsetof(struct txonly_settings, pps), 0, UINT32_MAX },
};

int
txonly_set_segments(const char *text)
{
	return parse_segments(&options[0], NULL, text);
}

static struct generate_flows
flows(void)
{
	return (struct generate_flows){ .nb = settings.multi_flow ? NB_FLOWS : 0, .shift = 8 };
}

/** Settle how often a burst leaves, at most once a millisecond where that takes shorter bursts. */
static void
set_pace(struct fwd *fwd)
{
	uint32_t burst, most = RTE_MAX(settings.pps / fwd->args.nb_txq / 1000, 1u);
	unsigned int i;

	burst = RTE_MIN(fwd->args.burst, most);
	for (i = 0; i < fwd->nb_streams; i++)
		fwd->streams[i]->burst = burst;
	pace = (double)rte_get_tsc_hz() * burst * fwd->args.nb_txq / settings.pps;
}

static int
start(struct fwd *fwd)
{
	const struct generate_flows f = flows();

	if (settings.pps > 0)
		set_pace(fwd);
	return generators_create(fwd, &f, true);
}

/** Whether it is time for a burst. What is late is made up for, up to 10 ms of it. */
static bool
is_due(struct generator *g)
{
	uint64_t now = rte_rdtsc(), latest = now - rte_get_tsc_hz() / 100;

	if (g->due > now)
		return false;
	g->due = RTE_MAX(g->due, latest) + pace;
	return true;
}

static uint16_t
make_and_send(struct fwd_stream *s, struct generator *g)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t n = generate(g, s, pkts, s->burst);

	if (likely(n > 0))
		stream_send(s, s->out, pkts, n);
	return n;
}

static uint16_t
turn(struct fwd_stream *s)
{
	if (unlikely(settings.pps > 0) && !is_due(s->state))
		return 0;
	return make_and_send(s, s->state);
}

void
txonly_first(struct fwd_stream *s, uint32_t bursts, const bool *stop)
{
	const struct generate_flows f = flows();
	struct generator g;

	generator_init(&g, s, &f, false);
	while (bursts-- > 0 && !__atomic_load_n(stop, __ATOMIC_RELAXED))
		make_and_send(s, &g);
}

/** Say which ports were sent less than wanted: the lcores were too slow, or the port took no more. */
static void
tell_slow(const struct fwd *fwd)
{
	const double seconds = watch_now() - fwd->began, wanted = settings.pps * seconds;
	struct fwd_totals t;
	unsigned int i;

	for (i = 0; i < fwd->nb_ports; i++) {
		streams_total(fwd, fwd->ports[i].id, &t);
		/* A burst of each queue more: it ends between two. */
		if (!fwd->ports[i].gone &&
				t.tx + fwd->args.nb_txq * fwd->args.burst < LEAST_SENT * wanted)
			FWD_WARNING("--tx-pps=%u: port %u sent only %.0f packets/s (%.1f %%)",
					settings.pps, fwd->ports[i].id, t.tx / seconds,
					100 * t.tx / wanted);
	}
}

static void
stop(struct fwd *fwd)
{
	if (settings.pps > 0)
		tell_slow(fwd);
	generators_free(fwd);
}

MODE_LOOP(turn)

const struct fwd_mode mode_txonly = {
	.name = "txonly",
	.help = "frames are made and sent; nothing is received",
	.flags = MODE_TRANSMITS,
	.options = { "Frames of txonly, flowgen and --tx-first", &settings, options,
			RTE_DIM(options) },
	.tx_offloads = generate_offloads,
	.start = start,
	.loop = turn_loop,
	.stop = stop,
};
