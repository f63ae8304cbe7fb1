/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf_pool_ops.h>

#include <mext.h>

#include "fwd.h"
#include "memory.h"
#include "mode.h"
#include "reclaim.h"

/** Smallest pool by default: room for what drivers hold beside their rings. */
#define MIN_DEFAULT_MBUFS UINT64_C(16384)

/** Room for headers, and for what is copied behind them rather than shared. */
#define PACKET_SIZE (2 * MEXT_COPY_THRESHOLD)

/** Pieces of wrapped memory, and spreads over them, that a mode may have at a time. */
#define NB_WRAPS 16

/** What streams hold back; where the mode may be changed, in the mode that holds most. */
static uint64_t
held_mbufs(const struct fwd *fwd)
{
	const struct fwd_mode *mode;
	uint64_t most = 0;
	unsigned int i;

	for (i = 0; (mode = mode_at(i)) != NULL; i++)
		if ((mode == fwd->args.mode || fwd->args.interactive) && mode->held_mbufs != NULL)
			most = RTE_MAX(most, mode->held_mbufs(fwd));
	return most;
}

/** What the rings of all ports, the mode, the caches and the bursts can hold at the same time. */
static uint64_t
mbufs_needed(const struct fwd *fwd)
{
	const struct fwd_args *args = &fwd->args;
	const bool to_all = (args->mode->flags & MODE_TO_ALL) != 0;
	uint64_t cache = args->mbcache * 3 / 2;
	uint64_t burst = args->burst * (to_all ? fwd->nb_ports : 1);
	uint64_t rings = 0;
	unsigned int i;

	for (i = 0; i < ports_all(fwd); i++) {
		const struct fwd_port *p = &fwd->ports[i];
		const uint64_t nb = RTE_MAX(p->nb_members, 1u);

		rings += nb * args->nb_rxq * RTE_MAX(args->nb_rxd, p->kept_rx);
		rings += nb * args->nb_txq * RTE_MAX(args->nb_txd, p->kept_tx);
	}
	return rings + held_mbufs(fwd) + rte_lcore_count() * (cache + burst);
}

static uint64_t
mbufs_wanted(const struct fwd *fwd)
{
	if (fwd->args.nb_mbufs > 0)
		return fwd->args.nb_mbufs;
	return RTE_MIN(RTE_MAX(2 * mbufs_needed(fwd), MIN_DEFAULT_MBUFS), MEXT_POOL_MAX_COUNT);
}

int
buffers_check(const struct fwd *fwd)
{
	const struct fwd_args *args = &fwd->args;
	uint64_t needed = mbufs_needed(fwd);
	uint64_t count = fwd->pool != NULL ? fwd->pool_count : mbufs_wanted(fwd);

	if (count >= needed)
		return 0;
	FWD_ERROR("--total-num-mbufs=%" PRIu64
		  " is too small: %u ports of %u+%u descriptors, what their drivers keep beside, "
		  "%" PRIu64 " that the mode holds back, and %u caches of %u need %" PRIu64
		  "; give that many, or lower --rxd, --txd, --rxq, --txq or --mbcache",
			count, ports_all(fwd), args->nb_rxq * args->nb_rxd,
			args->nb_txq * args->nb_txd, held_mbufs(fwd), rte_lcore_count(),
			args->mbcache, needed);
	return -1;
}

/**
 * The mempool handler. A ring hands out a new mempool's mbufs from its beginning and takes long to
 * come to its end; a handler that gives back what was used last may never leave the end again.
 */
static const char *
choose_handler(const struct fwd *fwd)
{
	unsigned int i;

	for (i = 0; i < ports_all(fwd); i++)
		if (fwd->ports[i].cuts_memory)
			return rte_mbuf_best_mempool_ops();
	return NULL; /* mext's choice */
}

/** What the mode needs of the pool; where it may be changed, what any mode needs. */
static unsigned int
mode_flags(const struct fwd_args *args)
{
	unsigned int flags = args->mode->flags, i;

	if (args->tx_first > 0)
		flags |= mode_find("txonly")->flags;
	for (i = 0; args_may_change(args) && mode_at(i) != NULL; i++)
		flags |= mode_at(i)->flags;
	return flags;
}

int
buffers_create(struct fwd *fwd)
{
	const unsigned int flags = mode_flags(&fwd->args);
	struct mext_pool_class rx = { .cache = fwd->args.mbcache };
	struct mext_pool_conf conf;
	int ret;

	mext_pool_conf_init(&conf);
	if (buffers_check(fwd) < 0)
		return -1;
	rx.count = mbufs_wanted(fwd);
	if ((flags & MODE_HEADERS) != 0)
		conf.headers = rx;
	rx.size = PACKET_SIZE;
	if ((flags & MODE_PACKETS) != 0)
		conf.pairs = rx;
	rx.size = memory_wishes.sizes[memory_largest()] - RTE_PKTMBUF_HEADROOM;
	if ((flags & MODE_STORAGES) != 0)
		conf.classes[conf.nb_classes++] = rx;
	if (memory_configure(&conf, &rx) < 0)
		return -1;
	if ((flags & MODE_WRAPS) != 0)
		conf.wraps = (struct mext_pool_class){ .count = NB_WRAPS };
	if ((flags & MODE_WRAPS) != 0)
		conf.spreads = (struct mext_pool_class){ .count = NB_WRAPS };
	conf.ops_name = choose_handler(fwd);
	ret = mext_pool_create("fwd", &conf, &fwd->pool);
	if (ret < 0) {
		FWD_ERROR("no pool of %u mbufs (--mp-alloc=%s): %s; lower --total-num-mbufs, or %s",
				rx.count, memory_name(), rte_strerror(-ret), memory_advice());
		return -1;
	}
	fwd->pool_count = rx.count;
	return 0;
}

/** Some drivers keep buffers when they are closed: take them back, as many as are theirs. */
static void
take_back_from_drivers(struct fwd *fwd)
{
	uint64_t limit = fwd->kept;
	unsigned int i, taken;

	if (limit == 0 || fwd->held != 0)
		return;
	for (i = 0; i < RTE_MAX_NUMA_NODES * MEMORY_MAX_SIZES; i++) {
		struct rte_mempool *mp = mext_pool_rx_mempool_at(
				fwd->pool, i / MEMORY_MAX_SIZES, i % MEMORY_MAX_SIZES);

		taken = mp != NULL ? reclaim(mp, limit) : 0;
		if (taken > 0)
			printf("%s: took back %u buffers that the driver kept when it was closed\n",
					mp->name, taken);
	}
}

static void
list_leaks(const struct fwd *fwd)
{
	struct mext_stats stats;
	unsigned int i;

	mext_stats_get(fwd->pool, &stats);
	for (i = 0; i < stats.nb_kinds; i++) {
		const struct mext_kind_stats *k = &stats.kinds[i];

		if (k->in_use > 0)
			printf("pool %s: %s of %u bytes: %" PRIu64 " of %" PRIu64 " outstanding\n",
					mext_pool_name(fwd->pool), k->name, k->size, k->in_use,
					k->total);
	}
}

int
buffers_account(struct fwd *fwd)
{
	uint64_t outstanding;

	take_back_from_drivers(fwd);
	fwd->outstanding = outstanding = mext_stats_outstanding(fwd->pool);
	if (outstanding > 0)
		list_leaks(fwd);
	printf("buffers outstanding: %" PRIu64 "\n", outstanding);
	return outstanding == 0 && mext_pool_destroy(fwd->pool) == 0 ? 0 : -1;
}
