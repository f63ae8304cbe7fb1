/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_mbuf_pool_ops.h>

#include <mext_depot.h>
#include <mext_region.h>

#include "compat.h"
#include "log.h"
#include "pool.h"
#include "storage.h"

uint16_t
mextp_mbuf_room(const struct mext_pool_conf *conf, unsigned int kind)
{
	uint32_t headroom;

	switch (kind_like(kind)) {
	case KIND_RX:
		return RTE_PKTMBUF_HEADROOM + mextp_kind_conf(conf, kind)->size;
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
 * Bytes of each object that lie apart from it, in a mempool of their own. It is the data: then the
 * headers, which are all that attach and free touch, lie close together. (One by one, pairs of 2,048
 * bytes in random order, 8,192 in flight: 31 cycles, and 40 with the data behind the headers.)
 *
 * Not so for mbufs that drivers receive into: these may lose the EXTERNAL mark of a pair, or take
 * the place of the room for granted. With the room behind its header, a pair without its mark is an
 * ordinary direct mbuf, and what DPDK computes from the room's address (the parent of a clone, the
 * offset in memory shared with the kernel) is right. There it is the storage's header that is apart: in front of
 * the room it would be in what DPDK is told is the application's, behind it in what is the kernel's.
 */
static size_t
sub_apart_size(const struct mext_pool_conf *conf, unsigned int kind)
{
	if (kind < MEXT_POOL_MAX_CLASSES)
		return conf->classes[kind].size;
	if (kind != KIND_PAIR)
		return 0;
	return pairs_have_room(conf) ? sizeof(struct mext_storage) : mextp_mbuf_room(conf, kind);
}

/** Application's bytes behind an mbuf, as DPDK is told. */
static uint16_t
mbuf_priv_size(const struct mext_pool_conf *conf, unsigned int kind)
{
	if (kind != KIND_PAIR || pairs_have_room(conf))
		return conf->priv_size;
	return pair_offset(conf->priv_size) - sizeof(struct rte_mbuf);
}

static size_t
sub_object_size(const struct mext_pool_conf *conf, unsigned int kind)
{
	switch (kind_like(kind)) {
	case KIND_PAIR:
		if (!pairs_have_room(conf))
			return pair_offset(conf->priv_size) + sizeof(struct mext_storage);
		/* fall through */
	case KIND_RX:
	case KIND_HEADER:
		return sizeof(struct rte_mbuf) + mbuf_priv_size(conf, kind) +
		       mextp_mbuf_room(conf, kind);
	case KIND_WRAP:
		return sizeof(struct wrapped);
	case KIND_SPREAD:
		return mextp_spread_bytes();
	default:
		return sizeof(struct mext_storage);
	}
}

size_t
mextp_sub_bytes(const struct mext_pool_conf *conf, unsigned int kind)
{
	size_t bytes = sizeof(struct rte_mempool_objhdr) + sub_object_size(conf, kind);

	if (sub_apart_size(conf, kind) > 0)
		bytes += sizeof(struct rte_mempool_objhdr) + sub_apart_size(conf, kind);
	return bytes;
}

/** Where what lies apart is: a mempool from which nobody else takes, and the bytes of each. */
struct apart {
	struct rte_mempool *mp;
	size_t size;
	bool short_of; /* its handler gave fewer than it was filled with */
};

/** @return whether there was one. */
static bool
take_apart(struct apart *apart, void **obj)
{
	if (rte_mempool_get(apart->mp, obj) == 0)
		return true;
	apart->short_of = true;
	return false;
}

static void
take_data(struct mext_storage *storage, struct apart *apart)
{
	if (!take_apart(apart, &storage->base))
		return;
	storage->iova = rte_mempool_virt2iova(storage->base);
	storage->len = apart->size;
}

static void
init_class(struct rte_mempool *mp, void *apart, void *obj, unsigned int i __rte_unused)
{
	struct mext_storage *storage = obj;

	mextp_storage_init(storage, mp, mextp_storage_free_cb, 0);
	take_data(storage, apart);
}

static void
init_wrap(struct rte_mempool *mp, void *data __rte_unused, void *obj, unsigned int i __rte_unused)
{
	struct mext_storage *storage = obj;

	mextp_storage_init(storage, mp, mextp_wrap_free_cb, MEXT_STORAGE_WRAPPED);
}

static void
init_pair(struct rte_mempool *mp, void *apart, void *obj, unsigned int i)
{
	const struct mext_pool_conf *conf = &pool_of(mp)->conf;
	void *storage_apart = NULL;
	struct rte_mbuf *m = obj;
	struct mext_storage *storage;

	rte_pktmbuf_init(mp, NULL, obj, i);
	if (!pairs_have_room(conf))
		storage = RTE_PTR_ADD(m, pair_offset(conf->priv_size));
	else if (take_apart(apart, &storage_apart))
		storage = storage_apart;
	else
		return;
	mextp_storage_init(storage, mp, mextp_pair_free_cb, MEXT_STORAGE_PAIR);
	/* Free pairs stand at 1, as DPDK's pinned buffers do; free storages stand at 0. */
	rte_mbuf_ext_refcnt_set(&storage->shinfo, 1);
	if (!pairs_have_room(conf)) {
		take_data(storage, apart);
		m->buf_addr = storage->base;
		rte_mbuf_iova_set(m, storage->iova);
	} else {
		storage->base = m->buf_addr;
		storage->iova = rte_mbuf_iova_get(m);
		storage->len = m->buf_len;
	}
	m->shinfo = &storage->shinfo;
	m->ol_flags = RTE_MBUF_F_EXTERNAL;
}

static void
init_spread(struct rte_mempool *mp, void *data __rte_unused, void *obj, unsigned int i __rte_unused)
{
	mextp_spread_init(obj, mp);
}

/** Objects of a kind: what is done to each once. */
static rte_mempool_obj_cb_t *
kind_init(unsigned int kind)
{
	switch (kind_like(kind)) {
	case KIND_RX:
	case KIND_HEADER:
		return rte_pktmbuf_init;
	case KIND_PAIR:
		return init_pair;
	case KIND_WRAP:
		return init_wrap;
	case KIND_SPREAD:
		return init_spread;
	default:
		return init_class;
	}
}

/** What EAL's options or the platform ask for; else ours, if there is room for it. */
static const char *
default_ops(void)
{
	if (rte_mbuf_user_mempool_ops() == NULL && rte_mbuf_platform_mempool_ops() == NULL &&
			mext_depot_register() == 0)
		return MEXT_DEPOT_OPS;
	return rte_mbuf_best_mempool_ops();
}

/**
 * Fill a mempool from a region of its own. DPDK keeps objects within the smallest pages that it knows, so that is
 * what there must be room for.
 */
static int
fill_from_region(struct rte_mempool *mp, size_t page_size)
{
	struct sub_priv *priv = rte_mempool_get_priv(mp);
	rte_mempool_calc_mem_size_t length = rte_mempool_get_ops(mp->ops_index)->calc_mem_size;
	size_t known, min_chunk, align;
	ssize_t len;
	int ret;

	ret = rte_mempool_get_page_size(mp, &known);
	if (ret < 0)
		return ret;
	known = known == 0 ? page_size : RTE_MIN(known, page_size);
	if (length == NULL)
		length = rte_mempool_op_calc_mem_size_default;
	len = length(mp, mp->size, rte_bsf64(known), &min_chunk, &align);
	if (len < 0)
		return len;
	ret = mext_region_alloc(len, page_size, mp->socket_id, &priv->region);
	if (ret < 0)
		return ret;
	ret = rte_mempool_populate_virt(mp, mext_region_data(priv->region),
			RTE_ALIGN_CEIL((size_t)len, page_size), page_size, NULL, NULL);
	if (ret == (int)mp->size)
		return 0;
	return ret < 0 ? ret : -ENOBUFS;
}

static int
fill(struct rte_mempool *mp, size_t page_size)
{
	if (page_size > 0)
		return fill_from_region(mp, page_size);
	return RTE_MIN(rte_mempool_populate_default(mp), 0);
}

void
mextp_sub_free(struct rte_mempool *mp)
{
	struct mext_region *region;

	if (mp == NULL)
		return;
	region = ((struct sub_priv *)rte_mempool_get_priv(mp))->region;
	rte_mempool_free(mp);
	mext_region_remove(region);
}

/** Log why a mempool was not made. @return what mext_pool_create() does */
static int
not_made(const struct mext_pool *pool, unsigned int kind, const char *name, int socket,
		const char *ops, size_t size, int ret)
{
	const size_t page_size = pool->conf.page_size;

	/* In regions, pages too small for one; else the largest piece left of EAL's memory is. */
	if (ret == -ENOBUFS && page_size > 0) {
		MEXT_LOG(ERR,
				"pool %s: %s of %zu bytes do not fit into pages of %zu that are apart in "
				"memory: use hugepages, or --iova-mode=va",
				pool->name, mextp_kind_name(kind), size, page_size);
		return -ENOMEM;
	}
	switch (ret) {
	case -ENOENT:
		MEXT_LOG(ERR, "pool %s: ops_name is '%s', no mempool handler of that name is registered",
				pool->name, ops);
		return -EINVAL;
	case -EEXIST:
		MEXT_LOG(ERR, "pool %s: a mempool named %s exists already", pool->name, name);
		return ret;
	case -EINVAL:
		MEXT_LOG(ERR, "pool %s: mempool %s is refused by its handler '%s'%s", pool->name,
				name, ops,
				page_size > 0 ? ", or page_size is, in the line above" : "");
		return ret;
	case -ENOSPC:
	case -EFAULT:
	case -EAGAIN:
		if (page_size > 0) {
			MEXT_LOG(ERR, "pool %s: mempool %s gets no region, see the lines above",
					pool->name, name);
			return ret;
		}
		/* EAL has no memzone left. */
		/* fall through */
	default:
		MEXT_LOG(ERR,
				"pool %s: no memory for %u %s of %zu bytes on socket %d (%s): reserve more "
				"hugepages, raise EAL's -m or --socket-mem, or lower %s.count",
				pool->name, mextp_kind_conf(&pool->conf, kind)->count,
				mextp_kind_name(kind), size, socket,
				rte_strerror(ret == -ENOBUFS ? ENOMEM : -ret),
				mextp_kind_name(kind));
		return -ENOMEM;
	}
}

/** Make one mempool for a kind of object: named after its pool, with its handler, filled. */
static int
make_mempool(const struct mext_pool *pool, unsigned int kind, const char *tag, int socket,
		size_t size, unsigned int cache, struct rte_pktmbuf_pool_private *mbuf,
		struct rte_mempool **mp)
{
	const char *ops = pool->conf.ops_name;
	unsigned int count = mextp_kind_conf(&pool->conf, kind)->count;
	char name[RTE_MEMPOOL_NAMESIZE];
	int ret;

	if (ops == NULL)
		ops = default_ops();
	snprintf(name, sizeof(name), "%s.%d%s", pool->name, socket, tag);
	rte_errno = ENOMEM; /* it does not always say */
	*mp = rte_mempool_create_empty(
			name, count, size, cache, sizeof(struct sub_priv), socket, 0);
	if (*mp == NULL)
		return not_made(pool, kind, name, socket, ops, size, -rte_errno);
	/* DPDK leaves this area as the memory was. */
	memset(rte_mempool_get_priv(*mp), 0, sizeof(struct sub_priv));
	if (rte_mempool_set_ops_byname(*mp, ops, NULL) < 0) {
		ret = -ENOENT;
	} else {
		/* Before it is filled: drivers are told of a mempool then. */
		if (mbuf != NULL)
			rte_pktmbuf_pool_init(*mp, mbuf);
		ret = fill(*mp, pool->conf.page_size);
	}
	if (ret == 0)
		return 0;
	mextp_sub_free(*mp);
	*mp = NULL;
	return not_made(pool, kind, name, socket, ops, size, ret);
}

int
mextp_sub_create(struct mext_pool *pool, unsigned int kind, struct socket_pools *sub)
{
	static const char *const tags[NB_KINDS] = { "c0", "c1", "c2", "c3", "c4", "c5", "c6",
		"c7", [KIND_RX] = "rx", [KIND_HEADER] = "hd", [KIND_PAIR] = "pk",
		[KIND_WRAP] = "wr", [KIND_SPREAD] = "sp", [KIND_RX_MORE] = "r1", "r2", "r3" };
	static const char *const apart_tags[NB_KINDS] = { "d0", "d1", "d2", "d3", "d4", "d5", "d6",
		"d7", [KIND_PAIR] = "dp" };
	const struct mext_pool_conf *conf = &pool->conf;
	struct rte_pktmbuf_pool_private mbuf = {
		.mbuf_data_room_size = mextp_mbuf_room(conf, kind),
		.mbuf_priv_size = mbuf_priv_size(conf, kind),
		.flags = kind == KIND_PAIR ? RTE_PKTMBUF_POOL_F_PINNED_EXT_BUF : 0,
	};
	struct apart apart = { .size = sub_apart_size(conf, kind) };
	bool is_mbuf = kind_like(kind) == KIND_RX || kind == KIND_HEADER || kind == KIND_PAIR;
	int ret = 0;

	if (apart.size > 0)
		ret = make_mempool(pool, kind, apart_tags[kind], sub->socket, apart.size, 0, NULL,
				&sub->apart[kind]);
	if (ret == 0)
		ret = make_mempool(pool, kind, tags[kind], sub->socket, sub_object_size(conf, kind),
				compat_cache_size(mextp_kind_conf(conf, kind)->cache),
				is_mbuf ? &mbuf : NULL, &sub->mp[kind]);
	if (ret < 0)
		return ret;
	((struct sub_priv *)rte_mempool_get_priv(sub->mp[kind]))->pool = pool;
	apart.mp = sub->apart[kind];
	rte_mempool_obj_iter(sub->mp[kind], kind_init(kind), &apart);
	if (apart.short_of) {
		MEXT_LOG(ERR, "pool %s: mempool %s gives fewer objects than the %u it was filled with",
				pool->name, apart.mp->name, apart.mp->size);
		return -ENOMEM;
	}
	return 0;
}
