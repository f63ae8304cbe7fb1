/* SPDX-License-Identifier: BSD-3-Clause */
#include <mext_free.h>

#include "put.h"
#include "ref.h"
#include "room.h"
#include "storage.h"

/** What one call to mext_free_bulk() has collected. */
struct freeing {
	struct room room; /* of the pool that the headers collected come from */
	struct batch headers;
	struct put storages;
	struct rte_mbuf_ext_shared_info *run; /* dropped when another one comes along */
	unsigned int run_len;
	void *run_addr;
};

/** Drop the references of a run of segments over one buffer with one atomic operation. */
static inline void
drop_run(struct freeing *f)
{
	struct rte_mbuf_ext_shared_info *shinfo = f->run;

	if (likely(shinfo->free_cb == storage_free_cb) || origin_of(shinfo) != ORIGIN_FOREIGN) {
		put_storage(&f->storages, shinfo, f->run_len);
		return;
	}
	if (ref_drop(shinfo, f->run_len) == 1)
		shinfo->free_cb(f->run_addr, shinfo->fcb_opaque);
}

static inline void
drop_later(struct freeing *f, struct rte_mbuf *m)
{
	if (f->run == m->shinfo && f->run_len < UINT16_MAX) {
		f->run_len++;
	} else {
		if (likely(f->run != NULL))
			drop_run(f);
		f->run = m->shinfo;
		f->run_len = 1;
	}
	/* DPDK gives the callback the address of the last segment. */
	f->run_addr = m->buf_addr;
}

/** @return whether the header may go back: not while others hold the buffer it is bound to. */
static inline bool
free_pinned(struct rte_mbuf *m)
{
	m->ol_flags = RTE_MBUF_F_EXTERNAL;
	/* Acquire: pairs with the release of the holder that brought it to 1. */
	if (likely(ref_load(m->shinfo) == 1))
		return true;
	/* At 0 the last holder returns the pair, who may be another thread by now: hands off. */
	if (ref_drop(m->shinfo, 1) != 1)
		return false;
	ref_store(m->shinfo, 1);
	return true;
}

static inline void
free_segment(struct freeing *f, struct rte_mbuf *m)
{
	if (unlikely(!mbuf_ref_drop(m)))
		return;
	if (unlikely(m->pool != f->room.mp)) {
		batch_flush(&f->headers);
		f->headers.mp = m->pool;
		room_of_pool(&f->room, m->pool);
	}
	if (f->room.pinned) {
		if (unlikely(!free_pinned(m)))
			return;
	} else if (likely(RTE_MBUF_HAS_EXTBUF(m))) {
		drop_later(f, m);
		room_restore(m, &f->room);
	} else if (unlikely(RTE_MBUF_CLONED(m))) {
		rte_pktmbuf_detach(m);
	}
	m->next = NULL;
	m->nb_segs = 1;
	batch_add(&f->headers, m);
}

void
mext_free_bulk(struct rte_mbuf *const *mbufs, unsigned int n)
{
	struct rte_mbuf *m, *next;
	struct freeing f;
	unsigned int i;

	f.room.mp = NULL;
	f.headers.n = 0;
	put_init(&f.storages);
	f.run = NULL;
	for (i = 0; i < n; i++) {
		for (m = mbufs[i]; m != NULL; m = next) {
			next = m->next;
			free_segment(&f, m);
		}
	}
	if (f.run != NULL)
		drop_run(&f);
	put_flush(&f.storages);
	batch_flush(&f.headers);
}
