/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <mext_attach.h>
#include <mext_free.h>

#include "pool.h"
#include "space.h"

/** Space of a pair. */
static uint32_t
pair_space(const struct mext_pool_conf *conf)
{
	return conf->pairs.count > 0 ? mextp_mbuf_room(conf, KIND_PAIR) : 0;
}

/** Largest space of a storage on a header. */
static uint32_t
class_space(const struct mext_pool_conf *conf)
{
	if (conf->nb_classes == 0 || conf->headers.count == 0)
		return 0;
	return RTE_MIN(conf->classes[conf->nb_classes - 1].size, (uint32_t)UINT16_MAX);
}

uint32_t
mextp_space_max(const struct mext_pool_conf *conf)
{
	return RTE_MAX(pair_space(conf), class_space(conf));
}

/** Up to 64 headers with storages of at least size bytes. */
static int
get_classes(struct mext_pool *pool, struct rte_mbuf **mbufs, unsigned int n, size_t size)
{
	struct mext_storage *storages[64];
	size_t len = UINT16_MAX;
	unsigned int i;
	int ret;

	ret = mext_storage_alloc_bulk(pool, size, storages, n);
	if (ret < 0)
		return ret;
	for (i = 0; i < n; i++)
		len = RTE_MIN(len, storages[i]->len);
	ret = mext_attach_new_bulk(pool, mbufs, storages, n, 0, len);
	if (ret < 0)
		mext_storage_release_bulk(storages, n);
	return ret;
}

/** Up to 64 segments with space for size bytes: packets where they are large enough and left. */
static int
get_some(struct mext_pool *pool, struct rte_mbuf **mbufs, unsigned int n, size_t size)
{
	const uint32_t pair = pair_space(&pool->conf), class = class_space(&pool->conf);
	bool pairs = pair > 0 && size <= pair, classes = class > 0 && size <= class;
	int ret = -EMSGSIZE;

	if (pairs) {
		ret = mextp_packets_get(pool, mbufs, n);
		if (ret < 0 && !classes)
			count_add(pool, COUNTER(alloc_failures), 1);
	}
	return ret < 0 && classes ? get_classes(pool, mbufs, n, size) : ret;
}

int
mextp_space_get(struct mext_pool *pool, struct rte_mbuf **mbufs, unsigned int n, size_t len,
		uint16_t headroom)
{
	unsigned int i, k;
	int ret = 0;

	for (i = 0; i < n; i += k) {
		k = RTE_MIN(n - i, 64u);
		ret = get_some(pool, &mbufs[i], k, len + headroom);
		if (ret < 0)
			break;
	}
	if (ret < 0) {
		mext_free_bulk(mbufs, i);
		return mextp_space_max(&pool->conf) > 0 ? ret : -ENOMEM;
	}
	for (i = 0; i < n; i++) {
		mbufs[i]->data_off = headroom;
		mbufs[i]->data_len = len;
		mbufs[i]->pkt_len = len;
	}
	return 0;
}

size_t
mextp_space_segs(const struct mext_pool *pool, size_t len, uint16_t headroom)
{
	uint32_t max = mextp_space_max(&pool->conf);

	if (max == 0)
		return 0;
	return len + headroom <= max ? 1 : (len + headroom + max - 1) / max;
}

/** The largest space that a segment has which is smaller than one that has run out; 0: there is none. */
static uint32_t
next_smaller(const struct mext_pool *pool, uint32_t space)
{
	const struct mext_pool_conf *conf = &pool->conf;
	uint32_t best = pair_space(conf) < space ? pair_space(conf) : 0;
	unsigned int i;

	for (i = 0; i < conf->nb_classes && class_space(conf) > 0; i++)
		if (conf->classes[i].size < space)
			best = RTE_MAX(best, conf->classes[i].size);
	return best;
}

/** Take one segment for the first of left bytes: of all that *space holds, or of less if it has run out. */
static int
get_part(struct mext_pool *pool, size_t left, uint16_t headroom, uint32_t *space,
		struct rte_mbuf **m)
{
	int ret;

	for (;;) {
		ret = mextp_space_get(
				pool, m, 1, RTE_MIN(left, (size_t)*space - headroom), headroom);
		if (ret != -ENOBUFS || next_smaller(pool, *space) <= headroom)
			return ret;
		*space = next_smaller(pool, *space);
	}
}

int
mextp_space_chain(struct mext_pool *pool, size_t len, uint16_t headroom, struct rte_mbuf **m)
{
	const uint32_t max = mextp_space_max(&pool->conf);
	uint32_t space = max;
	struct rte_mbuf *head = NULL, **at = &head;
	unsigned int nb_segs = 0;
	size_t left = len;
	int ret;

	if (max == 0)
		return -ENOMEM;
	do {
		if (nb_segs < RTE_MBUF_MAX_NB_SEGS)
			ret = get_part(pool, left, headroom, &space, at);
		else /* they would be fewer if larger ones had been left */
			ret = space < max ? -ENOBUFS : -EMSGSIZE;
		if (ret < 0) {
			*at = NULL;
			mext_free_bulk(&head, 1);
			return ret;
		}
		left -= (*at)->data_len;
		headroom = 0;
		nb_segs++;
		at = &(*at)->next;
	} while (left > 0);
	head->pkt_len = len;
	head->nb_segs = nb_segs;
	*m = head;
	return 0;
}
