/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MODEL_H
#define MODEL_H

/**
 * @file
 * A plain model of a pool for the random-operations test: which storages, mbufs and packets are
 * out, and who holds what. It knows no atomics, caches or runs, only counts.
 */

#include "world.h"

#define MODEL_SEGS 8 /* most segments of a packet */
#define MODEL_MAX 2048 /* most storages, mbufs, packets at a time: more than the world has */

enum model_kind {
	MODEL_CLASS0,
	MODEL_CLASS1,
	MODEL_CLASS2,
	MODEL_RX,
	MODEL_HEADERS,
	MODEL_PAIRS,
	MODEL_WRAPS,
	MODEL_SPREADS, /* none are made */
	MODEL_KINDS,
};

struct model_storage {
	bool live;
	struct mext_storage *storage;
	enum model_kind kind;
	uint64_t id; /* written into its first bytes */
	unsigned int owned; /* references of the application's */
	unsigned int attached; /* of mbufs */
};

struct model_mbuf {
	bool live;
	struct rte_mbuf *m;
	enum model_kind kind;
	int storage; /* attached, or -1 */
	int parent; /* the mbuf that it is a clone of, or -1 */
	unsigned int refs;
};

struct model_packet {
	bool live;
	unsigned int owners;
	unsigned int nb_segs;
	int seg[MODEL_SEGS];
};

struct model {
	struct world *w;
	struct model_storage storages[MODEL_MAX];
	struct model_mbuf mbufs[MODEL_MAX];
	struct model_packet packets[MODEL_MAX];
	uint64_t total[MODEL_KINDS], out[MODEL_KINDS];
	struct mext_stats expected; /* only the counters that the model follows */
	uint64_t next_id;
};

void model_init(struct model *model, struct world *w);

/** Objects of a kind that are left. */
uint64_t model_left(const struct model *model, enum model_kind kind);

unsigned int model_count(const struct model_storage *s);

/** A storage that came out, with one reference of the application's. @return its index. */
int model_storage_out(struct model *model, struct mext_storage *storage, enum model_kind kind);

/** An mbuf that came out, a packet by itself. @return the packet. */
struct model_packet *model_mbuf_out(struct model *model, struct rte_mbuf *m, enum model_kind kind,
		int storage, int parent);

/** So many references of the application's are gone. */
void model_release(struct model *model, struct model_storage *s, unsigned int n);

/** The storage of the only segment comes off, with its reference. */
void model_detach(struct model *model, struct model_packet *p);

/** One owner of a packet frees it. */
void model_free(struct model *model, struct model_packet *p);

/** Assert that the pool is as the model says. */
void model_check(const struct model *model);

/** The head of a packet. */
struct rte_mbuf *model_head(const struct model *model, const struct model_packet *p);

#endif
