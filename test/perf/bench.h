/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_H
#define BENCH_H

/**
 * @file
 * Benchmarks are tables of rows; the rows of a table do the same work in different ways, and are
 * measured in turn, round by round, in one process: their ratio tells, whatever else the machine
 * is doing.
 *
 * Everything here is called by the main thread alone.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>

/** What a table's figures are. */
enum bench_unit {
	BENCH_CYCLES, /* TSC cycles an mbuf: lower is better */
	BENCH_MOBJS, /* million objects a second: higher is better */
};

/** What a round did. */
struct bench_work {
	uint64_t objects; /* got and put back, each counted once */
	uint64_t cycles; /* of the TSC, from begin to end of the round */
	uint64_t failures; /* calls that found no object */
};

struct bench_subject;

/** One way to do the work of a table. */
struct bench_row {
	const char *name;
	const char *handler; /* of the mempool, NULL: EAL's default */
	unsigned int threads; /* 0: as many as the table says */
	const char *calls; /* what is called, for the reader; NULL: the name says it */
	/** Name of the row to compare with; NULL: none, or see best_other of the table. */
	const char *against;
	/** Set state. @return 0, or a negative errno with reason set. */
	int (*setup)(struct bench_subject *s);
	void (*run)(struct bench_subject *s, struct bench_work *work); /* one round */
	/** @return how many objects did not come back. */
	unsigned int (*teardown)(struct bench_subject *s);
	const void *how; /* of the family's own */
};

/** What all rows of a table have in common, for the reader of the output. */
struct bench_params {
	const char *scenario;
	const char *bursts;
	unsigned int burst_min, burst_max;
	unsigned int cache; /* size of the per-lcore caches */
	unsigned int threads;
};

struct bench_table {
	const char *name; /* family/... */
	const char *title;
	enum bench_unit unit;
	bool best_other; /* compare each row with the best other one of which no get failed */
	unsigned int rounds; /* unless --rounds says otherwise */
	struct bench_params params;
	/** Make what the rows share, or NULL. @return 0, or a negative errno with reason set. */
	int (*begin)(const struct bench_table *table, char *reason);
	void (*end)(const struct bench_table *table);
	const struct bench_row *rows;
	unsigned int nb_rows;
	const void *how; /* of the family's own */
};

/** Bytes of a reason, with its end. */
#define BENCH_REASON 128

/** A row being measured, and what came out. */
struct bench_subject {
	const struct bench_table *table;
	const struct bench_row *row;
	void *state; /* the row's own */
	char reason[BENCH_REASON]; /* why it is left out */
	bool is_broken; /* left out since it lost objects */
	unsigned int wanted; /* rounds */
	unsigned int rounds; /* that were measured: fewer, if they took too long */
	uint64_t spent; /* TSC cycles in rounds, with all that is not measured */
	double *values; /* one a round, in the table's unit, in the order of the rounds */
	uint64_t objects, failures; /* of all rounds */
	double min, median, max;
	double p99; /* 99 of 100 rounds were at least as good */
	const char *against; /* NULL: compared with none */
	double ratio; /* of the medians, this one's divided by that of against */
};

/** A family of tables, bench_x.c. @return an array of *nb_tables. */
typedef const struct bench_table *bench_family(unsigned int *nb_tables);

bench_family bench_attach;
bench_family bench_packet;
bench_family bench_fanout;
bench_family bench_share;
bench_family bench_private;
bench_family bench_threshold;
bench_family bench_write;
bench_family bench_sharers;
bench_family bench_mempool;

/** Stop the run: a benchmark that lacks memory measures nothing. */
__rte_noreturn void bench_die(const char *format, ...) __rte_format_printf(1, 2);

#endif
