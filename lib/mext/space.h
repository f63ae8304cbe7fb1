/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPACE_H
#define SPACE_H

/** @file Segments with space for bytes of a packet's own: packets of the pool, or storages on headers. */

#include <rte_mbuf.h>

#include <mext_pool.h>

/**
 * Most bytes that one segment has space for, headroom included, which is more than the pool's headroom; 0: the pool
 * has no space.
 */
uint32_t mextp_space_max(const struct mext_pool_conf *conf);

/**
 * Take n segments of len bytes, not filled, behind a headroom: all or nothing.
 * @return 0; -EMSGSIZE: no segment has so much space; -ENOMEM; -ENOBUFS.
 */
int mextp_space_get(struct mext_pool *pool, struct rte_mbuf **mbufs, unsigned int n, size_t len,
		uint16_t headroom);

/** Segments that len bytes take behind a headroom; 0: the pool has no space. */
size_t mextp_space_segs(const struct mext_pool *pool, size_t len, uint16_t headroom);

/**
 * Take a chain of the fewest segments with len bytes, not filled; of more and smaller ones where the largest
 * have run out. @return as mextp_space_get(), -EMSGSIZE: it would be more than 65,535; pkt_len and nb_segs of the head are right.
 */
int mextp_space_chain(struct mext_pool *pool, size_t len, uint16_t headroom, struct rte_mbuf **m);

#endif
