/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef STRESS_H
#define STRESS_H

/** @file What stress.c (the run) and stress_ops.c (the operations) share. */

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

#include <mext.h>

#define NB_WORKERS 2
/** Slots of a worker for references, and for packets. */
#define NB_SLOTS 256
/** Most objects in one bulk call. */
#define BULK 8
#define NB_CHUNKS 64
#define CHUNK_LEN 256
/** Sum of all weights, at most. */
#define LOTS 256
#define MAX_OPS 32
/** From so many operations on, each kind has to have been seen. */
#define OPS_TO_SEE_ALL 100000

/** What bytes [off, off + len) of a storage read: words that count up from id, all multiples of 8. */
struct stamp {
	uint64_t id;
	uint32_t off;
	uint32_t len;
};

/** One slot: a packet, or references on a storage and what its bytes are known to read. */
struct item {
	void *obj;
	struct stamp stamp;
	uint32_t refs; /* 0: obj is a packet */
	uint32_t reserved;
};

/** In the private area of every mbuf; the length is the segment's. */
struct segment {
	uint64_t id;
	uint32_t off;
	uint32_t shared; /* the header has, or once had, two owners: neither may clone or edit it */
};

/** Memory that is not the pool's, to be wrapped. */
struct chunk {
	uint64_t bytes[CHUNK_LEN / 8];
	struct stamp stamp;
	uint32_t busy;
} __rte_cache_aligned;

struct worker {
	struct item refs[NB_SLOTS];
	struct rte_mbuf *mbufs[NB_SLOTS];
	unsigned int nb_refs, nb_mbufs;
	unsigned int index;
	struct mext_pool *pool;
	struct rte_ring *in, *out;
	uint64_t rng;
	uint64_t ops, done;
	uint64_t count[MAX_OPS];
	const char *doing;
	uint64_t wraps;
	struct chunk chunks[NB_CHUNKS];
	uint64_t backs __rte_cache_aligned; /* written by both */
} __rte_cache_aligned;

struct op {
	const char *name;
	bool (*run)(struct worker *w); /* false: not possible now, not counted */
	unsigned int weight;
};

/** Print, and end the program. */
void fail(const struct worker *w, const char *what) __rte_noreturn;

#define CHECK(w, condition)                  \
	do {                                 \
		if (unlikely(!(condition)))  \
			fail(w, #condition); \
	} while (0)

uint64_t draw(struct worker *w);
void stamp(void *bytes, struct stamp s);
void check_stamp(const struct worker *w, const void *bytes, struct stamp s);

/** Check the bytes behind a reference, or those of all segments of a packet. */
void check_ref(const struct worker *w, const struct item *ref);
void check_mbuf(const struct worker *w, struct rte_mbuf *m);

/** A random packet out of its slot, checked. There is one. */
struct rte_mbuf *take_mbuf(struct worker *w);

/** A storage just allocated. */
void check_fresh(const struct worker *w, const struct mext_storage *storage, size_t size);

/* stress_storage.c */
bool op_alloc(struct worker *w);
bool op_alloc_bulk(struct worker *w);
bool op_wrap(struct worker *w);
bool op_hold(struct worker *w);
bool op_hold_too_many(struct worker *w);
bool op_release(struct worker *w);
bool op_release_bulk(struct worker *w);
bool op_write(struct worker *w);
bool op_set_readonly(struct worker *w);

/* stress_packet.c */
bool op_attach(struct worker *w);
bool op_attach_bulk(struct worker *w);
bool op_detach(struct worker *w);
bool op_clone(struct worker *w);
bool op_packet(struct worker *w);
bool op_direct(struct worker *w);
bool op_hold_packet(struct worker *w);
bool op_share_header(struct worker *w);
bool op_chain(struct worker *w);
bool op_free(struct worker *w);
bool op_free_bulk(struct worker *w);
bool op_free_bulk_dpdk(struct worker *w);
bool op_send_packet(struct worker *w);
bool op_send_storage(struct worker *w);
bool op_receive(struct worker *w);

#define IS_PAIR(storage) ((mext_storage_flags(storage) & MEXT_STORAGE_PAIR) != 0)

static inline struct segment *
segment_of(struct rte_mbuf *m)
{
	return rte_mbuf_to_priv(m);
}

static inline bool
is_shared(struct rte_mbuf *m)
{
	return segment_of(m)->shared != 0;
}

static inline bool
has_room(const struct worker *w, unsigned int refs, unsigned int mbufs)
{
	return w->nb_refs + refs <= NB_SLOTS && w->nb_mbufs + mbufs <= NB_SLOTS;
}

static inline void
keep_ref(struct worker *w, void *storage, struct stamp s, uint32_t refs)
{
	w->refs[w->nb_refs++] = (struct item){ .obj = storage, .stamp = s, .refs = refs };
}

/** A packet over bytes that read s. */
static inline void
keep_mbuf(struct worker *w, struct rte_mbuf *m, struct stamp s)
{
	*segment_of(m) = (struct segment){ .id = s.id, .off = s.off };
	w->mbufs[w->nb_mbufs++] = m;
}

static inline struct item *
any_ref(struct worker *w)
{
	return w->nb_refs > 0 ? &w->refs[draw(w) % w->nb_refs] : NULL;
}

static inline struct rte_mbuf *
any_mbuf(struct worker *w)
{
	return w->nb_mbufs > 0 ? w->mbufs[draw(w) % w->nb_mbufs] : NULL;
}

/** Take one reference out of a slot; the bytes are right. */
static inline void
take_ref(struct worker *w, struct item *ref)
{
	check_ref(w, ref);
	if (--ref->refs == 0)
		*ref = w->refs[--w->nb_refs];
}

/** Take a packet that is there out of its slot. */
static inline void
drop_slot(struct worker *w, const struct rte_mbuf *m)
{
	unsigned int i;

	for (i = 0; w->mbufs[i] != m; i++)
		;
	w->mbufs[i] = w->mbufs[--w->nb_mbufs];
}

#endif
