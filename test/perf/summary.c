/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "summary.h"

static int
compare_doubles(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static bool
is_better(const struct bench_subject *s, const struct bench_subject *than)
{
	return s->table->unit == BENCH_CYCLES ? s->median < than->median : s->median > than->median;
}

static void
order_statistics(struct bench_subject *s)
{
	unsigned int n = s->rounds, bad = n * 99 / 100;
	double *sorted = malloc(n * sizeof(*sorted));

	if (sorted == NULL)
		bench_die("no memory");
	memcpy(sorted, s->values, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare_doubles);
	s->min = sorted[0];
	s->median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
	s->max = sorted[n - 1];
	s->p99 = sorted[s->table->unit == BENCH_CYCLES ? bad : n - 1 - bad];
	free(sorted);
}

/** @return whom to compare with, NULL: none. */
static const struct bench_subject *
find_peer(const struct results *r, const struct bench_subject *s)
{
	const struct bench_subject *peer = NULL, *other;

	for (other = r->subjects; other < r->subjects + r->nb_subjects; other++) {
		if (other == s || !run_is_measured(other))
			continue;
		if (r->table->best_other) {
			/* Gets that fail are quick, and no work. */
			if (other->failures == 0 && (peer == NULL || is_better(other, peer)))
				peer = other;
		} else if (s->row->against != NULL &&
				strcmp(other->row->name, s->row->against) == 0) {
			peer = other;
		}
	}
	return peer;
}

void
summary_of_table(struct results *r)
{
	struct bench_subject *s, *end = r->subjects + r->nb_subjects;
	const struct bench_subject *peer;

	for (s = r->subjects; s < end; s++)
		if (run_is_measured(s))
			order_statistics(s);
	for (s = r->subjects; s < end; s++) {
		peer = run_is_measured(s) ? find_peer(r, s) : NULL;
		if (peer == NULL || peer->median == 0)
			continue;
		s->against = peer->row->name;
		s->ratio = s->median / peer->median;
	}
}
