/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <rte_cycles.h>

#include "content.h"
#include "threads.h"

/* One content, sent by one lcore or by two at once: what the count of who shares it costs. */

/** Bursts of a round without threads. */
#define BURSTS_A_ROUND 128
/**
 * A round with threads: so short that often none is preempted. One in which a thread was is measured
 * again, up to the last try: who waits for a CPU shares nothing with the other.
 */
#define MICROSECONDS 250
#define TRIES 20
/** Bursts between two looks at the clock. */
#define BURSTS_A_LOOK 4

/** A row's "how". */
struct way {
	content_burst *burst;
	unsigned int lcores; /* that work */
};

/** A row at work. */
struct sending {
	struct content content;
	const struct way *way;
	struct {
		uint64_t packets, cycles;
		long preempted; /* times */
	} __rte_cache_aligned counts[CONTENT_LCORES]; /* of one round */
};

static struct team *team;

/** A function of its own, for instructions.py to count in. */
unsigned int sharers_work(struct sending *s, unsigned int lcore, unsigned int bursts);

__rte_noinline unsigned int
sharers_work(struct sending *s, unsigned int lcore, unsigned int bursts)
{
	struct rte_mbuf *pkts[BED_BURST];
	unsigned int i;

	for (i = 0; i < bursts; i++)
		s->way->burst(&s->content, lcore, pkts);
	return bursts * BED_BURST;
}

static int
row_setup(struct bench_subject *s)
{
	size_t size = RTE_ALIGN_CEIL(sizeof(struct sending), RTE_CACHE_LINE_SIZE);
	struct sending *made = aligned_alloc(RTE_CACHE_LINE_SIZE, size);

	if (made == NULL)
		bench_die("no memory");
	*made = (struct sending){ .way = s->row->how };
	content_make(&made->content);
	/* Once, so that the dynamic linker and the caches are as they stay. */
	sharers_work(made, 0, 1);
	s->state = made;
	return 0;
}

static unsigned int
row_teardown(struct bench_subject *s)
{
	struct sending *made = s->state;
	unsigned int out = content_drop(&made->content);

	free(made);
	return out;
}

static void
run_alone(struct bench_subject *s, struct bench_work *work)
{
	uint64_t begin = rte_rdtsc_precise();

	work->objects = sharers_work(s->state, 0, BURSTS_A_ROUND);
	work->cycles = rte_rdtsc_precise() - begin;
}

/** How often this thread has lost its CPU to another one. */
static long
times_preempted(void)
{
	struct rusage usage;

	bed_must(getrusage(RUSAGE_THREAD, &usage) == 0);
	return usage.ru_nivcsw;
}

static void
member_work(struct team *of __rte_unused, unsigned int member, void *arg)
{
	const uint64_t length = rte_get_tsc_hz() / US_PER_S * MICROSECONDS;
	struct sending *s = arg;
	uint64_t packets = 0, begin, cycles;
	long preempted;

	if (member >= s->way->lcores)
		return;
	preempted = times_preempted();
	begin = rte_rdtsc();
	do {
		packets += sharers_work(s, member, BURSTS_A_LOOK);
		cycles = rte_rdtsc() - begin;
	} while (cycles < length);
	s->counts[member].packets = packets;
	s->counts[member].cycles = cycles;
	s->counts[member].preempted = times_preempted() - preempted;
}

static void
run_team(struct bench_subject *subject, struct bench_work *work)
{
	struct sending *s = subject->state;
	unsigned int i, tries = 0;
	long preempted;

	do {
		team_run(team, member_work, s);
		preempted = 0;
		for (i = 0; i < s->way->lcores; i++)
			preempted += s->counts[i].preempted;
	} while (preempted > 0 && ++tries < TRIES);
	for (i = 0; i < s->way->lcores; i++) {
		work->objects += s->counts[i].packets;
		work->cycles += s->counts[i].cycles;
	}
}

static int
begin_team(const struct bench_table *table __rte_unused, char *reason)
{
	int ret = team_start(CONTENT_LCORES, CONTENT_LCORES, &team);

	if (ret == -EINVAL)
		snprintf(reason, BENCH_REASON, "needs %u lcores, for example EAL's -l 0-1",
				CONTENT_LCORES);
	else if (ret < 0)
		snprintf(reason, BENCH_REASON, "threads: %s", strerror(-ret));
	return ret;
}

static void
end_team(const struct bench_table *table __rte_unused)
{
	team_end(team);
}

static const struct way own[] = { { content_own, 1 }, { content_own, 2 } };
static const struct way list[] = { { content_list, 1 }, { content_list, 2 } };
static const struct way plain[] = { { content_plain, 1 }, { content_plain, 2 } };
static const struct way spread[] = { { content_spread, 1 }, { content_spread, 2 } };
static const struct way plain_bulk[] = { { content_plain_bulk, 1 }, { content_plain_bulk, 2 } };
static const struct way spread_bulk[] = { { content_spread_bulk, 1 }, { content_spread_bulk, 2 } };
static const struct way fanout[] = { { content_fanout, 1 }, { content_fanout, 2 } };

/** run() without threads, or with a team of which nb_lcores work; ways[] is of one, then of two. */
#define ROW(row_name, row_run, ways, nb_lcores)                                           \
	.name = (row_name), .setup = row_setup, .run = (row_run), .threads = (nb_lcores), \
	.teardown = row_teardown, .how = &(ways)[(nb_lcores)-1]

#define LIST_CALLS "a ring of sharers under one lock, each freed as rte_pktmbuf_free_seg does"
#define OWN_CALLS "as plain, but a storage for each lcore: nothing is shared"
#define PLAIN_CALLS "mext_storage_hold, mext_attach_new_bulk of one, rte_pktmbuf_free_seg"
#define SPREAD_CALLS "mext_spread_take, mext_attach_new_bulk of one, rte_pktmbuf_free_seg"
#define PLAIN_BULK_CALLS "mext_storage_hold of 32, mext_attach_new_bulk, mext_free_bulk"
#define FANOUT_CALLS "mext_fanout of 32 of an mbuf of the lcore's own, mext_free_bulk"
#define SPREAD_BULK_CALLS "mext_spread_take of 32, mext_attach_new_bulk, mext_free_bulk"

#define BESIDE_PLAIN(row_name, run, ways, nb_lcores, row_calls)                               \
	{                                                                                     \
		ROW(row_name, run, ways, nb_lcores), .calls = (row_calls), .against = "plain" \
	}

/** The ways beside each other. */
#define WAYS(run, n)                                                                       \
	{ ROW("plain", run, plain, n), .calls = PLAIN_CALLS },                             \
			BESIDE_PLAIN("own", run, own, n, OWN_CALLS),                       \
			BESIDE_PLAIN("list", run, list, n, LIST_CALLS),                    \
			BESIDE_PLAIN("spread", run, spread, n, SPREAD_CALLS),              \
			BESIDE_PLAIN("plain, bulk", run, plain_bulk, n, PLAIN_BULK_CALLS), \
			BESIDE_PLAIN("plain, fan-out", run, fanout, n, FANOUT_CALLS),      \
			BESIDE_PLAIN("spread, bulk", run, spread_bulk, n, SPREAD_BULK_CALLS)

static const struct bench_row one_rows[] = { WAYS(run_alone, 1) };
static const struct bench_row two_rows[] = { WAYS(run_team, 2) };

/** Two lcores beside one. */
#define SCALING(row_name, ways, row_calls)                                                     \
	{ ROW(row_name ", 1 lcore", run_team, ways, 1), .calls = (row_calls) },                \
	{                                                                                      \
		ROW(row_name ", 2 lcores", run_team, ways, 2), .against = row_name ", 1 lcore" \
	}

static const struct bench_row scaling_rows[] = {
	SCALING("own", own, OWN_CALLS),
	SCALING("list", list, LIST_CALLS),
	SCALING("plain", plain, PLAIN_CALLS),
	SCALING("spread", spread, SPREAD_CALLS),
	SCALING("plain, bulk", plain_bulk, PLAIN_BULK_CALLS),
	SCALING("plain, fan-out", fanout, FANOUT_CALLS),
	SCALING("spread, bulk", spread_bulk, SPREAD_BULK_CALLS),
};

#define PARAMS(table_scenario, nb_threads)        \
	.params = { .scenario = (table_scenario), \
		.bursts = "fixed",                \
		.burst_min = BED_BURST,           \
		.burst_max = BED_BURST,           \
		.cache = PEER_CACHE,              \
		.threads = (nb_threads) }

static const struct bench_table tables[] = {
	{ .name = "sharers/1lcore",
			.title = "one content: attach, free; one lcore",
			.unit = BENCH_CYCLES,
			.rounds = 301,
			PARAMS("1lcore", 1),
			.rows = one_rows,
			.nb_rows = RTE_DIM(one_rows) },
	{ .name = "sharers/2lcores",
			.title = "one content: attach, free; two lcores at once, cycles of each",
			.unit = BENCH_CYCLES,
			.rounds = 301,
			PARAMS("2lcores", 2),
			.begin = begin_team,
			.end = end_team,
			.rows = two_rows,
			.nb_rows = RTE_DIM(two_rows) },
	{ .name = "sharers/scaling",
			.title = "one content: attach, free; one lcore and two, cycles of each",
			.unit = BENCH_CYCLES,
			.rounds = 301,
			PARAMS("scaling", 2),
			.begin = begin_team,
			.end = end_team,
			.rows = scaling_rows,
			.nb_rows = RTE_DIM(scaling_rows) },
};

const struct bench_table *
bench_sharers(unsigned int *nb_tables)
{
	*nb_tables = RTE_DIM(tables);
	return tables;
}
