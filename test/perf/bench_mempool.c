/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>

#include "bench.h"
#include "traffic.h"

/*
 * Mempool handlers side by side: a table for every scenario, cache size and kind of bursts.
 *
 * Pools are large enough that gets fail seldom. With a cache a get that fails may damage a pool on
 * bucket: rte_mempool has the handler fill the cache directly, and believes the objects in there
 * intact if that fails, but bucket has written over them by then. It shows as objects lost.
 */

/**
 * Objects of a pool. Enough for what 8 threads hold at once: a burst of 1,280, a full cache of
 * 1.5 * 512, and 512 more while it is filled. And fewer than the 32,767 that fit into a ring:
 * ring_mt_rts frees slots late, by up to an eighth of the ring and a burst, a put that finds none
 * fails, and rte_mempool_put_bulk() does not say so: the objects are lost (seen with 32,767). Nor
 * near a power of two: bucket's ring of whole buckets may be one too small (seen with 24,576).
 */
#define POOL_SIZE 24000
/**
 * Bytes of an object: at least 256, since bucket counts the objects of a 64 KiB bucket in 8 bits; or
 * an mbuf and its 2,048 bytes, 55 MB in all, which no L2 holds.
 */
#define OBJECT_SMALL 256
#define OBJECT_LARGE 2176
/** Slots of the ring between two lcores: three of the largest bursts. */
#define PIPELINE_SIZE 4096

/** Half of a pool is put in random order each time. */
#define AGE_TIMES 4

struct scenario {
	const char *name;
	const char *title;
	team_work *work;
	unsigned int threads, lcores;
	unsigned int object_size;
	bool write;
	/** A round: long against waking up; with threads that share CPUs, against their time slices. */
	unsigned int microseconds;
};

static const struct scenario scenarios[] = {
	{ "1lcore", "one lcore gets and puts", traffic_get_put, 1, 1, OBJECT_SMALL, false, 4000 },
	{ "2lcores", "two lcores get and put, each for itself", traffic_get_put, 2, 2, OBJECT_SMALL,
			false, 4000 },
	{ "pipeline", "one lcore gets, another puts", traffic_pipeline, 2, 2, OBJECT_SMALL, false,
			4000 },
	{ "8threads", "8 threads on two CPUs get and put", traffic_get_put, 8, 2, OBJECT_SMALL,
			false, 50000 },
	{ "large", "one lcore gets, writes, puts objects larger than L2 together", traffic_get_put,
			1, 1, OBJECT_LARGE, true, 4000 },
	{ "large2", "two lcores get, write, put objects larger than L2 together", traffic_get_put,
			2, 2, OBJECT_LARGE, true, 4000 },
};

static const unsigned int caches[] = { 0, 32, 256, 512 };

static const struct bursts {
	const char *name;
	unsigned int min, max;
} bursts[] = { { "fixed", 32, 32 }, { "random", 32, TRAFFIC_BURST_MAX } };

#define NB_TABLES (RTE_DIM(scenarios) * RTE_DIM(caches) * RTE_DIM(bursts))

/** Of the table being measured. */
static struct team *team;
static struct rte_ring *ring;
static uint16_t sequence[TRAFFIC_BURSTS];

static int
table_begin(const struct bench_table *table, char *reason)
{
	const struct scenario *scenario = table->how;
	int ret;

	traffic_bursts(sequence, table->params.burst_min, table->params.burst_max);
	ret = team_start(scenario->threads, scenario->lcores, &team);
	if (ret == -EINVAL) {
		snprintf(reason, BENCH_REASON, "needs %u lcores, for example EAL's -l 0-1",
				scenario->lcores);
		return ret;
	}
	if (ret < 0) {
		snprintf(reason, BENCH_REASON, "threads: %s", strerror(-ret));
		return ret;
	}
	ring = rte_ring_create("bench_pipeline", PIPELINE_SIZE, SOCKET_ID_ANY,
			RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (ring == NULL) {
		snprintf(reason, BENCH_REASON, "ring: %s", rte_strerror(rte_errno));
		team_end(team);
		return -rte_errno;
	}
	return 0;
}

static void
table_end(const struct bench_table *table __rte_unused)
{
	rte_ring_free(ring);
	team_end(team);
}

static bool
is_registered(const char *handler)
{
	unsigned int i;

	for (i = 0; i < rte_mempool_ops_table.num_ops; i++)
		if (strcmp(rte_mempool_ops_table.ops[i].name, handler) == 0)
			return true;
	return false;
}

/** @return why a handler can not do the work of a table, NULL: it can. */
static const char *
unfit(const char *handler, const struct scenario *scenario)
{
	if (!is_registered(handler))
		return "no such mempool handler in this process";
	/* It puts single objects into a ring: one wait for a time slice each, minutes for a round. */
	if (strcmp(handler, "bucket") == 0 && scenario->threads > scenario->lcores)
		return "threads that share a CPU wait for each other with every object, for minutes";
	return NULL;
}

/** @return a full pool, NULL with rte_errno. */
static struct rte_mempool *
create_pool(const char *handler, unsigned int object_size, unsigned int cache)
{
	char name[RTE_MEMPOOL_NAMESIZE];
	struct rte_mempool *mp;
	int ret;

	snprintf(name, sizeof(name), "bench_%s", handler);
	mp = rte_mempool_create_empty(name, POOL_SIZE, object_size, cache, 0, SOCKET_ID_ANY, 0);
	if (mp == NULL)
		return NULL;
	ret = rte_mempool_set_ops_byname(mp, handler, NULL);
	if (ret == 0)
		ret = rte_mempool_populate_default(mp);
	if (ret < 0) {
		rte_mempool_free(mp);
		rte_errno = -ret;
		return NULL;
	}
	return mp;
}

static int
row_setup(struct bench_subject *s)
{
	const struct scenario *scenario = s->table->how;
	const char *reason = unfit(s->row->name, scenario);
	size_t size = RTE_ALIGN_CEIL(sizeof(struct traffic), RTE_CACHE_LINE_SIZE);
	struct traffic *t;
	unsigned int i;

	if (reason != NULL) {
		snprintf(s->reason, sizeof(s->reason), "%s", reason);
		return -ENOTSUP;
	}
	t = aligned_alloc(RTE_CACHE_LINE_SIZE, size);
	if (t == NULL)
		bench_die("no memory");
	*t = (struct traffic){
		.mp = create_pool(s->row->name, scenario->object_size, s->table->params.cache),
		.ring = ring,
		.bursts = sequence,
		.nb_members = scenario->threads,
		.write = scenario->write,
	};
	if (t->mp == NULL) {
		snprintf(s->reason, sizeof(s->reason), "the pool can not be made: %s%s",
				rte_strerror(rte_errno),
				rte_errno == ENOMEM ? "; raise EAL's -m" : "");
		free(t);
		return -rte_errno;
	}
	for (i = 0; i < AGE_TIMES; i++)
		team_run(team, traffic_age, t);
	s->state = t;
	return 0;
}

static void
row_run(struct bench_subject *s, struct bench_work *work)
{
	const struct scenario *scenario = s->table->how;
	struct traffic *t = s->state;
	unsigned int i;

	memset(t->counts, 0, sizeof(t->counts));
	t->all_sent = false;
	work->cycles = team_run_for(team, scenario->microseconds, scenario->work, t);
	for (i = 0; i < scenario->threads; i++) {
		work->objects += t->counts[i].objects;
		work->failures += t->counts[i].failures;
	}
}

/** While the team lives: bucket forgets what lies with an lcore id that goes. */
static unsigned int
row_teardown(struct bench_subject *s)
{
	struct traffic *t = s->state;
	unsigned int out = t->mp->size - rte_mempool_avail_count(t->mp);

	rte_mempool_free(t->mp);
	free(t);
	return out;
}

#define HANDLER(ops_name)                                                                      \
	{                                                                                      \
		.name = (ops_name), .handler = (ops_name), .setup = row_setup, .run = row_run, \
		.teardown = row_teardown,                                                      \
	}

/** Those that many threads may get from and put to at once, and that need no device. */
static const struct bench_row handlers[] = {
	HANDLER("mext_depot"),
	HANDLER("ring_mp_mc"),
	HANDLER("ring_mt_rts"),
	HANDLER("ring_mt_hts"),
	HANDLER("stack"),
	HANDLER("lf_stack"),
	HANDLER("bucket"),
};

static void
describe(struct bench_table *table, const struct scenario *scenario, unsigned int cache,
		const struct bursts *b)
{
	/* As long as the process: there is one array of tables. */
	static char names[NB_TABLES][48];
	static unsigned int used;

	snprintf(names[used], sizeof(names[used]), "mempool/%s/cache%u/%s", scenario->name, cache,
			b->name);
	*table = (struct bench_table){
		.name = names[used++],
		.title = scenario->title,
		.unit = BENCH_MOBJS,
		.best_other = true,
		.rounds = 21,
		.params = { .scenario = scenario->name,
				.bursts = b->name,
				.burst_min = b->min,
				.burst_max = b->max,
				.cache = cache,
				.threads = scenario->threads },
		.begin = table_begin,
		.end = table_end,
		.rows = handlers,
		.nb_rows = RTE_DIM(handlers),
		.how = scenario,
	};
}

const struct bench_table *
bench_mempool(unsigned int *nb_tables)
{
	static struct bench_table tables[NB_TABLES];
	unsigned int s, c, b, n = 0;

	for (s = 0; s < RTE_DIM(scenarios); s++)
		for (c = 0; c < RTE_DIM(caches); c++)
			for (b = 0; b < RTE_DIM(bursts); b++)
				describe(&tables[n++], &scenarios[s], caches[c], &bursts[b]);
	*nb_tables = n;
	return tables;
}
