/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef METADATA_H
#define METADATA_H

/** @file Metadata of packets with another value in every byte, over the kinds of mbuf. */

#include "kinds.h"

#define METADATA_LEN 100 /* bytes of each segment */

/** Flags that say what kind of mbuf it is, which is no metadata. */
#define METADATA_KIND_FLAGS (RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_INDIRECT)

/** Give each metadata field of a header another value in every byte, beginning with one. */
void metadata_paint(struct rte_mbuf *m, unsigned int with);

/** Assert that all fields that rte_pktmbuf_clone() carries are the same. */
void metadata_same(const struct rte_mbuf *m, const struct rte_mbuf *expected);

/** A packet of a kind, in one segment, or with a segment of each kind (NULL). */
struct rte_mbuf *metadata_packet(struct world *w, const struct kind_row *kind);

/** Append a segment with metadata of its own. */
void metadata_append(struct rte_mbuf *head, struct rte_mbuf *m, unsigned int with);

#endif
