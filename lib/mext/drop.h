/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DROP_H
#define DROP_H

/** @file References of many mbufs on a few buffers, collected so that each buffer is dropped once. */

#include "put.h"
#include "ref.h"
#include "room.h"
#include "storage.h"

/** References on one buffer that are dropped together: with one atomic operation. */
struct drop {
	struct rte_mbuf_ext_shared_info *shinfo; /* NULL: the buffer is that of parent */
	struct rte_mbuf *parent;
	unsigned int n;
};

/** Headers on their way to one mempool. */
struct home {
	struct room room;
	struct batch headers;
};

/**
 * What one call to mext_free_bulk() has collected from packets that need more than a run: of copies of a chain,
 * which have the same few buffers and mempools in turn. Each buffer has one place among the drops.
 */
struct freeing {
	struct home homes[2];
	unsigned int oldest; /* home */
	struct put storages;
	unsigned int waiting; /* a bit for each of drops that is in use */
	struct drop drops[8];
	struct rte_mbuf_ext_shared_info *run; /* over a foreign buffer */
	unsigned int run_len;
	void *run_addr;
};

/** Drop n clones' references on an mbuf; the last ones return it as DPDK does. */
static inline void
drop_parent(struct rte_mbuf *parent, unsigned int n)
{
	if (!mbuf_ref_drop(parent, n))
		return;
	parent->next = NULL;
	parent->nb_segs = 1;
	rte_mbuf_raw_free(parent);
}

/**
 * Drop a pending run over a foreign buffer, before anything goes home: the buffer and its shared info may
 * lie in that mbuf, or in that storage.
 */
static inline void
drop_foreign_run(struct freeing *f)
{
	struct rte_mbuf_ext_shared_info *shinfo = f->run;

	f->run = NULL;
	if (shinfo != NULL && ref_drop(shinfo, f->run_len) == 1)
		shinfo->free_cb(f->run_addr, shinfo->fcb_opaque);
}

static inline void
drop_now(struct freeing *f, struct drop *drop)
{
	drop_foreign_run(f);
	if (drop->shinfo != NULL)
		put_storage(&f->storages, drop->shinfo, drop->n);
	else
		drop_parent(drop->parent, drop->n);
}

/** Drop one more reference, on a shared info of ours or on a parent. */
static inline void
drop_later(struct freeing *f, struct rte_mbuf_ext_shared_info *shinfo, struct rte_mbuf *parent)
{
	const uintptr_t key = (uintptr_t)shinfo | (uintptr_t)parent;
	const unsigned int place = (key / 64 + key / 4096) % RTE_DIM(f->drops);
	struct drop *drop = &f->drops[place];

	if ((f->waiting & (1u << place)) != 0) {
		if (likely(drop->shinfo == shinfo && drop->parent == parent &&
				    drop->n < UINT16_MAX)) {
			drop->n++;
			return;
		}
		drop_now(f, drop);
	}
	f->waiting |= 1u << place;
	*drop = (struct drop){ .shinfo = shinfo, .parent = parent, .n = 1 };
}

static inline void
drop_foreign_later(struct freeing *f, struct rte_mbuf *m)
{
	if (f->run == m->shinfo && f->run_len < UINT16_MAX) {
		f->run_len++;
	} else {
		drop_foreign_run(f);
		f->run = m->shinfo;
		f->run_len = 1;
	}
	/* DPDK gives the callback the address of the last segment. */
	f->run_addr = m->buf_addr;
}

#endif
