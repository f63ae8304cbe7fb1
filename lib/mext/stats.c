/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <mext_stats.h>

#include "pool.h"

void
mextp_pool_level(const struct mext_pool *pool, unsigned int kind, uint64_t *total, uint64_t *in_use,
		uint64_t *cached)
{
	unsigned int i;

	*total = *in_use = *cached = 0;
	for (i = 0; i < pool->nb_sockets; i++) {
		const struct rte_mempool *mp = pool->sub[i].mp[kind];
		unsigned int avail, stored;

		if (mp == NULL)
			continue;
		/* Without a cache DPDK gives what the store says, which may be more for a moment. */
		avail = RTE_MIN(rte_mempool_avail_count(mp), mp->size);
		stored = rte_mempool_get_ops(mp->ops_index)->get_count(mp);
		*total += mp->size;
		*in_use += mp->size - avail;
		*cached += avail > stored ? avail - stored : 0;
	}
}

static void
add_levels(const struct mext_pool *pool, struct mext_stats *stats)
{
	unsigned int kind;

	for (kind = 0; kind < NB_KINDS; kind++) {
		struct mext_kind_stats *k = &stats->kinds[stats->nb_kinds];

		if (mextp_kind_conf(&pool->conf, kind)->count == 0)
			continue;
		k->name = mextp_kind_name(kind);
		k->size = mextp_kind_conf(&pool->conf, kind)->size;
		mextp_pool_level(pool, kind, &k->total, &k->in_use, &k->cached);
		stats->nb_kinds++;
	}
}

void
mext_stats_get(const struct mext_pool *pool, struct mext_stats *stats)
{
	unsigned int i;

	memset(stats, 0, sizeof(*stats));
#define ADD(name) stats->name += __atomic_load_n(&c->name, __ATOMIC_RELAXED)
	for (i = 0; i < RTE_DIM(pool->counters); i++) {
		const struct lcore_counters *c = &pool->counters[i];

		ADD(allocs);
		ADD(alloc_failures);
		ADD(remote_allocs);
		ADD(header_allocs);
		ADD(header_failures);
		ADD(attaches);
		ADD(detaches);
		ADD(releases);
		ADD(returns_callback);
		ADD(returns_bulk);
		ADD(bad_releases);
		ADD(missed_callbacks);
	}
#undef ADD
	add_levels(pool, stats);
}

uint64_t
mext_stats_outstanding(const struct mext_pool *pool)
{
	uint64_t total, in_use, cached, sum = 0;
	unsigned int kind;

	for (kind = 0; kind < NB_KINDS; kind++) {
		mextp_pool_level(pool, kind, &total, &in_use, &cached);
		sum += in_use;
	}
	return sum;
}
