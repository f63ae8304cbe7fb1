/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <rte_eal.h>

#include <mext.h>

#include "dma.h"
#include "log.h"
#include "pool.h"
#include "registry.h"

/** The memory of mempools, and the drivers that are told of it, are the primary process's. */
static int
refuse_secondary(const char *what, const char *name)
{
	if (rte_eal_process_type() == RTE_PROC_PRIMARY)
		return 0;
	MEXT_LOG(ERR,
			"%s: pool %s: this is a secondary process, only the primary creates and "
			"destroys pools",
			what, name);
	return -ENOTSUP;
}

/**
 * What a process does once, when it first comes to a pool. The handler is registered whether this pool
 * takes it or not: those that an application registers later then have the same numbers in all processes.
 */
static int
begin(void)
{
	/* Without a place for it (logged), pools have other handlers. */
	if (mext_depot_register() == -EPERM)
		return -EPERM;
	mextp_dma_watch();
	return 0;
}

static void
pool_free(struct mext_pool *pool)
{
	unsigned int i, kind;

	for (i = 0; i < pool->nb_sockets; i++)
		for (kind = 0; kind < NB_KINDS; kind++) {
			mextp_sub_free(pool->sub[i].mp[kind]);
			mextp_sub_free(pool->sub[i].apart[kind]);
		}
	mextp_registry_free(pool);
}

static int
create_mempools(struct mext_pool *pool, uint32_t socket_mask)
{
	unsigned int kind;
	int socket, ret;

	for (socket = 0; socket < MAX_SOCKETS; socket++) {
		struct socket_pools *sub = &pool->sub[pool->nb_sockets];

		if ((socket_mask & (UINT32_C(1) << socket)) == 0)
			continue;
		sub->socket = socket;
		pool->nb_sockets++;
		for (kind = 0; kind < NB_KINDS; kind++) {
			if (mextp_kind_conf(&pool->conf, kind)->count == 0)
				continue;
			ret = mextp_sub_create(pool, kind, sub);
			if (ret < 0)
				return ret;
		}
	}
	return 0;
}

static int
create(const char *name, const struct mext_pool_conf *conf, struct mext_pool **pool)
{
	struct mext_pool *made;
	int ret;

	ret = mextp_registry_reserve(name, &made);
	if (ret < 0)
		return ret;
	made->conf = *conf;
	ret = create_mempools(
			made, conf->socket_mask != 0 ? conf->socket_mask : mextp_sockets_in_use());
	made->conf.ops_name = NULL; /* the caller's string may go now, and is the caller's only */
	if (ret == 0) {
		mextp_sockets_order(made);
		ret = mextp_registry_publish(made);
	}
	if (ret < 0) {
		pool_free(made);
		return ret;
	}
	*pool = made;
	return 0;
}

int
mext_pool_create_abi(const char *name, const struct mext_pool_conf *conf, struct mext_pool **pool,
		uint32_t abi, size_t conf_size)
{
	size_t len = name != NULL ? strnlen(name, MEXT_POOL_NAME_MAX + 1) : 0;
	int ret;

	if (abi != MEXT_ABI_VERSION || conf_size != sizeof(*conf)) {
		MEXT_LOG(ERR,
				"the program was built for ABI %" PRIu32
				" (configuration of %zu bytes), "
				"this library is ABI %u (%zu bytes): rebuild it with this library's headers",
				abi, conf_size, MEXT_ABI_VERSION, sizeof(*conf));
		return -EPROTO;
	}
	if (len == 0 || len > MEXT_POOL_NAME_MAX) {
		MEXT_LOG(ERR, "the name of a pool has 1 to %d characters", MEXT_POOL_NAME_MAX);
		return -EINVAL;
	}
	if (conf == NULL || pool == NULL) {
		MEXT_LOG(ERR, "pool %s: %s is NULL", name, conf == NULL ? "conf" : "pool");
		return -EINVAL;
	}
	ret = refuse_secondary("mext_pool_create", name);
	if (ret == 0)
		ret = mextp_conf_check(name, conf);
	if (ret == 0)
		ret = begin();
	if (ret < 0)
		return ret;
	return create(name, conf, pool);
}

int
mext_pool_destroy(struct mext_pool *pool)
{
	uint64_t total, in_use, cached;
	unsigned int kind;
	int ret;

	if (pool == NULL)
		return 0;
	ret = refuse_secondary("mext_pool_destroy", pool->name);
	if (ret < 0)
		return ret;
	for (kind = 0; kind < NB_KINDS; kind++) {
		mextp_pool_level(pool, kind, &total, &in_use, &cached);
		if (in_use == 0)
			continue;
		MEXT_LOG(ERR,
				"pool %s: %" PRIu64 " of %" PRIu64
				" %s (%u bytes) are outstanding, not "
				"destroyed",
				pool->name, in_use, total, mextp_kind_name(kind),
				mextp_kind_conf(&pool->conf, kind)->size);
		ret = -EBUSY;
	}
	if (ret == 0) {
		mextp_registry_withdraw(pool);
		pool_free(pool);
	}
	return ret;
}

int
mext_pool_lookup_abi(const char *name, struct mext_pool **pool, uint32_t abi)
{
	int ret;

	if (abi != MEXT_ABI_VERSION) {
		MEXT_LOG(ERR,
				"the program was built for ABI %" PRIu32
				", this library is ABI %u: rebuild it with this library's headers",
				abi, MEXT_ABI_VERSION);
		return -EPROTO;
	}
	if (name == NULL || pool == NULL) {
		MEXT_LOG(ERR, "mext_pool_lookup: %s is NULL", name == NULL ? "name" : "pool");
		return -EINVAL;
	}
	ret = begin();
	if (ret < 0)
		return ret;
	return mextp_registry_find(name, pool);
}

const char *
mext_pool_name(const struct mext_pool *pool)
{
	return pool->name;
}

static struct rte_mempool *
nearest(const struct mext_pool *pool, int socket, unsigned int kind)
{
	const struct socket_order *order = pool_order(pool, socket);

	return order->nb > 0 ? pool->sub[order->index[0]].mp[kind] : NULL;
}

struct rte_mempool *
mext_pool_rx_mempool(const struct mext_pool *pool, int socket)
{
	bool pairs = (pool->conf.flags & MEXT_POOL_RX_PAIRS) != 0;

	return nearest(pool, socket, pairs ? KIND_PAIR : KIND_RX);
}

struct rte_mempool *
mext_pool_rx_mempool_at(const struct mext_pool *pool, int socket, unsigned int index)
{
	if (index == 0)
		return mext_pool_rx_mempool(pool, socket);
	if (index > pool->conf.nb_rx_more)
		return NULL;
	return nearest(pool, socket, KIND_RX_MORE + index - 1);
}

struct rte_mempool *
mext_pool_header_mempool(const struct mext_pool *pool, int socket)
{
	return nearest(pool, socket, KIND_HEADER);
}

/** Take up to n objects from one mempool, in as large pieces as it gives. */
static unsigned int
take_what_there_is(struct rte_mempool *mp, void **objs, unsigned int n)
{
	unsigned int piece = n, taken = 0;

	while (taken < n && piece > 0) {
		piece = RTE_MIN(piece, n - taken);
		if (rte_mempool_get_bulk(mp, &objs[taken], piece) == 0)
			taken += piece;
		else
			piece /= 2;
	}
	return taken;
}

/** Whether what the i-th socket of an order gives is remote, for a caller on socket here. */
static bool
is_remote(const struct mext_pool *pool, const struct socket_order *order, unsigned int i, int here)
{
	if (here < 0 || here >= MAX_SOCKETS) /* the first is as good as any */
		return i > 0;
	return pool->sub[order->index[i]].socket != here;
}

/** Take n objects of kinds first .. last, in this order on each socket: all or nothing. */
static int
get_by_order(struct mext_pool *pool, const struct socket_order *order, unsigned int first,
		unsigned int last, void **objs, unsigned int n)
{
	uint32_t taken[MAX_SOCKETS][NB_KINDS] = { 0 };
	unsigned int i, kind, total = 0, remote = 0, candidates = 0;

	for (i = 0; i < order->nb && total < n; i++) {
		for (kind = first; kind <= last && total < n; kind++) {
			struct rte_mempool *mp = pool->sub[order->index[i]].mp[kind];

			if (mp == NULL)
				continue;
			candidates++;
			taken[i][kind] = take_what_there_is(mp, &objs[total], n - total);
			total += taken[i][kind];
			if (is_remote(pool, order, i, (int)rte_socket_id()))
				remote += taken[i][kind];
		}
	}
	if (total == n) {
		if (remote > 0)
			count_add(pool, COUNTER(remote_allocs), remote);
		return 0;
	}
	/* All or nothing: put back, in the order of taking. */
	for (i = 0; i < order->nb; i++) {
		for (kind = first; kind <= last; kind++) {
			if (taken[i][kind] == 0)
				continue;
			rte_mempool_put_bulk(
					pool->sub[order->index[i]].mp[kind], objs, taken[i][kind]);
			objs += taken[i][kind];
		}
	}
	return candidates > 0 ? -ENOBUFS : -ENOMEM;
}

__rte_noinline int
mextp_pool_get_elsewhere(struct mext_pool *pool, unsigned int first, unsigned int last, void **objs,
		unsigned int n)
{
	return get_by_order(pool, pool_order(pool, (int)rte_socket_id()), first, last, objs, n);
}

int
mextp_pool_get_in_turn(struct mext_pool *pool, unsigned int first, unsigned int last, void **objs,
		unsigned int n)
{
	unsigned int lcore = RTE_MIN(rte_lcore_id(), (unsigned int)RTE_MAX_LCORE);
	/* Kinds have turns of their own: taken alternately, each would always get the same socket. */
	uint64_t turn = __atomic_load_n(&pool->counters[lcore].turns[first], __ATOMIC_RELAXED);
	/* Lcores begin at different sockets, lest they go from one to the next together. */
	const struct socket_pools *sub = &pool->sub[(turn + lcore) % pool->nb_sockets];
	struct rte_mempool *mp = sub->mp[first];

	count_add(pool, COUNTER(turns) + first * sizeof(turn), 1);
	if (unlikely(mp == NULL || rte_mempool_get_bulk(mp, objs, n) < 0))
		return get_by_order(pool, pool_order(pool, sub->socket), first, last, objs, n);
	if (sub->socket != (int)rte_socket_id() && rte_socket_id() < MAX_SOCKETS)
		count_add(pool, COUNTER(remote_allocs), n);
	return 0;
}
