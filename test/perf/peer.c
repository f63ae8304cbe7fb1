/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_errno.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_memzone.h>

#include "peer.h"

struct rte_mempool *
peer_mbufs(const char *name, unsigned int nb_mbufs, uint16_t room)
{
	return rte_pktmbuf_pool_create(name, nb_mbufs, PEER_CACHE, 0, room, rte_socket_id());
}

struct rte_mempool *
peer_pinned(const char *name, unsigned int nb_mbufs)
{
	const uint16_t room = RTE_PKTMBUF_HEADROOM + PEER_DATA;
	const struct rte_memzone *mz;
	struct rte_pktmbuf_extmem memory = { .buf_len = (size_t)nb_mbufs * room, .elt_size = room };

	mz = rte_memzone_reserve(name, memory.buf_len, rte_socket_id(), 0);
	if (mz == NULL)
		return NULL;
	memory.buf_ptr = mz->addr;
	memory.buf_iova = mz->iova;
	return rte_pktmbuf_pool_create_extbuf(
			name, nb_mbufs, PEER_CACHE, 0, room, rte_socket_id(), &memory, 1);
}

/** What an application's free callback costs at least: one put into the lcore's cache. */
static void
put_buffer(void *addr __rte_unused, void *opaque)
{
	struct peer_buffer *buffer = opaque;

	rte_mempool_put(buffer->mp, buffer);
}

static void
init_buffer(struct rte_mempool *mp, void *arg __rte_unused, void *obj, unsigned int i __rte_unused)
{
	struct peer_buffer *buffer = obj;

	buffer->shinfo.free_cb = put_buffer;
	buffer->shinfo.fcb_opaque = buffer;
	rte_mbuf_ext_refcnt_set(&buffer->shinfo, 1);
	buffer->iova = rte_mempool_virt2iova(obj) + offsetof(struct peer_buffer, data);
	buffer->mp = mp;
}

struct rte_mempool *
peer_buffers(const char *name, unsigned int nb_mbufs)
{
	struct rte_mempool *mp = rte_mempool_create_empty(name, nb_mbufs,
			sizeof(struct peer_buffer), PEER_CACHE, 0, rte_socket_id(), 0);

	if (mp == NULL || rte_mempool_set_ops_byname(mp, rte_mbuf_best_mempool_ops(), NULL) < 0 ||
			rte_mempool_populate_default(mp) < 0)
		return NULL;
	rte_mempool_obj_iter(mp, init_buffer, NULL);
	return mp;
}

unsigned int
peer_free(struct rte_mempool *mp)
{
	const struct rte_memzone *mz = rte_memzone_lookup(mp->name);
	unsigned int out = rte_mempool_in_use_count(mp);

	rte_mempool_free(mp);
	if (mz != NULL)
		rte_memzone_free(mz);
	return out;
}
