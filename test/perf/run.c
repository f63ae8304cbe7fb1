/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "run.h"
#include "summary.h"

/**
 * A row that has taken as long gets no more rounds: threads that wait for each other's turn, with
 * more of them than CPUs, can take seconds to see that a round is over.
 */
#define ROW_SECONDS 5

static struct results *
choose_rows(const struct bench_table *table, const struct options *options)
{
	struct results *r = calloc(1, sizeof(*r) + table->nb_rows * sizeof(r->subjects[0]));
	unsigned int i;

	if (r == NULL)
		bench_die("no memory");
	r->table = table;
	for (i = 0; i < table->nb_rows; i++) {
		if (!options_chosen(options, table, &table->rows[i]))
			continue;
		r->subjects[r->nb_subjects++] = (struct bench_subject){
			.table = table,
			.row = &table->rows[i],
			.wanted = options->rounds > 0 ? options->rounds : table->rounds,
		};
	}
	return r;
}

static void
set_up(struct results *r)
{
	unsigned int i;

	for (i = 0; i < r->nb_subjects; i++) {
		struct bench_subject *s = &r->subjects[i];

		if (s->row->setup(s) < 0)
			continue;
		s->values = calloc(s->wanted, sizeof(*s->values));
		if (s->values == NULL)
			bench_die("no memory");
	}
}

static void
run_round(struct bench_subject *s)
{
	struct bench_work work = { 0 };
	uint64_t begin = rte_rdtsc();

	s->row->run(s, &work);
	s->spent += rte_rdtsc() - begin;
	s->objects += work.objects;
	s->failures += work.failures;
	if (s->table->unit == BENCH_CYCLES)
		s->values[s->rounds++] = (double)work.cycles / work.objects;
	else
		s->values[s->rounds++] = work.objects * (rte_get_tsc_hz() / 1e6) / work.cycles;
}

/** Every row once a round, each time another one first: who comes after whom makes a difference. */
static void
run_rounds(struct results *r)
{
	unsigned int round, i;

	for (round = 0; round < r->subjects[0].wanted; round++) {
		for (i = 0; i < r->nb_subjects; i++) {
			struct bench_subject *s = &r->subjects[(round + i) % r->nb_subjects];

			if (run_is_measured(s) && s->spent < ROW_SECONDS * rte_get_tsc_hz())
				run_round(s);
		}
	}
}

static void
tear_down(struct results *r)
{
	unsigned int i, lost;

	for (i = 0; i < r->nb_subjects; i++) {
		struct bench_subject *s = &r->subjects[i];

		if (!run_is_measured(s))
			continue;
		lost = s->row->teardown(s);
		if (lost == 0)
			continue;
		/* Whatever was fast there, it was not the work of the table. */
		snprintf(s->reason, sizeof(s->reason), "%u objects lost or damaged", lost);
		free(s->values);
		s->values = NULL;
		s->is_broken = true;
	}
}

struct results *
run_table(const struct bench_table *table, const struct options *options)
{
	struct results *r = choose_rows(table, options);
	char reason[BENCH_REASON];
	unsigned int i;

	if (r->nb_subjects == 0) {
		free(r);
		return NULL;
	}
	if (table->begin != NULL && table->begin(table, reason) < 0) {
		for (i = 0; i < r->nb_subjects; i++)
			memcpy(r->subjects[i].reason, reason, sizeof(reason));
		return r;
	}
	set_up(r);
	run_rounds(r);
	tear_down(r);
	if (table->end != NULL)
		table->end(table);
	summary_of_table(r);
	return r;
}

void
run_free(struct results *r)
{
	unsigned int i;

	for (i = 0; i < r->nb_subjects; i++)
		free(r->subjects[i].values);
	free(r);
}
