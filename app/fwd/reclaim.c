/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include <rte_lcore.h>
#include <rte_mbuf.h>

#include "reclaim.h"

static int
compare_pointers(const void *a, const void *b)
{
	uintptr_t left = *(const uintptr_t *)a, right = *(const uintptr_t *)b;

	return (left > right) - (left < right);
}

/** Objects that were free, and those found missing. */
struct search {
	void **idle;
	unsigned int nb_idle;
	void **missing;
	unsigned int nb_missing;
};

static void
note_missing(struct rte_mempool *mp __rte_unused, void *arg, void *obj, unsigned int i __rte_unused)
{
	struct search *s = arg;

	if (bsearch(&obj, s->idle, s->nb_idle, sizeof(*s->idle), compare_pointers) == NULL)
		s->missing[s->nb_missing++] = obj;
}

/** Take everything that is free out of a mempool, the caches of idle lcores included. */
static void
drain(struct rte_mempool *mp, struct search *s)
{
	unsigned int lcore;

	RTE_LCORE_FOREACH(lcore)
		rte_mempool_cache_flush(rte_mempool_default_cache(mp, lcore), mp);
	while (s->nb_idle < mp->size &&
			rte_mempool_generic_get(mp, &s->idle[s->nb_idle], 1, NULL) == 0)
		s->nb_idle++;
	qsort(s->idle, s->nb_idle, sizeof(*s->idle), compare_pointers);
}

unsigned int
reclaim(struct rte_mempool *mp, uint64_t limit)
{
	struct search s = { 0 };
	unsigned int i, taken = 0;

	if (rte_mempool_in_use_count(mp) == 0 || rte_mempool_in_use_count(mp) > limit)
		return 0;
	s.idle = malloc(mp->size * sizeof(*s.idle));
	s.missing = malloc(mp->size * sizeof(*s.missing));
	if (s.idle == NULL || s.missing == NULL)
		goto free;
	drain(mp, &s);
	rte_mempool_obj_iter(mp, note_missing, &s);
	for (i = 0; i < s.nb_missing; i++)
		rte_pktmbuf_init(mp, NULL, s.missing[i], 0);
	for (i = 0; i < s.nb_idle; i++)
		rte_mempool_generic_put(mp, &s.idle[i], 1, NULL);
	for (i = 0; i < s.nb_missing; i++)
		rte_mempool_generic_put(mp, &s.missing[i], 1, NULL);
	taken = s.nb_missing;
free:
	free(s.idle);
	free(s.missing);
	return taken;
}
