/* SPDX-License-Identifier: BSD-3-Clause */
#include <mext_free.h>

#include "drop.h"

/** Count n packets of ours dropped and, whole, on their way home; of foreign pools nothing. */
static inline void
count_pairs(const struct rte_mbuf *m, unsigned int releases, unsigned int returns)
{
	struct mext_pool *pool;

	if (origin_of(m->shinfo) != ORIGIN_PAIR)
		return;
	pool = pool_of(m->pool);
	count_add(pool, COUNTER(releases), releases);
	count_add(pool, COUNTER(returns_bulk), returns);
}

/** @return whether the header may go back: not while others hold the buffer it is bound to. */
static inline bool
free_pinned(struct rte_mbuf *m)
{
	m->ol_flags = RTE_MBUF_F_EXTERNAL;
	/* Acquire: pairs with the release of the holder that brought it to 1. */
	if (likely(ref_load(m->shinfo) == 1)) {
		count_pairs(m, 1, 1);
		return true;
	}
	count_pairs(m, 1, 0);
	/* At 0 the last holder returns the pair, who may be another thread by now: hands off. */
	if (ref_drop(m->shinfo, 1) != 1)
		return false;
	ref_store(m->shinfo, 1);
	count_pairs(m, 0, 1);
	return true;
}

/** Send home what has been collected for a mempool, which may be another one from now on. */
static __rte_noinline void
home_flush(struct freeing *f, struct home *home, const struct rte_mbuf *m)
{
	drop_foreign_run(f);
	batch_flush(&home->headers);
	if (home->room.mp != m->pool) {
		home->headers.mp = m->pool;
		room_of_pool(&home->room, m);
	}
}

/** Where a header goes, with a place for it. */
static inline struct home *
home_of(struct freeing *f, const struct rte_mbuf *m)
{
	struct home *home = &f->homes[0];

	if (home->room.mp != m->pool)
		home = &f->homes[1];
	if (unlikely(home->room.mp != m->pool)) {
		home = &f->homes[f->oldest];
		f->oldest = !f->oldest;
		home_flush(f, home, m);
	} else if (unlikely(home->headers.n == RTE_DIM(home->headers.objs))) {
		home_flush(f, home, m);
	}
	return home;
}

static void
free_segment(struct freeing *f, struct rte_mbuf *m)
{
	struct home *home;

	if (unlikely(!mbuf_is_own(m))) {
		drop_foreign_run(f); /* as above: the other owner may send m home */
		if (!mbuf_ref_drop(m, 1))
			return;
	}
	home = home_of(f, m);
	if (home->room.pinned) {
		if (unlikely(!free_pinned(m)))
			return;
	} else if (likely(RTE_MBUF_HAS_EXTBUF(m))) {
		if (likely(origin_of(m->shinfo) != ORIGIN_FOREIGN))
			drop_later(f, m->shinfo, NULL);
		else
			drop_foreign_later(f, m);
		room_restore(m, &home->room);
	} else if (unlikely(RTE_MBUF_CLONED(m))) {
		drop_later(f, NULL, rte_mbuf_from_indirect(m));
		room_restore(m, &home->room);
	}
	m->next = NULL;
	m->nb_segs = 1;
	batch_add(&home->headers, m);
}

/** Any packet: chains, clones, shared headers and buffers, foreign ones. */
static __rte_noinline void
free_packet(struct freeing *f, struct rte_mbuf *m)
{
	struct rte_mbuf *next;

	for (; m != NULL; m = next) {
		next = m->next;
		free_segment(f, m);
	}
	drop_foreign_run(f);
}

static void
free_flush(struct freeing *f)
{
	for (; f->waiting != 0; f->waiting &= f->waiting - 1)
		drop_now(f, &f->drops[__builtin_ctz(f->waiting)]);
	put_flush(&f->storages);
	batch_flush(&f->homes[0].headers);
	batch_flush(&f->homes[1].headers);
}

/** An mbuf of a pool that nobody shares, a packet by itself. */
static inline bool
is_lone(const struct rte_mbuf *m, const struct rte_mempool *mp)
{
	return m != NULL && m->pool == mp && mbuf_is_own(m) && m->next == NULL && m->nb_segs == 1;
}

/*
 * Runs: neighbours in the caller's array that are alike and need no more than a look. They go back
 * to their mempools straight from that array. Each function takes as many as it finds.
 */

/** Bound to a buffer, pairs and others, that nobody else holds. */
static inline unsigned int
pinned_run(struct rte_mbuf *const *mbufs, unsigned int n, const struct room *room)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct rte_mbuf *m = mbufs[i];

		/* Acquire in ref_load(): pairs with the release of the holder before us. */
		if (!is_lone(m, room->mp) || ref_load(m->shinfo) != 1)
			break;
		m->ol_flags = RTE_MBUF_F_EXTERNAL;
	}
	if (i > 0)
		count_pairs(mbufs[0], i, i);
	return i;
}

/** With room of their own, and nothing else. */
static inline unsigned int
direct_run(struct rte_mbuf *const *mbufs, unsigned int n, const struct room *room)
{
	unsigned int i;

	for (i = 0; i < n && is_lone(mbufs[i], room->mp) && RTE_MBUF_DIRECT(mbufs[i]); i++)
		;
	return i;
}

/** Whether the next mbuf is over the same buffer: then they are dropped together. */
static inline bool
next_is_over(struct rte_mbuf *const *mbufs, unsigned int n, unsigned int i)
{
	return i + 1 < n && mbufs[i + 1] != NULL && mbufs[i + 1]->shinfo == mbufs[i]->shinfo;
}

/** Each with a storage from one size class attached, and not the same one as the next. */
static inline unsigned int
storage_run(struct rte_mbuf *const *mbufs, unsigned int n, const struct room *room)
{
	void *storages[64];
	struct rte_mempool *mp = NULL;
	struct counting counting = { .counters = NULL };
	unsigned int i, last = 0, counted = 0;

	n = RTE_MIN(n, RTE_DIM(storages));
	for (i = 0; i < n; i++) {
		struct rte_mbuf *m = mbufs[i];
		struct mext_storage *storage;
		uint16_t count;

		if (!is_lone(m, room->mp) || !RTE_MBUF_HAS_EXTBUF(m))
			break;
		storage = storage_of(m->shinfo);
		if (storage->shinfo.free_cb != mextp_storage_free_cb ||
				(storage->mp != mp && mp != NULL))
			break;
		/* Acquire in ref_load(): pairs with the release of the holder before us. */
		count = ref_load(&storage->shinfo);
		if (likely(count == 1)) {
			ref_store(&storage->shinfo, 0);
			storages[last++] = storage;
		} else if (count == 0 || next_is_over(mbufs, n, i)) {
			break;
		} else {
			/* First: the others may drop theirs, and destroy the pool, at any time. */
			if (counting.counters == NULL)
				counting = counting_in(pool_of(storage->mp));
			counting_add(&counting, COUNTER(releases), 1);
			counted++;
			if (ref_drop(&storage->shinfo, 1) == 1)
				storages[last++] = storage;
		}
		mp = storage->mp;
		room_restore(m, room);
	}
	if (last > 0) {
		if (counting.counters == NULL)
			counting = counting_in(pool_of(mp));
		counting_add(&counting, COUNTER(releases), i - counted);
		counting_add(&counting, COUNTER(returns_bulk), last);
		rte_mempool_put_bulk(mp, storages, last);
	}
	return i;
}

/** Over one buffer, of anybody's: what a fan-out leaves. Not one of many alone. */
static inline unsigned int
shared_run(struct rte_mbuf *const *mbufs, unsigned int n, const struct room *room)
{
	struct rte_mbuf_ext_shared_info *shinfo = mbufs[0]->shinfo;
	struct put put;
	void *addr = NULL;
	unsigned int i;

	if (n > 1 && (mbufs[1] == NULL || mbufs[1]->shinfo != shinfo))
		return 0;
	ref_prefetch(shinfo);
	n = RTE_MIN(n, (unsigned int)UINT16_MAX);
	for (i = 0; i < n; i++) {
		struct rte_mbuf *m = mbufs[i];

		if (!is_lone(m, room->mp) || !RTE_MBUF_HAS_EXTBUF(m) || m->shinfo != shinfo)
			break;
		addr = m->buf_addr;
		room_restore(m, room);
	}
	if (unlikely(i == 0))
		return 0;
	if (likely(origin_of(shinfo) != ORIGIN_FOREIGN)) {
		put_init(&put);
		put_storage(&put, shinfo, i);
		put_flush(&put);
	} else if (ref_drop(shinfo, i) == 1) {
		shinfo->free_cb(addr, shinfo->fcb_opaque);
	}
	return i;
}

/** Clones of one mbuf. */
static inline unsigned int
clone_run(struct rte_mbuf *const *mbufs, unsigned int n, const struct room *room)
{
	struct rte_mbuf *parent = rte_mbuf_from_indirect(mbufs[0]);
	unsigned int i;

	n = RTE_MIN(n, (unsigned int)UINT16_MAX);
	for (i = 0; i < n; i++) {
		struct rte_mbuf *m = mbufs[i];

		if (!is_lone(m, room->mp) || !RTE_MBUF_CLONED(m) ||
				rte_mbuf_from_indirect(m) != parent)
			break;
		room_restore(m, room);
	}
	if (i > 0)
		drop_parent(parent, i);
	return i;
}

/** Run of mbufs of one pool, as the first one is. */
static inline unsigned int
any_run(struct rte_mbuf *const *mbufs, unsigned int n, const struct room *room)
{
	unsigned int run;

	if (room->pinned)
		return pinned_run(mbufs, n, room);
	if (RTE_MBUF_HAS_EXTBUF(mbufs[0])) {
		run = storage_run(mbufs, n, room);
		return run > 0 ? run : shared_run(mbufs, n, room);
	}
	return RTE_MBUF_CLONED(mbufs[0]) ? clone_run(mbufs, n, room) : direct_run(mbufs, n, room);
}

void
mext_free_bulk(struct rte_mbuf *const *mbufs, unsigned int n)
{
	struct room room = { .mp = NULL };
	struct freeing f;
	unsigned int i, run;
	bool any = false;

	for (i = 0; i < n; i += RTE_MAX(run, 1u)) {
		run = 0;
		if (unlikely(mbufs[i] == NULL))
			continue;
		if (unlikely(mbufs[i]->pool != room.mp))
			room_of_pool(&room, mbufs[i]);
		run = any_run(&mbufs[i], n - i, &room);
		if (likely(run > 0)) {
			rte_mempool_put_bulk(room.mp, (void *const *)&mbufs[i], run);
			continue;
		}
		if (!any) {
			f.homes[0].room.mp = f.homes[1].room.mp = NULL;
			f.homes[0].headers.n = f.homes[1].headers.n = 0;
			f.oldest = 0;
			f.run = NULL;
			f.waiting = 0;
			put_init(&f.storages);
			any = true;
		}
		free_packet(&f, mbufs[i]);
	}
	if (unlikely(any))
		free_flush(&f);
}
