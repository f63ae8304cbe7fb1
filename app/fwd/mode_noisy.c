/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_malloc.h>

#include "fwd.h"
#include "loop.h"
#include "mode.h"
#include "stream.h"

static struct noisy_settings {
	uint32_t megabytes;
	uint32_t writes; /* of each packet, at random places */
	uint32_t reads;
	uint32_t reads_writes;
	uint32_t hold; /* packets */
	uint32_t flush_ms; /* 0: never */
} settings;

#define SETTING(name) offsetof(struct noisy_settings, name)

static const struct fwd_option options[] = {
	{ "noisy-lkup-memory", 0, "MB", "memory of each queue that is read and written", option_u32,
			SETTING(megabytes), 0, 1 << 20 },
	{ "noisy-lkup-num-writes", 0, "N", "writes to it a packet", option_u32, SETTING(writes), 0,
			UINT16_MAX },
	{ "noisy-lkup-num-reads", 0, "N", "reads from it a packet", option_u32, SETTING(reads), 0,
			UINT16_MAX },
	{ "noisy-lkup-num-reads-writes", 0, "N", "reads and writes a packet, at different places",
			option_u32, SETTING(reads_writes), 0, UINT16_MAX },
	{ "noisy-tx-sw-buffer-size", 0, "N", "packets that each queue holds back", option_u32,
			SETTING(hold), 0, 1 << 20 },
	{ "noisy-tx-sw-buffer-flushtime", 0, "MS",
			"sends them when none was sent for so long, 0: never", option_u32,
			SETTING(flush_ms), 0, 3600000 },
};

/** Of a stream. */
struct noisy {
	volatile uint64_t *memory;
	uint64_t nb_words;
	uint64_t random;
	uint64_t sum; /* of what was read, so that it is */
	uint64_t flush_cycles;
	uint64_t last; /* when something was sent, or came into an empty FIFO */
	uint32_t first; /* the one that is longest in the FIFO */
	uint32_t nb;
	uint32_t size; /* what is held back, and a burst on top */
	struct rte_mbuf *fifo[];
};

/** Any word of the memory: Knuth's linear congruential generator, MMIX's numbers, its upper half. */
static inline uint64_t
random_word(struct noisy *noisy)
{
	noisy->random = noisy->random * UINT64_C(6364136223846793005) +
			UINT64_C(1442695040888963407);
	return ((noisy->random >> 32) * noisy->nb_words) >> 32;
}

static void
look_up(struct noisy *noisy, uint16_t packets)
{
	const uint32_t writes = packets * (settings.writes + settings.reads_writes);
	const uint32_t reads = packets * (settings.reads + settings.reads_writes);
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < writes; i++)
		noisy->memory[random_word(noisy)] = i;
	for (i = 0; i < reads; i++)
		sum += noisy->memory[random_word(noisy)];
	noisy->sum += sum;
}

static void
push(struct noisy *noisy, struct rte_mbuf **pkts, uint16_t n)
{
	uint32_t i, at = noisy->first + noisy->nb;

	for (i = 0; i < n; i++, at++)
		noisy->fifo[at < noisy->size ? at : at - noisy->size] = pkts[i];
	noisy->nb += n;
}

static uint16_t
pop(struct noisy *noisy, struct rte_mbuf **pkts, uint32_t max)
{
	uint32_t i, n = RTE_MIN(RTE_MIN(max, noisy->nb), (uint32_t)FWD_MAX_BURST);

	for (i = 0; i < n; i++) {
		pkts[i] = noisy->fifo[noisy->first];
		if (++noisy->first == noisy->size)
			noisy->first = 0;
	}
	noisy->nb -= n;
	return n;
}

/** Hold n packets back; send what is too much for that, and all when the time has come. */
static uint16_t
hold_back(struct fwd_stream *s, struct noisy *noisy, struct rte_mbuf **pkts, uint16_t n)
{
	uint64_t now = noisy->flush_cycles > 0 ? rte_get_timer_cycles() : 0;
	uint32_t sent = 0;
	uint16_t count;

	if (noisy->nb == 0)
		noisy->last = now;
	push(noisy, pkts, n);
	if (noisy->nb > settings.hold)
		sent = pop(noisy, pkts, noisy->nb - settings.hold);
	if (sent > 0)
		stream_send(s, s->out, pkts, sent);
	else if (noisy->flush_cycles > 0 && now - noisy->last >= noisy->flush_cycles)
		while ((count = pop(noisy, pkts, s->burst)) > 0) {
			stream_send(s, s->out, pkts, count);
			sent += count;
		}
	if (sent > 0)
		noisy->last = now;
	return RTE_MIN(n + sent, (uint32_t)UINT16_MAX);
}

static uint16_t
turn(struct fwd_stream *s)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t n = stream_receive(s, pkts);
	struct noisy *noisy = s->state;

	if (n > 0)
		look_up(noisy, n);
	if (settings.hold > 0)
		return hold_back(s, noisy, pkts, n);
	if (n > 0)
		stream_send(s, s->out, pkts, n);
	return n;
}

static uint64_t
held_mbufs(const struct fwd *fwd)
{
	return (uint64_t)settings.hold * fwd->nb_ports * fwd->args.nb_rxq;
}

/** What is still held back is freed. */
static void
stop(struct fwd *fwd)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	unsigned int i;
	uint16_t n;

	for (i = 0; i < fwd->nb_streams; i++) {
		struct fwd_stream *s = fwd->streams[i];
		struct noisy *noisy = s->state;

		if (noisy == NULL)
			continue;
		while ((n = pop(noisy, pkts, FWD_MAX_BURST)) > 0)
			stream_reject(s, pkts, n);
		rte_free((void *)(uintptr_t)noisy->memory);
		rte_free(noisy);
		s->state = NULL;
	}
}

static int
make_state(struct fwd_stream *s)
{
	const int socket = rte_lcore_to_socket_id(s->lcore);
	const uint32_t size = settings.hold + FWD_MAX_BURST;
	const size_t bytes = (size_t)settings.megabytes << 20;
	struct noisy *noisy =
			rte_zmalloc_socket("noisy", sizeof(*noisy) + size * sizeof(noisy->fifo[0]),
					RTE_CACHE_LINE_SIZE, socket);

	void *memory;

	s->state = noisy;
	if (noisy == NULL)
		return -1;
	noisy->size = size;
	noisy->random = s->index;
	noisy->nb_words = bytes / sizeof(noisy->memory[0]);
	noisy->flush_cycles = settings.flush_ms * rte_get_timer_hz() / 1000;
	if (bytes == 0)
		return 0;
	memory = rte_malloc_socket("noisy", bytes, RTE_CACHE_LINE_SIZE, socket);
	noisy->memory = memory;
	if (memory == NULL)
		return -1;
	/* Not left to the first access, which would be one to the kernel. */
	memset(memory, 1, bytes);
	return 0;
}

static int
start(struct fwd *fwd)
{
	unsigned int i;

	if (settings.megabytes == 0 &&
			settings.reads + settings.writes + settings.reads_writes > 0) {
		FWD_ERROR("--noisy-lkup-num-*: there is no memory to read and write, give "
			  "--noisy-lkup-memory=MB");
		return -1;
	}
	for (i = 0; i < fwd->nb_streams; i++) {
		if (make_state(fwd->streams[i]) == 0)
			continue;
		FWD_ERROR("no memory for --noisy-lkup-memory=%u and --noisy-tx-sw-buffer-size=%u on "
			  "each of %u queues: lower them, or raise EAL's -m",
				settings.megabytes, settings.hold, fwd->nb_streams);
		stop(fwd);
		return -1;
	}
	return 0;
}

MODE_LOOP(turn)

const struct fwd_mode mode_noisy = {
	.name = "noisy",
	.help = "frames leave as they came, after reads and writes of memory, and a while later",
	.flags = MODE_RECEIVES | MODE_TRANSMITS,
	.options = { "Mode noisy", &settings, options, RTE_DIM(options) },
	.held_mbufs = held_mbufs,
	.start = start,
	.loop = turn_loop,
	.stop = stop,
};
