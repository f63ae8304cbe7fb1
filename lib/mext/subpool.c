/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_mbuf_pool_ops.h>

#include "log.h"
#include "pool.h"
#include "storage.h"

/** Room of mbufs of a kind: what DPDK calls the data room, headroom included. */
static uint16_t
mbuf_room(const struct mext_pool_conf *conf, unsigned int kind)
{
	uint32_t headroom;

	switch (kind) {
	case KIND_RX:
		return RTE_PKTMBUF_HEADROOM + conf->rx.size;
	case KIND_PAIR:
		/* Drivers that receive into pairs keep DPDK's headroom, whatever the pool's. */
		headroom = conf->headroom;
		if ((conf->flags & MEXT_POOL_RX_PAIRS) != 0)
			headroom = RTE_MAX(headroom, (uint32_t)RTE_PKTMBUF_HEADROOM);
		return headroom + conf->pairs.size;
	default:
		return 0;
	}
}

/**
 * Bytes between an mbuf and its room, as DPDK sees them. In a pair the storage's header is the end
 * of this area. So a pair whose EXTERNAL mark a driver lost is an ordinary direct mbuf, and what
 * DPDK then computes from the room's address (the parent of a clone) is still right.
 */
static uint16_t
mbuf_priv_size(const struct mext_pool_conf *conf, unsigned int kind)
{
	return kind == KIND_PAIR ? pair_priv_size(conf->priv_size) : conf->priv_size;
}

size_t
sub_object_size(const struct mext_pool_conf *conf, unsigned int kind)
{
	switch (kind) {
	case KIND_RX:
	case KIND_HEADER:
	case KIND_PAIR:
		return sizeof(struct rte_mbuf) + mbuf_priv_size(conf, kind) + mbuf_room(conf, kind);
	case KIND_WRAP:
		return sizeof(struct wrapped);
	default:
		return sizeof(struct mext_storage) + conf->classes[kind].size;
	}
}

static void
init_class(struct rte_mempool *mp, void *arg, void *obj, unsigned int i __rte_unused)
{
	struct mext_storage *storage = obj;
	const struct mext_pool_class *c = arg;

	storage_init(storage, mp, storage_free_cb, 0);
	storage->base = storage + 1;
	storage->iova = rte_mempool_virt2iova(obj) + sizeof(*storage);
	storage->len = c->size;
}

static void
init_wrap(struct rte_mempool *mp, void *arg __rte_unused, void *obj, unsigned int i __rte_unused)
{
	struct mext_storage *storage = obj;

	storage_init(storage, mp, wrap_free_cb, MEXT_STORAGE_WRAPPED);
}

static void
init_pair(struct rte_mempool *mp, void *arg, void *obj, unsigned int i)
{
	struct rte_mbuf *m = obj;
	struct mext_storage *storage;

	rte_pktmbuf_init(mp, arg, obj, i);
	storage = RTE_PTR_ADD(m, pair_offset(pool_of(mp)->conf.priv_size));
	storage_init(storage, mp, pair_free_cb, MEXT_STORAGE_PAIR);
	/* Free pairs stand at 1, as DPDK's pinned buffers do; free storages stand at 0. */
	rte_mbuf_ext_refcnt_set(&storage->shinfo, 1);
	storage->base = m->buf_addr;
	storage->iova = rte_mbuf_iova_get(m);
	storage->len = m->buf_len;
	m->shinfo = &storage->shinfo;
	m->ol_flags = RTE_MBUF_F_EXTERNAL;
}

/** Objects of a kind: what is done to each once. */
static rte_mempool_obj_cb_t *
kind_init(unsigned int kind)
{
	switch (kind) {
	case KIND_RX:
	case KIND_HEADER:
		return rte_pktmbuf_init;
	case KIND_PAIR:
		return init_pair;
	case KIND_WRAP:
		return init_wrap;
	default:
		return init_class;
	}
}

static int
sub_populate(struct mext_pool *pool, unsigned int kind, struct rte_mempool *mp)
{
	const struct mext_pool_conf *conf = &pool->conf;
	const char *ops = conf->ops_name != NULL ? conf->ops_name : rte_mbuf_best_mempool_ops();
	struct sub_priv *priv = rte_mempool_get_priv(mp);
	struct rte_pktmbuf_pool_private mbuf = {
		.mbuf_data_room_size = mbuf_room(conf, kind),
		.mbuf_priv_size = mbuf_priv_size(conf, kind),
		.flags = kind == KIND_PAIR ? RTE_PKTMBUF_POOL_F_PINNED_EXT_BUF : 0,
	};
	int ret;

	if (rte_mempool_set_ops_byname(mp, ops, NULL) < 0) {
		MEXT_LOG(ERR, "pool %s: ops_name is '%s', no mempool handler of that name is registered",
				pool->name, ops);
		return -EINVAL;
	}
	if (kind == KIND_RX || kind == KIND_HEADER || kind == KIND_PAIR)
		rte_pktmbuf_pool_init(mp, &mbuf);
	priv->pool = pool;
	ret = rte_mempool_populate_default(mp);
	if (ret < 0)
		return ret;
	rte_mempool_obj_iter(mp, kind_init(kind), (void *)(uintptr_t)kind_conf(conf, kind));
	return 0;
}

int
sub_create(struct mext_pool *pool, unsigned int kind, int socket, struct rte_mempool **mp)
{
	static const char *const tags[NB_KINDS] = {
		"c0", "c1", "c2", "c3", "c4", "c5", "c6",
		"c7", [KIND_RX] = "rx", [KIND_HEADER] = "hd", [KIND_PAIR] = "pk", [KIND_WRAP] = "wr"
	};
	const struct mext_pool_class *c = kind_conf(&pool->conf, kind);
	size_t size = sub_object_size(&pool->conf, kind);
	char name[RTE_MEMPOOL_NAMESIZE];
	struct rte_mempool *made;
	int ret;

	snprintf(name, sizeof(name), "%s.%d%s", pool->name, socket, tags[kind]);
	made = rte_mempool_create_empty(
			name, c->count, size, c->cache, sizeof(struct sub_priv), socket, 0);
	ret = made != NULL ? sub_populate(pool, kind, made) : -rte_errno;
	if (ret == 0) {
		*mp = made;
		return 0;
	}
	rte_mempool_free(made);
	if (ret == -EEXIST)
		MEXT_LOG(ERR, "pool %s: a mempool named %s exists already", pool->name, name);
	if (ret == -EEXIST || ret == -EINVAL)
		return ret;
	MEXT_LOG(ERR,
			"pool %s: no memory for %u %s of %zu bytes on socket %d (%s): reserve more "
			"hugepages, raise EAL's -m or --socket-mem, or lower %s.count",
			pool->name, c->count, kind_name(kind), size, socket, rte_strerror(-ret),
			kind_name(kind));
	return -ENOMEM;
}
