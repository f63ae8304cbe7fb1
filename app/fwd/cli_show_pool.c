/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_mempool.h>

#include <mext.h>

#include "cli_show.h"

enum cli_result
cli_show_pool(struct fwd *fwd, char **words __rte_unused)
{
	struct mext_stats stats;
	unsigned int i;

	mext_stats_get(fwd->pool, &stats);
	printf("pool %s\nkind        bytes        total       in use         free       cached\n",
			mext_pool_name(fwd->pool));
	for (i = 0; i < stats.nb_kinds; i++) {
		const struct mext_kind_stats *k = &stats.kinds[i];

		printf("%-8s  %7u  %11" PRIu64 "  %11" PRIu64 "  %11" PRIu64 "  %11" PRIu64 "\n",
				k->name, k->size, k->total, k->in_use, k->total - k->in_use,
				k->cached);
	}
	printf("from another NUMA socket: %" PRIu64 "; calls that got nothing: storages %" PRIu64
	       ", headers %" PRIu64 "\n",
			stats.remote_allocs, stats.alloc_failures, stats.header_failures);
	return CLI_DONE;
}

/** Mempools whose names begin as a pool's do. */
struct found {
	const char *pool;
	unsigned int n;
	struct rte_mempool *mp[1024];
};

/** DPDK holds a lock that all processes share, so nothing is printed here. */
static void
note(struct rte_mempool *mp, void *arg)
{
	struct found *found = arg;

	if (strncmp(mp->name, found->pool, strlen(found->pool)) == 0 &&
			found->n < RTE_DIM(found->mp))
		found->mp[found->n++] = mp;
}

/** A line for a mempool of the pool: each holds one kind of buffer for one socket. */
static void
print_level(const struct rte_mempool *mp, const struct mext_pool *pool)
{
	const double size = mp->header_size + mp->elt_size + mp->trailer_size;
	const size_t len = strlen(mext_pool_name(pool));
	unsigned int avail, stored;
	int tag = 0;

	if (sscanf(&mp->name[len], ".%*d%n", &tag) < 0 || tag == 0)
		return;
	printf("%-12s  %6d  %7u  %9u", mp->name, mp->socket_id, mp->elt_size, mp->size);
	avail = RTE_MIN(rte_mempool_avail_count(mp), mp->size);
	stored = RTE_MIN(rte_mempool_get_ops(mp->ops_index)->get_count(mp), avail);
	if (mp->name[len + tag] == 'd') /* data that other mempools' buffers have for good */
		printf("  %9s  %9s  %9s", "-", "-", "-");
	else
		printf("  %9u  %9u  %9u", mp->size - avail, avail, avail - stored);
	printf("  %8.1f\n", mp->size * size / (1 << 20));
}

enum cli_result
cli_show_storage(struct fwd *fwd, char **words __rte_unused)
{
	struct found found = { .pool = mext_pool_name(fwd->pool) };
	struct mext_stats s;
	unsigned int i;

	mext_stats_get(fwd->pool, &s);
	rte_mempool_walk(note, &found);
	printf("mempool       socket    bytes      total     in use       free     cached       MiB\n");
	for (i = 0; i < found.n; i++)
		print_level(found.mp[i], fwd->pool);
	const struct {
		const char *what;
		uint64_t value;
	} counts[] = {
		{ "outstanding, all kinds", mext_stats_outstanding(fwd->pool) },
		{ "storages handed out", s.allocs },
		{ "  come back by DPDK's callback", s.returns_callback },
		{ "  come back by calls of mext's", s.returns_bulk },
		{ "  calls that got none", s.alloc_failures },
		{ "headers handed out", s.header_allocs },
		{ "  calls that got none", s.header_failures },
		{ "got from another NUMA socket", s.remote_allocs },
		{ "references moved into mbufs", s.attaches },
		{ "  moved out of mbufs", s.detaches },
		{ "  dropped", s.releases },
		{ "  drops refused, as too many", s.bad_releases },
		{ "callbacks left out, of another process", s.missed_callbacks },
	};
	printf("\n");
	for (i = 0; i < RTE_DIM(counts); i++)
		printf("%-38s  %20" PRIu64 "\n", counts[i].what, counts[i].value);
	return CLI_DONE;
}
