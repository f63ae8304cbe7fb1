/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef KINDS_H
#define KINDS_H

/**
 * @file
 * The design's table of mbuf kinds, and the ways an mbuf is freed: free, attach and detach are
 * tested over the rows of both.
 */

#include "world.h"

/** What a clone of the mbuf raises, and the last free of a header drops. */
enum holds {
	HOLDS_HEADER, /**< the mbuf's own refcnt */
	HOLDS_PARENT, /**< the refcnt of the mbuf it is a clone of */
	HOLDS_SHINFO, /**< the count of the external buffer */
};

struct kind_row {
	const char *name;
	struct rte_mbuf *(*make)(struct world *w);
	enum holds holds; /**< what holds the bytes */
	bool storage; /**< mext_storage_from_mbuf() gives a storage */
	int attach; /**< what mext_attach() returns on it */
	int detach; /**< what mext_detach() returns on it */
};

extern const struct kind_row kind_rows[];
extern const unsigned int nb_kind_rows;

/** The count that holds the bytes of an mbuf of this kind. */
uint16_t kind_count(const struct kind_row *kind, struct rte_mbuf *m);

/** A way to free n packets (heads of chains, no NULL). */
struct free_way {
	const char *name;
	void (*free)(struct rte_mbuf **mbufs, unsigned int n);
};

extern const struct free_way free_ways[];
extern const unsigned int nb_free_ways;

/** A clone of one packet, chains too, into bare headers of the pool. */
struct rte_mbuf *kind_clone(struct world *w, struct rte_mbuf *m);

#endif
