/* SPDX-License-Identifier: BSD-3-Clause */
#include <jansson.h>

#include "json.h"
#include "report.h"

/** In the order in which it is put together, which is the same in every run. */
#define FLAGS (JSON_INDENT(1) | JSON_REAL_PRECISION(6))

static json_t *
machine_to_json(const struct machine *m)
{
	return json_pack("{s:s, s:I, s:I, s:f, s:s, s:s, s:s, s:b}", "cpu", m->cpu, "cpus",
			(json_int_t)m->cpus, "l2_kib", (json_int_t)m->l2_kib, "tsc_ghz", m->tsc_ghz,
			"compiler", m->compiler, "dpdk", m->dpdk, "mext", m->mext, "hugepages",
			m->hugepages);
}

/** The parameters of a row: which row it is. */
static json_t *
row_to_json(const struct bench_subject *s)
{
	const struct bench_table *t = s->table;
	const struct bench_params *p = &t->params;

	return json_pack("{s:s, s:s, s:s, s:s?, s:s, s:i, s:i, s:i, s:i}", "table", t->name, "row",
			s->row->name, "scenario", p->scenario, "handler", s->row->handler, "bursts",
			p->bursts, "burst_min", p->burst_min, "burst_max", p->burst_max, "cache",
			p->cache, "threads", s->row->threads > 0 ? s->row->threads : p->threads);
}

/** What came out, or why nothing did. */
static json_t *
outcome_to_json(const struct bench_subject *s)
{
	json_t *values, *outcome;
	unsigned int i;

	if (!run_is_measured(s))
		return json_pack("{s:s}", "left_out", s->reason);
	values = json_array();
	for (i = 0; i < s->rounds; i++)
		json_array_append_new(values, json_real(s->values[i]));
	outcome = json_pack("{s:s, s:b, s:i, s:I, s:I, s:f, s:f, s:f, s:f, s:o}", "unit",
			report_unit(s->table->unit), "higher_is_better",
			s->table->unit == BENCH_MOBJS, "rounds", s->rounds, "objects",
			(json_int_t)s->objects, "failures", (json_int_t)s->failures, "min", s->min,
			"median", s->median, "max", s->max, "p99", s->p99, "values", values);
	if (s->against != NULL) {
		json_object_set_new(outcome, "ratio", json_real(s->ratio));
		json_object_set_new(outcome, "against", json_string(s->against));
	}
	return outcome;
}

int
json_write(FILE *f, const struct machine *machine, struct results *const *tables,
		unsigned int nb_tables)
{
	json_t *rows = json_array(), *left_out = json_array(), *all, *row;
	const struct bench_subject *s;
	unsigned int i;
	int ret;

	for (i = 0; i < nb_tables; i++) {
		for (s = tables[i]->subjects; s < tables[i]->subjects + tables[i]->nb_subjects;
				s++) {
			row = row_to_json(s);
			json_object_update_new(row, outcome_to_json(s));
			json_array_append_new(run_is_measured(s) ? rows : left_out, row);
		}
	}
	all = json_pack("{s:o, s:o, s:o}", "machine", machine_to_json(machine), "rows", rows,
			"left_out", left_out);
	if (all == NULL)
		bench_die("no memory");
	ret = json_dumpf(all, f, FLAGS);
	json_decref(all);
	if (fputc('\n', f) == EOF)
		ret = -1;
	return ret;
}
